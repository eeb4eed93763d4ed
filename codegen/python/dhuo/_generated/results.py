# Made by `npm run codegen` from schema.graphql and codegen/operations: do not change it here.
"""What answers hold. A field is named as in GraphQL, in snake_case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, List, Mapping, Optional, Union

from .._codec import OtherType, Record, optional, optional_list, parse_datetime
from .enums import (
    BackendRole,
    BucketPurpose,
    ClusterSize,
    ColumnType,
    DatasetKind,
    DeploymentKind,
    DeploymentStatus,
    ErrorCode,
    Lifecycle,
    LogStream,
    ModelStage,
    ModelVersionStatus,
    NameKind,
    PipelineEventType,
    PipelineStatus,
    Role,
    RunStatus,
    StepKind,
    StepStatus,
    Trigger,
)


@dataclass(eq=False, repr=False)
class DeploymentRef(Record):
    """Scripts, and what they need to run. What it tells of itself is its newest version; runs keep theirs."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """In lower case; unique among those of its project that are not deleted."""
    version: int
    """The number of its newest version: 1, 2, 3 and so on."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> DeploymentRef:
        return cls(
            id=data["id"],
            name=data["name"],
            version=data["version"],
        )


@dataclass(eq=False, repr=False)
class ProjectRef(Record):
    """What people work on together: its buckets, datasets, experiments, models and deployments, and a
    lakehouse schema of its own.
    """

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique, in lower case."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ProjectRef:
        return cls(
            id=data["id"],
            name=data["name"],
        )


@dataclass(eq=False, repr=False)
class PipelineRunFields(Record):
    """One execution of a deployment, step by step. It keeps the version of the deployment, its scripts,
    packages and model that it began with.
    """

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    number: int
    """1, 2, 3 … within its deployment."""
    status: PipelineStatus
    """How it is getting on."""
    status_detail: Optional[str]
    """Why it failed or was canceled."""
    trigger: Trigger
    """What started it."""
    last_sequence: int
    """The sequence of its newest event: subscribe to `pipelineEvents` with `after` from there."""
    created_at: datetime
    """When it was made."""
    started_at: Optional[datetime]
    """When its first step was begun; null while none was."""
    ended_at: Optional[datetime]
    """When it ended; null while it has not."""
    duration_ms: Optional[int]
    """From its start to its end, or until now; null before its start."""
    cancel_requested_at: Optional[datetime]
    """When somebody asked to cancel it."""
    deployment_version: int
    """The version of the deployment that it runs."""
    deployment: DeploymentRef
    """What runs. A run keeps the version that it was started with."""
    project: ProjectRef
    """The project that it belongs to."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> PipelineRunFields:
        return cls(
            id=data["id"],
            number=data["number"],
            status=PipelineStatus(data["status"]),
            status_detail=data["statusDetail"],
            trigger=Trigger(data["trigger"]),
            last_sequence=data["lastSequence"],
            created_at=parse_datetime(data["createdAt"]),
            started_at=optional(parse_datetime, data["startedAt"]),
            ended_at=optional(parse_datetime, data["endedAt"]),
            duration_ms=optional(int, data["durationMs"]),
            cancel_requested_at=optional(parse_datetime, data["cancelRequestedAt"]),
            deployment_version=data["deploymentVersion"],
            deployment=DeploymentRef._read(data["deployment"]),
            project=ProjectRef._read(data["project"]),
        )


@dataclass(eq=False, repr=False)
class CheckNameNamingPolicyCheck(Record):
    """What the naming policy says of one name."""

    ok: bool
    """True when it may be used."""
    reason: Optional[str]
    """The rule that it breaks; null when it breaks none."""
    suggestion: Optional[str]
    """A name near it that may be used; null where there is none."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> CheckNameNamingPolicyCheck:
        return cls(
            ok=data["ok"],
            reason=data["reason"],
            suggestion=data["suggestion"],
        )


@dataclass(eq=False, repr=False)
class CheckNameNamingPolicy(Record):
    """The rules for names. Every name is checked against them before anything is written."""

    check: CheckNameNamingPolicyCheck
    """Tells whether a name may be used, and if not, why, and what could be used instead."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> CheckNameNamingPolicy:
        return cls(
            check=CheckNameNamingPolicyCheck._read(data["check"]),
        )


@dataclass(eq=False, repr=False)
class ObjectFieldsBucket(Record):
    """A named place for objects, of one project and for one purpose."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique: `<project>-<purpose>`, or with more behind it."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ObjectFieldsBucket:
        return cls(
            id=data["id"],
            name=data["name"],
        )


@dataclass(eq=False, repr=False)
class ObjectFields(Record):
    """Bytes under a key of a bucket, at one version: its id always means these bytes. Overwriting the key
    makes another object; what refers to this one goes on reading this one.
    """

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    key: str
    """Any UTF-8 text up to 1024 bytes; "/" has no meaning but for listing."""
    size: int
    """Bytes."""
    content_type: str
    """Media type, as the uploader gave it."""
    etag: str
    """Differs whenever the bytes were written anew; without quotes."""
    sha256: Optional[str]
    """SHA-256 of the bytes in lower-case hex, where it was checked or computed."""
    last_modified: datetime
    """When the bytes were complete."""
    bucket: ObjectFieldsBucket
    """The bucket that it is in."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ObjectFields:
        return cls(
            id=data["id"],
            key=data["key"],
            size=int(data["size"]),
            content_type=data["contentType"],
            etag=data["etag"],
            sha256=data["sha256"],
            last_modified=parse_datetime(data["lastModified"]),
            bucket=ObjectFieldsBucket._read(data["bucket"]),
        )


@dataclass(eq=False, repr=False)
class AccessKeyFields(Record):
    """A secret for a program: `X-Dhuo-Access-Key: <secret>` or `Authorization: Bearer <secret>`. It can
    never do more than its person.
    """

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """For its person to tell it from others."""
    role: Role
    """The most it may do in a project."""
    project: Optional[ProjectRef]
    """The only project it can reach; null: all of its person."""
    created_at: datetime
    """When it was made."""
    expires_at: Optional[datetime]
    """When it ends by itself; null: never."""
    last_used_at: Optional[datetime]
    """When it was last used, to the minute; null: never."""
    revoked_at: Optional[datetime]
    """When it was revoked; null: it was not."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> AccessKeyFields:
        return cls(
            id=data["id"],
            name=data["name"],
            role=Role(data["role"]),
            project=optional(ProjectRef._read, data["project"]),
            created_at=parse_datetime(data["createdAt"]),
            expires_at=optional(parse_datetime, data["expiresAt"]),
            last_used_at=optional(parse_datetime, data["lastUsedAt"]),
            revoked_at=optional(parse_datetime, data["revokedAt"]),
        )


@dataclass(eq=False, repr=False)
class CreateAccessKeyCreateAccessKey(Record):
    """An access key that was just made."""

    secret: str
    """The secret: shown this once, kept only as a hash."""
    access_key: AccessKeyFields
    """The key without its secret."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> CreateAccessKeyCreateAccessKey:
        return cls(
            secret=data["secret"],
            access_key=AccessKeyFields._read(data["accessKey"]),
        )


@dataclass(eq=False, repr=False)
class BucketFields(Record):
    """A named place for objects, of one project and for one purpose."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique: `<project>-<purpose>`, or with more behind it."""
    purpose: BucketPurpose
    """What it is for."""
    project: ProjectRef
    """The project that it belongs to."""
    created_at: datetime
    """When it was made."""
    naming_problem: Optional[str]
    """Which rule of the naming policy its name breaks, as that of an imported one may; null when it breaks none."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> BucketFields:
        return cls(
            id=data["id"],
            name=data["name"],
            purpose=BucketPurpose(data["purpose"]),
            project=ProjectRef._read(data["project"]),
            created_at=parse_datetime(data["createdAt"]),
            naming_problem=data["namingProblem"],
        )


@dataclass(eq=False, repr=False)
class ColumnFields(Record):
    """A column of a table."""

    name: str
    """Its name."""
    type: ColumnType
    """How its values look in JSON."""
    database_type: str
    """The backend's own name of the type, for example `DECIMAL(18,3)`."""
    nullable: bool
    """Whether it can hold nulls."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ColumnFields:
        return cls(
            name=data["name"],
            type=ColumnType(data["type"]),
            database_type=data["databaseType"],
            nullable=data["nullable"],
        )


@dataclass(eq=False, repr=False)
class ObjectRefBucket(Record):
    """A named place for objects, of one project and for one purpose."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique: `<project>-<purpose>`, or with more behind it."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ObjectRefBucket:
        return cls(
            id=data["id"],
            name=data["name"],
        )


@dataclass(eq=False, repr=False)
class ObjectRef(Record):
    """Bytes under a key of a bucket, at one version: its id always means these bytes. Overwriting the key
    makes another object; what refers to this one goes on reading this one.
    """

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    key: str
    """Any UTF-8 text up to 1024 bytes; "/" has no meaning but for listing."""
    size: int
    """Bytes."""
    sha256: Optional[str]
    """SHA-256 of the bytes in lower-case hex, where it was checked or computed."""
    bucket: ObjectRefBucket
    """The bucket that it is in."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ObjectRef:
        return cls(
            id=data["id"],
            key=data["key"],
            size=int(data["size"]),
            sha256=data["sha256"],
            bucket=ObjectRefBucket._read(data["bucket"]),
        )


@dataclass(eq=False, repr=False)
class DatasetFields(Record):
    """Rows with a name: a table in the project's lakehouse schema, and where they came from."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique in its project."""
    version: int
    """1 when it was made, one more with each `createDataset` that replaced or appended."""
    kind: DatasetKind
    """What it was last made from."""
    description: Optional[str]
    """For people."""
    table: Optional[str]
    """Its table in the project's lakehouse schema, for SQL."""
    row_count: int
    """The rows of its table now."""
    columns: List[ColumnFields]
    """The columns of its table now."""
    object: Optional[ObjectRef]
    """The bytes it was last loaded from; null for other kinds."""
    project: ProjectRef
    """The project that it belongs to."""
    created_at: datetime
    """When it was made."""
    updated_at: datetime
    """When its newest version was made."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> DatasetFields:
        return cls(
            id=data["id"],
            name=data["name"],
            version=data["version"],
            kind=DatasetKind(data["kind"]),
            description=data["description"],
            table=data["table"],
            row_count=int(data["rowCount"]),
            columns=[ColumnFields._read(item) for item in data["columns"]],
            object=optional(ObjectRef._read, data["object"]),
            project=ProjectRef._read(data["project"]),
            created_at=parse_datetime(data["createdAt"]),
            updated_at=parse_datetime(data["updatedAt"]),
        )


@dataclass(eq=False, repr=False)
class TagFields(Record):
    """A name and its text."""

    key: str
    """The name."""
    value: str
    """The text."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TagFields:
        return cls(
            key=data["key"],
            value=data["value"],
        )


@dataclass(eq=False, repr=False)
class ExperimentFields(Record):
    """A question that runs are made to answer, and the runs."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique among the active experiments of its project."""
    lifecycle: Lifecycle
    """Whether it is deleted. A deleted one can be restored."""
    tags: List[TagFields]
    """What people noted of it, by key."""
    project: ProjectRef
    """The project that it belongs to."""
    created_at: datetime
    """When it was made."""
    updated_at: datetime
    """When its name or lifecycle changed last."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ExperimentFields:
        return cls(
            id=data["id"],
            name=data["name"],
            lifecycle=Lifecycle(data["lifecycle"]),
            tags=[TagFields._read(item) for item in data["tags"]],
            project=ProjectRef._read(data["project"]),
            created_at=parse_datetime(data["createdAt"]),
            updated_at=parse_datetime(data["updatedAt"]),
        )


@dataclass(eq=False, repr=False)
class ProjectFields(Record):
    """What people work on together: its buckets, datasets, experiments, models and deployments, and a
    lakehouse schema of its own.
    """

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique, in lower case."""
    description: Optional[str]
    """For people."""
    viewer_role: Optional[Role]
    """What you may do here."""
    created_at: datetime
    """When it was made."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ProjectFields:
        return cls(
            id=data["id"],
            name=data["name"],
            description=data["description"],
            viewer_role=optional(Role, data["viewerRole"]),
            created_at=parse_datetime(data["createdAt"]),
        )


@dataclass(eq=False, repr=False)
class ExperimentRef(Record):
    """A question that runs are made to answer, and the runs."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique among the active experiments of its project."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ExperimentRef:
        return cls(
            id=data["id"],
            name=data["name"],
        )


