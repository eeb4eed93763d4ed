// A plugin of GraphQL Code Generator: each operation as a constant that carries its text and the types of its variables and its
// result. The text is composed of constants for fragments, so that a bundler leaves out what a program does not use, and nothing
// has to print or parse GraphQL at run time.
import { isEnumType, Kind, print, visit } from 'graphql'

/** What a definition spreads, and what that spreads: each fragment once, in the order of their names. */
function fragmentsOf(definition, fragments) {
  const names = new Set()
  const add = (node) =>
    visit(node, {
      FragmentSpread: ({ name }) => {
        if (names.has(name.value)) return
        names.add(name.value)
        add(fragments.get(name.value))
      },
    })
  add(definition)
  return [...names].sort()
}

const literal = (text) => `\`${text.replaceAll(/[\\`]|\$\{/g, '\\$&')}\``
const capitalised = (text) => text[0].toUpperCase() + text.slice(1)

/** The comment that stands above an operation in its file. */
function commentOf({ loc }) {
  const lines = []
  for (let token = loc?.startToken.prev; token?.kind === 'Comment'; token = token.prev) lines.unshift(token.value.trim())
  return lines.join(' ')
}

export const plugin = (schema, files) => {
  const definitions = files.flatMap(({ document }) => document.definitions)
  const byName = (a, b) => (a.name.value < b.name.value ? -1 : 1)
  const ofKind = (kind) => definitions.filter((definition) => definition.kind === kind).sort(byName)
  const fragments = new Map(ofKind(Kind.FRAGMENT_DEFINITION).map((fragment) => [fragment.name.value, fragment]))

  const fragmentTexts = [...fragments].map(([name, fragment]) => `const ${name}Text = ${literal(print(fragment))}`)
  const documents = ofKind(Kind.OPERATION_DEFINITION).map((operation) => {
    const name = operation.name.value
    const type = `${name}${capitalised(operation.operation)}`
    const rootField = schema.getRootType(operation.operation).getFields()[operation.selectionSet.selections[0].name.value]
    const texts = fragmentsOf(operation, fragments).map((fragment) => `, ${fragment}Text`)
    const says = [commentOf(operation), rootField.description]
      .filter(Boolean)
      .map((line) => ` * ${line.replaceAll('\n', '\n * ')}`)
    return `/**\n${says.join('\n *\n')}\n */
export const ${name} = /*#__PURE__*/ typedDocument<${type}, ${type}Variables>('${operation.operation}', '${name}', ${literal(print(operation))}${texts.join('')})`
  })
  const codes = schema.getType('ErrorCode')
  if (!isEnumType(codes)) throw new Error('The schema has no enum ErrorCode.')
  const errorCodes = `/** The codes that errors have, as the enum \`ErrorCode\` of the schema lists them. */
export const errorCodes: readonly ErrorCode[] = [${codes
    .getValues()
    .map(({ name }) => `'${name}'`)
    .join(', ')}]`
  return {
    prepend: ['// Made by `npm run codegen`: do not edit.', "import { typedDocument } from '../typed-document.js'"],
    content: [errorCodes, ...fragmentTexts, ...documents].join('\n\n'),
  }
}
