# Made by `npm run codegen` from schema.graphql and codegen/operations: do not change it here.
"""The enums of the schema."""

from __future__ import annotations

from .._codec import OpenEnum


class BackendRole(OpenEnum):
    """What a backend does for this server."""

    CATALOG = "CATALOG"
    """Keeps the rows of every entity."""
    COMPUTE = "COMPUTE"
    """Runs the steps of pipelines."""
    FUNCTIONS = "FUNCTIONS"
    """Answers online predictions."""
    LAKEHOUSE = "LAKEHOUSE"
    """Keeps tables and runs SQL."""
    OBJECT_STORE = "OBJECT_STORE"
    """Keeps the bytes of objects."""
    PUBSUB = "PUBSUB"
    """Carries events between servers."""
    TRACKING = "TRACKING"
    """Keeps experiments and runs; part of the catalog."""


class BucketPurpose(OpenEnum):
    """What a bucket is for. Its name says so too."""

    DEPLOYMENTS = "DEPLOYMENTS"
    """Scripts, libraries and dependency archives."""
    FEATURES = "FEATURES"
    """Data made ready for training."""
    MODELS = "MODELS"
    """Files of models."""
    PREDICTIONS = "PREDICTIONS"
    """Results."""
    RAW = "RAW"
    """Data as it came."""
    TEMP = "TEMP"
    """What may be lost."""


class ClusterSize(OpenEnum):
    """How large the machines are: 1, 2 and 3 of DHuOlib."""

    LARGE = "LARGE"
    """Four executors, unless the server is set otherwise."""
    MEDIUM = "MEDIUM"
    """Two executors, unless the server is set otherwise."""
    SMALL = "SMALL"
    """One executor, unless the server is set otherwise."""


class ColumnType(OpenEnum):
    """The type of the values of a column, the same for every backend."""

    BINARY = "BINARY"
    """Bytes, as base64."""
    BOOLEAN = "BOOLEAN"
    """true and false."""
    DATE = "DATE"
    """A day, as YYYY-MM-DD."""
    DECIMAL = "DECIMAL"
    """Exact decimals; a string beyond 15 digits."""
    FLOAT = "FLOAT"
    """Floating point; NaN and the infinities as strings."""
    INTEGER = "INTEGER"
    """Whole numbers; a string above 2^53."""
    JSON = "JSON"
    """Nested values: JSON documents, lists, structs, maps."""
    OTHER = "OTHER"
    """Anything else, as text."""
    STRING = "STRING"
    """Text; also enums and UUIDs."""
    TIMESTAMP = "TIMESTAMP"
    """An instant, as ISO 8601 in UTC."""


class DatasetKind(OpenEnum):
    """What a dataset was made from."""

    OBJECT = "OBJECT"
    """An object, whose bytes stay what they were."""
    TABLE = "TABLE"
    """A statement, or a table that was there."""


class DeploymentKind(OpenEnum):
    """How a deployment is used."""

    BATCH = "BATCH"
    """Its steps run as a pipeline, on demand or by a clock."""
    ONLINE = "ONLINE"
    """It answers: `predict` asks it."""


class DeploymentStatus(OpenEnum):
    """Whether a deployment can be used."""

    DELETED = "DELETED"
    """It is gone: its runs can be looked at, its name is free."""
    FAILED = "FAILED"
    """It could not be packaged; `statusDetail` says why. Deploy it again."""
    PACKAGING = "PACKAGING"
    """Its requirements and libraries are being put together. Runs that are started wait for that."""
    READY = "READY"
    """It can be used."""


class ErrorCode(OpenEnum):
    """What `extensions.code` of an error can be. The list is closed."""

    BACKEND_UNAVAILABLE = "BACKEND_UNAVAILABLE"
    """A backend does not answer; trying again later may work."""
    BAD_USER_INPUT = "BAD_USER_INPUT"
    """An argument is wrong; `extensions.field` says which."""
    CONFLICT = "CONFLICT"
    """The name is taken, or somebody else changed it at the same time."""
    FORBIDDEN = "FORBIDDEN"
    """You may see it, but not do this with it."""
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"
    """Our fault. The log has more under `extensions.requestId`."""
    NOT_FOUND = "NOT_FOUND"
    """It does not exist, or you may not see it."""
    PRECONDITION_FAILED = "PRECONDITION_FAILED"
    """It cannot be done in the present state; the message says what is missing."""
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    """The document is too deep, too wide or too costly; the message gives the limit."""
    RATE_LIMITED = "RATE_LIMITED"
    """Too many tries; `extensions.retryAfterSeconds` says how long to wait."""
    TIMEOUT = "TIMEOUT"
    """It took longer than it may."""
    UNAUTHENTICATED = "UNAUTHENTICATED"
    """No valid credentials came with the request."""


class Goal(OpenEnum):
    """Which values of a metric are better."""

    MAXIMIZE = "MAXIMIZE"
    """Larger ones, as with accuracy."""
    MINIMIZE = "MINIMIZE"
    """Smaller ones, as with a loss."""


class Lifecycle(OpenEnum):
    """Whether an experiment or a run is deleted."""

    ACTIVE = "ACTIVE"
    """In use."""
    DELETED = "DELETED"
    """In no list, and nothing can be written to it; its id still finds it, and it can be restored."""


class LogStream(OpenEnum):
    """Where a line of a log comes from."""

    STDERR = "STDERR"
    """The script's standard error."""
    STDOUT = "STDOUT"
    """The script's standard output."""
    SYSTEM = "SYSTEM"
    """What runs the script."""


