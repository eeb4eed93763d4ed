"""The same as `dhuo.client`, for asyncio: what waits does so in a thread, and ends with the task that awaits it."""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any, AsyncIterator, Awaitable, Callable, Iterator, Optional, TextIO, TypeVar

from ._generated import results
from ._generated.async_client import AsyncOperations
from ._generated.enums import PipelineStatus
from ._live import view_of
from ._operations_base import in_thread
from .client import Dhuo
from .experiments import ExperimentRun
from .pipelines import Deployment, PipelineRun, events_of

if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    P = ParamSpec("P")

T = TypeVar("T")
S = TypeVar("S")
H = TypeVar("H")

_TOGETHER = 500


def _threaded(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[Any, P], Awaitable[T]]:
    @functools.wraps(method)
    async def call(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await in_thread(method, self._sync, *args, **kwargs)

    return call


def _giving(handle: Callable[[T], H], method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[Any, P], Awaitable[H]]:
    @functools.wraps(method)
    async def call(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> H:
        return handle(await in_thread(method, self._sync, *args, **kwargs))

    return call


def _iterating(method: Callable[Concatenate[S, P], Iterator[T]]) -> Callable[Concatenate[Any, P], AsyncIterator[T]]:
    @functools.wraps(method)
    async def call(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        items = await in_thread(method, self._sync, *args, **kwargs)
        while True:
            some = await in_thread(lambda: list(itertools.islice(items, _TOGETHER)))
            for item in some:
                yield item
            if len(some) < _TOGETHER:
                return

    return call


class AsyncPipelineRun:
    """One run of a deployment. See `dhuo.pipelines.PipelineRun`."""

    def __init__(self, run: PipelineRun) -> None:
        self._sync = run

    @property
    def id(self) -> str:
        return self._sync.id

    refresh = _threaded(PipelineRun.refresh)
    logs = _threaded(PipelineRun.logs)

    async def status(self) -> PipelineStatus:
        """As it is now."""
        return (await self.refresh()).status

    def events(self, after: int = 0) -> AsyncIterator[results.PipelineEventFields]:
        """Everything that happened and happens, in order, none twice and none missing. See `PipelineRun.events`."""
        return events_of(self._sync._client.connection, self.id, after)

    async def live(self, *, after: int = 0, file: Optional[TextIO] = None) -> AsyncPipelineRun:
        """Shows steps and lines until the run ends. Canceling the task stops looking; the run goes on."""
        view = view_of(await self.refresh(), file)
        try:
            async for event in self.events(after):
                view.show(event)
        finally:
            view.close()
        return self

    async def result(self, timeout: Optional[float] = None) -> results.GetPipelineRunNodePipelineRun:
        """Waits for the end. See `PipelineRun.result`."""
        import asyncio

        run = await self.refresh()
        if run.ended_at is None:

            async def over() -> None:
                async for _ in self.events(run.last_sequence):
                    pass

            try:
                await asyncio.wait_for(over(), timeout)
            except asyncio.TimeoutError:
                raise self._sync._goes_on(timeout) from None
        return await in_thread(self._sync._judge)

    async def cancel(self) -> AsyncPipelineRun:
        """Ends it. Ending it again changes nothing."""
        await in_thread(self._sync.cancel)
        return self

    async def retry(self) -> AsyncPipelineRun:
        """A new run that begins at the steps that did not succeed."""
        return AsyncPipelineRun(await in_thread(self._sync.retry))

    def __repr__(self) -> str:
        return f"<Async{repr(self._sync)[1:]}"


class AsyncDeployment:
    """A deployment. See `dhuo.pipelines.Deployment`."""

    def __init__(self, deployment: Deployment) -> None:
        self._sync = deployment

    @property
    def info(self) -> results.DeploymentFields:
        return self._sync.info

    @property
    def id(self) -> str:
        return self._sync.id

    @property
    def name(self) -> str:
        return self._sync.name

    @property
    def version(self) -> int:
        return self._sync.version

    refresh = _threaded(Deployment.refresh)
    run = _giving(AsyncPipelineRun, Deployment.run)
    runs = _threaded(Deployment.runs)
    predict = _threaded(Deployment.predict)
    delete = _threaded(Deployment.delete)

    async def wait_until_ready(self, timeout: float = 900.0) -> AsyncDeployment:
        """Waits for its packages to be put together. See `Deployment.wait_until_ready`."""
        await in_thread(self._sync.wait_until_ready, timeout)
        return self

    async def latest_run(self) -> Optional[AsyncPipelineRun]:
        """The run that was started last; None before the first."""
        found = await in_thread(lambda: self._sync.latest_run)
        return None if found is None else AsyncPipelineRun(found)

    async def schedule(self, cron: str, timezone: str = "UTC", *, enabled: bool = True) -> AsyncDeployment:
        """Runs by itself from now on. See `Deployment.schedule`."""
        await in_thread(self._sync.schedule, cron, timezone, enabled=enabled)
        return self

    async def unschedule(self) -> AsyncDeployment:
        """Runs only when it is asked to."""
        await in_thread(self._sync.unschedule)
        return self

    def __repr__(self) -> str:
        return f"<Async{repr(self._sync)[1:]}"


class AsyncExperimentRun:
    """A run of an experiment; `async with` ends it. See `dhuo.experiments.ExperimentRun`."""

    def __init__(self, run: ExperimentRun) -> None:
        self._sync = run

    @property
    def info(self) -> results.RunFields:
        return self._sync.info

    @property
    def id(self) -> str:
        return self._sync.id

    @property
    def name(self) -> str:
        return self._sync.name

    log_param = _threaded(ExperimentRun.log_param)
    log_params = _threaded(ExperimentRun.log_params)
    set_tags = _threaded(ExperimentRun.set_tags)
    log_metric = _threaded(ExperimentRun.log_metric)
    log_metrics = _threaded(ExperimentRun.log_metrics)
    log_inputs = _threaded(ExperimentRun.log_inputs)
    log_artifact = _threaded(ExperimentRun.log_artifact)
    flush = _threaded(ExperimentRun.flush)
    refresh = _threaded(ExperimentRun.refresh)

    async def finish(self, status: str = "FINISHED") -> AsyncExperimentRun:
        """Says how it ended: FINISHED, FAILED or KILLED."""
        await in_thread(self._sync.finish, status)
        return self

    async def __aenter__(self) -> AsyncExperimentRun:
        return self

    async def __aexit__(self, kind: Optional[type], error: object, trace: object) -> None:
        await in_thread(self._sync.__exit__, kind, error, trace)

    def __repr__(self) -> str:
        return f"<Async{repr(self._sync)[1:]}"


class AsyncDhuo:
    """
    A server, and you who ask it, for asyncio. Methods are those of `Dhuo`, awaited; canceling one breaks it off.

    Attributes:
        api: every operation of the server, typed, as GraphQL has it.
    """

    def __init__(self, url: Optional[str] = None, token: Optional[str] = None, **options: Any) -> None:
        self._sync = Dhuo(url, token, **options)
        self.api = AsyncOperations(self._sync.connection)

    @classmethod
    def _of(cls, sync: Dhuo) -> AsyncDhuo:
        made = cls.__new__(cls)
        made._sync = sync
        made.api = AsyncOperations(sync.connection)
        return made

    @classmethod
    async def login(cls, email: str, password: str, url: Optional[str] = None, **options: Any) -> AsyncDhuo:
        """Logs in with a password. See `Dhuo.login`."""
        return cls._of(await in_thread(Dhuo.login, email, password, url, **options))

    @classmethod
    def from_environment(cls, **options: Any) -> AsyncDhuo:
        """Inside a step of a pipeline. See `Dhuo.from_environment`."""
        return cls._of(Dhuo.from_environment(**options))

    @property
    def project(self) -> Optional[str]:
        return self._sync.project

    is_logged_in = _threaded(Dhuo.is_logged_in)
    viewer = _threaded(Dhuo.viewer)
    bucket = _threaded(Dhuo.bucket)
    find_object = _threaded(Dhuo.find_object)
    objects = _iterating(Dhuo.objects)
    upload = _threaded(Dhuo.upload)
    download = _threaded(Dhuo.download)
    read_bytes = _threaded(Dhuo.read_bytes)
    read = _threaded(Dhuo.read)
    select = _threaded(Dhuo.select)
    select_rows = _iterating(Dhuo.select_rows)
    execute = _threaded(Dhuo.execute)
    create_dataset = _threaded(Dhuo.create_dataset)
    create_experiment = _threaded(Dhuo.create_experiment)
    start_run = _giving(AsyncExperimentRun, Dhuo.start_run)
    save_model = _threaded(Dhuo.save_model)
    load_model = _threaded(Dhuo.load_model)
    download_model = _threaded(Dhuo.download_model)
    deploy = _giving(AsyncDeployment, Dhuo.deploy)
    deployment = _giving(AsyncDeployment, Dhuo.deployment)
    report = _threaded(Dhuo.report)
    save_predictions = _threaded(Dhuo.save_predictions)

    async def use(self, project: str, *, create: bool = False) -> AsyncDhuo:
        """Means this project from now on. See `Dhuo.use`."""
        await in_thread(self._sync.use, project, create=create)
        return self

    def pipeline_run(self, id: str) -> AsyncPipelineRun:
        """A run by its id: also one that another process started."""
        return AsyncPipelineRun(self._sync.pipeline_run(id))

    async def close(self) -> None:
        """Closes the connections that are kept. It can be used again all the same."""
        self._sync.close()

    async def __aenter__(self) -> AsyncDhuo:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<Async{repr(self._sync)[1:]}"
