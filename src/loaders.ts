import DataLoader from 'dataloader'
import type { Viewer } from './authentication.js'
import type {
  DeploymentLibraryRow,
  DeploymentRow,
  DeploymentStepRow,
  DeploymentVersionRow,
} from './datasources/catalog/deployment-rows.js'
import type { DeploymentVersionKey } from './datasources/catalog/deployment-version-store.js'
import type {
  ExperimentRow,
  ExperimentTagRow,
  RunInputRow,
  RunParamRow,
  RunRow,
  RunTagRow,
} from './datasources/catalog/experiment-rows.js'
import type { ExperimentSearch } from './datasources/catalog/experiment-store.js'
import type { ReadMetricRow } from './datasources/catalog/metric-store.js'
import type {
  ModelAliasRow,
  ModelRow,
  ModelTagRow,
  ModelVersionRow,
  ModelVersionTagRow,
  StageTransitionRow,
} from './datasources/catalog/model-rows.js'
import type { ModelSearch } from './datasources/catalog/model-store.js'
import type { ModelVersionFile, ModelVersionKey, ModelVersionPageRequest } from './datasources/catalog/model-version-store.js'
import type { Page, PageRequest } from './datasources/catalog/page.js'
import type {
  PipelineEventRow,
  PipelineRunRow,
  PipelineStatus,
  PipelineStepRow,
  PredictionRow,
} from './datasources/catalog/pipeline-rows.js'
import type { PipelineRunSearch } from './datasources/catalog/pipeline-run-store.js'
import type { PredictionParent } from './datasources/catalog/prediction-store.js'
import type { ProjectScope } from './datasources/catalog/project-store.js'
import type { RunSearch } from './datasources/catalog/run-store.js'
import type {
  AccessKeyRow,
  BucketRow,
  DatasetRow,
  ProjectMemberRow,
  ProjectRow,
  Role,
  StoredObjectRow,
  UserRow,
} from './datasources/catalog/tables.js'
import type { Datasources } from './datasources/datasources.js'
import type { TableShape } from './datasources/lakehouse/lakehouse.js'
import {
  type ById,
  by,
  byRunAndKey,
  byVersion,
  listsBy,
  numberKey,
  perParent,
  type RunKey,
  versionKey,
} from './loaders-batching.js'

/** One page of what a parent has. */
export interface ChildPageKey extends PageRequest {
  parentId: string
}

export interface TableKey {
  schema: string
  table: string
}

type Of<Request> = Request & { parentId: string }

type PageLoader<Row, Key = ChildPageKey> = DataLoader<Key, Page<Row>, string>