@dataclass(eq=False, repr=False)
class UserRef(Record):
    """A person."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    email: str
    """Unique, in lower case."""
    name: Optional[str]
    """For display."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> UserRef:
        return cls(
            id=data["id"],
            email=data["email"],
            name=data["name"],
        )


@dataclass(eq=False, repr=False)
class MetricFields(Record):
    """One measured value."""

    key: str
    """Which metric."""
    value: Optional[float]
    """Null for NaN and the infinities: `text` tells which."""
    text: str
    """The exact value: the shortest decimal that is this number, "NaN", "Infinity" or "-Infinity"."""
    step: int
    """Of the training, counted by the client."""
    timestamp: datetime
    """When it was measured."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> MetricFields:
        return cls(
            key=data["key"],
            value=optional(float, data["value"]),
            text=data["text"],
            step=int(data["step"]),
            timestamp=parse_datetime(data["timestamp"]),
        )


@dataclass(eq=False, repr=False)
class RunFields(Record):
    """One execution of code that learns: what went in, what was measured, what came out."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """For people; need not be unique."""
    status: RunStatus
    """How it is getting on, or ended."""
    lifecycle: Lifecycle
    """Whether it is deleted. A deleted one can be restored."""
    started_at: datetime
    """When it began."""
    ended_at: Optional[datetime]
    """When it ended; null while it has not."""
    experiment: ExperimentRef
    """The experiment that it belongs to."""
    user: Optional[UserRef]
    """Who began it; null when you may not see them."""
    params: List[TagFields]
    """What it was called with, by key."""
    metrics: List[MetricFields]
    """The latest point of each metric, by key: the highest step, then the newest timestamp, then the largest value."""
    tags: List[TagFields]
    """What people noted of it, by key."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> RunFields:
        return cls(
            id=data["id"],
            name=data["name"],
            status=RunStatus(data["status"]),
            lifecycle=Lifecycle(data["lifecycle"]),
            started_at=parse_datetime(data["startedAt"]),
            ended_at=optional(parse_datetime, data["endedAt"]),
            experiment=ExperimentRef._read(data["experiment"]),
            user=optional(UserRef._read, data["user"]),
            params=[TagFields._read(item) for item in data["params"]],
            metrics=[MetricFields._read(item) for item in data["metrics"]],
            tags=[TagFields._read(item) for item in data["tags"]],
        )


@dataclass(eq=False, repr=False)
class CreateUploadCreateUploadParts(Record):
    """One request that the uploader sends: the bytes of one part."""

    number: int
    """From 1. Part n holds the bytes from (n-1) × partSize."""
    method: str
    """The HTTP method."""
    url: str
    """Of this server, or of the object store itself; valid until the upload expires. It carries the permission:
    treat it as a secret.
    """
    headers: List[TagFields]
    """Headers to send with it."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> CreateUploadCreateUploadParts:
        return cls(
            number=data["number"],
            method=data["method"],
            url=data["url"],
            headers=[TagFields._read(item) for item in data["headers"]],
        )


@dataclass(eq=False, repr=False)
class CreateUploadCreateUpload(Record):
    """An upload that was begun. PUT every part, in any order, several at once and again after a failure;
    then `completeUpload`.
    """

    id: str
    """For `completeUpload` and `abandonUpload`."""
    part_size: int
    """Bytes of every part but the last."""
    expires_at: datetime
    """When what was sent is thrown away, unless it was completed."""
    parts: List[CreateUploadCreateUploadParts]
    """All of them, by number. An empty object has none."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> CreateUploadCreateUpload:
        return cls(
            id=data["id"],
            part_size=int(data["partSize"]),
            expires_at=parse_datetime(data["expiresAt"]),
            parts=[CreateUploadCreateUploadParts._read(item) for item in data["parts"]],
        )


@dataclass(eq=False, repr=False)
class UserFields(Record):
    """A person."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    email: str
    """Unique, in lower case."""
    name: Optional[str]
    """For display."""
    is_admin: bool
    """Administrators make users and are OWNER of every project."""
    created_at: datetime
    """When the account was made."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> UserFields:
        return cls(
            id=data["id"],
            email=data["email"],
            name=data["name"],
            is_admin=data["isAdmin"],
            created_at=parse_datetime(data["createdAt"]),
        )


@dataclass(eq=False, repr=False)
class DeploymentFieldsCluster(Record):
    """The machines that steps run on. Where steps run on the server, nothing of it counts."""

    size: ClusterSize
    """As it was asked for."""
    executors: int
    """How many of those."""
    driver_shape: str
    """The OCI Compute shape of the machine that runs the script."""
    executor_shape: str
    """The shape of the machines that Spark gives work to."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> DeploymentFieldsCluster:
        return cls(
            size=ClusterSize(data["size"]),
            executors=data["executors"],
            driver_shape=data["driverShape"],
            executor_shape=data["executorShape"],
        )


@dataclass(eq=False, repr=False)
class ScheduleFields(Record):
    """When a deployment runs by itself."""

    cron: str
    """Minute, hour, day of month, month, day of week."""
    timezone: str
    """The IANA time zone in which the fields are meant."""
    enabled: bool
    """False: it is paused."""
    next_run_at: Optional[datetime]
    """The next time; null while it is paused."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ScheduleFields:
        return cls(
            cron=data["cron"],
            timezone=data["timezone"],
            enabled=data["enabled"],
            next_run_at=optional(parse_datetime, data["nextRunAt"]),
        )


@dataclass(eq=False, repr=False)
class ModelVersionRef(Record):
    """One version of a model: files that never change, and where it stands."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    uri: str
    """models:/NAME/VERSION"""
    version: int
    """1, 2, 3 and so on in its model, without gaps; a number is not used again."""
    stage: ModelStage
    """Where it stands. Several versions may be in one stage."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ModelVersionRef:
        return cls(
            id=data["id"],
            uri=data["uri"],
            version=data["version"],
            stage=ModelStage(data["stage"]),
        )


@dataclass(eq=False, repr=False)
class PipelineRunRef(Record):
    """One execution of a deployment, step by step. It keeps the version of the deployment, its scripts,
    packages and model that it began with.
    """

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    number: int
    """1, 2, 3 … within its deployment."""
    status: PipelineStatus
    """How it is getting on."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> PipelineRunRef:
        return cls(
            id=data["id"],
            number=data["number"],
            status=PipelineStatus(data["status"]),
        )


@dataclass(eq=False, repr=False)
class DeploymentFields(Record):
    """Scripts, and what they need to run. What it tells of itself is its newest version; runs keep theirs."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """In lower case; unique among those of its project that are not deleted."""
    version: int
    """The number of its newest version: 1, 2, 3 and so on."""
    kind: DeploymentKind
    """How it is used; for ever."""
    status: DeploymentStatus
    """Whether it can be used."""
    status_detail: Optional[str]
    """Why it FAILED."""
    cluster: DeploymentFieldsCluster
    """The machines that its steps run on."""
    schedule: Optional[ScheduleFields]
    """When it runs by itself; null: only when it is asked to."""
    model_version: Optional[ModelVersionRef]
    """What its scripts get as DHUO_MODEL_URI."""
    latest_run: Optional[PipelineRunRef]
    """The run that was started last; null before the first."""
    project: ProjectRef
    """The project that it belongs to."""
    created_at: datetime
    """When its first version was deployed."""
    updated_at: datetime
    """When it was deployed, packaged, scheduled or deleted last."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> DeploymentFields:
        return cls(
            id=data["id"],
            name=data["name"],
            version=data["version"],
            kind=DeploymentKind(data["kind"]),
            status=DeploymentStatus(data["status"]),
            status_detail=data["statusDetail"],
            cluster=DeploymentFieldsCluster._read(data["cluster"]),
            schedule=optional(ScheduleFields._read, data["schedule"]),
            model_version=optional(ModelVersionRef._read, data["modelVersion"]),
            latest_run=optional(PipelineRunRef._read, data["latestRun"]),
            project=ProjectRef._read(data["project"]),
            created_at=parse_datetime(data["createdAt"]),
            updated_at=parse_datetime(data["updatedAt"]),
        )


@dataclass(eq=False, repr=False)
class ExecuteDmlExecuteDml(Record):
    """What a statement that writes did."""

    rows_affected: int
    """Rows inserted, updated or deleted, by all parameter sets together."""
    duration_ms: float
    """Milliseconds."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ExecuteDmlExecuteDml:
        return cls(
            rows_affected=int(data["rowsAffected"]),
            duration_ms=float(data["durationMs"]),
        )


@dataclass(eq=False, repr=False)
class TableFields(Record):
    """Rows and what they are made of. Integers are exact (a string above 2^53), decimals beyond 15 digits
    strings, timestamps ISO 8601 in UTC, NaN and infinities strings.
    """

    columns: List[ColumnFields]
    """In the order of the values of each row."""
    rows: List[Any]
    """Each row is an array in the order of the columns."""
    row_count: int
    """How many rows are here."""
    truncated: bool
    """True when there is more than `limit` let through."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TableFields:
        return cls(
            columns=[ColumnFields._read(item) for item in data["columns"]],
            rows=data["rows"],
            row_count=data["rowCount"],
            truncated=data["truncated"],
        )


@dataclass(eq=False, repr=False)
class GetBestRunExperiment(Record):
    """A question that runs are made to answer, and the runs."""

    best_run: Optional[RunFields]
    """The active run whose latest value of a metric is best; null when none has the metric. NaN is never best."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetBestRunExperiment:
        return cls(
            best_run=optional(RunFields._read, data["bestRun"]),
        )


@dataclass(eq=False, repr=False)
class GetDatasetUrlDatasetPreview(Record):
    """Rows and what they are made of. Integers are exact (a string above 2^53), decimals beyond 15 digits
    strings, timestamps ISO 8601 in UTC, NaN and infinities strings.
    """

    download_url: str
    """Streams the whole result, not only these rows: the statement runs again when the URL is fetched."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetDatasetUrlDatasetPreview:
        return cls(
            download_url=data["downloadUrl"],
        )


@dataclass(eq=False, repr=False)
class GetDatasetUrlDataset(DatasetFields):
    """Rows with a name: a table in the project's lakehouse schema, and where they came from."""

    preview: GetDatasetUrlDatasetPreview
    """The first rows."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetDatasetUrlDataset:
        return cls(
            id=data["id"],
            name=data["name"],
            version=data["version"],
            kind=DatasetKind(data["kind"]),
            description=data["description"],
            table=data["table"],
            row_count=int(data["rowCount"]),
            columns=[ColumnFields._read(item) for item in data["columns"]],
            object=optional(ObjectRef._read, data["object"]),
            project=ProjectRef._read(data["project"]),
            created_at=parse_datetime(data["createdAt"]),
            updated_at=parse_datetime(data["updatedAt"]),
            preview=GetDatasetUrlDatasetPreview._read(data["preview"]),
        )


@dataclass(eq=False, repr=False)
class GetDeploymentDeploymentSteps(Record):
    """A step as it was deployed: a script and how it runs."""

    name: str
    """Unique in its deployment."""
    kind: StepKind
    """What it is for."""
    needs: List[str]
    """Names of steps that must have succeeded before it begins."""
    arguments: List[str]
    """What the script is called with."""
    max_attempts: int
    """How often it is tried before it has failed."""
    timeout_seconds: Optional[int]
    """An attempt that takes longer is ended; null: none is."""
    script: ObjectRef
    """The script, as it was when it was deployed."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetDeploymentDeploymentSteps:
        return cls(
            name=data["name"],
            kind=StepKind(data["kind"]),
            needs=data["needs"],
            arguments=data["arguments"],
            max_attempts=data["maxAttempts"],
            timeout_seconds=data["timeoutSeconds"],
            script=ObjectRef._read(data["script"]),
        )


