"""A call that can be broken off from outside: asyncio cancels a task, but not the thread that works for it."""

from __future__ import annotations

import contextvars
import socket
import threading
from contextlib import contextmanager
from typing import Iterator, Optional, Set

from ._api_error import TransportError


class Call:
    """What one call of the caller's has open. Threads that work for it share it through their context."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: Set[socket.socket] = set()
        self._parts: Set[Call] = set()
        self._ended = threading.Event()

    @contextmanager
    def part(self) -> Iterator[Call]:
        """A part of it, which can end alone, and ends with it."""
        made = Call()
        with self._lock:
            if self._ended.is_set():
                raise TransportError("The call was broken off.")
            self._parts.add(made)
        try:
            yield made
        finally:
            with self._lock:
                self._parts.discard(made)

    def attach(self, sock: socket.socket) -> None:
        with self._lock:
            if self._ended.is_set():
                raise TransportError("The call was broken off.")
            self._sockets.add(sock)

    def detach(self, sock: Optional[socket.socket]) -> None:
        with self._lock:
            self._sockets.discard(sock)

    def sleep(self, seconds: float) -> None:
        """Waits, but no longer than the call goes on."""
        if self._ended.wait(seconds):
            raise TransportError("The call was broken off.")

    def end(self) -> None:
        """Makes whatever waits for a socket of the call fail at once."""
        with self._lock:
            self._ended.set()
            for part in self._parts:
                part.end()
            for sock in self._sockets:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


_current: contextvars.ContextVar[Optional[Call]] = contextvars.ContextVar("dhuo_call", default=None)
_unbroken = Call()


def current_call() -> Call:
    """The call that this thread works for; one that nobody ends where there is none."""
    return _current.get() or _unbroken


def begin_call(call: Call) -> None:
    _current.set(call)
