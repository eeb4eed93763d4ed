"""
asyncio for those who do not use it: one loop in a thread of this package, and iterators over what runs there.

The loop of the caller is left alone, whether there is one (Jupyter) or not (a script).
"""

from __future__ import annotations

import asyncio
import os
import threading
from queue import Empty, SimpleQueue
from typing import Any, AsyncIterator, Callable, Generic, Iterator, Optional, Tuple, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_loop: Optional[asyncio.AbstractEventLoop] = None
_pid = 0
_MOST_WAITING = 1000


def background_loop() -> asyncio.AbstractEventLoop:
    """A loop that runs; made when it is wanted first, and again in a process that was forked."""
    global _loop, _pid
    with _lock:
        if _loop is None or _pid != os.getpid():
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="dhuo-events", daemon=True).start()
            _loop, _pid = loop, os.getpid()
        return _loop


class NothingYet(TimeoutError):
    """No event came in the time that was given; the next call waits on."""


class EventIterator(Generic[T], Iterator[T]):
    """
    Gives what an asynchronous iterator gives, to a thread. Nothing is lost when a call of `next` is interrupted: the next one
    goes on. `close` ends it, and so does `with`.
    """

    def __init__(self, make: Callable[[], AsyncIterator[T]]) -> None:
        self._queue: SimpleQueue[Tuple[str, Any]] = SimpleQueue()
        self._done = False
        loop = background_loop()
        self._loop = loop
        self._task = asyncio.run_coroutine_threadsafe(_pump(make, self._queue), loop)

    def __iter__(self) -> EventIterator[T]:
        return self

    def __next__(self) -> T:
        return self.next(None)

    def next(self, timeout: Optional[float]) -> T:
        """The next event. Raises NothingYet when none came in `timeout` seconds, StopIteration at the end."""
        if self._done:
            raise StopIteration
        try:
            kind, value = self._queue.get(timeout=timeout)
        except Empty:
            raise NothingYet(f"Nothing happened within {timeout} seconds.") from None
        if kind == "event":
            return value  # type: ignore[no-any-return]
        self._done = True
        if kind == "error":
            raise value
        raise StopIteration

    def close(self) -> None:
        """Ends it. What has not been taken is dropped."""
        self._done = True
        self._task.cancel()

    def __enter__(self) -> EventIterator[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_task"):
            self._task.cancel()


async def _pump(make: Callable[[], AsyncIterator[T]], queue: SimpleQueue[Tuple[str, Any]]) -> None:
    # Knows the queue and not the iterator: who forgets that one ends this.
    events = make()
    try:
        async for event in events:
            queue.put(("event", event))
            while queue.qsize() > _MOST_WAITING:
                await asyncio.sleep(0.01)
        queue.put(("end", None))
    except asyncio.CancelledError:
        queue.put(("end", None))
        raise
    except BaseException as error:
        queue.put(("error", error))
    finally:
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()
