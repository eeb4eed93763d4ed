import { badInput } from './errors.js'

export const nameKinds = [
  'PROJECT',
  'BUCKET',
  'OBJECT_KEY',
  'DATASET',
  'TABLE',
  'EXPERIMENT',
  'MODEL',
  'DEPLOYMENT',
  'STEP',
] as const
export type NameKind = (typeof nameKinds)[number]

export interface NamingRule {
  kind: NameKind
  /** A regular expression that the whole name must match, after lower-casing where the rule lower-cases. */
  pattern: string
  /** Characters; for object keys bytes of UTF-8. */
  maxLength: number
  example: string
  /** The rule in words. */
  description: string
}

export interface NameCheck {
  ok: boolean
  /** Which rule is broken; null when none is. */
  reason: string | null
  /** A name near it that complies; null when it is fine or when nothing sensible can be made of it. */
  suggestion: string | null
}

const purposes = 'raw|features|models|deployments|predictions|temp'
const slug = '^[a-z][a-z0-9_-]{3,62}$'
const slugWords = 'lower-case letters, digits, "-" and "_", 4 to 63 characters, starting with a letter; capitals are lower-cased'

const rules: Record<NameKind, Omit<NamingRule, 'kind'>> = {
  PROJECT: { pattern: slug, maxLength: 63, example: 'iris', description: slugWords },
  BUCKET: {
    pattern: `^[a-z][a-z0-9_-]{3,62}-(${purposes})(-[a-z0-9_-]+)?$`,
    maxLength: 100,
    example: 'iris-raw',
    description: `<project>-<purpose>, or <project>-<purpose>-<more>, where the purpose is one of ${purposes.replaceAll('|', ', ')}`,
  },
  OBJECT_KEY: {
    pattern: '^(?!\\.{1,2}$)[^\\u0000\\r\\n]+$',
    maxLength: 1024,
    example: '2026/11/iris.csv',
    description: 'any UTF-8 text of 1 to 1024 bytes without line breaks and NUL, but not "." or ".."',
  },
  DATASET: { pattern: slug, maxLength: 63, example: 'iris_measurements', description: slugWords },
  TABLE: {
    pattern: '^[A-Za-z][A-Za-z0-9_]{0,62}$',
    maxLength: 63,
    example: 'iris_measurements',
    description:
      'an unquoted SQL identifier: letters, digits and "_", starting with a letter, at most 63 characters, no reserved word',
  },
  EXPERIMENT: { pattern: slug, maxLength: 63, example: 'iris-species', description: slugWords },
  MODEL: { pattern: slug, maxLength: 63, example: 'iris-classifier', description: slugWords },
  DEPLOYMENT: { pattern: slug, maxLength: 63, example: 'iris-nightly', description: slugWords },
  STEP: { pattern: slug, maxLength: 63, example: 'train', description: slugWords },
}

/** Reserved in DuckDB, PostgreSQL or Oracle: as a table's name each would have to be quoted in every statement. */
const reservedWords = new Set(
  `access add all alter analyse analyze and any array as asc asymmetric audit between both by case cast char check cluster collate
  column comment compress connect constraint create current date decimal default deferrable delete desc describe distinct do drop
  else end except exclusive exists false fetch file float for foreign from grant group having identified immediate in increment
  index initially insert integer intersect into is lambda lateral leading level like limit localtime lock long maxextents minus mode
  modify noaudit nocompress not nowait null number of offline offset on online only option or order pctfree pivot pivot_longer
  pivot_wider placing primary prior public qualify raw references rename resource returning revoke row rowid rownum rows select
  session set share show size smallint some start successful summarize symmetric synonym sysdate table then to trailing trigger
  true uid union unique unpivot update user using validate values varchar varchar2 variadic view when whenever where window
  with`.split(/\s+/),
)

const lowerCased = (kind: NameKind): boolean => kind !== 'OBJECT_KEY' && kind !== 'TABLE'

export const namingRules = (): NamingRule[] => nameKinds.map((kind) => ({ kind, ...rules[kind] }))

/** A name as it is stored and looked up: most kinds are lower-cased, as DHuOlib did. */
export const canonicalName = (kind: NameKind, name: string): string => (lowerCased(kind) ? name.toLowerCase() : name)

export function checkName(kind: NameKind, name: string): NameCheck {
  const reason = brokenRule(kind, canonicalName(kind, name))
  if (reason === null) return { ok: true, reason: null, suggestion: null }
  const suggestion = suggest(kind, name)
  return { ok: false, reason, suggestion: brokenRule(kind, suggestion) === null ? suggestion : null }
}

/**
 * The canonical name.
 * @throws BAD_USER_INPUT saying which rule is broken, with a suggestion
 */
export function requireName(kind: NameKind, name: string, field: string): string {
  const { reason, suggestion } = checkName(kind, name)
  if (reason !== null) throw badInput(field, `${field}: ${reason}${suggestion === null ? '' : ` Try "${suggestion}".`}`)
  return canonicalName(kind, name)
}

/** The bucket's name where none is given. */
export const defaultBucketName = (project: string, purpose: string): string => `${project}-${purpose.toLowerCase()}`

function brokenRule(kind: NameKind, name: string): string | null {
  const { pattern, maxLength, description } = rules[kind]
  const what = kind.toLowerCase().replace('_', ' ')
  if (!name.isWellFormed()) return `A ${what} must be valid Unicode.`
  const length = kind === 'OBJECT_KEY' ? Buffer.byteLength(name) : name.length
  if (length > maxLength)
    return `A ${what} has at most ${maxLength} ${kind === 'OBJECT_KEY' ? 'bytes' : 'characters'}; this one has ${length}.`
  if (kind === 'PROJECT' && /^(information_schema|pg_catalog)$/.test(name)) return `"${name}" is a schema of the database itself.`
  if (kind === 'TABLE' && reservedWords.has(name.toLowerCase())) return `"${name}" is a reserved word of SQL.`
  if (!new RegExp(pattern, 'u').test(name)) return `A ${what} is ${description}.`
  return null
}

function suggest(kind: NameKind, name: string): string {
  if (kind === 'OBJECT_KEY')
    return name
      .toWellFormed()
      .replace(/[\0\r\n]+/g, ' ')
      .trim()
  const separator = kind === 'TABLE' ? '_' : '-'
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(kind === 'TABLE' ? /[^a-z0-9_]+/g : /[^a-z0-9_-]+/g, separator)
    .replace(/^[^a-z]+|[-_]+$/g, '')
  if (kind === 'TABLE') return reservedWords.has(plain) ? `${plain}_data` : plain.slice(0, 63)
  if (kind === 'BUCKET')
    return `${plain.replace(new RegExp(`-?(${purposes})$`), '').padEnd(4, '0')}-${plain.match(new RegExp(`(${purposes})$`))?.[0] ?? 'raw'}`
  return plain.slice(0, 63).padEnd(4, '0')
}
