"""Runs of experiments: what went in, what was measured, what came out."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Union

from ._generated import documents, results

if TYPE_CHECKING:
    from .client import Dhuo

_MOST_TOGETHER = 1_000
_MOST_PARAMS = 100
_FLUSH_SECONDS = 1.0


# What was logged just before a script ends is sent then.
_unfinished: weakref.WeakSet[ExperimentRun] = weakref.WeakSet()


@atexit.register
def _send_what_waits() -> None:
    for run in list(_unfinished):
        run.flush()


class ExperimentRun:
    """
    A run under way. As a context (`with d.start_run("iris") as run:`) it ends with the block: FINISHED, or FAILED when an
    exception leaves it.

    Metrics that are logged one by one go out together, some times a second and at the end of the process: what one that is killed
    logged in its last second may be lost.
    """

    def __init__(self, client: Dhuo, info: results.RunFields, project: str) -> None:
        self._client = client
        self.info = info
        self.project = project
        self._lock = threading.Lock()
        self._waiting: List[Dict[str, Any]] = []
        self._sent_at = time.monotonic()
        _unfinished.add(self)

    @property
    def id(self) -> str:
        return self.info.id

    @property
    def name(self) -> str:
        return self.info.name

    def log_param(self, key: str, value: Any) -> None:
        """One parameter, as text. It cannot change: another value is a ConflictError."""
        self.log_params({key: value})

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Parameters, as text. They cannot change: another value is a ConflictError."""
        pairs = [{"key": key, "value": str(value)} for key, value in params.items()]
        for start in range(0, len(pairs), _MOST_PARAMS):
            self._send(params=pairs[start : start + _MOST_PARAMS])

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Notes. One that is there gets the new value."""
        pairs = [{"key": key, "value": str(value)} for key, value in tags.items()]
        for start in range(0, len(pairs), _MOST_PARAMS):
            self._send(tags=pairs[start : start + _MOST_PARAMS])

    def log_metric(self, key: str, value: float, step: int = 0, *, timestamp: Optional[datetime] = None) -> None:
        """One measured value; also NaN and the infinities."""
        self.log_metrics({key: value}, step, timestamp=timestamp)

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0, *, timestamp: Optional[datetime] = None) -> None:
        """Measured values of one step of the training."""
        at = timestamp or datetime.now(timezone.utc)
        points = [{"key": key, **_number(float(value)), "step": step, "timestamp": at} for key, value in metrics.items()]
        with self._lock:
            self._waiting += points
            due = len(self._waiting) >= _MOST_TOGETHER or time.monotonic() - self._sent_at > _FLUSH_SECONDS
        if due:
            self.flush()

    def log_inputs(self, datasets: Sequence[str]) -> None:
        """Says which datasets, by id, the run reads."""
        self._send(inputs=list(datasets))

    def log_artifact(self, path: Union[str, Path], name: Optional[str] = None, *, purpose: str = "MODELS") -> results.ObjectFields:
        """Stores a file as something that the run left, in a bucket of the project for a purpose."""
        file = Path(path)
        bucket = self._client.bucket(purpose, project=self.project)
        return self._client.upload(file, bucket, f"runs/{self.id}/{name or file.name}")

    def flush(self) -> None:
        """Sends the metrics that wait."""
        with self._lock:
            points, self._waiting = self._waiting, []
            self._sent_at = time.monotonic()
        for start in range(0, len(points), _MOST_TOGETHER):
            self._send(metrics=points[start : start + _MOST_TOGETHER])

    def finish(self, status: str = "FINISHED") -> ExperimentRun:
        """Says how it ended: FINISHED, FAILED or KILLED."""
        self.flush()
        data = self._client.connection.execute(documents.FINISH_RUN, {"id": self.id, "status": status}, retry=True)
        self.info = results.RunFields._read(data)
        return self

    def refresh(self) -> results.RunFields:
        """The run as it is now, with its params, latest metrics and tags."""
        found = self._client.api.get_run(self.id)
        if isinstance(found, results.GetRunNodeRun):
            self.info = found
        return self.info

    def __enter__(self) -> ExperimentRun:
        return self

    def __exit__(self, kind: Optional[type], _error: object, _trace: object) -> None:
        self.finish("FINISHED" if kind is None else "KILLED" if issubclass(kind, KeyboardInterrupt) else "FAILED")

    def __repr__(self) -> str:
        return f"<ExperimentRun {self.name} {self.info.status} {self.id}>"

    def _send(self, **what: List[Any]) -> None:
        # Equal points are one, and equal params are no change: sent twice it does no harm.
        self._client.connection.execute(documents.LOG_BATCH, {"input": {"run": self.id, **what}}, retry=True)


def _number(value: float) -> Dict[str, Any]:
    if value != value:
        return {"text": "NaN"}
    if value in (float("inf"), float("-inf")):
        return {"text": "Infinity" if value > 0 else "-Infinity"}
    return {"value": value}
