# Made by `npm run codegen` from schema.graphql and codegen/operations: do not change it here.
"""The input types of the schema. Fields that are not given are not sent; None is sent as null."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Mapping, Optional, Sequence, Union

from .._codec import UNSET, Input, Maybe, Unset
from .enums import (
    BucketPurpose,
    ClusterSize,
    DeploymentKind,
    Lifecycle,
    LogStream,
    ModelStage,
    Role,
    StepKind,
    StepStatus,
    TableFormat,
    WriteMode,
)


@dataclass(eq=False, repr=False)
class CreateAccessKeyInput(Input):
    """A new access key, for yourself."""

    _names: ClassVar[Mapping[str, str]] = {"expires_at": "expiresAt"}

    name: str
    """To tell it from your others: 1 to 100 characters."""
    expires_at: Maybe[datetime] = UNSET
    """When it ends by itself; without it, never."""
    project: Maybe[str] = UNSET
    """The only project it can reach; without one, all of yours."""
    role: Maybe[Union[Role, str]] = UNSET
    """The most it may do. Default: EDITOR."""


@dataclass(eq=False, repr=False)
class CreateBucketInput(Input):
    """A new bucket."""

    _names: ClassVar[Mapping[str, str]] = {}

    project: str
    """The project's name."""
    purpose: Union[BucketPurpose, str]
    """What it is for."""
    name: Maybe[str] = UNSET
    """Must begin with `<project>-<purpose>`; without a name, it is just that."""


@dataclass(eq=False, repr=False)
class CreateDatasetInput(Input):
    """A new dataset, or the next version of one. Exactly one of `object`, `sql` and `table`."""

    _names: ClassVar[Mapping[str, str]] = {}

    name: str
    """Unique in the project. Its table has the same name, with "_" for "-"."""
    project: str
    """The project's name."""
    description: Maybe[str] = UNSET
    """For people; without it, a description that is there stays."""
    mode: Maybe[Union[WriteMode, str]] = UNSET
    """What happens to rows that are there. Default: CREATE."""
    object: Maybe[Union[ObjectInput, Mapping[str, Any]]] = UNSET
    """Loads this object: CSV, NDJSON, JSON, Parquet or Arrow."""
    sql: Maybe[str] = UNSET
    """Keeps the result of this SELECT."""
    table: Maybe[str] = UNSET
    """Gives a table of the project's schema a name as a dataset; nothing is copied."""


@dataclass(eq=False, repr=False)
class CreateExperimentInput(Input):
    """An experiment to find or to make."""

    _names: ClassVar[Mapping[str, str]] = {}

    name: str
    """Lower-case letters, digits, "-" and "_", 4 to 63, starting with a letter; capitals are lower-cased."""
    project: str
    """The project's name."""
    tags: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET
    """Tags of the new experiment; one that is there keeps its own. Values have at most 5000 characters."""


@dataclass(eq=False, repr=False)
class CreateProjectInput(Input):
    """A new project; you become its OWNER."""

    _names: ClassVar[Mapping[str, str]] = {}

    name: str
    """Lower-case letters, digits, "-" and "_", 4 to 63, starting with a letter; capitals are lower-cased."""
    description: Maybe[str] = UNSET
    """For people."""


@dataclass(eq=False, repr=False)
class CreateRunInput(Input):
    """A new run."""

    _names: ClassVar[Mapping[str, str]] = {"started_at": "startedAt"}

    experiment: str
    """The id of the experiment that it belongs to."""
    inputs: Maybe[Sequence[str]] = UNSET
    """Ids of the datasets that it reads, at most 100."""
    name: Maybe[str] = UNSET
    """At most 250 characters; without it, something like `enchanting-shrew-742`."""
    params: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET
    """What it is called with: at most 100, of at most 6000 characters each. They do not change any more."""
    parent: Maybe[str] = UNSET
    """The id of the run that it is a part of, in the same project."""
    started_at: Maybe[datetime] = UNSET
    """When it began; now when it is not given."""
    tags: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET
    """At most 100, of at most 8000 characters each."""


