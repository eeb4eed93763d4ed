import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalog } from '../../src/datasources/catalog/catalog.js'
import { blank, type NewPipelineEvent } from '../../src/datasources/catalog/pipeline-event-store.js'
import type { PipelineEventRow } from '../../src/datasources/catalog/pipeline-rows.js'
import { openPostgresCatalog } from '../../src/datasources/catalog/postgres-catalog.js'
import { createLogger } from '../../src/logger.js'
import { EventStreams } from '../../src/pubsub/event-stream.js'
import { MemoryEvents } from '../../src/pubsub/memory-events.js'
import { describeWith } from '../backends.js'
import { pipelineRunRow } from '../contracts/pipeline-rows.js'
import { eventually } from '../eventually.js'
import { seedDeployment } from '../graphql/pipeline-seed.js'
import { createTestHub, type TestHub } from '../hub.js'
import { configOf, createDatabase } from '../postgres-database.js'

const far = '2099-01-01T00:00:00.000Z'
const line = (message: string): NewPipelineEvent => ({ ...blank, type: 'LOG', at: '2026-11-27T12:00:00.000Z', message })
const undone = new Error('undone')

/** What the order of events hangs on: that numbers are given in the order of commit, whoever writes, and whatever becomes of it. */
describeWith('races for the log of a run', ['postgres'])('two servers that write the log of one run in PostgreSQL', () => {
  let hub: TestHub
  let here: Catalog
  let there: Catalog
  let runId: string
  const messages = new MemoryEvents()
  const open: EventStreams<PipelineEventRow>[] = []

  beforeAll(async () => {
    hub = await createTestHub({ DHUO_CATALOG_URL: await createDatabase() })
    here = hub.datasources.catalog
    there = await openPostgresCatalog(configOf(hub.catalogUrl))
  }, 30_000)
  beforeEach(async () => {
    const { id, projectId } = await seedDeployment(hub, [{ script: '' }])
    const run = pipelineRunRow({ id, projectId }, { leaseOwner: 'here', leaseUntil: far })
    await here.pipelineRuns.insert(run)
    runId = run.id
  })
  afterEach(() => Promise.all(open.splice(0).map((streams) => streams.close())))
  afterAll(async () => {
    await there?.close()
    await hub?.close()
  })

  /** @param pollMs a minute: what is not announced is not found */
  function watch(catalog: Catalog, pollMs = 60_000, after = 0) {
    const log = {
      read: (id: string, from: number, limit: number) => catalog.pipelineEvents.read(id, from, limit),
      heads: (ids: readonly string[]) => catalog.pipelineRuns.heads(ids),
      isLast: ({ type }: PipelineEventRow) => type === 'RUN_STATUS',
    }
    const streams = new EventStreams<PipelineEventRow>(messages, log, createLogger('silent'), { pollMs, keep: 20 })
    open.push(streams)
    const seen: PipelineEventRow[] = []
    const done = (async () => {
      for await (const event of streams.watch(runId, after, new AbortController().signal)) seen.push(event)
    })()
    return { seen, done, texts: () => seen.map(({ sequence, message }) => `${sequence} ${message}`) }
  }
  const append = (catalog: Catalog, events: NewPipelineEvent[], owner: string | null = null, before = async () => {}) =>
    catalog.transaction(async ({ pipelineEvents }) => {
      const rows = await pipelineEvents.append(runId, events, owner)
      await before()
      return rows
    })
  const announce = (events: readonly PipelineEventRow[] | null) => messages.publish('logEvents', runId, { events: events! })

  test.each(['is undone', 'is committed'])(
    'give no number away that a transaction may yet fill, or leave empty: the other waits until it %s',
    async (how) => {
      const watchers = [watch(here), watch(there)]
      announce(await append(here, [line('first')]))
      const written = Promise.withResolvers<void>()
      const decided = Promise.withResolvers<void>()
      const open = append(here, [line('open 1'), line('open 2')], null, async () => {
        written.resolve()
        await decided.promise
        if (how === 'is undone') throw undone
      }).catch((error: unknown) => {
        expect(error).toBe(undone)
        return null
      })
      await written.promise
      let isThrough = false
      const other = append(there, [line('other')]).then((rows) => {
        isThrough = true
        announce(rows)
        return rows
      })
      await sleep(100)
      expect(isThrough).toBe(false)
      expect(await there.pipelineRuns.heads([runId])).toEqual(new Map([[runId, 1]]))
      decided.resolve()
      const wanted = how === 'is undone' ? ['1 first', '2 other'] : ['1 first', '2 open 1', '3 open 2', '4 other']
      // What the other has announced lies behind what nobody has announced yet: that is read.
      await other
      for (const { seen, texts } of watchers) {
        await eventually(() => seen.length >= wanted.length)
        expect(texts()).toEqual(wanted)
      }
      announce((await open) ?? [])
      announce(await append(there, [{ ...line('end'), type: 'RUN_STATUS' }]))
      for (const { done, texts } of watchers) {
        await done
        expect(texts()).toEqual([...wanted, `${wanted.length + 1} end`])
      }
    },
  )

  test('leave no trace of one whose lease another has taken, and its last words come in their place however late', async () => {
    const watcher = watch(there)
    await eventually(() => watcher.seen.length === 0)
    const last = await append(here, [line('last word of the first')], 'here')
    await hub.change('update pipeline_runs set "leaseOwner" = ? where id = ?', 'there', runId)
    const next = await append(there, [line('of the second')], 'there')
    // The first wakes up after a standstill.
    expect(await append(here, [line('too late')], 'here')).toBeNull()
    announce(next)
    await eventually(() => watcher.seen.length === 2)
    announce(last)
    announce(await append(there, [{ ...line('end'), type: 'RUN_STATUS' }], 'there'))
    await watcher.done
    expect(watcher.texts()).toEqual(['1 last word of the first', '2 of the second', '3 end'])
  })

  test('are found by the safety poll where one dies between commit and word', async () => {
    const watcher = watch(there, 50)
    await append(here, [line('never announced')])
    await eventually(() => watcher.seen.length === 1)
    await append(here, [{ ...line('nor this'), type: 'RUN_STATUS' }])
    await watcher.done
    expect(watcher.texts()).toEqual(['1 never announced', '2 nor this'])
  })

  test('at once, with transactions undone, words lost, doubled and late: each follower has what is stored, in order', async () => {
    const followers = [watch(here, 100), watch(there, 100)]
    const late: (readonly PipelineEventRow[])[] = []
    let writes = 0
    const writer = async (catalog: Catalog): Promise<void> => {
      for (let turn = 0; turn < 25; turn++) {
        const events = Array.from({ length: 1 + Math.floor(Math.random() * 5) }, () => line(`event ${++writes}`))
        const isUndone = Math.random() < 0.25
        const rows = await append(catalog, events, null, async () => {
          if (Math.random() < 0.3) await sleep(3)
          if (isUndone) throw undone
        }).catch((error: unknown) => {
          if (error !== undone) throw error
          return null
        })
        if (turn % 8 === 0) followers.push(watch(catalog, 100, followers[0]!.seen.at(-1)?.sequence ?? 0))
        if (!rows) continue
        const fate = Math.random()
        if (fate < 0.6) announce(rows)
        if (fate > 0.5 && fate < 0.8) late.push(rows)
        if (Math.random() < 0.3) for (const words of late.splice(0).reverse()) announce(words)
      }
    }
    await Promise.all([writer(here), writer(there), writer(here), writer(there)])
    await append(there, [{ ...line('end'), type: 'RUN_STATUS' }])
    await Promise.all(followers.map(({ done }) => done))
    const stored = await here.pipelineEvents.read(runId, 0, 10_000)
    expect(stored.map(({ sequence }) => sequence)).toEqual(stored.map((_, index) => index + 1))
    for (const { seen } of followers) expect(seen).toEqual(stored.slice(seen[0]!.sequence - 1))
    for (const { seen } of followers.slice(0, 2)) expect(seen).toHaveLength(stored.length)
  }, 30_000)
})
