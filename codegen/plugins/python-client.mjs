// A plugin of GraphQL Code Generator: a client in Python of the schema and the operations, with nothing but the standard library.
// Each output is the module that its file is named after.
// What it writes stands on the runtime beside it, codegen/python/dhuo.
import { basename } from 'node:path'
import { Kind } from 'graphql'
import { enumsModule, errorsModule } from './python-enums.mjs'
import { inputsModule } from './python-inputs.mjs'
import { clientModule, documentsModule } from './python-operations.mjs'
import { Results } from './python-results.mjs'

/** Everything, by the name of its module. */
export function pythonModules(schema, documents) {
  const definitions = documents.flatMap(({ document }) => document.definitions)
  const byName = (a, b) => (a.name.value < b.name.value ? -1 : 1)
  const operations = definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).sort(byName)
  const fragments = new Map(
    definitions
      .filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION)
      .sort(byName)
      .map((fragment) => [fragment.name.value, fragment]),
  )
  const results = new Results(schema, fragments)
  const typeOf = new Map(operations.map((operation) => [operation.name.value, results.ofOperation(operation)]))
  const comments = new Map(operations.map((operation) => [operation.name.value, commentOf(operation)]))
  return {
    enums: enumsModule(schema),
    errors: errorsModule(schema),
    inputs: inputsModule(schema),
    results: results.module(),
    documents: documentsModule(operations, fragments),
    client: clientModule(schema, operations, typeOf, comments, false),
    async_client: clientModule(schema, operations, typeOf, comments, true),
  }
}

/** What is said in `#` lines right above an operation in its file. */
function commentOf({ loc }) {
  const lines = []
  for (let token = loc?.startToken.prev; token?.kind === 'Comment'; token = token.prev) lines.unshift(token.value.trim())
  return lines.join(' ')
}

export const plugin = (schema, documents, _config, { outputFile }) => {
  const name = basename(outputFile, '.py')
  const text = pythonModules(schema, documents)[name]
  if (text === undefined) throw new Error(`The Python client has no module ${name}.`)
  return text
}
