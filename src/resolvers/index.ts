import { AccessKeyResolver } from './access-key-resolver.js'
import { BucketResolver, BucketSyncResolver } from './bucket-resolver.js'
import { DatasetResolver } from './dataset-resolver.js'
import { ArchiveResolver, DeploymentResolver } from './deployment-resolver.js'
import { DeploymentContentResolver, StepSpecResolver } from './deployment-step-resolver.js'
import {
  ModelVersionDeploymentsResolver,
  PipelineRunDeploymentResolver,
  ProjectDeploymentsResolver,
} from './deployments-of-resolver.js'
import { ExperimentResolver } from './experiment-resolver.js'
import { MetricResolver } from './metric-resolver.js'
import { ModelAliasResolver, ModelResolver } from './model-resolver.js'
import { ModelVersionResolver, RunModelVersionsResolver, StageTransitionResolver } from './model-version-resolver.js'
import { NamingPolicyResolver } from './naming-policy-resolver.js'
import { NodeResolver } from './node-resolver.js'
import { OnlinePredictionResolver } from './online-prediction-resolver.js'
import { PipelineEventResolver } from './pipeline-event-resolver.js'
import { PipelineRunResolver } from './pipeline-run-resolver.js'
import { DatasetOriginResolver, PipelineStepResolver, RunOriginResolver } from './pipeline-step-resolver.js'
import { PredictionResolver } from './prediction-resolver.js'
import {
  DatasetPredictionsResolver,
  DeploymentPredictionsResolver,
  ModelVersionPredictionsResolver,
  PipelineRunPredictionsResolver,
  PipelineStepPredictionsResolver,
  ProjectPredictionsResolver,
} from './predictions-of-resolver.js'
import { ProjectMemberResolver, ProjectResolver } from './project-resolver.js'
import { RunInputResolver, RunResolver } from './run-resolver.js'
import { ServerResolver } from './server-resolver.js'
import { StoredObjectResolver, UploadResolver } from './stored-object-resolver.js'
import { TableResolver } from './table-resolver.js'
import { SessionResolver, UserResolver } from './user-resolver.js'

/** One line for each entity. */
export const resolvers = [
  AccessKeyResolver,
  ArchiveResolver,
  BucketResolver,
  BucketSyncResolver,
  DatasetOriginResolver,
  DatasetPredictionsResolver,
  DatasetResolver,
  DeploymentContentResolver,
  DeploymentPredictionsResolver,
  DeploymentResolver,
  ExperimentResolver,
  MetricResolver,
  ModelAliasResolver,
  ModelResolver,
  ModelVersionDeploymentsResolver,
  ModelVersionPredictionsResolver,
  ModelVersionResolver,
  NamingPolicyResolver,
  NodeResolver,
  OnlinePredictionResolver,
  PipelineEventResolver,
  PipelineRunDeploymentResolver,
  PipelineRunPredictionsResolver,
  PipelineRunResolver,
  PipelineStepPredictionsResolver,
  PipelineStepResolver,
  PredictionResolver,
  ProjectDeploymentsResolver,
  ProjectMemberResolver,
  ProjectPredictionsResolver,
  ProjectResolver,
  RunInputResolver,
  RunModelVersionsResolver,
  RunOriginResolver,
  RunResolver,
  ServerResolver,
  SessionResolver,
  StageTransitionResolver,
  StepSpecResolver,
  StoredObjectResolver,
  TableResolver,
  UploadResolver,
  UserResolver,
] as const
