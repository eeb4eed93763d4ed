"""Several threads for one transfer."""

from __future__ import annotations

import contextvars
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Callable, Iterable, List, TypeVar

from ._call import begin_call, current_call

T = TypeVar("T")


def in_parallel(work: Callable[[T], None], items: Iterable[T], threads: int) -> None:
    """
    Does `work` for each item, by `threads` at a time, in their order. Returns when all is done; the first failure, or an
    interrupt, ends it all.
    """
    todo = list(items)
    if threads <= 1 or len(todo) <= 1:
        for item in todo:
            work(item)
        return
    with current_call().part() as call, ThreadPoolExecutor(min(threads, len(todo)), thread_name_prefix="dhuo-transfer") as pool:
        futures: List[Future[None]] = []
        for item in todo:
            # Each in a context of its own: one cannot be entered twice at a time.
            context = contextvars.copy_context()
            context.run(begin_call, call)
            futures.append(pool.submit(context.run, work, item))
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            call.end()
            raise
