"""One server, and whoever asks it: operations over HTTP, with retries of what may be tried again."""

from __future__ import annotations

import json
import random
from typing import Any, Dict, Mapping, Optional, Union

from ._api_error import ApiError, RequestTimeout, TransportError
from ._call import current_call
from ._codec import Operation, to_json
from ._http import HttpPool, NotSent

_LONGEST_WAIT = 10.0


class Connection:
    """
    Args:
        url: of the server, with or without `/graphql`.
        token: a session's token, an access key or a token of the identity provider; None asks as nobody.
        verify: True checks certificates against the system's authorities, a path against those in that file; False checks nothing.
        timeout: seconds that the server may be silent.
        retries: how often what may be tried again is.
    """

    def __init__(
        self, url: str, token: Optional[str] = None, *, verify: Union[bool, str] = True, timeout: float = 300.0, retries: int = 4
    ) -> None:
        base = url.strip().rstrip("/")
        if base.endswith("/graphql"):
            base = base[: -len("/graphql")]
        if not base.startswith(("http://", "https://")):
            raise ValueError(f"The URL of a server begins with http:// or https://, not {url!r}.")
        self.url = base
        self.token = _token_in(token)
        self.retries = retries
        self.pool = HttpPool(verify=verify, timeout=timeout)

    def execute(self, operation: Operation, variables: Mapping[str, Any], *, retry: Optional[bool] = None) -> Any:
        """
        Runs a query or a mutation.

        Args:
            retry: whether it may be sent again when nobody knows what became of it. By default queries are, and mutations
                that carry an `idempotencyKey`.

        Returns:
            What is in its root field, as JSON has it.

        Raises:
            ApiError: what the server says is wrong.
            TransportError: no answer came.
        """
        cleaned: Dict[str, Any] = to_json(variables)
        may_repeat = _is_repeatable(operation, cleaned) if retry is None else retry
        body = json.dumps({"query": operation.text, "operationName": operation.name, "variables": cleaned}, allow_nan=False).encode()
        for attempt in range(self.retries + 1):
            try:
                return self._ask(operation, body)
            except (TransportError, ApiError) as error:
                wait = _wait_before_next(error, attempt, may_repeat)
                if wait is None or attempt == self.retries:
                    raise
                current_call().sleep(wait)
        raise AssertionError("unreachable")

    def headers(self) -> Dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def close(self) -> None:
        self.pool.close()

    def _ask(self, operation: Operation, body: bytes) -> Any:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/graphql-response+json, application/json",
            "Accept-Encoding": "gzip",
            **self.headers(),
        }
        response = self.pool.request("POST", f"{self.url}/graphql", headers=headers, body=body)
        answer = read_answer(self.url, response.status, response.headers, response.read())
        if answer.get("errors"):
            raise error_of(answer["errors"], response.status)
        data = answer.get("data")
        if not isinstance(data, dict) or operation.field not in data:
            raise TransportError(f"{self.url} answered without data: it is no DHuO Graph of a version that this client knows.")
        return data[operation.field]


def read_answer(url: str, status: int, headers: Mapping[str, str], body: bytes) -> Dict[str, Any]:
    """The JSON of an answer; what stands between us and the server answers otherwise. Raises Unreadable."""
    if "json" in headers.get("content-type", ""):
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if isinstance(answer, dict) and ("data" in answer or answer.get("errors")):
            return answer
    if status in (301, 302, 307, 308):
        raise Unreadable(f"{url} sends on to {headers.get('location', 'another place')}: give that URL.", status)
    text = " ".join(body[:2000].decode("utf-8", "replace").split())[:300]
    raise Unreadable(f"{url} answered {status}, and not as DHuO Graph does: {text or 'nothing'}", status)


class Unreadable(TransportError):
    """Somebody answered, but no DHuO Graph."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def error_of(errors: Any, status: Optional[int] = None) -> ApiError:
    """The exception for the `errors` of an answer; the first one speaks for all."""
    from ._generated.errors import ERRORS_BY_CODE

    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    details = dict(first.get("extensions") or {})
    code = str(details.pop("code", "UNKNOWN"))
    field = details.pop("field", None)
    kind = ERRORS_BY_CODE.get(code, ApiError)
    message = str(first.get("message") or "The server gave no reason.")
    return kind(message, code=code, field=field, details=details, path=first.get("path"), status=status)


def backoff(attempt: int) -> float:
    """Seconds to wait before the next attempt: more each time, and never the same for two clients."""
    return min(5.0, 0.2 * 2.0**attempt) * (0.5 + random.random() / 2)


def _wait_before_next(error: Exception, attempt: int, may_repeat: bool) -> Optional[float]:
    """Seconds; None when it is not to be tried again."""
    if isinstance(error, ApiError):
        if error.code == "RATE_LIMITED":
            # Nothing was done.
            wait = error.retry_after or backoff(attempt)
            return wait if wait <= _LONGEST_WAIT else None
        return backoff(attempt) if may_repeat and error.code == "BACKEND_UNAVAILABLE" else None
    if isinstance(error, NotSent):
        return None if isinstance(error.__cause__, ValueError) else backoff(attempt)
    if isinstance(error, RequestTimeout) or not may_repeat:
        return None
    if isinstance(error, Unreadable) and error.status not in (408, 429, 500, 502, 503, 504):
        return None
    return backoff(attempt)


def _is_repeatable(operation: Operation, variables: Mapping[str, Any]) -> bool:
    given = variables.get("input")
    return operation.kind == "query" or (isinstance(given, Mapping) and bool(given.get("idempotencyKey")))


def _token_in(token: Optional[str]) -> Optional[str]:
    """Some keep the token with its word before it."""
    if token is None or not token.strip():
        return None
    bare = token.strip()
    return bare[7:].strip() if bare[:7].lower() == "bearer " else bare


