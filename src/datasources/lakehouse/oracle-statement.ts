// Reads a user's SQL as Oracle's lexer does: finds its parameters, and writes it as the driver wants it.
import { badInput } from '../../errors.js'
import { wrongParameter } from './parameter-values.js'
import { checkLength } from './statement-length.js'

export interface OracleStatement {
  /** To be sent: parameters are `:1`, `:2` …, comments are spaces, no semicolon is at its end. */
  text: string
  /** The parameters in the order of their numbers in `text`. A place is named by its number. */
  names: readonly string[]
  /** In upper case; empty where there is none. */
  firstWord: string
  /** It may declare functions of its own, which can do to the session what no statement can. */
  declaresCode: boolean
  /** The place in the user's SQL of a place in `text`. Both count from 0. */
  sourceOffset(offset: number): number
}

interface Piece {
  kind: 'space' | 'comment' | 'string' | 'quoted' | 'place' | 'name' | 'word' | 'number' | 'other'
  text: string
  at: number
}

/** One piece after the other; the order of the alternatives decides. Quotes of the kind q'[…]' are read by `endOfQuote`. */
const lexer = new RegExp(
  [
    String.raw`(?<space>\s+)`,
    String.raw`(?<comment>--[^\n]*|\/\*[\s\S]*?\*\/)`,
    `(?<alternative>[nN]?[qQ]')`,
    `(?<string>[nN]?'(?:[^']|'')*')`,
    `(?<quoted>"[^"]*")`,
    String.raw`(?<place>\?)`,
    // Inside a word it belongs to the word: v$session, a$1.
    String.raw`\$(?<name>\d+|[\p{L}_][\p{L}\p{N}_]*)`,
    String.raw`(?<word>\p{L}[\p{L}\p{N}_$#]*)`,
    String.raw`(?<number>(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+\-]?\d+)?[fFdD]?)`,
    String.raw`(?<other>[^'"/]|\/(?!\*))`,
  ].join('|'),
  'uy',
)

/**
 * What it says of the statement's kind is for messages only: the database and its accounts decide what runs.
 * @throws DhuoError BAD_USER_INPUT, field `sql` or `params`
 */
export function readStatement(sql: string): OracleStatement {
  checkLength(sql)
  const pieces = read(sql)
  while (isLast(pieces, ';')) pieces.splice(lastMeant(pieces), 1)
  const meant = pieces.filter(({ kind }) => kind !== 'space' && kind !== 'comment')
  if (meant.length === 0) throw badInput('sql', 'The statement is empty.')
  refuseColons(meant)
  const { numberOf, names } = numberParameters(meant)
  let text = ''
  const anchors: [written: number, source: number][] = []
  for (const [index, piece] of pieces.entries()) {
    anchors.push([text.length, piece.at])
    const number = numberOf.get(piece)
    if (number !== undefined)
      text += `${/[\w$#:]$/.test(text) ? ' ' : ''}:${number}${/^[\w$#]/.test(pieces[index + 1]?.text ?? '') ? ' ' : ''}`
    else if (piece.kind === 'comment' && !/^(--|\/\*)\+/.test(piece.text)) text += piece.text.replace(/[^\n]/g, ' ')
    // The driver takes every quote behind a q for one of its own kind.
    else text += piece.kind === 'word' && pieces[index + 1]?.kind === 'string' ? `${piece.text} ` : piece.text
  }
  return {
    text: text.trimEnd(),
    names,
    firstWord: meant.find(({ kind }) => kind === 'word')?.text.toUpperCase() ?? '',
    declaresCode: meant.some(({ kind, text: word }) => kind === 'word' && /^(FUNCTION|PROCEDURE)$/i.test(word)),
    sourceOffset(offset) {
      const [written, source] = anchors.findLast(([place]) => place <= offset) ?? [0, 0]
      return Math.min(source + offset - written, sql.length)
    },
  }
}

