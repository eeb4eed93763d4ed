"""Deployments and their runs, as handles that a new process can take up again by id."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any, AsyncIterator, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, TextIO, Union

from ._api_error import DhuoError, RunCanceled, RunFailed, TransportError
from ._background import EventIterator, NothingYet
from ._connection import Connection, backoff
from ._generated import documents, results
from ._generated.enums import PipelineStatus
from ._live import view_of
from ._subscription import Cursor, WebSocketUnavailable, subscribe
from .errors import NotFoundError

if TYPE_CHECKING:
    import pandas

    from .client import Dhuo

_POLL_SECONDS = 1.0
_MOST_FAILURES = 120


class PipelineRun:
    """
    One run of a deployment. It lives on the server: whoever knows the id has the run, also after a restart of the notebook.

    Attributes:
        id: what `Dhuo.pipeline_run` takes.
    """

    def __init__(self, client: Dhuo, id: str) -> None:
        self._client = client
        self.id = id
        self._last: Optional[results.GetPipelineRunNodePipelineRun] = None

    def refresh(self) -> results.GetPipelineRunNodePipelineRun:
        """The run as it is now, with its steps. Raises NotFoundError."""
        found = self._client.api.get_pipeline_run(self.id)
        if not isinstance(found, results.GetPipelineRunNodePipelineRun):
            raise NotFoundError(f"The pipeline run {self.id} does not exist, or you may not see it.")
        self._last = found
        return found

    @property
    def status(self) -> PipelineStatus:
        """As it is now."""
        return self.refresh().status

    def events(self, after: int = 0) -> Iterator[results.PipelineEventFields]:
        """
        Everything that happened and happens, in order, none twice and none missing, across lost connections; ends with the
        run. Where WebSockets do not get through, it asks every second.

        Args:
            after: the `sequence` of the last event that you have seen.
        """
        connection, run = self._client.connection, self.id
        return EventIterator(lambda: events_of(connection, run, after))

    def live(self, *, after: int = 0, file: Optional[TextIO] = None) -> PipelineRun:
        """
        Shows steps and lines, first those that are past and then as they happen, until the run ends: in a notebook as a table
        that renews itself, elsewhere as text. Ctrl-C stops looking; the run goes on.

        Args:
            after: leaves out what happened up to this `sequence`.
            file: where text goes; without it, what fits to where it is seen.

        Returns:
            The run itself.
        """
        view = view_of(self.refresh(), file)
        try:
            with EventIterator(lambda: events_of(self._client.connection, self.id, after)) as events:
                while True:
                    try:
                        view.show(events.next(0.25))
                    except NothingYet:
                        view.tick()
                    except StopIteration:
                        break
        except KeyboardInterrupt:
            view.close()
            self._say_how_to_come_back(file)
        finally:
            view.close()
        return self

    def result(self, timeout: Optional[float] = None) -> results.GetPipelineRunNodePipelineRun:
        """
        Waits for the end.

        Args:
            timeout: seconds; None waits as long as it takes.

        Returns:
            The run, which has SUCCEEDED.

        Raises:
            RunFailed: it FAILED; with the step, the reason and its last lines. RunCanceled where somebody ended it.
            TimeoutError: it goes on.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        run = self.refresh()
        if run.ended_at is not None:
            return self._judge(run)
        try:
            with EventIterator(lambda: events_of(self._client.connection, self.id, run.last_sequence)) as events:
                while True:
                    try:
                        events.next(None if deadline is None else max(0.0, deadline - time.monotonic()))
                    except StopIteration:
                        return self._judge()
        except NothingYet:
            raise self._goes_on(timeout) from None
        except KeyboardInterrupt:
            self._say_how_to_come_back(None)
            raise

    def cancel(self) -> PipelineRun:
        """Ends it. Ending it again changes nothing."""
        self._client.connection.execute(documents.CANCEL_PIPELINE_RUN, {"id": self.id}, retry=True)
        return self

    def retry(self) -> PipelineRun:
        """Tries what FAILED or was CANCELED again: a new run that begins at the steps that did not succeed."""
        return PipelineRun(self._client, self._client.api.retry_pipeline_run(self.id).id)

    def logs(self, step: str, *, after: int = 0) -> List[results.ReadStepLogsNodePipelineRunStepLogs]:
        """What a step has printed so far, over all attempts. Raises NotFoundError when there is no such step."""
        lines: List[results.ReadStepLogsNodePipelineRunStepLogs] = []
        while True:
            found = self._client.api.read_step_logs(self.id, step, after=after, first=10_000)
            if not isinstance(found, results.ReadStepLogsNodePipelineRun) or found.step is None:
                raise NotFoundError(f"The pipeline run {self.id} has no step {step!r}, or you may not see it.")
            lines += found.step.logs
            if len(found.step.logs) < 10_000:
                return lines
            after = lines[-1].number

    def __repr__(self) -> str:
        known = f" {self._last.deployment.name} #{self._last.number} {self._last.status}" if self._last else ""
        return f"<PipelineRun {self.id}{known}>"

    def _judge(self, ended: Optional[results.GetPipelineRunNodePipelineRun] = None) -> results.GetPipelineRunNodePipelineRun:
        run = ended or self.refresh()
        if run.status == PipelineStatus.SUCCEEDED:
            return run
        raise self._failure(run)

    def _goes_on(self, timeout: Optional[float]) -> TimeoutError:
        return TimeoutError(f"The run {self.id} had not ended after {timeout:g} seconds. It goes on.")

    def _failure(self, run: results.GetPipelineRunNodePipelineRun) -> RunFailed:
        failed = next((step for step in run.steps if step.status == "FAILED"), None)
        detail = (failed.status_detail if failed else None) or run.status_detail
        lines = self._last_lines(run, failed.name) if failed else []
        where = f"{run.deployment.name} #{run.number} ({run.id})"
        if run.status == PipelineStatus.CANCELED:
            return RunCanceled(f"{where} was canceled{': ' + detail if detail else '.'}", run=run, detail=detail)
        message = f"{where} failed{f' in the step {failed.name}' if failed else ''}: {detail or run.status}"
        return RunFailed("\n".join([message, *(f"    {line}" for line in lines)]), run=run, step=failed.name if failed else None, detail=detail, last_lines=lines)

    def _last_lines(self, run: results.GetPipelineRunNodePipelineRun, step: str) -> List[str]:
        found = self._client.api.list_pipeline_events(self.id, after=max(0, run.last_sequence - 1_000), first=1_000)
        if not isinstance(found, results.ListPipelineEventsNodePipelineRun):
            return []
        return [event.message or "" for event in found.events if event.type == "LOG" and event.step_name == step][-20:]

    def _say_how_to_come_back(self, file: Optional[TextIO]) -> None:
        print(f'\nNo longer watching; the run goes on. Come back with: d.pipeline_run("{self.id}").live()', file=file)


