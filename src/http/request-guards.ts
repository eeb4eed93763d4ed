import { type DocumentNode, type GraphQLSchema, getOperationAST } from 'graphql'
import { DhuoError } from '../errors.js'
import { costOf } from './document-cost.js'
import { oncePerDocument, shapeOf } from './document-shape.js'

/** What one document may ask for. Everything is counted with fragments spread out, as execution would meet it. */
export interface GuardLimits {
  /** UTF-16 units of the document's text. */
  length: number
  tokens: number
  /** Links one after another. `edges`, `node` below it and `nodes` are free, so that a page is one level. */
  depth: number
  /** Below `__schema` and `__type`, where every field counts. GraphiQL needs 14. */
  introspectionDepth: number
  aliases: number
  rootFields: number
  fields: number
  directives: number
  /** An object is 1, a leaf 0.1, `extensions.cost` of a field overrides both; times the size of each page around it. */
  cost: number
}

export const defaultGuardLimits: GuardLimits = Object.freeze({
  length: 100_000,
  tokens: 4_000,
  depth: 12,
  introspectionDepth: 16,
  aliases: 50,
  rootFields: 20,
  fields: 1_000,
  directives: 50,
  cost: 200_000,
})

/**
 * Refuses a document that asks for too much, before validation and before any resolver runs. Takes time in proportion to
 * the text, whatever the fragments multiply to. Says nothing about whether the document is valid: what it does not know
 * costs nothing here.
 * @throws QUERY_TOO_COMPLEX with `limit`, `actual` and `maximum`
 */
export function checkDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>> | null | undefined,
  limits: GuardLimits,
): void {
  const shape = shapeOf(document)
  const once = [...oncePerDocument].join(', ')
  refuseAbove('directives', shape.directives, limits.directives, (count) => `has ${count} directives`)
  refuseAbove('rootFields', shape.rootFields, limits.rootFields, (count) => `asks for ${count} root fields`)
  refuseAbove('depth', shape.depth, limits.depth, (count) => `nests ${count} levels deep`)
  refuseAbove(
    'introspectionDepth',
    shape.introspectionDepth,
    limits.introspectionDepth,
    (count) => `nests ${count} levels of introspection`,
  )
  refuseAbove('aliases', shape.aliases, limits.aliases, (count) => `has ${count} aliases`)
  refuseAbove('fields', shape.fields, limits.fields, (count) => `asks for ${count} fields`)
  refuseAbove('once', shape.once, 1, (count) => `asks ${count} times for what may stand once (${once})`)
  const operation = getOperationAST(document, operationName)
  if (!operation) return
  const cost = costOf(schema, document, operation, variables ?? {})
  refuseAbove('cost', cost, limits.cost, (count) => `has an estimated cost of ${count} (smaller pages cost less: "first")`)
}

function refuseAbove(limit: string, actual: number, maximum: number, what: (count: number | string) => string): void {
  if (actual <= maximum) return
  // Tenths do not add up to whole numbers.
  const counted = actual < 1e12 ? Math.ceil(Number(actual.toFixed(6))) : null
  throw new DhuoError(
    'QUERY_TOO_COMPLEX',
    `The document ${what(counted ?? 'more than 10^12')}; at most ${maximum} are allowed.`,
    {
      details: { limit, actual: counted, maximum },
    },
  )
}
