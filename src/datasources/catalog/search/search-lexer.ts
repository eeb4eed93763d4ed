// Cuts the text of a filter or of one ordering into tokens, in one pass.
import { type SearchArgument, searchError } from './search-error.js'

export interface Token {
  /** `end` closes every list of tokens, so that a parser always has one to look at; `other` is a character of no use. */
  kind: 'word' | 'quoted' | 'number' | 'operator' | 'punctuation' | 'other' | 'end'
  /** As written, quotes included. */
  text: string
  /** Of a quoted one, what is between the quotes; else `text`. */
  value: string
  /** Of its first character, from 0. */
  index: number
}

/** Longer than any filter that a person or a program has a use for: parsing and planning are bounded by it. */
export const maxSearchLength = 10_000

const patterns: readonly [Token['kind'], RegExp][] = [
  ['number', /-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\p{L}\p{N}_.])/uy],
  ['word', /[\p{L}\p{N}\p{M}_][\p{L}\p{N}\p{M}_.]*/uy],
  ['quoted', /'[^']*'|"[^"]*"|`[^`]*`/uy],
  ['operator', /[=<>!]+/uy],
  ['punctuation', /[(),]/uy],
  ['other', /[^'"`]/uy],
]
const space = /\s*/uy

/**
 * There are no escapes: a quote ends at the next quote of its kind. A word may have dots, and one that ends in a dot goes on
 * in the quoted token right behind it.
 * @throws BAD_USER_INPUT with the position of what is no token
 */
export function tokenize(text: string, argument: SearchArgument): Token[] {
  if (text.length > maxSearchLength)
    throw searchError(argument, `${argument} must not be longer than ${maxSearchLength} characters.`, maxSearchLength)
  // PostgreSQL takes no NUL in a text, and half a surrogate pair would be bound as another character.
  const unfit = text.isWellFormed() ? text.indexOf('\0') : 0
  if (unfit >= 0) throw searchError(argument, `${argument} must be Unicode text without the character NUL.`, unfit)
  const tokens: Token[] = []
  let index = 0
  while (true) {
    index += matchAt(space, text, index)!.length
    if (index === text.length) {
      tokens.push({ kind: 'end', text: '', value: '', index })
      return tokens
    }
    const token = tokenAt(text, index, argument)
    tokens.push(token)
    // Whatever comes behind, it is refused: a parser gets this far or not even here.
    index = token.kind === 'other' ? text.length : index + token.text.length
  }
}

function tokenAt(text: string, index: number, argument: SearchArgument): Token {
  const rest = text.slice(index, index + 100)
  if (/^(?:--|\/\*|#)/.test(rest)) throw searchError(argument, `Comments are not allowed: ${excerpt(rest)}.`, index)
  if (/^-\s+[\d.]/.test(rest)) throw searchError(argument, `A minus belongs right before its number: ${excerpt(rest)}.`, index)
  for (const [kind, pattern] of patterns) {
    const found = matchAt(pattern, text, index)
    if (found) return { kind, text: found, value: kind === 'quoted' ? found.slice(1, -1) : found, index }
  }
  throw searchError(argument, `${excerpt(rest)} has no closing ${rest[0]}.`, index)
}

function matchAt(pattern: RegExp, text: string, index: number): string | undefined {
  pattern.lastIndex = index
  return pattern.exec(text)?.[0]
}

/** The start of what was written, for messages. */
export const excerpt = (text: string): string => `'${text.length > 60 ? `${text.slice(0, 60).toWellFormed()}…` : text}'`