class Deployment:
    """A deployment, as its newest version was when it was asked for; `refresh` asks again."""

    def __init__(self, client: Dhuo, info: results.DeploymentFields) -> None:
        self._client = client
        self.info = info

    @property
    def id(self) -> str:
        return self.info.id

    @property
    def name(self) -> str:
        return self.info.name

    @property
    def version(self) -> int:
        return self.info.version

    def refresh(self) -> results.GetDeploymentDeployment:
        """The deployment as it is now, with its steps. Raises NotFoundError."""
        found = self._client.api.get_deployment(self.info.project.name, self.name)
        if found is None:
            raise NotFoundError(f'The deployment "{self.name}" does not exist any more.')
        self.info = found
        return found

    def wait_until_ready(self, timeout: float = 900.0) -> Deployment:
        """
        Waits for its packages to be put together. Runs wait for that by themselves.

        Raises:
            DhuoError: they could not be; its text says why.
            TimeoutError: not yet.
        """
        deadline = time.monotonic() + timeout
        for attempt in range(1_000_000):
            if self.info.status == "READY":
                return self
            if self.info.status == "FAILED":
                raise DhuoError(f'"{self.name}", version {self.version}, could not be packaged: {self.info.status_detail}')
            if time.monotonic() > deadline:
                raise TimeoutError(f'"{self.name}" is still {self.info.status}.')
            time.sleep(min(2.0, backoff(attempt)))
            self.refresh()
        return self

    def run(self, arguments: Optional[Mapping[str, Any]] = None, *, idempotency_key: Optional[str] = None) -> PipelineRun:
        """
        Starts a run of its newest version.

        Args:
            arguments: given to every step behind its own, as `--key value`.
            idempotency_key: the same key gives the same run. Without one each call gives a run of its own, and one only, also
                where the answer was lost and it is asked again.
        """
        given = {
            "deployment": self.id,
            "arguments": [{"key": key, "value": str(value)} for key, value in (arguments or {}).items()],
            "idempotencyKey": idempotency_key or uuid.uuid4().hex,
        }
        return PipelineRun(self._client, self._client.connection.execute(documents.RUN_DEPLOYMENT, {"input": given})["id"])

    def runs(self, *, first: int = 50) -> List[results.PipelineRunFields]:
        """Its runs, the newest first."""
        found = self._client.api.list_deployment_runs(self.info.project.name, self.name, first=first)
        return [] if found is None else found.pipeline_runs.nodes

    @property
    def latest_run(self) -> Optional[PipelineRun]:
        """The run that was started last; None before the first."""
        found = self.refresh().latest_run
        return None if found is None else PipelineRun(self._client, found.id)

    def schedule(self, cron: str, timezone: str = "UTC", *, enabled: bool = True) -> Deployment:
        """Runs by itself from now on: five fields of cron, in an IANA time zone. `enabled=False` pauses it."""
        self.info = self._client.api.set_schedule(self.id, cron=cron, timezone=timezone, enabled=enabled)
        return self

    def unschedule(self) -> Deployment:
        """Runs only when it is asked to."""
        self.info = self._client.api.set_schedule(self.id, cron=None)
        return self

    def predict(self, rows: Union[pandas.DataFrame, Sequence[Any]]) -> List[Any]:
        """Asks an ONLINE deployment: one answer for each row, in order. A DataFrame's rows are dicts."""
        plain = rows.to_dict("records") if hasattr(rows, "to_dict") else list(rows)
        given = {"deployment": self.id, "rows": plain}
        # It keeps nothing: asking again does no harm.
        data: Dict[str, Any] = self._client.connection.execute(documents.PREDICT, {"input": given}, retry=True)
        return list(data["predictions"])

    def delete(self) -> None:
        """Its name is free again, its runs can still be looked at. Refused while one is under way."""
        self._client.api.delete_deployment(self.id)

    def __repr__(self) -> str:
        return f"<Deployment {self.name} version {self.version} {self.info.status}>"