@dataclass(eq=False, repr=False)
class CreateUploadInput(Input):
    """Announces the bytes of an object."""

    _names: ClassVar[Mapping[str, str]] = {"content_type": "contentType"}

    bucket: str
    """The bucket's name."""
    key: str
    """Any UTF-8 text of 1 to 1024 bytes without line breaks."""
    size: int
    """Bytes, exactly."""
    content_type: Maybe[str] = UNSET
    """Media type; without it, guessed from the key."""
    sha256: Maybe[str] = UNSET
    """SHA-256 in hex. When given, the bytes must agree with it."""


@dataclass(eq=False, repr=False)
class CreateUserInput(Input):
    """A new person."""

    _names: ClassVar[Mapping[str, str]] = {"is_admin": "isAdmin"}

    email: str
    """What they log in with; lower-cased."""
    password: str
    """8 to 1024 characters."""
    is_admin: Maybe[bool] = UNSET
    """Whether they are an administrator. Default: false."""
    name: Maybe[str] = UNSET
    """For display."""


@dataclass(eq=False, repr=False)
class DeployInput(Input):
    """A deployment, or its next version when there is one of that name."""

    _names: ClassVar[Mapping[str, str]] = {"idempotency_key": "idempotencyKey", "model_uri": "modelUri"}

    name: str
    """Lower-case letters, digits, "-" and "_", 4 to 63; capitals are lower-cased."""
    project: str
    """The project's name."""
    steps: Sequence[Union[StepInput, Mapping[str, Any]]]
    """1 to 100, each with a name of its own. ONLINE: one step, of kind PREDICTION, with a script named predict.py."""
    cluster: Maybe[Union[ClusterSize, str]] = UNSET
    """How large the machines are. Default: SMALL."""
    cron: Maybe[str] = UNSET
    """When it runs by itself: five fields of cron. Without it, the schedule that there is stays."""
    idempotency_key: Maybe[str] = UNSET
    """Up to 200 characters. The same key for the same deployment makes one version, however often it is sent."""
    kind: Maybe[Union[DeploymentKind, str]] = UNSET
    """A deployment keeps its kind. Default: BATCH."""
    libraries: Maybe[Sequence[Union[ObjectInput, Mapping[str, Any]]]] = UNSET
    """What travels with the scripts, 100 at most: wheels (.whl), .zip files of Python modules, modules (.py), and
    .jar files. The deployment keeps the bytes that they have now.
    """
    model_uri: Maybe[str] = UNSET
    """The model version that scripts get as DHUO_MODEL_URI: models:/NAME/VERSION, /STAGE, /latest or @ALIAS, as it
    is now.
    """
    requirements: Maybe[str] = UNSET
    """Python packages, as a requirements.txt of 64 KiB at most. Wheels only. No files of the server, no version
    control, no passwords.
    """
    timezone: Maybe[str] = UNSET
    """An IANA time zone: what the fields of `cron` mean. Default: "UTC"."""


@dataclass(eq=False, repr=False)
class ExecuteDmlInput(Input):
    """One INSERT, UPDATE, DELETE or MERGE, run as one transaction."""

    _names: ClassVar[Mapping[str, str]] = {}

    project: str
    """The project's name; unqualified tables are those of its schema."""
    sql: str
    """One statement. Parameters are `?` or `$name`."""
    batch: Maybe[Sequence[Any]] = UNSET
    """The same statement for each of these parameter sets, all or nothing. Not together with `params`."""
    params: Any = UNSET
    """An array for `?`, an object for `$name`."""


@dataclass(eq=False, repr=False)
class ImportBucketInput(Input):
    """A bucket that the storage has already."""

    _names: ClassVar[Mapping[str, str]] = {}

    name: str
    """The bucket's name, exactly as the storage has it. It need not follow the naming policy."""
    project: str
    """The project's name."""
    purpose: Union[BucketPurpose, str]
    """What it is for."""
    prefix: Maybe[str] = UNSET
    """Looks only for keys that begin with it; without it, for all. The whole bucket is the project’s all the same:
    its people can look for the rest, and write there.
    """


