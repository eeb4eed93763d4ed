import {
  buildSchema,
  type DocumentNode,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql'
import { DocumentStore } from '../../src/http/document-store.js'
import { formatError } from '../../src/http/format-error.js'
import { createExecutor } from '../../src/http/query-executor.js'
import { fragments, header, selectionOf, variableSets, wrongVariableSets } from './random-operations.js'
import { compare, later, limits, newExecutor, schema } from './random-world.js'

const rules = specifiedRules.filter((rule) => rule !== NoUnusedVariablesRule && rule !== NoUnusedFragmentsRule)

test('hundreds of operations by chance, over objects that fail by chance, are answered as graphql-js answers them', async () => {
  const { store, executor } = newExecutor()
  const seen = { operations: 0, errors: 0, nulls: 0, data: 0 }
  for (let n = 0; n < 900; n++) {
    const isMutation = n % 9 === 0
    const text = `${isMutation ? 'mutation' : 'query'} Op ${header} { ${selectionOf(isMutation ? 'Mutation' : 'Query', `op${n}`, 3)} } ${fragments}`
    const document = parse(text)
    if (validate(schema, document, rules).length > 0) continue
    // As after `check`, whose rules refuse the fragments and variables that happen to be unused.
    ;(store as never as { keep(document: DocumentNode): void }).keep(document)
    seen.operations++
    for (const [index, variables] of variableSets.entries()) {
      const answer = await compare(executor, document, variables, {
        seed: `${n} ${index}`,
        trouble: [0, 4, 12, 30][(n + index) % 4]!,
      })
      if (answer.startsWith('{"errors"')) seen.errors++
      if (answer.endsWith('"data":null}')) seen.nulls++
      else seen.data++
    }
    await compare(executor, document, wrongVariableSets[n % wrongVariableSets.length]!, { seed: 'none', trouble: 0 })
  }
  expect(seen.operations).toBeGreaterThan(250)
  expect(Math.min(seen.errors, seen.nulls, seen.data)).toBeGreaterThan(100)
}, 120_000)

test('what is wrong with variables is told in the words of graphql-js, with the field', async () => {
  const { executor } = newExecutor()
  const document = parse(`query ${header} { echo(in: $in, n: $n, s: $s) }`)
  for (const variables of [...variableSets, ...wrongVariableSets])
    await compare(executor, document, variables, { seed: 'x', trouble: 0 })
  const { errors } = await executor({ schema, document, variableValues: { b1: true, in: { s: 'x', n: 'many' } } })
  expect(errors!.map((error) => formatError(error))).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'in.n' } }])
})

test.each([
  {
    name: 'introspection',
    text: '{ __schema { types { name kind fields { name args { name defaultValue type { name } } } } } __type(name: "A") { name } }',
  },
  { name: 'a field twice, merged', text: '{ a { id b { name } } a { b { texts id } id } }' },
  {
    name: 'keys that objects have already',
    text: '{ __proto__: echo toString: echo constructor: a { __proto__: id hasOwnProperty: name } }',
  },
  { name: 'an operation of several', text: 'query One { echo } query Two { a { id } }', operation: 'Two' },
  { name: 'an operation that is not there', text: 'query One { echo }', operation: 'Three' },
  { name: 'several and no name', text: 'query One { echo } query Two { a { id } }' },
  {
    name: 'a condition that is null',
    text: 'query ($b: Boolean = true) { a { id @skip(if: $b) b { name @include(if: $b) } } echo }',
  },
  { name: 'a mutation after a failure', text: 'mutation { a { int } b { strict } as { at } }' },
])('$name', async ({ text, operation }) => {
  const { executor } = newExecutor()
  for (const variables of [{}, { b: null }, { b: false }])
    for (let seed = 0; seed < 8; seed++)
      await compare(executor, parse(text), variables, { seed: String(seed), trouble: 3 * seed }, operation)
})

test('an item that fails at once, while another is going to fail, does not end the process', async () => {
  const small = buildSchema('type Query { all: [Item!] } type Item { name: String! }')
  small.getQueryType()!.getFields()['all']!.resolve = () => [
    { name: later(3, () => Promise.reject(new Error('later'))) },
    { name: null },
  ]
  const executor = createExecutor(small, new DocumentStore(small, limits))
  const { data, errors } = await executor({ schema: small, document: parse('{ all { name } }') })
  // As long as the other one takes.
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(data).toEqual({ all: null })
  expect(errors).toMatchObject([{ path: ['all', 1, 'name'] }])
})

test('a resolver that changes its arguments changes them for itself only', async () => {
  const changing = buildSchema('type Query { all: [Item!]! } type Item { take(n: Int): Int }')
  const item = (changing.getType('Item') as never as { getFields(): Record<string, { resolve: unknown }> }).getFields()['take']!
  item.resolve = (_source: unknown, args: { n: number }) => args.n++
  const { all } = changing.getQueryType()!.getFields()
  all!.resolve = () => [{}, {}, {}]
  const executor = createExecutor(changing, new DocumentStore(changing, limits))
  const { data } = await executor({ schema: changing, document: parse('{ all { take(n: 1) } }') })
  expect(data).toEqual({ all: [{ take: 1 }, { take: 1 }, { take: 1 }] })
})
