// Says how long a statement of a user may be, whatever runs it.
import { badInput } from '../../errors.js'

/** Above this, reading a statement alone takes DuckDB seconds (seen: 50,000 terms joined by AND). */
const maxSqlLength = 65_536

/** @throws DhuoError BAD_USER_INPUT, field `sql` */
export function checkLength(sql: string): void {
  if (sql.length > maxSqlLength)
    throw badInput(
      'sql',
      `The statement is too long: ${sql.length} characters, at most ${maxSqlLength}. Pass values as parameters.`,
    )
  if (sql.includes('\0')) throw badInput('sql', 'The statement contains a NUL character.')
}
