import { badInput } from './errors.js'

/*
 * What experiments, runs and models may be told: MLflow's rules (https://mlflow.org/docs/latest/tracking), but for one: a text
 * that is too long is refused, where MLflow cuts it without a word.
 */

export interface KeyValue {
  key: string
  value: string
}

const longestKey = 250
const longestParam = 6_000
const longestRunTag = 8_000
const longestExperimentTag = 5_000
const longestModelTag = 5_000
const longestRunName = 250

/** The characters of file names in MLflow: letters and digits of any language, and these signs. */
const keyCharacters = /^[/\p{L}\p{N}_.\- :]+$/u
/** Nearly every key, at a glance. */
const plainKey = /^\w[\w-]{0,249}$/

/**
 * MLflow keeps what belongs to a key in a file of that name in some of its stores: so it must be the name of itself.
 * @throws BAD_USER_INPUT
 */
export function requireKey(key: string, field: string): void {
  if (plainKey.test(key)) return
  if (key.length > longestKey && Array.from(key).length > longestKey)
    throw badInput(field, `${field} has at most ${longestKey} characters; it has ${Array.from(key).length}.`)
  if (!keyCharacters.test(key))
    throw badInput(field, `${field} must be letters, digits, "_", "-", ".", ":", "/" and spaces, and not empty.`)
  if (key.startsWith('..') || key.split('/').some((part) => part === '' || part === '.' || part === '..'))
    throw badInput(
      field,
      `${field} must be a path that means itself: no "/" at either end, no "//", no "." or "..", none at its start.`,
    )
}

/** Each key once. @throws BAD_USER_INPUT */
export function requireParams(params: readonly KeyValue[], field: string): KeyValue[] {
  const keys = new Set<string>()
  return params.map(({ key, value }, index) => {
    requireKey(key, `${field}[${index}].key`)
    requireText(value, longestParam, `${field}[${index}].value`)
    if (keys.has(key)) throw badInput(`${field}[${index}].key`, `${field}: the key "${key}" is there more than once.`)
    keys.add(key)
    return { key, value }
  })
}

/** Each key once: of several with one key the last counts. @throws BAD_USER_INPUT */
export const requireRunTags = (tags: readonly KeyValue[], field: string): KeyValue[] => requireTags(tags, longestRunTag, field)

/** Each key once: of several with one key the last counts. @throws BAD_USER_INPUT */
export const requireExperimentTags = (tags: readonly KeyValue[], field: string): KeyValue[] =>
  requireTags(tags, longestExperimentTag, field)

/** Each key once: of several with one key the last counts. @throws BAD_USER_INPUT */
export const requireModelTags = (tags: readonly KeyValue[], field: string): KeyValue[] =>
  requireTags(tags, longestModelTag, field)

function requireTags(tags: readonly KeyValue[], longestValue: number, field: string): KeyValue[] {
  const byKey = new Map<string, string>()
  for (const [index, { key, value }] of tags.entries()) {
    requireKey(key, `${field}[${index}].key`)
    requireText(value, longestValue, `${field}[${index}].value`)
    byKey.set(key, value)
  }
  return Array.from(byKey, ([key, value]) => ({ key, value }))
}

/** @throws BAD_USER_INPUT */
export function requireRunName(name: string, field: string): string {
  if (name.trim() === '') throw badInput(field, `${field} must not be blank.`)
  requireText(name, longestRunName, field)
  return name
}

/** @param longest characters @throws BAD_USER_INPUT */
export function requireText(text: string, longest: number, field: string): void {
  if (text.length > longest && Array.from(text).length > longest)
    throw badInput(field, `${field} has at most ${longest} characters; it has ${Array.from(text).length}.`)
  // PostgreSQL takes neither.
  if (!text.isWellFormed() || text.includes('\0')) throw badInput(field, `${field} must be valid Unicode without NUL.`)
}