@dataclass(eq=False, repr=False)
class GetDeploymentDeploymentArchive(Record):
    """The packages and libraries of a deployment as one ZIP, in the layout of OCI Data Flow."""

    sha256: str
    """Of the ZIP, in hex. The same input gives the same."""
    built_at: datetime
    """When it was built; for a version that reuses it, that is before its time."""
    packages: List[str]
    """Python packages in it: `name==version`, by name."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetDeploymentDeploymentArchive:
        return cls(
            sha256=data["sha256"],
            built_at=parse_datetime(data["builtAt"]),
            packages=data["packages"],
        )


@dataclass(eq=False, repr=False)
class GetDeploymentDeployment(DeploymentFields):
    """Scripts, and what they need to run. What it tells of itself is its newest version; runs keep theirs."""

    steps: List[GetDeploymentDeploymentSteps]
    """What runs, in the order in which it was given."""
    requirements: Optional[str]
    """Python packages, as a requirements.txt."""
    libraries: List[ObjectRef]
    """What travels with its scripts, as it was when it was deployed."""
    archive: Optional[GetDeploymentDeploymentArchive]
    """Its packages and libraries; null where it has none, and before they are put together."""
    application_id: Optional[str]
    """The id of the application on the compute backend (an OCID of Data Flow); null where it has no such thing."""
    yaml: str
    """The same as deploy.yaml: deploying that gives the same again."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetDeploymentDeployment:
        return cls(
            id=data["id"],
            name=data["name"],
            version=data["version"],
            kind=DeploymentKind(data["kind"]),
            status=DeploymentStatus(data["status"]),
            status_detail=data["statusDetail"],
            cluster=DeploymentFieldsCluster._read(data["cluster"]),
            schedule=optional(ScheduleFields._read, data["schedule"]),
            model_version=optional(ModelVersionRef._read, data["modelVersion"]),
            latest_run=optional(PipelineRunRef._read, data["latestRun"]),
            project=ProjectRef._read(data["project"]),
            created_at=parse_datetime(data["createdAt"]),
            updated_at=parse_datetime(data["updatedAt"]),
            steps=[GetDeploymentDeploymentSteps._read(item) for item in data["steps"]],
            requirements=data["requirements"],
            libraries=[ObjectRef._read(item) for item in data["libraries"]],
            archive=optional(GetDeploymentDeploymentArchive._read, data["archive"]),
            application_id=data["applicationId"],
            yaml=data["yaml"],
        )


@dataclass(eq=False, repr=False)
class PageFields(Record):
    """Where a page ends and whether more follows."""

    has_next_page: bool
    """True when there is another page."""
    end_cursor: Optional[str]
    """Send it as `after` for the next page; null when this page is empty."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> PageFields:
        return cls(
            has_next_page=data["hasNextPage"],
            end_cursor=data["endCursor"],
        )


@dataclass(eq=False, repr=False)
class GetMetricHistoryNodeRunMetricHistory(Record):
    """A page of a list of Metric. Its order is stable while others are inserted."""

    total_count: int
    """How many there are on all pages together. Computed only when it is asked for."""
    page_info: PageFields
    """Whether and where it goes on."""
    nodes: List[MetricFields]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetMetricHistoryNodeRunMetricHistory:
        return cls(
            total_count=data["totalCount"],
            page_info=PageFields._read(data["pageInfo"]),
            nodes=[MetricFields._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class GetMetricHistoryNodeRun(Record):
    """One execution of code that learns: what went in, what was measured, what came out."""

    metric_history: GetMetricHistoryNodeRunMetricHistory
    """Every point of one metric, by timestamp, step and value. `first` may be up to 10000 here."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetMetricHistoryNodeRun:
        return cls(
            metric_history=GetMetricHistoryNodeRunMetricHistory._read(data["metricHistory"]),
        )


GetMetricHistoryNode = Union[GetMetricHistoryNodeRun, OtherType]
"""Anything with an id that `node(id)` finds again."""


def _read_get_metric_history_node(data: Mapping[str, Any]) -> GetMetricHistoryNode:
    kinds: Mapping[str, Any] = {
        "Run": GetMetricHistoryNodeRun,
    }
    read: GetMetricHistoryNode = kinds.get(data["__typename"], OtherType)._read(data)
    return read


@dataclass(eq=False, repr=False)
class ModelFieldsAliases(Record):
    """A name for one version of a model, which can be moved to another one."""

    alias: str
    """Unique in its model. `models:/NAME@ALIAS` means the version."""
    version: ModelVersionRef
    """The version that it means now."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ModelFieldsAliases:
        return cls(
            alias=data["alias"],
            version=ModelVersionRef._read(data["version"]),
        )


@dataclass(eq=False, repr=False)
class ModelFields(Record):
    """A registered model: a name, under which versions are saved."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique in its project, in lower case."""
    description: Optional[str]
    """For people."""
    tags: List[TagFields]
    """What people noted of it, by key."""
    aliases: List[ModelFieldsAliases]
    """Names of single versions, by alias."""
    latest_version: Optional[ModelVersionRef]
    """The version with the highest number, of those in a stage or of all; null when there is none."""
    project: ProjectRef
    """The project that it belongs to."""
    created_at: datetime
    """When its first version was saved."""
    updated_at: datetime
    """When it was changed, or a version was saved, moved to a stage or deleted, last."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ModelFields:
        return cls(
            id=data["id"],
            name=data["name"],
            description=data["description"],
            tags=[TagFields._read(item) for item in data["tags"]],
            aliases=[ModelFieldsAliases._read(item) for item in data["aliases"]],
            latest_version=optional(ModelVersionRef._read, data["latestVersion"]),
            project=ProjectRef._read(data["project"]),
            created_at=parse_datetime(data["createdAt"]),
            updated_at=parse_datetime(data["updatedAt"]),
        )


@dataclass(eq=False, repr=False)
class ModelRef(Record):
    """A registered model: a name, under which versions are saved."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique in its project, in lower case."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ModelRef:
        return cls(
            id=data["id"],
            name=data["name"],
        )


@dataclass(eq=False, repr=False)
class RunRef(Record):
    """One execution of code that learns: what went in, what was measured, what came out."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """For people; need not be unique."""
    status: RunStatus
    """How it is getting on, or ended."""
    experiment: ExperimentRef
    """The experiment that it belongs to."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> RunRef:
        return cls(
            id=data["id"],
            name=data["name"],
            status=RunStatus(data["status"]),
            experiment=ExperimentRef._read(data["experiment"]),
        )


@dataclass(eq=False, repr=False)
class ModelVersionFields(Record):
    """One version of a model: files that never change, and where it stands."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    uri: str
    """models:/NAME/VERSION"""
    version: int
    """1, 2, 3 and so on in its model, without gaps; a number is not used again."""
    stage: ModelStage
    """Where it stands. Several versions may be in one stage."""
    status: ModelVersionStatus
    """Whether it can be used."""
    aliases: List[str]
    """The aliases that mean it now."""
    description: Optional[str]
    """For people."""
    model_type: Optional[str]
    """What made it, for example `lightgbm`."""
    requirements: Optional[str]
    """What it needs to be loaded, as a requirements.txt."""
    size: int
    """Bytes of all files."""
    sha256: Optional[str]
    """SHA-256 in hex: of the one file; of several, of the lines `<sha256> <key>`, each with a line feed, in the
    order of the bytes of the keys.
    """
    tags: List[TagFields]
    """What people noted of it, by key."""
    model: ModelRef
    """The model that it is a version of."""
    run: Optional[RunRef]
    """The run that made it."""
    created_at: datetime
    """When it was saved."""
    updated_at: datetime
    """When its stage, description or tags changed last."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ModelVersionFields:
        return cls(
            id=data["id"],
            uri=data["uri"],
            version=data["version"],
            stage=ModelStage(data["stage"]),
            status=ModelVersionStatus(data["status"]),
            aliases=data["aliases"],
            description=data["description"],
            model_type=data["modelType"],
            requirements=data["requirements"],
            size=int(data["size"]),
            sha256=data["sha256"],
            tags=[TagFields._read(item) for item in data["tags"]],
            model=ModelRef._read(data["model"]),
            run=optional(RunRef._read, data["run"]),
            created_at=parse_datetime(data["createdAt"]),
            updated_at=parse_datetime(data["updatedAt"]),
        )


@dataclass(eq=False, repr=False)
class GetModelVersionModelVersionStageHistory(Record):
    """A move of a model version from one stage to another."""

    from_: ModelStage
    """Where it was."""
    to: ModelStage
    """Where it came."""
    at: datetime
    """When."""
    by: Optional[UserRef]
    """Who moved it, or something into its place."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetModelVersionModelVersionStageHistory:
        return cls(
            from_=ModelStage(data["from"]),
            to=ModelStage(data["to"]),
            at=parse_datetime(data["at"]),
            by=optional(UserRef._read, data["by"]),
        )


@dataclass(eq=False, repr=False)
class GetModelVersionModelVersion(ModelVersionFields):
    """One version of a model: files that never change, and where it stands."""

    files: List[ObjectRef]
    """Its files, as they were when it was saved."""
    stage_history: List[GetModelVersionModelVersionStageHistory]
    """Every move to another stage, the first one first."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetModelVersionModelVersion:
        return cls(
            id=data["id"],
            uri=data["uri"],
            version=data["version"],
            stage=ModelStage(data["stage"]),
            status=ModelVersionStatus(data["status"]),
            aliases=data["aliases"],
            description=data["description"],
            model_type=data["modelType"],
            requirements=data["requirements"],
            size=int(data["size"]),
            sha256=data["sha256"],
            tags=[TagFields._read(item) for item in data["tags"]],
            model=ModelRef._read(data["model"]),
            run=optional(RunRef._read, data["run"]),
            created_at=parse_datetime(data["createdAt"]),
            updated_at=parse_datetime(data["updatedAt"]),
            files=[ObjectRef._read(item) for item in data["files"]],
            stage_history=[GetModelVersionModelVersionStageHistory._read(item) for item in data["stageHistory"]],
        )


@dataclass(eq=False, repr=False)
class GetModelVersionUrlModelVersionFiles(ObjectRef):
    """Bytes under a key of a bucket, at one version: its id always means these bytes. Overwriting the key
    makes another object; what refers to this one goes on reading this one.
    """

    download_url: str
    """Serves the bytes, with Range, for a while; it may redirect to the object store. It carries your permission:
    treat it as a secret.
    """

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetModelVersionUrlModelVersionFiles:
        return cls(
            id=data["id"],
            key=data["key"],
            size=int(data["size"]),
            sha256=data["sha256"],
            bucket=ObjectRefBucket._read(data["bucket"]),
            download_url=data["downloadUrl"],
        )


@dataclass(eq=False, repr=False)
class GetModelVersionUrlModelVersion(ModelVersionFields):
    """One version of a model: files that never change, and where it stands."""

    files: List[GetModelVersionUrlModelVersionFiles]
    """Its files, as they were when it was saved."""
    download_url: str
    """Serves its one file, or a ZIP of all of them, for a while. It carries your permission: treat it as a secret."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetModelVersionUrlModelVersion:
        return cls(
            id=data["id"],
            uri=data["uri"],
            version=data["version"],
            stage=ModelStage(data["stage"]),
            status=ModelVersionStatus(data["status"]),
            aliases=data["aliases"],
            description=data["description"],
            model_type=data["modelType"],
            requirements=data["requirements"],
            size=int(data["size"]),
            sha256=data["sha256"],
            tags=[TagFields._read(item) for item in data["tags"]],
            model=ModelRef._read(data["model"]),
            run=optional(RunRef._read, data["run"]),
            created_at=parse_datetime(data["createdAt"]),
            updated_at=parse_datetime(data["updatedAt"]),
            files=[GetModelVersionUrlModelVersionFiles._read(item) for item in data["files"]],
            download_url=data["downloadUrl"],
        )


@dataclass(eq=False, repr=False)
class GetNamingRulesNamingPolicyRules(Record):
    """The rule for one kind of name."""

    kind: NameKind
    """What it is for."""
    pattern: str
    """The regular expression that the whole name must match, after lower-casing where the rule lower-cases."""
    max_length: int
    """Characters at most; for object keys bytes of UTF-8."""
    description: str
    """The rule in words."""
    example: str
    """A name that complies."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetNamingRulesNamingPolicyRules:
        return cls(
            kind=NameKind(data["kind"]),
            pattern=data["pattern"],
            max_length=data["maxLength"],
            description=data["description"],
            example=data["example"],
        )


