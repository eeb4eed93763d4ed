// What every catalog promises, run against each database.
import type { Catalog } from '../../src/datasources/catalog/catalog.js'
import { newId } from '../../src/datasources/catalog/node-id.js'
import { encodeCursor, type Page, type PageRequest } from '../../src/datasources/catalog/page.js'
import type { ProjectScope } from '../../src/datasources/catalog/project-store.js'
import type { BucketRow, ProjectRow, StoredObjectRow, UserRow } from '../../src/datasources/catalog/tables.js'
import {
  accessKeyRow,
  at,
  bucketRow,
  datasetRow,
  insertBucket,
  insertProject,
  insertUser,
  objectRow,
  projectRow,
  uniqueName,
  uploadRow,
  userRow,
} from './catalog-rows.js'
import { objectListingContract } from './object-listing-contract.js'

export interface CatalogFixture {
  catalog: Catalog
  close(): Promise<void>
}

const rubbish = [
  ['no base64', '!!'],
  ['no JSON', Buffer.from('{').toString('base64url')],
  ['no list', Buffer.from('"a"').toString('base64url')],
  ['nothing', ''],
  ['too many parts', encodeCursor(['a', 'b'])],
  ['a number', encodeCursor([1])],
  ['null', encodeCursor([null])],
  ['half a character', encodeCursor(['\ud800'])],
  ['NUL', encodeCursor(['a\0b'])],
] as const

