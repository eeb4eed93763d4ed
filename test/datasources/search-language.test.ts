import { maxSearchLength, tokenize } from '../../src/datasources/catalog/search/search-lexer.js'
import { maxComparisons, parseFilter, parseOrdering } from '../../src/datasources/catalog/search/search-parser.js'
import { globOf } from '../../src/datasources/catalog/search/text-patterns.js'
import { isDhuoError } from '../../src/errors.js'
import { randomFrom } from '../contracts/search-world.js'

const read = (filter: string) =>
  parseFilter(filter).map(({ identifier, operator, literal }) => [identifier.entity, identifier.key, operator, literal.value])

function errorOf(work: () => unknown): { message: string; position: unknown; field: string | undefined } {
  try {
    work()
  } catch (error) {
    if (isDhuoError(error) && error.code === 'BAD_USER_INPUT')
      return { message: error.message, position: error.details?.['position'], field: error.field }
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a filter', () => {
  test('is comparisons that are joined by AND, in any letter case', () => {
    expect(read('metrics.`val loss` < 0.2 AND params.model = \'tree\' and tags.mlflow.user = "ann"')).toEqual([
      ['metrics', 'val loss', '<', 0.2],
      ['params', 'model', '=', 'tree'],
      ['tags', 'mlflow.user', '=', 'ann'],
    ])
    expect(read('')).toEqual([])
    expect(parseFilter(null)).toEqual([])
  })

  test('needs no space around symbols, and a minus stands right before its number', () => {
    expect(read('metrics.a<-1 aNd metrics.b>=.5 AND metrics.c!=1e-3 and metrics.d=2.')).toEqual([
      ['metrics', 'a', '<', -1],
      ['metrics', 'b', '>=', 0.5],
      ['metrics', 'c', '!=', 0.001],
      ['metrics', 'd', '=', 2],
    ])
  })

  test('quotes keys with any of three quotes, and has no escapes', () => {
    expect(read(`tags."a 'b'" = 'x\\' AND tags.'c "d"' LIKE "it's%" and tags.mlflow.\`x y\` = ''`)).toEqual([
      ['tags', "a 'b'", '=', 'x\\'],
      ['tags', 'c "d"', 'LIKE', "it's%"],
      ['tags', 'mlflow.x y', '=', ''],
    ])
    expect(read(`"Run name" = 'a'`)).toEqual([[null, 'Run name', '=', 'a']])
  })

  test('has lists, and asks for what is there at all', () => {
    expect(read("run_id IN ('a',\"b\") and run_id not  in ('c',) and tags.a IS NULL and tags.b is not null")).toEqual([
      [null, 'run_id', 'IN', ['a', 'b']],
      [null, 'run_id', 'NOT IN', ['c']],
      ['tags', 'a', 'IS NULL', null],
      ['tags', 'b', 'IS NOT NULL', null],
    ])
  })

  test('may end in AND, double it and leave it out, as in MLflow', () => {
    expect(read("tags.a = '1' AND AND tags.b = '2' tags.c = '3' AND")).toHaveLength(3)
  })

  test.each([
    ['  ', 1, "Invalid filter '  '. Could not be parsed."],
    ["a = 'x' OR b = 'y'", 9, "Invalid clause(s) in filter string: 'OR'"],
    ["NOT a = 'x'", 1, "Invalid clause(s) in filter string: 'NOT'"],
    ['metrics.cross-entropy = 1', 1, "Invalid comparison clause. Expected 'Identifier' found 'metrics.cross-entropy'"],
    ["(a = 'x')", 1, "Expected 'Identifier' found '(a'"],
    ['metrics.a == 1', 11, "Invalid comparison clause: 'metrics.a =='"],
    ['metrics.a <> 1', 11, "Invalid comparison clause: 'metrics.a <>'"],
    ['metrics.a = 1;', 14, "Invalid clause(s) in filter string: ';'"],
    ['metrics.a = - 1', 13, 'A minus belongs right before its number'],
    ['metrics.a = 1 -- all', 15, 'Comments are not allowed'],
    ['metrics.a /* x */ = 1', 11, 'Comments are not allowed'],
    ["params.a = 'x", 12, "has no closing '"],
    ['metrics.`a = 1', 9, 'has no closing `'],
    ['metrics.a', 10, 'found the end'],
    ['metrics.a =', 12, 'found the end'],
    ['metrics. = 1', 1, "Expected 'Identifier' found 'metrics.'"],
    ["metrics.'a'b = 1", 1, "Expected 'Identifier'"],
    ['= 1', 1, "Expected 'Identifier' found '='"],
    ['AND metrics.a = 1', 1, "Invalid clause(s) in filter string: 'AND'"],
    ['run_id IN ()', 12, 'While parsing a list in the query'],
    ['run_id IN (1)', 12, 'While parsing a list in the query'],
    ["run_id IN ('a' 'b')", 16, "Expected ',' or ')' in the list"],
    ["run_id IN ('a'", 15, "Expected ',' or ')' in the list"],
    ['metrics.a BETWEEN 1', 11, "Invalid clause(s) in filter string: 'BETWEEN'"],
    ['metrics.a IS 1', 11, "Invalid comparison clause: 'metrics.a IS'"],
    ['metrics.a = 1e999', 13, 'beyond the largest number'],
    ["tags.a = '\0'", 11, 'without the character NUL'],
    ["tags.a = '\ud800'", 1, 'must be Unicode text'],
  ])('that reads %j is refused at column %d: %s', (filter, position, message) => {
    const error = errorOf(() => parseFilter(filter))
    expect(error).toEqual({ field: 'filter', position, message: expect.stringContaining(message) })
    expect(error.message).toContain(`(column ${position})`)
  })

  test('is bounded in its length and in its comparisons', () => {
    expect(errorOf(() => parseFilter(' '.repeat(maxSearchLength + 1))).message).toContain(`${maxSearchLength} characters`)
    const many = Array.from({ length: maxComparisons + 1 }, () => 'metrics.a=1')
    expect(parseFilter(many.slice(1).join(' and '))).toHaveLength(maxComparisons)
    expect(errorOf(() => parseFilter(many.join(' and '))).message).toContain(`${maxComparisons} comparisons`)
  })
})