function read(sql: string): Piece[] {
  const pieces: Piece[] = []
  for (let at = 0; at < sql.length; ) {
    lexer.lastIndex = at
    const { groups = {}, 0: found = '' } = lexer.exec(sql) ?? {}
    if (found === '') throw badInput('sql', `A string, a name or a comment that begins at character ${at + 1} does not end.`)
    const text = groups['alternative'] === undefined ? found : sql.slice(at, endOfQuote(sql, at + found.length, at))
    const kind = Object.keys(groups).find((name) => groups[name] !== undefined)!
    pieces.push({ kind: (kind === 'alternative' ? 'string' : kind) as Piece['kind'], text, at })
    at += text.length
  }
  return pieces
}

const closing: Readonly<Record<string, string>> = { '[': ']', '{': '}', '(': ')', '<': '>' }

/** @param start of the character that chooses how the quote ends */
function endOfQuote(sql: string, start: number, quote: number): number {
  const opened = String.fromCodePoint(sql.codePointAt(start) ?? 0)
  const end = sql.indexOf(`${closing[opened] ?? opened}'`, start + opened.length)
  if (end < 0 || /\s/.test(opened)) throw badInput('sql', `A string that begins at character ${quote + 1} does not end.`)
  return end + (closing[opened] ?? opened).length + 1
}

const lastMeant = (pieces: readonly Piece[]): number => pieces.findLastIndex(({ kind }) => kind !== 'space' && kind !== 'comment')
const isLast = (pieces: readonly Piece[], text: string): boolean => pieces[lastMeant(pieces)]?.text === text

/** The driver takes a colon before a name for a parameter of its own, unless it stands behind a string: `JSON {'a' : b}`. */
function refuseColons(meant: readonly Piece[]): void {
  for (const [index, { text, at }] of meant.entries()) {
    const next = meant[index + 1]?.kind
    if (text !== ':' || meant[index - 1]?.kind === 'string' || next === undefined) continue
    if (next === 'word' || next === 'number' || next === 'quoted')
      throw badInput(
        'sql',
        `Parameters are written ? or $name here, not with a colon as at character ${at + 1}. In JSON_OBJECT write KEY … VALUE ….`,
      )
  }
}

const isParameter = ({ kind }: Piece): boolean => kind === 'place' || kind === 'name'

function numberParameters(meant: readonly Piece[]): { numberOf: Map<Piece, number>; names: string[] } {
  const numberOf = new Map<Piece, number>()
  const found = meant.filter(isParameter)
  const kinds = new Set(found.map(({ kind, text }) => (kind === 'place' ? '?' : /^\$\d+$/.test(text) ? '$1' : '$name')))
  if (kinds.size > 1) throw wrongParameter(`The statement mixes ${[...kinds].join(' and ')}: use one of them.`)
  for (const [index, piece] of meant.entries())
    if (isParameter(piece) && /^into$/i.test(meant[index - 1]?.text ?? ''))
      throw badInput('sql', 'RETURNING is not available here: a change says how many rows it was. Read them with a SELECT.')
  if (kinds.has('$name')) {
    const numbers = new Map<string, number>()
    const names: string[] = []
    for (const piece of found) {
      const key = piece.text.toLowerCase()
      if (!numbers.has(key)) numbers.set(key, names.push(piece.text.slice(1)))
      numberOf.set(piece, numbers.get(key)!)
    }
    return { numberOf, names }
  }
  for (const [index, piece] of found.entries())
    numberOf.set(piece, piece.kind === 'place' ? index + 1 : Number(piece.text.slice(1)))
  const count = Math.max(0, ...new Set(numberOf.values()))
  if (count !== new Set(numberOf.values()).size)
    throw wrongParameter('The numbers of the parameters leave a gap: use $1, $2 and so on, or ?.')
  return { numberOf, names: Array.from({ length: count }, (_, i) => String(i + 1)) }
}
