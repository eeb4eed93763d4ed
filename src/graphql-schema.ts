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
  describeRoots(schema)
  callDirectly(schema)
  return schema
}

/** type-graphql takes no descriptions for them. */
function describeRoots(schema: GraphQLSchema): void {
  schema.description =
    'The life cycle of machine-learning models: projects, their data, experiments, models, pipelines and predictions. Credentials come ' +
    'as `Authorization: Bearer <token of a login, or access key>`. An error has a code of `ErrorCode` in `extensions.code`, and in ' +
    '`extensions.field` the argument at fault. Any field may end with UNAUTHENTICATED, FORBIDDEN, BAD_USER_INPUT, BACKEND_UNAVAILABLE or ' +
    'INTERNAL_SERVER_ERROR, a document with QUERY_TOO_COMPLEX; what else is to be expected is said where it may happen.'
  schema.getQueryType()!.description = 'Reads. What does not exist or may not be seen is null when it is asked for by name or id.'
  schema.getMutationType()!.description =
    'Changes: each whole or not at all, those of one document one after the other. NOT_FOUND: what an argument names does not exist, or you may not see it.'
  schema.getSubscriptionType()!.description =
    'What happens, as it happens, over a WebSocket at the same address (`graphql-transport-ws`), with the credentials in `connection_init`. NOT_FOUND: there is nothing to follow, or you may not see it any more.'
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
