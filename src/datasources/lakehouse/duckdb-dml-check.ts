// Decides whether an INSERT, UPDATE, DELETE or MERGE may run: its words, because DuckDB gives out parse trees of SELECT only.
import { badInput } from '../../errors.js'
import { allowedTableFunctions, isDeniedFunction, isSystemName } from './duckdb-functions.js'

interface Token {
  kind: 'word' | 'quoted' | 'string' | 'other'
  text: string
}

const refuse = (why: string) =>
  badInput('sql', `${why} is not available in SQL here: a statement reaches the tables of its project only.`)

/** Other names of table functions, which the prefixes of `isDeniedFunction` do not cover. */
const otherTableFunctions =
  /^(glob|which_secret|summary|seq_scan|checkpoint|(enable|disable|check)_\w+|truncate_duckdb_logs|sql_auto_complete|icu_calendar_names|histogram|histogram_values|\w+_scan)$/

/**
 * Checks the words of a statement that the database has said to be DML. Returns the text to run: the same with comments
 * blanked out, so that what runs is exactly what was looked at; positions in messages stay right.
 * @throws DhuoError BAD_USER_INPUT, field `sql`
 */
export function checkDml(sql: string, schema: string): string {
  const { tokens, text } = tokenize(sql)
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1]
    const previous = tokens[index - 1]
    if (token.kind === 'string') {
      // Two strings in a row are one string to SQL, with escapes as in the first: nothing here needs them.
      if (next?.kind === 'string') throw badInput('sql', 'Two strings stand next to each other.')
      if (
        previous?.kind === 'word' &&
        /^(from|join|using|into|update|lateral|positional)$/i.test(previous.text) &&
        looksLikeFile(token.text)
      )
        throw refuse('Reading a file')
    }
    if (token.kind !== 'word' && token.kind !== 'quoted') continue
    const name = token.text.toLowerCase()
    if (isSystemName(name) || name === 'variant') throw refuse(name)
    if (token.kind === 'quoted' && /^(from|join|using|into|update)$/i.test(previous?.text ?? '') && looksLikeFile(name))
      throw refuse('Reading a file')
    // A name before a dot may be a catalog or schema. The project's own is all there is to name.
    if (next?.text === '.' && previous?.text !== '.' && /^(system|temp|main|pg_catalog)$/.test(name) && name !== schema)
      throw refuse(`The schema ${name}`)
    if (next?.text !== '(') continue
    // How large a value they make cannot be seen without a parse tree: see `checkedSize` in duckdb-select-check.ts.
    if (/^(repeat|bitstring|list_resize|array_resize)$/.test(name)) throw refuse(`The function ${name}`)
    if (allowedTableFunctions.has(name)) continue
    if (isDeniedFunction(name) || otherTableFunctions.test(name)) throw refuse(`The function ${name}`)
  }
  return text
}

const looksLikeFile = (text: string): boolean => /[./\\:*?[\]]/.test(text)

/** One token after the other; the order of the alternatives decides. */
const lexer = new RegExp(
  [
    String.raw`(?<space>[ \t\r\n\f\v]+)`,
    String.raw`(?<comment>--[^\n\r]*)`,
    String.raw`(?<string>[eE]'(?:[^'\\]|\\[\s\S]|'')*'|[xXbBnN]?'(?:[^']|'')*')`,
    `"(?<quoted>(?:[^"]|"")*)"`,
    String.raw`(?<refused>[uU]&['"]|\$\$|\$[\p{L}_][\p{L}\p{N}_]*\$)`,
    String.raw`(?<parameter>\$(?:\d+|[\p{L}_][\p{L}\p{N}_]*))`,
    String.raw`(?<word>[\p{L}_][\p{L}\p{M}\p{N}_$]*)`,
    String.raw`(?<number>0[xX][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+\-]?\d+)?|\.\d[\d_]*(?:[eE][+\-]?\d+)?)`,
    String.raw`(?<other>[!#%&\(\)*+,\-.\/:;<=>?@\[\]^${'`'}\{\|\}~])`,
  ].join('|'),
  'uy',
)

/** Splits the text as DuckDB's lexer does. Whatever the two could see differently is refused rather than guessed. */
function tokenize(sql: string): { tokens: Token[]; text: string } {
  const tokens: Token[] = []
  const pieces: string[] = []
  const blank = (text: string) => pieces.push(text.replace(/[^\n]/g, ' '))
  for (let at = 0; at < sql.length; ) {
    if (sql.startsWith('/*', at)) {
      const length = commentLength(sql, at)
      blank(sql.slice(at, at + length))
      at += length
      continue
    }
    lexer.lastIndex = at
    const found = lexer.exec(sql)
    if (!found) throw badInput('sql', `Unexpected character at position ${at + 1}, or a string or name that does not end.`)
    const [text] = found
    const { space, comment, string, quoted, refused, word } = found.groups ?? {}
    if (refused !== undefined) throw badInput('sql', `${refused}… is not available here: write strings as '…'.`)
    if (comment !== undefined) blank(text)
    else pieces.push(text)
    if (string !== undefined) tokens.push({ kind: 'string', text: string.slice(string.indexOf("'") + 1, -1) })
    else if (quoted !== undefined) tokens.push({ kind: 'quoted', text: quoted.replaceAll('""', '"') })
    else if (word !== undefined) tokens.push({ kind: 'word', text })
    else if (space === undefined && comment === undefined) tokens.push({ kind: 'other', text })
    at += text.length
  }
  return { tokens, text: pieces.join('') }
}

/** Comments nest. */
function commentLength(sql: string, start: number): number {
  let depth = 0
  for (let at = start; at < sql.length; at++) {
    if (sql.startsWith('/*', at)) {
      depth++
      at++
    } else if (sql.startsWith('*/', at)) {
      at++
      if (--depth === 0) return at + 1 - start
    }
  }
  throw badInput('sql', 'A comment does not end.')
}
