import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  getOperationAST,
  isLeafType,
  isListType,
  isUnionType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql'
import { DhuoError } from '../errors.js'

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

/** Root fields that may stand once in a document: many aliases of `login` would be many guesses in one request. */
const oncePerDocument = new Set(['login'])

const defaultPageSize = 50
/** Of a list that cannot be paged: members of a project, tags, columns. */
const unpagedListSize = 10
const leafCost = 0.1
const introspectionCost = 2_500

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
    refuseAbove(costOf(schema, document, operation, variables ?? {}), limits.cost, 'cost', 'has an estimated cost of', '')
}

function refuseAbove(actual: number, maximum: number, limit: string, verb: string, unit: string): void {
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

interface Shape {
  depth: number
  introspectionDepth: number
  aliases: number
  fields: number
  /** Of this selection set itself, not below it. */
  rootFields: number
  once: number
}

const emptyShape = (): Shape => ({ depth: 0, introspectionDepth: 0, aliases: 0, fields: 0, rootFields: 0, once: 0 })

const shapes = new WeakMap<DocumentNode, Shape & { directives: number }>()

/** The worst of all operations and fragments; the same for each execution, so a document that is kept is measured once. */
function shapeOf(document: DocumentNode): Shape & { directives: number } {
  const known = shapes.get(document)
  if (known) return known
  const fragments = fragmentsOf(document)
  const measured = new Map<string, Shape>()
  let directives = 0

  const measure = (set: SelectionSetNode, belowEdges: boolean): Shape => {
    const sum = emptyShape()
    for (const selection of set.selections) {
      directives += selection.directives?.length ?? 0
      if (selection.kind === Kind.FIELD) addField(sum, selection, belowEdges)
      else {
        const part =
          selection.kind === Kind.INLINE_FRAGMENT ? measure(selection.selectionSet, belowEdges) : fragment(selection.name.value)
        for (const key of ['aliases', 'fields', 'rootFields', 'once'] as const) sum[key] += part[key]
        for (const key of ['depth', 'introspectionDepth'] as const) sum[key] = Math.max(sum[key], part[key])
      }
    }
    return sum
  }
  const addField = (sum: Shape, field: FieldNode, belowEdges: boolean): void => {
    const name = field.name.value
    const below = field.selectionSet ? measure(field.selectionSet, name === 'edges') : emptyShape()
    sum.rootFields += 1
    sum.fields += 1 + below.fields
    sum.aliases += (field.alias ? 1 : 0) + below.aliases
    if (oncePerDocument.has(name)) sum.once += 1
    if (name === '__schema' || name === '__type')
      sum.introspectionDepth = Math.max(sum.introspectionDepth, below.depth, below.introspectionDepth)
    else {
      const free = name === 'edges' || name === 'nodes' || (name === 'node' && belowEdges)
      sum.depth = Math.max(sum.depth, below.depth + (free && field.selectionSet ? 0 : 1))
      sum.introspectionDepth = Math.max(sum.introspectionDepth, below.introspectionDepth)
    }
  }
  const fragment = (name: string): Shape => {
    let shape = measured.get(name)
    if (!shape) {
      // A fragment within itself ends here; validation refuses the document afterwards.
      measured.set(name, emptyShape())
      const definition = fragments.get(name)
      shape = definition ? measure(definition.selectionSet, false) : emptyShape()
      measured.set(name, shape)
    }
    return shape
  }

  const worst = { ...emptyShape(), directives: 0 }
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue
    directives += definition.directives?.length ?? 0
    for (const variable of definition.variableDefinitions ?? []) directives += variable.directives?.length ?? 0
    const isOperation = definition.kind === Kind.OPERATION_DEFINITION
    const shape = isOperation ? measure(definition.selectionSet, false) : fragment(definition.name.value)
    for (const key of ['introspectionDepth', 'aliases', 'fields'] as const) worst[key] = Math.max(worst[key], shape[key])
    if (!isOperation) {
      // By itself a fragment does not say what it is a part of: the wider of the two limits holds.
      worst.introspectionDepth = Math.max(worst.introspectionDepth, shape.depth)
      continue
    }
    worst.depth = Math.max(worst.depth, shape.depth)
    worst.rootFields = Math.max(worst.rootFields, shape.rootFields)
    if (definition.operation === 'mutation') worst.once += shape.once
  }
  worst.directives = directives
  shapes.set(document, worst)
  return worst
}

const fragmentsOf = (document: DocumentNode): Map<string, FragmentDefinitionNode> =>
  new Map(document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION).map((node) => [node.name.value, node]))

