import 'reflect-metadata'
import { type GraphQLSchema, isObjectType } from 'graphql'
import { type BuildSchemaOptions, buildSchema, getMetadataStorage, type PubSub } from 'type-graphql'
import { resolvers } from './resolvers/index.js'
import { MetricInput, metricInputType } from './schema/metric-input.js'

/** type-graphql allows no subscription without one, also where each brings its stream from the context's events. */
const noPubSub: PubSub = {
  publish() {},
  subscribe() {
    throw new Error('A subscription takes its stream from context.events: give it `subscribe`.')
  },
}

/** What type-graphql needs to build the schema. */
export const schemaOptions: BuildSchemaOptions = {
  resolvers,
  validate: false,
  pubSub: noPubSub,
  // Declared for scalars, but any type goes.
  scalarsMap: [{ type: MetricInput, scalar: metricInputType as never }],
}

/** The public schema, code first. Used by the server, by the script that emits `schema.graphql`, and by tests. */
export async function createGraphQLSchema(): Promise<GraphQLSchema> {
  const schema = await buildSchema(schemaOptions)
  callDirectly(schema)
  return schema
}

/**
 * What type-graphql does around a field takes longer than most fields: it finds the instance, sorts and maps the parameters,
 * makes an instance of the parent. A page has thousands of fields that want none of that: getters, and relations that take the
 * object and the context only. The object of a type with getters must be an instance of its class, as it is in TypeScript.
 */
function callDirectly(schema: GraphQLSchema): void {
  const { fieldResolvers, objectTypes } = getMetadataStorage()
  const typeNames = new Map<unknown, string>(objectTypes.map(({ target, name }) => [target, name]))
  for (const { kind, target, methodName, schemaName, getObjectType, params = [], middlewares = [], roles } of fieldResolvers) {
    if (middlewares.length > 0 || roles) continue
    const type = schema.getType(typeNames.get(getObjectType?.()) ?? '')
    const field = isObjectType(type) ? type.getFields()[schemaName] : undefined
    if (!field) continue
    if (kind === 'internal') {
      const isGetter = Object.getOwnPropertyDescriptor(target.prototype, methodName)?.get !== undefined
      if (isGetter && methodName === schemaName) delete field.resolve
    } else if (params.length <= 2 && params.every(isObjectOrContext)) {
      const instance = new (target as new () => Record<string, (...given: unknown[]) => unknown>)()
      const [first, second] = params.toSorted((a, b) => a.index - b.index).map((param) => param.kind === 'root')
      field.resolve = (root, _args, context) => instance[methodName]!(first ? root : context, second ? root : context)
    }
  }
}

type ParamMetadata = NonNullable<ReturnType<typeof getMetadataStorage>['fieldResolvers'][number]['params']>[number]

/** Nothing to convert: an interface of TypeScript is no type at run time. */
const isObjectOrContext = (param: ParamMetadata): boolean =>
  (param.kind === 'context' && !param.propertyName) ||
  (param.kind === 'root' && !param.propertyName && (!param.getType || param.getType() === Object))