/** Batches and remembers look-ups within one operation: however many rows ask, each kind of look-up is one statement. */
export interface Loaders {
  user: ById<UserRow>
  accessKey: ById<AccessKeyRow>
  project: ById<ProjectRow>
  projectByName: ById<ProjectRow>
  bucket: ById<BucketRow>
  bucketByName: ById<BucketRow>
  storedObject: ById<StoredObjectRow>
  dataset: ById<DatasetRow>
  /** The viewer's own role as a member. */
  role: DataLoader<string, Role | null>
  /** Whether a person is a member of a project that the viewer may see. */
  isKnown: DataLoader<string, boolean>
  membersOfProject: DataLoader<string, ProjectMemberRow[]>
  accessKeysOfUser: DataLoader<string, AccessKeyRow[]>
  bucketsOfProject: PageLoader<BucketRow>
  bucketCountOfProject: DataLoader<string, number>
  datasetsOfProject: PageLoader<DatasetRow>
  datasetCountOfProject: DataLoader<string, number>
  datasetOfObject: ById<DatasetRow>
  tableShape: DataLoader<TableKey, TableShape | null, string>
  experiment: ById<ExperimentRow>
  experimentsOfProject: PageLoader<ExperimentRow, Of<ExperimentSearch>>
  experimentCountOfProject: DataLoader<Of<Pick<ExperimentSearch, 'filter'>>, number, string>
  tagsOfExperiment: DataLoader<string, ExperimentTagRow[]>
  run: ById<RunRow>
  runsOfExperiment: PageLoader<RunRow, Of<RunSearch>>
  runCountOfExperiment: DataLoader<Of<Pick<RunSearch, 'filter' | 'lifecycle'>>, number, string>
  bestRunOfExperiment: DataLoader<Of<{ metric: string; goal: 'MAXIMIZE' | 'MINIMIZE' }>, RunRow | null, string>
  childrenOfRun: PageLoader<RunRow>
  childCountOfRun: DataLoader<string, number>
  runsOfDataset: PageLoader<RunRow>
  runCountOfDataset: DataLoader<string, number>
  paramsOfRun: DataLoader<string, RunParamRow[]>
  paramOfRun: DataLoader<RunKey, RunParamRow | null, string>
  tagsOfRun: DataLoader<string, RunTagRow[]>
  inputsOfRun: DataLoader<string, RunInputRow[]>
  artifactsOfRun: DataLoader<Of<{ path: string; limit: number }>, StoredObjectRow[], string>
  metricsOfRun: DataLoader<string, ReadMetricRow[]>
  metricOfRun: DataLoader<RunKey, ReadMetricRow | null, string>
  metricHistory: PageLoader<ReadMetricRow, ChildPageKey & { key: string }>
  pointCount: DataLoader<RunKey, { count: number } | null, string>
  model: ById<ModelRow>
  modelsOfProject: PageLoader<ModelRow, Of<ModelSearch>>
  modelCountOfProject: DataLoader<Of<Pick<ModelSearch, 'filter'>>, number, string>
  tagsOfModel: DataLoader<string, ModelTagRow[]>
  aliasesOfModel: DataLoader<string, ModelAliasRow[]>
  versionsOfModel: PageLoader<ModelVersionRow, Of<ModelVersionPageRequest>>
  versionCountOfModel: DataLoader<Of<Pick<ModelVersionPageRequest, 'stages'>>, number, string>
  modelVersion: ById<ModelVersionRow>
  modelVersionByNumber: DataLoader<ModelVersionKey, ModelVersionRow | null, string>
  modelVersionsOfRun: DataLoader<string, ModelVersionRow[]>
  filesOfModelVersion: DataLoader<string, ModelVersionFile[]>
  tagsOfModelVersion: DataLoader<string, ModelVersionTagRow[]>
  aliasesOfModelVersion: DataLoader<string, ModelAliasRow[]>
  transitionsOfModelVersion: DataLoader<string, StageTransitionRow[]>
  /** Deleted ones too. */
  deployment: ById<DeploymentRow>
  deploymentsOfProject: PageLoader<DeploymentRow>
  deploymentCountOfProject: DataLoader<string, number>
  deploymentsOfModelVersion: PageLoader<DeploymentRow>
  deploymentCountOfModelVersion: DataLoader<string, number>
  deploymentVersion: DataLoader<DeploymentVersionKey, DeploymentVersionRow | null, string>
  stepsOfDeployment: DataLoader<DeploymentVersionKey, DeploymentStepRow[], string>
  librariesOfDeployment: DataLoader<DeploymentVersionKey, DeploymentLibraryRow[], string>
  pipelineRun: ById<PipelineRunRow>
  pipelineRunsOfProject: PageLoader<PipelineRunRow, Of<PipelineRunSearch>>
  pipelineRunCountOfProject: DataLoader<Of<{ statuses: readonly PipelineStatus[] | null }>, number, string>
  pipelineRunsOfDeployment: PageLoader<PipelineRunRow, Of<PipelineRunSearch>>
  pipelineRunCountOfDeployment: DataLoader<Of<{ statuses: readonly PipelineStatus[] | null }>, number, string>
  eventsOfPipelineRun: DataLoader<Of<{ after: number; first: number }>, PipelineEventRow[], string>
  stepsOfPipelineRun: DataLoader<string, PipelineStepRow[]>
  pipelineStep: ById<PipelineStepRow>
  linesOfPipelineStep: DataLoader<Of<{ after: number; first: number }>, PipelineEventRow[], string>
  runsOfPipelineStep: DataLoader<string, RunRow[]>
  datasetsOfPipelineStep: DataLoader<string, DatasetRow[]>
  prediction: ById<PredictionRow>
  /** A page of what is listed by the column `of`. */
  predictionsOf: PageLoader<PredictionRow, ChildPageKey & { of: PredictionParent }>
  predictionCountOf: DataLoader<Of<{ of: PredictionParent }>, number, string>
  predictionsOfPipelineRun: DataLoader<string, PredictionRow[]>
  predictionsOfPipelineStep: DataLoader<string, PredictionRow[]>
}

