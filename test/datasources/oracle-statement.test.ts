import { createRequire } from 'node:module'
import { readStatement } from '../../src/datasources/lakehouse/oracle-statement.js'

/** The driver's own reading of a statement: what it takes for parameters is what it binds. */
const { Statement } = createRequire(import.meta.url)('oracledb/lib/thin/statement.js')
const driverNames = (text: string): string[] => {
  const statement = new Statement()
  statement._prepare(text)
  return [...statement.bindInfoDict.keys()]
}

test.each([
  ['select a from t where b = ? and c = ?', 'select a from t where b = :1 and c = :2', ['1', '2']],
  ['select $b, $a, $B from t', 'select :1, :2, :1 from t', ['b', 'a']],
  [
    "select '?', q'[it's ?]', nq'{$a}', \"?$x\" from t where a = ?",
    "select '?', q'[it's ?]', nq'{$a}', \"?$x\" from t where a = :1",
    ['1'],
  ],
  ['select v$x, a$1 from t -- ? and $y', 'select v$x, a$1 from t', []],
  ['select /*+ full(t) */ 1 /* ? */ from t;;', 'select /*+ full(t) */ 1         from t', []],
  [
    "select json_value(j, '$.a?(@.b > 1)') from t where c = $date",
    "select json_value(j, '$.a?(@.b > 1)') from t where c = :1",
    ['date'],
  ],
])('%s is sent as %s', (sql, text, names) => {
  expect(readStatement(sql)).toMatchObject({ text, names })
})

test.each([
  '',
  ' ; -- x',
  "select 'a",
  'select "a',
  'select /* a',
  "select q'[a]",
  'select a from t where b = :b',
  'select ? from t where a = $a',
  'select $1, $3 from t',
  'delete from t returning a into ?',
])('%p is refused', (sql) => {
  expect(() => readStatement(sql)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }))
})

test('the driver finds the same parameters, whatever stands around them', () => {
  const pieces = [
    "'a?b'",
    "q'!x?'y!'",
    '"$q"',
    '-- ? $x\n',
    '/* ? */',
    ', ?',
    'word',
    "seq'x'",
    '1.5',
    '(',
    ')',
    '||',
    ',',
    "'k' : ",
    'q',
    'v$a#',
    ' ',
    '\n',
  ]
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  for (let round = 0; round < 3_000; round++) {
    const parts = Array.from({ length: 1 + random(12) }, () => pieces[random(pieces.length)]!)
    const count = parts.filter((part) => part === ', ?').length
    const { text, names } = readStatement(`select 1 ${parts.join(' ')}`)
    expect(names).toHaveLength(count)
    expect([text, driverNames(text)]).toEqual([text, names])
  }
})