interface SelectionCost {
  fixed: number
  /** Of each item, in a connection that does not know how many its field was asked for. */
  perItem: number
}

const costs = new WeakMap<OperationDefinitionNode, { schema: GraphQLSchema; cost: number }>()

function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): number {
  const known = costs.get(operation)
  if (known?.schema === schema) return known.cost
  const root = schema.getRootType(operation.operation)
  if (!root) return 0
  const fragments = fragmentsOf(document)
  const measured = new Map<string, SelectionCost>()
  const sizes = pageSizes(operation, variables)

  const costOfSet = (set: SelectionSetNode, type: GraphQLCompositeType): SelectionCost => {
    const sum: SelectionCost = { fixed: 0, perItem: 0 }
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        addField(sum, selection, type)
        continue
      }
      const part = selection.kind === Kind.INLINE_FRAGMENT ? costOfPart(selection, type) : costOfFragment(selection.name.value)
      sum.fixed += part.fixed
      sum.perItem += part.perItem
    }
    return sum
  }
  const addField = (sum: SelectionCost, node: FieldNode, parent: GraphQLCompositeType): void => {
    const name = node.name.value
    if (name === '__schema' || name === '__type') sum.fixed += introspectionCost
    const field = isUnionType(parent) ? undefined : parent.getFields()[name]
    if (!field) return
    const type = getNamedType(field.type)
    const declared = field.extensions['cost']
    if (isLeafType(type)) {
      sum.fixed += typeof declared === 'number' ? declared : leafCost
      return
    }
    if (!node.selectionSet || !('name' in type)) return
    const below = costOfSet(node.selectionSet, type as GraphQLCompositeType)
    const size = sizes.of(field, node)
    const own = typeof declared === 'number' ? declared : 1
    const isList = isListType(getNullableType(field.type))
    const each = own + below.fixed + below.perItem * (isList ? unpagedListSize : (size ?? unpagedListSize))
    if (!isList) sum.fixed += each
    else if (size === undefined && isConnection(parent)) sum.perItem += each
    else sum.fixed += each * (size ?? unpagedListSize)
  }
  const costOfPart = (
    part: { typeCondition?: FragmentDefinitionNode['typeCondition'] | undefined; selectionSet: SelectionSetNode },
    outer: GraphQLCompositeType,
  ): SelectionCost => {
    const type = part.typeCondition ? schema.getType(part.typeCondition.name.value) : outer
    const isComposite = type && ('getFields' in type || isUnionType(type))
    return isComposite ? costOfSet(part.selectionSet, type as GraphQLCompositeType) : { fixed: 0, perItem: 0 }
  }
  const costOfFragment = (name: string): SelectionCost => {
    let cost = measured.get(name)
    if (!cost) {
      measured.set(name, { fixed: 0, perItem: 0 })
      const definition = fragments.get(name)
      cost = definition ? costOfPart(definition, root) : { fixed: 0, perItem: 0 }
      measured.set(name, cost)
    }
    return cost
  }

  const total = costOfSet(operation.selectionSet, root)
  const cost = total.fixed + total.perItem * unpagedListSize
  if (!sizes.usedVariables()) costs.set(operation, { schema, cost })
  return cost
}

const isConnection = (type: GraphQLCompositeType): boolean => 'getFields' in type && type.getFields()['pageInfo'] !== undefined

/** How many items a field was asked for: by `first`, `last`, `limit`, or by naming them in `ids`. */
function pageSizes(operation: OperationDefinitionNode, variables: Readonly<Record<string, unknown>>) {
  const defaults = new Map(operation.variableDefinitions?.map((node) => [node.variable.name.value, node.defaultValue]))
  let usedVariables = false
  return {
    usedVariables: () => usedVariables,
    of(field: GraphQLField<unknown, unknown>, node: FieldNode): number | undefined {
      let size: number | undefined
      for (const argument of field.args) {
        if (!/^(first|last|limit|ids)$/.test(argument.name)) continue
        const given = node.arguments?.find((each) => each.name.value === argument.name)?.value
        let value: unknown
        if (given?.kind === Kind.VARIABLE) {
          usedVariables = true
          const fallback = defaults.get(given.name.value)
          value = variables[given.name.value] ?? (fallback && valueFromASTUntyped(fallback))
        } else if (given) value = valueFromASTUntyped(given, variables)
        value ??= argument.defaultValue
        const count = Array.isArray(value)
          ? value.length
          : typeof value === 'number'
            ? value
            : argument.name === 'ids'
              ? 1
              : undefined
        if (count !== undefined) size = Math.max(size ?? 0, count, 0)
        else if (argument.name !== 'last') size ??= defaultPageSize
      }
      return size
    },
  }
}
