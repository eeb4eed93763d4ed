import { badInput } from './errors.js'

/*
 * What a requirements.txt may say here. pip reads it on the server: lines that name the server's files, run programs (version
 * control, builds of source) or take values out of its environment are refused before pip sees them.
 */

export const mostRequirementsBytes = 64 * 1024

const name = '[A-Za-z0-9](?:[\\w.-]*[A-Za-z0-9])?'
const extras = '(?:\\s*\\[[\\w.,\\s-]*\\])?'
const clause = '(?:===|==|~=|!=|<=|>=|<|>)\\s*[\\w.*+!-]+'
const versions = `(?:\\s*\\(?\\s*${clause}(?:\\s*,\\s*${clause})*\\s*\\)?)?`
// ` -` would be an option to pip.
const marker = '(?:\\s*;(?:(?!\\s-)[^;])+?)?'
const hashes = '(?:\\s+--hash=sha(?:256|384|512):[0-9a-fA-F]+)*'
const fromIndex = new RegExp(`^${name}${extras}${versions}${marker}${hashes}$`)
const fromUrl = new RegExp(`^${name}${extras}\\s*@\\s*(\\S+)${marker}${hashes}$`)
const urlOption = /^(?:-i|--index-url|--extra-index-url|-f|--find-links)(?:\s+|=)(\S+)$/
const flag = /^(?:--pre|--prefer-binary|--require-hashes|--only-binary(?:\s+|=)[\w.,:-]+)$/

const allowed =
  'Allowed are packages by name with versions, extras, markers and hashes, `name @ https://…/file.whl`, and the options --index-url, --extra-index-url, --find-links (http or https), --pre, --prefer-binary, --only-binary and --require-hashes.'

/**
 * The same text, with `\n` at the ends of its lines; null when it asks for nothing.
 * @throws BAD_USER_INPUT naming the line
 */
export function requireRequirements(text: string, field: string): string | null {
  const bytes = Buffer.byteLength(text)
  if (bytes > mostRequirementsBytes)
    throw badInput(field, `${field} has at most ${mostRequirementsBytes} bytes; it has ${bytes}.`)
  if (!text.isWellFormed() || /[^\P{Cc}\t\r\n]/u.test(text))
    throw badInput(field, `${field} must be valid Unicode without control characters.`)
  const lines = text.replaceAll(/\r\n?/g, '\n').split('\n')
  let count = 0
  for (const [index, line] of logicalLines(lines)) {
    const problem = problemOf(line)
    if (problem !== null) throw badInput(field, `${field}: line ${index + 1}: ${problem}`)
    count++
  }
  return count === 0 ? null : lines.join('\n')
}

/** Without comments, and with lines put together that end in a backslash; each with the number of its first line. */
function* logicalLines(lines: readonly string[]): Generator<[number, string]> {
  let start = 0
  let open = ''
  for (const [index, line] of lines.entries()) {
    if (open === '') start = index
    // pip takes a comment for a comment only at the start or after a space: `#sha256=` in a URL is none.
    const isComment = /^\s*#/.test(line)
    if (!isComment && line.endsWith('\\')) {
      open += line.slice(0, -1)
      if (index < lines.length - 1) continue
    } else open += line
    // One space at most: patterns that allow any number of them in several places try all ways to divide them.
    const text = open
      .replace(/(^|\s)#.*$/, '')
      .replaceAll(/\s+/g, ' ')
      .trim()
    open = ''
    if (text !== '') yield [start, text]
  }
}

function problemOf(line: string): string | null {
  if (line.includes('${')) return 'variables of the environment are not replaced here.'
  const url = urlOption.exec(line)?.[1]
  if (url !== undefined) return problemOfUrl(url)
  if (flag.test(line) || fromIndex.test(line)) return null
  const wheel = fromUrl.exec(line)?.[1]
  if (wheel === undefined) return `"${shown(line)}" is not taken. ${allowed}`
  if (!/\.whl(#|\?|$)/.test(wheel)) return 'a package by URL must be a wheel (.whl): source is not built here.'
  return problemOfUrl(wheel)
}

function problemOfUrl(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return 'a URL must begin with https:// or http://.'
  return url.username === '' && url.password === ''
    ? null
    : 'a URL must not hold a user or password, for everybody in the project can read it: they belong into the pip configuration of the server.'
}

const shown = (line: string): string => withoutCredentials(line.length > 100 ? `${line.slice(0, 100)}…` : line)

/** `https://user:password@host` without what stands before the host. */
export const withoutCredentials = (text: string): string =>
  text.replaceAll(/(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@'"]*@/gi, '$1****@')
