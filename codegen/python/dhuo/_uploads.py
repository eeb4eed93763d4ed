"""Uploads: parts in parallel, each tried again where it fails, and the whole taken up again by another process."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import os
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Union

from ._api_error import ApiError, DhuoError, TransportError
from ._call import current_call
from ._codec import UNSET
from ._connection import Connection, backoff, error_of
from ._generated import documents, results
from ._http import Body, FilePart, MemoryPart
from ._parallel import in_parallel
from ._progress import Progress

_ATTEMPTS = 6
_PIECE = 1 << 20


class Part(NamedTuple):
    number: int
    method: str
    url: str
    headers: Dict[str, str]


class BegunUpload(NamedTuple):
    """What a process has to know to go on with an upload. The URLs carry the permission: it is kept for its user alone."""

    id: str
    part_size: int
    parts: List[Part]


class FileContent:
    """What lies in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        stat = path.stat()
        self.size = stat.st_size
        # What is sent by several processes must be the same bytes.
        self.identity = f"{path.resolve()}\0{self.size}\0{stat.st_mtime_ns}"
        self.digest = Digest(self._pieces)

    def part(self, offset: int, length: int, sent: Callable[[int], None]) -> Body:
        return FilePart(self._path, offset, length, sent)

    def _pieces(self) -> Iterator[memoryview]:
        buffer = memoryview(bytearray(_PIECE))
        with open(self._path, "rb", buffering=0) as file:
            while True:
                count = file.readinto(buffer)
                if not count:
                    return
                yield buffer[:count]


class MemoryContent:
    """What lies in memory, in one place or in several. It must not change meanwhile."""

    identity: Optional[str] = None

    def __init__(self, views: Sequence[memoryview]) -> None:
        self._views = views
        self.size = sum(len(view) for view in views)
        self.digest = Digest(lambda: iter(views))

    def part(self, offset: int, length: int, sent: Callable[[int], None]) -> Body:
        return MemoryPart(list(self._slices(offset, offset + length)), sent)

    def _slices(self, start: int, end: int) -> Iterator[memoryview]:
        at = 0
        for view in self._views:
            piece = view[max(0, start - at) : max(0, end - at)]
            if len(piece) > 0:
                yield piece
            at += len(view)


class Digest:
    """A SHA-256 that is computed in a thread of its own, beside whatever else is done with the bytes."""

    def __init__(self, pieces: Callable[[], Iterator[memoryview]]) -> None:
        self._pieces = pieces
        self._value = ""
        self._problem: Optional[BaseException] = None
        self._thread: Optional[threading.Thread] = None

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="dhuo-sha256", daemon=True)
            self._thread.start()

    def value(self) -> str:
        """In hex."""
        self.start()
        assert self._thread is not None
        self._thread.join()
        if self._problem is not None:
            raise self._problem
        return self._value

    def _run(self) -> None:
        digest = hashlib.sha256()
        try:
            for piece in self._pieces():
                digest.update(piece)
            self._value = digest.hexdigest()
        except BaseException as error:
            self._problem = error


Content = Union[FileContent, MemoryContent]


def upload_content(
    connection: Connection,
    content: Content,
    bucket: str,
    key: str,
    *,
    content_type: Optional[str] = None,
    parallel: int = 4,
    resume: bool = True,
    progress: Optional[bool] = None,
) -> results.ObjectFields:
    """
    Stores bytes as an object. What was cut off is taken up where it was, in this process or, of a file, in a later one. The
    SHA-256 is computed while the bytes are on their way, and the server checks it before there is an object.

    Raises:
        ApiError: PreconditionFailedError where the bytes that arrived are not those that were sent.
        TransportError: a part did not get through.
    """
    memory = _Memory(connection.url, bucket, key, content.identity) if resume and content.identity else None
    begun = memory.read() if memory else None
    stored = None
    with Progress(f"upload {key}", content.size, progress) as shown:
        if begun is not None:
            try:
                stored = _finish(connection, begun, content, parallel, shown, known=False)
            except ApiError as error:
                # It has expired, was thrown away, or was of other bytes.
                if error.code not in ("NOT_FOUND", "PRECONDITION_FAILED", "FORBIDDEN", "CONFLICT"):
                    raise
        if stored is None:
            begun = _begin(connection, bucket, key, content.size, content_type or mimetypes.guess_type(key)[0])
            if memory and len(begun.parts) > 1:
                memory.write(begun)
            stored = _finish(connection, begun, content, parallel, shown, known=True)
    if memory:
        memory.forget()
    return stored


def _begin(connection: Connection, bucket: str, key: str, size: int, content_type: Optional[str]) -> BegunUpload:
    given = {"bucket": bucket, "key": key, "size": size, "contentType": content_type or UNSET}
    # Sent twice it begins two, and one of them expires: better than none.
    data = connection.execute(documents.CREATE_UPLOAD, {"input": given}, retry=True)
    parts = [
        Part(part["number"], part["method"], part["url"], {header["key"]: header["value"] for header in part["headers"]})
        for part in data["parts"]
    ]
    return BegunUpload(data["id"], int(data["partSize"]), parts)


