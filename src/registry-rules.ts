import { badInput } from './errors.js'

/*
 * What texts of the model registry may be: MLflow's rules, so that whatever is here can be told to an MLflow client.
 */

const longestTagKey = 250
const longestTagValue = 5_000
const mostTags = 100
const longestAlias = 255

/** The file name characters of MLflow: letters and digits of any language, and these signs. */
const tagKey = /^[/\p{L}\p{N}_.\- :]+$/u
const aliasPattern = /^[\p{L}\p{N}_-]+$/u
/** `latest` is the highest version, and `v3` would look like one. */
const reservedAlias = /^(latest|v\d+)$/i

export interface Tag {
  key: string
  value: string
}

/** @throws BAD_USER_INPUT naming the tag at fault */
export function requireTags(tags: readonly Tag[] | null | undefined, field: string): Tag[] {
  if (!tags) return []
  if (tags.length > mostTags) throw badInput(field, `${field} has at most ${mostTags} entries; it has ${tags.length}.`)
  const keys = new Set<string>()
  return tags.map(({ key, value }, index) => {
    const keyField = `${field}[${index}].key`
    if (key.length > longestTagKey || !tagKey.test(key) || !isItsOwnPath(key))
      throw badInput(
        keyField,
        `${keyField} must have 1 to ${longestTagKey} characters: letters, digits, "_", "-", ".", ":", "/" and spaces, and be a path that means itself (no "..", no "//", no "/" at either end).`,
      )
    if (keys.has(key)) throw badInput(keyField, `${keyField}: "${key}" is there twice.`)
    keys.add(key)
    return { key, value: requireText(value, longestTagValue, `${field}[${index}].value`) }
  })
}

/** As a path it names itself: MLflow keeps tags as files in some of its stores. */
const isItsOwnPath = (key: string): boolean =>
  !key.startsWith('..') && key.split('/').every((part) => part !== '' && part !== '.' && part !== '..')

/** @throws BAD_USER_INPUT */
export function requireAlias(alias: string, field: string): string {
  if (alias.length > longestAlias || !aliasPattern.test(alias))
    throw badInput(field, `${field} must have 1 to ${longestAlias} characters: letters, digits, "_" and "-".`)
  if (reservedAlias.test(alias)) throw badInput(field, `${field} must not be "latest" nor "v" and a number: those mean versions.`)
  return alias
}

/** @throws BAD_USER_INPUT */
export function requireText(text: string, longest: number, field: string): string {
  if (text.length > longest) throw badInput(field, `${field} has at most ${longest} characters; it has ${text.length}.`)
  // PostgreSQL takes neither.
  if (!text.isWellFormed() || text.includes('\0')) throw badInput(field, `${field} must be valid Unicode without NUL.`)
  return text
}
