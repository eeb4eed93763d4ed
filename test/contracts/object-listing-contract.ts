// What listing the objects of a bucket promises, compared with a model in memory over keys that are hard to sort and to fold.
import type { Catalog } from '../../src/datasources/catalog/catalog.js'
import type { ObjectListing } from '../../src/datasources/catalog/stored-object-store.js'
import type { BucketRow } from '../../src/datasources/catalog/tables.js'
import { insertBucket, objectRow, randomFrom } from './catalog-rows.js'

/** In the order of the bytes of UTF-8. */
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

interface Item {
  key?: string
  commonPrefix?: string
}

function modelOf(keys: Iterable<string>, prefix: string, delimiter: string | null): Item[] {
  const items = new Map<string, Item>()
  for (const key of [...keys].sort(byBytes)) {
    if (!key.startsWith(prefix)) continue
    const place = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length)
    const commonPrefix = place < 0 ? null : key.slice(0, place + delimiter!.length)
    items.set(commonPrefix === null ? `key ${key}` : `prefix ${commonPrefix}`, commonPrefix === null ? { key } : { commonPrefix })
  }
  return [...items.values()]
}

const pieces = [
  ...['a', 'b', 'B', 'Z', '0', '/', '//', '%', '_', ' ', '.', '-', '~', "'", '"', '\\', '*', '?', '['],
  ...['\u0001', '\u0002', '\t', '\u007f', 'é', 'e\u0301', 'ß', '日', '\ud7ff', '\ue000', '\ufeff', '\uffff'],
  ...['\u{10000}', '😀', '😁', '\u{10fffe}', '\u{10ffff}'],
]