@dataclass(eq=False, repr=False)
class GetNamingRulesNamingPolicy(Record):
    """The rules for names. Every name is checked against them before anything is written."""

    rules: List[GetNamingRulesNamingPolicyRules]
    """One rule for each kind of name."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetNamingRulesNamingPolicy:
        return cls(
            rules=[GetNamingRulesNamingPolicyRules._read(item) for item in data["rules"]],
        )


@dataclass(eq=False, repr=False)
class NodeRefAccessKey(Record):
    """A secret for a program: `X-Dhuo-Access-Key: <secret>` or `Authorization: Bearer <secret>`. It can
    never do more than its person.
    """

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """For its person to tell it from others."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> NodeRefAccessKey:
        return cls(
            id=data["id"],
            name=data["name"],
        )


@dataclass(eq=False, repr=False)
class NodeRefBucket(Record):
    """A named place for objects, of one project and for one purpose."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique: `<project>-<purpose>`, or with more behind it."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> NodeRefBucket:
        return cls(
            id=data["id"],
            name=data["name"],
        )


@dataclass(eq=False, repr=False)
class NodeRefDataset(Record):
    """Rows with a name: a table in the project's lakehouse schema, and where they came from."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique in its project."""
    version: int
    """1 when it was made, one more with each `createDataset` that replaced or appended."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> NodeRefDataset:
        return cls(
            id=data["id"],
            name=data["name"],
            version=data["version"],
        )


@dataclass(eq=False, repr=False)
class NodeRefDeployment(Record):
    """Scripts, and what they need to run. What it tells of itself is its newest version; runs keep theirs."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """In lower case; unique among those of its project that are not deleted."""
    version: int
    """The number of its newest version: 1, 2, 3 and so on."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> NodeRefDeployment:
        return cls(
            id=data["id"],
            name=data["name"],
            version=data["version"],
        )


@dataclass(eq=False, repr=False)
class NodeRefExperiment(Record):
    """A question that runs are made to answer, and the runs."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique among the active experiments of its project."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> NodeRefExperiment:
        return cls(
            id=data["id"],
            name=data["name"],
        )


@dataclass(eq=False, repr=False)
class NodeRefModel(Record):
    """A registered model: a name, under which versions are saved."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique in its project, in lower case."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> NodeRefModel:
        return cls(
            id=data["id"],
            name=data["name"],
        )


@dataclass(eq=False, repr=False)
class NodeRefModelVersion(Record):
    """One version of a model: files that never change, and where it stands."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    uri: str
    """models:/NAME/VERSION"""
    version: int
    """1, 2, 3 and so on in its model, without gaps; a number is not used again."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> NodeRefModelVersion:
        return cls(
            id=data["id"],
            uri=data["uri"],
            version=data["version"],
        )


@dataclass(eq=False, repr=False)
class NodeRefPipelineRun(Record):
    """One execution of a deployment, step by step. It keeps the version of the deployment, its scripts,
    packages and model that it began with.
    """

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    number: int
    """1, 2, 3 … within its deployment."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> NodeRefPipelineRun:
        return cls(
            id=data["id"],
            number=data["number"],
        )


@dataclass(eq=False, repr=False)
class NodeRefPipelineStep(Record):
    """A step of a pipeline run: one script, and how it went."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique in its run."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> NodeRefPipelineStep:
        return cls(
            id=data["id"],
            name=data["name"],
        )


@dataclass(eq=False, repr=False)
class NodeRefPrediction(Record):
    """Rows that a model predicted: one VERSION of a table, and all that they came of."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    version: int
    """The value of the column VERSION of its rows."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> NodeRefPrediction:
        return cls(
            id=data["id"],
            version=data["version"],
        )


@dataclass(eq=False, repr=False)
class NodeRefProject(Record):
    """What people work on together: its buckets, datasets, experiments, models and deployments, and a
    lakehouse schema of its own.
    """

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique, in lower case."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> NodeRefProject:
        return cls(
            id=data["id"],
            name=data["name"],
        )


@dataclass(eq=False, repr=False)
class NodeRefRun(Record):
    """One execution of code that learns: what went in, what was measured, what came out."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """For people; need not be unique."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> NodeRefRun:
        return cls(
            id=data["id"],
            name=data["name"],
        )


@dataclass(eq=False, repr=False)
class NodeRefStoredObject(Record):
    """Bytes under a key of a bucket, at one version: its id always means these bytes. Overwriting the key
    makes another object; what refers to this one goes on reading this one.
    """

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    key: str
    """Any UTF-8 text up to 1024 bytes; "/" has no meaning but for listing."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> NodeRefStoredObject:
        return cls(
            id=data["id"],
            key=data["key"],
        )


@dataclass(eq=False, repr=False)
class NodeRefUser(Record):
    """A person."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    email: str
    """Unique, in lower case."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> NodeRefUser:
        return cls(
            id=data["id"],
            email=data["email"],
        )


NodeRef = Union[NodeRefAccessKey, NodeRefBucket, NodeRefDataset, NodeRefDeployment, NodeRefExperiment, NodeRefModel, NodeRefModelVersion, NodeRefPipelineRun, NodeRefPipelineStep, NodeRefPrediction, NodeRefProject, NodeRefRun, NodeRefStoredObject, NodeRefUser, OtherType]
"""Anything with an id that `node(id)` finds again."""


def _read_node_ref(data: Mapping[str, Any]) -> NodeRef:
    kinds: Mapping[str, Any] = {
        "AccessKey": NodeRefAccessKey,
        "Bucket": NodeRefBucket,
        "Dataset": NodeRefDataset,
        "Deployment": NodeRefDeployment,
        "Experiment": NodeRefExperiment,
        "Model": NodeRefModel,
        "ModelVersion": NodeRefModelVersion,
        "PipelineRun": NodeRefPipelineRun,
        "PipelineStep": NodeRefPipelineStep,
        "Prediction": NodeRefPrediction,
        "Project": NodeRefProject,
        "Run": NodeRefRun,
        "StoredObject": NodeRefStoredObject,
        "User": NodeRefUser,
    }
    read: NodeRef = kinds.get(data["__typename"], OtherType)._read(data)
    return read


@dataclass(eq=False, repr=False)
class DatasetRef(Record):
    """Rows with a name: a table in the project's lakehouse schema, and where they came from."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique in its project."""
    version: int
    """1 when it was made, one more with each `createDataset` that replaced or appended."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> DatasetRef:
        return cls(
            id=data["id"],
            name=data["name"],
            version=data["version"],
        )


@dataclass(eq=False, repr=False)
class GetObjectBucketObject(ObjectFields):
    """Bytes under a key of a bucket, at one version: its id always means these bytes. Overwriting the key
    makes another object; what refers to this one goes on reading this one.
    """

    dataset: Optional[DatasetRef]
    """The newest dataset that was last loaded from it."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetObjectBucketObject:
        return cls(
            id=data["id"],
            key=data["key"],
            size=int(data["size"]),
            content_type=data["contentType"],
            etag=data["etag"],
            sha256=data["sha256"],
            last_modified=parse_datetime(data["lastModified"]),
            bucket=ObjectFieldsBucket._read(data["bucket"]),
            dataset=optional(DatasetRef._read, data["dataset"]),
        )


@dataclass(eq=False, repr=False)
class GetObjectBucket(Record):
    """A named place for objects, of one project and for one purpose."""

    object: Optional[GetObjectBucketObject]
    """What is under a key now; null when nothing is."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetObjectBucket:
        return cls(
            object=optional(GetObjectBucketObject._read, data["object"]),
        )


@dataclass(eq=False, repr=False)
class GetObjectTableUrlBucketObjectTable(Record):
    """Rows and what they are made of. Integers are exact (a string above 2^53), decimals beyond 15 digits
    strings, timestamps ISO 8601 in UTC, NaN and infinities strings.
    """

    columns: List[ColumnFields]
    """In the order of the values of each row."""
    download_url: str
    """Streams the whole result, not only these rows: the statement runs again when the URL is fetched."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetObjectTableUrlBucketObjectTable:
        return cls(
            columns=[ColumnFields._read(item) for item in data["columns"]],
            download_url=data["downloadUrl"],
        )


@dataclass(eq=False, repr=False)
class GetObjectTableUrlBucketObject(ObjectFields):
    """Bytes under a key of a bucket, at one version: its id always means these bytes. Overwriting the key
    makes another object; what refers to this one goes on reading this one.
    """

    table: GetObjectTableUrlBucketObjectTable
    """Reads it as a table: CSV, NDJSON, JSON, Parquet or Arrow, by its extension or by `format`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetObjectTableUrlBucketObject:
        return cls(
            id=data["id"],
            key=data["key"],
            size=int(data["size"]),
            content_type=data["contentType"],
            etag=data["etag"],
            sha256=data["sha256"],
            last_modified=parse_datetime(data["lastModified"]),
            bucket=ObjectFieldsBucket._read(data["bucket"]),
            table=GetObjectTableUrlBucketObjectTable._read(data["table"]),
        )


@dataclass(eq=False, repr=False)
class GetObjectTableUrlBucket(Record):
    """A named place for objects, of one project and for one purpose."""

    object: Optional[GetObjectTableUrlBucketObject]
    """What is under a key now; null when nothing is."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetObjectTableUrlBucket:
        return cls(
            object=optional(GetObjectTableUrlBucketObject._read, data["object"]),
        )


@dataclass(eq=False, repr=False)
class GetObjectUrlBucketObject(ObjectFields):
    """Bytes under a key of a bucket, at one version: its id always means these bytes. Overwriting the key
    makes another object; what refers to this one goes on reading this one.
    """

    download_url: str
    """Serves the bytes, with Range, for a while; it may redirect to the object store. It carries your permission:
    treat it as a secret.
    """

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetObjectUrlBucketObject:
        return cls(
            id=data["id"],
            key=data["key"],
            size=int(data["size"]),
            content_type=data["contentType"],
            etag=data["etag"],
            sha256=data["sha256"],
            last_modified=parse_datetime(data["lastModified"]),
            bucket=ObjectFieldsBucket._read(data["bucket"]),
            download_url=data["downloadUrl"],
        )


