"""Uploads: parts in parallel, each tried again where it fails, and the whole taken up again by another process."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import os
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Union

from ._api_error import ApiError, DhuoError, TransportError
from ._call import current_call
from ._codec import UNSET
from ._connection import Connection, backoff, error_of
from ._generated import documents, results
from ._http import FilePart
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


def upload_file(
    connection: Connection,
    path: Path,
    bucket: str,
    key: str,
    *,
    content_type: Optional[str] = None,
    sha256: Optional[str] = None,
    parallel: int = 4,
    resume: bool = True,
    progress: Optional[bool] = None,
) -> results.ObjectFields:
    """
    Stores a file as an object. What was cut off is taken up where it was, in this process or in a later one.

    Raises:
        ApiError: PreconditionFailedError where the bytes that arrived are not those of the file.
        TransportError: a part did not get through.
    """
    size = path.stat().st_size
    digest = sha256 or sha256_of(path)
    memory = _Memory(connection.url, bucket, key, path, size, digest) if resume else None
    begun = memory.read() if memory else None
    stored = None
    with Progress(f"upload {key}", size, progress) as shown:
        if begun is not None:
            try:
                stored = _finish(connection, begun, path, size, parallel, shown, known=False)
            except ApiError as error:
                # It has expired, or was thrown away.
                if error.code not in ("NOT_FOUND", "PRECONDITION_FAILED", "FORBIDDEN", "CONFLICT"):
                    raise
        if stored is None:
            begun = _begin(connection, bucket, key, size, digest, content_type or mimetypes.guess_type(key)[0])
            if memory and len(begun.parts) > 1:
                memory.write(begun)
            stored = _finish(connection, begun, path, size, parallel, shown, known=True)
    if memory:
        memory.forget()
    return stored


def upload_bytes(
    connection: Connection, content: Union[bytes, bytearray, memoryview], bucket: str, key: str, *, content_type: Optional[str] = None
) -> results.ObjectFields:
    """Stores what is in memory as an object."""
    view = memoryview(content).cast("B")
    digest = hashlib.sha256(view).hexdigest()
    begun = _begin(connection, bucket, key, len(view), digest, content_type or mimetypes.guess_type(key)[0])

    def send(part: Part) -> None:
        start = (part.number - 1) * begun.part_size
        _attempt(lambda: _put(connection, part, bytes(view[start : start + begun.part_size])))

    in_parallel(send, begun.parts, 4)
    return _complete(connection, begun.id)


def sha256_of(path: Path) -> str:
    """In hex."""
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(_PIECE))
    with open(path, "rb", buffering=0) as file:
        while True:
            count = file.readinto(buffer)
            if not count:
                return digest.hexdigest()
            digest.update(buffer[:count])


def _begin(connection: Connection, bucket: str, key: str, size: int, sha256: str, content_type: Optional[str]) -> BegunUpload:
    given = {"bucket": bucket, "key": key, "size": size, "sha256": sha256, "contentType": content_type or UNSET}
    # Sent twice it begins two, and one of them expires: better than none.
    data = connection.execute(documents.CREATE_UPLOAD, {"input": given}, retry=True)
    parts = [
        Part(part["number"], part["method"], part["url"], {header["key"]: header["value"] for header in part["headers"]})
        for part in data["parts"]
    ]
    return BegunUpload(data["id"], int(data["partSize"]), parts)


def _complete(connection: Connection, upload: str) -> results.ObjectFields:
    return results.ObjectFields._read(connection.execute(documents.COMPLETE_UPLOAD, {"id": upload}, retry=True))


def _finish(
    connection: Connection, begun: BegunUpload, path: Path, size: int, parallel: int, shown: Progress, *, known: bool
) -> results.ObjectFields:
    """Sends what is missing. `known`: nothing was sent yet; otherwise the server is asked first."""
    missing: Optional[List[int]] = [part.number for part in begun.parts] if known else None
    for _ in range(3):
        if missing is not None:
            _send(connection, begun, [part for part in begun.parts if part.number in set(missing)], path, size, parallel, shown)
        try:
            return _complete(connection, begun.id)
        except ApiError as error:
            lacking = error.details.get("missingParts")
            if error.code != "PRECONDITION_FAILED" or not isinstance(lacking, list):
                raise
            if missing is None:
                shown.advance(size - sum(_length(begun, size, number) for number in lacking))
            missing = lacking
    raise TransportError(f"Parts of {path} do not stay where they were sent.")


def _send(connection: Connection, begun: BegunUpload, parts: List[Part], path: Path, size: int, parallel: int, shown: Progress) -> None:
    def send(part: Part) -> None:
        def once() -> None:
            sent = 0

            def count(number: int) -> None:
                nonlocal sent
                sent += number
                shown.advance(number)

            body = FilePart(str(path), (part.number - 1) * begun.part_size, _length(begun, size, part.number), count)
            try:
                _put(connection, part, body)
            except BaseException:
                shown.advance(-sent)
                raise

        _attempt(once)

    in_parallel(send, parts, parallel)


def _length(begun: BegunUpload, size: int, number: int) -> int:
    return min(begun.part_size, size - (number - 1) * begun.part_size)


def _put(connection: Connection, part: Part, body: Union[bytes, FilePart]) -> None:
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

    def __init__(self, url: str, bucket: str, key: str, path: Path, size: int, digest: str) -> None:
        names = "\0".join((url, bucket, key, str(path.resolve()), str(size), digest))
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
