import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  buildASTSchema,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isScalarType,
  lexicographicSortSchema,
  parse,
  printSchema,
} from 'graphql'
import { createGraphQLSchema } from '../../src/graphql-schema.js'

/** Connections are a pattern in the contract, not spelled out. */
const connections = [
  'Project',
  'Bucket',
  'Dataset',
  'Experiment',
  'Run',
  'Metric',
  'Model',
  'ModelVersion',
  'Deployment',
  'PipelineRun',
  'Prediction',
]
  .map(
    (name) => `
      type ${name}Connection { nodes: [${name}!]! edges: [${name}Edge!]! pageInfo: PageInfo! totalCount: Int! }
      type ${name}Edge { cursor: String! node: ${name}! }`,
  )
  .join('\n')

const schema = await createGraphQLSchema()
const contract = buildASTSchema(parse(readFileSync(join(import.meta.dirname, 'contract.graphql'), 'utf8') + connections))
const ours = (type: GraphQLNamedType): boolean =>
  !type.name.startsWith('__') && !['String', 'Int', 'Float', 'Boolean', 'ID'].includes(type.name)

/** Everything that a type says, as lines `Path: type`. */
function facts(type: GraphQLNamedType): string[] {
  const defaultOf = (input: GraphQLArgument | GraphQLInputField) =>
    input.defaultValue === undefined ? '' : ` = ${JSON.stringify(input.defaultValue)}`
  if (isEnumType(type)) return type.getValues().map(({ name }) => `${type.name}.${name}`)
  if (isInputObjectType(type))
    return Object.values(type.getFields()).map((field) => `${type.name}.${field.name}: ${field.type}${defaultOf(field)}`)
  if (isObjectType(type) || isInterfaceType(type))
    return [
      ...type.getInterfaces().map(({ name }) => `${type.name} implements ${name}`),
      ...Object.values(type.getFields()).flatMap((field) => [
        `${type.name}.${field.name}: ${field.type}`,
        ...field.args.map((argument) => `${type.name}.${field.name}(${argument.name}: ${argument.type}${defaultOf(argument)})`),
      ]),
    ]
  return [type.name]
}

describe('the schema', () => {
  const have = new Set(Object.values(schema.getTypeMap()).flatMap((type) => [type.name, ...facts(type)]))
  const wanted = Object.values(contract.getTypeMap())
    .filter((type) => ours(type))
    .flatMap((type) => [type.name, ...facts(type)])

  test('has everything of the public contract, under the same names and types', () => {
    expect(wanted.filter((fact) => !have.has(fact))).toEqual([])
  })

  test('is the one in schema.graphql (npm run schema writes it)', () => {
    expect(readFileSync('schema.graphql', 'utf8')).toBe(`${printSchema(lexicographicSortSchema(schema))}\n`)
  })

  test('describes every type, field, argument and enum value', () => {
    const silent: string[] = []
    const check = (path: string, description: string | null | undefined) => {
      if (!description || description.trim().length < 4) silent.push(path)
    }
    for (const type of Object.values(schema.getTypeMap()).filter(ours)) {
      if (!['Query', 'Mutation', 'Subscription'].includes(type.name)) check(type.name, type.description)
      if (isEnumType(type)) for (const value of type.getValues()) check(`${type.name}.${value.name}`, value.description)
      if (isScalarType(type) || isEnumType(type) || !('getFields' in type)) continue
      for (const field of Object.values(type.getFields())) {
        check(`${type.name}.${field.name}`, field.description)
        if ('args' in field)
          for (const argument of field.args) check(`${type.name}.${field.name}(${argument.name})`, argument.description)
      }
    }
    expect(silent).toEqual([])
  })
})
