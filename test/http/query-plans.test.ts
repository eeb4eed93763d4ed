import { buildSchema, type DocumentNode, parse } from 'graphql'
import { DocumentStore } from '../../src/http/document-store.js'
import { createExecutor } from '../../src/http/query-executor.js'
import { limits, schema } from './random-world.js'

const store = (): DocumentStore => new DocumentStore(schema, limits)
const checked = (documents: DocumentStore, text: string): DocumentNode => {
  const document = documents.parse(text)
  expect(documents.check(document, undefined, {})).toEqual([])
  return document
}
const planOf = (documents: DocumentStore, document: DocumentNode, variables = {}) =>
  documents.planOf(document, document.definitions[0] as never, variables)

test('a plan is kept from the second execution on', () => {
  const documents = store()
  const document = checked(documents, '{ a { id } }')
  const [first, second, third] = [planOf(documents, document), planOf(documents, document), planOf(documents, document)]
  expect(second).not.toBe(first)
  expect(third).toBe(second)
})

test('a document that is not kept has no plan that is', () => {
  const documents = store()
  const document = parse('{ a { id } }')
  expect(planOf(documents, document)).not.toBe(planOf(documents, document))
  expect(planOf(documents, document)).not.toBe(planOf(documents, document))
})

test('what many conditions make of one document is not kept without end', () => {
  const documents = store()
  const names = Array.from({ length: 8 }, (_, n) => `v${n}`)
  const document = checked(
    documents,
    `query (${names.map((name) => `$${name}: Boolean!`).join(' ')}) { ${names.map((name) => `${name}: echo @skip(if: $${name})`).join(' ')} }`,
  )
  const variablesOf = (bits: number) => Object.fromEntries(names.map((name, n) => [name, (bits >> n) % 2 === 1]))
  const plans = Array.from({ length: 257 }, (_, bits) => planOf(documents, document, variablesOf(bits % 256)))
  const again = plans.map((plan, bits) => plan === planOf(documents, document, variablesOf(bits % 256)))
  expect(again.filter(Boolean)).toHaveLength(8)
})

test('fields that fragments multiply count: what was used last stays, the rest goes', async () => {
  const deep = buildSchema('type Query { a: A } type A { self: A! int: Int }')
  const leaf = { int: 1, self: {} }
  leaf.self = leaf
  deep.getQueryType()!.getFields()['a']!.resolve = () => leaf
  const documents = new DocumentStore(deep, limits)
  const executor = createExecutor(deep, documents)
  const wide = (n: number): string => {
    const levels = Array.from(
      { length: 7 },
      (_, level) => `fragment F${level} on A { x${level}: self { ...F${level + 1} } y${level}: self { ...F${level + 1} } }`,
    )
    return `query Q${n} { a { ...F0 } } ${levels.join(' ')} fragment F7 on A { int }`
  }
  const texts = Array.from({ length: 700 }, (_, n) => wide(n))
  for (const text of texts) {
    const document = checked(documents, text)
    for (let time = 0; time < 2; time++) await executor({ schema: deep, document })
  }
  // Text alone would let 900 of them stay.
  const { kept, keptLength } = documents as never as { kept: Map<string, { length: number }>; keptLength: number }
  expect(keptLength).toBeLessThanOrEqual(500_000)
  expect([...kept.values()].reduce((sum, { length }) => sum + length, 0)).toBe(keptLength)
  expect(kept.size).toBeLessThan(texts.length)
  expect(documents.parse(texts.at(-1)!)).toBe(documents.parse(texts.at(-1)!))
})