@dataclass(eq=False, repr=False)
class GetObjectUrlBucket(Record):
    """A named place for objects, of one project and for one purpose."""

    object: Optional[GetObjectUrlBucketObject]
    """What is under a key now; null when nothing is."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetObjectUrlBucket:
        return cls(
            object=optional(GetObjectUrlBucketObject._read, data["object"]),
        )


@dataclass(eq=False, repr=False)
class StepFields(Record):
    """A step of a pipeline run: one script, and how it went."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique in its run."""
    kind: StepKind
    """What it is for."""
    status: StepStatus
    """How it is getting on."""
    status_detail: Optional[str]
    """Why it failed, was skipped, or is tried again."""
    attempt: int
    """How often its script was begun: 0 before the first time."""
    progress: Optional[float]
    """0 to 1, as its script says; null when it says nothing."""
    message: Optional[str]
    """What its script said last."""
    started_at: Optional[datetime]
    """When the newest attempt began to run."""
    ended_at: Optional[datetime]
    """When it ended; null while it has not."""
    duration_ms: Optional[int]
    """From its start to its end, or until now; null before its start."""
    compute_run_id: Optional[str]
    """What the compute backend calls the newest attempt (a Data Flow run, a local job)."""
    observed_at: Optional[datetime]
    """When the status was last known to be so: now, where the server hears of every change by itself; on a backend
    that has to be asked (OCI Data Flow), when it last answered. Null before the first attempt.
    """
    stale: bool
    """Whether the status may be out of date: it is not final, and nobody could confirm it for more than 60 s."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> StepFields:
        return cls(
            id=data["id"],
            name=data["name"],
            kind=StepKind(data["kind"]),
            status=StepStatus(data["status"]),
            status_detail=data["statusDetail"],
            attempt=data["attempt"],
            progress=optional(float, data["progress"]),
            message=data["message"],
            started_at=optional(parse_datetime, data["startedAt"]),
            ended_at=optional(parse_datetime, data["endedAt"]),
            duration_ms=optional(int, data["durationMs"]),
            compute_run_id=data["computeRunId"],
            observed_at=optional(parse_datetime, data["observedAt"]),
            stale=data["stale"],
        )


@dataclass(eq=False, repr=False)
class PredictionRef(Record):
    """Rows that a model predicted: one VERSION of a table, and all that they came of."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    version: int
    """The value of the column VERSION of its rows."""
    row_count: int
    """How many rows were saved."""
    created_at: datetime
    """The value of the column CREATED_AT of its rows."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> PredictionRef:
        return cls(
            id=data["id"],
            version=data["version"],
            row_count=int(data["rowCount"]),
            created_at=parse_datetime(data["createdAt"]),
        )


@dataclass(eq=False, repr=False)
class GetPipelineRunNodePipelineRun(PipelineRunFields):
    """One execution of a deployment, step by step. It keeps the version of the deployment, its scripts,
    packages and model that it began with.
    """

    arguments: List[TagFields]
    """What its scripts got behind their own arguments."""
    created_by: Optional[UserRef]
    """Who started it; null for a schedule, and when you may not see them."""
    retry_of: Optional[PipelineRunRef]
    """The run that it tries again."""
    steps: List[StepFields]
    """Its steps, in the order of the deployment."""
    predictions: List[PredictionRef]
    """Predictions that it saved, the newest first."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetPipelineRunNodePipelineRun:
        return cls(
            id=data["id"],
            number=data["number"],
            status=PipelineStatus(data["status"]),
            status_detail=data["statusDetail"],
            trigger=Trigger(data["trigger"]),
            last_sequence=data["lastSequence"],
            created_at=parse_datetime(data["createdAt"]),
            started_at=optional(parse_datetime, data["startedAt"]),
            ended_at=optional(parse_datetime, data["endedAt"]),
            duration_ms=optional(int, data["durationMs"]),
            cancel_requested_at=optional(parse_datetime, data["cancelRequestedAt"]),
            deployment_version=data["deploymentVersion"],
            deployment=DeploymentRef._read(data["deployment"]),
            project=ProjectRef._read(data["project"]),
            arguments=[TagFields._read(item) for item in data["arguments"]],
            created_by=optional(UserRef._read, data["createdBy"]),
            retry_of=optional(PipelineRunRef._read, data["retryOf"]),
            steps=[StepFields._read(item) for item in data["steps"]],
            predictions=[PredictionRef._read(item) for item in data["predictions"]],
        )


GetPipelineRunNode = Union[GetPipelineRunNodePipelineRun, OtherType]
"""Anything with an id that `node(id)` finds again."""


def _read_get_pipeline_run_node(data: Mapping[str, Any]) -> GetPipelineRunNode:
    kinds: Mapping[str, Any] = {
        "PipelineRun": GetPipelineRunNodePipelineRun,
    }
    read: GetPipelineRunNode = kinds.get(data["__typename"], OtherType)._read(data)
    return read


@dataclass(eq=False, repr=False)
class MemberFields(Record):
    """A person in a project."""

    role: Role
    """What they may do in it."""
    user: UserRef
    """Who it is."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> MemberFields:
        return cls(
            role=Role(data["role"]),
            user=UserRef._read(data["user"]),
        )


@dataclass(eq=False, repr=False)
class GetProjectProject(ProjectFields):
    """What people work on together: its buckets, datasets, experiments, models and deployments, and a
    lakehouse schema of its own.
    """

    members: List[MemberFields]
    """Everybody who has a role here."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetProjectProject:
        return cls(
            id=data["id"],
            name=data["name"],
            description=data["description"],
            viewer_role=optional(Role, data["viewerRole"]),
            created_at=parse_datetime(data["createdAt"]),
            members=[MemberFields._read(item) for item in data["members"]],
        )


@dataclass(eq=False, repr=False)
class StepRef(Record):
    """A step of a pipeline run: one script, and how it went."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    name: str
    """Unique in its run."""
    kind: StepKind
    """What it is for."""
    status: StepStatus
    """How it is getting on."""
    pipeline_run: PipelineRunRef
    """The run that it is a step of."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> StepRef:
        return cls(
            id=data["id"],
            name=data["name"],
            kind=StepKind(data["kind"]),
            status=StepStatus(data["status"]),
            pipeline_run=PipelineRunRef._read(data["pipelineRun"]),
        )


@dataclass(eq=False, repr=False)
class GetRunNodeRunInputVersions(Record):
    """A dataset that a run read."""

    version: int
    """The version of the dataset when it was logged."""
    dataset: DatasetRef
    """The dataset as it is now."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetRunNodeRunInputVersions:
        return cls(
            version=data["version"],
            dataset=DatasetRef._read(data["dataset"]),
        )


@dataclass(eq=False, repr=False)
class GetRunNodeRun(RunFields):
    """One execution of code that learns: what went in, what was measured, what came out."""

    parent: Optional[RunRef]
    """The run that it is a part of."""
    pipeline_step: Optional[StepRef]
    """The step of a pipeline whose script began it."""
    input_versions: List[GetRunNodeRunInputVersions]
    """The datasets that it read, with the version that each had then."""
    model_versions: List[ModelVersionRef]
    """Model versions that it made, the oldest first."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetRunNodeRun:
        return cls(
            id=data["id"],
            name=data["name"],
            status=RunStatus(data["status"]),
            lifecycle=Lifecycle(data["lifecycle"]),
            started_at=parse_datetime(data["startedAt"]),
            ended_at=optional(parse_datetime, data["endedAt"]),
            experiment=ExperimentRef._read(data["experiment"]),
            user=optional(UserRef._read, data["user"]),
            params=[TagFields._read(item) for item in data["params"]],
            metrics=[MetricFields._read(item) for item in data["metrics"]],
            tags=[TagFields._read(item) for item in data["tags"]],
            parent=optional(RunRef._read, data["parent"]),
            pipeline_step=optional(StepRef._read, data["pipelineStep"]),
            input_versions=[GetRunNodeRunInputVersions._read(item) for item in data["inputVersions"]],
            model_versions=[ModelVersionRef._read(item) for item in data["modelVersions"]],
        )


GetRunNode = Union[GetRunNodeRun, OtherType]
"""Anything with an id that `node(id)` finds again."""


def _read_get_run_node(data: Mapping[str, Any]) -> GetRunNode:
    kinds: Mapping[str, Any] = {
        "Run": GetRunNodeRun,
    }
    read: GetRunNode = kinds.get(data["__typename"], OtherType)._read(data)
    return read


@dataclass(eq=False, repr=False)
class GetSelectUrlExecuteSelect(Record):
    """Rows and what they are made of. Integers are exact (a string above 2^53), decimals beyond 15 digits
    strings, timestamps ISO 8601 in UTC, NaN and infinities strings.
    """

    columns: List[ColumnFields]
    """In the order of the values of each row."""
    download_url: str
    """Streams the whole result, not only these rows: the statement runs again when the URL is fetched."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetSelectUrlExecuteSelect:
        return cls(
            columns=[ColumnFields._read(item) for item in data["columns"]],
            download_url=data["downloadUrl"],
        )


@dataclass(eq=False, repr=False)
class GetServerServerBackends(Record):
    """One backend and how it is."""

    role: BackendRole
    """What it does."""
    kind: str
    """Which one it is: the scheme of the URL that chose it, for example `sqlite`."""
    healthy: bool
    """True when it answered just now."""
    detail: Optional[str]
    """What is wrong; null when nothing is."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetServerServerBackends:
        return cls(
            role=BackendRole(data["role"]),
            kind=data["kind"],
            healthy=data["healthy"],
            detail=data["detail"],
        )


@dataclass(eq=False, repr=False)
class GetServerServerLimits(Record):
    """The largest things this server accepts."""

    object_bytes: int
    """Bytes of one object."""
    sql_timeout_ms: int
    """Milliseconds that one SQL statement may take."""
    table_rows: int
    """Rows of a `Table` at most; whole results come through its `downloadUrl`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetServerServerLimits:
        return cls(
            object_bytes=int(data["objectBytes"]),
            sql_timeout_ms=data["sqlTimeoutMs"],
            table_rows=data["tableRows"],
        )


@dataclass(eq=False, repr=False)
class GetServerServer(Record):
    """The server that answers."""

    version: str
    """The version of DHuO Graph."""
    started_at: datetime
    """When this process started."""
    backends: List[GetServerServerBackends]
    """The backends it runs on. Each is asked when this field is."""
    limits: GetServerServerLimits
    """The largest things it accepts."""
    error_codes: List[ErrorCode]
    """Every code that an error can have."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> GetServerServer:
        return cls(
            version=data["version"],
            started_at=parse_datetime(data["startedAt"]),
            backends=[GetServerServerBackends._read(item) for item in data["backends"]],
            limits=GetServerServerLimits._read(data["limits"]),
            error_codes=[ErrorCode(item) for item in data["errorCodes"]],
        )


@dataclass(eq=False, repr=False)
class BucketSyncFields(Record):
    """What was found in a bucket that others fill as well."""

    bucket: BucketFields
    """The bucket that was looked at."""
    added: int
    """Objects that are new here."""
    replaced: int
    """Objects whose key means other bytes now."""
    removed: int
    """Objects that are not there any more."""
    skipped: int
    """Objects that cannot be here, for no key may be called so."""
    skipped_keys: List[str]
    """What those are called; a hundred at most."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> BucketSyncFields:
        return cls(
            bucket=BucketFields._read(data["bucket"]),
            added=int(data["added"]),
            replaced=int(data["replaced"]),
            removed=int(data["removed"]),
            skipped=int(data["skipped"]),
            skipped_keys=data["skippedKeys"],
        )


@dataclass(eq=False, repr=False)
class ListAccessKeysViewer(Record):
    """A person."""

    access_keys: List[AccessKeyFields]
    """Keys that were made for the person, the newest first. Empty for everybody but themselves and administrators."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListAccessKeysViewer:
        return cls(
            access_keys=[AccessKeyFields._read(item) for item in data["accessKeys"]],
        )


@dataclass(eq=False, repr=False)
class ListArtifactsNodeRun(Record):
    """One execution of code that learns: what went in, what was measured, what came out."""

    artifacts: List[ObjectFields]
    """What it left: the objects with keys `runs/<id of the run>/…` in any bucket of the project, by key, 1000 at
    most. Upload them there.
    """

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListArtifactsNodeRun:
        return cls(
            artifacts=[ObjectFields._read(item) for item in data["artifacts"]],
        )


ListArtifactsNode = Union[ListArtifactsNodeRun, OtherType]
"""Anything with an id that `node(id)` finds again."""


def _read_list_artifacts_node(data: Mapping[str, Any]) -> ListArtifactsNode:
    kinds: Mapping[str, Any] = {
        "Run": ListArtifactsNodeRun,
    }
    read: ListArtifactsNode = kinds.get(data["__typename"], OtherType)._read(data)
    return read


