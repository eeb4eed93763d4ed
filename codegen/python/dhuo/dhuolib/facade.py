"""`Dhuolib` of DHuOlib."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, TypeVar, Union

from ..client import Dhuo
from ..pipelines import Deployment
from .clients.platform import newest_run
from .repository import table_name_of
from .rows import as_experiment, as_model_version, as_status_rows, stage_of
from .session import current_client, note_model, open_client, predicting_model, project_of

if TYPE_CHECKING:
    import pandas

F = TypeVar("F", bound=Callable[..., Any])


class _OnClassToo:
    """A method that on the class works for whoever logged in last."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __get__(self, instance: Optional[Dhuolib], owner: type) -> Callable[..., Any]:
        @functools.wraps(self._function)
        def bound(*args: Any, **kwargs: Any) -> Any:
            return self._function(instance if instance is not None else owner(), *args, **kwargs)

        return bound


def _on_class_too(function: F) -> F:
    return _OnClassToo(function)  # type: ignore[return-value]


class Dhuolib:
    """
    May be used as a class, after `Auth.login`, or as an object.

    Args:
        service_uri: of the server. Default: that of the login, else DHUO_URL.
        token: default: that of the login, else DHUO_ACCESS_KEY.
        project: default: DHUO_PROJECT, else the only one that there is.
    """

    def __init__(self, service_uri: Optional[str] = None, token: Optional[str] = None, project: Optional[str] = None) -> None:
        self.client: Dhuo = open_client(service_uri, token, project) if service_uri or token or project else current_client()

    @_on_class_too
    def read_from_bucket(self, bucket_name: str, file_name: str, format: Optional[str] = None) -> pandas.DataFrame:
        """A file of a bucket as a DataFrame: CSV, NDJSON, JSON, Parquet or Arrow. Raises NotFoundError."""
        return self.client.read(bucket_name, file_name, format=format)

    @_on_class_too
    def execute_select(self, sql: str, params: Any = None) -> pandas.DataFrame:
        """The whole result of one SELECT. Raises BadUserInputError for anything else."""
        return self.client.select(sql, params, project=project_of(self.client))

    @_on_class_too
    def execute_dml(self, sql: str, params: Any = None) -> int:
        """One INSERT, UPDATE, DELETE or MERGE. Returns how many rows it changed."""
        return self.client.execute(sql, params, project=project_of(self.client))

    @_on_class_too
    def create_experiment(self, experiment_name: str, experiment_tags: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        """An experiment by name, made where it is missing."""
        return as_experiment(self.client.create_experiment(experiment_name, experiment_tags, project=project_of(self.client)))

    @_on_class_too
    def save_model(
        self,
        model: Any,
        modelname: str,
        stage: str = "None",
        run_id: Optional[str] = None,
        requirements: Optional[str] = None,
        tags: Optional[Mapping[str, Any]] = None,
    ) -> Dict[str, Any]:
        """Registers the next version of a model: an object, which is pickled, or the path of its file."""
        saved = self.client.save_model(
            model, modelname, run=run_id, stage=stage_of(stage), requirements=requirements, tags=tags, project=project_of(self.client)
        )
        return as_model_version(saved, previous_stage="None")

    @_on_class_too
    def load_model(self, modelname: str, stage: str = "Production", version: Union[int, str, None] = None, trust: bool = False) -> Any:
        """
        The model of a stage, or of a version. Its SHA-256 is checked before anything of it runs.

        Raises:
            NotFoundError: nothing is in that stage.
        """
        uri = modelname if modelname.startswith("models:/") else f"models:/{modelname}/{version or stage_of(stage)}"
        model = self.client.load_model(uri, trust=trust, project=project_of(self.client))
        note_model(uri)
        return model

    @_on_class_too
    def deploy(self, path: Union[str, Path] = "config/deploy.yaml") -> Deployment:
        """Deploys what a deploy.yaml says; `.run()` runs it. Files that it names by `./` or `../` are uploaded."""
        return self.client.deploy(path, project=project_of(self.client))

    @_on_class_too
    def save_predictions(self, table_name: str, dataframe: pandas.DataFrame, model: Optional[str] = None) -> Dict[str, Any]:
        """
        Adds rows with a column PREDICT to a table, as its next VERSION.

        Args:
            model: what predicted; default: what was loaded last, else the model of the deployment.
        """
        saved = self.client.save_predictions(
            table_name_of(table_name), dataframe, model=predicting_model(model), project=project_of(self.client)
        )
        return {"table_name": table_name, "version": saved.version, "number_lines_inserted": saved.row_count}

    @_on_class_too
    def pipeline_status_exec(self, name: str, timeout: Optional[float] = None, wait: bool = True) -> List[Dict[str, Any]]:
        """
        Waits for the newest run of a deployment, and tells how its steps went.

        Args:
            name: of the deployment.
            timeout: seconds; None waits as long as it takes.
            wait: False tells how it is going.

        Returns:
            `[{"date_log", "step", "status"}]`, in order, of that run alone.

        Raises:
            RunFailed: it failed; with the step, the reason and the last lines. (It used to wait for ever.)
            PreconditionFailedError: its newest version was not run yet. (It used to tell of the version before.)
            TimeoutError: it goes on.
        """
        run = newest_run(self.client, name, project_of(self.client))
        if wait:
            run.result(timeout)
        return as_status_rows(run)


