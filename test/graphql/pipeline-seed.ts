import type { SQLInputValue } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { newId } from '../../src/datasources/catalog/node-id.js'
import type { TestHub } from '../hub.js'
import { seedBucket, seedObject, seedProject, uniqueName } from '../seed.js'

export interface SeededStep {
  /** Python. */
  script: string
  name?: string
  needs?: string[]
  arguments?: string[]
  maxAttempts?: number
  timeoutSeconds?: number
}

export interface SeededDeployment {
  id: string
  name: string
  project: string
  projectId: string
}

const isoNow = (): string => new Date().toISOString()

const insertRow = (hub: TestHub, table: string, row: Record<string, SQLInputValue>): Promise<void> => {
  const names = Object.keys(row)
  const columns = names.map((name) => `"${name}"`).join(', ')
  return hub.change(`insert into ${table} (${columns}) values (${names.map(() => '?').join(', ')})`, ...Object.values(row))
}

/** A deployment that is ready, without what packages it. */
export async function seedDeployment(
  hub: TestHub,
  steps: readonly SeededStep[],
  over: { project?: { id: string; name: string }; status?: string; statusDetail?: string; kind?: string } = {},
): Promise<SeededDeployment> {
  const project = over.project ?? (await seedProject(hub))
  const buckets = await hub.data('query ($name: String!) { project(name: $name) { buckets { nodes { name purpose } } } }', {
    name: project.name,
  })
  const there = buckets.project.buckets.nodes.find(({ purpose }: { purpose: string }) => purpose === 'DEPLOYMENTS')
  const bucket = there ?? (await seedBucket(hub, project.name, 'DEPLOYMENTS'))
  const id = `dep_${newId('project').slice(4)}`
  const name = uniqueName('deployment')
  const [status, statusDetail] = [over.status ?? 'READY', over.statusDetail ?? null]
  const at = isoNow()
  await insertRow(hub, 'deployments', {
    ...{ id, projectId: project.id, name, kind: over.kind ?? 'BATCH', status, statusDetail, version: 1, cron: null },
    ...{
      timezone: 'UTC',
      scheduleEnabled: 0,
      nextRunAt: null,
      lastRunNumber: 0,
      applicationId: null,
      createdAt: at,
      updatedAt: at,
    },
  })
  await insertRow(hub, 'deployment_versions', {
    ...{ deploymentId: id, version: 1, status, statusDetail, cluster: 'SMALL', requirements: null, archiveObjectId: null },
    ...{ archiveSha256: null, archivePackages: null, archiveBuiltAt: null, modelVersionId: null, idempotencyKey: null },
    ...{ createdBy: null, createdAt: at },
    // Somebody is at it, so that nobody else is.
    packagingUntil: status === 'PACKAGING' ? '2099-01-01T00:00:00.000Z' : null,
  })
  for (const [position, step] of steps.entries()) {
    const script = await seedObject(hub, bucket.name, `${uniqueName('script')}.py`, step.script)
    const previous = position === 0 ? [] : [nameOf(steps[position - 1]!, position - 1)]
    await insertRow(hub, 'deployment_steps', {
      ...{ deploymentId: id, version: 1, position, name: nameOf(step, position), kind: 'CUSTOM', scriptObjectId: script.id },
      ...{ arguments: JSON.stringify(step.arguments ?? []), needs: JSON.stringify(step.needs ?? previous) },
      ...{ maxAttempts: step.maxAttempts ?? 1, timeoutSeconds: step.timeoutSeconds ?? null },
    })
  }
  return { id, name, project: project.name, projectId: project.id }
}

const nameOf = (step: SeededStep, position: number): string => step.name ?? `step${position + 1}`

/** The id of a new run. */
export async function startRun(
  hub: TestHub,
  deployment: { id: string },
  input: Record<string, unknown> = {},
  as?: string,
): Promise<string> {
  const query = 'mutation ($input: RunDeploymentInput!) { runDeployment(input: $input) { id } }'
  return (await hub.data(query, { input: { deployment: deployment.id, ...input } }, as)).runDeployment.id
}

export interface SeenStep {
  id: string
  name: string
  status: string
  statusDetail: string | null
  attempt: number
  progress: number | null
  message: string | null
  logs: { number: number; stream: string; text: string }[]
}
export interface SeenRun {
  id: string
  number: number
  status: string
  statusDetail: string | null
  trigger: string
  endedAt: string | null
  lastSequence: number
  steps: SeenStep[]
}
const runFields = `id number status statusDetail trigger endedAt lastSequence
  steps { id name status statusDetail attempt progress message logs { number stream text } }`

export async function readRun(hub: TestHub, id: string): Promise<SeenRun> {
  return (await hub.data(`query ($id: ID!) { node(id: $id) { ... on PipelineRun { ${runFields} } } }`, { id })).node
}

/** The run once `isSo`; by default once it has ended. */
export async function runWhen(
  hub: TestHub,
  id: string,
  isSo: (run: SeenRun) => boolean = ({ endedAt }) => endedAt !== null,
  withinMs = 15_000,
): Promise<SeenRun> {
  const deadline = Date.now() + withinMs
  while (true) {
    const run = await readRun(hub, id)
    if (isSo(run)) return run
    if (Date.now() > deadline) throw new Error(`it did not come to that: ${JSON.stringify(run, null, 1)}`)
    await sleep(20)
  }
}

export interface SeenEvent {
  sequence: number
  type: string
  stepName: string | null
  runStatus: string | null
  stepStatus: string | null
  progress: number | null
  message: string | null
  number: number | null
}
export const eventFields = 'sequence type stepName runStatus stepStatus progress message number'

export async function readEvents(hub: TestHub, id: string): Promise<SeenEvent[]> {
  const events: SeenEvent[] = []
  while (true) {
    const { node } = await hub.data(
      `query ($id: ID!, $after: Int!) { node(id: $id) { ... on PipelineRun { events(after: $after, first: 500) { ${eventFields} } } } }`,
      { id, after: events.length },
    )
    events.push(...node.events)
    if (node.events.length < 500) return events
  }
}

/** A client of the WebSocket; the caller disposes of it. */
export const socketClient = (hub: TestHub, as = hub.admin) =>
  createClient({
    url: `${hub.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${as}` },
    retryAttempts: 0,
  })
