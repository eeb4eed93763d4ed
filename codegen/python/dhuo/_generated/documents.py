# Made by `npm run codegen` from schema.graphql and codegen/operations: do not change it here.
"""The documents that the client sends."""

from __future__ import annotations

from .._codec import Operation


_ACCESS_KEY_FIELDS = 'fragment AccessKeyFields on AccessKey{id name role project{...ProjectRef}createdAt expiresAt lastUsedAt revokedAt}'
_BUCKET_FIELDS = 'fragment BucketFields on Bucket{id name purpose project{...ProjectRef}createdAt namingProblem}'
_BUCKET_SYNC_FIELDS = 'fragment BucketSyncFields on BucketSyncResult{bucket{...BucketFields}added replaced removed skipped skippedKeys}'
_COLUMN_FIELDS = 'fragment ColumnFields on Column{name type databaseType nullable}'
_DATASET_FIELDS = 'fragment DatasetFields on Dataset{id name version kind description table rowCount columns{...ColumnFields}object{...ObjectRef}project{...ProjectRef}createdAt updatedAt}'
_DATASET_REF = 'fragment DatasetRef on Dataset{id name version}'
_DEPLOYMENT_FIELDS = 'fragment DeploymentFields on Deployment{id name version kind status statusDetail cluster{size executors driverShape executorShape}schedule{...ScheduleFields}modelVersion{...ModelVersionRef}latestRun{...PipelineRunRef}project{...ProjectRef}createdAt updatedAt}'
_DEPLOYMENT_REF = 'fragment DeploymentRef on Deployment{id name version}'
_EXPERIMENT_FIELDS = 'fragment ExperimentFields on Experiment{id name lifecycle tags{...TagFields}project{...ProjectRef}createdAt updatedAt}'
_EXPERIMENT_REF = 'fragment ExperimentRef on Experiment{id name}'
_MEMBER_FIELDS = 'fragment MemberFields on ProjectMember{role user{...UserRef}}'
_METRIC_FIELDS = 'fragment MetricFields on Metric{key value text step timestamp}'
_MODEL_FIELDS = 'fragment ModelFields on Model{id name description tags{...TagFields}aliases{alias version{...ModelVersionRef}}latestVersion{...ModelVersionRef}project{...ProjectRef}createdAt updatedAt}'
_MODEL_REF = 'fragment ModelRef on Model{id name}'
_MODEL_VERSION_FIELDS = 'fragment ModelVersionFields on ModelVersion{id uri version stage status aliases description modelType requirements size sha256 tags{...TagFields}model{...ModelRef}run{...RunRef}createdAt updatedAt}'
_MODEL_VERSION_REF = 'fragment ModelVersionRef on ModelVersion{id uri version stage}'
_NODE_REF = 'fragment NodeRef on Node{__typename id ...on Project{name}...on Bucket{name}...on StoredObject{key}...on Dataset{name version}...on Experiment{name}...on Run{name}...on Model{name}...on ModelVersion{uri version}...on Deployment{name version}...on PipelineRun{number}...on PipelineStep{name}...on Prediction{version}...on User{email}...on AccessKey{name}}'
_OBJECT_FIELDS = 'fragment ObjectFields on StoredObject{id key size contentType etag sha256 lastModified bucket{id name}}'
_OBJECT_REF = 'fragment ObjectRef on StoredObject{id key size sha256 bucket{id name}}'
_PAGE_FIELDS = 'fragment PageFields on PageInfo{hasNextPage endCursor}'
_PIPELINE_EVENT_FIELDS = 'fragment PipelineEventFields on PipelineEvent{sequence type at stepName runStatus stepStatus progress message stream number}'
_PIPELINE_RUN_FIELDS = 'fragment PipelineRunFields on PipelineRun{id number status statusDetail trigger lastSequence createdAt startedAt endedAt durationMs cancelRequestedAt deploymentVersion deployment{...DeploymentRef}project{...ProjectRef}}'
_PIPELINE_RUN_REF = 'fragment PipelineRunRef on PipelineRun{id number status}'
_PREDICTION_FIELDS = 'fragment PredictionFields on Prediction{id version rowCount createdAt createdBy{...UserRef}modelVersion{...ModelVersionRef}output{...DatasetRef table}input{...DatasetRef}deployment{...DeploymentRef}pipelineRun{...PipelineRunRef}project{...ProjectRef}}'
_PREDICTION_REF = 'fragment PredictionRef on Prediction{id version rowCount createdAt}'
_PROJECT_FIELDS = 'fragment ProjectFields on Project{id name description viewerRole createdAt}'
_PROJECT_REF = 'fragment ProjectRef on Project{id name}'
_RUN_FIELDS = 'fragment RunFields on Run{id name status lifecycle startedAt endedAt experiment{...ExperimentRef}user{...UserRef}params{...TagFields}metrics{...MetricFields}tags{...TagFields}}'
_RUN_REF = 'fragment RunRef on Run{id name status experiment{...ExperimentRef}}'
_SCHEDULE_FIELDS = 'fragment ScheduleFields on Schedule{cron timezone enabled nextRunAt}'
_STEP_FIELDS = 'fragment StepFields on PipelineStep{id name kind status statusDetail attempt progress message startedAt endedAt durationMs computeRunId observedAt stale}'
_STEP_REF = 'fragment StepRef on PipelineStep{id name kind status pipelineRun{...PipelineRunRef}}'
_TABLE_FIELDS = 'fragment TableFields on Table{columns{...ColumnFields}rows rowCount truncated}'
_TAG_FIELDS = 'fragment TagFields on KeyValue{key value}'
_USER_FIELDS = 'fragment UserFields on User{id email name isAdmin createdAt}'
_USER_REF = 'fragment UserRef on User{id email name}'

