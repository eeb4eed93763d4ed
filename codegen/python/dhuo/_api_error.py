"""The exceptions that have nothing of the schema in them. `dhuo.errors` has them all."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Union


class DhuoError(Exception):
    """Whatever goes wrong between you and DHuO Graph."""


class ApiError(DhuoError):
    """
    The server refuses, or could not do, what it was asked. Its subclasses are named after the codes: catch those.

    Attributes:
        code: of the server's closed list, for example `NOT_FOUND`. A newer server may have others.
        message: what was wrong, and what is allowed.
        field: the argument at fault, as GraphQL names it, for example `input.name`.
        details: further facts, for example `{"retryAfterSeconds": 30}`.
        path: where in the answer.
        request_id: under which the server's log has more.
        status: of HTTP, where it says something.
    """

    code: str = "UNKNOWN"

    def __init__(
        self,
        message: str,
        *,
        code: Optional[str] = None,
        field: Optional[str] = None,
        details: Optional[Mapping[str, Any]] = None,
        path: Optional[Sequence[Union[str, int]]] = None,
        status: Optional[int] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        self.field = field
        self.details: Dict[str, Any] = dict(details or {})
        self.path: List[Union[str, int]] = list(path or [])
        self.status = status

    @property
    def request_id(self) -> Optional[str]:
        found = self.details.get("requestId")
        return None if found is None else str(found)

    @property
    def retry_after(self) -> Optional[float]:
        """Seconds to wait before it is tried again; None where the server says nothing of it."""
        found = self.details.get("retryAfterSeconds")
        return float(found) if isinstance(found, (int, float)) else None

    def __str__(self) -> str:
        return f"{self.message} [{self.code}{', ' + self.field if self.field else ''}]"

    def __reduce__(self) -> Any:
        # Exceptions of workers travel by pickle, which knows nothing of keyword arguments.
        return (_rebuild, (type(self), self.message, self.code, self.field, self.details, self.path, self.status))


def _rebuild(kind: Any, message: str, code: str, field: Any, details: Any, path: Any, status: Any) -> ApiError:
    made: ApiError = kind(message, code=code, field=field, details=details, path=path, status=status)
    return made


class TransportError(DhuoError, ConnectionError):
    """The server was not reached, the connection was lost, or what answered is no DHuO Graph. `cause` has what happened."""


class RequestTimeout(TransportError, TimeoutError):
    """No answer came in time. Whether the server did what it was asked is not known."""


class StreamInterrupted(TransportError):
    """A subscription lost its connection, and what happened since would be missing from it."""


class ChecksumError(DhuoError):
    """Bytes are not those that were stored: their SHA-256 differs."""


class RunFailed(DhuoError):
    """
    A pipeline run ended otherwise than well.

    Attributes:
        run: the run, as it is at its end.
        step: the name of the step that failed first; None where none did.
        detail: why.
        last_lines: what that step printed last.
    """

    def __init__(self, message: str, *, run: Any = None, step: Optional[str] = None, detail: Optional[str] = None, last_lines: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.run = run
        self.step = step
        self.detail = detail
        self.last_lines = list(last_lines)


class RunCanceled(RunFailed):
    """Somebody ended the run."""