export function objectListingContract(open: () => Catalog): void {
  describe('a list of objects', () => {
    let catalog: Catalog
    let bucket: BucketRow
    beforeEach(async () => {
      catalog = open()
      bucket = await insertBucket(catalog)
    })

    const store = (...keys: string[]): Promise<void> =>
      catalog.transaction(async ({ storedObjects }) => {
        for (const key of keys) await storedObjects.insertCurrent(objectRow(bucket, key))
      })
    const list = (over: Partial<Parameters<Catalog['storedObjects']['list']>[1]> = {}): Promise<ObjectListing> =>
      catalog.storedObjects.list(bucket.id, { prefix: '', delimiter: null, first: 1000, after: null, ...over })
    const keysOf = (listing: ObjectListing): string[] => listing.objects.map((object) => object.key)

    test.each([1, 2, 3])(
      'equals the model for every prefix and delimiter, page by page (seed %i)',
      async (seed) => {
        const random = randomFrom(seed)
        const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
        const text = (most: number): string =>
          Array.from({ length: 1 + Math.floor(random() * most) }, () => pick(pieces)).join('')
        const keys = new Set<string>()
        while (keys.size < 250) {
          // Many that begin alike, and many that are the beginning of another.
          const parent = random() < 0.6 && keys.size > 0 ? pick([...keys]) : ''
          keys.add((parent.length < 15 ? parent : '') + text(3))
        }
        await store(...keys)
        await insertNoise()

        const prefixes = ['', '/', 'a', '%', '_', '\ud7ff', '\u{10ffff}', '\u{10ffff}\u{10ffff}', 'no such thing']
        for (let i = 0; i < 25; i++) {
          const key = Array.from(pick([...keys]))
          prefixes.push(key.slice(0, Math.ceil(random() * key.length)).join(''))
        }
        for (const prefix of prefixes) {
          for (const delimiter of [null, '/', pick(pieces.filter((piece) => piece !== '\u{10ffff}'))]) {
            const items = modelOf(keys, prefix, delimiter)
            const first = pick([1, 2, 7, 50, 1000])
            let after: string | null = null
            let from = 0
            // A page may be asked for after the last item.
            do {
              const page: ObjectListing = await list({ prefix, delimiter, first, after })
              const expected = items.slice(from, from + first)
              expect({ prefix, delimiter, first, from, keys: keysOf(page), prefixes: page.commonPrefixes }).toEqual({
                prefix,
                delimiter,
                first,
                from,
                keys: expected.flatMap(({ key }) => key ?? []),
                prefixes: expected.flatMap(({ commonPrefix }) => commonPrefix ?? []),
              })
              expect(page.hasNextPage).toBe(from + first < items.length)
              expect(page.endCursor === null).toBe(expected.length === 0)
              after = page.endCursor
              from += first
            } while (after !== null && from < items.length + first && from < 30 * first)
          }
        }
      },
      60_000,
    )

    /** The same keys in another bucket, and keys that mean nothing any more. */
    async function insertNoise(): Promise<void> {
      const other = await insertBucket(catalog)
      await catalog.transaction(async ({ storedObjects }) => {
        for (const key of ['a', 'a/b', '/', 'zz/']) await storedObjects.insertCurrent(objectRow(other, key))
        for (const key of ['gone', 'a/gone/1']) {
          await storedObjects.insertCurrent(objectRow(bucket, key))
          await storedObjects.retireCurrent(bucket.id, key, objectRow(bucket, key).lastModified)
        }
      })
    }

    test.each([null, '/'])('gives each item once while keys come and go between pages (delimiter %p)', async (delimiter) => {
      const random = randomFrom(7)
      const number = (): string => String(Math.floor(random() * 10_000)).padStart(4, '0')
      const key = (kind: string): string => `${number()}${kind}${random() < 0.5 ? '' : `/${number()}`}`
      const stable = new Set(Array.from({ length: 300 }, () => key('s')))
      await store(...stable)
      const fleeting: string[] = []
      const seen: string[] = []
      let after: string | null = null
      do {
        const page: ObjectListing = await list({ delimiter, first: 9, after })
        seen.push(...keysOf(page), ...page.commonPrefixes)
        after = page.hasNextPage ? page.endCursor : null
        for (const gone of fleeting.splice(0, 2))
          await catalog.storedObjects.retireCurrent(bucket.id, gone, new Date().toISOString())
        const fresh = [key('t'), key('t'), key('t')]
        await store(...fresh)
        fleeting.push(...fresh)
      } while (after !== null)
      expect(new Set(seen).size).toBe(seen.length)
      const stableItems = modelOf(stable, '', delimiter).map((item) => item.key ?? item.commonPrefix)
      expect(seen.filter((item) => stableItems.includes(item))).toHaveLength(stableItems.length)
    })

    test('counts a key and the folder of the same name as two', async () => {
      await store('a', 'a/', 'a/b', 'a0')
      const page = await list({ delimiter: '/' })
      expect(keysOf(page)).toEqual(['a', 'a0'])
      expect(page.commonPrefixes).toEqual(['a/'])
      const inside = await list({ delimiter: '/', prefix: 'a/' })
      expect(keysOf(inside)).toEqual(['a/', 'a/b'])
    })

    test('skips a folder of thousands of keys in one step', async () => {
      await store(...Array.from({ length: 3_000 }, (_, i) => `big/${i}`), 'a', 'z')
      expect(await list({ delimiter: '/', first: 3 })).toMatchObject({
        objects: [{ key: 'a' }, { key: 'z' }],
        commonPrefixes: ['big/'],
        hasNextPage: false,
      })
    })

    test('is not led out of its prefix by a cursor of another list', async () => {
      await store('a/1', 'a/2', 'b/1', 'b/2', 'c/1')
      const { endCursor } = await list({ prefix: 'a/', first: 1 })
      for (const delimiter of [null, '/', '1'])
        expect(await list({ prefix: 'b/', after: endCursor, delimiter })).toEqual(await list({ prefix: 'b/', delimiter }))
      const { endCursor: beyond } = await list({ prefix: 'c/' })
      expect(await list({ prefix: 'b/', after: beyond })).toMatchObject({ objects: [], hasNextPage: false, endCursor: null })
    })

    test('with a prefix that no key can have is empty', async () => {
      await store('a', '\ufffd', 'a\ufffd')
      for (const prefix of ['\0', 'a\0', '\ud800', 'a\udc00', 'x'.repeat(5_000)])
        for (const delimiter of [null, '/'])
          expect(await list({ prefix, delimiter })).toEqual({
            objects: [],
            commonPrefixes: [],
            endCursor: null,
            hasNextPage: false,
          })
    })

    test.each(['\u{10ffff}', '\0', '\ud800'])('refuses a delimiter that is no character (%j)', async (delimiter) => {
      await store('\ufffd/a', '\ufffd/b')
      await expect(list({ delimiter })).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'delimiter' })
    })

    test('gives whole rows', async () => {
      const object = objectRow(bucket, 'dir/key', { size: 2 ** 53 - 1, sha256: 'abc' })
      await catalog.storedObjects.insertCurrent(object)
      expect((await list()).objects).toEqual([object])
      expect((await list({ prefix: 'dir/', delimiter: '/' })).objects).toEqual([object])
    })
  })
}
