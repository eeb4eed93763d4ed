import { codeOf, isLost, isPassing, leavesSession, translateOracleError } from '../../src/datasources/lakehouse/oracle-errors.js'

const error = (code: string, message = `${code}: what the database says`) => Object.assign(new Error(message), { code })
const context = { field: 'sql', accounts: ['DHUO_IRIS#R', 'DHUO_IRIS'], sourceOffset: null } as const
const said = (code: string, message?: string) =>
  translateOracleError(error(code, message), context) as Error & { code: string; field?: string }
const ora = (number: string) => `ORA-${number.padStart(5, '0')}`
const codes = (text: string): string[] => text.split(/\s+/).map((code) => (code.startsWith('NJS') ? code : ora(code)))

/** Every code that is told apart, and what the client gets for it. */
const table: readonly (readonly [what: string, codes: string, code: string, message: RegExp])[] = [
  [
    'a connection that is lost',
    'NJS-003 NJS-103 NJS-500 NJS-501 NJS-509 NJS-513 NJS-521 28 1012 1033 1034 1089 1092 2396 2399 3113 3114 3135 3150 12537 12547 12570 25408',
    'BACKEND_UNAVAILABLE',
    /was lost\. Try again/,
  ],
  [
    'nobody there',
    'NJS-503 NJS-504 NJS-510 NJS-511 NJS-518 NJS-519 NJS-530 12154 12505 12514 12541 12545',
    'BACKEND_UNAVAILABLE',
    /cannot be reached/,
  ],
  [
    'settings, a wallet or an account',
    'NJS-101 NJS-116 NJS-125 NJS-136 NJS-138 NJS-173 NJS-505 NJS-506 NJS-507 NJS-508 NJS-512 NJS-514 NJS-515 NJS-516 NJS-517 NJS-520 NJS-522 NJS-529 1005 1017 1045 1918 28000 28001 28002 28003 28150 28151 28183 28365',
    'BACKEND_UNAVAILABLE',
    /refuses this server.*operator.*log/,
  ],
  ['too many at once', 'NJS-040 NJS-076 18 20 2391 12516 12519 12520', 'BACKEND_UNAVAILABLE', /busy\. Try again later/],
  ['no room', '1536 1653 1654 1658 1691 1950 30036 257', 'BACKEND_UNAVAILABLE', /no more room/],
  ['too long', 'NJS-123 40 1013 2392 2393 2394 2395 56735', 'TIMEOUT', /took longer/],
  [
    'somebody faster',
    '54 60 1410 1466 1555 4020 4021 4061 4065 4068 8103 8176 8177 30006',
    'CONFLICT',
    /at the same time\. Try again/,
  ],
  ['too large', '1652 4030 4031 4036 10260', 'BAD_USER_INPUT', /more memory or temporary space/],
  ['a number that no NUMBER holds', 'NJS-115 NJS-105', 'BAD_USER_INPUT', /larger or finer/],
  ['a row that is there', '1', 'CONFLICT', /what the database says/],
  [
    'the statement',
    '900 904 911 918 923 932 933 936 942 979 1031 1400 1407 1438 1456 1476 1722 1795 1843 2291 2292 12899 14551 22835 24247 40441 41900',
    'BAD_USER_INPUT',
    /what the database says/,
  ],
  ["the driver's own", 'NJS-044 NJS-011', 'BACKEND_UNAVAILABLE', /could not be used/],
]
test.each(table.flatMap(([what, list, code, message]) => codes(list).map((each) => [each, what, code, message] as const)))(
  '%s is told as %s: %s',
  (each, _what, code, message) => {
    expect(said(each)).toMatchObject({ name: 'DhuoError', code, message: expect.stringMatching(message) })
    expect(said(each).message).not.toMatch(/NJS/)
  },
)

test('a code stands in one list', () => {
  const all = table.flatMap(([, list]) => codes(list))
  expect(all.filter((code, i) => all.indexOf(code) !== i)).toEqual([])
})

/** What is not the database's own words. */
test.each([
  ['904', /double quotes/],
  ['911', /semicolon/],
  ['923', /FROM DUAL/],
  ['933', /semicolon/],
  ['942', /not of this project.*no other objects/],
  ['990', /no DDL/],
  ['1031', /no DDL/],
  ['1456', /Only SELECT/],
  ['1722', /point/],
  ['1795', /JSON_TABLE/],
  ['1830', /TO_DATE/],
  ['1843', /TO_DATE/],
  ['1858', /TO_DATE/],
  ['1861', /TO_DATE/],
  ['2290', /CHECK/],
  ['3405', /semicolon/],
  ['14551', /must not change/],
  ['14552', /must not change/],
  ['24247', /network/],
  ['29280', /files/],
  ['29283', /files/],
  ['32034', /TO_CHAR/],
  ['41900', /no DDL/],
])('ORA-%s comes with a hint', (number, hint) => {
  expect(said(ora(number)).message).toMatch(hint)
})

test('no host, account, stack or address for help is in a message; what is meant is told of an error that wraps another', () => {
  const message = [
    'ORA-12801: error signaled in parallel query server P000, instance db.example.com:cdb1',
    'ORA-01722: invalid number in "DHUO_IRIS"."T" for DHUO_IRIS#R',
    'ORA-06512: at "DHUO_IRIS.F", line 3',
    'Help: https://docs.oracle.com/error-help/db/ora-01722/',
  ].join('\n')
  expect(codeOf(error('ORA-12801', message))).toBe('ORA-01722')
  expect(said('ORA-12801', message)).toMatchObject({ code: 'BAD_USER_INPUT', field: 'sql' })
  expect(said('ORA-12801', message).message).not.toMatch(/DHUO_IRIS|example\.com|06512|https|Help/)
  expect(said('ORA-12801', message).message).toMatch(/^ORA-01722: invalid number/)
})

test('the place in the statement is that in the text of the client, and the field is that of what it sent', () => {
  const at = Object.assign(error('ORA-00904', 'ORA-00904: "X": invalid identifier'), { offset: 12 })
  const place = translateOracleError(at, { ...context, sourceOffset: (offset) => offset + 5 }) as Error
  expect(place.message).toMatch(/\(at character 18\)\. A name/)
  for (const field of ['sql', 'file', 'columns'] as const)
    expect(translateOracleError(error('ORA-01438'), { ...context, field })).toMatchObject({ code: 'BAD_USER_INPUT', field })
})

test('what is not of Oracle stays what it is, and what may be run again is told from what may not', () => {
  for (const other of [new Error('x'), new TypeError('y'), Object.assign(new Error('z'), { code: 'ECONNRESET' })])
    expect(translateOracleError(other, context)).toBe(other)
  expect(['ORA-03113', 'NJS-500', 'ORA-01466', 'ORA-08103', 'ORA-04068'].map((code) => isPassing(error(code)))).toEqual(
    Array(5).fill(true),
  )
  expect(['ORA-00942', 'ORA-01013', 'NJS-503', 'ORA-00060'].map((code) => isPassing(error(code)))).toEqual(Array(4).fill(false))
  expect(isLost(null)).toBe(false)
})

test('a connection is given to others after what the database refused, and after nothing else', () => {
  expect(['ORA-00942', 'ORA-00001', 'ORA-06550'].map((code) => leavesSession(error(code)))).toEqual([true, true, true])
  expect(leavesSession(translateOracleError(error('ORA-00904'), context))).toBe(true)
  for (const other of [error('ORA-03113'), error('NJS-112'), error('NJS-123'), new RangeError('of a buffer'), undefined])
    expect(leavesSession(other)).toBe(false)
})
