import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { archiveFiles } from '../../src/operations/archive-files.js'
import { archiveNames } from '../../src/operations/archive-names.js'

describe('names in an archive', () => {
  const namesOf = (...keys: string[]) => archiveNames(keys.map((key) => ({ bucket: 'iris-models', key })))

  test.each([
    [['model.pkl'], ['model.pkl']],
    [['runs/1/model.pkl'], ['model.pkl']],
    [
      ['runs/1/MLmodel', 'runs/1/data/model.pkl'],
      ['MLmodel', 'data/model.pkl'],
    ],
    [
      ['runs/1/a', 'runs/10/a'],
      ['1/a', '10/a'],
    ],
    [
      ['a/b', 'a/b/c'],
      ['b (2)', 'b/c'],
    ],
    [
      ['x/a.tar.gz', 'x//a.tar.gz', 'x/./a.tar.gz'],
      ['a.tar (3).gz', 'a.tar (2).gz', 'a.tar.gz'],
    ],
    [
      ['a', './a', 'a (2)'],
      ['a (2)', 'a', 'a (2) (2)'],
    ],
    [
      ['../../x', 'y'],
      ['__/__/x', 'y'],
    ],
    [
      ['..', '.', '/'],
      ['__', '_', '_ (2)'],
    ],
    [
      ['... ', '. .'],
      ['___ ', '_ _'],
    ],
    [
      ['C:/a', 'D:/a'],
      ['C_/a', 'D_/a'],
    ],
    [
      ['weights:final', 'final'],
      ['weights_final', 'final'],
    ],
    [
      ['dir/weights:final', 'dir/x/y:z'],
      ['weights_final', 'x/y:z'],
    ],
    [
      ['a\\b', 'a/b'],
      ['a_b', 'a/b'],
    ],
    [
      ['a\u0000b', 'a\u0001b', 'a\u009fb'],
      ['a_b', 'a_b (2)', 'a_b (3)'],
    ],
    [
      ['été', 'e\u0301te\u0301'],
      ['été', 'e\u0301te\u0301'],
    ],
  ])('%j become %j', (keys, names) => {
    expect(namesOf(...keys)).toEqual(names)
  })

  test('of several buckets begin with the bucket', () => {
    expect(
      archiveNames([
        { bucket: 'iris-raw', key: 'a/x' },
        { bucket: 'iris-models', key: 'a/x' },
      ]),
    ).toEqual(['iris-raw/a/x', 'iris-models/a/x'])
  })

  test('do not depend on the order of the keys', () => {
    const keys = ['a', 'a/b', './a', '/a', 'a (2)', 'a//b']
    const named = (order: string[]) => Object.fromEntries(namesOf(...order).map((name, i) => [order[i], name]))
    expect(named([...keys].reverse())).toEqual(named(keys))
    expect(new Set(Object.values(named(keys))).size).toBe(keys.length)
  })
})

describe('an archive', () => {
  /** Endless, and it tells when it was closed. */
  const endless = () => {
    const file = new Readable({
      read() {
        this.push(Buffer.alloc(65_536))
      },
    })
    return { file, closed: once(file, 'close') }
  }

  test('reads one file at a time', async () => {
    let open = 0
    let most = 0
    const entries = Array.from({ length: 20 }, (_, i) => ({
      name: `${i}`.padStart(2, '0'),
      open: async () => {
        most = Math.max(most, ++open)
        return Readable.from([Buffer.from(`${i}`)]).once('close', () => open--)
      },
    }))
    const zip = await buffer(archiveFiles(entries))
    expect(zip.subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004')
    expect(most).toBe(1)
  })

  test('that is given up closes the file that it reads, and opens no other', async () => {
    const { file, closed } = endless()
    let isNextOpen = false
    const zip = archiveFiles([
      { name: 'a.bin', open: async () => file },
      {
        name: 'b.bin',
        open: async () => {
          isNextOpen = true
          return Readable.from(['b'])
        },
      },
    ])
    await once(zip, 'readable')
    zip.destroy()
    await closed
    await sleep(20)
    expect(isNextOpen).toBe(false)
  })

  test('that is given up while a file is opened closes that one too', async () => {
    const { file, closed } = endless()
    const opening = Promise.withResolvers<Readable>()
    const zip = archiveFiles([{ name: 'a.bin', open: () => opening.promise }])
    zip.destroy()
    opening.resolve(file)
    await closed
  })

  test('fails when a file does: as it is opened, and in the middle', async () => {
    const broken = new Readable({
      read() {
        this.push(Buffer.alloc(10))
        setImmediate(() => this.destroy(new Error('the disk is gone')))
      },
    })
    const good = { name: 'a.txt', open: async () => Readable.from(['a']) }
    await expect(buffer(archiveFiles([good, { name: 'b.txt', open: async () => broken }]))).rejects.toThrow('the disk is gone')
    const missing = { name: 'b.txt', open: () => Promise.reject(new Error('not there')) }
    await expect(buffer(archiveFiles([good, missing]))).rejects.toThrow('not there')
  })
})
