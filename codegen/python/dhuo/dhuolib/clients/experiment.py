"""`DhuolibExperimentMLClient` of DHuOlib."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Tuple

from ..._codec import UNSET
from ..._generated import results
from ...errors import NotFoundError
from ..names import required, validate_name
from ..rows import as_experiment, as_model, as_model_version, as_run, stage_of, stage_text
from ..session import note_model, open_client, project_of

if TYPE_CHECKING:
    import pandas


class DhuolibExperimentMLClient:
    """
    Experiments, runs and models. Answers are dicts as they were; what goes wrong is an exception, where it was `{"error": …}`.

    Args:
        service_uri: of the server.
        token: a session's token or an access key.
        project: default: DHUO_PROJECT, else the only one that there is.
    """

    def __init__(self, service_uri: str, token: Optional[str] = None, project: Optional[str] = None) -> None:
        if not service_uri:
            raise ValueError("service_uri is required")
        if not token:
            raise ValueError("token is required")
        self.client = open_client(service_uri, token, project)

    def create_experiment(self, experiment_name: str, experiment_tags: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        """An experiment by name, made where it is missing."""
        name = validate_name(experiment_name)
        return as_experiment(self.client.create_experiment(name, experiment_tags, project=project_of(self.client)))

    def search_experiments(self, filter_string: str = "", max_results: int = 10, page_token: str = "") -> Dict[str, Any]:
        """`{"experiments": […], "next_page_token"}`; the token is "" on the last page."""
        found = self.client.api.list_experiments(project_of(self.client), **_page(filter_string, max_results, page_token))
        page = _must_be(found, "project").experiments
        return {"experiments": [as_experiment(each) for each in page.nodes], "next_page_token": _next(page.page_info)}

    def execute_run_for_experiment(
        self, type_model: str, experiment_name: str, modelpkl_path: str, requirements_path: str, tags: Optional[Mapping[str, Any]] = None
    ) -> Dict[str, Any]:
        """
        A run of an experiment that is there, with the pickle and its requirements as what it left.

        Returns:
            `{"run_id", "model_uri"}`, for `create_model`.

        Raises:
            NotFoundError: there is no such experiment.
            FileNotFoundError: one of the files is missing.
        """
        if not experiment_name or not modelpkl_path or not requirements_path:
            raise ValueError("experiment_name, modelpkl_path and requirements_path are required")
        required(type_model, "type_model")
        pickle, requirements = Path(modelpkl_path), Path(requirements_path)
        for file in (pickle, requirements):
            if not file.is_file():
                raise FileNotFoundError(f"There is no file {file}.")
        project = project_of(self.client)
        if self.client.api.get_experiment(project, experiment_name.lower()) is None:
            raise NotFoundError(f'The experiment "{experiment_name}" does not exist, or you may not see it.', field="experiment_name")
        notes = {**(tags or {}), "type_model": type_model}
        with self.client.start_run(experiment_name.lower(), tags=notes, project=project) as run:
            run.log_artifact(pickle)
            run.log_artifact(requirements, "requirements.txt")
        return {"run_id": run.id, "model_uri": f"runs:/{run.id}/{pickle.name}"}

    def search_runs(self, filter_string: str = "", max_results: int = 10, page_token: str = "", experiment_name: str = "") -> Dict[str, Any]:
        """`{"runs": […], "next_page_token"}`. Raises NotFoundError when there is no such experiment."""
        if experiment_name == "":
            raise ValueError("experiment_name is required")
        found = self.client.api.search_runs(project_of(self.client), experiment_name, **_page(filter_string, max_results, page_token))
        page = _must_be(found, f'experiment "{experiment_name}"').runs
        return {"runs": [as_run(each) for each in page.nodes], "next_page_token": _next(page.page_info)}

    def create_model(
        self, modelname: str, stage: str, run_id: str, model_uri: str, tags: Optional[Mapping[str, Any]] = None
    ) -> Dict[str, Any]:
        """
        Registers what a run left as the next version of a model.

        Args:
            model_uri: as `execute_run_for_experiment` gave it.

        Returns:
            `{"model_version", "model_version_name", "run_id", "previous_stage", "current_stage", "last_updated_timestamp", "status"}`.
        """
        name = validate_name(modelname)
        for value, what in ((stage, "stage"), (run_id, "run_id"), (model_uri, "model_uri")):
            required(value, what)
        artifacts = self._artifacts(run_id)
        wanted = model_uri.rsplit("/", 1)[-1]
        pickle = next((each for each in artifacts if each.key.rsplit("/", 1)[-1] == wanted), None)
        if pickle is None or not model_uri.startswith(f"runs:/{run_id}/"):
            raise NotFoundError(f"The run {run_id} left nothing that is called {model_uri}.", field="model_uri")
        listed = next((each for each in artifacts if each.key.endswith("/requirements.txt")), None)
        requirements = self.client.read_bytes(listed.bucket.name, listed.key).decode("utf-8") if listed else None
        pairs = [{"key": key, "value": str(value)} for key, value in (tags or {}).items()]
        project = project_of(self.client)
        saved = self.client.api.save_model(
            project=project,
            model=name,
            objects=[{"bucket": pickle.bucket.name, "key": pickle.key}],
            run=run_id,
            stage=stage_of(stage),
            model_type=(tags or {}).get("type_model") or UNSET,
            requirements=requirements or UNSET,
            tags=pairs,
        )
        if pairs:
            # Models are searched by their own tags.
            self.client.api.update_model(project=project, model=name, tags=pairs)
        return as_model_version(saved, previous_stage="None")

    def transition_model(self, model_name: str, version: str, stage: str) -> Dict[str, Any]:
        """Moves a version to a stage: None, Staging, Production or Archived."""
        required(model_name, "model_name")
        uri = f"models:/{model_name.lower()}/{required(str(version), 'version')}"
        before = self.client.api.get_model_version(project_of(self.client), uri)
        moved = self.client.api.transition_model_version(id=_must_be(before, uri).id, stage=stage_of(required(stage, "stage")))
        answer = as_model_version(moved, previous_stage=stage_text(before.stage if before else ""))
        return {"message": f"{model_name} {version}: {answer['previous_stage']} -> {answer['current_stage']}", **answer}

    def search_models(self, filter_string: str = "", max_results: int = 10, page_token: str = "") -> Dict[str, Any]:
        """`{"models": […], "next_page_token"}`, by names and tags of models."""
        found = self.client.api.list_models(project_of(self.client), **_page(filter_string, max_results, page_token))
        page = _must_be(found, "project").models
        return {"models": [as_model(each) for each in page.nodes], "next_page_token": _next(page.page_info)}

    def predict_online(self, run_params: Mapping[str, Any]) -> Dict[str, Any]:
        """
        Asks the ONLINE deployment of a model version for each row of a CSV file.

        Args:
            run_params: `modelname`, `stage`, `data` (the path of the file).

        Returns:
            `{"predictions": […]}`.

        Raises:
            NotFoundError: there is no such version, or no ONLINE deployment uses it.
        """
        project = project_of(self.client)
        uri = f"models:/{required(run_params.get('modelname'), 'modelname').lower()}/{stage_of(required(run_params.get('stage'), 'stage'))}"
        with open(run_params["data"], encoding="utf-8", newline="") as file:
            rows = [{name: _number_in(text) for name, text in row.items()} for row in csv.DictReader(file)]
        traced = _must_be(self.client.api.trace_model_version(project, uri), uri)
        for used in traced.deployments.nodes:
            deployment = self.client.deployment(used.name, project=project)
            if deployment.info.kind == "ONLINE":
                return {"predictions": deployment.predict(rows)}
        raise NotFoundError(f"No ONLINE deployment uses {traced.uri}.")

    def download_pkl(self, batch_params: Mapping[str, Any]) -> Any:
        """
        A model from its pickle, which is kept at `batch_model_dir`. Its SHA-256 is checked before anything of it runs.

        Args:
            batch_params: `modelname`, `stage` or `run_id`, `batch_model_dir`; `experiment_name` and `type_model` may stay.
        """
        uri, path = self._wanted(batch_params)
        model = self.client.load_model(uri, path=path, project=project_of(self.client))
        note_model(uri)
        return model

    def prediction_batch_with_dataframe(self, batch_params: Mapping[str, Any], df: pandas.DataFrame) -> Any:
        """What the model's own `predict` says of the rows. See `download_pkl`."""
        return self.download_pkl(batch_params).predict(df)

    def _wanted(self, params: Mapping[str, Any]) -> Tuple[str, Path]:
        name = required(params.get("modelname"), "modelname").lower()
        path = Path(required(params.get("batch_model_dir"), "batch_model_dir"))
        run, stage = params.get("run_id"), params.get("stage")
        if not run and not stage:
            raise ValueError("run_id or stage are required")
        if not run:
            return f"models:/{name}/{stage_of(str(stage))}", path
        found = self.client.api.get_run(str(run))
        made = found.model_versions if isinstance(found, results.GetRunNodeRun) else []
        of_name = [each for each in made if each.uri.split("/")[1] == name]
        if not of_name:
            raise NotFoundError(f'The run {run} made no version of the model "{name}".', field="run_id")
        return of_name[-1].uri, path

    def _artifacts(self, run_id: str) -> List[results.ObjectFields]:
        found = self.client.api.list_artifacts(run_id)
        if not isinstance(found, results.ListArtifactsNodeRun):
            raise NotFoundError(f"The run {run_id} does not exist, or you may not see it.", field="run_id")
        return found.artifacts


def _page(filter_string: str, max_results: int, page_token: str) -> Dict[str, Any]:
    # "*" meant everything.
    text = filter_string.strip()
    return {"filter": UNSET if text in ("", "*") else text, "first": max_results, "after": page_token or UNSET}


def _next(info: results.PageFields) -> str:
    return (info.end_cursor or "") if info.has_next_page else ""


def _must_be(found: Any, what: str) -> Any:
    if found is None:
        raise NotFoundError(f"The {what} does not exist, or you may not see it.")
    return found


def _number_in(text: Optional[str]) -> Any:
    if text is None or text == "":
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
