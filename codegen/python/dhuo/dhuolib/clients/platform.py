"""`DhuolibPlatformClient` of DHuOlib: what it called a batch project is a deployment of one step."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Optional

from ..._codec import UNSET
from ..._generated import results
from ...client import Dhuo
from ...errors import NotFoundError, PreconditionFailedError
from ...pipelines import Deployment, PipelineRun
from ..names import validate_name
from ..rows import as_status_rows
from ..session import open_client, project_of

_SIZES = {1: "SMALL", 2: "MEDIUM", 3: "LARGE"}


class DhuolibPlatformClient:
    """
    Args:
        service_uri: of the server.
        project_name: of the batch project, for methods that are not given one.
        token: a session's token or an access key.
        project: of DHuO Graph. Default: DHUO_PROJECT, else the only one that there is.
    """

    def __init__(
        self,
        service_uri: Optional[str] = None,
        project_name: Optional[str] = None,
        token: Optional[str] = None,
        project: Optional[str] = None,
    ) -> None:
        if not service_uri:
            raise ValueError("service_uri is required")
        if not token:
            raise ValueError("token is required")
        self.client: Dhuo = open_client(service_uri, token, project)
        self.project_name = project_name
        self._sizes: Dict[str, str] = {}

    def create_batch_project(self, project_name: str = "") -> Dict[str, Any]:
        """Takes a name into use; the deployment is there after `deploy_batch_project`. Raises ValueError when the name is taken."""
        name = validate_name(project_name or self.project_name)
        if self._find(name) is not None:
            raise ValueError("Project already exists")
        self.project_name = name
        return {"project_name": name, "message": f"{name}: deploy_batch_project deploys it."}

    def deploy_batch_project(self, project_name: str = "", script_filename: str = "", requirements_filename: str = "") -> Dict[str, Any]:
        """
        Deploys a script with its requirements, and waits until they are put together.

        Returns:
            `{"project_name", "version", "status"}`.

        Raises:
            FileNotFoundError: one of the files is missing.
            DhuoError: the requirements cannot be had; its text says which and why.
        """
        name = self._name(project_name)
        if not script_filename or not requirements_filename:
            raise ValueError("script_filename and requirements_filename are required")
        for file in (script_filename, requirements_filename):
            if not Path(file).is_file():
                raise FileNotFoundError(f"There is no file {file}.")
        before = self._find(name)
        cluster = self._sizes.get(name) or (str(before.cluster.size) if before else "SMALL")
        made = self.client.deploy(
            name=name,
            steps=[{"name": "script", "script": Path(script_filename)}],
            requirements=Path(requirements_filename),
            cluster=cluster,
            project=project_of(self.client),
        ).wait_until_ready()
        return {"project_name": name, "version": made.version, "status": str(made.info.status)}

    def pipeline_status_report(self, project_name: str = "") -> List[Dict[str, Any]]:
        """
        How the newest run of the newest version goes or went.

        Returns:
            `[{"date_log", "step", "status"}]`, in order, of that run alone.

        Raises:
            PreconditionFailedError: the newest version was not run yet. (It used to tell of the version before.)
        """
        return as_status_rows(newest_run(self.client, self._name(project_name), project_of(self.client)))

    def create_cluster(self, project_name: str = "", cluster_size: int = 1) -> Dict[str, Any]:
        """How large the machines are: 1, 2 or 3. What is deployed gets a version more that says so."""
        name = self._name(project_name)
        if cluster_size not in _SIZES:
            raise ValueError("cluster_size must be 1, 2 or 3")
        self._sizes[name] = _SIZES[cluster_size]
        before = self._find(name)
        if before is not None and before.cluster.size != _SIZES[cluster_size]:
            self._deploy_again(before, _SIZES[cluster_size])
        return {"project_name": name, "cluster_size": cluster_size, "message": f"{name}: {_SIZES[cluster_size]}"}

    def batch_run(self, project_name: str = "") -> Dict[str, Any]:
        """
        Starts a run.

        Returns:
            `{"project_name", "run_id", "status"}`; `Dhuo.pipeline_run(run_id).live()` shows it.
        """
        name = self._name(project_name)
        run = Deployment(self.client, self._deployed(name)).run()
        return {"project_name": name, "run_id": run.id, "status": str(run.status)}

    def schedule_batch_run(self, project_name: str = "", schedule_interval: str = "") -> Dict[str, Any]:
        """Runs by itself from now on: five fields of cron, in UTC."""
        name = self._name(project_name)
        if not schedule_interval:
            raise ValueError("schedule_interval is required")
        info = Deployment(self.client, self._deployed(name)).schedule(schedule_interval).info
        next_run = info.schedule.next_run_at if info.schedule else None
        return {"project_name": name, "schedule_interval": schedule_interval, "next_run_at": next_run and next_run.isoformat(), "message": f"{name} is scheduled"}

    def remove_schedule(self, project_name: str = "") -> Dict[str, Any]:
        """Runs only when it is asked to."""
        name = self._name(project_name)
        Deployment(self.client, self._deployed(name)).unschedule()
        return {"project_name": name, "message": f"{name} is not scheduled any more"}

    def _name(self, given: str) -> str:
        name = given or self.project_name
        if not name:
            raise ValueError("Batch project is required")
        return validate_name(name)

    def _find(self, name: str) -> Optional[results.GetDeploymentDeployment]:
        return self.client.api.get_deployment(project_of(self.client), name)

    def _deployed(self, name: str) -> results.GetDeploymentDeployment:
        found = self._find(name)
        if found is None:
            raise NotFoundError(f'"{name}" was not deployed: deploy_batch_project does that.', field="project_name")
        return found

    def _deploy_again(self, before: results.GetDeploymentDeployment, cluster: str) -> None:
        steps = [
            {
                "name": step.name,
                "kind": step.kind,
                "script": {"bucket": step.script.bucket.name, "key": step.script.key},
                "arguments": step.arguments,
                "needs": step.needs,
                "max_attempts": step.max_attempts,
                "timeout_seconds": step.timeout_seconds or UNSET,
            }
            for step in before.steps
        ]
        self.client.deploy(
            name=before.name,
            steps=steps,
            requirements=before.requirements,
            libraries=[{"bucket": each.bucket.name, "key": each.key} for each in before.libraries],
            model=before.model_version.uri if before.model_version else None,
            kind=str(before.kind),
            cluster=cluster,
            project=before.project.name,
        ).wait_until_ready()


def newest_run(client: Dhuo, name: str, project: str) -> PipelineRun:
    """The newest run of a deployment's newest version. Raises NotFoundError, PreconditionFailedError when there is none."""
    deployment = client.deployment(name, project=project)
    runs = deployment.runs(first=1)
    if not runs or runs[0].deployment_version < deployment.version:
        raise PreconditionFailedError(f'"{name}", version {deployment.version}, has not been run yet.')
    return client.pipeline_run(runs[0].id)
