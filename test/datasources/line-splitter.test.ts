import { LineSplitter } from '../../src/datasources/compute/line-splitter.js'

const split = (bytes: Buffer | string, pieceSize = Number.POSITIVE_INFINITY, maxLength = 100): string[] => {
  const splitter = new LineSplitter(maxLength)
  const all = Buffer.from(bytes as string)
  const lines: string[] = []
  for (let at = 0; at < all.length; at += pieceSize) lines.push(...splitter.push(all.subarray(at, at + pieceSize)))
  return [...lines, ...splitter.end()]
}

describe.each([
  ['whole', Number.POSITIVE_INFINITY],
  ['byte by byte', 1],
  ['in pieces of 7 bytes', 7],
])('lines that come %s', (_how, size) => {
  test.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\n\nb', ['a', '', 'b']],
    ['\n', ['']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['ação 東京 🎉\n', ['ação 東京 🎉']],
    ['tab\tstays\n', ['tab\tstays']],
    ['a\0b\x07c\x7f\n', ['a␀b␇c␡']],
    ['\x1b[31mred\x1b[0m \x1b]0;title\x07x\x1b[2K\n', ['red x']],
    ['\x1b\n', ['␛']],
    ['c1 \u0085\u009b\n', ['c1 \ufffd\ufffd']],
    ['x'.repeat(100), ['x'.repeat(100)]],
    [`${'x'.repeat(250)}\nnext\n`, [`${'x'.repeat(100)} … [cut: the line is longer than 100 characters]`, 'next']],
    [`${'x'.repeat(99)}🎉🎉\n`, [`${'x'.repeat(99)} … [cut: the line is longer than 100 characters]`]],
  ])('%j gives %j', (text, lines) => {
    expect(split(text, size)).toEqual(lines)
  })

  test('bytes that are no UTF-8 are replaced', () => {
    expect(split(Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a, 0xe6, 0x9d]), size)).toEqual(['a\ufffd\ufffdb', '\ufffd'])
  })

  test('a progress bar ends as what it shows last, and shows something on its way', () => {
    const bar = Array.from({ length: 100 }, (_, i) => `\r${i + 1} %`).join('')
    for (const end of ['\n', '', '\r\n', '\r']) {
      const lines = split(`${bar}${end}done\n`.replace(/done\n$/, end.includes('\n') ? 'done\n' : ''), size)
      expect(lines.filter((line) => line !== 'done').at(-1)).toBe('100 %')
      expect(lines.length).toBeLessThan(5)
    }
  })
})

test('a line without an end takes no memory beyond its bound', () => {
  const splitter = new LineSplitter(100)
  const chunk = Buffer.alloc(65_536, 'x')
  let lines = 0
  const before = process.memoryUsage().rss
  for (let i = 0; i < 16_384; i++) lines += splitter.push(chunk).length
  expect(lines).toBe(1)
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20)
  expect(splitter.push(Buffer.from('\nnext\n'))).toEqual(['next'])
})

test('a progress bar without an end takes no memory either', () => {
  const splitter = new LineSplitter(100)
  const chunk = Buffer.from('\r 10 %\r 20 %'.repeat(5_000))
  let lines = 0
  for (let i = 0; i < 500; i++) lines += splitter.push(chunk).length
  expect(lines).toBeLessThan(10)
  expect(splitter.end()).toEqual([' 20 %'])
})