describe('an entry of orderBy', () => {
  test('is an identifier and perhaps a direction', () => {
    const orderOf = (text: string) => {
      const { identifier, descending } = parseOrdering(text)
      return [identifier.entity, identifier.key, descending]
    }
    expect(orderOf('metrics.rmse')).toEqual(['metrics', 'rmse', false])
    expect(orderOf(' metrics.`val loss`  desc ')).toEqual(['metrics', 'val loss', true])
    expect(orderOf('start_time Asc')).toEqual([null, 'start_time', false])
  })

  test.each([
    ['metrics.a, metrics.b', 10],
    ['metrics.a DESC NULLS LAST', 16],
    ['metrics.a downwards', 11],
    ['', 1],
    ["'a' 'b'", 5],
    ['metrics.a DESC;', 15],
  ])('that reads %j is refused at column %d', (text, position) => {
    expect(errorOf(() => parseOrdering(text))).toMatchObject({ field: 'orderBy', position })
  })
})

describe('text that nobody would write', () => {
  const pieces = [
    'metrics',
    '.',
    '`',
    '"',
    "'",
    ' ',
    'AND',
    '(',
    ')',
    ',',
    '=',
    '<',
    '!',
    '-',
    '1',
    '1e',
    'e9',
    'IN',
    'NOT',
    'IS',
    'NULL',
    'LIKE',
    'a',
    '\\',
    '\n',
    '\0',
    '😀',
    '\ud83d',
    '%',
    '/*',
    '--',
    '#',
    ';',
    'ключ',
    '\u0301',
  ]

  test('is parsed or refused with a position, and nothing else', () => {
    const random = randomFrom(5)
    for (let round = 0; round < 20_000; round++) {
      const text = Array.from({ length: random.below(12) }, () => random.pick(pieces)).join('')
      for (const parse of [parseFilter, parseOrdering])
        try {
          parse(text)
        } catch (error) {
          expect(isDhuoError(error) && error.code).toBe('BAD_USER_INPUT')
          expect((error as { details?: { position?: number } }).details?.position).toBeGreaterThanOrEqual(1)
          expect((error as { details?: { position?: number } }).details?.position).toBeLessThanOrEqual(text.length + 1)
        }
    }
  })

  test('takes no time that grows faster than it does', () => {
    for (const piece of [...pieces, 'a.', '1.', '1e1', '-1', "'a',", '((', 'metrics.a=1 ', "x IN ('a',", '``', 'and ']) {
      const text = piece.repeat(Math.floor(maxSearchLength / piece.length))
      for (const whole of [text, `metrics.a = ${text}`.slice(0, maxSearchLength), `a IN (${text}`.slice(0, maxSearchLength)]) {
        const started = performance.now()
        try {
          parseFilter(whole)
          tokenize(whole, 'filter')
        } catch (error) {
          expect(isDhuoError(error)).toBe(true)
        }
        expect(performance.now() - started).toBeLessThan(250)
      }
    }
  })
})

test('a pattern becomes a GLOB that matches the same', () => {
  expect(globOf('a%_*?[b]', false)).toBe('a*?[*][?][[]b]')
  expect(globOf('ãß1', true)).toBe('[ãÃ]ß1')
})