async def events_of(connection: Connection, run: str, after: int) -> AsyncIterator[results.PipelineEventFields]:
    """Events over a WebSocket; where none gets through, by asking."""
    cursor = Cursor(after)
    read: Callable[[Any], results.PipelineEventFields] = results.PipelineEventFields._read
    live = subscribe(connection, documents.WATCH_PIPELINE_RUN, {"pipelineRun": run}, cursor=cursor)
    try:
        async for data in live:
            yield read(data)
        return
    except WebSocketUnavailable:
        pass
    finally:
        await live.aclose()  # type: ignore[attr-defined]
    async for data in _asked(connection, run, cursor):
        yield read(data)


async def _asked(connection: Connection, run: str, cursor: Cursor) -> AsyncIterator[Any]:
    import asyncio

    from ._operations_base import in_thread

    failures = 0
    while True:
        try:
            node = await in_thread(connection.execute, documents.LIST_PIPELINE_EVENTS, {"pipelineRun": run, "after": cursor.after, "first": 1_000})
            failures = 0
        except TransportError:
            failures += 1
            if failures > _MOST_FAILURES:
                raise
            await asyncio.sleep(5.0)
            continue
        if node is None or node["__typename"] != "PipelineRun":
            raise NotFoundError(f"The pipeline run {run} does not exist, or you may not see it.")
        for data in node["events"]:
            if cursor.takes(data["sequence"]):
                yield data
        if cursor.after >= node["lastSequence"]:
            if node["status"] in ("SUCCEEDED", "FAILED", "CANCELED"):
                return
            await asyncio.sleep(_POLL_SECONDS)
