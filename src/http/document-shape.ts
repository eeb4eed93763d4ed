import { type DocumentNode, type FieldNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql'

/** Root fields that may stand once in a document: many aliases of `login` would be many guesses in one request. */
export const oncePerDocument = new Set(['login'])

/** Counted with fragments spread out. */
export interface Shape {
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
export function shapeOf(document: DocumentNode): Shape & { directives: number } {
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

/** By name. */
export const fragmentsOf = (document: DocumentNode): Map<string, FragmentDefinitionNode> =>
  new Map(document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION).map((node) => [node.name.value, node]))