@dataclass(eq=False, repr=False)
class ListBucketsProjectBuckets(Record):
    """A page of a list of Bucket. Its order is stable while others are inserted."""

    total_count: int
    """How many there are on all pages together. Computed only when it is asked for."""
    page_info: PageFields
    """Whether and where it goes on."""
    nodes: List[BucketFields]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListBucketsProjectBuckets:
        return cls(
            total_count=data["totalCount"],
            page_info=PageFields._read(data["pageInfo"]),
            nodes=[BucketFields._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class ListBucketsProject(Record):
    """What people work on together: its buckets, datasets, experiments, models and deployments, and a
    lakehouse schema of its own.
    """

    buckets: ListBucketsProjectBuckets
    """Its buckets, by name."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListBucketsProject:
        return cls(
            buckets=ListBucketsProjectBuckets._read(data["buckets"]),
        )


@dataclass(eq=False, repr=False)
class ListChildRunsNodeRunChildren(Record):
    """A page of a list of Run. Its order is stable while others are inserted."""

    total_count: int
    """How many there are on all pages together. Computed only when it is asked for."""
    page_info: PageFields
    """Whether and where it goes on."""
    nodes: List[RunFields]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListChildRunsNodeRunChildren:
        return cls(
            total_count=data["totalCount"],
            page_info=PageFields._read(data["pageInfo"]),
            nodes=[RunFields._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class ListChildRunsNodeRun(Record):
    """One execution of code that learns: what went in, what was measured, what came out."""

    children: ListChildRunsNodeRunChildren
    """The active runs that are parts of it, the first first."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListChildRunsNodeRun:
        return cls(
            children=ListChildRunsNodeRunChildren._read(data["children"]),
        )


ListChildRunsNode = Union[ListChildRunsNodeRun, OtherType]
"""Anything with an id that `node(id)` finds again."""


def _read_list_child_runs_node(data: Mapping[str, Any]) -> ListChildRunsNode:
    kinds: Mapping[str, Any] = {
        "Run": ListChildRunsNodeRun,
    }
    read: ListChildRunsNode = kinds.get(data["__typename"], OtherType)._read(data)
    return read


@dataclass(eq=False, repr=False)
class ListDatasetsProjectDatasets(Record):
    """A page of a list of Dataset. Its order is stable while others are inserted."""

    total_count: int
    """How many there are on all pages together. Computed only when it is asked for."""
    page_info: PageFields
    """Whether and where it goes on."""
    nodes: List[DatasetFields]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListDatasetsProjectDatasets:
        return cls(
            total_count=data["totalCount"],
            page_info=PageFields._read(data["pageInfo"]),
            nodes=[DatasetFields._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class ListDatasetsProject(Record):
    """What people work on together: its buckets, datasets, experiments, models and deployments, and a
    lakehouse schema of its own.
    """

    datasets: ListDatasetsProjectDatasets
    """Its datasets, by name."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListDatasetsProject:
        return cls(
            datasets=ListDatasetsProjectDatasets._read(data["datasets"]),
        )


@dataclass(eq=False, repr=False)
class ListDeploymentRunsDeploymentPipelineRuns(Record):
    """A page of a list of PipelineRun. Its order is stable while others are inserted."""

    total_count: int
    """How many there are on all pages together. Computed only when it is asked for."""
    page_info: PageFields
    """Whether and where it goes on."""
    nodes: List[PipelineRunFields]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListDeploymentRunsDeploymentPipelineRuns:
        return cls(
            total_count=data["totalCount"],
            page_info=PageFields._read(data["pageInfo"]),
            nodes=[PipelineRunFields._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class ListDeploymentRunsDeployment(Record):
    """Scripts, and what they need to run. What it tells of itself is its newest version; runs keep theirs."""

    pipeline_runs: ListDeploymentRunsDeploymentPipelineRuns
    """Its runs, the newest first, of all its versions."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListDeploymentRunsDeployment:
        return cls(
            pipeline_runs=ListDeploymentRunsDeploymentPipelineRuns._read(data["pipelineRuns"]),
        )


@dataclass(eq=False, repr=False)
class ListDeploymentsProjectDeployments(Record):
    """A page of a list of Deployment. Its order is stable while others are inserted."""

    total_count: int
    """How many there are on all pages together. Computed only when it is asked for."""
    page_info: PageFields
    """Whether and where it goes on."""
    nodes: List[DeploymentFields]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListDeploymentsProjectDeployments:
        return cls(
            total_count=data["totalCount"],
            page_info=PageFields._read(data["pageInfo"]),
            nodes=[DeploymentFields._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class ListDeploymentsProject(Record):
    """What people work on together: its buckets, datasets, experiments, models and deployments, and a
    lakehouse schema of its own.
    """

    deployments: ListDeploymentsProjectDeployments
    """Its deployments that are not deleted, by name."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListDeploymentsProject:
        return cls(
            deployments=ListDeploymentsProjectDeployments._read(data["deployments"]),
        )


@dataclass(eq=False, repr=False)
class ListExperimentsProjectExperiments(Record):
    """A page of a list of Experiment. Its order is stable while others are inserted."""

    total_count: int
    """How many there are on all pages together. Computed only when it is asked for."""
    page_info: PageFields
    """Whether and where it goes on."""
    nodes: List[ExperimentFields]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListExperimentsProjectExperiments:
        return cls(
            total_count=data["totalCount"],
            page_info=PageFields._read(data["pageInfo"]),
            nodes=[ExperimentFields._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class ListExperimentsProject(Record):
    """What people work on together: its buckets, datasets, experiments, models and deployments, and a
    lakehouse schema of its own.
    """

    experiments: ListExperimentsProjectExperiments
    """Its active experiments; the newest first unless you order them."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListExperimentsProject:
        return cls(
            experiments=ListExperimentsProjectExperiments._read(data["experiments"]),
        )


@dataclass(eq=False, repr=False)
class ListModelVersionsModelVersions(Record):
    """A page of a list of ModelVersion. Its order is stable while others are inserted."""

    total_count: int
    """How many there are on all pages together. Computed only when it is asked for."""
    page_info: PageFields
    """Whether and where it goes on."""
    nodes: List[ModelVersionFields]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListModelVersionsModelVersions:
        return cls(
            total_count=data["totalCount"],
            page_info=PageFields._read(data["pageInfo"]),
            nodes=[ModelVersionFields._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class ListModelVersionsModel(Record):
    """A registered model: a name, under which versions are saved."""

    versions: ListModelVersionsModelVersions
    """Its versions, the highest number first."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListModelVersionsModel:
        return cls(
            versions=ListModelVersionsModelVersions._read(data["versions"]),
        )


@dataclass(eq=False, repr=False)
class ListModelsProjectModels(Record):
    """A page of a list of Model. Its order is stable while others are inserted."""

    total_count: int
    """How many there are on all pages together. Computed only when it is asked for."""
    page_info: PageFields
    """Whether and where it goes on."""
    nodes: List[ModelFields]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListModelsProjectModels:
        return cls(
            total_count=data["totalCount"],
            page_info=PageFields._read(data["pageInfo"]),
            nodes=[ModelFields._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class ListModelsProject(Record):
    """What people work on together: its buckets, datasets, experiments, models and deployments, and a
    lakehouse schema of its own.
    """

    models: ListModelsProjectModels
    """Its models; by name unless you order them."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListModelsProject:
        return cls(
            models=ListModelsProjectModels._read(data["models"]),
        )


@dataclass(eq=False, repr=False)
class ListObjectsBucketObjects(Record):
    """A page of a bucket, ordered by key, byte by byte."""

    common_prefixes: List[str]
    """With a delimiter: the beginnings, up to the delimiter, that keys share: the "folders"."""
    page_info: PageFields
    """Whether and where it goes on."""
    nodes: List[ObjectFields]
    """Objects whose key is not rolled up."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListObjectsBucketObjects:
        return cls(
            common_prefixes=data["commonPrefixes"],
            page_info=PageFields._read(data["pageInfo"]),
            nodes=[ObjectFields._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class ListObjectsBucket(Record):
    """A named place for objects, of one project and for one purpose."""

    objects: ListObjectsBucketObjects
    """What is in it, by key, byte by byte. `first` may be up to 1000 here."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListObjectsBucket:
        return cls(
            objects=ListObjectsBucketObjects._read(data["objects"]),
        )


@dataclass(eq=False, repr=False)
class PipelineEventFields(Record):
    """Something that happened in a pipeline run. `sequence` counts from 1 without gaps: whoever has seen n
    goes on with `after: n`.
    """

    sequence: int
    """1, 2, 3 … within the run."""
    type: PipelineEventType
    """What it tells of."""
    at: datetime
    """When it happened."""
    step_name: Optional[str]
    """The name of the step that it is about."""
    run_status: Optional[PipelineStatus]
    """Of RUN_STATUS: the status from then on."""
    step_status: Optional[StepStatus]
    """Of STEP_STATUS: the status from then on."""
    progress: Optional[float]
    """Of STEP_PROGRESS: 0 to 1."""
    message: Optional[str]
    """In words: a reason, what the script said, or the line of a log."""
    stream: Optional[LogStream]
    """Of LOG: where the line comes from."""
    number: Optional[int]
    """Of LOG: the number of the line within its step."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> PipelineEventFields:
        return cls(
            sequence=data["sequence"],
            type=PipelineEventType(data["type"]),
            at=parse_datetime(data["at"]),
            step_name=data["stepName"],
            run_status=optional(PipelineStatus, data["runStatus"]),
            step_status=optional(StepStatus, data["stepStatus"]),
            progress=optional(float, data["progress"]),
            message=data["message"],
            stream=optional(LogStream, data["stream"]),
            number=data["number"],
        )


@dataclass(eq=False, repr=False)
class ListPipelineEventsNodePipelineRun(Record):
    """One execution of a deployment, step by step. It keeps the version of the deployment, its scripts,
    packages and model that it began with.
    """

    status: PipelineStatus
    """How it is getting on."""
    last_sequence: int
    """The sequence of its newest event: subscribe to `pipelineEvents` with `after` from there."""
    events: List[PipelineEventFields]
    """What happened, in order."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListPipelineEventsNodePipelineRun:
        return cls(
            status=PipelineStatus(data["status"]),
            last_sequence=data["lastSequence"],
            events=[PipelineEventFields._read(item) for item in data["events"]],
        )


ListPipelineEventsNode = Union[ListPipelineEventsNodePipelineRun, OtherType]
"""Anything with an id that `node(id)` finds again."""


def _read_list_pipeline_events_node(data: Mapping[str, Any]) -> ListPipelineEventsNode:
    kinds: Mapping[str, Any] = {
        "PipelineRun": ListPipelineEventsNodePipelineRun,
    }
    read: ListPipelineEventsNode = kinds.get(data["__typename"], OtherType)._read(data)
    return read


@dataclass(eq=False, repr=False)
class ListPipelineRunsProjectPipelineRuns(Record):
    """A page of a list of PipelineRun. Its order is stable while others are inserted."""

    total_count: int
    """How many there are on all pages together. Computed only when it is asked for."""
    page_info: PageFields
    """Whether and where it goes on."""
    nodes: List[PipelineRunFields]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListPipelineRunsProjectPipelineRuns:
        return cls(
            total_count=data["totalCount"],
            page_info=PageFields._read(data["pageInfo"]),
            nodes=[PipelineRunFields._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class ListPipelineRunsProject(Record):
    """What people work on together: its buckets, datasets, experiments, models and deployments, and a
    lakehouse schema of its own.
    """

    pipeline_runs: ListPipelineRunsProjectPipelineRuns
    """The runs of its deployments, the newest first."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListPipelineRunsProject:
        return cls(
            pipeline_runs=ListPipelineRunsProjectPipelineRuns._read(data["pipelineRuns"]),
        )


@dataclass(eq=False, repr=False)
class PredictionFieldsOutput(DatasetRef):
    """Rows with a name: a table in the project's lakehouse schema, and where they came from."""

    table: Optional[str]
    """Its table in the project's lakehouse schema, for SQL."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> PredictionFieldsOutput:
        return cls(
            id=data["id"],
            name=data["name"],
            version=data["version"],
            table=data["table"],
        )


@dataclass(eq=False, repr=False)
class PredictionFields(Record):
    """Rows that a model predicted: one VERSION of a table, and all that they came of."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""
    version: int
    """The value of the column VERSION of its rows."""
    row_count: int
    """How many rows were saved."""
    created_at: datetime
    """The value of the column CREATED_AT of its rows."""
    created_by: Optional[UserRef]
    """Who saved it; null when you may not see them."""
    model_version: ModelVersionRef
    """What predicted."""
    output: PredictionFieldsOutput
    """Where its rows are: a table with the columns PREDICT, VERSION and CREATED_AT beside the features."""
    input: Optional[DatasetRef]
    """What was predicted from."""
    deployment: Optional[DeploymentRef]
    """The deployment whose run saved it."""
    pipeline_run: Optional[PipelineRunRef]
    """The pipeline run that saved it."""
    project: ProjectRef
    """The project that it belongs to."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> PredictionFields:
        return cls(
            id=data["id"],
            version=data["version"],
            row_count=int(data["rowCount"]),
            created_at=parse_datetime(data["createdAt"]),
            created_by=optional(UserRef._read, data["createdBy"]),
            model_version=ModelVersionRef._read(data["modelVersion"]),
            output=PredictionFieldsOutput._read(data["output"]),
            input=optional(DatasetRef._read, data["input"]),
            deployment=optional(DeploymentRef._read, data["deployment"]),
            pipeline_run=optional(PipelineRunRef._read, data["pipelineRun"]),
            project=ProjectRef._read(data["project"]),
        )


@dataclass(eq=False, repr=False)
class ListPredictionsProjectPredictions(Record):
    """A page of a list of Prediction. Its order is stable while others are inserted."""

    total_count: int
    """How many there are on all pages together. Computed only when it is asked for."""
    page_info: PageFields
    """Whether and where it goes on."""
    nodes: List[PredictionFields]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListPredictionsProjectPredictions:
        return cls(
            total_count=data["totalCount"],
            page_info=PageFields._read(data["pageInfo"]),
            nodes=[PredictionFields._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class ListPredictionsProject(Record):
    """What people work on together: its buckets, datasets, experiments, models and deployments, and a
    lakehouse schema of its own.
    """

    predictions: ListPredictionsProjectPredictions
    """Predictions that were saved, the newest first."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListPredictionsProject:
        return cls(
            predictions=ListPredictionsProjectPredictions._read(data["predictions"]),
        )


@dataclass(eq=False, repr=False)
class ListProjectsProjects(Record):
    """A page of a list of Project. Its order is stable while others are inserted."""

    total_count: int
    """How many there are on all pages together. Computed only when it is asked for."""
    page_info: PageFields
    """Whether and where it goes on."""
    nodes: List[ProjectFields]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ListProjectsProjects:
        return cls(
            total_count=data["totalCount"],
            page_info=PageFields._read(data["pageInfo"]),
            nodes=[ProjectFields._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class LogBatchLogBatch(Record):
    """One execution of code that learns: what went in, what was measured, what came out."""

    id: str
    """Opaque and stable. The prefix names the type, for example `run_…`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> LogBatchLogBatch:
        return cls(
            id=data["id"],
        )


@dataclass(eq=False, repr=False)
class LogInLogin(Record):
    """A login. Send the token as `Authorization: Bearer <token>`."""

    token: str
    """The secret that stands for the person. Kept on the server only as a hash."""
    expires_at: datetime
    """When it ends."""
    user: UserFields
    """Who logged in."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> LogInLogin:
        return cls(
            token=data["token"],
            expires_at=parse_datetime(data["expiresAt"]),
            user=UserFields._read(data["user"]),
        )


@dataclass(eq=False, repr=False)
class PredictPredict(Record):
    """What an ONLINE deployment answered."""

    predictions: List[Any]
    """One for each row, in their order."""
    duration_ms: float
    """Milliseconds, from the question to the answer; the first call of a handler loads its model."""
    model_version: ModelVersionRef
    """What predicted."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> PredictPredict:
        return cls(
            predictions=data["predictions"],
            duration_ms=float(data["durationMs"]),
            model_version=ModelVersionRef._read(data["modelVersion"]),
        )


@dataclass(eq=False, repr=False)
class PreviewDatasetDataset(DatasetFields):
    """Rows with a name: a table in the project's lakehouse schema, and where they came from."""

    preview: TableFields
    """The first rows."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> PreviewDatasetDataset:
        return cls(
            id=data["id"],
            name=data["name"],
            version=data["version"],
            kind=DatasetKind(data["kind"]),
            description=data["description"],
            table=data["table"],
            row_count=int(data["rowCount"]),
            columns=[ColumnFields._read(item) for item in data["columns"]],
            object=optional(ObjectRef._read, data["object"]),
            project=ProjectRef._read(data["project"]),
            created_at=parse_datetime(data["createdAt"]),
            updated_at=parse_datetime(data["updatedAt"]),
            preview=TableFields._read(data["preview"]),
        )


@dataclass(eq=False, repr=False)
class PreviewPredictionNodePrediction(PredictionFields):
    """Rows that a model predicted: one VERSION of a table, and all that they came of."""

    preview: TableFields
    """Rows of this VERSION only."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> PreviewPredictionNodePrediction:
        return cls(
            id=data["id"],
            version=data["version"],
            row_count=int(data["rowCount"]),
            created_at=parse_datetime(data["createdAt"]),
            created_by=optional(UserRef._read, data["createdBy"]),
            model_version=ModelVersionRef._read(data["modelVersion"]),
            output=PredictionFieldsOutput._read(data["output"]),
            input=optional(DatasetRef._read, data["input"]),
            deployment=optional(DeploymentRef._read, data["deployment"]),
            pipeline_run=optional(PipelineRunRef._read, data["pipelineRun"]),
            project=ProjectRef._read(data["project"]),
            preview=TableFields._read(data["preview"]),
        )


PreviewPredictionNode = Union[PreviewPredictionNodePrediction, OtherType]
"""Anything with an id that `node(id)` finds again."""


def _read_preview_prediction_node(data: Mapping[str, Any]) -> PreviewPredictionNode:
    kinds: Mapping[str, Any] = {
        "Prediction": PreviewPredictionNodePrediction,
    }
    read: PreviewPredictionNode = kinds.get(data["__typename"], OtherType)._read(data)
    return read


@dataclass(eq=False, repr=False)
class ReadObjectBucketObject(ObjectFields):
    """Bytes under a key of a bucket, at one version: its id always means these bytes. Overwriting the key
    makes another object; what refers to this one goes on reading this one.
    """

    table: TableFields
    """Reads it as a table: CSV, NDJSON, JSON, Parquet or Arrow, by its extension or by `format`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ReadObjectBucketObject:
        return cls(
            id=data["id"],
            key=data["key"],
            size=int(data["size"]),
            content_type=data["contentType"],
            etag=data["etag"],
            sha256=data["sha256"],
            last_modified=parse_datetime(data["lastModified"]),
            bucket=ObjectFieldsBucket._read(data["bucket"]),
            table=TableFields._read(data["table"]),
        )


@dataclass(eq=False, repr=False)
class ReadObjectBucket(Record):
    """A named place for objects, of one project and for one purpose."""

    object: Optional[ReadObjectBucketObject]
    """What is under a key now; null when nothing is."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ReadObjectBucket:
        return cls(
            object=optional(ReadObjectBucketObject._read, data["object"]),
        )


@dataclass(eq=False, repr=False)
class ReadStepLogsNodePipelineRunStepLogs(Record):
    """A line that a step printed."""

    number: int
    """1, 2, 3 … within the step, over all attempts."""
    at: datetime
    """When it was printed."""
    stream: LogStream
    """Where it comes from."""
    text: str
    """Without the line's end. What is no Unicode is replaced, and what is too long cut."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ReadStepLogsNodePipelineRunStepLogs:
        return cls(
            number=data["number"],
            at=parse_datetime(data["at"]),
            stream=LogStream(data["stream"]),
            text=data["text"],
        )


@dataclass(eq=False, repr=False)
class ReadStepLogsNodePipelineRunStep(StepFields):
    """A step of a pipeline run: one script, and how it went."""

    logs: List[ReadStepLogsNodePipelineRunStepLogs]
    """What it printed, in order, over all attempts."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ReadStepLogsNodePipelineRunStep:
        return cls(
            id=data["id"],
            name=data["name"],
            kind=StepKind(data["kind"]),
            status=StepStatus(data["status"]),
            status_detail=data["statusDetail"],
            attempt=data["attempt"],
            progress=optional(float, data["progress"]),
            message=data["message"],
            started_at=optional(parse_datetime, data["startedAt"]),
            ended_at=optional(parse_datetime, data["endedAt"]),
            duration_ms=optional(int, data["durationMs"]),
            compute_run_id=data["computeRunId"],
            observed_at=optional(parse_datetime, data["observedAt"]),
            stale=data["stale"],
            logs=[ReadStepLogsNodePipelineRunStepLogs._read(item) for item in data["logs"]],
        )


@dataclass(eq=False, repr=False)
class ReadStepLogsNodePipelineRun(Record):
    """One execution of a deployment, step by step. It keeps the version of the deployment, its scripts,
    packages and model that it began with.
    """

    step: Optional[ReadStepLogsNodePipelineRunStep]
    """One step; null when there is none of that name."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> ReadStepLogsNodePipelineRun:
        return cls(
            step=optional(ReadStepLogsNodePipelineRunStep._read, data["step"]),
        )


ReadStepLogsNode = Union[ReadStepLogsNodePipelineRun, OtherType]
"""Anything with an id that `node(id)` finds again."""


def _read_read_step_logs_node(data: Mapping[str, Any]) -> ReadStepLogsNode:
    kinds: Mapping[str, Any] = {
        "PipelineRun": ReadStepLogsNodePipelineRun,
    }
    read: ReadStepLogsNode = kinds.get(data["__typename"], OtherType)._read(data)
    return read


@dataclass(eq=False, repr=False)
class SearchRunsExperimentRuns(Record):
    """A page of a list of Run. Its order is stable while others are inserted."""

    total_count: int
    """How many there are on all pages together. Computed only when it is asked for."""
    page_info: PageFields
    """Whether and where it goes on."""
    nodes: List[RunFields]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> SearchRunsExperimentRuns:
        return cls(
            total_count=data["totalCount"],
            page_info=PageFields._read(data["pageInfo"]),
            nodes=[RunFields._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class SearchRunsExperiment(Record):
    """A question that runs are made to answer, and the runs."""

    runs: SearchRunsExperimentRuns
    """Its runs; the newest first unless you order them."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> SearchRunsExperiment:
        return cls(
            runs=SearchRunsExperimentRuns._read(data["runs"]),
        )


@dataclass(eq=False, repr=False)
class SetProjectMemberSetProjectMember(ProjectFields):
    """What people work on together: its buckets, datasets, experiments, models and deployments, and a
    lakehouse schema of its own.
    """

    members: List[MemberFields]
    """Everybody who has a role here."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> SetProjectMemberSetProjectMember:
        return cls(
            id=data["id"],
            name=data["name"],
            description=data["description"],
            viewer_role=optional(Role, data["viewerRole"]),
            created_at=parse_datetime(data["createdAt"]),
            members=[MemberFields._read(item) for item in data["members"]],
        )


@dataclass(eq=False, repr=False)
class TraceDatasetDatasetUsedBy(Record):
    """A page of a list of Run. Its order is stable while others are inserted."""

    nodes: List[RunRef]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TraceDatasetDatasetUsedBy:
        return cls(
            nodes=[RunRef._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class TraceDatasetDatasetPredictionsFrom(Record):
    """A page of a list of Prediction. Its order is stable while others are inserted."""

    nodes: List[PredictionRef]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TraceDatasetDatasetPredictionsFrom:
        return cls(
            nodes=[PredictionRef._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class TraceDatasetDatasetPredictions(Record):
    """A page of a list of Prediction. Its order is stable while others are inserted."""

    nodes: List[PredictionRef]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TraceDatasetDatasetPredictions:
        return cls(
            nodes=[PredictionRef._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class TraceDatasetDataset(DatasetFields):
    """Rows with a name: a table in the project's lakehouse schema, and where they came from."""

    produced_by: Optional[StepRef]
    """The step of a pipeline whose script made its newest version."""
    used_by: TraceDatasetDatasetUsedBy
    """The active runs that logged it as an input, the newest first."""
    predictions_from: TraceDatasetDatasetPredictionsFrom
    """Predictions that were made from it, the newest first."""
    predictions: TraceDatasetDatasetPredictions
    """Predictions that were written to it, the newest first."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TraceDatasetDataset:
        return cls(
            id=data["id"],
            name=data["name"],
            version=data["version"],
            kind=DatasetKind(data["kind"]),
            description=data["description"],
            table=data["table"],
            row_count=int(data["rowCount"]),
            columns=[ColumnFields._read(item) for item in data["columns"]],
            object=optional(ObjectRef._read, data["object"]),
            project=ProjectRef._read(data["project"]),
            created_at=parse_datetime(data["createdAt"]),
            updated_at=parse_datetime(data["updatedAt"]),
            produced_by=optional(StepRef._read, data["producedBy"]),
            used_by=TraceDatasetDatasetUsedBy._read(data["usedBy"]),
            predictions_from=TraceDatasetDatasetPredictionsFrom._read(data["predictionsFrom"]),
            predictions=TraceDatasetDatasetPredictions._read(data["predictions"]),
        )


@dataclass(eq=False, repr=False)
class TraceModelVersionModelVersionRunInputVersionsDataset(DatasetRef):
    """Rows with a name: a table in the project's lakehouse schema, and where they came from."""

    object: Optional[ObjectRef]
    """The bytes it was last loaded from; null for other kinds."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TraceModelVersionModelVersionRunInputVersionsDataset:
        return cls(
            id=data["id"],
            name=data["name"],
            version=data["version"],
            object=optional(ObjectRef._read, data["object"]),
        )


@dataclass(eq=False, repr=False)
class TraceModelVersionModelVersionRunInputVersions(Record):
    """A dataset that a run read."""

    version: int
    """The version of the dataset when it was logged."""
    dataset: TraceModelVersionModelVersionRunInputVersionsDataset
    """The dataset as it is now."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TraceModelVersionModelVersionRunInputVersions:
        return cls(
            version=data["version"],
            dataset=TraceModelVersionModelVersionRunInputVersionsDataset._read(data["dataset"]),
        )


@dataclass(eq=False, repr=False)
class TraceModelVersionModelVersionRun(RunRef):
    """One execution of code that learns: what went in, what was measured, what came out."""

    input_versions: List[TraceModelVersionModelVersionRunInputVersions]
    """The datasets that it read, with the version that each had then."""
    pipeline_step: Optional[StepRef]
    """The step of a pipeline whose script began it."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TraceModelVersionModelVersionRun:
        return cls(
            id=data["id"],
            name=data["name"],
            status=RunStatus(data["status"]),
            experiment=ExperimentRef._read(data["experiment"]),
            input_versions=[TraceModelVersionModelVersionRunInputVersions._read(item) for item in data["inputVersions"]],
            pipeline_step=optional(StepRef._read, data["pipelineStep"]),
        )


@dataclass(eq=False, repr=False)
class TraceModelVersionModelVersionDeployments(Record):
    """A page of a list of Deployment. Its order is stable while others are inserted."""

    nodes: List[DeploymentRef]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TraceModelVersionModelVersionDeployments:
        return cls(
            nodes=[DeploymentRef._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class TraceModelVersionModelVersionPredictions(Record):
    """A page of a list of Prediction. Its order is stable while others are inserted."""

    nodes: List[PredictionRef]
    """Shortcut for `edges.node`."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TraceModelVersionModelVersionPredictions:
        return cls(
            nodes=[PredictionRef._read(item) for item in data["nodes"]],
        )


@dataclass(eq=False, repr=False)
class TraceModelVersionModelVersion(ModelVersionFields):
    """One version of a model: files that never change, and where it stands."""

    run: Optional[TraceModelVersionModelVersionRun]
    """The run that made it."""
    deployments: TraceModelVersionModelVersionDeployments
    """Deployments whose newest version uses it, by name."""
    predictions: TraceModelVersionModelVersionPredictions
    """What it predicted, as far as it was saved; the newest first."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TraceModelVersionModelVersion:
        return cls(
            id=data["id"],
            uri=data["uri"],
            version=data["version"],
            stage=ModelStage(data["stage"]),
            status=ModelVersionStatus(data["status"]),
            aliases=data["aliases"],
            description=data["description"],
            model_type=data["modelType"],
            requirements=data["requirements"],
            size=int(data["size"]),
            sha256=data["sha256"],
            tags=[TagFields._read(item) for item in data["tags"]],
            model=ModelRef._read(data["model"]),
            created_at=parse_datetime(data["createdAt"]),
            updated_at=parse_datetime(data["updatedAt"]),
            run=optional(TraceModelVersionModelVersionRun._read, data["run"]),
            deployments=TraceModelVersionModelVersionDeployments._read(data["deployments"]),
            predictions=TraceModelVersionModelVersionPredictions._read(data["predictions"]),
        )


@dataclass(eq=False, repr=False)
class TracePipelineRunNodePipelineRunSteps(StepRef):
    """A step of a pipeline run: one script, and how it went."""

    runs: List[RunRef]
    """The active runs of experiments that its script began, the first first."""
    datasets: List[DatasetRef]
    """The datasets whose newest version its script made, by name."""
    predictions: List[PredictionRef]
    """Predictions that its script saved, the newest first."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TracePipelineRunNodePipelineRunSteps:
        return cls(
            id=data["id"],
            name=data["name"],
            kind=StepKind(data["kind"]),
            status=StepStatus(data["status"]),
            pipeline_run=PipelineRunRef._read(data["pipelineRun"]),
            runs=[RunRef._read(item) for item in data["runs"]],
            datasets=[DatasetRef._read(item) for item in data["datasets"]],
            predictions=[PredictionRef._read(item) for item in data["predictions"]],
        )


@dataclass(eq=False, repr=False)
class TracePipelineRunNodePipelineRun(PipelineRunFields):
    """One execution of a deployment, step by step. It keeps the version of the deployment, its scripts,
    packages and model that it began with.
    """

    steps: List[TracePipelineRunNodePipelineRunSteps]
    """Its steps, in the order of the deployment."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TracePipelineRunNodePipelineRun:
        return cls(
            id=data["id"],
            number=data["number"],
            status=PipelineStatus(data["status"]),
            status_detail=data["statusDetail"],
            trigger=Trigger(data["trigger"]),
            last_sequence=data["lastSequence"],
            created_at=parse_datetime(data["createdAt"]),
            started_at=optional(parse_datetime, data["startedAt"]),
            ended_at=optional(parse_datetime, data["endedAt"]),
            duration_ms=optional(int, data["durationMs"]),
            cancel_requested_at=optional(parse_datetime, data["cancelRequestedAt"]),
            deployment_version=data["deploymentVersion"],
            deployment=DeploymentRef._read(data["deployment"]),
            project=ProjectRef._read(data["project"]),
            steps=[TracePipelineRunNodePipelineRunSteps._read(item) for item in data["steps"]],
        )


TracePipelineRunNode = Union[TracePipelineRunNodePipelineRun, OtherType]
"""Anything with an id that `node(id)` finds again."""


def _read_trace_pipeline_run_node(data: Mapping[str, Any]) -> TracePipelineRunNode:
    kinds: Mapping[str, Any] = {
        "PipelineRun": TracePipelineRunNodePipelineRun,
    }
    read: TracePipelineRunNode = kinds.get(data["__typename"], OtherType)._read(data)
    return read


@dataclass(eq=False, repr=False)
class TracePredictionNodePredictionInput(DatasetRef):
    """Rows with a name: a table in the project's lakehouse schema, and where they came from."""

    object: Optional[ObjectRef]
    """The bytes it was last loaded from; null for other kinds."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TracePredictionNodePredictionInput:
        return cls(
            id=data["id"],
            name=data["name"],
            version=data["version"],
            object=optional(ObjectRef._read, data["object"]),
        )


@dataclass(eq=False, repr=False)
class TracePredictionNodePredictionModelVersionRunInputVersionsDataset(DatasetRef):
    """Rows with a name: a table in the project's lakehouse schema, and where they came from."""

    object: Optional[ObjectRef]
    """The bytes it was last loaded from; null for other kinds."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TracePredictionNodePredictionModelVersionRunInputVersionsDataset:
        return cls(
            id=data["id"],
            name=data["name"],
            version=data["version"],
            object=optional(ObjectRef._read, data["object"]),
        )


@dataclass(eq=False, repr=False)
class TracePredictionNodePredictionModelVersionRunInputVersions(Record):
    """A dataset that a run read."""

    version: int
    """The version of the dataset when it was logged."""
    dataset: TracePredictionNodePredictionModelVersionRunInputVersionsDataset
    """The dataset as it is now."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TracePredictionNodePredictionModelVersionRunInputVersions:
        return cls(
            version=data["version"],
            dataset=TracePredictionNodePredictionModelVersionRunInputVersionsDataset._read(data["dataset"]),
        )


@dataclass(eq=False, repr=False)
class TracePredictionNodePredictionModelVersionRun(RunRef):
    """One execution of code that learns: what went in, what was measured, what came out."""

    metrics: List[MetricFields]
    """The latest point of each metric, by key: the highest step, then the newest timestamp, then the largest value."""
    input_versions: List[TracePredictionNodePredictionModelVersionRunInputVersions]
    """The datasets that it read, with the version that each had then."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TracePredictionNodePredictionModelVersionRun:
        return cls(
            id=data["id"],
            name=data["name"],
            status=RunStatus(data["status"]),
            experiment=ExperimentRef._read(data["experiment"]),
            metrics=[MetricFields._read(item) for item in data["metrics"]],
            input_versions=[TracePredictionNodePredictionModelVersionRunInputVersions._read(item) for item in data["inputVersions"]],
        )


@dataclass(eq=False, repr=False)
class TracePredictionNodePredictionModelVersion(ModelVersionRef):
    """One version of a model: files that never change, and where it stands."""

    run: Optional[TracePredictionNodePredictionModelVersionRun]
    """The run that made it."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TracePredictionNodePredictionModelVersion:
        return cls(
            id=data["id"],
            uri=data["uri"],
            version=data["version"],
            stage=ModelStage(data["stage"]),
            run=optional(TracePredictionNodePredictionModelVersionRun._read, data["run"]),
        )


@dataclass(eq=False, repr=False)
class TracePredictionNodePrediction(PredictionFields):
    """Rows that a model predicted: one VERSION of a table, and all that they came of."""

    pipeline_step: Optional[StepRef]
    """The step whose script saved it."""
    input: Optional[TracePredictionNodePredictionInput]
    """What was predicted from."""
    model_version: TracePredictionNodePredictionModelVersion
    """What predicted."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> TracePredictionNodePrediction:
        return cls(
            id=data["id"],
            version=data["version"],
            row_count=int(data["rowCount"]),
            created_at=parse_datetime(data["createdAt"]),
            created_by=optional(UserRef._read, data["createdBy"]),
            output=PredictionFieldsOutput._read(data["output"]),
            deployment=optional(DeploymentRef._read, data["deployment"]),
            pipeline_run=optional(PipelineRunRef._read, data["pipelineRun"]),
            project=ProjectRef._read(data["project"]),
            pipeline_step=optional(StepRef._read, data["pipelineStep"]),
            input=optional(TracePredictionNodePredictionInput._read, data["input"]),
            model_version=TracePredictionNodePredictionModelVersion._read(data["modelVersion"]),
        )


TracePredictionNode = Union[TracePredictionNodePrediction, OtherType]
"""Anything with an id that `node(id)` finds again."""


def _read_trace_prediction_node(data: Mapping[str, Any]) -> TracePredictionNode:
    kinds: Mapping[str, Any] = {
        "Prediction": TracePredictionNodePrediction,
    }
    read: TracePredictionNode = kinds.get(data["__typename"], OtherType)._read(data)
    return read


@dataclass(eq=False, repr=False)
class WatchPipelineRunsPipelineRunChanged(PipelineRunFields):
    """One execution of a deployment, step by step. It keeps the version of the deployment, its scripts,
    packages and model that it began with.
    """

    steps: List[StepFields]
    """Its steps, in the order of the deployment."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> WatchPipelineRunsPipelineRunChanged:
        return cls(
            id=data["id"],
            number=data["number"],
            status=PipelineStatus(data["status"]),
            status_detail=data["statusDetail"],
            trigger=Trigger(data["trigger"]),
            last_sequence=data["lastSequence"],
            created_at=parse_datetime(data["createdAt"]),
            started_at=optional(parse_datetime, data["startedAt"]),
            ended_at=optional(parse_datetime, data["endedAt"]),
            duration_ms=optional(int, data["durationMs"]),
            cancel_requested_at=optional(parse_datetime, data["cancelRequestedAt"]),
            deployment_version=data["deploymentVersion"],
            deployment=DeploymentRef._read(data["deployment"]),
            project=ProjectRef._read(data["project"]),
            steps=[StepFields._read(item) for item in data["steps"]],
        )
