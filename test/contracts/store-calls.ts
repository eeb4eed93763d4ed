import type { Catalog, Stores } from '../../src/datasources/catalog/catalog.js'
import { encodeCursor } from '../../src/datasources/catalog/page.js'
import type { PredictionRow } from '../../src/datasources/catalog/pipeline-rows.js'
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
import { pipelineRunRow, pipelineStepRow } from './pipeline-rows.js'

type Calls<Name extends keyof Stores> = { [Method in keyof Stores[Name]]: () => Promise<unknown>[] }

/** Each method of the stores, in each form that it has. What comes of the calls does not matter. */
function storeCalls(catalog: Catalog): { [Name in keyof Stores]?: () => object } {
  const ids = ['a', 'b', 'c']
  const page = { first: 10, after: null }
  const prediction: PredictionRow = {
    ...{ id: 'a', projectId: 'b', modelVersionId: 'c', deploymentId: null, pipelineRunId: null, stepId: null },
    ...{
      outputDatasetId: 'd',
      inputDatasetId: null,
      version: 1,
      rowCount: 1,
      idempotencyKey: null,
      createdAt: at(0),
      createdBy: null,
    },
  }
  const predictionParents = ['projectId', 'modelVersionId', 'deploymentId', 'outputDatasetId', 'inputDatasetId'] as const
  const scopes = [null, 'usr'].flatMap((memberId) => [null, 'prj'].map((projectId) => ({ memberId, projectId })))

  const calls: { [Name in keyof Stores]?: () => object } = {
    users: (): Calls<'users'> => ({
      insert: () => [catalog.users.insert(userRow())],
      byIds: () => [catalog.users.byIds(ids)],
      findByEmail: () => [catalog.users.findByEmail('a')],
      hasAny: () => [catalog.users.hasAny()],
      insertSession: () => [catalog.users.insertSession({ tokenHash: 'a', userId: 'b', createdAt: at(0), expiresAt: at(0) })],
      findBySession: () => [catalog.users.findBySession('a', at(0))],
      deleteExpiredSessions: () => [catalog.users.deleteExpiredSessions(at(0))],
      recordLoginFailure: () => [catalog.users.recordLoginFailure('a', at(0), at(-1))],
      loginFailuresSince: () => [catalog.users.loginFailuresSince(ids)],
      forgiveLoginFailure: () => [catalog.users.forgiveLoginFailure('a')],
      clearLoginFailures: () => [catalog.users.clearLoginFailures('a')],
      deleteOldLoginFailures: () => [catalog.users.deleteOldLoginFailures(at(-9))],
    }),
    accessKeys: (): Calls<'accessKeys'> => ({
      insert: () => [catalog.accessKeys.insert(accessKeyRow('a'))],
      byIds: () => [catalog.accessKeys.byIds(ids)],
      byUsers: () => [catalog.accessKeys.byUsers(ids)],
      findLive: () => [insertUser(catalog).then((user) => findLiveOf(user.id))],
      recordUse: () => [catalog.accessKeys.recordUse('a', at(0))],
      revoke: () => [catalog.accessKeys.revoke('a', at(0))],
      deleteOfSteps: () => [catalog.accessKeys.deleteOfSteps(ids)],
    }),
    projects: (): Calls<'projects'> => ({
      insert: () => [catalog.projects.insert(projectRow())],
      byIds: () => [catalog.projects.byIds(ids)],
      byNames: () => [catalog.projects.byNames(ids)],
      page: () => scopes.map((scope) => catalog.projects.page(scope, page)),
      // An administrator counts all there are.
      count: () =>
        scopes.filter((s) => s.memberId !== null || s.projectId !== null).map((scope) => catalog.projects.count(scope)),
      rolesOf: () => [catalog.projects.rolesOf('a', ids)],
      members: () => [catalog.projects.members(ids)],
      knownTo: () => scopes.map((scope) => catalog.projects.knownTo(scope, ids)),
      setMember: () => [catalog.projects.setMember({ projectId: 'a', userId: 'b', role: 'OWNER' })],
      removeMember: () => [catalog.projects.removeMember('a', 'b')],
    }),
    buckets: (): Calls<'buckets'> => ({
      insert: () => [catalog.buckets.insert(bucketRow('a'))],
      byIds: () => [catalog.buckets.byIds(ids)],
      byNames: () => [catalog.buckets.byNames(ids)],
      pagesByProject: () => [catalog.buckets.pagesByProject(ids, page)],
      countByProject: () => [catalog.buckets.countByProject(ids)],
    }),
    storedObjects: (): Calls<'storedObjects'> => ({
      insertCurrent: () => [insertBucket(catalog).then((bucket) => catalog.storedObjects.insertCurrent(objectRow(bucket, 'k')))],
      retireCurrent: () => [catalog.storedObjects.retireCurrent('a', 'k', at(0))],
      retire: () => [catalog.storedObjects.retire('a', at(0))],
      byIds: () => [catalog.storedObjects.byIds(ids)],
      findCurrent: () => [catalog.storedObjects.findCurrent('a', 'k')],
      list: () =>
        ['', 'a/'].flatMap((prefix) =>
          [null, '/'].map((delimiter) => catalog.storedObjects.list('a', { prefix, delimiter, ...page })),
        ),
      replacedBefore: () => [catalog.storedObjects.replacedBefore(at(0), 10)],
      delete: () => [catalog.storedObjects.delete('a')],
      restore: () => [catalog.storedObjects.restore(objectRow({ id: 'a', projectId: 'b' }, 'k'))],
      currentByKeys: () => [catalog.storedObjects.currentByKeys('a', ids)],
      currentAfter: () => [null, 'k'].map((after) => catalog.storedObjects.currentAfter('a', 'p', after, 10)),
      byEtags: () => [catalog.storedObjects.byEtags('a', ids)],
      reinstate: () => [catalog.storedObjects.reinstate(objectRow({ id: 'a', projectId: 'b' }, 'k'), at(0))],
      setSha256: () => [catalog.storedObjects.setSha256('a', 'b')],
    }),
    uploads: (): Calls<'uploads'> => ({
      insert: () => [catalog.uploads.insert(uploadRow({ id: 'a', projectId: 'b' }, 'c'))],
      find: () => [catalog.uploads.find('a')],
      byIds: () => [catalog.uploads.byIds(ids)],
      complete: () => [catalog.uploads.complete('a', 'b')],
      deleteOpen: () => [catalog.uploads.deleteOpen('a')],
      deleteCompleted: () => [catalog.uploads.deleteCompleted(at(0))],
      expired: () => [catalog.uploads.expired(at(0), 10)],
    }),
    datasets: (): Calls<'datasets'> => ({
      insert: () => [catalog.datasets.insert(datasetRow('a'))],
      advance: () => [
        catalog.datasets.advance('a', {
          kind: 'TABLE',
          objectId: null,
          pipelineStepId: null,
          updatedAt: at(0),
          description: null,
        }),
      ],
      insertVersion: () => [
        catalog.datasets.insertVersion({
          datasetId: 'a',
          version: 1,
          objectId: null,
          sql: null,
          rowCount: 1,
          createdBy: null,
          createdAt: at(0),
        }),
      ],
      delete: () => [catalog.datasets.delete('a')],
      byIds: () => [catalog.datasets.byIds(ids)],
      find: () => [catalog.datasets.find('a', 'b')],
      findByTable: () => [catalog.datasets.findByTable('a', 'b')],
      byObjects: () => [catalog.datasets.byObjects(ids)],
      pagesByProject: () => [catalog.datasets.pagesByProject(ids, page)],
      countByProject: () => [catalog.datasets.countByProject(ids)],
    }),
    models: (): Calls<'models'> => ({
      takeNumber: () => [insertModel().then(catalog.models.takeNumber.bind(catalog.models))],
      update: () => [catalog.models.update('a', { description: 'b' }, at(0))],
      byIds: () => [catalog.models.byIds(ids)],
      find: () => [catalog.models.find('a', 'b')],
      search: () => [catalog.models.search(ids, { filter: null, orderBy: [], ...page })],
      count: () => [catalog.models.count(ids, { filter: null })],
      tags: () => [catalog.models.tags(ids)],
      setTags: () => [catalog.models.setTags('a', [{ key: 'b', value: 'c' }])],
      aliases: () => [catalog.models.aliases(ids)],
      aliasesOfVersions: () => [catalog.models.aliasesOfVersions(ids)],
      findAlias: () => [catalog.models.findAlias('a', 'b')],
      setAlias: () => [catalog.models.setAlias({ modelId: 'a', alias: 'b', modelVersionId: 'c' })],
      removeAlias: () => [catalog.models.removeAlias('a', 'b')],
      removeAliasesOf: () => [catalog.models.removeAliasesOf('a')],
    }),
    modelVersions: (): Calls<'modelVersions'> => ({
      insert: () => [
        insertModel().then(({ name: _, ...model }) => catalog.modelVersions.insert({ ...modelVersion, ...model }, [])),
      ],
      byIds: () => [catalog.modelVersions.byIds(ids)],
      byNumbers: () => [catalog.modelVersions.byNumbers(ids.map((modelId) => ({ modelId, version: 1 })))],
      byRuns: () => [catalog.modelVersions.byRuns(ids)],
      pagesByModel: () =>
        [null, ['STAGING', 'PRODUCTION'] as const].flatMap((stages) =>
          [null, encodeCursor([7])].map((after) => catalog.modelVersions.pagesByModel(ids, { first: 10, after, stages })),
        ),
      countByModel: () => [
        catalog.modelVersions.countByModel(ids, null),
        catalog.modelVersions.countByModel(ids, ['STAGING', 'NONE']),
      ],
      inStage: () => [catalog.modelVersions.inStage('a', 'PRODUCTION')],
      move: () => [catalog.modelVersions.move(ids, { from: 'NONE', to: 'STAGING', at: at(0), by: null })],
      transitions: () => [catalog.modelVersions.transitions(ids)],
      files: () => [catalog.modelVersions.files(ids)],
      tags: () => [catalog.modelVersions.tags(ids)],
      setTags: () => [catalog.modelVersions.setTags('a', [{ key: 'b', value: 'c' }])],
      update: () => [catalog.modelVersions.update('a', { description: 'b' }, at(0))],
      delete: () => [catalog.modelVersions.delete('a', at(0))],
    }),
    deployments: (): Calls<'deployments'> => ({
      takeVersion: () => [insertProject(catalog).then(({ id }) => catalog.deployments.takeVersion(newDeployment(id), 'READY'))],
      byIds: () => [catalog.deployments.byIds(ids)],
      find: () => [catalog.deployments.find('a', 'b')],
      pagesByProject: () => [catalog.deployments.pagesByProject(ids, page)],
      countByProject: () => [catalog.deployments.countByProject(ids)],
      pagesByModelVersion: () => [catalog.deployments.pagesByModelVersion(ids, page)],
      countByModelVersion: () => [catalog.deployments.countByModelVersion(ids)],
      setStatus: () => [catalog.deployments.setStatus('a', 1, 'READY', null, at(0))],
      setSchedule: () => [catalog.deployments.setSchedule('a', schedule, at(0))],
      due: () => [catalog.deployments.due(at(0), 10)],
      advanceTick: () => [
        insertProject(catalog)
          .then(({ id }) => catalog.deployments.takeVersion(newDeployment(id), 'READY'))
          .then((deployment) => catalog.deployments.advanceTick({ ...deployment, ...schedule }, at(1))),
      ],
      delete: () => [catalog.deployments.delete('a', at(0))],
      setApplication: () => [catalog.deployments.setApplication('a', 'b')],
      discardable: () => [catalog.deployments.discardable(10)],
      activeRunNumbers: () => [catalog.deployments.activeRunNumbers('a')],
    }),
    deploymentVersions: (): Calls<'deploymentVersions'> => {
      const key = { deploymentId: 'a', version: 1 }
      return {
        insert: () => [catalog.deploymentVersions.insert({ ...deploymentVersion, ...key }, [], [])],
        byKeys: () => [catalog.deploymentVersions.byKeys([key])],
        steps: () => [catalog.deploymentVersions.steps([key])],
        libraries: () => [catalog.deploymentVersions.libraries([key])],
        findByIdempotencyKey: () => [catalog.deploymentVersions.findByIdempotencyKey('a', 'b')],
        findArchive: () => [catalog.deploymentVersions.findArchive('a', 'b')],
        claimPackaging: () => [catalog.deploymentVersions.claimPackaging(at(0), at(1))],
        holdPackaging: () =>
          [null, at(0)].map((packagingUntil) => catalog.deploymentVersions.holdPackaging({ ...key, packagingUntil }, at(1))),
        finishPackaging: () => [catalog.deploymentVersions.finishPackaging(key, { status: 'READY', statusDetail: null })],
      }
    },
    pipelineRuns: (): Calls<'pipelineRuns'> => ({
      insert: () => [catalog.pipelineRuns.insert(pipelineRunRow({ id: 'a', projectId: 'b' }))],
      byIds: () => [catalog.pipelineRuns.byIds(ids)],
      takeNumber: () => [catalog.pipelineRuns.takeNumber('a')],
      findByIdempotencyKey: () => [catalog.pipelineRuns.findByIdempotencyKey('a', 'b')],
      findByTick: () => [catalog.pipelineRuns.findByTick('a', at(0))],
      findActiveRetry: () => [catalog.pipelineRuns.findActiveRetry(pipelineRunRow({ id: 'a', projectId: 'b' }))],
      move: () => [catalog.pipelineRuns.move('a', ['QUEUED'], { status: 'RUNNING' })],
      requestCancel: () => [catalog.pipelineRuns.requestCancel('a', at(0))],
      claimDue: () => [catalog.pipelineRuns.claimDue({ owner: 'a', until: at(1) }, at(0), 10)],
      claim: () => [catalog.pipelineRuns.claim(ids, { owner: 'a', until: at(1) }, at(0))],
      renew: () => [catalog.pipelineRuns.renew({ owner: 'a', until: at(1) })],
      release: () => [catalog.pipelineRuns.release(ids, 'a', at(1))],
      heads: () => [catalog.pipelineRuns.heads(ids)],
      pagesBy: () =>
        (['projectId', 'deploymentId'] as const).flatMap((parent) =>
          [null, ['FAILED', 'QUEUED'] as const].map((statuses) =>
            catalog.pipelineRuns.pagesBy(parent, ids, { ...page, statuses }),
          ),
        ),
      countBy: () =>
        (['projectId', 'deploymentId'] as const).flatMap((parent) =>
          [null, ['FAILED'] as const].map((statuses) => catalog.pipelineRuns.countBy(parent, ids, statuses)),
        ),
    }),
    pipelineSteps: (): Calls<'pipelineSteps'> => ({
      insert: () => [catalog.pipelineSteps.insert([pipelineStepRow({ id: 'a', projectId: 'b' })])],
      byIds: () => [catalog.pipelineSteps.byIds(ids)],
      byRuns: () => [catalog.pipelineSteps.byRuns(ids)],
      move: () => [catalog.pipelineSteps.move(pipelineStepRow({ id: 'a', projectId: 'b' }), { status: 'RUNNING' })],
      runs: () => [catalog.pipelineSteps.runs(ids)],
      setObserved: () => [catalog.pipelineSteps.setObserved(ids, at(0))],
      datasets: () => [catalog.pipelineSteps.datasets(ids)],
    }),
    predictions: (): Calls<'predictions'> => ({
      insert: () => [catalog.predictions.insert(prediction)],
      byIds: () => [catalog.predictions.byIds(ids)],
      findByIdempotencyKey: () => [catalog.predictions.findByIdempotencyKey('a', 'b')],
      highestVersion: () => [catalog.predictions.highestVersion('a')],
      pagesBy: () =>
        predictionParents.flatMap((parent) =>
          [null, encodeCursor(['x'])].map((after) => catalog.predictions.pagesBy(parent, ids, { first: 10, after })),
        ),
      countBy: () => predictionParents.map((parent) => catalog.predictions.countBy(parent, ids)),
      allBy: () => (['pipelineRunId', 'stepId'] as const).map((parent) => catalog.predictions.allBy(parent, ids)),
    }),
    pipelineEvents: (): Calls<'pipelineEvents'> => ({
      append: () => [catalog.pipelineEvents.append('a', [], null), catalog.pipelineEvents.append('a', [], 'owner')],
      read: () => [catalog.pipelineEvents.read('a', 0, 10)],
      pagesByRun: () => [catalog.pipelineEvents.pagesByRun(ids, 0, 10)],
      linesBySteps: () => [catalog.pipelineEvents.linesBySteps(ids, 0, 10)],
    }),
    exportTickets: (): Calls<'exportTickets'> => ({
      insert: () => [catalog.exportTickets.insert({ id: 'a', projectId: 'b', request: '', expiresAt: at(0) })],
      findLive: () => [catalog.exportTickets.findLive('a', at(0))],
      deleteExpired: () => [catalog.exportTickets.deleteExpired(at(0))],
    }),
    serverSecrets: (): Calls<'serverSecrets'> => ({ getOrInsert: () => [catalog.serverSecrets.getOrInsert('a', 'b')] }),
  }

  const findLiveOf = async (userId: string): Promise<unknown> => {
    const key = accessKeyRow(userId)
    await catalog.accessKeys.insert(key)
    return catalog.accessKeys.findLive(key.secretHash, at(0))
  }

  const modelVersion = {
    id: 'mdv',
    modelId: 'mdl',
    version: 1,
    stage: 'NONE',
    status: 'READY',
    modelType: null,
    requirements: null,
    runId: null,
    size: 1,
    sha256: null,
    createdBy: null,
    deletedAt: null,
  } as const
  const newDeployment = (projectId: string) => ({
    id: uniqueName('dpl'),
    projectId,
    name: 'a',
    kind: 'BATCH' as const,
    createdAt: at(0),
  })
  const schedule = { cron: '* * * * *', timezone: 'UTC', scheduleEnabled: 1 as const, nextRunAt: at(0) }
  const deploymentVersion = {
    status: 'READY',
    statusDetail: null,
    cluster: 'SMALL',
    requirements: null,
    archiveObjectId: null,
    archiveSha256: null,
    archivePackages: null,
    archiveBuiltAt: null,
    archiveKey: null,
    packagingUntil: null,
    modelVersionId: null,
    idempotencyKey: null,
    createdBy: null,
    createdAt: at(0),
  } as const
  const insertModel = async () => ({
    id: 'mdl',
    projectId: (await insertProject(catalog)).id,
    name: 'a',
    description: null,
    createdAt: at(0),
    updatedAt: at(0),
  })
  return calls
}

/** The calls of one store. @throws when the store has a method that is not among them */
export function callsOf(catalog: Catalog, name: keyof Stores): [string, () => Promise<unknown>[]][] {
  const methods = storeCalls(catalog)[name]!() as Record<string, () => Promise<unknown>[]>
  const internal = ['constructor', 'visibleTo', 'listFlat', 'listFolded', 'pages', 'wanted']
  expect(Object.keys(methods).sort()).toEqual(
    Object.getOwnPropertyNames(Object.getPrototypeOf(catalog[name]))
      .filter((method) => !internal.includes(method))
      .sort(),
  )
  return Object.entries(methods)
}

export const calledStores = Object.keys(storeCalls({} as Catalog)) as (keyof Stores)[]
