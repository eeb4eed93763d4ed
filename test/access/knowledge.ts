import type { GraphQLObjectType, GraphQLSchema } from 'graphql'

/** The name of an enum's value, which stands in a document without quotes. */
export class EnumValue {
  constructor(readonly name: string) {}
}

/** A value as it stands in a document. */
export function literalOf(value: unknown): string {
  if (value instanceof EnumValue) return value.name
  if (Array.isArray(value)) return `[${value.map(literalOf).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([name, inner]) => `${name}: ${literalOf(inner)}`)
    .join(', ')}}`
}

const isCursor = (field: string): boolean => /\.(endCursor|cursor)$/.test(field)

/** What answers have told: ids by type, texts by field, and every single value. */
export class Knowledge {
  /** The type of whatever has an id. */
  readonly nodes = new Map<string, string>()
  /** By `Type.field`. */
  readonly texts = new Map<string, Set<string>>()
  readonly strings = new Set<string>()
  readonly numbers = new Set<number>()
  readonly typeNames = new Set<string>()

  constructor(private readonly schema: GraphQLSchema) {}

  learn(value: unknown, field = ''): void {
    if (typeof value === 'string') {
      this.strings.add(value)
      this.#addText(field, value)
    } else if (typeof value === 'number') this.numbers.add(value)
    else if (Array.isArray(value)) for (const item of value) this.learn(item, field)
    else if (typeof value === 'object' && value !== null) {
      const { __typename: typeName, ...fields } = value as Record<string, unknown>
      if (typeof typeName === 'string') {
        this.typeNames.add(typeName)
        const id = fields['id']
        const type = this.schema.getType(typeName) as GraphQLObjectType
        if (typeof id === 'string' && type.getInterfaces().some(({ name }) => name === 'Node')) this.nodes.set(id, typeName)
      }
      for (const [name, inner] of Object.entries(fields)) this.learn(inner, `${typeName ?? field}.${name}`)
    }
  }

  /** What is here and not there. */
  without(other: Knowledge): Knowledge {
    const left = new Knowledge(this.schema)
    for (const [id, type] of this.nodes) if (!other.nodes.has(id)) left.nodes.set(id, type)
    for (const [field, texts] of this.texts) for (const text of texts) if (!other.strings.has(text)) left.#addText(field, text)
    for (const text of this.strings) if (!other.strings.has(text)) left.strings.add(text)
    for (const number of this.numbers) if (!other.numbers.has(number)) left.numbers.add(number)
    return left
  }

  /** The first text of each field of another's, and the first id of each type, behind one's own. */
  withSomeOf(other: Knowledge): Knowledge {
    const all = this.map((text) => text)
    const types = new Set<string>()
    for (const [id, type] of other.nodes) if (!types.has(type) && types.add(type)) all.nodes.set(id, type)
    for (const [field, texts] of other.texts) for (const text of [...texts].slice(0, 1)) all.#addText(field, text)
    return all
  }

  /** The same with other values. Cursors stay: nobody but the server can make one. */
  map(change: (text: string) => string): Knowledge {
    const changed = new Knowledge(this.schema)
    for (const [id, type] of this.nodes) changed.nodes.set(change(id), type)
    for (const [field, texts] of this.texts)
      for (const text of texts) changed.#addText(field, isCursor(field) ? text : change(text))
    return changed
  }

  /**
   * What an argument of this name could be given; what fits the name best comes first.
   * @param field the field or input that the argument is of: `deleteDataset` wants datasets
   */
  valuesFor(name: string, typeName: string, field: string): unknown[] {
    switch (typeName) {
      case 'ID':
        return this.#idsFor(name, field)
      case 'Int':
        return [5]
      case 'Float':
        return [1.5]
      case 'BigInt':
        return [1]
      case 'Boolean':
        return [true, false]
      case 'DateTime':
        return ['2999-01-01T00:00:00.000Z']
      case 'JSON':
        return [[]]
      default:
        return this.#textsFor(name)
    }
  }

  #idsFor(name: string, field: string): string[] {
    const fitnessOf = (type: string) =>
      type.toLowerCase() === name.toLowerCase()
        ? 3
        : field.endsWith(type)
          ? 2
          : field.toLowerCase().includes(type.toLowerCase())
            ? 1
            : 0
    const ids = [...this.nodes].map(([id, type]) => ({ id, fitness: fitnessOf(type) }))
    const others = this.#textsOf(/^Other\.id$/).map((id) => ({ id, fitness: 0.5 }))
    return [...others, ...ids].sort((a, b) => b.fitness - a.fitness).map(({ id }) => id)
  }

  #textsFor(name: string): string[] {
    if (name === 'password') return ['a password that is wrong']
    if (name === 'delimiter') return ['/']
    if (name === 'after' || name === 'before') return this.#textsOf(/\.(endCursor|cursor)$/)
    if (name === 'sql') return this.#statements()
    const names = this.#textsOf(/^(?!Column\.).*\.(name|key|table)$/)
    if (/^(filter|query|search)$/.test(name)) return names.slice(0, 10).map((each) => `name = '${each}'`)
    const type = name[0]!.toUpperCase() + name.slice(1)
    const fitting = [
      ...this.#textsOf(new RegExp(`^${type}\\.(name|key)$`)),
      ...this.#textsOf(new RegExp(`^(?!Column\\.).*\\.${name}$`, 'i')),
    ]
    return [...new Set(name === 'email' ? fitting : [...fitting, ...names])]
  }

  #statements(): string[] {
    const tables = this.#textsOf(/^Dataset\.table$/)
    const schemas = this.#textsOf(/^Project\.name$/)
    const qualified = schemas.flatMap((schema) => tables.slice(0, 3).map((table) => `"${schema}"."${table}"`))
    return [
      ...[...qualified, ...tables.slice(0, 3)].map((table) => `select * from ${table}`),
      'select * from information_schema.tables',
      'select * from duckdb_tables()',
      'show all tables',
      ...qualified.slice(0, 2).map((table) => `delete from ${table}`),
    ]
  }

  #textsOf(field: RegExp): string[] {
    return [...new Set([...this.texts].flatMap(([name, texts]) => (field.test(name) ? [...texts] : [])))]
  }

  #addText(field: string, text: string): void {
    const texts = this.texts.get(field) ?? new Set()
    this.texts.set(field, texts.add(text))
  }
}

/** Something that looks the same and does not exist: the same length, the same kinds of characters. */
export const lookAlike = (text: string): string =>
  /^[a-z]{3}_[0-9a-f]{32}$/.test(text)
    ? text.replace(/.{12}$/, (end) => [...end].map((digit) => (15 - Number.parseInt(digit, 16)).toString(16)).join(''))
    : text
        .replace(/[a-z]/g, (letter) => (letter === 'z' ? 'a' : String.fromCharCode(letter.charCodeAt(0) + 1)))
        .replace(/[A-Z]/g, (letter) => (letter === 'Z' ? 'A' : String.fromCharCode(letter.charCodeAt(0) + 1)))
        .replace(/[0-9]/g, (digit) => String((Number(digit) + 1) % 10))
