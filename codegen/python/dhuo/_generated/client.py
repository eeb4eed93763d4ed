# Made by `npm run codegen` from schema.graphql and codegen/operations: do not change it here.
"""One method for each operation."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Iterator, List, Mapping, Optional, Sequence, Union

from .._codec import UNSET, Maybe, Unset, as_is, optional, optional_list, parse_datetime
from .._operations_base import OperationsBase
from . import documents, results
from .enums import (
    BucketPurpose,
    ClusterSize,
    DeploymentKind,
    Goal,
    Lifecycle,
    ModelStage,
    NameKind,
    PipelineStatus,
    Role,
    RunStatus,
    StepKind,
    StepStatus,
    TableFormat,
    WriteMode,
)
from .inputs import KeyValueInput, MetricInput, ObjectInput, ReportedLineInput, ReportedMarkInput, StepInput


class Operations(OperationsBase):
    """Every operation, for threads: a method returns when the answer is there."""

    def abandon_upload(self, id: str) -> bool:
        """Throws away what was sent of an upload. False when it was abandoned or has expired already.
        PRECONDITION_FAILED: it was completed.

        Args:
            id: The id of the upload.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data: bool = self._execute(documents.ABANDON_UPLOAD, {"id": id})
        return data

    def cancel_pipeline_run(self, id: str) -> results.PipelineRunFields:
        """Ends a run: what runs is ended, what has not begun is not. Ending it again changes nothing.
        PRECONDITION_FAILED: it has ended otherwise.

        Args:
            id: The id of the run.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.CANCEL_PIPELINE_RUN, {"id": id})
        return results.PipelineRunFields._read(data)

    def check_name(self, kind: Union[NameKind, str], name: str) -> results.CheckNameNamingPolicy:
        """The rules for names; `check` tries one without making anything.

        Tries a name without making anything.

        Args:
            kind: What the name is for.
            name: The name to try.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.CHECK_NAME, {"kind": kind, "name": name})
        return results.CheckNameNamingPolicy._read(data)

    def complete_upload(self, id: str, *, sha256: Maybe[str] = UNSET) -> results.ObjectFields:
        """After every part was sent: checks size and SHA-256, and then the object exists, whole, and takes the
        place of what was under its key. Calling it again gives the same object. PRECONDITION_FAILED: parts
        are missing (`extensions.missingParts`), the bytes are others than promised, or it has expired.

        Args:
            id: The id of the upload.
            sha256: SHA-256 in hex, for whoever did not know it before the bytes were sent. The bytes
                must agree with it.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.COMPLETE_UPLOAD, {"id": id, "sha256": sha256})
        return results.ObjectFields._read(data)

    def create_access_key(
        self,
        *,
        name: str,
        expires_at: Maybe[datetime] = UNSET,
        project: Maybe[str] = UNSET,
        role: Maybe[Union[Role, str]] = UNSET,
    ) -> results.CreateAccessKeyCreateAccessKey:
        """Makes an access key for yourself. Its secret is shown this once.

        The secret is in this answer and in no other.

        Args:
            name: To tell it from your others: 1 to 100 characters.
            expires_at: When it ends by itself; without it, never.
            project: The only project it can reach; without one, all of yours.
            role: The most it may do. Default: EDITOR.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.CREATE_ACCESS_KEY, {"input": {"name": name, "expiresAt": expires_at, "project": project, "role": role}})
        return results.CreateAccessKeyCreateAccessKey._read(data)

    def create_bucket(
        self,
        *,
        project: str,
        purpose: Union[BucketPurpose, str],
        name: Maybe[str] = UNSET,
    ) -> results.BucketFields:
        """Makes a bucket. CONFLICT: it exists.

        Args:
            project: The project's name.
            purpose: What it is for.
            name: Must begin with `<project>-<purpose>`; without a name, it is just that.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.CREATE_BUCKET, {"input": {"project": project, "purpose": purpose, "name": name}})
        return results.BucketFields._read(data)

    def create_dataset(
        self,
        *,
        name: str,
        project: str,
        description: Maybe[str] = UNSET,
        mode: Maybe[Union[WriteMode, str]] = UNSET,
        object: Maybe[Union[ObjectInput, Mapping[str, Any]]] = UNSET,
        sql: Maybe[str] = UNSET,
        table: Maybe[str] = UNSET,
    ) -> results.DatasetFields:
        """Makes a dataset, or the next version of one, whole or not at all. CONFLICT: what `mode` says does
        not fit what is there.

        Args:
            name: Unique in the project. Its table has the same name, with "_" for "-".
            project: The project's name.
            description: For people; without it, a description that is there stays.
            mode: What happens to rows that are there. Default: CREATE.
            object: Loads this object: CSV, NDJSON, JSON, Parquet or Arrow.
            sql: Keeps the result of this SELECT.
            table: Gives a table of the project's schema a name as a dataset; nothing is copied.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.CREATE_DATASET, {"input": {"name": name, "project": project, "description": description, "mode": mode, "object": object, "sql": sql, "table": table}})
        return results.DatasetFields._read(data)

    def create_experiment(
        self,
        *,
        name: str,
        project: str,
        tags: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET,
    ) -> results.ExperimentFields:
        """Makes an experiment, or returns the active one that has the name: however many ask at once, there is
        one.

        Makes it, or gives the active one that has the name.

        Args:
            name: Lower-case letters, digits, "-" and "_", 4 to 63, starting with a letter; capitals are
                lower-cased.
            project: The project's name.
            tags: Tags of the new experiment; one that is there keeps its own. Values have at most 5000
                characters.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.CREATE_EXPERIMENT, {"input": {"name": name, "project": project, "tags": tags}})
        return results.ExperimentFields._read(data)

    def create_project(self, *, name: str, description: Maybe[str] = UNSET) -> results.ProjectFields:
        """Makes a project; you become its OWNER. CONFLICT: the name is taken.

        Args:
            name: Lower-case letters, digits, "-" and "_", 4 to 63, starting with a letter; capitals are
                lower-cased.
            description: For people.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.CREATE_PROJECT, {"input": {"name": name, "description": description}})
        return results.ProjectFields._read(data)

    def create_run(
        self,
        *,
        experiment: str,
        inputs: Maybe[Sequence[str]] = UNSET,
        name: Maybe[str] = UNSET,
        params: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET,
        parent: Maybe[str] = UNSET,
        started_at: Maybe[datetime] = UNSET,
        tags: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET,
    ) -> results.RunFields:
        """Begins a run. PRECONDITION_FAILED: the experiment is deleted.

        Args:
            experiment: The id of the experiment that it belongs to.
            inputs: Ids of the datasets that it reads, at most 100.
            name: At most 250 characters; without it, something like `enchanting-shrew-742`.
            params: What it is called with: at most 100, of at most 6000 characters each. They do not
                change any more.
            parent: The id of the run that it is a part of, in the same project.
            started_at: When it began; now when it is not given.
            tags: At most 100, of at most 8000 characters each.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.CREATE_RUN, {"input": {"experiment": experiment, "inputs": inputs, "name": name, "params": params, "parent": parent, "startedAt": started_at, "tags": tags}})
        return results.RunFields._read(data)

    def create_upload(
        self,
        *,
        bucket: str,
        key: str,
        size: int,
        content_type: Maybe[str] = UNSET,
        sha256: Maybe[str] = UNSET,
    ) -> results.CreateUploadCreateUpload:
        """Announces the bytes of an object and gives URLs to send them to. Nothing exists before
        `completeUpload`.

        Each part is PUT to its URL; then CompleteUpload makes the object, whole, or says which parts are
        missing.

        Args:
            bucket: The bucket's name.
            key: Any UTF-8 text of 1 to 1024 bytes without line breaks.
            size: Bytes, exactly.
            content_type: Media type; without it, guessed from the key.
            sha256: SHA-256 in hex. When given, the bytes must agree with it.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.CREATE_UPLOAD, {"input": {"bucket": bucket, "key": key, "size": size, "contentType": content_type, "sha256": sha256}})
        return results.CreateUploadCreateUpload._read(data)

    def create_user(
        self,
        *,
        email: str,
        password: str,
        is_admin: Maybe[bool] = UNSET,
        name: Maybe[str] = UNSET,
    ) -> results.UserFields:
        """Makes a person who can log in with a password. For administrators. CONFLICT: the email is known.

        Args:
            email: What they log in with; lower-cased.
            password: 8 to 1024 characters.
            is_admin: Whether they are an administrator. Default: false.
            name: For display.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.CREATE_USER, {"input": {"email": email, "password": password, "isAdmin": is_admin, "name": name}})
        return results.UserFields._read(data)

    def delete_dataset(self, id: str) -> bool:
        """Deletes a dataset, and its table unless that was there before it. True. PRECONDITION_FAILED: runs or
        predictions refer to it, `extensions.usedBy` says which.

        Args:
            id: The id of the dataset.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data: bool = self._execute(documents.DELETE_DATASET, {"id": id})
        return data

    def delete_deployment(self, id: str) -> results.DeploymentFields:
        """Deletes a deployment: its name is free again, its runs can still be looked at. PRECONDITION_FAILED:
        one is under way.

        Args:
            id: Its id.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.DELETE_DEPLOYMENT, {"id": id})
        return results.DeploymentFields._read(data)

    def delete_model_version(self, id: str) -> bool:
        """Deletes a model version and the aliases that point to it; its number is not used again. True.
        PRECONDITION_FAILED: something uses it, `extensions.usedBy` says what.

        Args:
            id: The id of the version.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data: bool = self._execute(documents.DELETE_MODEL_VERSION, {"id": id})
        return data

    def delete_object(self, bucket: str, key: str) -> bool:
        """Deletes what is under a key; true when something was. What refers to these bytes still reads them.

        Args:
            bucket: The bucket's name.
            key: Exactly.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data: bool = self._execute(documents.DELETE_OBJECT, {"bucket": bucket, "key": key})
        return data

    def deploy(
        self,
        *,
        name: str,
        project: str,
        steps: Sequence[Union[StepInput, Mapping[str, Any]]],
        cluster: Maybe[Union[ClusterSize, str]] = UNSET,
        cron: Maybe[str] = UNSET,
        idempotency_key: Maybe[str] = UNSET,
        kind: Maybe[Union[DeploymentKind, str]] = UNSET,
        libraries: Maybe[Sequence[Union[ObjectInput, Mapping[str, Any]]]] = UNSET,
        model_uri: Maybe[str] = UNSET,
        requirements: Maybe[str] = UNSET,
        timezone: Maybe[str] = UNSET,
    ) -> results.DeploymentFields:
        """Makes a deployment or its next version, whole or not at all. Its packages are put together
        afterwards: `status` tells. CONFLICT: the name is that of a deployment of the other kind.

        Args:
            name: Lower-case letters, digits, "-" and "_", 4 to 63; capitals are lower-cased.
            project: The project's name.
            steps: 1 to 100, each with a name of its own. ONLINE: one step, of kind PREDICTION, with a
                script named predict.py.
            cluster: How large the machines are. Default: SMALL.
            cron: When it runs by itself: five fields of cron. Without it, the schedule that there is
                stays.
            idempotency_key: Up to 200 characters. The same key for the same deployment makes one
                version, however often it is sent.
            kind: A deployment keeps its kind. Default: BATCH.
            libraries: What travels with the scripts, 100 at most: wheels (.whl), .zip files of Python
                modules, modules (.py), and .jar files. The deployment keeps the bytes that they have
                now.
            model_uri: The model version that scripts get as DHUO_MODEL_URI: models:/NAME/VERSION,
                /STAGE, /latest or @ALIAS, as it is now.
            requirements: Python packages, as a requirements.txt of 64 KiB at most. Wheels only. No
                files of the server, no version control, no passwords.
            timezone: An IANA time zone: what the fields of `cron` mean. Default: "UTC".

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.DEPLOY, {"input": {"name": name, "project": project, "steps": steps, "cluster": cluster, "cron": cron, "idempotencyKey": idempotency_key, "kind": kind, "libraries": libraries, "modelUri": model_uri, "requirements": requirements, "timezone": timezone}})
        return results.DeploymentFields._read(data)

    def deploy_yaml(self, project: str, yaml: str) -> results.DeploymentFields:
        """The same as `deploy`, from a deploy.yaml. Errors name line and column.

        The same from the text of a deploy.yaml.

        Args:
            project: The project's name.
            yaml: The text of the file, 256 KiB at most. docs/deploy-yaml.md says what may be in it.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.DEPLOY_YAML, {"project": project, "yaml": yaml})
        return results.DeploymentFields._read(data)

    def execute_dml(
        self,
        *,
        project: str,
        sql: str,
        batch: Maybe[Sequence[Any]] = UNSET,
        params: Any = UNSET,
    ) -> results.ExecuteDmlExecuteDml:
        """One INSERT, UPDATE, DELETE or MERGE, or the same one over many parameter sets; one transaction, all
        or nothing. BAD_USER_INPUT: the statement is wrong, or does something else. TIMEOUT: it took longer
        than `Limits.sqlTimeoutMs`.

        Args:
            project: The project's name; unqualified tables are those of its schema.
            sql: One statement. Parameters are `?` or `$name`.
            batch: The same statement for each of these parameter sets, all or nothing. Not together
                with `params`.
            params: An array for `?`, an object for `$name`.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.EXECUTE_DML, {"input": {"project": project, "sql": sql, "batch": batch, "params": params}})
        return results.ExecuteDmlExecuteDml._read(data)

    def execute_select(
        self,
        project: str,
        sql: str,
        *,
        params: Any = UNSET,
        limit: Maybe[int] = UNSET,
    ) -> results.TableFields:
        """One read-only statement against the project's lakehouse schema; anything that writes is refused
        (BAD_USER_INPUT). TIMEOUT: it took longer than `Limits.sqlTimeoutMs`.

        Args:
            project: The project's name; unqualified tables are those of its schema.
            sql: One SELECT. Parameters are `?` or `$name`.
            params: An array for `?`, an object for `$name`.
            limit: Rows at most: 0 to `Limits.tableRows`. Default: 1000.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.EXECUTE_SELECT, {"project": project, "sql": sql, "params": params, "limit": limit})
        return results.TableFields._read(data)

    def finish_run(self, id: str, *, status: Maybe[Union[RunStatus, str]] = UNSET) -> results.RunFields:
        """Says how a run ended. Saying the same again changes nothing.

        Args:
            id: The id of the run.
            status: FINISHED, FAILED or KILLED. Default: FINISHED.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.FINISH_RUN, {"id": id, "status": status})
        return results.RunFields._read(data)

    def get_best_run(
        self,
        project: str,
        experiment: str,
        metric: str,
        *,
        goal: Maybe[Union[Goal, str]] = UNSET,
    ) -> Optional[results.GetBestRunExperiment]:
        """An active experiment by name; null when there is none or you may not see it.

        Args:
            project: The project's name.
            experiment: In any letter case.
            metric: The key of the metric.
            goal: Which values are better. Default: MAXIMIZE.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_BEST_RUN, {"project": project, "experiment": experiment, "metric": metric, "goal": goal})
        return optional(results.GetBestRunExperiment._read, data)

    def get_bucket(self, name: str) -> Optional[results.BucketFields]:
        """A bucket by name; null when it does not exist or you may not see it.

        Args:
            name: Unique among all projects.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_BUCKET, {"name": name})
        return optional(results.BucketFields._read, data)

    def get_dataset(self, project: str, name: str) -> Optional[results.DatasetFields]:
        """A dataset by name; null when it does not exist or you may not see it.

        Args:
            project: The project's name.
            name: In any letter case.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_DATASET, {"project": project, "name": name})
        return optional(results.DatasetFields._read, data)

    def get_dataset_url(
        self,
        project: str,
        name: str,
        *,
        format: Maybe[Union[TableFormat, str]] = UNSET,
        expires_in: Maybe[int] = UNSET,
    ) -> Optional[results.GetDatasetUrlDataset]:
        """A dataset by name; null when it does not exist or you may not see it.

        A URL that streams every row.

        Args:
            project: The project's name.
            name: In any letter case.
            format: The format of the file. Default: PARQUET.
            expires_in: Seconds: 1 to 86400. Default: 900.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_DATASET_URL, {"project": project, "name": name, "format": format, "expiresIn": expires_in})
        return optional(results.GetDatasetUrlDataset._read, data)

    def get_deployment(self, project: str, name: str) -> Optional[results.GetDeploymentDeployment]:
        """The deployment that has a name now; null when there is none, or you may not see it.

        Args:
            project: The project's name.
            name: In any letter case.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_DEPLOYMENT, {"project": project, "name": name})
        return optional(results.GetDeploymentDeployment._read, data)

    def get_experiment(self, project: str, name: str) -> Optional[results.ExperimentFields]:
        """An active experiment by name; null when there is none or you may not see it.

        Args:
            project: The project's name.
            name: In any letter case.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_EXPERIMENT, {"project": project, "name": name})
        return optional(results.ExperimentFields._read, data)

    def get_metric_history(
        self,
        run: str,
        key: str,
        *,
        first: Maybe[int] = UNSET,
        after: Maybe[str] = UNSET,
    ) -> Optional[results.GetMetricHistoryNode]:
        """Anything by its id; null when it does not exist or you may not see it.

        Args:
            run: As it was in any `id` field.
            key: Exactly.
            first: How many at most: 1 to 500 unless the field says more, default 50.
            after: The `endCursor` of the page before, or the cursor of an edge.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_METRIC_HISTORY, {"run": run, "key": key, "first": first, "after": after})
        return optional(results._read_get_metric_history_node, data)

    def get_model(self, project: str, name: str) -> Optional[results.ModelFields]:
        """A model by name; null when it does not exist or you may not see it.

        Args:
            project: The project's name.
            name: In any letter case.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_MODEL, {"project": project, "name": name})
        return optional(results.ModelFields._read, data)

    def get_model_version(self, project: str, uri: str) -> Optional[results.GetModelVersionModelVersion]:
        """The version that a URI means; null when there is none, or you may not see it.

        `uri` is models:/NAME/VERSION, models:/NAME/STAGE, models:/NAME/latest or models:/NAME@ALIAS.

        Args:
            project: The project's name.
            uri: models:/NAME/VERSION, models:/NAME/STAGE, models:/NAME/latest or models:/NAME@ALIAS.
                Stages in any case; of several versions in a stage, the highest.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_MODEL_VERSION, {"project": project, "uri": uri})
        return optional(results.GetModelVersionModelVersion._read, data)

    def get_model_version_url(
        self,
        project: str,
        uri: str,
        *,
        expires_in: Maybe[int] = UNSET,
    ) -> Optional[results.GetModelVersionUrlModelVersion]:
        """The version that a URI means; null when there is none, or you may not see it.

        Its one file, or a ZIP of all of them. The URL carries the permission of whoever asks.

        Args:
            project: The project's name.
            uri: models:/NAME/VERSION, models:/NAME/STAGE, models:/NAME/latest or models:/NAME@ALIAS.
                Stages in any case; of several versions in a stage, the highest.
            expires_in: Seconds: 1 to 86400. Default: 900.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_MODEL_VERSION_URL, {"project": project, "uri": uri, "expiresIn": expires_in})
        return optional(results.GetModelVersionUrlModelVersion._read, data)

    def get_naming_rules(self) -> results.GetNamingRulesNamingPolicy:
        """The rules for names; `check` tries one without making anything.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_NAMING_RULES, {})
        return results.GetNamingRulesNamingPolicy._read(data)

    def get_node(self, id: str) -> Optional[results.NodeRef]:
        """Anything by its id; null when it does not exist or you may not see it.

        Args:
            id: As it was in any `id` field.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_NODE, {"id": id})
        return optional(results._read_node_ref, data)

    def get_nodes(self, ids: Sequence[str]) -> List[Optional[results.NodeRef]]:
        """Several by their ids, in the order asked for: at most 500. Null for what does not exist or you may
        not see.

        Args:
            ids: As they were in any `id` field.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_NODES, {"ids": ids})
        return [optional(results._read_node_ref, item) for item in data]

    def get_object(self, bucket: str, key: str) -> Optional[results.GetObjectBucket]:
        """A bucket by name; null when it does not exist or you may not see it.

        Args:
            bucket: Unique among all projects.
            key: Exactly.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_OBJECT, {"bucket": bucket, "key": key})
        return optional(results.GetObjectBucket._read, data)

    def get_object_table_url(
        self,
        bucket: str,
        key: str,
        *,
        format: Maybe[Union[TableFormat, str]] = UNSET,
        as_: Maybe[Union[TableFormat, str]] = UNSET,
        expires_in: Maybe[int] = UNSET,
    ) -> Optional[results.GetObjectTableUrlBucket]:
        """A bucket by name; null when it does not exist or you may not see it.

        The whole object as a table in another format, by a URL that streams it.

        Args:
            bucket: Unique among all projects.
            key: Exactly.
            format: How to read it; without it, by the extension of the key.
            as_: The format of the file. Default: PARQUET.
            expires_in: Seconds: 1 to 86400. Default: 900.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_OBJECT_TABLE_URL, {"bucket": bucket, "key": key, "format": format, "as": as_, "expiresIn": expires_in})
        return optional(results.GetObjectTableUrlBucket._read, data)

    def get_object_url(
        self,
        bucket: str,
        key: str,
        *,
        expires_in: Maybe[int] = UNSET,
    ) -> Optional[results.GetObjectUrlBucket]:
        """A bucket by name; null when it does not exist or you may not see it.

        The URL carries the permission of whoever asks, for `expiresIn` seconds.

        Args:
            bucket: Unique among all projects.
            key: Exactly.
            expires_in: Seconds: 1 to 86400. Default: 900.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_OBJECT_URL, {"bucket": bucket, "key": key, "expiresIn": expires_in})
        return optional(results.GetObjectUrlBucket._read, data)

    def get_pipeline_run(self, id: str) -> Optional[results.GetPipelineRunNode]:
        """Anything by its id; null when it does not exist or you may not see it.

        Args:
            id: As it was in any `id` field.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_PIPELINE_RUN, {"id": id})
        return optional(results._read_get_pipeline_run_node, data)

    def get_project(self, name: str) -> Optional[results.GetProjectProject]:
        """A project by name; null when it does not exist or you may not see it.

        Args:
            name: In any letter case.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_PROJECT, {"name": name})
        return optional(results.GetProjectProject._read, data)

    def get_run(self, id: str) -> Optional[results.GetRunNode]:
        """Anything by its id; null when it does not exist or you may not see it.

        Args:
            id: As it was in any `id` field.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_RUN, {"id": id})
        return optional(results._read_get_run_node, data)

    def get_script_template(self, project: str, kind: Union[StepKind, str]) -> str:
        """A script to begin with for a kind of step, for this project: predict.py, train.py, features.py and
        others. It needs Python 3.9 and nothing else.

        Args:
            project: The project's name.
            kind: What the step is for.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data: str = self._execute(documents.GET_SCRIPT_TEMPLATE, {"project": project, "kind": kind})
        return data

    def get_select_url(
        self,
        project: str,
        sql: str,
        *,
        params: Any = UNSET,
        format: Maybe[Union[TableFormat, str]] = UNSET,
        expires_in: Maybe[int] = UNSET,
    ) -> results.GetSelectUrlExecuteSelect:
        """One read-only statement against the project's lakehouse schema; anything that writes is refused
        (BAD_USER_INPUT). TIMEOUT: it took longer than `Limits.sqlTimeoutMs`.

        A URL that streams the whole result, however large; the statement runs again when it is fetched.

        Args:
            project: The project's name; unqualified tables are those of its schema.
            sql: One SELECT. Parameters are `?` or `$name`.
            params: An array for `?`, an object for `$name`.
            format: The format of the file. Default: PARQUET.
            expires_in: Seconds: 1 to 86400. Default: 900.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_SELECT_URL, {"project": project, "sql": sql, "params": params, "format": format, "expiresIn": expires_in})
        return results.GetSelectUrlExecuteSelect._read(data)

    def get_server(self) -> results.GetServerServer:
        """Which backends this server runs on, their health, versions and limits.

        Anybody who is logged in may ask.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_SERVER, {})
        return results.GetServerServer._read(data)

    def get_viewer(self) -> Optional[results.UserFields]:
        """Who is asking; null when the request carries no valid credentials.

        Null: the request carried no valid credentials.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.GET_VIEWER, {})
        return optional(results.UserFields._read, data)

    def import_bucket(
        self,
        *,
        name: str,
        project: str,
        purpose: Union[BucketPurpose, str],
        prefix: Maybe[str] = UNSET,
    ) -> results.BucketSyncFields:
        """Takes a bucket that the storage has already into a project, with what lies in it; from then on it
        keeps every version. For administrators: the server may see buckets that are nobody's business here.

        Args:
            name: The bucket's name, exactly as the storage has it. It need not follow the naming
                policy.
            project: The project's name.
            purpose: What it is for.
            prefix: Looks only for keys that begin with it; without it, for all. The whole bucket is the
                project’s all the same: its people can look for the rest, and write there.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.IMPORT_BUCKET, {"input": {"name": name, "project": project, "purpose": purpose, "prefix": prefix}})
        return results.BucketSyncFields._read(data)

    def list_access_keys(self) -> Optional[results.ListAccessKeysViewer]:
        """Who is asking; null when the request carries no valid credentials.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LIST_ACCESS_KEYS, {})
        return optional(results.ListAccessKeysViewer._read, data)

    def list_artifacts(self, run: str, *, path: Maybe[str] = UNSET) -> Optional[results.ListArtifactsNode]:
        """Anything by its id; null when it does not exist or you may not see it.

        Args:
            run: As it was in any `id` field.
            path: Only keys that go on with it: `plots/` for a folder. Default: "".

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LIST_ARTIFACTS, {"run": run, "path": path})
        return optional(results._read_list_artifacts_node, data)

    def list_buckets(
        self,
        project: str,
        *,
        first: Maybe[int] = UNSET,
        after: Maybe[str] = UNSET,
    ) -> Optional[results.ListBucketsProject]:
        """A project by name; null when it does not exist or you may not see it.

        Args:
            project: In any letter case.
            first: How many at most: 1 to 500 unless the field says more, default 50.
            after: The `endCursor` of the page before, or the cursor of an edge.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LIST_BUCKETS, {"project": project, "first": first, "after": after})
        return optional(results.ListBucketsProject._read, data)

    def list_child_runs(
        self,
        run: str,
        *,
        first: Maybe[int] = UNSET,
        after: Maybe[str] = UNSET,
    ) -> Optional[results.ListChildRunsNode]:
        """Anything by its id; null when it does not exist or you may not see it.

        Args:
            run: As it was in any `id` field.
            first: How many at most: 1 to 500 unless the field says more, default 50.
            after: The `endCursor` of the page before, or the cursor of an edge.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LIST_CHILD_RUNS, {"run": run, "first": first, "after": after})
        return optional(results._read_list_child_runs_node, data)

    def list_datasets(
        self,
        project: str,
        *,
        first: Maybe[int] = UNSET,
        after: Maybe[str] = UNSET,
    ) -> Optional[results.ListDatasetsProject]:
        """A project by name; null when it does not exist or you may not see it.

        Args:
            project: In any letter case.
            first: How many at most: 1 to 500 unless the field says more, default 50.
            after: The `endCursor` of the page before, or the cursor of an edge.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LIST_DATASETS, {"project": project, "first": first, "after": after})
        return optional(results.ListDatasetsProject._read, data)

    def list_deployment_runs(
        self,
        project: str,
        name: str,
        *,
        status: Maybe[Sequence[Union[PipelineStatus, str]]] = UNSET,
        first: Maybe[int] = UNSET,
        after: Maybe[str] = UNSET,
    ) -> Optional[results.ListDeploymentRunsDeployment]:
        """The deployment that has a name now; null when there is none, or you may not see it.

        Args:
            project: The project's name.
            name: In any letter case.
            status: Only those in one of these; null: all.
            first: How many at most: 1 to 500 unless the field says more, default 50.
            after: The `endCursor` of the page before, or the cursor of an edge.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LIST_DEPLOYMENT_RUNS, {"project": project, "name": name, "status": status, "first": first, "after": after})
        return optional(results.ListDeploymentRunsDeployment._read, data)

    def list_deployments(
        self,
        project: str,
        *,
        first: Maybe[int] = UNSET,
        after: Maybe[str] = UNSET,
    ) -> Optional[results.ListDeploymentsProject]:
        """A project by name; null when it does not exist or you may not see it.

        Args:
            project: In any letter case.
            first: How many at most: 1 to 500 unless the field says more, default 50.
            after: The `endCursor` of the page before, or the cursor of an edge.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LIST_DEPLOYMENTS, {"project": project, "first": first, "after": after})
        return optional(results.ListDeploymentsProject._read, data)

    def list_experiments(
        self,
        project: str,
        *,
        filter: Maybe[str] = UNSET,
        order_by: Maybe[Sequence[str]] = UNSET,
        first: Maybe[int] = UNSET,
        after: Maybe[str] = UNSET,
    ) -> Optional[results.ListExperimentsProject]:
        """A project by name; null when it does not exist or you may not see it.

        Args:
            project: In any letter case.
            filter: MLflow's search language: `name LIKE 'iris%' and tags.team = 'a'`.
            order_by: For example `name ASC`; the first counts most.
            first: How many at most: 1 to 500 unless the field says more, default 50.
            after: The `endCursor` of the page before, or the cursor of an edge.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LIST_EXPERIMENTS, {"project": project, "filter": filter, "orderBy": order_by, "first": first, "after": after})
        return optional(results.ListExperimentsProject._read, data)

    def list_model_versions(
        self,
        project: str,
        name: str,
        *,
        stage: Maybe[Sequence[Union[ModelStage, str]]] = UNSET,
        first: Maybe[int] = UNSET,
        after: Maybe[str] = UNSET,
    ) -> Optional[results.ListModelVersionsModel]:
        """A model by name; null when it does not exist or you may not see it.

        Args:
            project: The project's name.
            name: In any letter case.
            stage: Only those in one of these; null: all.
            first: How many at most: 1 to 500 unless the field says more, default 50.
            after: The `endCursor` of the page before, or the cursor of an edge.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LIST_MODEL_VERSIONS, {"project": project, "name": name, "stage": stage, "first": first, "after": after})
        return optional(results.ListModelVersionsModel._read, data)

    def list_models(
        self,
        project: str,
        *,
        filter: Maybe[str] = UNSET,
        order_by: Maybe[Sequence[str]] = UNSET,
        first: Maybe[int] = UNSET,
        after: Maybe[str] = UNSET,
    ) -> Optional[results.ListModelsProject]:
        """A project by name; null when it does not exist or you may not see it.

        Args:
            project: In any letter case.
            filter: MLflow's search language: `name LIKE 'iris%' and tags.team = 'a'`.
            order_by: For example `last_updated_timestamp DESC`; the first counts most.
            first: How many at most: 1 to 500 unless the field says more, default 50.
            after: The `endCursor` of the page before, or the cursor of an edge.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LIST_MODELS, {"project": project, "filter": filter, "orderBy": order_by, "first": first, "after": after})
        return optional(results.ListModelsProject._read, data)

    def list_objects(
        self,
        bucket: str,
        *,
        prefix: Maybe[str] = UNSET,
        delimiter: Maybe[str] = UNSET,
        first: Maybe[int] = UNSET,
        after: Maybe[str] = UNSET,
    ) -> Optional[results.ListObjectsBucket]:
        """A bucket by name; null when it does not exist or you may not see it.

        With a delimiter of "/" folders are in commonPrefixes, and only what lies directly under the prefix
        is in nodes.

        Args:
            bucket: Unique among all projects.
            prefix: Only keys that begin with it. Default: "".
            delimiter: One character, usually "/": keys that hold it after the prefix are rolled up into
                `commonPrefixes`.
            first: How many at most: 1 to 500 unless the field says more, default 50.
            after: The `endCursor` of the page before, or the cursor of an edge.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LIST_OBJECTS, {"bucket": bucket, "prefix": prefix, "delimiter": delimiter, "first": first, "after": after})
        return optional(results.ListObjectsBucket._read, data)

    def list_pipeline_events(
        self,
        pipeline_run: str,
        *,
        after: Maybe[int] = UNSET,
        first: Maybe[int] = UNSET,
    ) -> Optional[results.ListPipelineEventsNode]:
        """Anything by its id; null when it does not exist or you may not see it.

        Those that are past. WatchPipelineRun gives the same and goes on.

        Args:
            pipeline_run: As it was in any `id` field.
            after: The sequence of the last event that you have. Default: 0.
            first: How many at most: 1 to 10000. Default: 500.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LIST_PIPELINE_EVENTS, {"pipelineRun": pipeline_run, "after": after, "first": first})
        return optional(results._read_list_pipeline_events_node, data)

    def list_pipeline_runs(
        self,
        project: str,
        *,
        status: Maybe[Sequence[Union[PipelineStatus, str]]] = UNSET,
        first: Maybe[int] = UNSET,
        after: Maybe[str] = UNSET,
    ) -> Optional[results.ListPipelineRunsProject]:
        """A project by name; null when it does not exist or you may not see it.

        Args:
            project: In any letter case.
            status: Only runs in one of these; without it, all.
            first: How many at most: 1 to 500 unless the field says more, default 50.
            after: The `endCursor` of the page before, or the cursor of an edge.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LIST_PIPELINE_RUNS, {"project": project, "status": status, "first": first, "after": after})
        return optional(results.ListPipelineRunsProject._read, data)

    def list_predictions(
        self,
        project: str,
        *,
        first: Maybe[int] = UNSET,
        after: Maybe[str] = UNSET,
    ) -> Optional[results.ListPredictionsProject]:
        """A project by name; null when it does not exist or you may not see it.

        Args:
            project: In any letter case.
            first: How many at most: 1 to 500 unless the field says more, default 50.
            after: The `endCursor` of the page before, or the cursor of an edge.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LIST_PREDICTIONS, {"project": project, "first": first, "after": after})
        return optional(results.ListPredictionsProject._read, data)

    def list_projects(
        self,
        *,
        first: Maybe[int] = UNSET,
        after: Maybe[str] = UNSET,
    ) -> results.ListProjectsProjects:
        """Your projects, by name.

        Args:
            first: How many at most: 1 to 500 unless the field says more, default 50.
            after: The `endCursor` of the page before, or the cursor of an edge.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LIST_PROJECTS, {"first": first, "after": after})
        return results.ListProjectsProjects._read(data)

    def log_batch(
        self,
        *,
        run: str,
        inputs: Maybe[Sequence[str]] = UNSET,
        metrics: Maybe[Sequence[Union[MetricInput, Mapping[str, Any]]]] = UNSET,
        params: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET,
        tags: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET,
    ) -> results.LogBatchLogBatch:
        """Logs metrics, params, tags and inputs of a run, all of them or nothing. A run that is finished takes
        more. CONFLICT: a param is there with another value. PRECONDITION_FAILED: the run is deleted.

        All of it or nothing: at most 1000 metrics, 100 params and 100 tags.

        Args:
            run: The id of the run.
            inputs: Ids of datasets that the run reads, at most 100.
            metrics: Points of metrics. Equal points are one.
            params: Of at most 6000 characters each. One that is there with another value is a CONFLICT.
            tags: Of at most 8000 characters each. One that is there gets the new value.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LOG_BATCH, {"input": {"run": run, "inputs": inputs, "metrics": metrics, "params": params, "tags": tags}})
        return results.LogBatchLogBatch._read(data)

    def log_in(self, email: str, password: str) -> results.LogInLogin:
        """Logs in with a password; at most one in a document. UNAUTHENTICATED: email and password do not
        belong together. RATE_LIMITED: too many tries of this account or this address,
        `extensions.retryAfterSeconds` says how long to wait.

        A password for a token that lasts some hours. The token is what a client keeps; the password it
        never does.

        Args:
            email: In any letter case.
            password: The password.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.LOG_IN, {"email": email, "password": password})
        return results.LogInLogin._read(data)

    def predict(self, *, deployment: str, rows: Sequence[Any]) -> results.PredictPredict:
        """Asks an ONLINE deployment: what its predict.py says of each row. It keeps nothing; a VIEWER may ask.
        BAD_USER_INPUT: it refuses the rows. PRECONDITION_FAILED: the deployment is not READY, or its script
        cannot be loaded. TIMEOUT: it took too long.

        Asks an ONLINE deployment; nothing is kept.

        Args:
            deployment: The id of the deployment.
            rows: As its predict.py wants them; 1 to 10000. A request has at most 4 MiB.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.PREDICT, {"input": {"deployment": deployment, "rows": rows}})
        return results.PredictPredict._read(data)

    def preview_dataset(
        self,
        project: str,
        name: str,
        *,
        limit: Maybe[int] = UNSET,
    ) -> Optional[results.PreviewDatasetDataset]:
        """A dataset by name; null when it does not exist or you may not see it.

        Args:
            project: The project's name.
            name: In any letter case.
            limit: Rows at most: 0 to `Limits.tableRows`. Default: 20.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.PREVIEW_DATASET, {"project": project, "name": name, "limit": limit})
        return optional(results.PreviewDatasetDataset._read, data)

    def preview_prediction(
        self,
        id: str,
        *,
        limit: Maybe[int] = UNSET,
    ) -> Optional[results.PreviewPredictionNode]:
        """Anything by its id; null when it does not exist or you may not see it.

        Args:
            id: As it was in any `id` field.
            limit: Rows at most: 0 to `Limits.tableRows`. Default: 20.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.PREVIEW_PREDICTION, {"id": id, "limit": limit})
        return optional(results._read_preview_prediction_node, data)

    def read_object(
        self,
        bucket: str,
        key: str,
        *,
        format: Maybe[Union[TableFormat, str]] = UNSET,
        limit: Maybe[int] = UNSET,
        offset: Maybe[int] = UNSET,
    ) -> Optional[results.ReadObjectBucket]:
        """A bucket by name; null when it does not exist or you may not see it.

        CSV, NDJSON, JSON, Parquet or Arrow, by its extension or by `format`.

        Args:
            bucket: Unique among all projects.
            key: Exactly.
            format: How to read it; without it, by the extension of the key.
            limit: Rows at most: 0 to `Limits.tableRows`. Default: 1000.
            offset: Rows to pass over first. Default: 0.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.READ_OBJECT, {"bucket": bucket, "key": key, "format": format, "limit": limit, "offset": offset})
        return optional(results.ReadObjectBucket._read, data)

    def read_step_logs(
        self,
        pipeline_run: str,
        step: str,
        *,
        after: Maybe[int] = UNSET,
        first: Maybe[int] = UNSET,
    ) -> Optional[results.ReadStepLogsNode]:
        """Anything by its id; null when it does not exist or you may not see it.

        Args:
            pipeline_run: As it was in any `id` field.
            step: In any letter case.
            after: The number of the last line that you have. Default: 0.
            first: How many at most: 1 to 10000. Default: 1000.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.READ_STEP_LOGS, {"pipelineRun": pipeline_run, "step": step, "after": after, "first": first})
        return optional(results._read_read_step_logs_node, data)

    def report_step(
        self,
        *,
        pipeline_run: str,
        step: str,
        attempt: Maybe[int] = UNSET,
        final: Maybe[bool] = UNSET,
        lines: Maybe[Sequence[Union[ReportedLineInput, Mapping[str, Any]]]] = UNSET,
        marks: Maybe[Sequence[Union[ReportedMarkInput, Mapping[str, Any]]]] = UNSET,
        message: Maybe[str] = UNSET,
        progress: Maybe[float] = UNSET,
        status: Maybe[Union[StepStatus, str]] = UNSET,
    ) -> results.StepFields:
        """What a script says of its own step, from wherever it runs; or an EDITOR for it. PRECONDITION_FAILED:
        the step does not run, or another attempt of it does.

        What a script says of its own step.

        Args:
            pipeline_run: The id of the pipeline run: scripts find it in `DHUO_PIPELINE_RUN`.
            step: The name of the step: scripts find it in `DHUO_STEP`.
            attempt: The attempt that speaks: scripts find it in `DHUO_ATTEMPT`. Without it the newest
                one.
            final: Nothing more comes of this attempt. Default: false.
            lines: What it printed: at most 1000 lines and marks at once. Where numbers are missing the
                log says how many; they may still come later. Only for what the server does not hear
                otherwise.
            marks: What it said among those lines.
            message: For people; at most 2000 characters.
            progress: How far it is: 0 to 1.
            status: RUNNING, SUCCEEDED or FAILED. The end of its process ends a step, not its word; but
                after FAILED the attempt has failed, also when the process ends well.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.REPORT_STEP, {"input": {"pipelineRun": pipeline_run, "step": step, "attempt": attempt, "final": final, "lines": lines, "marks": marks, "message": message, "progress": progress, "status": status}})
        return results.StepFields._read(data)

    def retry_pipeline_run(self, id: str) -> results.PipelineRunFields:
        """Tries a run that FAILED or was CANCELED again: a new run of the same version that begins at the
        steps that did not succeed. A retry that has not ended is given instead of another one.
        PRECONDITION_FAILED: it succeeded, or has not ended.

        Args:
            id: The id of the run.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.RETRY_PIPELINE_RUN, {"id": id})
        return results.PipelineRunFields._read(data)

    def revoke_access_key(self, id: str) -> results.AccessKeyFields:
        """Ends a key at once: one's own, one of a project that one is OWNER of, and for administrators any.
        Ending it again changes nothing.

        Args:
            id: The id of the key.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.REVOKE_ACCESS_KEY, {"id": id})
        return results.AccessKeyFields._read(data)

    def run_deployment(
        self,
        *,
        deployment: str,
        arguments: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET,
        idempotency_key: Maybe[str] = UNSET,
    ) -> results.PipelineRunFields:
        """Starts a run of the newest version of a deployment. Follow it with `pipelineEvents`.
        PRECONDITION_FAILED: it is ONLINE, deleted, or could not be packaged.

        Args:
            deployment: The id of the deployment. A BATCH one; while it is PACKAGING the run stays
                QUEUED.
            arguments: Given to every step behind its own arguments, as `--key value`: at most 50. A key
                is a letter and up to 62 letters, digits, "_" and "-".
            idempotency_key: Yours to choose, unique in the deployment: the same call with the same key
                gives the same run.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.RUN_DEPLOYMENT, {"input": {"deployment": deployment, "arguments": arguments, "idempotencyKey": idempotency_key}})
        return results.PipelineRunFields._read(data)

    def save_model(
        self,
        *,
        model: str,
        objects: Sequence[Union[ObjectInput, Mapping[str, Any]]],
        project: str,
        description: Maybe[str] = UNSET,
        model_type: Maybe[str] = UNSET,
        requirements: Maybe[str] = UNSET,
        run: Maybe[str] = UNSET,
        stage: Maybe[Union[ModelStage, str]] = UNSET,
        tags: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET,
    ) -> results.ModelVersionFields:
        """Registers objects as the next version of a model, which is made when it is new; whole or not at all.

        Objects become the next version of a model, which is made when it is new.

        Args:
            model: The model's name: lower-case letters, digits, "-" and "_", 4 to 63; capitals are
                lower-cased.
            objects: Its files: 1 to 1000, not empty, in buckets of the same project, each once. The
                version keeps the bytes that they have now.
            project: The project's name.
            description: Of this version, for people; 10,000 characters at most.
            model_type: What made it, for example `lightgbm`; 200 characters at most.
            requirements: What it needs to be loaded, as a requirements.txt; 64 KiB at most.
            run: The run that made it, in the same project.
            stage: Where it stands from the start. Default: NONE.
            tags: Of this version. Values have up to 5,000 characters.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.SAVE_MODEL, {"input": {"model": model, "objects": objects, "project": project, "description": description, "modelType": model_type, "requirements": requirements, "run": run, "stage": stage, "tags": tags}})
        return results.ModelVersionFields._read(data)

    def save_predictions(
        self,
        *,
        model_uri: str,
        project: str,
        table: str,
        columns: Maybe[Sequence[str]] = UNSET,
        idempotency_key: Maybe[str] = UNSET,
        input: Maybe[str] = UNSET,
        object: Maybe[Union[ObjectInput, Mapping[str, Any]]] = UNSET,
        pipeline_run: Maybe[str] = UNSET,
        rows: Maybe[Sequence[Any]] = UNSET,
        sql: Maybe[str] = UNSET,
        step: Maybe[str] = UNSET,
    ) -> results.PredictionFields:
        """Adds predictions to their table as its next VERSION, whole or not at all. What is there stays.

        Rows go to a table as its next VERSION; the same idempotencyKey saves once.

        Args:
            model_uri: What predicted: models:/NAME/VERSION, models:/NAME/STAGE, models:/NAME/latest or
                models:/NAME@ALIAS.
            project: The project's name.
            table: The output table, in any case. It is made when it is missing; otherwise the rows must
                have its columns, and values that fit their types.
            columns: The names of the values of each of `rows`.
            idempotency_key: Yours to choose, unique in the project, 1 to 200 characters: the same key
                again gives what was saved, and saves nothing.
            input: The id of the dataset that was predicted from.
            object: A file with the rows: CSV, NDJSON, JSON, Parquet or Arrow.
            pipeline_run: The id of the pipeline run that predicted. The key of a script says it by
                itself.
            rows: Each an array in the order of `columns`; 1 to 100000. Long integers and decimals are
                strings, as in a `Table`; other strings stay text unless the table says otherwise.
            sql: A SELECT that gives the rows.
            step: The step of that run.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.SAVE_PREDICTIONS, {"input": {"modelUri": model_uri, "project": project, "table": table, "columns": columns, "idempotencyKey": idempotency_key, "input": input, "object": object, "pipelineRun": pipeline_run, "rows": rows, "sql": sql, "step": step}})
        return results.PredictionFields._read(data)

    def search_runs(
        self,
        project: str,
        experiment: str,
        *,
        filter: Maybe[str] = UNSET,
        order_by: Maybe[Sequence[str]] = UNSET,
        lifecycle: Maybe[Union[Lifecycle, str]] = UNSET,
        first: Maybe[int] = UNSET,
        after: Maybe[str] = UNSET,
    ) -> Optional[results.SearchRunsExperiment]:
        """An active experiment by name; null when there is none or you may not see it.

        `filter` and `orderBy` are MLflow's search language: "metrics.accuracy > 0.9", "params.rate DESC".

        Args:
            project: The project's name.
            experiment: In any letter case.
            filter: MLflow's search language: `metrics.rmse < 1 and params.depth = '3'`.
            order_by: For example `metrics.rmse ASC`; the first counts most.
            lifecycle: Which runs: those in use, or those that are deleted. Default: ACTIVE.
            first: How many at most: 1 to 500 unless the field says more, default 50.
            after: The `endCursor` of the page before, or the cursor of an edge.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.SEARCH_RUNS, {"project": project, "experiment": experiment, "filter": filter, "orderBy": order_by, "lifecycle": lifecycle, "first": first, "after": after})
        return optional(results.SearchRunsExperiment._read, data)

    def set_model_alias(
        self,
        project: str,
        model: str,
        alias: str,
        *,
        version: Maybe[int] = UNSET,
    ) -> results.ModelFields:
        """Points an alias to a version, in place of the one before, in one step; without a version it takes
        the alias away.

        Without a version the alias goes.

        Args:
            project: The project's name.
            model: The model's name.
            alias: 1 to 255 letters, digits, "_" and "-"; not "latest", nor "v" and a number.
            version: The number of the version; null: the alias goes.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.SET_MODEL_ALIAS, {"project": project, "model": model, "alias": alias, "version": version})
        return results.ModelFields._read(data)

    def set_project_member(
        self,
        project: str,
        email: str,
        *,
        role: Maybe[Union[Role, str]] = UNSET,
    ) -> results.SetProjectMemberSetProjectMember:
        """Makes somebody a member, changes their role, or without a role removes them. For OWNERs.
        PRECONDITION_FAILED: nobody would be OWNER any more.

        Without a role somebody is no member any more.

        Args:
            project: The project's name.
            email: Of somebody who has an account.
            role: Their role from now on; null: none.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.SET_PROJECT_MEMBER, {"project": project, "email": email, "role": role})
        return results.SetProjectMemberSetProjectMember._read(data)

    def set_run_lifecycle(self, id: str, lifecycle: Union[Lifecycle, str]) -> results.RunFields:
        """Deletes or restores a run. Nothing of it is lost. PRECONDITION_FAILED: its experiment is deleted,
        and comes back with all its runs.

        Args:
            id: The id of the run.
            lifecycle: DELETED deletes it, ACTIVE restores it.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.SET_RUN_LIFECYCLE, {"id": id, "lifecycle": lifecycle})
        return results.RunFields._read(data)

    def set_schedule(
        self,
        deployment: str,
        *,
        cron: Maybe[str] = UNSET,
        timezone: Maybe[str] = UNSET,
        enabled: Maybe[bool] = UNSET,
    ) -> results.DeploymentFields:
        """Sets, pauses or removes the schedule of a deployment. PRECONDITION_FAILED: it is deleted.

        Without `cron` the schedule goes.

        Args:
            deployment: Its id.
            cron: Minute, hour, day of month, month, day of week; null removes the schedule.
            timezone: An IANA time zone. Default: "UTC".
            enabled: False pauses it. Default: true.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.SET_SCHEDULE, {"deployment": deployment, "cron": cron, "timezone": timezone, "enabled": enabled})
        return results.DeploymentFields._read(data)

    def sync_bucket(self, bucket: str, *, prefix: Maybe[str] = UNSET) -> results.BucketSyncFields:
        """Looks for what came into a bucket by other ways than this API, and went: a job that wrote files
        there, a person with the console of OCI.

        Args:
            bucket: The bucket's name.
            prefix: Only keys that begin with it. Default: "".

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.SYNC_BUCKET, {"bucket": bucket, "prefix": prefix})
        return results.BucketSyncFields._read(data)

    def trace_dataset(
        self,
        project: str,
        name: str,
        *,
        first: Maybe[int] = UNSET,
    ) -> Optional[results.TraceDatasetDataset]:
        """A dataset by name; null when it does not exist or you may not see it.

        What read it, and what came of it.

        Args:
            project: The project's name.
            name: In any letter case.
            first: How many at most: 1 to 500 unless the field says more, default 50.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.TRACE_DATASET, {"project": project, "name": name, "first": first})
        return optional(results.TraceDatasetDataset._read, data)

    def trace_model_version(
        self,
        project: str,
        uri: str,
        *,
        first: Maybe[int] = UNSET,
    ) -> Optional[results.TraceModelVersionModelVersion]:
        """The version that a URI means; null when there is none, or you may not see it.

        Where it came from, and what it is used for.

        Args:
            project: The project's name.
            uri: models:/NAME/VERSION, models:/NAME/STAGE, models:/NAME/latest or models:/NAME@ALIAS.
                Stages in any case; of several versions in a stage, the highest.
            first: How many at most: 1 to 500 unless the field says more, default 50.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.TRACE_MODEL_VERSION, {"project": project, "uri": uri, "first": first})
        return optional(results.TraceModelVersionModelVersion._read, data)

    def trace_pipeline_run(self, id: str) -> Optional[results.TracePipelineRunNode]:
        """Anything by its id; null when it does not exist or you may not see it.

        What the steps of a run made.

        Args:
            id: As it was in any `id` field.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.TRACE_PIPELINE_RUN, {"id": id})
        return optional(results._read_trace_pipeline_run_node, data)

    def trace_prediction(self, id: str) -> Optional[results.TracePredictionNode]:
        """Anything by its id; null when it does not exist or you may not see it.

        From a prediction back to the bytes that it came of.

        Args:
            id: As it was in any `id` field.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.TRACE_PREDICTION, {"id": id})
        return optional(results._read_trace_prediction_node, data)

    def transition_model_version(
        self,
        *,
        id: str,
        stage: Union[ModelStage, str],
        archive_existing: Maybe[bool] = UNSET,
    ) -> results.ModelVersionFields:
        """Moves a model version to a stage, perhaps in place of those that are in it: in one step, seen by all
        at once.

        Args:
            id: The id of the version.
            stage: Where it comes. When it is there already, nothing is written down.
            archive_existing: Also moves every other version in that stage to ARCHIVED, in the same
                moment. For STAGING and PRODUCTION only. Default: false.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.TRANSITION_MODEL_VERSION, {"input": {"id": id, "stage": stage, "archiveExisting": archive_existing}})
        return results.ModelVersionFields._read(data)

    def update_experiment(
        self,
        *,
        id: str,
        lifecycle: Maybe[Union[Lifecycle, str]] = UNSET,
        name: Maybe[str] = UNSET,
        tags: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET,
    ) -> results.ExperimentFields:
        """Renames, tags, deletes or restores an experiment. CONFLICT: another active one has the name.
        PRECONDITION_FAILED: it is deleted, and is not restored by this.

        Renames, tags, deletes or restores.

        Args:
            id: The id of the experiment.
            lifecycle: DELETED deletes it with all its runs, and its name is free again. ACTIVE restores
                it with all its runs; where the name was taken meanwhile, give another.
            name: Its new name.
            tags: Tags to set; those of other keys stay. Values have at most 5000 characters.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.UPDATE_EXPERIMENT, {"input": {"id": id, "lifecycle": lifecycle, "name": name, "tags": tags}})
        return results.ExperimentFields._read(data)

    def update_model(
        self,
        *,
        model: str,
        project: str,
        description: Maybe[str] = UNSET,
        tags: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET,
    ) -> results.ModelFields:
        """Changes the description or the tags of a model.

        Args:
            model: The model's name.
            project: The project's name.
            description: For people, 10,000 characters at most; null takes it away.
            tags: Set, and put in place of those with the same keys; others stay. Values have up to
                5,000 characters.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.UPDATE_MODEL, {"input": {"model": model, "project": project, "description": description, "tags": tags}})
        return results.ModelFields._read(data)

    def update_model_version(
        self,
        *,
        id: str,
        description: Maybe[str] = UNSET,
        tags: Maybe[Sequence[Union[KeyValueInput, Mapping[str, Any]]]] = UNSET,
    ) -> results.ModelVersionFields:
        """Changes the description or the tags of a model version.

        Args:
            id: The id of the version.
            description: For people, 10,000 characters at most; null takes it away.
            tags: Set, and put in place of those with the same keys; others stay. Values have up to
                5,000 characters.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            TransportError: no answer came.
        """
        data = self._execute(documents.UPDATE_MODEL_VERSION, {"input": {"id": id, "description": description, "tags": tags}})
        return results.ModelVersionFields._read(data)

    def watch_metrics(self, run: str, *, keys: Maybe[Sequence[str]] = UNSET) -> Iterator[results.MetricFields]:
        """The points of a run as they are logged, in that order; those logged before are in `metricHistory`.
        It ends with BACKEND_UNAVAILABLE when some may have been missed.

        From now on; what was logged before is in GetMetricHistory.

        Args:
            run: The id of the run.
            keys: Only these metrics; without it, all.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            StreamInterrupted: the connection was lost and cannot be taken up without a gap.
        """
        return self._subscribe(documents.WATCH_METRICS, {"run": run, "keys": keys}, results.MetricFields._read, resumes=False)

    def watch_model_versions(
        self,
        project: str,
        *,
        model: Maybe[str] = UNSET,
    ) -> Iterator[results.ModelVersionFields]:
        """Every model version of a project that is saved or changes stage from now on, as it is then. It ends
        with BACKEND_UNAVAILABLE when some may have been missed.

        Args:
            project: The project's name.
            model: Only versions of this model; null: of all.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            StreamInterrupted: the connection was lost and cannot be taken up without a gap.
        """
        return self._subscribe(documents.WATCH_MODEL_VERSIONS, {"project": project, "model": model}, results.ModelVersionFields._read, resumes=False)

    def watch_pipeline_run(
        self,
        pipeline_run: str,
        *,
        after: Maybe[int] = UNSET,
    ) -> Iterator[results.PipelineEventFields]:
        """Every event of one pipeline run with a higher sequence than `after`, first those that are past, then
        each as it happens: in order, none twice, none missing, across reconnects and restarts of servers.
        Completes after the run's last event. Whenever the connection ends otherwise (code 4413: too much
        was waiting to be read), subscribe again with `after`.

        First what is past, then what happens, in order, until the last event of the run. `after` is the
        sequence of the last event that was seen: with it a client that was cut off goes on without a gap.

        Args:
            pipeline_run: The id of the run.
            after: The sequence of the last event that you have seen; 0: from the beginning. Default: 0.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            StreamInterrupted: the connection was lost and cannot be taken up without a gap.
        """
        return self._subscribe(documents.WATCH_PIPELINE_RUN, {"pipelineRun": pipeline_run, "after": after}, results.PipelineEventFields._read, resumes=True)

    def watch_pipeline_runs(self, project: str) -> Iterator[results.WatchPipelineRunsPipelineRunChanged]:
        """Each pipeline run of a project as it is, whenever something of it has changed from now on. Changes
        that follow each other faster than you read are one. It ends with BACKEND_UNAVAILABLE when some may
        have been missed.

        Every run of a project, whenever something of it has changed.

        Args:
            project: The project's name.

        Raises:
            ApiError: the server refuses it; its subclasses are named after the codes.
            StreamInterrupted: the connection was lost and cannot be taken up without a gap.
        """
        return self._subscribe(documents.WATCH_PIPELINE_RUNS, {"project": project}, results.WatchPipelineRunsPipelineRunChanged._read, resumes=False)
