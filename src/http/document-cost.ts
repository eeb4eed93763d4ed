import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isLeafType,
  isListType,
  isUnionType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql'
import { fragmentsOf } from './document-shape.js'

const defaultPageSize = 50
/** Of a list that cannot be paged: members of a project, tags, columns. */
const unpagedListSize = 10
const leafCost = 0.1
const introspectionCost = 2_500

interface SelectionCost {
  fixed: number
  /** Of each item, in a connection that does not know how many its field was asked for. */
  perItem: number
}

const costs = new WeakMap<OperationDefinitionNode, { schema: GraphQLSchema; cost: number }>()

/**
 * What an operation is estimated to cost: an object 1, a leaf 0.1, `extensions.cost` of a field overrides both; times the
 * size of every page around it. In proportion to the text, for each fragment is counted once.
 */
export function costOf(
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