ABANDON_UPLOAD = Operation(
    "AbandonUpload",
    "mutation",
    "abandonUpload",
    'mutation AbandonUpload($id:ID!){abandonUpload(id:$id)}',
)
CANCEL_PIPELINE_RUN = Operation(
    "CancelPipelineRun",
    "mutation",
    "cancelPipelineRun",
    'mutation CancelPipelineRun($id:ID!){cancelPipelineRun(id:$id){...PipelineRunFields}}' + _PIPELINE_RUN_FIELDS + _DEPLOYMENT_REF + _PROJECT_REF,
)
CHECK_NAME = Operation(
    "CheckName",
    "query",
    "namingPolicy",
    'query CheckName($kind:NameKind!$name:String!){namingPolicy{check(kind:$kind name:$name){ok reason suggestion}}}',
)
COMPLETE_UPLOAD = Operation(
    "CompleteUpload",
    "mutation",
    "completeUpload",
    'mutation CompleteUpload($id:ID!$sha256:String){completeUpload(id:$id sha256:$sha256){...ObjectFields}}' + _OBJECT_FIELDS,
)
CREATE_ACCESS_KEY = Operation(
    "CreateAccessKey",
    "mutation",
    "createAccessKey",
    'mutation CreateAccessKey($input:CreateAccessKeyInput!){createAccessKey(input:$input){secret accessKey{...AccessKeyFields}}}' + _ACCESS_KEY_FIELDS + _PROJECT_REF,
)
CREATE_BUCKET = Operation(
    "CreateBucket",
    "mutation",
    "createBucket",
    'mutation CreateBucket($input:CreateBucketInput!){createBucket(input:$input){...BucketFields}}' + _BUCKET_FIELDS + _PROJECT_REF,
)
CREATE_DATASET = Operation(
    "CreateDataset",
    "mutation",
    "createDataset",
    'mutation CreateDataset($input:CreateDatasetInput!){createDataset(input:$input){...DatasetFields}}' + _DATASET_FIELDS + _COLUMN_FIELDS + _OBJECT_REF + _PROJECT_REF,
)
CREATE_EXPERIMENT = Operation(
    "CreateExperiment",
    "mutation",
    "createExperiment",
    'mutation CreateExperiment($input:CreateExperimentInput!){createExperiment(input:$input){...ExperimentFields}}' + _EXPERIMENT_FIELDS + _TAG_FIELDS + _PROJECT_REF,
)
CREATE_PROJECT = Operation(
    "CreateProject",
    "mutation",
    "createProject",
    'mutation CreateProject($input:CreateProjectInput!){createProject(input:$input){...ProjectFields}}' + _PROJECT_FIELDS,
)
CREATE_RUN = Operation(
    "CreateRun",
    "mutation",
    "createRun",
    'mutation CreateRun($input:CreateRunInput!){createRun(input:$input){...RunFields}}' + _RUN_FIELDS + _EXPERIMENT_REF + _USER_REF + _TAG_FIELDS + _METRIC_FIELDS,
)
CREATE_UPLOAD = Operation(
    "CreateUpload",
    "mutation",
    "createUpload",
    'mutation CreateUpload($input:CreateUploadInput!){createUpload(input:$input){id partSize expiresAt parts{number method url headers{...TagFields}}}}' + _TAG_FIELDS,
)
CREATE_USER = Operation(
    "CreateUser",
    "mutation",
    "createUser",
    'mutation CreateUser($input:CreateUserInput!){createUser(input:$input){...UserFields}}' + _USER_FIELDS,
)
DELETE_DATASET = Operation(
    "DeleteDataset",
    "mutation",
    "deleteDataset",
    'mutation DeleteDataset($id:ID!){deleteDataset(id:$id)}',
)
DELETE_DEPLOYMENT = Operation(
    "DeleteDeployment",
    "mutation",
    "deleteDeployment",
    'mutation DeleteDeployment($id:ID!){deleteDeployment(id:$id){...DeploymentFields}}' + _DEPLOYMENT_FIELDS + _SCHEDULE_FIELDS + _MODEL_VERSION_REF + _PIPELINE_RUN_REF + _PROJECT_REF,
)
DELETE_MODEL_VERSION = Operation(
    "DeleteModelVersion",
    "mutation",
    "deleteModelVersion",
    'mutation DeleteModelVersion($id:ID!){deleteModelVersion(id:$id)}',
)
DELETE_OBJECT = Operation(
    "DeleteObject",
    "mutation",
    "deleteObject",
    'mutation DeleteObject($bucket:String!$key:String!){deleteObject(bucket:$bucket key:$key)}',
)
DEPLOY = Operation(
    "Deploy",
    "mutation",
    "deploy",
    'mutation Deploy($input:DeployInput!){deploy(input:$input){...DeploymentFields}}' + _DEPLOYMENT_FIELDS + _SCHEDULE_FIELDS + _MODEL_VERSION_REF + _PIPELINE_RUN_REF + _PROJECT_REF,
)
DEPLOY_YAML = Operation(
    "DeployYaml",
    "mutation",
    "deployYaml",
    'mutation DeployYaml($project:String!$yaml:String!){deployYaml(project:$project yaml:$yaml){...DeploymentFields}}' + _DEPLOYMENT_FIELDS + _SCHEDULE_FIELDS + _MODEL_VERSION_REF + _PIPELINE_RUN_REF + _PROJECT_REF,
)
EXECUTE_DML = Operation(
    "ExecuteDml",
    "mutation",
    "executeDml",
    'mutation ExecuteDml($input:ExecuteDmlInput!){executeDml(input:$input){rowsAffected durationMs}}',
)
EXECUTE_SELECT = Operation(
    "ExecuteSelect",
    "query",
    "executeSelect",
    'query ExecuteSelect($project:String!$sql:String!$params:JSON$limit:Int){executeSelect(project:$project sql:$sql params:$params limit:$limit){...TableFields}}' + _TABLE_FIELDS + _COLUMN_FIELDS,
)
FINISH_RUN = Operation(
    "FinishRun",
    "mutation",
    "finishRun",
    'mutation FinishRun($id:ID!$status:RunStatus){finishRun(id:$id status:$status){...RunFields}}' + _RUN_FIELDS + _EXPERIMENT_REF + _USER_REF + _TAG_FIELDS + _METRIC_FIELDS,
)
GET_BEST_RUN = Operation(
    "GetBestRun",
    "query",
    "experiment",
    'query GetBestRun($project:String!$experiment:String!$metric:String!$goal:Goal){experiment(project:$project name:$experiment){bestRun(metric:$metric goal:$goal){...RunFields}}}' + _RUN_FIELDS + _EXPERIMENT_REF + _USER_REF + _TAG_FIELDS + _METRIC_FIELDS,
)
GET_BUCKET = Operation(
    "GetBucket",
    "query",
    "bucket",
    'query GetBucket($name:String!){bucket(name:$name){...BucketFields}}' + _BUCKET_FIELDS + _PROJECT_REF,
)
GET_DATASET = Operation(
    "GetDataset",
    "query",
    "dataset",
    'query GetDataset($project:String!$name:String!){dataset(project:$project name:$name){...DatasetFields}}' + _DATASET_FIELDS + _COLUMN_FIELDS + _OBJECT_REF + _PROJECT_REF,
)
GET_DATASET_URL = Operation(
    "GetDatasetUrl",
    "query",
    "dataset",
    'query GetDatasetUrl($project:String!$name:String!$format:TableFormat$expiresIn:Int){dataset(project:$project name:$name){...DatasetFields preview(limit:1){downloadUrl(format:$format expiresIn:$expiresIn)}}}' + _DATASET_FIELDS + _COLUMN_FIELDS + _OBJECT_REF + _PROJECT_REF,
)
GET_DEPLOYMENT = Operation(
    "GetDeployment",
    "query",
    "deployment",
    'query GetDeployment($project:String!$name:String!){deployment(project:$project name:$name){...DeploymentFields steps{name kind needs arguments maxAttempts timeoutSeconds script{...ObjectRef}}requirements libraries{...ObjectRef}archive{sha256 builtAt packages}applicationId yaml}}' + _DEPLOYMENT_FIELDS + _SCHEDULE_FIELDS + _MODEL_VERSION_REF + _PIPELINE_RUN_REF + _PROJECT_REF + _OBJECT_REF,
)
GET_EXPERIMENT = Operation(
    "GetExperiment",
    "query",
    "experiment",
    'query GetExperiment($project:String!$name:String!){experiment(project:$project name:$name){...ExperimentFields}}' + _EXPERIMENT_FIELDS + _TAG_FIELDS + _PROJECT_REF,
)
GET_METRIC_HISTORY = Operation(
    "GetMetricHistory",
    "query",
    "node",
    'query GetMetricHistory($run:ID!$key:String!$first:Int$after:String){node(id:$run){__typename ...on Run{metricHistory(key:$key first:$first after:$after){totalCount pageInfo{...PageFields}nodes{...MetricFields}}}}}' + _PAGE_FIELDS + _METRIC_FIELDS,
)
GET_MODEL = Operation(
    "GetModel",
    "query",
    "model",
    'query GetModel($project:String!$name:String!){model(project:$project name:$name){...ModelFields}}' + _MODEL_FIELDS + _TAG_FIELDS + _MODEL_VERSION_REF + _PROJECT_REF,
)
GET_MODEL_VERSION = Operation(
    "GetModelVersion",
    "query",
    "modelVersion",
    'query GetModelVersion($project:String!$uri:String!){modelVersion(project:$project uri:$uri){...ModelVersionFields files{...ObjectRef}stageHistory{from to at by{...UserRef}}}}' + _MODEL_VERSION_FIELDS + _TAG_FIELDS + _MODEL_REF + _RUN_REF + _EXPERIMENT_REF + _OBJECT_REF + _USER_REF,
)
GET_MODEL_VERSION_URL = Operation(
    "GetModelVersionUrl",
    "query",
    "modelVersion",
    'query GetModelVersionUrl($project:String!$uri:String!$expiresIn:Int){modelVersion(project:$project uri:$uri){...ModelVersionFields files{...ObjectRef downloadUrl(expiresIn:$expiresIn)}downloadUrl(expiresIn:$expiresIn)}}' + _MODEL_VERSION_FIELDS + _TAG_FIELDS + _MODEL_REF + _RUN_REF + _EXPERIMENT_REF + _OBJECT_REF,
)
GET_NAMING_RULES = Operation(
    "GetNamingRules",
    "query",
    "namingPolicy",
    'query GetNamingRules{namingPolicy{rules{kind pattern maxLength description example}}}',
)
GET_NODE = Operation(
    "GetNode",
    "query",
    "node",
    'query GetNode($id:ID!){node(id:$id){...NodeRef}}' + _NODE_REF,
)
GET_NODES = Operation(
    "GetNodes",
    "query",
    "nodes",
    'query GetNodes($ids:[ID!]!){nodes(ids:$ids){...NodeRef}}' + _NODE_REF,
)
GET_OBJECT = Operation(
    "GetObject",
    "query",
    "bucket",
    'query GetObject($bucket:String!$key:String!){bucket(name:$bucket){object(key:$key){...ObjectFields dataset{...DatasetRef}}}}' + _OBJECT_FIELDS + _DATASET_REF,
)
GET_OBJECT_TABLE_URL = Operation(
    "GetObjectTableUrl",
    "query",
    "bucket",
    'query GetObjectTableUrl($bucket:String!$key:String!$format:TableFormat$as:TableFormat$expiresIn:Int){bucket(name:$bucket){object(key:$key){...ObjectFields table(format:$format limit:1){columns{...ColumnFields}downloadUrl(format:$as expiresIn:$expiresIn)}}}}' + _OBJECT_FIELDS + _COLUMN_FIELDS,
)
GET_OBJECT_URL = Operation(
    "GetObjectUrl",
    "query",
    "bucket",
    'query GetObjectUrl($bucket:String!$key:String!$expiresIn:Int){bucket(name:$bucket){object(key:$key){...ObjectFields downloadUrl(expiresIn:$expiresIn)}}}' + _OBJECT_FIELDS,
)
GET_PIPELINE_RUN = Operation(
    "GetPipelineRun",
    "query",
    "node",
    'query GetPipelineRun($id:ID!){node(id:$id){__typename ...on PipelineRun{...PipelineRunFields arguments{...TagFields}createdBy{...UserRef}retryOf{...PipelineRunRef}steps{...StepFields}predictions{...PredictionRef}}}}' + _PIPELINE_RUN_FIELDS + _DEPLOYMENT_REF + _PROJECT_REF + _TAG_FIELDS + _USER_REF + _PIPELINE_RUN_REF + _STEP_FIELDS + _PREDICTION_REF,
)
GET_PROJECT = Operation(
    "GetProject",
    "query",
    "project",
    'query GetProject($name:String!){project(name:$name){...ProjectFields members{...MemberFields}}}' + _PROJECT_FIELDS + _MEMBER_FIELDS + _USER_REF,
)
GET_RUN = Operation(
    "GetRun",
    "query",
    "node",
    'query GetRun($id:ID!){node(id:$id){__typename ...on Run{...RunFields parent{...RunRef}pipelineStep{...StepRef}inputVersions{version dataset{...DatasetRef}}modelVersions{...ModelVersionRef}}}}' + _RUN_FIELDS + _EXPERIMENT_REF + _USER_REF + _TAG_FIELDS + _METRIC_FIELDS + _RUN_REF + _STEP_REF + _PIPELINE_RUN_REF + _DATASET_REF + _MODEL_VERSION_REF,
)
GET_SCRIPT_TEMPLATE = Operation(
    "GetScriptTemplate",
    "query",
    "scriptTemplate",
    'query GetScriptTemplate($project:String!$kind:StepKind!){scriptTemplate(project:$project kind:$kind)}',
)
GET_SELECT_URL = Operation(
    "GetSelectUrl",
    "query",
    "executeSelect",
    'query GetSelectUrl($project:String!$sql:String!$params:JSON$format:TableFormat$expiresIn:Int){executeSelect(project:$project sql:$sql params:$params limit:1){columns{...ColumnFields}downloadUrl(format:$format expiresIn:$expiresIn)}}' + _COLUMN_FIELDS,
)
GET_SERVER = Operation(
    "GetServer",
    "query",
    "server",
    'query GetServer{server{version startedAt backends{role kind healthy detail}limits{objectBytes sqlTimeoutMs tableRows}errorCodes}}',
)
GET_VIEWER = Operation(
    "GetViewer",
    "query",
    "viewer",
    'query GetViewer{viewer{...UserFields}}' + _USER_FIELDS,
)
IMPORT_BUCKET = Operation(
    "ImportBucket",
    "mutation",
    "importBucket",
    'mutation ImportBucket($input:ImportBucketInput!){importBucket(input:$input){...BucketSyncFields}}' + _BUCKET_SYNC_FIELDS + _BUCKET_FIELDS + _PROJECT_REF,
)
LIST_ACCESS_KEYS = Operation(
    "ListAccessKeys",
    "query",
    "viewer",
    'query ListAccessKeys{viewer{accessKeys{...AccessKeyFields}}}' + _ACCESS_KEY_FIELDS + _PROJECT_REF,
)
LIST_ARTIFACTS = Operation(
    "ListArtifacts",
    "query",
    "node",
    'query ListArtifacts($run:ID!$path:String){node(id:$run){__typename ...on Run{artifacts(path:$path){...ObjectFields}}}}' + _OBJECT_FIELDS,
)
LIST_BUCKETS = Operation(
    "ListBuckets",
    "query",
    "project",
    'query ListBuckets($project:String!$first:Int$after:String){project(name:$project){buckets(first:$first after:$after){totalCount pageInfo{...PageFields}nodes{...BucketFields}}}}' + _PAGE_FIELDS + _BUCKET_FIELDS + _PROJECT_REF,
)
LIST_CHILD_RUNS = Operation(
    "ListChildRuns",
    "query",
    "node",
    'query ListChildRuns($run:ID!$first:Int$after:String){node(id:$run){__typename ...on Run{children(first:$first after:$after){totalCount pageInfo{...PageFields}nodes{...RunFields}}}}}' + _PAGE_FIELDS + _RUN_FIELDS + _EXPERIMENT_REF + _USER_REF + _TAG_FIELDS + _METRIC_FIELDS,
)
LIST_DATASETS = Operation(
    "ListDatasets",
    "query",
    "project",
    'query ListDatasets($project:String!$first:Int$after:String){project(name:$project){datasets(first:$first after:$after){totalCount pageInfo{...PageFields}nodes{...DatasetFields}}}}' + _PAGE_FIELDS + _DATASET_FIELDS + _COLUMN_FIELDS + _OBJECT_REF + _PROJECT_REF,
)
LIST_DEPLOYMENT_RUNS = Operation(
    "ListDeploymentRuns",
    "query",
    "deployment",
    'query ListDeploymentRuns($project:String!$name:String!$status:[PipelineStatus!]$first:Int$after:String){deployment(project:$project name:$name){pipelineRuns(status:$status first:$first after:$after){totalCount pageInfo{...PageFields}nodes{...PipelineRunFields}}}}' + _PAGE_FIELDS + _PIPELINE_RUN_FIELDS + _DEPLOYMENT_REF + _PROJECT_REF,
)
LIST_DEPLOYMENTS = Operation(
    "ListDeployments",
    "query",
    "project",
    'query ListDeployments($project:String!$first:Int$after:String){project(name:$project){deployments(first:$first after:$after){totalCount pageInfo{...PageFields}nodes{...DeploymentFields}}}}' + _PAGE_FIELDS + _DEPLOYMENT_FIELDS + _SCHEDULE_FIELDS + _MODEL_VERSION_REF + _PIPELINE_RUN_REF + _PROJECT_REF,
)
LIST_EXPERIMENTS = Operation(
    "ListExperiments",
    "query",
    "project",
    'query ListExperiments($project:String!$filter:String$orderBy:[String!]$first:Int$after:String){project(name:$project){experiments(filter:$filter orderBy:$orderBy first:$first after:$after){totalCount pageInfo{...PageFields}nodes{...ExperimentFields}}}}' + _PAGE_FIELDS + _EXPERIMENT_FIELDS + _TAG_FIELDS + _PROJECT_REF,
)
LIST_MODEL_VERSIONS = Operation(
    "ListModelVersions",
    "query",
    "model",
    'query ListModelVersions($project:String!$name:String!$stage:[ModelStage!]$first:Int$after:String){model(project:$project name:$name){versions(stage:$stage first:$first after:$after){totalCount pageInfo{...PageFields}nodes{...ModelVersionFields}}}}' + _PAGE_FIELDS + _MODEL_VERSION_FIELDS + _TAG_FIELDS + _MODEL_REF + _RUN_REF + _EXPERIMENT_REF,
)
LIST_MODELS = Operation(
    "ListModels",
    "query",
    "project",
    'query ListModels($project:String!$filter:String$orderBy:[String!]$first:Int$after:String){project(name:$project){models(filter:$filter orderBy:$orderBy first:$first after:$after){totalCount pageInfo{...PageFields}nodes{...ModelFields}}}}' + _PAGE_FIELDS + _MODEL_FIELDS + _TAG_FIELDS + _MODEL_VERSION_REF + _PROJECT_REF,
)
LIST_OBJECTS = Operation(
    "ListObjects",
    "query",
    "bucket",
    'query ListObjects($bucket:String!$prefix:String$delimiter:String$first:Int$after:String){bucket(name:$bucket){objects(prefix:$prefix delimiter:$delimiter first:$first after:$after){commonPrefixes pageInfo{...PageFields}nodes{...ObjectFields}}}}' + _PAGE_FIELDS + _OBJECT_FIELDS,
)
LIST_PIPELINE_EVENTS = Operation(
    "ListPipelineEvents",
    "query",
    "node",
    'query ListPipelineEvents($pipelineRun:ID!$after:Int$first:Int){node(id:$pipelineRun){__typename ...on PipelineRun{status lastSequence events(after:$after first:$first){...PipelineEventFields}}}}' + _PIPELINE_EVENT_FIELDS,
)
LIST_PIPELINE_RUNS = Operation(
    "ListPipelineRuns",
    "query",
    "project",
    'query ListPipelineRuns($project:String!$status:[PipelineStatus!]$first:Int$after:String){project(name:$project){pipelineRuns(status:$status first:$first after:$after){totalCount pageInfo{...PageFields}nodes{...PipelineRunFields}}}}' + _PAGE_FIELDS + _PIPELINE_RUN_FIELDS + _DEPLOYMENT_REF + _PROJECT_REF,
)
LIST_PREDICTIONS = Operation(
    "ListPredictions",
    "query",
    "project",
    'query ListPredictions($project:String!$first:Int$after:String){project(name:$project){predictions(first:$first after:$after){totalCount pageInfo{...PageFields}nodes{...PredictionFields}}}}' + _PAGE_FIELDS + _PREDICTION_FIELDS + _USER_REF + _MODEL_VERSION_REF + _DATASET_REF + _DEPLOYMENT_REF + _PIPELINE_RUN_REF + _PROJECT_REF,
)
LIST_PROJECTS = Operation(
    "ListProjects",
    "query",
    "projects",
    'query ListProjects($first:Int$after:String){projects(first:$first after:$after){totalCount pageInfo{...PageFields}nodes{...ProjectFields}}}' + _PAGE_FIELDS + _PROJECT_FIELDS,
)
LOG_BATCH = Operation(
    "LogBatch",
    "mutation",
    "logBatch",
    'mutation LogBatch($input:LogBatchInput!){logBatch(input:$input){id}}',
)
LOG_IN = Operation(
    "LogIn",
    "mutation",
    "login",
    'mutation LogIn($email:String!$password:String!){login(email:$email password:$password){token expiresAt user{...UserFields}}}' + _USER_FIELDS,
)
PREDICT = Operation(
    "Predict",
    "mutation",
    "predict",
    'mutation Predict($input:PredictInput!){predict(input:$input){predictions durationMs modelVersion{...ModelVersionRef}}}' + _MODEL_VERSION_REF,
)
PREVIEW_DATASET = Operation(
    "PreviewDataset",
    "query",
    "dataset",
    'query PreviewDataset($project:String!$name:String!$limit:Int){dataset(project:$project name:$name){...DatasetFields preview(limit:$limit){...TableFields}}}' + _DATASET_FIELDS + _COLUMN_FIELDS + _OBJECT_REF + _PROJECT_REF + _TABLE_FIELDS,
)
PREVIEW_PREDICTION = Operation(
    "PreviewPrediction",
    "query",
    "node",
    'query PreviewPrediction($id:ID!$limit:Int){node(id:$id){__typename ...on Prediction{...PredictionFields preview(limit:$limit){...TableFields}}}}' + _PREDICTION_FIELDS + _USER_REF + _MODEL_VERSION_REF + _DATASET_REF + _DEPLOYMENT_REF + _PIPELINE_RUN_REF + _PROJECT_REF + _TABLE_FIELDS + _COLUMN_FIELDS,
)
READ_OBJECT = Operation(
    "ReadObject",
    "query",
    "bucket",
    'query ReadObject($bucket:String!$key:String!$format:TableFormat$limit:Int$offset:BigInt){bucket(name:$bucket){object(key:$key){...ObjectFields table(format:$format limit:$limit offset:$offset){...TableFields}}}}' + _OBJECT_FIELDS + _TABLE_FIELDS + _COLUMN_FIELDS,
)
READ_STEP_LOGS = Operation(
    "ReadStepLogs",
    "query",
    "node",
    'query ReadStepLogs($pipelineRun:ID!$step:String!$after:Int$first:Int){node(id:$pipelineRun){__typename ...on PipelineRun{step(name:$step){...StepFields logs(after:$after first:$first){number at stream text}}}}}' + _STEP_FIELDS,
)
REPORT_STEP = Operation(
    "ReportStep",
    "mutation",
    "reportStep",
    'mutation ReportStep($input:ReportStepInput!){reportStep(input:$input){...StepFields}}' + _STEP_FIELDS,
)
RETRY_PIPELINE_RUN = Operation(
    "RetryPipelineRun",
    "mutation",
    "retryPipelineRun",
    'mutation RetryPipelineRun($id:ID!){retryPipelineRun(id:$id){...PipelineRunFields}}' + _PIPELINE_RUN_FIELDS + _DEPLOYMENT_REF + _PROJECT_REF,
)
REVOKE_ACCESS_KEY = Operation(
    "RevokeAccessKey",
    "mutation",
    "revokeAccessKey",
    'mutation RevokeAccessKey($id:ID!){revokeAccessKey(id:$id){...AccessKeyFields}}' + _ACCESS_KEY_FIELDS + _PROJECT_REF,
)
RUN_DEPLOYMENT = Operation(
    "RunDeployment",
    "mutation",
    "runDeployment",
    'mutation RunDeployment($input:RunDeploymentInput!){runDeployment(input:$input){...PipelineRunFields}}' + _PIPELINE_RUN_FIELDS + _DEPLOYMENT_REF + _PROJECT_REF,
)
SAVE_MODEL = Operation(
    "SaveModel",
    "mutation",
    "saveModel",
    'mutation SaveModel($input:SaveModelInput!){saveModel(input:$input){...ModelVersionFields}}' + _MODEL_VERSION_FIELDS + _TAG_FIELDS + _MODEL_REF + _RUN_REF + _EXPERIMENT_REF,
)
SAVE_PREDICTIONS = Operation(
    "SavePredictions",
    "mutation",
    "savePredictions",
    'mutation SavePredictions($input:SavePredictionsInput!){savePredictions(input:$input){...PredictionFields}}' + _PREDICTION_FIELDS + _USER_REF + _MODEL_VERSION_REF + _DATASET_REF + _DEPLOYMENT_REF + _PIPELINE_RUN_REF + _PROJECT_REF,
)
SEARCH_RUNS = Operation(
    "SearchRuns",
    "query",
    "experiment",
    'query SearchRuns($project:String!$experiment:String!$filter:String$orderBy:[String!]$lifecycle:Lifecycle$first:Int$after:String){experiment(project:$project name:$experiment){runs(filter:$filter orderBy:$orderBy lifecycle:$lifecycle first:$first after:$after){totalCount pageInfo{...PageFields}nodes{...RunFields}}}}' + _PAGE_FIELDS + _RUN_FIELDS + _EXPERIMENT_REF + _USER_REF + _TAG_FIELDS + _METRIC_FIELDS,
)
SET_MODEL_ALIAS = Operation(
    "SetModelAlias",
    "mutation",
    "setModelAlias",
    'mutation SetModelAlias($project:String!$model:String!$alias:String!$version:Int){setModelAlias(project:$project model:$model alias:$alias version:$version){...ModelFields}}' + _MODEL_FIELDS + _TAG_FIELDS + _MODEL_VERSION_REF + _PROJECT_REF,
)
SET_PROJECT_MEMBER = Operation(
    "SetProjectMember",
    "mutation",
    "setProjectMember",
    'mutation SetProjectMember($project:String!$email:String!$role:Role){setProjectMember(project:$project email:$email role:$role){...ProjectFields members{...MemberFields}}}' + _PROJECT_FIELDS + _MEMBER_FIELDS + _USER_REF,
)
SET_RUN_LIFECYCLE = Operation(
    "SetRunLifecycle",
    "mutation",
    "setRunLifecycle",
    'mutation SetRunLifecycle($id:ID!$lifecycle:Lifecycle!){setRunLifecycle(id:$id lifecycle:$lifecycle){...RunFields}}' + _RUN_FIELDS + _EXPERIMENT_REF + _USER_REF + _TAG_FIELDS + _METRIC_FIELDS,
)
SET_SCHEDULE = Operation(
    "SetSchedule",
    "mutation",
    "setSchedule",
    'mutation SetSchedule($deployment:ID!$cron:String$timezone:String$enabled:Boolean){setSchedule(deployment:$deployment cron:$cron timezone:$timezone enabled:$enabled){...DeploymentFields}}' + _DEPLOYMENT_FIELDS + _SCHEDULE_FIELDS + _MODEL_VERSION_REF + _PIPELINE_RUN_REF + _PROJECT_REF,
)
SYNC_BUCKET = Operation(
    "SyncBucket",
    "mutation",
    "syncBucket",
    'mutation SyncBucket($bucket:String!$prefix:String){syncBucket(bucket:$bucket prefix:$prefix){...BucketSyncFields}}' + _BUCKET_SYNC_FIELDS + _BUCKET_FIELDS + _PROJECT_REF,
)
TRACE_DATASET = Operation(
    "TraceDataset",
    "query",
    "dataset",
    'query TraceDataset($project:String!$name:String!$first:Int){dataset(project:$project name:$name){...DatasetFields producedBy{...StepRef}usedBy(first:$first){nodes{...RunRef}}predictionsFrom(first:$first){nodes{...PredictionRef}}predictions(first:$first){nodes{...PredictionRef}}}}' + _DATASET_FIELDS + _COLUMN_FIELDS + _OBJECT_REF + _PROJECT_REF + _STEP_REF + _PIPELINE_RUN_REF + _RUN_REF + _EXPERIMENT_REF + _PREDICTION_REF,
)
TRACE_MODEL_VERSION = Operation(
    "TraceModelVersion",
    "query",
    "modelVersion",
    'query TraceModelVersion($project:String!$uri:String!$first:Int){modelVersion(project:$project uri:$uri){...ModelVersionFields run{...RunRef inputVersions{version dataset{...DatasetRef object{...ObjectRef}}}pipelineStep{...StepRef}}deployments(first:$first){nodes{...DeploymentRef}}predictions(first:$first){nodes{...PredictionRef}}}}' + _MODEL_VERSION_FIELDS + _TAG_FIELDS + _MODEL_REF + _RUN_REF + _EXPERIMENT_REF + _DATASET_REF + _OBJECT_REF + _STEP_REF + _PIPELINE_RUN_REF + _DEPLOYMENT_REF + _PREDICTION_REF,
)
TRACE_PIPELINE_RUN = Operation(
    "TracePipelineRun",
    "query",
    "node",
    'query TracePipelineRun($id:ID!){node(id:$id){__typename ...on PipelineRun{...PipelineRunFields steps{...StepRef runs{...RunRef}datasets{...DatasetRef}predictions{...PredictionRef}}}}}' + _PIPELINE_RUN_FIELDS + _DEPLOYMENT_REF + _PROJECT_REF + _STEP_REF + _PIPELINE_RUN_REF + _RUN_REF + _EXPERIMENT_REF + _DATASET_REF + _PREDICTION_REF,
)
TRACE_PREDICTION = Operation(
    "TracePrediction",
    "query",
    "node",
    'query TracePrediction($id:ID!){node(id:$id){__typename ...on Prediction{...PredictionFields pipelineStep{...StepRef}input{...DatasetRef object{...ObjectRef}}modelVersion{...ModelVersionRef run{...RunRef metrics{...MetricFields}inputVersions{version dataset{...DatasetRef object{...ObjectRef}}}}}}}}' + _PREDICTION_FIELDS + _USER_REF + _MODEL_VERSION_REF + _DATASET_REF + _DEPLOYMENT_REF + _PIPELINE_RUN_REF + _PROJECT_REF + _STEP_REF + _OBJECT_REF + _RUN_REF + _EXPERIMENT_REF + _METRIC_FIELDS,
)
TRANSITION_MODEL_VERSION = Operation(
    "TransitionModelVersion",
    "mutation",
    "transitionModelVersion",
    'mutation TransitionModelVersion($input:TransitionModelVersionInput!){transitionModelVersion(input:$input){...ModelVersionFields}}' + _MODEL_VERSION_FIELDS + _TAG_FIELDS + _MODEL_REF + _RUN_REF + _EXPERIMENT_REF,
)
UPDATE_EXPERIMENT = Operation(
    "UpdateExperiment",
    "mutation",
    "updateExperiment",
    'mutation UpdateExperiment($input:UpdateExperimentInput!){updateExperiment(input:$input){...ExperimentFields}}' + _EXPERIMENT_FIELDS + _TAG_FIELDS + _PROJECT_REF,
)
UPDATE_MODEL = Operation(
    "UpdateModel",
    "mutation",
    "updateModel",
    'mutation UpdateModel($input:UpdateModelInput!){updateModel(input:$input){...ModelFields}}' + _MODEL_FIELDS + _TAG_FIELDS + _MODEL_VERSION_REF + _PROJECT_REF,
)
UPDATE_MODEL_VERSION = Operation(
    "UpdateModelVersion",
    "mutation",
    "updateModelVersion",
    'mutation UpdateModelVersion($input:UpdateModelVersionInput!){updateModelVersion(input:$input){...ModelVersionFields}}' + _MODEL_VERSION_FIELDS + _TAG_FIELDS + _MODEL_REF + _RUN_REF + _EXPERIMENT_REF,
)
WATCH_METRICS = Operation(
    "WatchMetrics",
    "subscription",
    "metricLogged",
    'subscription WatchMetrics($run:ID!$keys:[String!]){metricLogged(run:$run keys:$keys){...MetricFields}}' + _METRIC_FIELDS,
)
WATCH_MODEL_VERSIONS = Operation(
    "WatchModelVersions",
    "subscription",
    "modelVersionChanged",
    'subscription WatchModelVersions($project:String!$model:String){modelVersionChanged(project:$project model:$model){...ModelVersionFields}}' + _MODEL_VERSION_FIELDS + _TAG_FIELDS + _MODEL_REF + _RUN_REF + _EXPERIMENT_REF,
)
WATCH_PIPELINE_RUN = Operation(
    "WatchPipelineRun",
    "subscription",
    "pipelineEvents",
    'subscription WatchPipelineRun($pipelineRun:ID!$after:Int){pipelineEvents(pipelineRun:$pipelineRun after:$after){...PipelineEventFields}}' + _PIPELINE_EVENT_FIELDS,
)
WATCH_PIPELINE_RUNS = Operation(
    "WatchPipelineRuns",
    "subscription",
    "pipelineRunChanged",
    'subscription WatchPipelineRuns($project:String!){pipelineRunChanged(project:$project){...PipelineRunFields steps{...StepFields}}}' + _PIPELINE_RUN_FIELDS + _DEPLOYMENT_REF + _PROJECT_REF + _STEP_FIELDS,
)
