// The names of things in Oracle: the accounts of a project, its tables and columns, and what of them has to be quoted.
import { randomBytes } from 'node:crypto'
import { badInput } from '../../errors.js'

/**
 * A project has three accounts, none with a password: this server's account speaks for them (`CONNECT THROUGH`). What each may do
 * is the database's business, so no statement of a user can do more, whatever it says.
 */
export interface ProjectAccounts {
  /** Owns the tables. Only statements of this server run as it, never a user's. */
  owner: string
  /** May read the tables. */
  reader: string
  /** May read and change the rows of the tables. */
  writer: string
}

/** `$` stands for `-`, which a name in SQL cannot have and no project's has; `#` is in no project's name either. */
export function accountsOf(prefix: string, schema: string): ProjectAccounts {
  if (!/^[a-z][a-z0-9_-]{2,62}$/.test(schema))
    throw badInput('schema', 'A schema has a name of 3 to 63 lower-case letters, digits, - and _, starting with a letter.')
  const owner = `${prefix}_${schema.toUpperCase().replaceAll('-', '$')}`
  return { owner, reader: `${owner}#R`, writer: `${owner}#W` }
}

/** The procedure that makes a project's accounts; an administrator installs it (docs/oracle.md). */
export const createProjectProcedure = (prefix: string): string => `${prefix}ADMIN.CREATE_PROJECT`

/** In double quotes: reserved words and lower-case letters are names like others then. @param name without a double quote */
export const quoteOracle = (name: string): string => `"${name}"`
export const inSchema = (owner: string, table: string): string => `${quoteOracle(owner)}.${quoteOracle(table)}`

/** What users call it, as Oracle keeps it: unquoted names mean upper case. @throws DhuoError BAD_USER_INPUT, field `table` */
export function tableNameOf(table: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(table))
    throw badInput(
      'table',
      'A table has a name of letters, digits and _ that does not start with a digit, at most 63 characters.',
    )
  return table.toUpperCase()
}

/** Tables of rows behind users' tables, which are views: see oracle-tables.ts. No table of a user's can have such a name. */
export const rowsPrefix = 'DHUO$'
export const rowsTableName = (table: string): string => `${rowsPrefix}${table}$${randomBytes(4).toString('hex').toUpperCase()}`

/** Bytes, from 12.2 on. */
const longestName = 128

/**
 * Names of columns as Oracle can have them, each once.
 * @param fold what a user can write without quotes is put in upper case, so that no quotes are needed but for reserved words
 */
export function columnNamesOf(names: readonly string[], fold: boolean): string[] {
  const taken = new Set<string>()
  return names.map((name, index) => {
    const base =
      fold && /^[A-Za-z][A-Za-z0-9_$#]*$/.test(name) ? name.toUpperCase() : name.replaceAll('"', "'").replaceAll('\0', '')
    const plain = base === '' ? `COLUMN${index}` : base
    let unique = cut(plain, '')
    for (let n = 1; taken.has(unique.toUpperCase()); n++) unique = cut(plain, `_${n}`)
    taken.add(unique.toUpperCase())
    return unique
  })
}

/** Shortened to what fits, between two characters. */
function cut(name: string, suffix: string): string {
  const characters = [...name.slice(0, longestName)]
  while (Buffer.byteLength(characters.join('') + suffix) > longestName) characters.pop()
  return characters.join('') + suffix
}