/** @param viewer for what depends on who asks; `scope` is the projects they may see */
export function createLoaders({ catalog, lakehouse }: Datasources, viewer: Viewer | null, scope: ProjectScope | null): Loaders {
  return {
    user: by('id', (ids) => catalog.users.byIds(ids)),
    accessKey: by('id', (ids) => catalog.accessKeys.byIds(ids)),
    project: by('id', (ids) => catalog.projects.byIds(ids)),
    projectByName: by('name', (names) => catalog.projects.byNames(names)),
    bucket: by('id', (ids) => catalog.buckets.byIds(ids)),
    bucketByName: by('name', (names) => catalog.buckets.byNames(names)),
    storedObject: by('id', (ids) => catalog.storedObjects.byIds(ids)),
    dataset: by('id', (ids) => catalog.datasets.byIds(ids)),
    role: new DataLoader(async (projectIds) => {
      const roles = viewer ? await catalog.projects.rolesOf(viewer.user.id, projectIds) : new Map<string, Role>()
      return projectIds.map((id) => roles.get(id) ?? null)
    }),
    isKnown: new DataLoader(async (userIds) => {
      const known = scope ? await catalog.projects.knownTo(scope, userIds) : new Set()
      return userIds.map((id) => known.has(id))
    }),
    membersOfProject: listsBy('projectId', (ids) => catalog.projects.members(ids)),
    accessKeysOfUser: listsBy('userId', (ids) => catalog.accessKeys.byUsers(ids)),
    bucketsOfProject: perParent((ids, request) => catalog.buckets.pagesByProject(ids, request)),
    bucketCountOfProject: new DataLoader((ids) => catalog.buckets.countByProject(ids)),
    datasetsOfProject: perParent((ids, request) => catalog.datasets.pagesByProject(ids, request)),
    datasetCountOfProject: new DataLoader((ids) => catalog.datasets.countByProject(ids)),
    datasetOfObject: by('objectId', (ids) => catalog.datasets.byObjects(ids)),
    tableShape: new DataLoader((keys) => tableShapes(lakehouse, keys), {
      cacheKeyFn: ({ schema, table }) => `${schema}.${table}`,
    }),
    experiment: by('id', (ids) => catalog.experiments.byIds(ids)),
    experimentsOfProject: perParent((ids, request) => catalog.experiments.search(ids, request)),
    experimentCountOfProject: perParent((ids, request) => catalog.experiments.count(ids, request)),
    tagsOfExperiment: listsBy('experimentId', (ids) => catalog.experiments.tags(ids)),
    run: by('id', (ids) => catalog.runs.byIds(ids)),
    runsOfExperiment: perParent((ids, request) => catalog.runs.search(ids, request)),
    runCountOfExperiment: perParent((ids, request) => catalog.runs.count(ids, request)),
    bestRunOfExperiment: perParent((ids, { metric, goal }) => catalog.runs.best(ids, metric, goal)),
    childrenOfRun: perParent((ids, request) => catalog.runs.childPages(ids, request)),
    childCountOfRun: new DataLoader((ids) => catalog.runs.countChildren(ids)),
    runsOfDataset: perParent((ids, request) => catalog.runs.pagesByInput(ids, request)),
    runCountOfDataset: new DataLoader((ids) => catalog.runs.countByInput(ids)),
    paramsOfRun: listsBy('runId', (ids) => catalog.runs.params(ids)),
    paramOfRun: byRunAndKey((ids, keys) => catalog.runs.paramsByKey(ids, keys)),
    tagsOfRun: listsBy('runId', (ids) => catalog.runs.tags(ids)),
    inputsOfRun: listsBy('runId', (ids) => catalog.runs.inputs(ids)),
    artifactsOfRun: perParent(async (ids, { path, limit }) => {
      const objects = Map.groupBy(await catalog.runs.artifacts(ids, path, limit), ({ runId }) => runId)
      return ids.map((id) => objects.get(id) ?? [])
    }),
    metricsOfRun: listsBy('runId', (ids) => catalog.metrics.latest(ids)),
    metricOfRun: byRunAndKey((ids, keys) => catalog.metrics.latestByKey(ids, keys)),
    metricHistory: perParent((ids, { key, ...request }) => catalog.metrics.historyPages(ids, key, request)),
    pointCount: byRunAndKey((ids, keys) => catalog.metrics.countPoints(ids, keys)),
    model: by('id', (ids) => catalog.models.byIds(ids)),
    modelsOfProject: perParent((ids, request) => catalog.models.search(ids, request)),
    modelCountOfProject: perParent((ids, request) => catalog.models.count(ids, request)),
    tagsOfModel: listsBy('modelId', (ids) => catalog.models.tags(ids)),
    aliasesOfModel: listsBy('modelId', (ids) => catalog.models.aliases(ids)),
    versionsOfModel: perParent((ids, request) => catalog.modelVersions.pagesByModel(ids, request)),
    versionCountOfModel: perParent((ids, { stages }) => catalog.modelVersions.countByModel(ids, stages)),
    modelVersion: by('id', (ids) => catalog.modelVersions.byIds(ids)),
    modelVersionByNumber: new DataLoader(
      async (keys) => {
        const rows = new Map((await catalog.modelVersions.byNumbers(keys)).map((row) => [numberKey(row), row]))
        return keys.map((key) => rows.get(numberKey(key)) ?? null)
      },
      { cacheKeyFn: numberKey },
    ),
    modelVersionsOfRun: listsBy('runId', (ids) => catalog.modelVersions.byRuns(ids)),
    filesOfModelVersion: listsBy('modelVersionId', (ids) => catalog.modelVersions.files(ids)),
    tagsOfModelVersion: listsBy('modelVersionId', (ids) => catalog.modelVersions.tags(ids)),
    aliasesOfModelVersion: listsBy('modelVersionId', (ids) => catalog.models.aliasesOfVersions(ids)),
    transitionsOfModelVersion: listsBy('modelVersionId', (ids) => catalog.modelVersions.transitions(ids)),
    deployment: by('id', (ids) => catalog.deployments.byIds(ids)),
    deploymentsOfProject: perParent((ids, request) => catalog.deployments.pagesByProject(ids, request)),
    deploymentCountOfProject: new DataLoader((ids) => catalog.deployments.countByProject(ids)),
    deploymentsOfModelVersion: perParent((ids, request) => catalog.deployments.pagesByModelVersion(ids, request)),
    deploymentCountOfModelVersion: new DataLoader((ids) => catalog.deployments.countByModelVersion(ids)),
    deploymentVersion: new DataLoader(
      async (keys) => {
        const rows = new Map((await catalog.deploymentVersions.byKeys(keys)).map((row) => [versionKey(row), row]))
        return keys.map((key) => rows.get(versionKey(key)) ?? null)
      },
      { cacheKeyFn: versionKey },
    ),
    stepsOfDeployment: byVersion((keys) => catalog.deploymentVersions.steps(keys)),
    librariesOfDeployment: byVersion((keys) => catalog.deploymentVersions.libraries(keys)),
    pipelineRun: by('id', (ids) => catalog.pipelineRuns.byIds(ids)),
    pipelineRunsOfProject: perParent((ids, search) => catalog.pipelineRuns.pagesBy('projectId', ids, search)),
    pipelineRunCountOfProject: perParent((ids, { statuses }) => catalog.pipelineRuns.countBy('projectId', ids, statuses)),
    pipelineRunsOfDeployment: perParent((ids, search) => catalog.pipelineRuns.pagesBy('deploymentId', ids, search)),
    pipelineRunCountOfDeployment: perParent((ids, { statuses }) => catalog.pipelineRuns.countBy('deploymentId', ids, statuses)),
    eventsOfPipelineRun: perParent((ids, { after, first }) => catalog.pipelineEvents.pagesByRun(ids, after, first)),
    stepsOfPipelineRun: listsBy('pipelineRunId', (ids) => catalog.pipelineSteps.byRuns(ids)),
    pipelineStep: by('id', (ids) => catalog.pipelineSteps.byIds(ids)),
    linesOfPipelineStep: perParent((ids, { after, first }) => catalog.pipelineEvents.linesBySteps(ids, after, first)),
    runsOfPipelineStep: listsBy('pipelineStepId', (ids) => catalog.pipelineSteps.runs(ids)),
    datasetsOfPipelineStep: listsBy('pipelineStepId', (ids) => catalog.pipelineSteps.datasets(ids)),
    prediction: by('id', (ids) => catalog.predictions.byIds(ids)),
    predictionsOf: perParent((ids, { of, ...request }) => catalog.predictions.pagesBy(of, ids, request)),
    predictionCountOf: perParent((ids, { of }) => catalog.predictions.countBy(of, ids)),
    predictionsOfPipelineRun: listsBy('pipelineRunId', (ids) => catalog.predictions.allBy('pipelineRunId', ids)),
    predictionsOfPipelineStep: listsBy('stepId', (ids) => catalog.predictions.allBy('stepId', ids)),
  }
}

async function tableShapes(lakehouse: Datasources['lakehouse'], keys: readonly TableKey[]): Promise<(TableShape | null)[]> {
  const shapeOf = new Map<TableKey, TableShape | null>()
  for (const [schema, group] of Map.groupBy(keys, (key) => key.schema)) {
    const shapes = await lakehouse.describeTables(
      schema,
      group.map((key) => key.table),
    )
    for (const [index, key] of group.entries()) shapeOf.set(key, shapes[index]!)
  }
  return keys.map((key) => shapeOf.get(key)!)
}
