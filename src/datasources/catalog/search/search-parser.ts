// Parses filters and orderings of MLflow's search language into syntax trees; what the names mean is decided elsewhere.
import { type SearchArgument, searchError } from './search-error.js'
import { excerpt, type Token, tokenize } from './search-lexer.js'

export interface Identifier {
  /** As written, before the first dot; null where there is none. */
  entity: string | null
  key: string
  /** As written. */
  text: string
  index: number
}

export const operators = ['=', '!=', '<', '<=', '>', '>=', 'LIKE', 'ILIKE', 'IN', 'NOT IN', 'IS NULL', 'IS NOT NULL'] as const
export type Operator = (typeof operators)[number]

/** `word` is something without quotes, which no comparison accepts: kept for the sake of the message. */
export type Literal = { text: string; index: number } & (
  | { kind: 'number'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'list'; value: string[] }
  | { kind: 'word'; value: string }
  | { kind: 'null'; value: null }
)

export interface Comparison {
  identifier: Identifier
  operator: Operator
  operatorIndex: number
  literal: Literal
}

export interface Ordering {
  identifier: Identifier
  descending: boolean
}

/** Every comparison is some index ranges or probes of each row. */
export const maxComparisons = 40

/**
 * @returns the comparisons that must all hold; none for null and ''
 * @throws BAD_USER_INPUT with the position of what does not fit
 */
export function parseFilter(filter: string | null): Comparison[] {
  if (filter === null || filter === '') return []
  const parser = new Parser(filter, 'filter')
  const comparisons: Comparison[] = []
  if (parser.atEnd()) throw searchError('filter', `Invalid filter ${excerpt(filter)}. Could not be parsed.`, 0)
  while (!parser.atEnd()) {
    if (comparisons.length === maxComparisons)
      throw searchError('filter', `filter must not have more than ${maxComparisons} comparisons.`, parser.index)
    comparisons.push(parser.comparison())
    // A doubled AND, one at the end, and none between two comparisons are no errors in MLflow either.
    while (parser.takeWord('AND')) {}
  }
  return comparisons
}

/** One entry of `orderBy`: `identifier [ASC|DESC]`. @throws BAD_USER_INPUT with the position of what does not fit */
export function parseOrdering(text: string): Ordering {
  const parser = new Parser(text, 'orderBy')
  const identifier = parser.identifier()
  const descending = parser.takeWord('DESC')
  if (!descending) parser.takeWord('ASC')
  if (!parser.atEnd())
    throw searchError(
      'orderBy',
      `Invalid order_by clause ${excerpt(text)}. Could not be parsed: expected ASC, DESC or the end; further fields are further entries of the list.`,
      parser.index,
    )
  return { identifier, descending }
}

class Parser {
  readonly #tokens: Token[]
  #next = 0

  constructor(
    private readonly text: string,
    private readonly argument: SearchArgument,
  ) {
    this.#tokens = tokenize(text, argument)
  }

  /** Of the token that comes next. */
  get index(): number {
    return this.#token.index
  }

  atEnd(): boolean {
    return this.#token.kind === 'end'
  }

  takeWord(word: string): boolean {
    const taken = this.#token.kind === 'word' && this.#token.text.toUpperCase() === word
    if (taken) this.#next++
    return taken
  }

  comparison(): Comparison {
    const identifier = this.identifier()
    const operatorIndex = this.index
    const operator = this.#operator(identifier)
    return { identifier, operator, operatorIndex, literal: this.#literal(operator) }
  }

  identifier(): Identifier {
    const token = this.#token
    if (token.kind === 'other') throw this.#invalidClause(token)
    if (token.kind !== 'word' && token.kind !== 'quoted') throw this.#noIdentifier(token)
    if (/^(?:OR|NOT|BETWEEN|AND)$/i.test(token.text)) throw this.#invalidClause(token)
    this.#next++
    if (token.kind === 'quoted') return { entity: null, key: token.value, text: token.text, index: token.index }
    const [entity, key] = splitAtDot(token.text)
    const quoted = this.#token
    if (entity !== null && token.text.endsWith('.') && quoted.kind === 'quoted' && follows(token, quoted)) {
      this.#next++
      this.#checkEnd(token, quoted)
      return { entity, key: key + quoted.value, text: token.text + quoted.text, index: token.index }
    }
    this.#checkEnd(token, token)
    if (key === '') throw this.#noIdentifier(token)
    return { entity, key, text: token.text, index: token.index }
  }

  #operator(identifier: Identifier): Operator {
    const token = this.#take()
    const spelled = [token.text.toUpperCase()]
    if (spelled[0] === 'NOT' && this.takeWord('IN')) spelled.push('IN')
    if (spelled[0] === 'IS') {
      if (this.takeWord('NOT')) spelled.push('NOT')
      if (this.takeWord('NULL')) spelled.push('NULL')
    }
    const operator = operators.find((known) => known === spelled.join(' '))
    if (token.kind === 'other' || /^(?:OR|BETWEEN)$/.test(spelled[0]!)) throw this.#invalidClause(token)
    if (!operator)
      throw searchError(
        this.argument,
        `Invalid comparison clause: ${excerpt(`${identifier.text} ${token.text}`)}. Expected one of ${operators.join(', ')} after the identifier${token.kind === 'end' ? ', found the end' : ''}.`,
        token.index,
      )
    return operator
  }

