// Compiles conditions to SQL: as a probe of one row, and as the set of all rows that meet it.
import { type RawBuilder, sql } from 'kysely'
import type { Lifecycle } from '../experiment-rows.js'
import { indexedBeginning, indexedText } from '../sql-dialect.js'
import type { Operator } from './search-parser.js'
import type { Condition, Field, LogTable, SearchSubject } from './search-subject.js'
import { globOf, literalPrefix, regularExpressionOf } from './text-patterns.js'

export interface SearchScope {
  subject: SearchSubject
  lifecycle: Lifecycle | null
  isSqlite: boolean
}

export type Sql = RawBuilder<unknown>

/** The row that a statement looks for pages of: one of `parents`. */
export const parentId = sql.ref('parents.id')

export const all = (parts: readonly Sql[]): Sql => (parts.length === 0 ? sql`1 = 1` : sql.join(parts, sql` and `))

/** `joinInOrder` of the scope's database. */
export const join = ({ isSqlite }: SearchScope): Sql => (isSqlite ? sql`cross join` : sql`join`)

/**
 * PostgreSQL would make a join of each, and takes seconds to think about the order of some forty; with an offset it does not. The
 * row that is probed is known, and so is the best plan: the primary key.
 */
const exists = ({ isSqlite }: SearchScope, rows: Sql): Sql => (isSqlite ? sql`exists (${rows})` : sql`exists (${rows} offset 0)`)

/** Rows of the subject that belong to the parent. */
export function belongs({ subject, lifecycle }: SearchScope, alias: string): Sql {
  const parent = sql`${sql.ref(`${alias}.${subject.parent}`)} = ${parentId}`
  return lifecycle === null ? parent : sql`${parent} and ${sql.ref(`${alias}.lifecycle`)} = ${lifecycle}`
}

/** Of a log's own table: kysely's types know the columns of no table by a variable's name. */
export const logOf = ({ subject }: SearchScope, { log }: Field & { of: 'log' }): LogTable => subject.logs[log]!

/** True where the row `alias` meets the condition: a look-up by a primary key. */
export function holds(scope: SearchScope, condition: Condition, alias: string): Sql {
  const { field, operator } = condition
  const id = sql.ref(`${alias}.id`)
  switch (field.of) {
    case 'column':
      // The plus keeps SQLite from taking an index for it that would not give the rows in order.
      return compare(scope, sql`${scope.isSqlite ? sql`+` : sql``}${sql.ref(`${alias}.${field.column}`)}`, condition)
    case 'user': {
      const userId = sql.ref(`${alias}.userId`)
      if (isNullTest(operator)) return compare(scope, userId, condition)
      return exists(
        scope,
        sql`select 1 from users as u where u.id = ${userId} and ${compare(scope, sql.ref('u.email'), condition)}`,
      )
    }
    case 'log': {
      const { table, owner } = logOf(scope, field)
      const of = sql`select 1 from ${sql.table(table)} as l where ${sql.ref(`l.${owner}`)} = ${id} and l.key = ${field.key}`
      if (operator === 'IS NULL') return sql`not ${exists(scope, of)}`
      if (operator === 'IS NOT NULL') return exists(scope, of)
      if (condition.orMissing) return sql`not ${exists(scope, sql`${of} and not (${comparesLog(scope, field, condition)})`)}`
      return exists(scope, sql`${of} and ${comparesLog(scope, field, condition)}`)
    }
    case 'dataset':
      return exists(
        scope,
        sql`select 1 from run_inputs as i join datasets as d on d.id = i."datasetId"
          where i."runId" = ${id} and ${compare(scope, sql.ref('d.name'), condition)}`,
      )
  }
}

