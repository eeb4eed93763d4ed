/**
 * An operation with the types of its variables and its result. The constants that the generator makes are such documents, and
 * those that GraphQL Code Generator makes of your own operations with `documentMode: string` fit too.
 */
export interface TypedDocument<Result, Variables> {
  /** The text of the operation and of its fragments. */
  toString(): string
  /** For the compiler alone; nothing has it at run time. */
  __apiType?: (variables: Variables) => Result
}

/** An operation of this package, by name. */
export interface NamedDocument<Result, Variables> extends TypedDocument<Result, Variables> {
  readonly type: 'query' | 'mutation' | 'subscription'
  readonly name: string
}

/** Used by generated code. */
export function typedDocument<Result, Variables>(
  type: 'query' | 'mutation' | 'subscription',
  name: string,
  ...texts: string[]
): NamedDocument<Result, Variables> {
  return { type, name, toString: () => texts.join('\n\n') }
}