  #literal(operator: Operator): Literal {
    if (operator === 'IS NULL' || operator === 'IS NOT NULL')
      return { kind: 'null', value: null, text: 'NULL', index: this.index }
    const token = this.#take()
    const { text, index } = token
    if (token.kind === 'number') {
      const value = Number(text)
      if (!Number.isFinite(value)) throw searchError(this.argument, `${excerpt(text)} is beyond the largest number.`, index)
      return { kind: 'number', value, text, index }
    }
    if (token.kind === 'quoted' && !text.startsWith('`')) return { kind: 'string', value: token.value, text, index }
    if (token.text === '(') return this.#list(token)
    if (token.kind === 'word' || token.kind === 'quoted') return { kind: 'word', value: text, text, index }
    throw searchError(
      this.argument,
      `Invalid comparison clause. Expected a number, a quoted string or a list behind ${operator}, found ${token.kind === 'end' ? 'the end' : excerpt(text)}.`,
      index,
    )
  }

  #list(open: Token): Literal {
    const value: string[] = []
    while (true) {
      const item = this.#take()
      // A tuple of Python, as which MLflow reads it, may have a comma at its end.
      if (item.text === ')' && value.length > 0) break
      if (item.kind !== 'quoted' || item.text.startsWith('`'))
        throw searchError(
          this.argument,
          `While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type in list: ${excerpt(item.text)}. Expected a list of quoted strings: ('a', 'b').`,
          item.index,
        )
      value.push(item.value)
      const separator = this.#take()
      if (separator.text === ')') break
      if (separator.text !== ',')
        throw searchError(this.argument, `Expected ',' or ')' in the list, found ${excerpt(separator.text)}.`, separator.index)
    }
    const last = this.#tokens[this.#next - 1]!
    return { kind: 'list', value, text: this.text.slice(open.index, last.index + 1), index: open.index }
  }

  get #token(): Token {
    return this.#tokens[this.#next]!
  }

  #take(): Token {
    const token = this.#token
    if (token.kind !== 'end') this.#next++
    return token
  }

  /** `metrics.a` right before `"b"`, or quotes right before a word, are no names. */
  #checkEnd(first: Token, last: Token): void {
    const next = this.#token
    if (follows(last, next) && ['word', 'quoted', 'number', 'other'].includes(next.kind)) throw this.#noIdentifier(first)
  }

  #noIdentifier(token: Token): Error {
    const written = /^[^\s=<>!]*/.exec(this.text.slice(token.index))![0] || token.text
    const found = token.kind === 'end' ? 'the end' : excerpt(written)
    return searchError(
      this.argument,
      `Invalid comparison clause. Expected 'Identifier' found ${found}. An identifier is a name, or an entity, a dot and a key: metrics.rmse, tags.\`a key\`.`,
      token.index,
    )
  }

  #invalidClause(token: Token): Error {
    return searchError(
      this.argument,
      `Invalid clause(s) in ${this.argument} string: ${excerpt(token.text)}. Comparisons are joined by AND; there is no OR, NOT, BETWEEN or parentheses.`,
      token.index,
    )
  }
}

const follows = (token: Token, next: Token): boolean => next.index === token.index + token.text.length

function splitAtDot(text: string): [entity: string | null, key: string] {
  const dot = text.indexOf('.')
  return dot < 0 ? [null, text] : [text.slice(0, dot), text.slice(dot + 1)]
}
