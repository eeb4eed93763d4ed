// dependency-cruiser reads TypeScript through swc's visitor: TypeScript 7 has no JavaScript API (yet). That visitor stops at
// `using` and `await using` with "Unknown statement type"; here it learns to walk them. Imported by .dependency-cruiser.mjs.
import visitorModule from '@swc/core/Visitor.js'

const { prototype } = visitorModule.Visitor ?? visitorModule
const { visitStatement, visitPattern } = prototype

prototype.visitStatement = function (statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement)
  statement.decls = this.visitVariableDeclarators(statement.decls)
  return statement
}

// The head of `for (using x of xs)`; what it declares imports nothing.
prototype.visitPattern = function (pattern) {
  return pattern.type === 'UsingDeclaration' ? pattern : visitPattern.call(this, pattern)
}
