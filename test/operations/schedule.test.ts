import { join } from 'node:path'
import { tickAfter, tickUntil } from '../../src/cron-schedule.js'
import type { DeploymentRow } from '../../src/datasources/catalog/deployment-rows.js'
import { openSqliteCatalog } from '../../src/datasources/catalog/sqlite-catalog.js'
import { createLogger } from '../../src/logger.js'
import { deleteDeployment } from '../../src/operations/delete-deployment.js'
import { deploy } from '../../src/operations/deploy.js'
import { fireSchedules } from '../../src/operations/fire-schedules.js'
import { setSchedule } from '../../src/operations/set-schedule.js'
import { insertUser, objectRow } from '../contracts/catalog-rows.js'
import { type EmbeddedDatasources, openEmbeddedDatasources } from './embedded-datasources.js'

const ticksOf = (cron: string, timezone: string, from: string, count: number): string[] => {
  const ticks: string[] = []
  for (let at: string | null = from; at !== null && ticks.length < count; ) {
    at = tickAfter({ cron, timezone }, new Date(at))
    if (at !== null) ticks.push(at)
  }
  return ticks
}

describe('a schedule', () => {
  test.each([
    ['Europe/Berlin', '2026-03-28T12:00:00Z', '30 2 * * *', ['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z']],
    // São Paulo's clocks went from 0:00 to 1:00 then: midnight did not come.
    ['America/Sao_Paulo', '2018-11-03T12:00:00Z', '0 0 * * *', ['2018-11-04T03:00:00.000Z', '2018-11-05T02:00:00.000Z']],
    ['America/Sao_Paulo', '2018-11-03T12:00:00Z', '30 0 * * *', ['2018-11-04T03:00:00.000Z', '2018-11-05T02:30:00.000Z']],
  ])('in %s from %s: %j, skipped by the clocks, comes right after the gap', (timezone, from, cron, expected) => {
    expect(ticksOf(cron, timezone, from, 2)).toEqual(expected)
  })

  test.each([
    ['Europe/Berlin', '2026-10-24T12:00:00Z', '30 2 * * *', ['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']],
    ['America/Sao_Paulo', '2018-02-17T12:00:00Z', '30 23 * * *', ['2018-02-18T01:30:00.000Z', '2018-02-19T02:30:00.000Z']],
  ])('in %s from %s: %j, which comes twice when clocks go back, fires once', (timezone, from, cron, expected) => {
    expect(ticksOf(cron, timezone, from, 2)).toEqual(expected)
  })

  test('at intervals fires at every one of them, whatever the clocks do', () => {
    for (const [timezone, from] of [
      ['Europe/Berlin', '2026-10-24T20:00:00.000Z'],
      ['Europe/Berlin', '2026-03-28T20:00:00.000Z'],
      ['America/Sao_Paulo', '2018-02-17T20:00:00.000Z'],
      ['America/Sao_Paulo', '2018-11-03T20:00:00.000Z'],
    ] as const) {
      const ticks = ticksOf('*/15 * * * *', timezone, from, 48)
      expect(ticks).toEqual(ticks.map((_, i) => new Date(Date.parse(from) + (i + 1) * 900_000).toISOString()))
    }
  })

  test('says its last tick up to an instant, that instant included', () => {
    const schedule = { cron: '*/15 * * * *', timezone: 'UTC' }
    expect(tickUntil(schedule, new Date('2026-01-01T00:15:00.000Z'))).toBe('2026-01-01T00:15:00.000Z')
    expect(tickUntil(schedule, new Date('2026-01-01T00:14:59.999Z'))).toBe('2026-01-01T00:00:00.000Z')
    expect(tickUntil(schedule, new Date('2026-01-01T00:29:59.999Z'))).toBe('2026-01-01T00:15:00.000Z')
  })

  test('walked forwards or looked at backwards has the same ticks', () => {
    for (const cron of ['30 2 * * *', '*/20 * * * *', '0 1-4 * * SUN', '15 3 L * *'])
      for (const timezone of ['Europe/Berlin', 'America/Sao_Paulo', 'UTC'])
        for (const from of ['2026-03-28T00:00:00Z', '2026-10-24T00:00:00Z', '2018-02-16T00:00:00Z', '2018-11-02T00:00:00Z'])
          for (const tick of ticksOf(cron, timezone, from, 20)) expect(tickUntil({ cron, timezone }, new Date(tick))).toBe(tick)
  })
})