class ModelStage(OpenEnum):
    """How far a model version has come."""

    ARCHIVED = "ARCHIVED"
    """No longer in use."""
    NONE = "NONE"
    """Just made."""
    PRODUCTION = "PRODUCTION"
    """In use."""
    STAGING = "STAGING"
    """Being tried."""


class ModelVersionStatus(OpenEnum):
    """Whether a model version can be used."""

    FAILED = "FAILED"
    """It could not be made."""
    PENDING = "PENDING"
    """Its files are not all there yet."""
    READY = "READY"
    """It can be used; its files do not change."""


class NameKind(OpenEnum):
    """What a name is for."""

    BUCKET = "BUCKET"
    """A bucket: begins with its project and purpose."""
    DATASET = "DATASET"
    """A dataset."""
    DEPLOYMENT = "DEPLOYMENT"
    """A deployment."""
    EXPERIMENT = "EXPERIMENT"
    """An experiment."""
    MODEL = "MODEL"
    """A registered model."""
    OBJECT_KEY = "OBJECT_KEY"
    """The key of an object in a bucket."""
    PROJECT = "PROJECT"
    """A project."""
    STEP = "STEP"
    """A step of a pipeline."""
    TABLE = "TABLE"
    """A table in the lakehouse."""


class PipelineEventType(OpenEnum):
    """What an event tells of."""

    LOG = "LOG"
    """A script printed a line: `message`, with its `number` and `stream`."""
    RUN_STATUS = "RUN_STATUS"
    """The run has another status: `runStatus`, and why in `message`. A final one is the last event of a run."""
    STEP_PROGRESS = "STEP_PROGRESS"
    """A script said something of its step: `progress`, `message`, perhaps `stepStatus`."""
    STEP_STATUS = "STEP_STATUS"
    """A step has another status: `stepStatus`, and why in `message`. A final one comes after the last line of the step."""


class PipelineStatus(OpenEnum):
    """How a pipeline run is getting on."""

    CANCELED = "CANCELED"
    """Somebody ended it."""
    FAILED = "FAILED"
    """A step failed, and nothing else could run any more."""
    QUEUED = "QUEUED"
    """Not yet begun: it waits for its turn, or for its deployment to be packaged."""
    RUNNING = "RUNNING"
    """Its first step was begun."""
    SUCCEEDED = "SUCCEEDED"
    """Every step succeeded."""


class Role(OpenEnum):
    """What somebody may do in a project."""

    EDITOR = "EDITOR"
    """Reads and changes everything but members."""
    OWNER = "OWNER"
    """Does everything; manages members and their keys."""
    VIEWER = "VIEWER"
    """Reads everything."""


class RunStatus(OpenEnum):
    """How a run is getting on."""

    FAILED = "FAILED"
    """Broken off by an error."""
    FINISHED = "FINISHED"
    """Done."""
    KILLED = "KILLED"
    """Broken off by somebody."""
    RUNNING = "RUNNING"
    """Under way."""
    SCHEDULED = "SCHEDULED"
    """Not yet begun."""


class StepKind(OpenEnum):
    """What a step is for. It says nothing of how the step runs."""

    CUSTOM = "CUSTOM"
    """Anything else."""
    EVALUATION = "EVALUATION"
    """Measures what was learned."""
    FEATURE_ENGINEERING = "FEATURE_ENGINEERING"
    """Turns data into features."""
    INGESTION = "INGESTION"
    """Fetches data."""
    PREDICTION = "PREDICTION"
    """Applies a model."""
    TRAINING = "TRAINING"
    """Learns from features."""


class StepStatus(OpenEnum):
    """How a step of a pipeline run is getting on."""

    CANCELED = "CANCELED"
    """It was ended, or never begun, because somebody ended the run."""
    FAILED = "FAILED"
    """Its last attempt failed."""
    PENDING = "PENDING"
    """It waits for the steps that it needs."""
    QUEUED = "QUEUED"
    """It waits for the compute backend, or, after an attempt that failed, for the next one."""
    RUNNING = "RUNNING"
    """Its script runs."""
    SKIPPED = "SKIPPED"
    """It was not begun, because something that it needs did not succeed."""
    SUCCEEDED = "SUCCEEDED"
    """Its script ended well, in this run or in the one that this run tries again."""


class TableFormat(OpenEnum):
    """A file format for tables."""

    ARROW = "ARROW"
    """Apache Arrow IPC: written as a stream, read as a stream or a file."""
    CSV = "CSV"
    """Comma-separated text with a header."""
    JSON = "JSON"
    """One JSON array of objects."""
    NDJSON = "NDJSON"
    """One JSON object in each line."""
    PARQUET = "PARQUET"
    """Apache Parquet."""


class Trigger(OpenEnum):
    """What started a pipeline run."""

    MANUAL = "MANUAL"
    """Somebody."""
    RETRY = "RETRY"
    """Somebody who tried an earlier run again."""
    SCHEDULE = "SCHEDULE"
    """A tick of the schedule of its deployment."""


class WriteMode(OpenEnum):
    """What happens to rows that are there."""

    APPEND = "APPEND"
    """They stay, and the new ones are added, by column name. The dataset must exist."""
    CREATE = "CREATE"
    """There must be none: the name must be free."""
    REPLACE = "REPLACE"
    """They go, and the new ones take their place in one step. Makes the dataset where there is none."""
