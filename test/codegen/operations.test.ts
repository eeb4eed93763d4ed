import { Kind, type OperationDefinitionNode, print, specifiedRules, validate } from 'graphql'
import { createGraphQLSchema } from '../../src/graphql-schema.js'
import { checkDocument, defaultGuardLimits } from '../../src/http/request-guards.js'
import { documentOf, fragments, operationFiles, operations } from './operation-documents.js'

const schema = await createGraphQLSchema()
const nameOf = ({ name }: OperationDefinitionNode): string => name!.value
const rootFieldOf = ({ selectionSet }: OperationDefinitionNode) => {
  const [field] = selectionSet.selections
  return field?.kind === Kind.FIELD && !field.alias ? field.name.value : null
}

test.each(operations.map((operation) => [nameOf(operation), operation]))(
  '%s is valid, and the server takes it',
  (_, operation) => {
    const document = documentOf(operation)
    expect(validate(schema, document, specifiedRules).map(({ message }) => message)).toEqual([])
    expect(() => checkDocument(schema, document, null, { first: 500, limit: 1000 }, defaultGuardLimits)).not.toThrow()
  },
)

test('every query, mutation and subscription of the schema has an operation', () => {
  const covered = new Set(operations.map((operation) => `${operation.operation} ${rootFieldOf(operation)}`))
  const fields = [schema.getQueryType()!, schema.getMutationType()!, schema.getSubscriptionType()!].flatMap((type) =>
    Object.keys(type.getFields()).map((field) => `${type.name.toLowerCase()} ${field}`),
  )
  expect(fields.filter((field) => !covered.has(field))).toEqual([])
})

test('an operation asks for one root field under its own name, so that a client may give what is in it', () => {
  const others = operations.filter((operation) => operation.selectionSet.selections.length !== 1 || !rootFieldOf(operation))
  expect(others.map(nameOf)).toEqual([])
})

test('an operation is named as a person would say what it does', () => {
  const verbs =
    /^(Abandon|Cancel|Check|Complete|Create|Delete|Deploy|Execute|Finish|Get|Import|List|Log|Predict|Preview|Read|Report|Retry|Revoke|Run|Save|Search|Set|Sync|Trace|Transition|Update|Watch)([A-Z]|$)/
  expect(operations.map(nameOf).filter((name) => !verbs.test(name))).toEqual([])
  for (const operation of operations) expect(/^Watch/.test(nameOf(operation))).toBe(operation.operation === 'subscription')
})

test('names of operations and fragments stand once', () => {
  const names = [...operations, ...fragments].map((node) => node.name!.value)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})

test('every fragment is used', () => {
  const sent = operations.map((operation) => print(documentOf(operation))).join('\n')
  expect(fragments.map(({ name }) => name.value).filter((name) => !sent.includes(`...${name}\n`))).toEqual([])
})

test('an operation gives its variables no defaults: those of the schema hold', () => {
  const withDefaults = operations.flatMap((operation) =>
    (operation.variableDefinitions ?? [])
      .filter(({ defaultValue }) => defaultValue !== undefined)
      .map(({ variable }) => `${nameOf(operation)}($${variable.name.value})`),
  )
  expect(withDefaults).toEqual([])
})

test('one file for each entity', () => {
  expect(operationFiles.map(({ name }) => name).filter((name) => !/^[a-z]+(-[a-z]+)*\.graphql$/.test(name))).toEqual([])
})
