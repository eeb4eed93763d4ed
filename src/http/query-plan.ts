import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  typeFromAST,
} from 'graphql'
import { fragmentsOf } from './document-shape.js'

export type VariableValues = Readonly<Record<string, unknown>>

/** A type of output, asked once instead of for every value. */
export type ValueShape = { isNonNull: boolean } & (
  | { kind: 'leaf'; type: GraphQLLeafType }
  | { kind: 'list'; item: ValueShape }
  | { kind: 'object'; type: GraphQLObjectType }
  | { kind: 'abstract'; type: Extract<GraphQLOutputType, { resolveType: unknown }> }
)

/** One field of a selection, as far as it is the same for every object that it is read from. */
export interface FieldPlan {
  /** In the answer: the alias, or the name. */
  readonly key: string
  readonly name: string
  /** Of the fields that were merged into this one. */
  readonly nodes: readonly FieldNode[]
  readonly parentType: GraphQLObjectType
  readonly definition: GraphQLField<unknown, unknown>
  readonly shape: ValueShape
  /** A property of its object that is a scalar or an enum: most fields of most answers. */
  readonly isProperty: boolean
  readonly isTypename: boolean
  readonly below: Map<GraphQLObjectType, SelectionPlan>
}

export interface SelectionPlan {
  readonly fields: readonly FieldPlan[]
  /** A field may be called `__proto__`, which is no property of an ordinary object. */
  readonly hasPrototypeKey: boolean
}

/**
 * What an operation reads, worked out on the way: a selection when an object of its type turns up for the first time. One plan
 * is for one set of answers to `@skip` and `@include`.
 */
export class QueryPlan {
  readonly fragments: Record<string, FragmentDefinitionNode> = Object.create(null)
  private rootSelection: SelectionPlan | undefined

  constructor(
    private readonly schema: GraphQLSchema,
    document: DocumentNode,
    readonly operation: OperationDefinitionNode,
    /** Is told of every growth, in fields. */
    private readonly grown: (fields: number) => void,
  ) {
    for (const [name, fragment] of fragmentsOf(document)) this.fragments[name] = fragment
  }

  root(type: GraphQLObjectType, variables: VariableValues): SelectionPlan {
    this.rootSelection ??= this.plan(type, [this.operation.selectionSet], variables)
    return this.rootSelection
  }

  below(field: FieldPlan, type: GraphQLObjectType, variables: VariableValues): SelectionPlan {
    const known = field.below.get(type)
    if (known) return known
    const sets = field.nodes.map((node) => node.selectionSet).filter((set) => set !== undefined)
    const selection = this.plan(type, sets, variables)
    field.below.set(type, selection)
    return selection
  }

  private plan(type: GraphQLObjectType, sets: readonly SelectionSetNode[], variables: VariableValues): SelectionPlan {
    const nodes = new Map<string, FieldNode[]>()
    const visited = new Set<string>()
    for (const set of sets) this.collect(set, type, variables, nodes, visited)
    const fields: FieldPlan[] = []
    for (const [key, merged] of nodes) {
      const definition = this.definitionOf(type, merged[0]!.name.value)
      if (definition) fields.push(fieldPlan(key, merged, type, definition))
    }
    this.grown(fields.length)
    return { fields, hasPrototypeKey: nodes.has('__proto__') }
  }