@dataclass(eq=False, repr=False)
class KeyValueInput(Input):
    """A name and its text."""

    _names: ClassVar[Mapping[str, str]] = {}

    key: str
    """Letters, digits and "_-. :/"; 250 characters at most."""
    value: str
    """The text."""


@dataclass(eq=False, repr=False)
class LogBatchInput(Input):
    """What a run has to tell: applied whole or not at all. At most 1000 metrics, 100 params and 100 tags,
    and 1000 of all three together.
    """

    _names: ClassVar[Mapping[str, str]] = {}

    run: str
    """The id of the run."""
    inputs: Maybe[Sequence[str]] = UNSET
    """Ids of datasets that the run reads, at most 100."""
    metrics: Maybe[Sequence[Union[MetricInput, Mapping[str, Any]]]] = UNSET
    """Points of metrics. Equal points are one."""
    params: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET
    """Of at most 6000 characters each. One that is there with another value is a CONFLICT."""
    tags: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET
    """Of at most 8000 characters each. One that is there gets the new value."""


@dataclass(eq=False, repr=False)
class MetricInput(Input):
    """One point of a metric: `value`, or `text` for NaN, Infinity and -Infinity."""

    _names: ClassVar[Mapping[str, str]] = {}

    key: str
    """Which metric: letters, digits and "_-. :/"; 250 characters at most."""
    step: Maybe[int] = UNSET
    """Counts epochs or batches; 64 bits, may be negative. Default: 0."""
    text: Maybe[str] = UNSET
    """What is no number of JSON: "NaN", "Infinity" or "-Infinity"."""
    timestamp: Maybe[datetime] = UNSET
    """When it was measured, not before 1970; now when it is not given."""
    value: Maybe[float] = UNSET
    """A number."""


@dataclass(eq=False, repr=False)
class ObjectInput(Input):
    """An object, by bucket and key."""

    _names: ClassVar[Mapping[str, str]] = {}

    bucket: str
    """The bucket's name."""
    key: str
    """The key in the bucket."""
    format: Maybe[Union[TableFormat, str]] = UNSET
    """Where it is read as a table: how. Without it, by the extension of the key."""


@dataclass(eq=False, repr=False)
class PredictInput(Input):
    """A question to an ONLINE deployment."""

    _names: ClassVar[Mapping[str, str]] = {}

    deployment: str
    """The id of the deployment."""
    rows: Sequence[Any]
    """As its predict.py wants them; 1 to 10000. A request has at most 4 MiB."""


@dataclass(eq=False, repr=False)
class ReportStepInput(Input):
    """What a script says of its step: at least one of the fields behind `attempt`. Lines and marks are
    written down in the order of their numbers, then the rest.
    """

    _names: ClassVar[Mapping[str, str]] = {"pipeline_run": "pipelineRun"}

    pipeline_run: str
    """The id of the pipeline run: scripts find it in `DHUO_PIPELINE_RUN`."""
    step: str
    """The name of the step: scripts find it in `DHUO_STEP`."""
    attempt: Maybe[int] = UNSET
    """The attempt that speaks: scripts find it in `DHUO_ATTEMPT`. Without it the newest one."""
    final: Maybe[bool] = UNSET
    """Nothing more comes of this attempt. Default: false."""
    lines: Maybe[Sequence[Union[ReportedLineInput, Mapping[str, Any]]]] = UNSET
    """What it printed: at most 1000 lines and marks at once. Where numbers are missing the log says how many; they
    may still come later. Only for what the server does not hear otherwise.
    """
    marks: Maybe[Sequence[Union[ReportedMarkInput, Mapping[str, Any]]]] = UNSET
    """What it said among those lines."""
    message: Maybe[str] = UNSET
    """For people; at most 2000 characters."""
    progress: Maybe[float] = UNSET
    """How far it is: 0 to 1."""
    status: Maybe[Union[StepStatus, str]] = UNSET
    """RUNNING, SUCCEEDED or FAILED. The end of its process ends a step, not its word; but after FAILED the attempt
    has failed, also when the process ends well.
    """


