// How names and texts of GraphQL are written in Python.
import { wrap } from './python-wrap.mjs'

const keywords = new Set(
  `False None True and as assert async await break class continue def del elif else except finally for from global if import in is
  lambda nonlocal not or pass raise return try while with yield match case type self`.split(/\s+/),
)
/** Words that are reserved only for one's own sanity: a parameter may be called so. */
const allowed = new Set(['type', 'match', 'case'])

/** `createdAt` → `created_at`; what Python keeps for itself gets a `_` behind it. */
export function snakeCase(name) {
  const snake = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
  return keywords.has(snake) && !allowed.has(snake) ? `${snake}_` : snake
}

export const pascalCase = (name) => name.charAt(0).toUpperCase() + name.slice(1)

/** `GetPipelineRun` → `GET_PIPELINE_RUN`; `NOT_FOUND` → `NotFound` is `fromConstant`. */
export const constantCase = (name) => snakeCase(name).toUpperCase()
export const fromConstant = (name) =>
  name.toLowerCase().replaceAll(/(^|_)([a-z])/g, (_all, _before, letter) => letter.toUpperCase())

/** JSON's strings are Python's, but for nothing that a schema can hold. */
export const quoted = (text) => JSON.stringify(text)

export const indent = (text, by = 4) => text.replaceAll(/^(?=.)/gm, ' '.repeat(by))

/** A docstring of any text, without its indentation. */
export function docstring(text) {
  const safe = text.trim().replaceAll('\\', '\\\\').replaceAll('"""', '\\"\\"\\"')
  const body = safe.includes('\n') ? `${safe}\n` : safe.endsWith('"') ? `${safe} ` : safe
  return `"""${body}"""`
}

/** The description of something in the schema as one paragraph. */
export const describe = (described, otherwise) => (described?.description ?? otherwise ?? '').replaceAll(/\s+/g, ' ').trim()

export const paragraph = (text, width = 100) => wrap(text, width)

/** `from module import …`, in several lines where it is long. */
export function importFrom(module, names) {
  const line = `from ${module} import ${names.join(', ')}`
  return line.length <= 110 ? line : `from ${module} import (\n${names.map((name) => `    ${name},`).join('\n')}\n)`
}

/** Lines of `name: text` as Google's style has them. */
export const section = (title, entries) =>
  entries.length === 0
    ? ''
    : `\n\n${title}:\n${entries.map(([name, text]) => indent(wrap(`${name}: ${text}`, 92, '    '))).join('\n')}`

const header = (about) =>
  `# Made by \`npm run codegen\` from schema.graphql and codegen/operations: do not change it here.\n${docstring(about)}\n\nfrom __future__ import annotations\n`

/** A module of Python. Blank lines at the end and several in a row are nobody's intention. */
export const moduleOf = (about, imports, body) =>
  `${header(about)}\n${imports.trim()}\n\n\n${body.trim()}\n`.replaceAll(/\n{4,}/g, '\n\n\n').replaceAll(/^[ \t]+$/gm, '')
