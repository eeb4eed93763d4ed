"""Downloads: ranges in parallel, each tried again where it fails, checked against the SHA-256 of what was stored."""

from __future__ import annotations

import hashlib
import io
import json
import os
import threading
from pathlib import Path
from typing import Any, Callable, List, Optional

from ._api_error import ApiError, ChecksumError, TransportError
from ._call import current_call
from ._connection import Connection, backoff
from ._http import Response
from ._parallel import in_parallel
from ._progress import Progress
from ._uploads import file_error

_ATTEMPTS = 6
_PIECE = 1 << 20
_RANGE = 32 << 20


class Source:
    """
    Bytes that can be fetched in ranges, by a URL that ends some day: `fresh_url` gives the next one.

    Args:
        sha256: of all of them; None where the server does not know it.
        version: changes with the bytes.
    """

    def __init__(self, url: str, size: int, sha256: Optional[str], version: str, fresh_url: Callable[[], str]) -> None:
        self.url = url
        self.size = size
        self.sha256 = sha256
        self.version = version
        self._fresh_url = fresh_url
        self._lock = threading.Lock()

    def renew(self, old: str) -> None:
        with self._lock:
            if self.url == old:
                self.url = self._fresh_url()


def download_file(
    connection: Connection, source: Source, path: Path, *, label: str, parallel: int = 4, progress: Optional[bool] = None
) -> Path:
    """
    Writes a source to a file, which is there when it is whole, and not before. What was cut off is taken up where it was, in
    this process or in a later one: until then it lies beside the file, with `.part` at its end.

    Raises:
        ChecksumError: the bytes are not those that were stored.
        TransportError: they did not come.
    """
    partial = path.with_name(f".{path.name}.{hashlib.sha256(source.version.encode()).hexdigest()[:16]}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with _PartialFile(partial, source.size) as file, Progress(f"download {label}", source.size, progress) as shown:
        begin = file.prefix
        shown.advance(begin)
        checker = _Checker(file) if source.sha256 else None
        ranges = [(start, min(start + _RANGE, source.size)) for start in range(begin, source.size, _RANGE)]
        try:
            in_parallel(lambda span: _fetch(connection, source, span[0], span[1], file, shown), ranges, parallel)
        except BaseException:
            file.stop()
            raise
        if checker is not None and checker.digest() != source.sha256:
            file.remove()
            raise ChecksumError(f"What came of {label} is not what was stored: its SHA-256 is {checker.digest()}, not {source.sha256}.")
    try:
        os.replace(partial, path)
    except FileNotFoundError:
        # Another process fetched the same bytes to the same place, and was done first.
        if not path.exists():
            raise
    file.forget()
    return path


def download_bytes(connection: Connection, source: Source, *, label: str) -> bytes:
    """All of a source in memory, checked."""
    held = bytearray(source.size)
    view = memoryview(held)

    class Memory:
        def write_at(self, at: int, data: memoryview) -> None:
            view[at : at + len(data)] = data

        def done(self, _start: int, _end: int) -> None:
            pass

    with Progress(f"download {label}", source.size) as shown:
        if source.size > 0:
            _fetch(connection, source, 0, source.size, Memory(), shown)
    if source.sha256 and hashlib.sha256(view).hexdigest() != source.sha256:
        raise ChecksumError(f"What came of {label} is not what was stored: its SHA-256 differs.")
    return bytes(held)


def _fetch(connection: Connection, source: Source, start: int, end: int, file: object, shown: Progress) -> None:
    """One range; after a failure only the rest of it."""
    buffer = memoryview(bytearray(_PIECE))
    at = start
    for attempt in range(_ATTEMPTS):
        url = source.url
        try:
            headers = {} if (at, end) == (0, source.size) else {"Range": f"bytes={at}-{end - 1}"}
            with connection.pool.get(url, headers=headers) as response:
                _check(response, at, bool(headers))
                while at < end:
                    count = response.readinto(buffer[: min(_PIECE, end - at)])
                    if count == 0:
                        raise TransportError("The answer ended too early.")
                    file.write_at(at, buffer[:count])  # type: ignore[attr-defined]
                    at += count
                    shown.advance(count)
                # The end of the body is still to be read: then the connection serves the next range.
                response.readinto(buffer[:1])
            file.done(start, end)  # type: ignore[attr-defined]
            return
        except (TransportError, ApiError) as error:
            expired = isinstance(error, ApiError) and error.status in (401, 403, 404)
            passing = isinstance(error, TransportError) or error.code in ("BACKEND_UNAVAILABLE", "RATE_LIMITED", "TIMEOUT")
            if attempt == _ATTEMPTS - 1 or not (passing or (expired and attempt < 2)):
                raise
            if expired:
                source.renew(url)
            else:
                current_call().sleep(backoff(attempt))


def _check(response: Response, start: int, ranged: bool) -> None:
    if response.status == 206 and ranged:
        if not response.headers.get("content-range", "").startswith(f"bytes {start}-"):
            raise TransportError("The server sent another range than it was asked for.")
    elif response.status != 200:
        raise file_error(response.status, response.read(), "The download")
    elif ranged and start > 0:
        raise TransportError("The server does not send ranges.")


class _PartialFile:
    """The file that is being filled; beside it stands up to where it is whole."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._note = path.with_suffix(".json")
        self._size = size
        self._done: List[List[int]] = []
        self.changed = threading.Condition()
        self.stopped = False
        self.prefix = self._read_prefix()
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self.handle = os.open(path, flags, 0o666)
        os.ftruncate(self.handle, size)

    def _read_prefix(self) -> int:
        try:
            at = int(json.loads(self._note.read_text("utf-8"))["prefix"])
            return at if 0 <= at <= self._size and self._path.stat().st_size == self._size else 0
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def write_at(self, at: int, data: memoryview) -> None:
        if hasattr(os, "pwrite"):
            while data:
                count = os.pwrite(self.handle, data, at)
                data, at = data[count:], at + count
            return
        with self.changed:
            os.lseek(self.handle, at, os.SEEK_SET)
            os.write(self.handle, data)

    def done(self, start: int, end: int) -> None:
        with self.changed:
            self._done.append([start, end])
            self._done.sort()
            before = self.prefix
            while self._done and self._done[0][0] <= self.prefix:
                self.prefix = max(self.prefix, self._done.pop(0)[1])
            if self.prefix != before:
                self.changed.notify_all()
                self._note.write_text(json.dumps({"prefix": self.prefix}), "utf-8")

    def stop(self) -> None:
        with self.changed:
            self.stopped = True
            self.changed.notify_all()

    def remove(self) -> None:
        self.stop()
        for file in (self._path, self._note):
            try:
                file.unlink()
            except OSError:
                pass

    def forget(self) -> None:
        try:
            self._note.unlink()
        except OSError:
            pass

    def __enter__(self) -> _PartialFile:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.handle)


class _Checker:
    """Reads the file behind those who write it, and digests it: when the last range is there, little is left to do."""

    def __init__(self, file: _PartialFile) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._thread = threading.Thread(target=self._run, name="dhuo-sha256", daemon=True)
        self._thread.start()

    def digest(self) -> str:
        self._thread.join()
        return self._digest.hexdigest()

    def _run(self) -> None:
        file, at = self._file, 0
        with open(file._path, "rb", buffering=0) as reader:
            buffer = memoryview(bytearray(_PIECE))
            while at < file._size:
                with file.changed:
                    file.changed.wait_for(lambda: file.prefix > at or file.stopped)
                    upto = file.prefix
                    if file.stopped:
                        return
                while at < upto:
                    count = reader.readinto(buffer[: min(_PIECE, upto - at)])
                    if not count:
                        return
                    self._digest.update(buffer[:count])
                    at += count


class ResponseStream(io.RawIOBase):
    """The body of an answer as a file: for libraries that read one."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._response.readinto(memoryview(buffer).cast("B"))

    def close(self) -> None:
        self._response.close()
        super().close()
