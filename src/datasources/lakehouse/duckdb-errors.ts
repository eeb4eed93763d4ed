// Turns what DuckDB throws into errors a client may see: the right code, the database's own words, no path.
import { DhuoError, isDhuoError } from '../../errors.js'

/** What a statement was doing, for the code and the field of its error. */
export interface ErrorContext {
  /** `sql` for a user's statement, `file` where a file is read as a table. */
  field: 'sql' | 'file'
  /** Text that must not reach a client, longest first, and what stands for it. */
  hidden: readonly (readonly [text: string, replacement: string])[]
  memoryLimitMb: number
}

const absolutePath = /(?<![\w.:])\/(?:[\w.@~+*?-]+\/)+[\w.@~+*?-]*/g

/** The database's message without paths, without hints on settings, without text of ours around the user's statement. */
export function cleanMessage(message: string, { hidden, field }: Pick<ErrorContext, 'hidden' | 'field'>): string {
  let text = message
  for (const [secret, replacement] of hidden) text = text.replaceAll(secret, replacement)
  text = text
    .replace(absolutePath, '…')
    .replace(/\s*Use "SET [^"]*"[^\n]*/, '')
    .replace(/\n+(Possible solutions?|Possible fixes|You can override|Hint):[\s\S]*$/i, '')
  if (field === 'file') text = text.replace(/\n+LINE \d+:[\s\S]*$/, '')
  return text.trim()
}

/** True when the transaction lost against another one: nothing of it is there, and running it again may succeed. */
export const isConflict = (error: unknown): boolean =>
  /^TransactionContext Error: .*[Cc]onflict|^Transaction(?:Manager)? Error: .*[Cc]onflict|write-write conflict/s.test(
    messageOf(error),
  )

/** True when the instance can no longer be used. */
export const isFatal = (error: unknown): boolean =>
  /^(FATAL|INTERNAL) Error|database has been invalidated|Corrupt database|Serialization Error: Failed to deserialize/.test(
    messageOf(error),
  )

export const messageOf = (error: unknown): string => String((error as { message?: unknown } | null)?.message ?? error)

/** Any error of DuckDB as a `DhuoError`. What is not DuckDB's stays what it is. */
export function translateDuckdbError(error: unknown, context: ErrorContext): unknown {
  if (isDhuoError(error)) return error
  const message = messageOf(error).replace(/^Failed to extract statements: /, '')
  if (!/^[A-Za-z-]+( [A-Za-z-]+)* (Error|Exception): /.test(message)) return error
  const said = cleanMessage(message, context)
  const { field } = context
  if (isFatal(error)) return new DhuoError('BACKEND_UNAVAILABLE', 'The lakehouse cannot be used right now.', { cause: error })
  if (isConflict(error))
    return new DhuoError('CONFLICT', 'Another statement changed the same rows or table at the same time. Try again.', {
      cause: error,
    })
  if (/^Constraint Error: (Duplicate key|PRIMARY KEY or UNIQUE)/.test(message))
    return new DhuoError('CONFLICT', said, { field, cause: error })
  if (/^Out of Memory Error/.test(message)) {
    const what = /max_temp_directory_size|temp(?:orary)? directory/i.test(message)
      ? 'more temporary disk space than it may use'
      : `more than the ${context.memoryLimitMb} MB of memory it may use`
    return new DhuoError('BAD_USER_INPUT', `The ${field === 'sql' ? 'statement' : 'file'} needs ${what}.`, {
      field,
      cause: error,
    })
  }
  if (field === 'sql' && /^IO Error/.test(message))
    return new DhuoError('BACKEND_UNAVAILABLE', 'The lakehouse could not read or write its files.', { cause: error })
  if (/^(Permission|IO|HTTP|Missing Extension) Error/.test(message) && field === 'sql')
    return new DhuoError('BAD_USER_INPUT', 'SQL reaches the tables of its project only: no files, network or extensions.', {
      field,
      cause: error,
    })
  return new DhuoError('BAD_USER_INPUT', said, { field, cause: error })
}
