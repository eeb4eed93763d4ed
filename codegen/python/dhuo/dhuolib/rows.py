"""Answers in the shapes that DHuOlib gave them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, List, Optional, Sequence

from .._generated import results
from ..pipelines import PipelineRun

_STAGES = {"NONE": "None", "STAGING": "Staging", "PRODUCTION": "Production", "ARCHIVED": "Archived"}


def stage_of(text: str) -> str:
    """A stage in any case, as the server has it; "" is none."""
    return (text or "NONE").strip().upper()


def stage_text(stage: str) -> str:
    return _STAGES.get(str(stage), str(stage))


def millis(at: Optional[datetime]) -> Optional[int]:
    """Since 1970, as MLflow counts."""
    return None if at is None else int(at.timestamp() * 1000)


def tags_of(pairs: Sequence[results.TagFields]) -> Dict[str, str]:
    return {pair.key: pair.value for pair in pairs}


def as_experiment(found: results.ExperimentFields) -> Dict[str, Any]:
    return {
        "experiment_id": found.id,
        "experiment_name": found.name,
        "lifecycle_stage": str(found.lifecycle).lower(),
        "creation_time": millis(found.created_at),
        "last_update_time": millis(found.updated_at),
        "tags": tags_of(found.tags),
    }


def as_run(found: results.RunFields) -> Dict[str, Any]:
    return {
        "run_id": found.id,
        "run_name": found.name,
        "experiment_id": found.experiment.id,
        "status": str(found.status),
        "start_time": millis(found.started_at),
        "end_time": millis(found.ended_at),
        "metrics": {metric.key: float(metric.text) for metric in found.metrics},
        "params": tags_of(found.params),
        "tags": tags_of(found.tags),
    }


def as_model(found: results.ModelFields) -> Dict[str, Any]:
    latest = found.latest_version
    return {
        "model_id": found.id,
        "model_name": found.name,
        "creation_time": millis(found.created_at),
        "last_update_time": millis(found.updated_at),
        "latest_version": None if latest is None else {"version": str(latest.version), "current_stage": stage_text(latest.stage)},
        "tags": tags_of(found.tags),
    }


def as_model_version(found: results.ModelVersionFields, *, previous_stage: str) -> Dict[str, Any]:
    return {
        "model_version": str(found.version),
        "model_version_name": found.model.name,
        "run_id": None if found.run is None else found.run.id,
        "previous_stage": previous_stage,
        "current_stage": stage_text(found.stage),
        "last_updated_timestamp": millis(found.updated_at),
        "status": str(found.status),
    }


def as_status_rows(run: PipelineRun) -> List[Dict[str, Any]]:
    """One for each change of a step, in order, and last what became of the run."""
    rows: List[Dict[str, Any]] = []
    after = 0
    while True:
        found = run._client.api.list_pipeline_events(run.id, after=after, first=10_000)
        events = found.events if isinstance(found, results.ListPipelineEventsNodePipelineRun) else []
        for event in events:
            if event.type == "STEP_STATUS":
                rows.append({"date_log": event.at.isoformat(), "step": event.step_name, "status": str(event.step_status)})
            elif event.type == "RUN_STATUS" and event.run_status in ("SUCCEEDED", "FAILED", "CANCELED"):
                rows.append({"date_log": event.at.isoformat(), "step": "pipeline", "status": str(event.run_status)})
        if len(events) < 10_000:
            return rows
        after = events[-1].sequence
