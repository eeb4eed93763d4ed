import {
  defaultTypeResolver,
  type ExecutionResult,
  GraphQLError,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getArgumentValues,
  isObjectType,
  locatedError,
  responsePathAsArray,
} from 'graphql'
import type { FieldPlan, QueryPlan, SelectionPlan, ValueShape, VariableValues } from './query-plan.js'

type Path = GraphQLResolveInfo['path']
type Answer = Record<string, unknown>
type AbstractShape = Extract<ValueShape, { kind: 'abstract' }>

/**
 * One execution of a plan. Does what `execute` of graphql-js 16 does, promise for promise, so that errors come in the same
 * order; only what is the same for all objects of a list is done once, and a path is made only where something may need it.
 */
export class QueryExecution {
  private readonly errors: GraphQLError[] = []
  /** Where an error has made null of a value: what fails below it later is nobody's business any more. */
  private readonly nulled = new Set<Path | undefined>()
  private readonly argumentsOf = new Map<FieldPlan, Record<string, unknown>>()

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly plan: QueryPlan,
    private readonly variables: VariableValues,
    private readonly context: unknown,
    /** The event, of a subscription. */
    private readonly root?: unknown,
    /** The event is the value of the one field there is: its resolver need not be asked. */
    private readonly isValueKnown = false,
  ) {}

  run(): ExecutionResult | Promise<ExecutionResult> {
    try {
      const data = this.runOperation()
      if (isPromise(data))
        return data.then(
          (settled) => this.result(settled as Answer),
          (error) => this.failure(error),
        )
      return this.result(data)
    } catch (error) {
      return this.failure(error)
    }
  }

  private result(data: Answer | null): ExecutionResult {
    return this.errors.length === 0 ? { data } : { errors: this.errors, data }
  }

  private failure(error: unknown): ExecutionResult {
    this.note(error as GraphQLError, undefined)
    return this.result(null)
  }

  private runOperation(): Answer | Promise<Answer> {
    const { operation } = this.plan
    const type = this.schema.getRootType(operation.operation)
    if (!type)
      throw new GraphQLError(`Schema is not configured to execute ${operation.operation} operation.`, { nodes: operation })
    const selection = this.plan.root(type, this.variables)
    if (this.isValueKnown) return this.known(selection.fields[0]!)
    return operation.operation === 'mutation' ? this.oneByOne(selection) : this.object(selection, this.root, undefined)
  }

  private known(field: FieldPlan): Answer | Promise<Answer> {
    const answer = { [field.key]: this.field(field, undefined, undefined, this.root) }
    return isPromise(answer[field.key]) ? settleAll(answer, [field]) : answer
  }

  private oneByOne(selection: SelectionPlan): Answer | Promise<Answer> {
    const answer = emptyAnswer(selection)
    let last: Answer | Promise<Answer> = answer
    const next = (field: FieldPlan): Answer | Promise<Answer> => {
      const value = this.field(field, undefined, undefined)
      const set = (settled: unknown): Answer => {
        answer[field.key] = settled
        return answer
      }
      return isPromise(value) ? value.then(set) : set(value)
    }
    for (const field of selection.fields) last = isPromise(last) ? last.then(() => next(field)) : next(field)
    return last
  }

  private object(selection: SelectionPlan, source: unknown, path: Path | undefined): Answer | Promise<Answer> {
    const answer = emptyAnswer(selection)
    const { fields } = selection
    let waiting: FieldPlan[] | undefined
    try {
      for (let index = 0; index < fields.length; index++) {
        const field = fields[index]!
        const value = field.isProperty
          ? this.property(field, source, path)
          : field.isTypename
            ? field.parentType.name
            : this.field(field, source, path)
        answer[field.key] = value
        if (isPromise(value)) {
          if (waiting) waiting.push(field)
          else waiting = [field]
        }
      }
    } catch (error) {
      // The others may fail too, and somebody has to have listened.
      if (waiting)
        return settleAll(answer, waiting).finally(() => {
          throw error
        })
      throw error
    }
    return waiting ? settleAll(answer, waiting) : answer
  }

  /** A leaf that is a property of its object. What is out of the ordinary goes the way of all fields. */
  private property(field: FieldPlan, source: unknown, path: Path | undefined): unknown {
    try {
      const value = propertyOf(source, field.name)
      if (typeof value === 'object' ? value !== null : typeof value === 'function') return this.field(field, source, path, value)
      return this.leaf(field, field.shape as Extract<ValueShape, { kind: 'leaf' }>, value)
    } catch (error) {
      return this.fail(error, field, field.shape, pathTo(field, path))
    }
  }

  private field(field: FieldPlan, source: unknown, parentPath: Path | undefined, known?: unknown): unknown {
    const path = pathTo(field, parentPath)
    const info = this.infoFor(field, path)
    const { definition, shape } = field
    try {
      let value = known
      if (value === undefined || typeof value === 'function') {
        const args = this.argumentsFor(field)
        if (definition.resolve) value = definition.resolve(source, args, this.context, info)
        else {
          value ??= propertyOf(source, field.name)
          if (typeof value === 'function') value = value.call(source, args, this.context, info)
        }
      }
      const completed = isPromise(value)
        ? value.then((settled) => this.complete(field, shape, info, path, settled))
        : this.complete(field, shape, info, path, value)
      return isPromise(completed) ? completed.then(undefined, (error) => this.fail(error, field, shape, path)) : completed
    } catch (error) {
      return this.fail(error, field, shape, path)
    }
  }

  private complete(field: FieldPlan, shape: ValueShape, info: GraphQLResolveInfo, path: Path, value: unknown): unknown {
    if (shape.kind === 'leaf') return this.leaf(field, shape, value)
    if (value instanceof Error) throw value
    if (value === null || value === undefined) return nullFor(field, shape)
    switch (shape.kind) {
      case 'list':
        return this.list(field, shape.item, info, path, value)
      case 'object':
        return this.object(this.plan.below(field, shape.type, this.variables), value, path)
      case 'abstract':
        return this.abstract(field, shape, info, path, value)
    }
  }

  private leaf(field: FieldPlan, shape: Extract<ValueShape, { kind: 'leaf' }>, value: unknown): unknown {
    if (value === null || value === undefined) return nullFor(field, shape)
    if (value instanceof Error) throw value
    const serialized = shape.type.serialize(value)
    if (serialized === null || serialized === undefined) throw new Error(`${shape.type} cannot be made of what ${field.name} is.`)
    return serialized
  }

  private list(field: FieldPlan, shape: ValueShape, info: GraphQLResolveInfo, path: Path, value: unknown): unknown {
    if (typeof value !== 'object' || typeof (value as Iterable<unknown>)[Symbol.iterator] !== 'function')
      throw new GraphQLError(`Expected Iterable, but did not find one for field "${field.parentType.name}.${field.name}".`)
    const items: readonly unknown[] = Array.isArray(value) ? value : [...(value as Iterable<unknown>)]
    const answers = new Array<unknown>(items.length)
    let isWaiting = false
    for (let index = 0; index < items.length; index++) {
      const item = items[index]
      const itemPath: Path = { prev: path, key: index, typename: undefined }
      try {
        const completed = isPromise(item)
          ? item.then((settled) => this.complete(field, shape, info, itemPath, settled))
          : this.complete(field, shape, info, itemPath, item)
        if (isPromise(completed)) {
          isWaiting = true
          answers[index] = completed.then(undefined, (error) => this.fail(error, field, shape, itemPath))
        } else answers[index] = completed
      } catch (error) {
        // When it throws nobody waits for the others any more; that they fail too must not end the process.
        if (isWaiting && shape.isNonNull) Promise.allSettled(answers)
        answers[index] = this.fail(error, field, shape, itemPath)
      }
    }
    return isWaiting ? Promise.all(answers) : answers
  }

  private abstract(field: FieldPlan, shape: AbstractShape, info: GraphQLResolveInfo, path: Path, value: unknown): unknown {
    const typed = (name: unknown): unknown =>
      this.object(this.plan.below(field, this.runtimeType(field, shape, name), this.variables), value, path)
    const name: unknown = (shape.type.resolveType ?? defaultTypeResolver)(value, this.context, info, shape.type)
    return isPromise(name) ? name.then(typed) : typed(name)
  }

  /** The words are those of graphql-js: some get to clients. */
  private runtimeType({ parentType, name: field, nodes }: FieldPlan, { type }: AbstractShape, name: unknown) {
    if (name === null || name === undefined)
      throw new GraphQLError(
        `Abstract type "${type.name}" must resolve to an Object type at runtime for field "${parentType.name}.${field}". Either the "${type.name}" type should provide a "resolveType" function or each possible type should provide an "isTypeOf" function.`,
        { nodes },
      )
    if (typeof name !== 'string') throw new GraphQLError(`The type of ${parentType.name}.${field} is told by no name.`)
    const found = this.schema.getType(name)
    if (!found)
      throw new GraphQLError(
        `Abstract type "${type.name}" was resolved to a type "${name}" that does not exist inside the schema.`,
        {
          nodes,
        },
      )
    if (!isObjectType(found))
      throw new GraphQLError(`Abstract type "${type.name}" was resolved to a non-object type "${name}".`, { nodes })
    if (!this.schema.isSubType(type, found))
      throw new GraphQLError(`Runtime Object type "${name}" is not a possible type for "${type.name}".`, { nodes })
    return found
  }

  /** Coerced once for all objects; each call gets a copy, as a resolver may change what it gets. */
  private argumentsFor(field: FieldPlan): Record<string, unknown> {
    if (field.definition.args.length === 0) return {}
    let values = this.argumentsOf.get(field)
    if (!values) {
      values = getArgumentValues(field.definition, field.nodes[0]!, this.variables)
      this.argumentsOf.set(field, values)
    }
    return { ...values }
  }

  private infoFor(field: FieldPlan, path: Path): GraphQLResolveInfo {
    return {
      fieldName: field.name,
      fieldNodes: field.nodes,
      returnType: field.definition.type,
      parentType: field.parentType,
      path,
      schema: this.schema,
      fragments: this.plan.fragments,
      rootValue: this.root,
      operation: this.plan.operation,
      variableValues: this.variables as Record<string, unknown>,
    }
  }

  /** @throws the error, with its place, when there must be a value: then the one around it is null */
  private fail(thrown: unknown, { nodes }: FieldPlan, shape: ValueShape, path: Path): null {
    const error = locatedError(thrown, nodes, responsePathAsArray(path))
    if (shape.isNonNull) throw error
    this.note(error, path)
    return null
  }

  private note(error: GraphQLError, path: Path | undefined): void {
    if (this.nulled.has(undefined)) return
    for (let above = path; above !== undefined; above = above.prev) if (this.nulled.has(above)) return
    this.nulled.add(path)
    this.errors.push(error)
  }
}

const emptyAnswer = (selection: SelectionPlan): Answer => (selection.hasPrototypeKey ? Object.create(null) : {})

const pathTo = (field: FieldPlan, prev: Path | undefined): Path => ({ prev, key: field.key, typename: field.parentType.name })

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'

const propertyOf = (source: unknown, name: string): unknown =>
  (typeof source === 'object' && source !== null) || typeof source === 'function'
    ? (source as Record<string, unknown>)[name]
    : undefined

function nullFor(field: FieldPlan, { isNonNull }: ValueShape): null {
  if (isNonNull) throw new Error(`Cannot return null for non-nullable field ${field.parentType.name}.${field.name}.`)
  return null
}

/** Puts what they resolve to in the place of the promises: the order of the keys is that of the selection. */
function settleAll(answer: Answer, waiting: readonly FieldPlan[]): Promise<Answer> {
  return Promise.all(waiting.map(({ key }) => answer[key])).then((values) => {
    for (let index = 0; index < waiting.length; index++) answer[waiting[index]!.key] = values[index]
    return answer
  })
}
