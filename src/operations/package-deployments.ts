// Packages, in the background, what was deployed and waits for it: each version by one server, again when that server died.
import type { DeploymentRow, DeploymentVersionRow } from '../datasources/catalog/deployment-rows.js'
import type { BuiltArchive } from '../datasources/catalog/deployment-version-store.js'
import type { Datasources } from '../datasources/datasources.js'
import { type ErrorCode, isDhuoError } from '../errors.js'
import type { Logger } from '../logger.js'
import { describeApplication } from './describe-application.js'
import { prepareHandler } from './keep-handlers.js'
import { packageDeployment } from './package-deployment.js'
import type { PackagingSettings } from './resolve-packages.js'

type Outcome = Pick<DeploymentVersionRow, 'status' | 'statusDetail'> & Partial<BuiltArchive & { archiveKey: string | null }>

/** It goes over by itself. */
const passing: readonly ErrorCode[] = ['BACKEND_UNAVAILABLE', 'RATE_LIMITED', 'TIMEOUT']

/** How long a server that died keeps others from its work. */
const leaseMs = 60_000
const renewEveryMs = 15_000

/** Until nothing waits any more, or the signal aborts: then the work is left for the next server. */
export async function packageDeployments(
  datasources: Datasources,
  settings: PackagingSettings,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const version = await datasources.catalog.deploymentVersions.claimPackaging(inMs(0), inMs(leaseMs))
    if (!version) return
    await packageHeld(datasources, settings, version, log, signal)
  }
}

async function packageHeld(
  datasources: Datasources,
  settings: PackagingSettings,
  version: DeploymentVersionRow,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const { catalog } = datasources
  const lost = new AbortController()
  let held = version
  const hold = async (until: string | null): Promise<void> => {
    if (!(await catalog.deploymentVersions.holdPackaging(held, until))) lost.abort()
    held = { ...held, packagingUntil: until }
  }
  let renewing: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    renewing = renewing
      .then(() => hold(inMs(leaseMs)))
      .catch((error: unknown) => log.warn({ err: error }, 'a lease was not renewed'))
  }, renewEveryMs)
  const [deployment] = await catalog.deployments.byIds([version.deploymentId])
  const stopping = AbortSignal.any([signal, lost.signal])
  let outcome: Outcome | null
  let applicationId: string | null = null
  try {
    const archive = await packageDeployment(datasources, settings, deployment!, version, stopping)
    applicationId = await prepareApplication(datasources, deployment!, { ...version, ...archive })
    outcome = { status: 'READY', statusDetail: null, ...archive }
  } catch (error) {
    outcome = stopping.aborted ? null : outcomeOf(error, version, log)
  } finally {
    clearInterval(timer)
    await renewing
  }
  if (lost.signal.aborted) return
  // Let go at once when the server stops; what a backend did not answer to is tried again when the lease ends.
  if (outcome === null) return signal.aborted ? hold(null) : undefined
  const finished = await finish(datasources, version, outcome, applicationId)
  if (finished) prepareHandler(datasources, finished, log)
}

/** So that whoever deploys hears at once what the compute backend thinks of it. */
async function prepareApplication(
  datasources: Datasources,
  deployment: DeploymentRow,
  version: DeploymentVersionRow,
): Promise<string | null> {
  if (!datasources.compute.supports.applications || deployment.kind === 'ONLINE') return null
  const steps = await datasources.catalog.deploymentVersions.steps([version])
  const { application } = await describeApplication(datasources, { deployment, version, steps })
  return datasources.compute.prepare(application)
}

/** Null: it may succeed later. */
function outcomeOf(error: unknown, { deploymentId, version }: DeploymentVersionRow, log: Logger): Outcome | null {
  const fields = { err: error, deployment: deploymentId, version }
  if (isDhuoError(error) && passing.includes(error.code)) {
    log.warn(fields, 'packaging is tried again')
    return null
  }
  if (isDhuoError(error)) return { status: 'FAILED', statusDetail: error.message }
  log.error(fields, 'packaging failed')
  return { status: 'FAILED', statusDetail: 'The server could not package it; its log says why.' }
}

/** @returns the deployment as it is then; null when another server was faster */
async function finish(
  { catalog }: Datasources,
  version: DeploymentVersionRow,
  outcome: Outcome,
  applicationId: string | null,
): Promise<DeploymentRow | null> {
  return catalog.transaction(async ({ deployments, deploymentVersions }) => {
    if (!(await deploymentVersions.finishPackaging(version, outcome))) return null
    const { status, statusDetail } = outcome
    await deployments.setStatus(version.deploymentId, version.version, status, statusDetail, inMs(0))
    if (applicationId !== null) await deployments.setApplication(version.deploymentId, applicationId)
    return (await deployments.byIds([version.deploymentId]))[0] ?? null
  })
}

const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString()