@dataclass(eq=False, repr=False)
class ReportedLineInput(Input):
    """A line that a script printed, with its number."""

    _names: ClassVar[Mapping[str, str]] = {}

    at: datetime
    """When it was printed."""
    number: int
    """1, 2, 3 … within the attempt, marks included. A line or mark whose number is known already is passed over: it
    may be sent again.
    """
    text: str
    """Without the line's end. Beyond 8192 characters it is cut."""
    stream: Maybe[Union[LogStream, str]] = UNSET
    """Where it comes from. Default: STDOUT."""


@dataclass(eq=False, repr=False)
class ReportedMarkInput(Input):
    """What a script says of its step among its lines, with its number."""

    _names: ClassVar[Mapping[str, str]] = {}

    at: datetime
    """When it was said."""
    number: int
    """Its place among the lines: see `ReportedLineInput.number`."""
    message: Maybe[str] = UNSET
    """For people; at most 2000 characters."""
    progress: Maybe[float] = UNSET
    """How far it is: 0 to 1."""
    status: Maybe[Union[StepStatus, str]] = UNSET
    """As `ReportStepInput.status`."""


@dataclass(eq=False, repr=False)
class RunDeploymentInput(Input):
    """A new run of a deployment."""

    _names: ClassVar[Mapping[str, str]] = {"idempotency_key": "idempotencyKey"}

    deployment: str
    """The id of the deployment. A BATCH one; while it is PACKAGING the run stays QUEUED."""
    arguments: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET
    """Given to every step behind its own arguments, as `--key value`: at most 50. A key is a letter and up to 62
    letters, digits, "_" and "-".
    """
    idempotency_key: Maybe[str] = UNSET
    """Yours to choose, unique in the deployment: the same call with the same key gives the same run."""


@dataclass(eq=False, repr=False)
class SaveModelInput(Input):
    """The next version of a model; the model is made when it is new."""

    _names: ClassVar[Mapping[str, str]] = {"model_type": "modelType"}

    model: str
    """The model's name: lower-case letters, digits, "-" and "_", 4 to 63; capitals are lower-cased."""
    objects: Sequence[Union[ObjectInput, Mapping[str, Any]]]
    """Its files: 1 to 1000, not empty, in buckets of the same project, each once. The version keeps the bytes that
    they have now.
    """
    project: str
    """The project's name."""
    description: Maybe[str] = UNSET
    """Of this version, for people; 10,000 characters at most."""
    model_type: Maybe[str] = UNSET
    """What made it, for example `lightgbm`; 200 characters at most."""
    requirements: Maybe[str] = UNSET
    """What it needs to be loaded, as a requirements.txt; 64 KiB at most."""
    run: Maybe[str] = UNSET
    """The run that made it, in the same project."""
    stage: Maybe[Union[ModelStage, str]] = UNSET
    """Where it stands from the start. Default: NONE."""
    tags: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET
    """Of this version. Values have up to 5,000 characters."""


@dataclass(eq=False, repr=False)
class SavePredictionsInput(Input):
    """Predictions to keep. Exactly one of `rows` (with `columns`), `object` and `sql`, with the features
    and a column PREDICT (in any case). VERSION and CREATED_AT are added: they must not be among them.
    """

    _names: ClassVar[Mapping[str, str]] = {"idempotency_key": "idempotencyKey", "model_uri": "modelUri", "pipeline_run": "pipelineRun"}

    model_uri: str
    """What predicted: models:/NAME/VERSION, models:/NAME/STAGE, models:/NAME/latest or models:/NAME@ALIAS."""
    project: str
    """The project's name."""
    table: str
    """The output table, in any case. It is made when it is missing; otherwise the rows must have its columns, and
    values that fit their types.
    """
    columns: Maybe[Sequence[str]] = UNSET
    """The names of the values of each of `rows`."""
    idempotency_key: Maybe[str] = UNSET
    """Yours to choose, unique in the project, 1 to 200 characters: the same key again gives what was saved, and
    saves nothing.
    """
    input: Maybe[str] = UNSET
    """The id of the dataset that was predicted from."""
    object: Maybe[Union[ObjectInput, Mapping[str, Any]]] = UNSET
    """A file with the rows: CSV, NDJSON, JSON, Parquet or Arrow."""
    pipeline_run: Maybe[str] = UNSET
    """The id of the pipeline run that predicted. The key of a script says it by itself."""
    rows: Maybe[Sequence[Any]] = UNSET
    """Each an array in the order of `columns`; 1 to 100000. Long integers and decimals are strings, as in a `Table`;
    other strings stay text unless the table says otherwise.
    """
    sql: Maybe[str] = UNSET
    """A SELECT that gives the rows."""
    step: Maybe[str] = UNSET
    """The step of that run."""


