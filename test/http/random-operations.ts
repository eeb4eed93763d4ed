import { type GraphQLOutputType, getNamedType, isAbstractType, isObjectType } from 'graphql'
import { hash, schema } from './random-world.js'

/* Operations over the schema of random-world.ts: each seed gives another one, and always the same. */

export const header =
  '($b1: Boolean!, $b2: Boolean = true, $n: Int, $s: String = "default", $in: In, $t: DateTime, $ids: [ID!], $c: Color = RED, $first: Int! = 2)'
export const fragments = `
  fragment OnA on A { id big ...OnNode b { ...OnB } later: b @include(if: $b2) { name texts } }
  fragment OnB on B { __typename named { ...OnNamed } texts echo(n: $n, s: $s) ... @skip(if: $b1) { count at } }
  fragment OnNode on Node { __typename id ... on Named { name } ... on B { strict @skip(if: $b2) } }
  fragment OnNamed on Named { name ...OnNode ... on A { int json } }`

/** A selection by chance. */
export function selectionOf(type: string, seed: string, depth: number): string {
  const graphqlType = schema.getType(type)!
  const parts: string[] = []
  const number = 1 + (hash(seed, 'size') % 6)
  const fields = 'getFields' in graphqlType ? Object.values(graphqlType.getFields()) : []
  for (let n = 0; n < number; n++) {
    const own = `${seed}.${n}`
    const directive = [
      '',
      '',
      '',
      '',
      '@skip(if: $b1)',
      '@include(if: $b2)',
      '@include(if: $b1) @skip(if: $b2)',
      '@skip(if: false)',
    ][hash(own, 'directive') % 8]!
    const kind = hash(own, 'part') % 10
    if (kind === 0) parts.push(`__typename ${directive}`)
    else if (kind === 1) parts.push(`...${['OnA', 'OnB', 'OnNode', 'OnNamed'][hash(own, 'fragment') % 4]} ${directive}`)
    else if (kind === 2 && depth > 0) {
      const on = ['A', 'B', 'Node', 'Named'][hash(own, 'on') % 4]!
      parts.push(`... on ${on} ${directive} { ${selectionOf(on, own, depth - 1)} }`)
    } else if (fields.length > 0) {
      const field = fields[hash(own, 'field') % fields.length]! as {
        name: string
        type: unknown
        args: readonly { name: string }[]
      }
      const below = getNamedType(field.type as GraphQLOutputType)
      const isComposite = isObjectType(below) || isAbstractType(below)
      if (isComposite && depth === 0) continue
      const args = field.args
        .filter((arg) => arg.name === 'first' || arg.name === 'id' || hash(own, arg.name) % 2)
        .map(({ name }) => `${name}: ${argument(name, own)}`)
      // Fields of one name in the answer must be the same, or the operation is not valid.
      const alias =
        args.length > 0 ? `${field.name}${hash(...args)}: ` : hash(own, 'alias') % 3 === 0 ? `also_${field.name}: ` : ''
      parts.push(
        `${alias}${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''} ${directive}${isComposite ? ` { ${selectionOf(below.name, own, depth - 1)} }` : ''}`,
      )
    }
  }
  return parts.length > 0 ? parts.join(' ') : '__typename'
}

function argument(name: string, seed: string): string {
  if (hash(seed, name, 'variable') % 2) return `$${name}`
  const literals: Record<string, readonly string[]> = {
    in: [
      'null',
      '{ s: "x" }',
      '{ s: $s, n: $n, more: [{ s: "y", c: GREEN, b: 12345678901234567890 }] }',
      '{ s: "j", j: { a: [1, $n] }, t: "2026-01-01T00:00Z" }',
    ],
    n: ['1', 'null'],
    s: ['"text"', '"""block"""', 'null'],
    t: ['"2026-01-01T00:00:00+02:00"', 'null'],
    ids: ['[]', '["a", 2]', '"one"'],
    c: ['RED', 'null'],
    first: ['1'],
    id: ['"id"'],
  }
  const values = literals[name]!
  return values[hash(seed, name, 'literal') % values.length]!
}

export const variableSets: readonly Record<string, unknown>[] = [
  { b1: true },
  {
    b1: false,
    b2: false,
    n: 5,
    s: 'given',
    in: { s: 'x', more: [{ s: 'y', n: null }], b: '123', t: '2026-01-01T00:00:00Z' },
    ids: ['a', 1],
    c: 'GREEN',
  },
  { b1: true, b2: true, n: null, s: null, in: null, t: '2026-01-01T00:00:00.000Z', ids: 'one', first: 3 },
  { b1: false, b2: null, in: { s: 'j', j: { deep: [{}] }, ids: null, c: 'RED' }, t: null },
]
export const wrongVariableSets: readonly Record<string, unknown>[] = [
  {},
  { b1: null },
  { b1: 'yes', n: 'five' },
  { b1: true, in: {} },
  { b1: true, in: { s: 'x', unknown: 1, toString: 2 } },
  { b1: true, in: { s: 'x', more: [{ s: 'y' }, { s: 5, b: 1.5 }, null] } },
  { b1: true, in: [], ids: [null], c: 'BLUE' },
  { b1: true, t: 'yesterday', first: null, in: { s: 'x', t: 7, n: 2 ** 40 } },
  { b1: true, in: JSON.parse('{ "s": "x", "__proto__": { "n": 1 } }') },
]