def _finish(
    connection: Connection, begun: BegunUpload, content: Content, parallel: int, shown: Progress, *, known: bool
) -> results.ObjectFields:
    """Sends what is missing. `known`: nothing was sent yet; otherwise the server is asked first."""
    missing: Optional[List[int]] = [part.number for part in begun.parts] if known else None
    for _ in range(3):
        if missing is not None:
            content.digest.start()
            wanted = set(missing)
            _send(connection, begun, [part for part in begun.parts if part.number in wanted], content, parallel, shown)
        given = {"id": begun.id, "sha256": content.digest.value()}
        try:
            return results.ObjectFields._read(connection.execute(documents.COMPLETE_UPLOAD, given, retry=True))
        except ApiError as error:
            lacking = error.details.get("missingParts")
            if error.code != "PRECONDITION_FAILED" or not isinstance(lacking, list):
                raise
            if missing is None:
                shown.advance(content.size - sum(_length(begun, content.size, number) for number in lacking))
            missing = lacking
    raise TransportError("Parts do not stay where they were sent.")


def _send(connection: Connection, begun: BegunUpload, parts: List[Part], content: Content, parallel: int, shown: Progress) -> None:
    def send(part: Part) -> None:
        def once() -> None:
            sent = 0

            def count(number: int) -> None:
                nonlocal sent
                sent += number
                shown.advance(number)

            length = _length(begun, content.size, part.number)
            try:
                _put(connection, part, content.part((part.number - 1) * begun.part_size, length, count))
            except BaseException:
                shown.advance(-sent)
                raise

        _attempt(once)

    in_parallel(send, parts, parallel)


def _length(begun: BegunUpload, size: int, number: int) -> int:
    return min(begun.part_size, size - (number - 1) * begun.part_size)


def _put(connection: Connection, part: Part, body: Body) -> None:
    response = connection.pool.request(part.method, part.url, headers=part.headers, body=body)
    content = response.read()
    if response.status >= 300:
        raise file_error(response.status, content, f"Part {part.number}")


def file_error(status: int, content: bytes, what: str) -> DhuoError:
    """What a file route says is wrong; what another one says that is no DHuO Graph."""
    try:
        said = json.loads(content)["error"]
        details: Mapping[str, Any] = {name: value for name, value in said.items() if name != "message"}
        return error_of([{"message": said["message"], "extensions": details}], status)
    except (ValueError, KeyError, TypeError, AttributeError):
        text = " ".join(content[:500].decode("utf-8", "replace").split())
        kind = TransportError if status >= 500 or status in (408, 429) else ApiError
        return kind(f"{what} was answered with {status}: {text or 'nothing'}")


def _attempt(work: Callable[[], None]) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            return work()
        except (TransportError, ApiError) as error:
            # CONFLICT: the server still listens to the connection that was lost.
            passing = isinstance(error, TransportError) or error.code in ("CONFLICT", "BACKEND_UNAVAILABLE", "RATE_LIMITED", "TIMEOUT")
            if not passing or attempt == _ATTEMPTS - 1:
                raise
            current_call().sleep(max(backoff(attempt), getattr(error, "retry_after", None) or 0.0))


class _Memory:
    """Where an upload that has not ended is remembered: one file for each, for its user alone."""

    _LONGEST = 7 * 86_400

    def __init__(self, url: str, bucket: str, key: str, identity: str) -> None:
        names = "\0".join((url, bucket, key, identity))
        self._file = cache_folder() / "uploads" / f"{hashlib.sha256(names.encode()).hexdigest()[:32]}.json"

    def read(self) -> Optional[BegunUpload]:
        try:
            found = json.loads(self._file.read_text("utf-8"))
            return BegunUpload(found["id"], found["partSize"], [Part(*part) for part in found["parts"]])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, begun: BegunUpload) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._forget_old_ones()
            fresh = self._file.with_suffix(f".{os.getpid()}")
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(handle, "w", encoding="utf-8") as file:
                json.dump({"id": begun.id, "partSize": begun.part_size, "parts": begun.parts}, file)
            os.replace(fresh, self._file)
        except OSError:
            pass  # It is then begun anew.

    def forget(self) -> None:
        try:
            self._file.unlink()
        except OSError:
            pass

    def _forget_old_ones(self) -> None:
        for file in self._file.parent.iterdir():
            if time.time() - file.stat().st_mtime > self._LONGEST:
                file.unlink()


def cache_folder() -> Path:
    """DHUO_CACHE_DIR, else the user's folder for such things."""
    given = os.environ.get("DHUO_CACHE_DIR")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dhuo"
