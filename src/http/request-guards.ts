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
  cost: 50_000,
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
  refuseAbove(shape.directives, limits.directives, 'directives', 'has', 'directives')
  refuseAbove(shape.rootFields, limits.rootFields, 'rootFields', 'asks for', 'root fields')
  refuseAbove(shape.depth, limits.depth, 'depth', 'nests', 'levels deep')
  refuseAbove(shape.introspectionDepth, limits.introspectionDepth, 'introspectionDepth', 'nests introspection', 'levels deep')
  refuseAbove(shape.aliases, limits.aliases, 'aliases', 'has', 'aliases')
  refuseAbove(shape.fields, limits.fields, 'fields', 'asks for', 'fields')
  refuseAbove(shape.once, 1, 'once', 'asks', `times for a field that may stand once (${[...oncePerDocument].join(', ')})`)
  const operation = getOperationAST(document, operationName)
  if (operation)
    refuseAbove(
      costOf(schema, document, operation, variables ?? {}),
      limits.cost,
      'cost',
      'has an estimated cost of',
      '',
      ' Ask for smaller pages with "first".',
    )
}

function refuseAbove(actual: number, maximum: number, limit: string, verb: string, unit: string, hint = ''): void {
  if (actual <= maximum) return
  // Tenths do not add up to whole numbers.
  const counted = actual < 1e12 ? Math.ceil(Number(actual.toFixed(6))) : null
  const shown = counted ?? 'more than 10^12'
  throw new DhuoError(
    'QUERY_TOO_COMPLEX',
    `The document ${verb} ${shown}${unit && ` ${unit}`}; at most ${maximum} are allowed.`,
    {
      details: { limit, actual: counted, maximum },
    },
  )
}