/** @param open a fresh, empty catalog */
export function catalogContract(name: string, open: () => Promise<CatalogFixture>): void {
  describe(`${name} keeps the promises of Catalog`, () => {
    let fixture: CatalogFixture
    let catalog: Catalog
    beforeAll(async () => {
      fixture = await open()
      catalog = fixture.catalog
    })
    afterAll(() => fixture.close())

    const countTrue = (answers: boolean[]): number => answers.filter(Boolean).length
    const allPages = async <Row>(first: number, page: (request: PageRequest) => Promise<Page<Row>>): Promise<Row[]> => {
      const rows: Row[] = []
      let after: string | null = null
      for (;;) {
        const { rows: found, hasNextPage, cursorOf }: Page<Row> = await page({ first, after })
        rows.push(...found)
        if (!hasNextPage) return rows
        expect(found).toHaveLength(first)
        after = cursorOf(found.at(-1)!)
      }
    }
    /** Waits until all of them have come here. */
    const meetingOf = (people: number): (() => Promise<void>) => {
      const meeting = Promise.withResolvers<void>()
      let missing = people
      return () => {
        if (--missing === 0) meeting.resolve()
        return meeting.promise
      }
    }

    test('it answers a ping', async () => {
      await catalog.ping()
    })

    describe('what loses a race', () => {
      test('is not inserted, and the answer is false', async () => {
        const { id: projectId } = await insertProject(catalog)
        const email = `${uniqueName()}@example.com`
        const name = uniqueName()
        const tableName = uniqueName('table')
        const races: [string, () => Promise<boolean>][] = [
          ['users', () => catalog.users.insert(userRow({ email }))],
          ['projects', () => catalog.projects.insert(projectRow({ name }))],
          ['buckets', () => catalog.buckets.insert(bucketRow(projectId, { name }))],
          ['datasets', () => catalog.datasets.insert(datasetRow(projectId, { name }))],
          ['tables of datasets', () => catalog.datasets.insert(datasetRow(projectId, { tableName }))],
        ]
        for (const [what, insert] of races)
          expect({ what, winners: countTrue(await Promise.all(Array.from({ length: 8 }, insert))) }).toEqual({ what, winners: 1 })
      })

      test('leaves what is there as it is', async () => {
        const user = await insertUser(catalog, { name: 'first' })
        expect(await catalog.users.insert({ ...user, id: newId('user'), name: 'second' })).toBe(false)
        expect(await catalog.users.findByEmail(user.email)).toEqual(user)
      })

      test('gets the secret of the one that won', async () => {
        const name = uniqueName()
        const values = await Promise.all(
          Array.from({ length: 8 }, (_, i) => catalog.serverSecrets.getOrInsert(name, `secret ${i}`)),
        )
        expect(new Set(values).size).toBe(1)
        expect(await catalog.serverSecrets.getOrInsert(name, 'later')).toBe(values[0])
      })
    })

    test('rows come back as they were written, and an empty list of ids finds nothing', async () => {
      const user = await insertUser(catalog, { name: '名前 😀', passwordHash: 'x', isAdmin: 1 })
      const project = await insertProject(catalog, { description: 'it\'s "quoted"\n\\ %_' })
      const bucket = await insertBucket(catalog, project.id)
      const object = objectRow(bucket, 'k', { size: Number.MAX_SAFE_INTEGER, createdBy: user.id })
      await catalog.storedObjects.insertCurrent(object)
      const dataset = datasetRow(project.id, { kind: 'OBJECT', objectId: object.id, description: '' })
      await catalog.datasets.insert(dataset)
      const upload = uploadRow(bucket, user.id, { size: 10 * 2 ** 40, partSize: 2 ** 40 })
      await catalog.uploads.insert(upload)
      const key = accessKeyRow(user.id, { projectId: project.id, expiresAt: at(1) })
      await catalog.accessKeys.insert(key)
      expect(await catalog.users.byIds([user.id, 'none'])).toEqual([user])
      expect(await catalog.projects.byIds([project.id])).toEqual([project])
      expect(await catalog.projects.byNames([project.name, 'none'])).toEqual([project])
      expect(await catalog.buckets.byIds([bucket.id])).toEqual([bucket])
      expect(await catalog.buckets.byNames([bucket.name])).toEqual([bucket])
      expect(await catalog.storedObjects.byIds([object.id])).toEqual([object])
      expect(await catalog.datasets.byIds([dataset.id])).toEqual([dataset])
      expect(await catalog.datasets.find(project.id, dataset.name)).toEqual(dataset)
      expect(await catalog.datasets.findByTable(project.id, dataset.tableName)).toEqual(dataset)
      expect(await catalog.datasets.byObjects([object.id])).toEqual([dataset])
      expect(await catalog.uploads.find(upload.id)).toEqual(upload)
      expect(await catalog.accessKeys.byIds([key.id])).toEqual([key])
      expect(await catalog.uploads.find('none')).toBeUndefined()
      expect(await catalog.users.findByEmail('none')).toBeUndefined()

      const { users, projects, buckets, storedObjects, datasets, accessKeys } = catalog
      expect(
        await Promise.all([users, projects, buckets, storedObjects, datasets, accessKeys].map((store) => store.byIds([]))),
      ).toEqual(Array(6).fill([]))
      expect(
        await Promise.all([projects.byNames([]), buckets.byNames([]), datasets.byObjects([]), accessKeys.byUsers([])]),
      ).toEqual(Array(4).fill([]))
      expect([await buckets.countByProject([]), await buckets.pagesByProject([], { first: 1, after: null })]).toEqual([[], []])
      expect([await projects.members([]), (await projects.rolesOf('u', [])).size]).toEqual([[], 0])
      expect((await projects.knownTo({ memberId: null, projectId: null }, [])).size).toBe(0)
    })

    describe('a page of names', () => {
      /** In the order of the bytes of UTF-8. */
      const names = ['0', 'A', 'B', 'Z', '_', 'a', 'a-b', 'a0', 'a_b', 'aa', 'b', 'z', 'é', '日', '\ufffd', '😀', '\u{10ffff}']
      let projectId: string
      beforeAll(async () => {
        projectId = (await insertProject(catalog)).id
        for (const name of names.toReversed()) await catalog.datasets.insert(datasetRow(projectId, { name }))
      })
      const page = async (request: PageRequest) => (await catalog.datasets.pagesByProject([projectId], request))[0]!

      test('is in the order of bytes', async () => {
        expect((await page({ first: 100, after: null })).rows.map((row) => row.name)).toEqual(names)
      })

      test.each([1, 2, 5, names.length - 1, names.length])('of %i leads through all of them, each once', async (first) => {
        expect((await allPages(first, page)).map((row) => row.name)).toEqual(names)
      })

      test('stays where it is while others are inserted before, on and behind it', async () => {
        const parent = await insertProject(catalog)
        const insert = (name: string) => catalog.buckets.insert(bucketRow(parent.id, { name: `${parent.name}-${name}` }))
        for (const name of ['b', 'd', 'f', 'h']) await insert(name)
        const pageOf = async (request: PageRequest) => (await catalog.buckets.pagesByProject([parent.id], request))[0]!
        const first = await pageOf({ first: 2, after: null })
        for (const name of ['a', 'c', 'e', 'i']) await insert(name)
        const rest = await pageOf({ first: 9, after: first.cursorOf(first.rows.at(-1)!) })
        expect([...first.rows, ...rest.rows].map((row) => row.name.slice(-1))).toEqual(['b', 'd', 'e', 'f', 'h', 'i'])
      })

      test.each(rubbish)('is refused with a cursor that is %s', async (_what, after) => {
        const bucket = await insertBucket(catalog)
        const everybody: ProjectScope = { memberId: null, projectId: null }
        for (const list of [
          () => catalog.projects.page(everybody, { first: 1, after }),
          () => catalog.buckets.pagesByProject([projectId], { first: 1, after }),
          () => catalog.datasets.pagesByProject([projectId], { first: 1, after }),
          () => catalog.storedObjects.list(bucket.id, { prefix: '', delimiter: null, first: 1, after }),
          () => catalog.storedObjects.list(bucket.id, { prefix: '', delimiter: '/', first: 1, after }),
        ])
          await expect((async () => list())()).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'after' })
      })

      test('of hundreds of projects at once equals that of each', async () => {
        const projects: ProjectRow[] = []
        await catalog.transaction(async (stores) => {
          for (let i = 0; i < 400; i++) {
            const project = projectRow()
            projects.push(project)
            await stores.projects.insert(project)
            for (let j = 0; j < i % 5; j++) {
              await stores.buckets.insert(bucketRow(project.id))
              await stores.datasets.insert(datasetRow(project.id, { name: `name-${9 - j}` }))
            }
          }
        })
        const ids = projects.map((project) => project.id).reverse()
        for (const store of [catalog.buckets, catalog.datasets]) {
          for (const after of [null, encodeCursor(['name-7'])]) {
            const together = await store.pagesByProject(ids, { first: 2, after })
            expect(together).toHaveLength(ids.length)
            for (const index of [0, 1, 2, 3, 4, 5, 123, 399]) {
              const [alone] = await store.pagesByProject([ids[index]!], { first: 2, after })
              expect(together[index]!.rows).toEqual(alone!.rows)
              expect(together[index]!.hasNextPage).toBe(alone!.hasNextPage)
            }
          }
          expect(await store.countByProject(ids)).toEqual(projects.map((_, i) => i % 5).reverse())
        }
        const id = ids[0]!
        const twice = await catalog.buckets.pagesByProject([id, 'none', id], { first: 9, after: null })
        expect(twice.map(({ rows }) => rows.length)).toEqual([4, 0, 4])
        expect(await catalog.buckets.countByProject([id, 'none', id])).toEqual([4, 0, 4])
      })
    })

    describe('members of projects', () => {
      let admin: UserRow
      let member: UserRow
      let stranger: UserRow
      let shared: ProjectRow
      let another: ProjectRow
      let foreign: ProjectRow
      beforeAll(async () => {
        ;[admin, member, stranger] = [
          await insertUser(catalog, { isAdmin: 1 }),
          await insertUser(catalog),
          await insertUser(catalog),
        ]
        ;[shared, another, foreign] = [await insertProject(catalog), await insertProject(catalog), await insertProject(catalog)]
        await catalog.projects.setMember({ projectId: shared.id, userId: member.id, role: 'VIEWER' })
        await catalog.projects.setMember({ projectId: another.id, userId: member.id, role: 'OWNER' })
        await catalog.projects.setMember({ projectId: foreign.id, userId: stranger.id, role: 'OWNER' })
        await catalog.projects.setMember({ projectId: shared.id, userId: admin.id, role: 'OWNER' })
      })

      test('have the roles of their projects, and none elsewhere', async () => {
        const roles = await catalog.projects.rolesOf(member.id, [shared.id, another.id, foreign.id, 'none'])
        expect(Object.fromEntries(roles)).toEqual({ [shared.id]: 'VIEWER', [another.id]: 'OWNER' })
      })

      test('get another role in place of the one they had, and lose it', async () => {
        const user = await insertUser(catalog)
        const roleNow = async () => (await catalog.projects.rolesOf(user.id, [shared.id])).get(shared.id)
        for (const role of ['EDITOR', 'OWNER', 'VIEWER'] as const) {
          await catalog.projects.setMember({ projectId: shared.id, userId: user.id, role })
          expect(await roleNow()).toBe(role)
        }
        await catalog.projects.removeMember(shared.id, user.id)
        await catalog.projects.removeMember(shared.id, user.id)
        expect(await roleNow()).toBeUndefined()
        expect((await catalog.projects.rolesOf(member.id, [shared.id])).get(shared.id)).toBe('VIEWER')
      })

      test('are listed in the order in which they were made', async () => {
        const rows = await catalog.projects.members([shared.id, foreign.id])
        const of = (project: ProjectRow) => rows.filter((row) => row.projectId === project.id).map((row) => row.userId)
        expect(of(shared)).toEqual([admin.id, member.id].sort())
        expect(of(foreign)).toEqual([stranger.id])
      })

      test('see the projects of their scope in lists and counts, and know the people in them', async () => {
        const everybody = [admin.id, member.id, stranger.id]
        const seenIn = async (scope: ProjectScope) => ({
          projects: (await allPages(1, (request) => catalog.projects.page(scope, request))).map((project) => project.id),
          known: [...(await catalog.projects.knownTo(scope, everybody))].sort(),
        })
        const scopes: [ProjectScope, ProjectRow[], UserRow[]][] = [
          [{ memberId: member.id, projectId: null }, [shared, another], [admin, member]],
          [{ memberId: member.id, projectId: another.id }, [another], [member]],
          [{ memberId: member.id, projectId: foreign.id }, [], []],
          [{ memberId: null, projectId: foreign.id }, [foreign], [stranger]],
          [{ memberId: 'none', projectId: null }, [], []],
        ]
        for (const [scope, projects, known] of scopes) {
          const byName = projects.toSorted((a, b) => (a.name < b.name ? -1 : 1))
          expect(await seenIn(scope)).toEqual({ projects: byName.map((p) => p.id), known: known.map((u) => u.id).sort() })
          expect(await catalog.projects.count(scope)).toBe(projects.length)
        }
        const all = await allPages(50, (request) => catalog.projects.page({ memberId: null, projectId: null }, request))
        expect(await catalog.projects.count({ memberId: null, projectId: null })).toBe(all.length)
        expect(all.map((project) => project.id)).toEqual(expect.arrayContaining([shared.id, another.id, foreign.id]))
      })
    })

    describe('sessions and keys', () => {
      test('a session is its person until the moment at which it expires', async () => {
        const user = await insertUser(catalog)
        const [tokenHash, old] = [uniqueName(), uniqueName()]
        await catalog.users.insertSession({ tokenHash, userId: user.id, createdAt: at(0), expiresAt: at(60) })
        await catalog.users.insertSession({ tokenHash: old, userId: user.id, createdAt: at(0), expiresAt: at(30) })
        expect(await catalog.users.findBySession(tokenHash, at(59))).toEqual(user)
        expect(await catalog.users.findBySession(tokenHash, at(60))).toBeUndefined()
        expect(await catalog.users.findBySession(uniqueName(), at(0))).toBeUndefined()
        await catalog.users.deleteExpiredSessions(at(30))
        expect(await catalog.users.findBySession(old, at(0))).toBeUndefined()
        expect(await catalog.users.findBySession(tokenHash, at(0))).toEqual(user)
      })

      test('a key is live until it expires or is revoked', async () => {
        const user = await insertUser(catalog)
        const lasting = accessKeyRow(user.id)
        const brief = accessKeyRow(user.id, { expiresAt: at(10) })
        const revoked = accessKeyRow(user.id, { expiresAt: at(10) })
        for (const key of [lasting, brief, revoked]) await catalog.accessKeys.insert(key)
        await catalog.accessKeys.revoke(revoked.id, at(1))
        await catalog.accessKeys.revoke(revoked.id, at(5))
        expect(await catalog.accessKeys.findLive(lasting.secretHash, at(9_999))).toEqual({ key: lasting, user })
        expect(await catalog.accessKeys.findLive(brief.secretHash, at(9))).toEqual({ key: brief, user })
        expect(await catalog.accessKeys.findLive(brief.secretHash, at(10))).toBeUndefined()
        expect(await catalog.accessKeys.findLive(revoked.secretHash, at(0))).toBeUndefined()
        expect(await catalog.accessKeys.findLive(uniqueName(), at(0))).toBeUndefined()
        expect((await catalog.accessKeys.byIds([revoked.id]))[0]!.revokedAt).toBe(at(1))
        await catalog.accessKeys.recordUse(lasting.id, at(3))
        expect((await catalog.accessKeys.findLive(lasting.secretHash, at(4)))!.key.lastUsedAt).toBe(at(3))
      })

      test("a person's keys come newest first, revoked and expired ones too", async () => {
        const [user, other] = [await insertUser(catalog), await insertUser(catalog)]
        const keys = Array.from({ length: 5 }, (_, i) => accessKeyRow(user.id, { id: `key_${i}${user.id}`, expiresAt: at(-i) }))
        for (const key of keys) await catalog.accessKeys.insert(key)
        await catalog.accessKeys.insert(accessKeyRow(other.id))
        await catalog.accessKeys.revoke(keys[2]!.id, at(0))
        expect((await catalog.accessKeys.byUsers([user.id])).map((key) => key.id)).toEqual(keys.map((key) => key.id).reverse())
        expect(await catalog.accessKeys.byUsers([user.id, other.id])).toHaveLength(6)
      })

      test('two keys never have one secret', async () => {
        const user = await insertUser(catalog)
        const key = accessKeyRow(user.id)
        await catalog.accessKeys.insert(key)
        await expect(catalog.accessKeys.insert(accessKeyRow(user.id, { secretHash: key.secretHash }))).rejects.toThrow()
      })
    })

    describe('failed logins', () => {
      test('are counted for each subject, none lost when they come at once', async () => {
        const [subject, other] = [uniqueName(), uniqueName()]
        const counts = await Promise.all(
          Array.from({ length: 20 }, () => catalog.users.recordLoginFailure(subject, at(0), at(-15))),
        )
        expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
        expect(await catalog.users.recordLoginFailure(other, at(0), at(-15))).toBe(1)
      })

      test('are counted from the first on, and anew after the window', async () => {
        const subject = uniqueName()
        const fail = (minute: number) => catalog.users.recordLoginFailure(subject, at(minute), at(minute - 15))
        expect([await fail(0), await fail(10), await fail(14)]).toEqual([1, 2, 3])
        expect([await fail(15), await fail(20), await fail(30)]).toEqual([1, 2, 1])
      })

      test('are forgiven one by one down to none, cleared, and forgotten when they are old', async () => {
        const subject = uniqueName()
        const fail = (minute = 0) => catalog.users.recordLoginFailure(subject, at(minute), at(minute - 15))
        await fail()
        for (let i = 0; i < 3; i++) await catalog.users.forgiveLoginFailure(subject)
        expect(await fail()).toBe(1)
        await catalog.users.clearLoginFailures(subject)
        expect(await fail(5)).toBe(1)
        await catalog.users.deleteOldLoginFailures(at(5))
        expect(await fail(6)).toBe(2)
        await catalog.users.deleteOldLoginFailures(at(6))
        expect(await fail(6)).toBe(1)
      })
    })

    describe('uploads', () => {
      let bucket: BucketRow
      let user: UserRow
      beforeAll(async () => {
        bucket = await insertBucket(catalog)
        user = await insertUser(catalog)
      })
      const begin = async (over: Parameters<typeof uploadRow>[2] = {}) => {
        const upload = uploadRow(bucket, user.id, over)
        await catalog.uploads.insert(upload)
        return upload
      }

      test('are completed once, or thrown away once, and never both', async () => {
        for (let round = 0; round < 5; round++) {
          const { id } = await begin()
          const answers = await Promise.all([
            catalog.uploads.complete(id, 'a'),
            catalog.uploads.deleteOpen(id),
            catalog.uploads.complete(id, 'b'),
            catalog.uploads.deleteOpen(id),
          ])
          expect(countTrue(answers)).toBe(1)
          const found = await catalog.uploads.find(id)
          expect(await catalog.uploads.byIds([id, 'none'])).toEqual(found ? [found] : [])
          expect(found?.objectId ?? 'gone').toBe(answers[0] ? 'a' : answers[2] ? 'b' : 'gone')
        }
        expect(await catalog.uploads.complete('none', 'a')).toBe(false)
        expect(await catalog.uploads.deleteOpen('none')).toBe(false)
      })

      test('that expired are found oldest first, completed ones not', async () => {
        const uploads = [
          await begin({ expiresAt: at(-20) }),
          await begin({ expiresAt: at(-30) }),
          await begin({ expiresAt: at(-25) }),
          await begin({ expiresAt: at(-24) }),
          await begin({ expiresAt: at(-10) }),
        ]
        await catalog.uploads.complete(uploads[3]!.id, 'object')
        const ids = async (limit: number) => (await catalog.uploads.expired(at(-20), limit)).map(({ id }) => id)
        expect(await ids(10)).toEqual([uploads[1], uploads[2], uploads[0]].map((upload) => upload!.id))
        expect(await ids(2)).toEqual([uploads[1]!.id, uploads[2]!.id])
        await catalog.uploads.deleteCompleted(at(-25))
        expect(await catalog.uploads.find(uploads[3]!.id)).toBeDefined()
        await catalog.uploads.deleteCompleted(at(-24))
        expect(await catalog.uploads.find(uploads[3]!.id)).toBeUndefined()
        expect(await ids(10)).toHaveLength(3)
      })
    })

    describe('stored objects', () => {
      let bucket: BucketRow
      beforeEach(async () => {
        bucket = await insertBucket(catalog)
      })
      const put = async (key: string, over: Parameters<typeof objectRow>[2] = {}) => {
        const object = objectRow(bucket, key, over)
        await catalog.transaction(({ storedObjects }) => storedObjects.insertCurrent(object))
        return object
      }

      test('an overwrite takes the place of what was there, and ids go on meaning the old bytes', async () => {
        const [old, neighbour] = [await put('k', { size: 1 }), await put('K')]
        const fresh = await put('k', { size: 2, lastModified: at(5) })
        expect(await catalog.storedObjects.findCurrent(bucket.id, 'k')).toEqual(fresh)
        expect(await catalog.storedObjects.byIds([old.id])).toEqual([{ ...old, isCurrent: 0, replacedAt: at(5) }])
        expect(await catalog.storedObjects.findCurrent(bucket.id, 'K')).toEqual(neighbour)
      })

      test('a key that is deleted means nothing, once, until something is put there again', async () => {
        const object = await put('k')
        const retire = () => catalog.storedObjects.retireCurrent(bucket.id, 'k', at(1))
        expect(countTrue(await Promise.all([retire(), retire(), retire()]))).toBe(1)
        expect(await catalog.storedObjects.findCurrent(bucket.id, 'k')).toBeUndefined()
        expect(await catalog.storedObjects.byIds([object.id])).toEqual([{ ...object, isCurrent: 0, replacedAt: at(1) }])
        const again = await put('k')
        expect(await catalog.storedObjects.findCurrent(bucket.id, 'k')).toEqual(again)
        for (const none of ['none', 'k\0', '\ud800']) {
          expect(await catalog.storedObjects.retireCurrent(bucket.id, none, at(1))).toBe(false)
          expect(await catalog.storedObjects.findCurrent(bucket.id, none)).toBeUndefined()
        }
      })

      test('many who write one key at once all succeed, and one of them is current', async () => {
        const written = await Promise.all(Array.from({ length: 20 }, (_, i) => put('k', { size: i })))
        const rows = await catalog.storedObjects.byIds(written.map(({ id }) => id))
        expect(rows).toHaveLength(20)
        expect(rows.filter((row) => row.isCurrent === 1)).toHaveLength(1)
        expect(rows.filter((row) => row.replacedAt === null)).toHaveLength(1)
        const listing = await catalog.storedObjects.list(bucket.id, { prefix: '', delimiter: null, first: 10, after: null })
        expect(listing.objects).toEqual(rows.filter((row) => row.isCurrent === 1))
      })

      test('versions are found by their etags, current or not, in their bucket; one that was replaced can be the current one again', async () => {
        const [old, fresh] = [await put('k', { etag: 'old' }), await put('k', { etag: 'fresh' })]
        const elsewhere = await insertBucket(catalog)
        await catalog.transaction(({ storedObjects }) => storedObjects.insertCurrent(objectRow(elsewhere, 'k', { etag: 'old' })))
        const found = await catalog.storedObjects.byEtags(bucket.id, ['old', 'fresh', 'none'])
        expect(found.map(({ id }) => id).sort()).toEqual([old.id, fresh.id].sort())
        await catalog.transaction(({ storedObjects }) => storedObjects.reinstate(old, at(9)))
        expect(await catalog.storedObjects.findCurrent(bucket.id, 'k')).toEqual(old)
        expect(await catalog.storedObjects.byIds([fresh.id])).toEqual([{ ...fresh, isCurrent: 0, replacedAt: at(9) }])
        expect(await catalog.storedObjects.retire(fresh.id, at(10))).toBe(false)
        expect(await catalog.storedObjects.findCurrent(bucket.id, 'k')).toEqual(old)
        expect(await catalog.storedObjects.retire(old.id, at(10))).toBe(true)
        expect(await catalog.storedObjects.byIds([old.id])).toEqual([{ ...old, isCurrent: 0, replacedAt: at(10) }])
      })

      test('what is current is walked along by key, from any key on', async () => {
        for (const key of ['p/ü', 'p/a', 'p/\u{10ffff}', 'q', 'p/a\u0001']) await put(key)
        await put('p/gone')
        await catalog.storedObjects.retireCurrent(bucket.id, 'p/gone', at(1))
        const walk = async (after: string | null, limit = 10) =>
          (await catalog.storedObjects.currentAfter(bucket.id, 'p/', after, limit)).map(({ key }) => key)
        expect(await walk(null)).toEqual(['p/a', 'p/a\u0001', 'p/ü', 'p/\u{10ffff}'])
        expect(await walk(null, 2)).toEqual(['p/a', 'p/a\u0001'])
        expect(await walk('p/a\u0001')).toEqual(['p/ü', 'p/\u{10ffff}'])
      })

      test('an id is given once', async () => {
        const object = await put('k')
        await expect(put('other', { id: object.id })).rejects.toThrow()
        expect(await catalog.storedObjects.findCurrent(bucket.id, 'other')).toBeUndefined()
        expect(await catalog.storedObjects.findCurrent(bucket.id, 'k')).toEqual(object)
      })

      test('replaced versions are found oldest first unless something refers to them, and only those can be deleted', async () => {
        const versions: StoredObjectRow[] = []
        for (let minute = 100; minute < 106; minute++) versions.push(await put('k', { lastModified: at(-minute) }))
        const [free, byDataset, byVersion, alsoFree, fresh, now] = versions.map(({ id }) => id)
        // Each was replaced when the next one came; the order of replacement is the reverse of that of writing here.
        const dataset = datasetRow(bucket.projectId, { objectId: byDataset! })
        await catalog.datasets.insert(dataset)
        await catalog.datasets.insertVersion({
          datasetId: dataset.id,
          version: 1,
          objectId: byVersion!,
          sql: null,
          rowCount: 5e9,
          createdBy: null,
          createdAt: at(0),
        })
        const mine = async (minute: number, limit = 1_000) =>
          (await catalog.storedObjects.replacedBefore(at(minute), limit))
            .filter((row) => row.bucketId === bucket.id)
            .map(({ id }) => id)
        expect(await mine(0)).toEqual([fresh, alsoFree, free])
        expect(await mine(-104)).toEqual([fresh])
        expect(await mine(0, 1)).toEqual([fresh])
        for (const pinned of [byDataset!, byVersion!]) await expect(catalog.storedObjects.delete(pinned)).rejects.toThrow()
        expect(await catalog.storedObjects.byIds([byDataset!, byVersion!])).toHaveLength(2)
        await catalog.storedObjects.delete(free!)
        expect(await catalog.storedObjects.byIds([free!])).toEqual([])
        await catalog.datasets.delete(dataset.id)
        expect((await mine(0)).sort()).toEqual([byDataset, byVersion, alsoFree, fresh].sort())
        for (const id of [byDataset!, byVersion!]) await catalog.storedObjects.delete(id)
        expect((await catalog.storedObjects.findCurrent(bucket.id, 'k'))!.id).toBe(now)
      })

      test('nothing refers to an object that is not there', async () => {
        await expect(catalog.datasets.insert(datasetRow(bucket.projectId, { objectId: 'none' }))).rejects.toThrow()
      })
    })

    objectListingContract(() => catalog)

    test('the versions of a dataset are numbered without gaps, also when they are made at once', async () => {
      const { id: projectId } = await insertProject(catalog)
      const dataset = datasetRow(projectId)
      await catalog.datasets.insert(dataset)
      const change = { kind: 'OBJECT', objectId: null, pipelineStepId: null, updatedAt: at(1), description: 'new' } as const
      const numbers = await Promise.all(
        Array.from({ length: 10 }, () => catalog.transaction(({ datasets }) => datasets.advance(dataset.id, change))),
      )
      expect(numbers.sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
      expect(await catalog.datasets.byIds([dataset.id])).toEqual([{ ...dataset, ...change, version: 11 }])
      await catalog.datasets.delete(dataset.id)
      await expect(catalog.datasets.advance(dataset.id, change)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    test('a ticket is found until it expires', async () => {
      const { id: projectId } = await insertProject(catalog)
      const ticket = { id: newId('exportTicket'), projectId, request: '{"a":"é"}', expiresAt: at(10) }
      await catalog.exportTickets.insert(ticket)
      expect(await catalog.exportTickets.findLive(ticket.id, at(9))).toEqual(ticket)
      expect(await catalog.exportTickets.findLive(ticket.id, at(10))).toBeUndefined()
      await catalog.exportTickets.deleteExpired(at(9))
      expect(await catalog.exportTickets.findLive(ticket.id, at(0))).toEqual(ticket)
      await catalog.exportTickets.deleteExpired(at(10))
      expect(await catalog.exportTickets.findLive(ticket.id, at(0))).toBeUndefined()
    })

    describe('a transaction', () => {
      const failure = new Error('on purpose')

      test('that fails leaves nothing, and the error is that of the work', async () => {
        const user = userRow()
        const project = await insertProject(catalog)
        const failing = catalog.transaction(async ({ users, projects }) => {
          await users.insert(user)
          await projects.setMember({ projectId: project.id, userId: user.id, role: 'OWNER' })
          expect(await users.byIds([user.id])).toEqual([user])
          throw failure
        })
        await expect(failing).rejects.toBe(failure)
        expect(await catalog.users.byIds([user.id])).toEqual([])
        expect(await catalog.projects.members([project.id])).toEqual([])
      })

      test('that fails takes with it what its work did not wait for', async () => {
        const users = Array.from({ length: 30 }, () => userRow())
        const failing = catalog.transaction(async (stores) => {
          const forbidden = stores.users.insertSession({
            tokenHash: uniqueName(),
            userId: 'none',
            createdAt: at(0),
            expiresAt: at(1),
          })
          await Promise.all([forbidden, ...users.map((user) => stores.users.insert(user).catch(() => {}))])
        })
        await expect(failing).rejects.toThrow()
        expect(await catalog.users.byIds(users.map(({ id }) => id))).toEqual([])
      })

      test('gives what its work gives, and keeps all of it', async () => {
        const [user, key] = [userRow(), accessKeyRow('')]
        const result = await catalog.transaction(async ({ users, accessKeys }) => {
          await users.insert(user)
          await accessKeys.insert({ ...key, userId: user.id })
          return 'made'
        })
        expect(result).toBe('made')
        expect(await catalog.accessKeys.findLive(key.secretHash, at(0))).toEqual({ key: { ...key, userId: user.id }, user })
      })

      test('is not entered by what others write while it is under way', async () => {
        const [inside, outside] = [userRow(), userRow()]
        const begun = Promise.withResolvers<void>()
        const failing = catalog.transaction(async ({ users }) => {
          await users.insert(inside)
          begun.resolve()
          await new Promise((resolve) => setTimeout(resolve, 30))
          throw failure
        })
        await begun.promise
        const written = catalog.users.insert(outside)
        const read = catalog.users.byIds([inside.id])
        await expect(failing).rejects.toBe(failure)
        expect(await written).toBe(true)
        expect(await read).toEqual([])
        expect(await catalog.users.byIds([inside.id, outside.id])).toEqual([outside])
      })

      test('loses no update to another one, whatever its work reads first', async () => {
        const project = await insertProject(catalog)
        const user = await insertUser(catalog)
        const order = ['VIEWER', 'EDITOR', 'OWNER'] as const
        const dataset = datasetRow(project.id)
        await catalog.datasets.insert(dataset)
        // Reads, lets others go first, and writes what follows from what it read.
        const append = (i: number) =>
          catalog.transaction(async ({ datasets, projects }) => {
            const [row] = await datasets.byIds([dataset.id])
            if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
            await datasets.advance(dataset.id, {
              kind: 'TABLE',
              objectId: null,
              pipelineStepId: null,
              updatedAt: at(i),
              description: `${row!.description ?? ''}${String.fromCharCode(65 + i)}`,
            })
            await projects.setMember({ projectId: project.id, userId: user.id, role: order[i % 3]! })
          })
        await Promise.all(Array.from({ length: 24 }, (_, i) => append(i)))
        const [row] = await catalog.datasets.byIds([dataset.id])
        expect(row!.version).toBe(25)
        expect([...row!.description!].sort().join('')).toBe('ABCDEFGHIJKLMNOPQRSTUVWX')
      })

      test('sees nothing change that it has read: of two owners who leave at once one has to stay', async () => {
        for (let round = 0; round < 5; round++) {
          const project = await insertProject(catalog)
          const owners = [await insertUser(catalog), await insertUser(catalog)]
          for (const { id } of owners) await catalog.projects.setMember({ projectId: project.id, userId: id, role: 'OWNER' })
          const leave = (userId: string) =>
            catalog.transaction(async ({ projects }) => {
              const members = await projects.members([project.id])
              await new Promise((resolve) => setTimeout(resolve, 5))
              if (members.length > 1) await projects.removeMember(project.id, userId)
            })
          await Promise.all(owners.map(({ id }) => leave(id)))
          expect(await catalog.projects.members([project.id])).toHaveLength(1)
        }
      })

      test('leaves the catalog usable after many of them have failed among many that have not', async () => {
        const users = Array.from({ length: 60 }, () => userRow())
        const meet = meetingOf(60)
        const results = await Promise.allSettled(
          users.map(async (user, i) => {
            await meet()
            await catalog.transaction(async (stores) => {
              await stores.users.insert(user)
              if (i % 2) throw failure
            })
          }),
        )
        expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(30)
        expect(await catalog.users.byIds(users.map(({ id }) => id))).toHaveLength(30)
        await catalog.ping()
      })
    })
  })
}
