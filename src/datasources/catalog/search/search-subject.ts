// What a kind of entity can be searched by: the names that clients use, and where their values are.
import type { Identifier, Operator } from './search-parser.js'

/** Values by key, in tables of their own. */
export type LogKind = 'metric' | 'param' | 'tag'

/** Where one value of each row is. */
export type Field =
  | { of: 'column'; column: string; type: 'text' | 'time'; nullable: boolean; lists: boolean }
  /** The e-mail address of the row's user. */
  | { of: 'user' }
  | { of: 'log'; log: LogKind; key: string }
  /** The name of any dataset that the run read. */
  | { of: 'dataset' }

/** True for a row that has the field, with a value that compares so; `orMissing`: for one that lacks it as well. */
export interface Condition {
  field: Field
  operator: Operator
  /** A list for IN and NOT IN, null for IS NULL and IS NOT NULL. Times are ISO texts. */
  value: string | number | readonly string[] | null
  orMissing?: boolean
}

export interface LogTable {
  table: string
  /** The column with the id of the row that the value belongs to; with `key` it is the primary key. */
  owner: string
  /** Whether an index begins with (parent, key, value): then values can be searched and sorted from it. */
  byValue: boolean
}

export interface SearchSubject {
  kind: 'run' | 'experiment' | 'model'
  table: 'runs' | 'experiments' | 'models'
  /** The column with the id of what a page belongs to. */
  parent: 'experimentId' | 'projectId'
  /** By every name that clients may call it. */
  attributes: ReadonlyMap<string, Field>
  entities: ReadonlyMap<string, LogKind | 'attribute' | 'dataset'>
  logs: Partial<Record<LogKind, LogTable>>
  /** MLflow's words for an entity that there is not. */
  invalidEntity: (entity: string) => string
  defaultOrder: { field: Field; descending: boolean }
  /** Adds what a filter means without saying it. */
  complete?: (conditions: readonly Condition[]) => Condition[]
}

/** A column that clients may call by several names. */
export const column = (
  names: readonly string[],
  name: string,
  options: { type?: 'text' | 'time'; nullable?: boolean; lists?: boolean } = {},
): [string, Field][] => {
  const field: Field = { of: 'column', column: name, type: 'text', nullable: false, lists: false, ...options }
  return names.map((alias) => [alias, field])
}

/** @param refuse makes the error of a name that is none @throws BAD_USER_INPUT */
export function fieldOf(subject: SearchSubject, { entity, key }: Identifier, refuse: (message: string) => Error): Field {
  const kind = entity === null ? 'attribute' : subject.entities.get(entity)
  if (kind === undefined) throw refuse(subject.invalidEntity(entity!))
  if (kind === 'attribute') {
    const field = subject.attributes.get(key)
    if (!field) throw refuse(`Invalid attribute key '${key}' specified. Valid keys are ${listed(subject.attributes.keys())}.`)
    return field
  }
  if (key === '') throw refuse(`The key of a ${kind} must not be empty.`)
  if (kind !== 'dataset') return { of: 'log', log: kind, key }
  if (key !== 'name')
    throw refuse(`Invalid dataset key '${key}' specified. Valid keys are {'name'}: datasets have no digest and no context here.`)
  return { of: 'dataset' }
}

const listed = (names: Iterable<string>): string => `{${[...names].map((name) => `'${name}'`).join(', ')}}`