  /** https://spec.graphql.org/October2021/#CollectFields() */
  private collect(
    set: SelectionSetNode,
    type: GraphQLObjectType,
    variables: VariableValues,
    nodes: Map<string, FieldNode[]>,
    visited: Set<string>,
  ): void {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD && visited.has(selection.name.value)) continue
      if (!isIncluded(selection, variables)) continue
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias ? selection.alias.value : selection.name.value
        const merged = nodes.get(key)
        if (merged) merged.push(selection)
        else nodes.set(key, [selection])
        continue
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD) visited.add(selection.name.value)
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : this.fragments[selection.name.value]
      if (fragment && this.applies(fragment, type)) this.collect(fragment.selectionSet, type, variables, nodes, visited)
    }
  }

  private applies(
    { typeCondition }: Pick<FragmentDefinitionNode, 'typeCondition'> | { typeCondition?: undefined },
    type: GraphQLObjectType,
  ): boolean {
    if (!typeCondition) return true
    const condition = typeFromAST(this.schema, typeCondition)
    return condition === type || (isAbstractType(condition) && this.schema.isSubType(condition, type))
  }

  private definitionOf(type: GraphQLObjectType, name: string): GraphQLField<unknown, unknown> | undefined {
    if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef
    if (type === this.schema.getQueryType()) {
      if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef
      if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef
    }
    return type.getFields()[name]
  }
}

/** Whether all that is asked of the object in a field is properties of it: no resolver sees who asks. */
export const readsPropertiesOnly = (plan: QueryPlan, field: FieldPlan, variables: VariableValues): boolean =>
  field.shape.kind === 'object' &&
  plan.below(field, field.shape.type, variables).fields.every(({ isProperty, isTypename }) => isProperty || isTypename)

function fieldPlan(
  key: string,
  nodes: readonly FieldNode[],
  parentType: GraphQLObjectType,
  definition: GraphQLField<unknown, unknown>,
): FieldPlan {
  const shape = shapeOfType(definition.type)
  return {
    key,
    name: definition.name,
    nodes,
    parentType,
    definition,
    shape,
    isProperty: shape.kind === 'leaf' && definition.resolve === undefined && definition.args.length === 0,
    isTypename: definition === TypeNameMetaFieldDef,
    below: new Map(),
  }
}

const shapes = new WeakMap<GraphQLOutputType, ValueShape>()

function shapeOfType(type: GraphQLOutputType): ValueShape {
  const known = shapes.get(type)
  if (known) return known
  const isNonNull = isNonNullType(type)
  const nullable = isNonNull ? type.ofType : type
  const shape: ValueShape = isListType(nullable)
    ? { isNonNull, kind: 'list', item: shapeOfType(nullable.ofType) }
    : isLeafType(nullable)
      ? { isNonNull, kind: 'leaf', type: nullable }
      : isAbstractType(nullable)
        ? { isNonNull, kind: 'abstract', type: nullable }
        : { isNonNull, kind: 'object', type: nullable }
  shapes.set(type, shape)
  return shape
}

function isIncluded(node: { directives?: readonly DirectiveNode[] | undefined }, variables: VariableValues): boolean {
  if (!node.directives || node.directives.length === 0) return true
  const read = node as { directives: readonly DirectiveNode[] }
  if (getDirectiveValues(GraphQLSkipDirective, read, variables)?.['if'] === true) return false
  return getDirectiveValues(GraphQLIncludeDirective, read, variables)?.['if'] !== false
}

const conditions = new WeakMap<DocumentNode, readonly string[]>()

/** The variables that `@skip` and `@include` look at, in a text that tells apart which fields they leave in. */
export function conditionsOf(document: DocumentNode, variables: VariableValues): string {
  let names = conditions.get(document)
  if (!names) {
    const found = new Set<string>()
    const look = (set: SelectionSetNode | undefined): void => {
      for (const selection of set?.selections ?? []) {
        for (const { arguments: given = [] } of selection.directives ?? [])
          for (const { value } of given) if (value.kind === Kind.VARIABLE) found.add(value.name.value)
        if (selection.kind !== Kind.FRAGMENT_SPREAD) look(selection.selectionSet)
      }
    }
    for (const definition of document.definitions) if ('selectionSet' in definition) look(definition.selectionSet)
    names = [...found]
    conditions.set(document, names)
  }
  return names.length === 0
    ? ''
    : names.map((name) => (variables[name] === true ? 't' : variables[name] === false ? 'f' : '-')).join('')
}
