// The server of fan-out.ts: the whole product, with one pipeline run that no server advances.
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { startApplication } from '../src/application.js'
import { readConfig } from '../src/config.js'
import { accessKeyPrefix, hashSecret, newSecret } from '../src/credentials.js'
import { newId } from '../src/datasources/catalog/node-id.js'
import { createLogger } from '../src/logger.js'
import { answerParent } from './fan-out-control.js'

const [redisPort = '', runId = '', home = ''] = process.argv.slice(2)
const config = readConfig({
  PORT: '0',
  DHUO_HOME: home,
  DHUO_ADMIN_PASSWORD: 'correct horse battery',
  DHUO_PUBSUB_URL: `redis://127.0.0.1:${redisPort}`,
})
const { url, datasources } = await startApplication(config, createLogger('error'))
const { catalog } = datasources
const at = new Date().toISOString()
const project = { id: newId('project'), name: 'bench', description: null, createdAt: at }
await catalog.projects.insert(project)
const db = new DatabaseSync(join(home, 'catalog.db'), { timeout: 5_000 })
const insert = (table: string, row: Record<string, SQLInputValue>): void => {
  const names = Object.keys(row)
  const columns = names.map((name) => `"${name}"`).join(', ')
  db.prepare(`insert into ${table} (${columns}) values (${names.map(() => '?').join(', ')})`).run(...Object.values(row))
}
const deployment = newId('deployment')
insert('deployments', {
  ...{ id: deployment, projectId: project.id, name: 'bench', kind: 'BATCH', status: 'READY', version: 1, timezone: 'UTC' },
  ...{ scheduleEnabled: 0, lastRunNumber: 1, createdAt: at, updatedAt: at },
})
insert('deployment_versions', { deploymentId: deployment, version: 1, status: 'READY', cluster: 'SMALL', createdAt: at })
insert('pipeline_runs', {
  ...{ id: runId, projectId: project.id, deploymentId: deployment, deploymentVersion: 1, number: 1, status: 'RUNNING' },
  ...{
    trigger: 'MANUAL',
    arguments: '{}',
    createdAt: at,
    lastSequence: 0,
    leaseOwner: 'nobody',
    leaseUntil: '2999-01-01T00:00:00.000Z',
  },
})
const user = (await catalog.users.findByEmail(config.admin.email))!

/** Access keys, each of which is a viewer of its own. */
async function keys(count: number): Promise<string[]> {
  const secrets = Array.from({ length: count }, () => newSecret(accessKeyPrefix))
  for (const [index, secret] of secrets.entries())
    insert('access_keys', {
      ...{
        id: newId('accessKey'),
        userId: user.id,
        name: `key-${index}`,
        secretHash: hashSecret(secret),
        role: 'OWNER',
        createdAt: at,
      },
    })
  return secrets
}

answerParent(Number(new URL(url).port), keys)
