import {
  accountsOf,
  columnNamesOf,
  quoteOracle,
  rowsTableName,
  tableNameOf,
} from '../../src/datasources/lakehouse/oracle-names.js'

test('whatever a column is called, its name ends where its quotes end, fits, and is there once', () => {
  const names = [
    'id',
    'ID',
    'a" NUMBER); DROP TABLE x --',
    'nul\0nul',
    '',
    'é'.repeat(100),
    '😀'.repeat(60),
    'x'.repeat(200),
    'x'.repeat(201),
    "it's",
    'select',
    'Mixed case',
  ]
  for (const fold of [true, false]) {
    const made = columnNamesOf(names, fold)
    for (const name of made) {
      expect(quoteOracle(name)).toMatch(/^"[^"\0]+"$/)
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(128)
      expect(name).not.toContain('\ufffd')
    }
    expect(new Set(made.map((name) => name.toUpperCase())).size).toBe(names.length)
  }
  expect(columnNamesOf(['id', 'ID', "it's"], true)).toEqual(['ID', 'ID_1', "it's"])
})

test.each(['', 'a"b', 'a b', '1a', 'a;b', 'a.b', 'a$b', 'a#R', 'é', `a${'b'.repeat(63)}`, 'DHUO$X'])(
  'a table %p is refused: it could be part of a statement, or one of ours',
  (table) => {
    expect(() => tableNameOf(table)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', field: 'table' }))
  },
)

test.each(['', 'ab', 'Iris', 'iris#r', 'iris$', 'iris"', "iris'", 'iris]', 'iris;', 'iris\n', '1ris', `i${'r'.repeat(63)}`])(
  'a schema %p is refused: it is put into statements as it is',
  (schema) => {
    expect(() => accountsOf('DHUO', schema)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', field: 'schema' }))
  },
)

test('no two projects share an account, and no table of a user is one of ours', () => {
  const schemas = ['iris', 'iris-r', 'iris_r', 'iris-', 'iris_']
  const accounts = schemas.flatMap((schema) => Object.values(accountsOf('DHUO', schema)))
  expect(new Set(accounts).size).toBe(accounts.length)
  expect(accountsOf('DHUO', 'other-one')).toEqual({
    owner: 'DHUO_OTHER$ONE',
    reader: 'DHUO_OTHER$ONE#R',
    writer: 'DHUO_OTHER$ONE#W',
  })
  expect(rowsTableName('CITIES')).toMatch(/^DHUO\$CITIES\$[0-9A-F]{8}$/)
  expect(() => tableNameOf(rowsTableName('CITIES'))).toThrow()
})
