// The server of the pipeline benchmarks, in a process of its own: measures its event loop and memory, and makes deployments.
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { Readable } from 'node:stream'
import { startApplication } from '../src/application.js'
import { readConfig } from '../src/config.js'
import { newId } from '../src/datasources/catalog/node-id.js'
import { createLogger } from '../src/logger.js'

export const password = 'correct horse battery'

const [home = '', settings = '{}'] = process.argv.slice(2)
const config = readConfig({
  PORT: '0',
  DHUO_HOME: home,
  DHUO_ADMIN_EMAIL: 'admin@example.com',
  DHUO_ADMIN_PASSWORD: password,
  ...(JSON.parse(settings) as Record<string, string>),
})
const application = await startApplication(config, createLogger('warn'))
const { catalog, storage } = application.datasources

const at = new Date().toISOString()
const project = { id: newId('project'), name: 'bench', description: null, createdAt: at }
const bucket = {
  id: newId('bucket'),
  projectId: project.id,
  name: 'bench-deployments',
  purpose: 'DEPLOYMENTS',
  createdAt: at,
} as const
await catalog.projects.insert(project)
await storage.createBucket(bucket.name, { project: project.name, purpose: bucket.purpose })
await catalog.buckets.insert(bucket)

/** Without packaging: as if that had been done. */
async function deploy(scripts: readonly string[]): Promise<string> {
  const id = `dep_${newId('project').slice(4)}`
  const db = new DatabaseSync(join(home, 'catalog.db'), { timeout: 5_000 })
  const insert = (table: string, row: Record<string, SQLInputValue>) => {
    const names = Object.keys(row)
    db.prepare(
      `insert into ${table} (${names.map((name) => `"${name}"`).join(', ')}) values (${names.map(() => '?').join(', ')})`,
    ).run(...Object.values(row))
  }
  insert('deployments', {
    ...{ id, projectId: project.id, name: id, kind: 'BATCH', status: 'READY', version: 1, timezone: 'UTC', scheduleEnabled: 0 },
    ...{ lastRunNumber: 0, createdAt: at, updatedAt: at },
  })
  insert('deployment_versions', { deploymentId: id, version: 1, status: 'READY', cluster: 'SMALL', createdAt: at })
  for (const [position, script] of scripts.entries()) {
    const objectId = newId('object')
    const key = `${id}/step-${position}.py`
    const bytes = await storage.write(
      { id: objectId, bucket: bucket.name, key, contentType: 'text/x-python' },
      Readable.from([script]),
    )
    await catalog.transaction(({ storedObjects }) =>
      storedObjects.insertCurrent({
        ...{ id: objectId, projectId: project.id, bucketId: bucket.id, key, isCurrent: 1, contentType: 'text/x-python' },
        ...{ ...bytes, lastModified: at, replacedAt: null, createdBy: null },
      }),
    )
    insert('deployment_steps', {
      ...{ deploymentId: id, version: 1, position, name: `step-${position}`, kind: 'CUSTOM', scriptObjectId: objectId },
      ...{ arguments: '[]', needs: JSON.stringify(position === 0 ? [] : [`step-${position - 1}`]), maxAttempts: 1 },
    })
  }
  db.close()
  return id
}

const loop = monitorEventLoopDelay({ resolution: 5 })
loop.enable()
process.on('message', async (message: { ask: string; scripts?: string[] }) => {
  if (message.ask === 'deploy') process.send?.(await deploy(message.scripts!))
  else if (message.ask === 'reset') {
    loop.reset()
    globalThis.gc?.()
    process.send?.(process.memoryUsage.rss())
  } else if (message.ask === 'loop')
    process.send?.({ p50: loop.percentile(50) / 1e6, p99: loop.percentile(99) / 1e6, max: loop.max / 1e6 })
  else if (message.ask === 'memory') {
    globalThis.gc?.()
    process.send?.({ rss: process.memoryUsage.rss(), heap: process.memoryUsage().heapUsed })
  } else if (message.ask === 'close') {
    await application.close()
    process.exit(0)
  }
})
process.on('disconnect', () => process.exit(1))
process.send?.({ url: application.url })