@dataclass(eq=False, repr=False)
class StepInput(Input):
    """One step of a deployment."""

    _names: ClassVar[Mapping[str, str]] = {"max_attempts": "maxAttempts", "timeout_seconds": "timeoutSeconds"}

    name: str
    """Lower-case letters, digits, "-" and "_", 4 to 63; capitals are lower-cased."""
    script: Union[ObjectInput, Mapping[str, Any]]
    """The script: .py, .js or .mjs, in a bucket of the project. The deployment keeps the bytes that it has now."""
    arguments: Maybe[Sequence[str]] = UNSET
    """What the script is called with: 100 at most, of 4 KiB each."""
    kind: Maybe[Union[StepKind, str]] = UNSET
    """What it is for. Default: CUSTOM."""
    max_attempts: Maybe[int] = UNSET
    """How often it is tried before it has failed: 1 to 10. Default: 1."""
    needs: Maybe[Sequence[str]] = UNSET
    """Names of steps before it that must have succeeded. Null: the step just before it; []: none."""
    timeout_seconds: Maybe[int] = UNSET
    """An attempt that takes longer is ended: 1 to 604800 (7 days); null: none is."""


@dataclass(eq=False, repr=False)
class TransitionModelVersionInput(Input):
    """A move of a model version to a stage."""

    _names: ClassVar[Mapping[str, str]] = {"archive_existing": "archiveExisting"}

    id: str
    """The id of the version."""
    stage: Union[ModelStage, str]
    """Where it comes. When it is there already, nothing is written down."""
    archive_existing: Maybe[bool] = UNSET
    """Also moves every other version in that stage to ARCHIVED, in the same moment. For STAGING and PRODUCTION only.
    Default: false.
    """


@dataclass(eq=False, repr=False)
class UpdateExperimentInput(Input):
    """Changes of an experiment; what is not given stays."""

    _names: ClassVar[Mapping[str, str]] = {}

    id: str
    """The id of the experiment."""
    lifecycle: Maybe[Union[Lifecycle, str]] = UNSET
    """DELETED deletes it with all its runs, and its name is free again. ACTIVE restores it with all its runs; where
    the name was taken meanwhile, give another.
    """
    name: Maybe[str] = UNSET
    """Its new name."""
    tags: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET
    """Tags to set; those of other keys stay. Values have at most 5000 characters."""


@dataclass(eq=False, repr=False)
class UpdateModelInput(Input):
    """Changes to a model. What is absent stays as it is."""

    _names: ClassVar[Mapping[str, str]] = {}

    model: str
    """The model's name."""
    project: str
    """The project's name."""
    description: Maybe[str] = UNSET
    """For people, 10,000 characters at most; null takes it away."""
    tags: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET
    """Set, and put in place of those with the same keys; others stay. Values have up to 5,000 characters."""


@dataclass(eq=False, repr=False)
class UpdateModelVersionInput(Input):
    """Changes to a model version. What is absent stays as it is."""

    _names: ClassVar[Mapping[str, str]] = {}

    id: str
    """The id of the version."""
    description: Maybe[str] = UNSET
    """For people, 10,000 characters at most; null takes it away."""
    tags: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET
    """Set, and put in place of those with the same keys; others stay. Values have up to 5,000 characters."""
