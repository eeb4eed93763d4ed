"""What generated methods call. asyncio is loaded by those who use it: it is half of what an import costs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, AsyncIterator, Callable, Mapping, Optional, TypeVar

from ._codec import UNSET, Operation
from ._connection import Connection

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from ._background import EventIterator

T = TypeVar("T")


class OperationsBase:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _execute(self, operation: Operation, variables: Mapping[str, Any]) -> Any:
        return self._connection.execute(operation, variables)

    def _subscribe(self, operation: Operation, variables: Mapping[str, Any], read: Callable[[Any], T], *, resumes: bool) -> EventIterator[T]:
        from ._background import EventIterator

        connection = self._connection
        return EventIterator(lambda: _read_events(connection, operation, variables, read, resumes))


class AsyncOperationsBase:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def _execute(self, operation: Operation, variables: Mapping[str, Any]) -> Any:
        return await in_thread(self._connection.execute, operation, variables)

    def _subscribe(self, operation: Operation, variables: Mapping[str, Any], read: Callable[[Any], T], *, resumes: bool) -> AsyncIterator[T]:
        return _read_events(self._connection, operation, variables, read, resumes)


async def _read_events(
    connection: Connection, operation: Operation, variables: Mapping[str, Any], read: Callable[[Any], T], resumes: bool
) -> AsyncIterator[T]:
    from ._subscription import Cursor, subscribe

    given = variables.get("after", UNSET)
    cursor = Cursor(0 if given is UNSET or given is None else int(given)) if resumes else None
    events = subscribe(connection, operation, variables, cursor=cursor)
    try:
        async for data in events:
            yield read(data)
    finally:
        await events.aclose()  # type: ignore[attr-defined]


_threads: Optional[ThreadPoolExecutor] = None
_threads_lock = threading.Lock()


async def in_thread(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Runs it in a thread. When the awaiting task is canceled, what the thread waits for fails at once."""
    import asyncio
    import contextvars
    import functools
    from concurrent.futures import ThreadPoolExecutor

    from ._call import Call, begin_call

    global _threads
    with _threads_lock:
        if _threads is None:
            _threads = ThreadPoolExecutor(max_workers=32, thread_name_prefix="dhuo")
    call = Call()
    context = contextvars.copy_context()
    context.run(begin_call, call)
    work = functools.partial(context.run, functools.partial(function, *args, **kwargs))
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    except asyncio.CancelledError:
        call.end()
        raise