describe('fireSchedules', () => {
  let opened: EmbeddedDatasources
  let script: string
  let createdBy: string
  const log = createLogger('silent')
  const publisher = { publish: () => {} }
  beforeEach(async () => {
    opened = await openEmbeddedDatasources()
    const { catalog } = opened.datasources
    const object = objectRow(opened.bucket, 'main.py')
    await catalog.transaction(({ storedObjects }) => storedObjects.insertCurrent({ ...object, size: 1 }))
    script = object.id
    createdBy = (await insertUser(catalog)).id
  })
  afterEach(() => opened.close())

  const deployed = async (more: { cron?: string; requirements?: string; timezone?: string } = {}): Promise<DeploymentRow> => {
    const [project] = await opened.datasources.catalog.projects.byIds([opened.bucket.projectId])
    return deploy(opened.datasources, {
      project: project!,
      name: 'nightly',
      kind: 'BATCH',
      cluster: 'SMALL',
      steps: [
        {
          name: 'main',
          kind: 'CUSTOM',
          script: { id: script, key: 'main.py', size: 1 },
          arguments: [],
          needs: null,
          maxAttempts: 1,
          timeoutSeconds: null,
        },
      ],
      requirements: more.requirements ?? null,
      libraries: [],
      modelUri: null,
      cron: more.cron ?? '*/10 * * * *',
      timezone: more.timezone ?? 'UTC',
      isEnabled: true,
      idempotencyKey: null,
      createdBy,
    })
  }
  const fire = (now: string | number, datasources = opened.datasources) =>
    fireSchedules(datasources, publisher, log, new Date(now))
  const now = async (id: string): Promise<DeploymentRow> => (await opened.datasources.catalog.deployments.byIds([id]))[0]!
  const ticksRun = async (id: string): Promise<(string | null)[]> => {
    const [page] = await opened.datasources.catalog.pipelineRuns.pagesBy('deploymentId', [id], {
      statuses: null,
      first: 100,
      after: null,
    })
    return page!.rows.map(({ scheduledFor }) => scheduledFor).reverse()
  }
  const plus = (at: string, minutes: number): string => new Date(Date.parse(at) + minutes * 60_000).toISOString()

  test('does nothing before the tick, fires it once when it comes, and goes on to the next', async () => {
    const { id, nextRunAt } = await deployed()
    await fire(Date.parse(nextRunAt!) - 1)
    expect(await ticksRun(id)).toEqual([])
    await fire(nextRunAt!)
    await fire(plus(nextRunAt!, 9))
    expect(await ticksRun(id)).toEqual([nextRunAt])
    expect((await now(id)).nextRunAt).toBe(plus(nextRunAt!, 10))
    await fire(plus(nextRunAt!, 10))
    expect(await ticksRun(id)).toEqual([nextRunAt, plus(nextRunAt!, 10)])
  })

  test('fires once for all ticks that were missed: the latest', async () => {
    const { id, nextRunAt } = await deployed()
    await fire(plus(nextRunAt!, 60 * 24 * 30 + 7))
    expect(await ticksRun(id)).toEqual([plus(nextRunAt!, 60 * 24 * 30)])
    expect((await now(id)).nextRunAt).toBe(plus(nextRunAt!, 60 * 24 * 30 + 10))
  })

  test('fires each tick once, however many servers look at the same moment', async () => {
    const { id, nextRunAt } = await deployed()
    const others = await Promise.all(
      Array.from({ length: 3 }, () => openSqliteCatalog({ scheme: 'sqlite', file: join(opened.directory, 'catalog.db') })),
    )
    for (let tick = 0; tick < 5; tick++)
      await Promise.all(
        [opened.datasources.catalog, ...others, ...others].map((catalog) =>
          fire(plus(nextRunAt!, tick * 10), { ...opened.datasources, catalog }),
        ),
      )
    for (const catalog of others) await catalog.close()
    expect(await ticksRun(id)).toEqual([0, 10, 20, 30, 40].map((minutes) => plus(nextRunAt!, minutes)))
  })

  test('fires nothing twice when the server dies between the run and the next tick', async () => {
    const { id, nextRunAt } = await deployed()
    const dying = {
      ...opened.datasources.catalog.deployments,
      due: opened.datasources.catalog.deployments.due.bind(opened.datasources.catalog.deployments),
      advanceTick: () => Promise.reject(new Error('killed')),
    }
    await fire(nextRunAt!, { ...opened.datasources, catalog: { ...opened.datasources.catalog, deployments: dying as never } })
    expect((await now(id)).nextRunAt).toBe(nextRunAt)
    await fire(plus(nextRunAt!, 1))
    expect(await ticksRun(id)).toEqual([nextRunAt])
    expect((await now(id)).nextRunAt).toBe(plus(nextRunAt!, 10))
  })

  test('a paused, removed or deleted schedule does not fire, and one that is set again misses nothing of before', async () => {
    const { datasources } = opened
    const { id, nextRunAt, ...row } = await deployed()
    const deployment = { id, nextRunAt, ...row }
    const set = (cron: string | null, isEnabled: boolean) =>
      setSchedule(datasources, deployment, { cron, timezone: 'UTC', isEnabled })
    await set('*/10 * * * *', false)
    await fire(plus(nextRunAt!, 100))
    await set(null, true)
    await fire(plus(nextRunAt!, 100))
    await set('*/10 * * * *', true)
    expect(Date.parse((await now(id)).nextRunAt!)).toBeGreaterThan(Date.now())
    await deleteDeployment(datasources, deployment)
    await fire(plus(nextRunAt!, 100))
    expect(await ticksRun(id)).toEqual([])
  })

  test('a schedule that was changed goes by its new words', async () => {
    const { id, nextRunAt, ...row } = await deployed({ cron: '*/10 * * * *' })
    await setSchedule(
      opened.datasources,
      { id, nextRunAt, ...row },
      { cron: '0 5 1 1 *', timezone: 'America/Sao_Paulo', isEnabled: true },
    )
    const next = (await now(id)).nextRunAt!
    expect(next).toMatch(/-01-01T08:00:00.000Z$/)
    await fire(Date.parse(next) - 1)
    expect(await ticksRun(id)).toEqual([])
    await fire(next)
    expect(await ticksRun(id)).toEqual([next])
  })

  test('while it is packaged the run waits; when it could not be, the tick passes', async () => {
    const { id, nextRunAt, version } = await deployed({ requirements: 'six' })
    await fire(nextRunAt!)
    expect(await ticksRun(id)).toEqual([nextRunAt])
    const { deployments, deploymentVersions } = opened.datasources.catalog
    await deploymentVersions.finishPackaging({ deploymentId: id, version }, { status: 'FAILED', statusDetail: 'no such package' })
    await deployments.setStatus(id, version, 'FAILED', 'no such package', nextRunAt!)
    await fire(plus(nextRunAt!, 10))
    expect(await ticksRun(id)).toEqual([nextRunAt])
    expect((await now(id)).nextRunAt).toBe(plus(nextRunAt!, 20))
  })
})