/** `select … as id` of all rows that meet the condition, read from an index; null where there is none for it. */
export function source(scope: SearchScope, condition: Condition): Sql | null {
  const { field, operator } = condition
  const { subject } = scope
  if (condition.orMissing || operator === 'IS NULL') return null
  switch (field.of) {
    case 'column':
      return sql`select c.id as id from ${sql.table(subject.table)} as c
        where ${belongs(scope, 'c')} and ${compare(scope, sql.ref(`c.${field.column}`), condition)}`
    case 'user':
      if (isNullTest(operator)) return null
      return sql`select c.id as id from users as u ${join(scope)} ${sql.table(subject.table)} as c on c."userId" = u.id
        where ${belongs(scope, 'c')} and ${compare(scope, sql.ref('u.email'), condition)}`
    case 'log': {
      const { table, owner, byValue } = logOf(scope, field)
      if (!byValue) return null
      return sql`select ${sql.ref(`l.${owner}`)} as id from ${sql.table(table)} as l
        where ${sql.ref(`l.${subject.parent}`)} = ${parentId} and l.key = ${field.key}
        ${isNullTest(operator) ? sql`` : sql`and ${comparesLog(scope, field, condition)}`}
        ${isIndexedByBeginning(scope, field) ? comparesBeginning(condition) : sql``}`
    }
    case 'dataset':
      return sql`select distinct i."runId" as id from datasets as d ${join(scope)} run_inputs as i on i."datasetId" = d.id
        where d."projectId" = (select e."projectId" from experiments as e where e.id = ${parentId})
        and ${compare(scope, sql.ref('d.name'), condition)}`
  }
}

/** NaN is stored as 0, which it is not: no comparison is true of it. */
const comparesLog = (scope: SearchScope, field: Field & { of: 'log' }, condition: Condition): Sql =>
  sql`${field.log === 'metric' ? sql`l."isNan" = 0 and ` : sql``}${compare(scope, sql.ref('l.value'), condition)}`

/** Whether the index of its values has only their beginnings. */
export const isIndexedByBeginning = ({ isSqlite, subject }: SearchScope, field: Field): field is Field & { of: 'log' } =>
  !isSqlite && field.of === 'log' && field.log !== 'metric' && subject.logs[field.log]!.byValue

/** What follows for the beginning of `l.value`, and is found by its index. */
function comparesBeginning({ operator, value }: Condition): Sql {
  const beginning = indexedText(false, sql.ref('l.value'))
  if (operator === '=') return sql`and ${beginning} = ${indexedBeginning(value as string)}`
  const prefix = operator === 'LIKE' ? indexedBeginning(literalPrefix(value as string)) : ''
  return prefix === '' ? sql`` : sql`and ${beginning} >= ${prefix} and ${beginning} <= ${`${prefix}\u{10ffff}`}`
}

const isNullTest = (operator: Operator): boolean => operator === 'IS NULL' || operator === 'IS NOT NULL'

const symbols = {
  '=': sql`=`,
  '!=': sql`<>`,
  '<': sql`<`,
  '<=': sql`<=`,
  '>': sql`>`,
  '>=': sql`>=`,
  IN: sql`in`,
  'NOT IN': sql`not in`,
  'IS NULL': sql`is null`,
  'IS NOT NULL': sql`is not null`,
}

function compare({ isSqlite }: SearchScope, value: Sql, condition: Condition): Sql {
  const { operator } = condition
  if (operator === 'LIKE' || operator === 'ILIKE') {
    const pattern = condition.value as string
    const ignoreCase = operator === 'ILIKE'
    const prefix = ignoreCase ? '' : literalPrefix(pattern)
    const range = prefix === '' ? sql`` : sql` and ${value} >= ${prefix} and ${value} <= ${`${prefix}\u{10ffff}`}`
    if (isSqlite) return sql`${value} glob ${globOf(pattern, ignoreCase)}${range}`
    if (ignoreCase) return sql`${value} ~ ${regularExpressionOf(pattern)}`
    return sql`${value} like ${pattern} escape ''${range}`
  }
  if (isNullTest(operator)) return sql`${value} ${symbols[operator]}`
  if (Array.isArray(condition.value)) return sql`${value} ${symbols[operator]} (${sql.join(condition.value)})`
  return sql`${value} ${symbols[operator]} ${condition.value}`
}
