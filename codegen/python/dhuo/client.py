"""`Dhuo`: what notebooks and scripts work with."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Sequence, Union

from ._codec import UNSET
from ._connection import Connection
from ._credentials import stored_login
from ._generated import documents, results
from ._generated.client import Operations
from .errors import ConflictError, NotFoundError

if TYPE_CHECKING:
    import pandas

    from .experiments import ExperimentRun
    from .pipelines import Deployment, PipelineRun

DEFAULT_URL = "http://127.0.0.1:4000"


class Dhuo:
    """
    A server, and you who ask it. Works in scripts, in notebooks and in threads; `AsyncDhuo` is the same for asyncio.

    Args:
        url: of the server. Default: DHUO_URL, else that of the last `dhuo login`, else http://127.0.0.1:4000.
        token: of a session or of the identity provider.
        access_key: instead of a token. Default: DHUO_ACCESS_KEY, else what `dhuo login` left for this server.
        project: what is meant where a method has none. Default: DHUO_PROJECT.
        verify: True checks certificates against the system's authorities, a path against those in that file; False checks nothing.
        timeout: seconds that the server may be silent.
        retries: how often is tried again what does no harm: reading, and what carries an idempotency key.
        progress: shows long transfers; None: to whoever can see them, a terminal or a notebook.

    Attributes:
        api: every operation of the server, typed, as GraphQL has it.
    """

    def __init__(
        self,
        url: Optional[str] = None,
        token: Optional[str] = None,
        *,
        access_key: Optional[str] = None,
        project: Optional[str] = None,
        verify: Union[bool, str] = True,
        timeout: float = 300.0,
        retries: int = 4,
        progress: Optional[bool] = None,
    ) -> None:
        server = url or os.environ.get("DHUO_URL")
        secret = token or access_key or os.environ.get("DHUO_ACCESS_KEY")
        if not secret:
            found, secret = stored_login(server)
            server = server or found
        self.connection = Connection(server or DEFAULT_URL, secret, verify=verify, timeout=timeout, retries=retries)
        self.api = Operations(self.connection)
        self.project = project or os.environ.get("DHUO_PROJECT")
        self.progress = progress

    @classmethod
    def login(cls, email: str, password: str, url: Optional[str] = None, **options: Any) -> Dhuo:
        """
        Logs in with a password, of which only a token is kept.

        Args:
            options: as for `Dhuo`.

        Raises:
            UnauthenticatedError: the email or the password is wrong.
            RateLimitedError: too many tries; `retry_after` says how long to wait.
        """
        made = cls(url, **options)
        made.connection.token = None
        made.connection.token = made.api.log_in(email, password).token
        return made

    @classmethod
    def from_environment(cls, **options: Any) -> Dhuo:
        """Inside a step of a pipeline: server, key and project as the step finds them. Raises RuntimeError elsewhere."""
        missing = [name for name in ("DHUO_URL", "DHUO_ACCESS_KEY", "DHUO_PROJECT") if not os.environ.get(name)]
        if missing:
            raise RuntimeError(f"{', '.join(missing)} not set: this is no step of a pipeline. Use Dhuo(url, token, project=…).")
        return cls(**options)

    def is_logged_in(self) -> bool:
        """Whether the server knows who asks."""
        return self.viewer() is not None

    def viewer(self) -> Optional[results.UserFields]:
        """Who asks; None when the server does not know."""
        from .errors import UnauthenticatedError

        try:
            return self.api.get_viewer()
        except UnauthenticatedError:
            return None

    def use(self, project: str, *, create: bool = False) -> Dhuo:
        """
        Means this project from now on.

        Raises:
            NotFoundError: it does not exist, and `create` is False.
        """
        name = project.lower()
        if self.api.get_project(name) is None:
            if not create:
                raise NotFoundError(f'The project "{name}" does not exist, or you may not see it. use(…, create=True) makes it.')
            try:
                self.api.create_project(name=name)
            except ConflictError:
                # Made meanwhile by somebody whose project it is: they can say so.
                if self.api.get_project(name) is None:
                    raise
        self.project = name
        return self

    # Objects

    def bucket(self, purpose: str, *, project: Optional[str] = None) -> str:
        """The name of a project's bucket for a purpose (RAW, FEATURES, MODELS, DEPLOYMENTS, PREDICTIONS, TEMP), made where it is missing."""
        of = self._project(project)
        name = f"{of}-{purpose.lower()}"
        if self.api.get_bucket(name) is None:
            try:
                self.api.create_bucket(project=of, purpose=purpose.upper())
            except ConflictError:
                pass
        return name

    def find_object(self, bucket: str, key: str) -> Optional[results.ObjectFields]:
        """What is under a key; None when nothing is."""
        found = self.api.get_object(bucket, key)
        return None if found is None else found.object

    def objects(self, bucket: str, prefix: str = "") -> Iterator[results.ObjectFields]:
        """What is in a bucket, by key, page by page. Raises NotFoundError."""
        after: Any = UNSET
        while True:
            found = self.api.list_objects(bucket, prefix=prefix, first=1000, after=after)
            if found is None:
                raise NotFoundError(f'The bucket "{bucket}" does not exist, or you may not see it.')
            yield from found.objects.nodes
            if not found.objects.page_info.has_next_page:
                return
            after = found.objects.page_info.end_cursor

    def upload(
        self,
        source: Union[str, Path, bytes, bytearray, pandas.DataFrame],
        bucket: str,
        key: Optional[str] = None,
        *,
        content_type: Optional[str] = None,
        parallel: int = 4,
        resume: bool = True,
    ) -> results.ObjectFields:
        """
        Stores a file, bytes or a DataFrame as an object. Files go in parts, `parallel` at a time; what was cut off goes on where
        it was, also in another process (`resume`), and the server checks the SHA-256 of the whole.

        Args:
            source: a path, bytes, or a DataFrame, which is stored by the extension of the key, as Parquet, CSV or NDJSON.
            key: without it, the name of the file.

        Raises:
            NotFoundError: the bucket does not exist, or you may not see it.
            TransportError: it did not get through.
        """
        from ._uploads import FileContent, MemoryContent, upload_content

        def store(content: Any, name: str, resumes: bool) -> results.ObjectFields:
            return upload_content(
                self.connection, content, bucket, name, content_type=content_type, parallel=parallel, resume=resumes, progress=self.progress
            )

        if isinstance(source, (bytes, bytearray, memoryview)):
            return store(MemoryContent([memoryview(source).cast("B")]), _required(key), False)
        if isinstance(source, (str, Path)):
            return store(FileContent(Path(source)), key or Path(source).name, resume)
        from ._tables import frame_as_file

        with frame_as_file(source, Path(_required(key)).suffix) as file:
            return store(FileContent(file), _required(key), False)

    def download(self, bucket: str, key: str, path: Union[str, Path, None] = None, *, parallel: int = 4) -> Path:
        """
        Fetches an object to a file, in ranges, `parallel` at a time. The file is there when it is whole and its SHA-256 is
        right, and not before; what was cut off goes on where it was, also in another process.

        Args:
            path: of the file, or of a folder that is there. Without it, the last part of the key, in the working folder.
        """
        from ._downloads import download_file

        target = Path(path) if path is not None else Path()
        if target.is_dir():
            target = target / key.rsplit("/", 1)[-1]
        return download_file(self.connection, self._source(bucket, key), target, label=key, parallel=parallel, progress=self.progress)

    def read_bytes(self, bucket: str, key: str) -> bytes:
        """An object in memory."""
        from ._downloads import download_bytes

        return download_bytes(self.connection, self._source(bucket, key), label=key)

    def read(self, bucket: str, key: str, *, format: Optional[str] = None) -> pandas.DataFrame:
        """
        An object as a DataFrame: CSV, NDJSON, JSON, Parquet or Arrow, by its extension or by `format`.

        Raises:
            NotFoundError: there is no such object, or you may not see it.
            BadUserInputError: it is no table.
        """
        from . import _tables

        wanted = _tables.preferred_format()
        found = self.api.get_object_table_url(bucket, key, format=format or UNSET, as_=wanted)
        if found is None or found.object is None:
            raise NotFoundError(f'The object "{key}" in "{bucket}" does not exist, or you may not see it.')
        table = found.object.table
        return _tables.read_frame(self.connection, table.download_url, wanted, table.columns)

    # Tables

    def select(self, sql: str, params: Any = None, *, project: Optional[str] = None) -> pandas.DataFrame:
        """
        The whole result of one SELECT as a DataFrame, through Arrow where pyarrow is there. Integers beside nulls stay integers
        (`Int64`); decimals are `decimal.Decimal`.

        Args:
            sql: one statement; parameters are `?` or `$name`.
            params: a sequence for `?`, a mapping for `$name`.

        Raises:
            BadUserInputError: the statement is wrong, or does more than read.
        """
        from . import _tables

        _tables.require_pandas()
        wanted = _tables.preferred_format()
        found = self._select_url(sql, params, wanted, project)
        return _tables.read_frame(self.connection, found.download_url, wanted, found.columns)

    def select_rows(self, sql: str, params: Any = None, *, project: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """Like `select`, row by row as dicts, while they come: needs no pandas, and holds no result in memory."""
        from . import _tables

        found = self._select_url(sql, params, "NDJSON", project)
        return _tables.read_rows(self.connection, found.download_url, found.columns)

    def execute(self, sql: str, params: Any = None, *, batch: Optional[Sequence[Any]] = None, project: Optional[str] = None) -> int:
        """
        One INSERT, UPDATE, DELETE or MERGE as one transaction.

        Args:
            batch: the same statement for each of these parameter sets, instead of `params`.

        Returns:
            How many rows it changed.
        """
        given = {"project": self._project(project), "sql": sql, "params": UNSET if params is None else params, "batch": UNSET if batch is None else list(batch)}
        return int(self.connection.execute(documents.EXECUTE_DML, {"input": given})["rowsAffected"])

    def create_dataset(
        self,
        name: str,
        source: Union[pandas.DataFrame, str, Path, Mapping[str, str], None] = None,
        *,
        sql: Optional[str] = None,
        table: Optional[str] = None,
        mode: str = "CREATE",
        description: Optional[str] = None,
        project: Optional[str] = None,
    ) -> results.DatasetFields:
        """
        Makes a table with a name, or its next version, whole or not at all. Exactly one of `source`, `sql` and `table`.

        Args:
            source: a DataFrame, a file, or an object (`{"bucket": …, "key": …}`).
            sql: keeps the result of this SELECT.
            table: gives a table of the project a name; nothing is copied.
            mode: CREATE (the name must be free), REPLACE or APPEND.
        """
        of = self._project(project)
        given: Any = UNSET
        if isinstance(source, Mapping):
            given = dict(source)
        elif source is not None:
            stored = self._store_rows(source, f"datasets/{name.lower()}", "RAW", of)
            given = {"bucket": stored.bucket.name, "key": stored.key}
        return self.api.create_dataset(
            project=of, name=name, mode=mode, object=given, sql=sql or UNSET, table=table or UNSET, description=description or UNSET
        )

    # Experiments and models

    def create_experiment(self, name: str, tags: Optional[Mapping[str, Any]] = None, *, project: Optional[str] = None) -> results.ExperimentFields:
        """An experiment by name, made where it is missing."""
        given = {"project": self._project(project), "name": name, "tags": _pairs(tags)}
        return results.ExperimentFields._read(self.connection.execute(documents.CREATE_EXPERIMENT, {"input": given}, retry=True))

    def start_run(
        self,
        experiment: str,
        *,
        name: Optional[str] = None,
        params: Optional[Mapping[str, Any]] = None,
        tags: Optional[Mapping[str, Any]] = None,
        inputs: Sequence[str] = (),
        parent: Optional[str] = None,
        project: Optional[str] = None,
    ) -> ExperimentRun:
        """
        Begins a run of an experiment, which is made where it is missing. `with d.start_run(…) as run:` ends it too.

        Args:
            inputs: ids of the datasets that it reads.
            parent: the id of the run that it is a part of.
        """
        from .experiments import ExperimentRun

        of = self.create_experiment(experiment, project=project)
        info = self.api.create_run(
            experiment=of.id, name=name or UNSET, params=_pairs(params), tags=_pairs(tags), inputs=list(inputs), parent=parent or UNSET
        )
        return ExperimentRun(self, info, of.project.name)

    def save_model(
        self,
        model: Any,
        name: str,
        *,
        run: Union[str, ExperimentRun, None] = None,
        stage: str = "NONE",
        model_type: Optional[str] = None,
        requirements: Optional[str] = None,
        description: Optional[str] = None,
        tags: Optional[Mapping[str, Any]] = None,
        project: Optional[str] = None,
    ) -> results.ModelVersionFields:
        """
        Registers the next version of a model.

        Args:
            model: an object, which is pickled, or the path of a file or of a folder.
            run: the run that made it, or its id.
            stage: NONE, STAGING, PRODUCTION or ARCHIVED.
            requirements: what it needs to be loaded, as a requirements.txt. Of an object, without it, the package of its class.
        """
        from ._models import save_model

        return save_model(
            self,
            model,
            name,
            project=self._project(project),
            run=run if isinstance(run, str) or run is None else run.id,
            stage=stage.upper(),
            model_type=model_type,
            requirements=requirements,
            description=description,
            tags=tags or {},
        )

    def load_model(self, uri: str, *, trust: bool = False, path: Union[str, Path, None] = None, project: Optional[str] = None) -> Any:
        """
        A model from its pickle, whose SHA-256 is checked before anything of it runs.

        Args:
            uri: `models:/NAME/VERSION`, `/STAGE`, `/latest` or `@ALIAS`; a name alone means its newest version.
            trust: says that you trust whoever saved it. A pickle runs what its author wrote into it: without this there is a warning.
            path: keeps the file there.

        Raises:
            NotFoundError: there is no such version, or you may not see it.
            ChecksumError: what came is not what was saved. Nothing of it has run.
        """
        from ._models import load_model

        return load_model(self, uri, project=self._project(project), trust=trust, path=None if path is None else Path(path))

    def download_model(self, uri: str, folder: Union[str, Path] = ".", *, project: Optional[str] = None) -> List[Path]:
        """The files of a model version, each checked, in a folder."""
        from ._models import download_model

        return download_model(self, uri, Path(folder), project=self._project(project))

    # Deployments

    def deploy(
        self,
        source: Union[str, Path, None] = None,
        *,
        name: Optional[str] = None,
        steps: Sequence[Union[str, Path, Mapping[str, Any]]] = (),
        requirements: Union[str, Path, None] = None,
        libraries: Sequence[Union[str, Path, Mapping[str, Any]]] = (),
        model: Optional[str] = None,
        kind: str = "BATCH",
        cluster: str = "SMALL",
        cron: Optional[str] = None,
        timezone: str = "UTC",
        project: Optional[str] = None,
    ) -> Deployment:
        """
        Deploys scripts, from a deploy.yaml or from here: `d.deploy(name="iris", steps=["features.py", "train.py"]).run().live()`.

        Args:
            source: a deploy.yaml. Files that it names by `./` or `../` are uploaded. All the rest is then in it.
            steps: scripts, in order: paths, or dicts of `script` and more (`name`, `kind`, `arguments`, `needs`, `max_attempts`,
                `timeout_seconds`).
            requirements: a requirements.txt, or its text.
            libraries: wheels, .zip files, modules and .jar files that travel with the scripts.
            model: the model version that scripts get as DHUO_MODEL_URI.
        """
        from . import _deploying
        from .pipelines import Deployment

        of = self._project(project)
        if (source is None) == (name is None):
            raise ValueError("Give a deploy.yaml, or a name and steps.")
        if source is not None:
            return Deployment(self, _deploying.deploy_file(self, Path(source), of))
        options = {"kind": kind, "cluster": cluster, "cron": cron or UNSET, "timezone": timezone, "modelUri": model or UNSET}
        return Deployment(
            self, _deploying.deploy_steps(self, of, str(name), steps, requirements=requirements, libraries=libraries, options=options)
        )

    def deployment(self, name: str, *, project: Optional[str] = None) -> Deployment:
        """The deployment of a name. Raises NotFoundError."""
        from .pipelines import Deployment

        found = self.api.get_deployment(self._project(project), name)
        if found is None:
            raise NotFoundError(f'The deployment "{name}" does not exist, or you may not see it.')
        return Deployment(self, found)

    def pipeline_run(self, id: str) -> PipelineRun:
        """A run by its id: also one that another process started."""
        from .pipelines import PipelineRun

        return PipelineRun(self, id)

    def report(self, progress: Optional[float] = None, message: Optional[str] = None) -> None:
        """Inside a step of a pipeline: how far it is (0 to 1), and a word for whoever watches. Elsewhere it only prints."""
        from ._deploying import report

        report(self, os.environ, progress, message)

    def save_predictions(
        self,
        table: str,
        rows: Union[pandas.DataFrame, str, Path, None] = None,
        *,
        model: str,
        sql: Optional[str] = None,
        input: Optional[str] = None,
        idempotency_key: Optional[str] = None,
        project: Optional[str] = None,
    ) -> results.PredictionFields:
        """
        Adds predictions to a table as its next VERSION, whole or not at all.

        Args:
            table: made where it is missing.
            rows: a DataFrame or a file: the features and a column PREDICT. VERSION and CREATED_AT are added.
            model: the URI of the model version that predicted.
            sql: a SELECT that gives the rows, instead of `rows`.
            input: the id of the dataset that was predicted from.
            idempotency_key: the same key saves once. Without one each call saves once, also where its answer was lost; inside a step
                of a pipeline the same rows of the same model are saved once, however often the step is tried.
        """
        of = self._project(project)
        uri = model if model.startswith("models:/") else f"models:/{model}/latest"
        run, step = os.environ.get("DHUO_PIPELINE_RUN"), os.environ.get("DHUO_STEP")
        given: Any = UNSET
        if rows is not None:
            stored = self._store_rows(rows, f"rows/{table.lower()}", "PREDICTIONS", of)
            given = {"bucket": stored.bucket.name, "key": stored.key}
            if run and step:
                same = "\0".join((run, step, table.lower(), uri, str(stored.sha256)))
                idempotency_key = idempotency_key or hashlib.sha256(same.encode()).hexdigest()
        return self.api.save_predictions(
            project=of,
            table=table,
            model_uri=uri,
            object=given,
            sql=sql or UNSET,
            input=input or UNSET,
            pipeline_run=run or UNSET,
            step=step or UNSET,
            idempotency_key=idempotency_key or uuid.uuid4().hex,
        )

    def close(self) -> None:
        """Closes the connections that are kept. It can be used again all the same."""
        self.connection.close()

    def __enter__(self) -> Dhuo:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Dhuo {self.connection.url}{' ' + self.project if self.project else ''}>"

    def _project(self, given: Optional[str]) -> str:
        name = given or self.project
        if not name:
            raise ValueError("Which project? Say it once with d.use(…) or Dhuo(project=…), or each time with project=….")
        return name.lower()

    def _select_url(self, sql: str, params: Any, format: str, project: Optional[str]) -> results.GetSelectUrlExecuteSelect:
        return self.api.get_select_url(self._project(project), sql, params=UNSET if params is None else params, format=format)

    def _source(self, bucket: str, key: str) -> Any:
        from ._downloads import Source

        def ask() -> results.GetObjectUrlBucketObject:
            found = self.api.get_object_url(bucket, key)
            if found is None or found.object is None:
                raise NotFoundError(f'The object "{key}" in "{bucket}" does not exist, or you may not see it.')
            return found.object

        first = ask()

        def fresh() -> str:
            again = ask()
            if again.id != first.id:
                raise ConflictError(f'The object "{key}" in "{bucket}" was replaced while it was fetched.')
            return again.download_url

        return Source(first.download_url, first.size, first.sha256, first.id, fresh)

    def _store_rows(self, rows: Union[pandas.DataFrame, str, Path], folder: str, purpose: str, project: str) -> results.ObjectFields:
        from ._tables import frame_as_file

        bucket = self.bucket(purpose, project=project)
        if isinstance(rows, (str, Path)):
            return self.upload(rows, bucket, f"{folder}/{uuid.uuid4().hex[:12]}/{Path(rows).name}")
        with frame_as_file(rows) as file:
            return self.upload(file, bucket, f"{folder}/{uuid.uuid4().hex[:12]}{file.suffix}", resume=False)


def _required(key: Optional[str]) -> str:
    if key is None:
        raise ValueError("Without a file there is no name: say which key.")
    return key


def _pairs(values: Optional[Mapping[str, Any]]) -> Any:
    return UNSET if not values else [{"key": key, "value": str(value)} for key, value in values.items()]
