# Made by `npm run codegen` from schema.graphql and codegen/operations: do not change it here.
"""The errors of the server as exceptions, one for each code of its closed list."""

from __future__ import annotations

from typing import Dict, Type

from .._api_error import ApiError


class BackendUnavailableError(ApiError, ConnectionError):
    """A backend does not answer; trying again later may work."""

    code = "BACKEND_UNAVAILABLE"


class BadUserInputError(ApiError, ValueError):
    """An argument is wrong; `extensions.field` says which."""

    code = "BAD_USER_INPUT"


class ConflictError(ApiError):
    """The name is taken, or somebody else changed it at the same time."""

    code = "CONFLICT"


class ForbiddenError(ApiError):
    """You may see it, but not do this with it."""

    code = "FORBIDDEN"


class InternalServerError(ApiError):
    """Our fault. The log has more under `extensions.requestId`."""

    code = "INTERNAL_SERVER_ERROR"


class NotFoundError(ApiError, LookupError):
    """It does not exist, or you may not see it."""

    code = "NOT_FOUND"


class PreconditionFailedError(ApiError):
    """It cannot be done in the present state; the message says what is missing."""

    code = "PRECONDITION_FAILED"


class QueryTooComplexError(ApiError):
    """The document is too deep, too wide or too costly; the message gives the limit."""

    code = "QUERY_TOO_COMPLEX"


class RateLimitedError(ApiError):
    """Too many tries; `extensions.retryAfterSeconds` says how long to wait."""

    code = "RATE_LIMITED"


class ServerTimeoutError(ApiError, TimeoutError):
    """It took longer than it may."""

    code = "TIMEOUT"


class UnauthenticatedError(ApiError):
    """No valid credentials came with the request."""

    code = "UNAUTHENTICATED"


ERRORS_BY_CODE: Dict[str, Type[ApiError]] = {
    "BACKEND_UNAVAILABLE": BackendUnavailableError,
    "BAD_USER_INPUT": BadUserInputError,
    "CONFLICT": ConflictError,
    "FORBIDDEN": ForbiddenError,
    "INTERNAL_SERVER_ERROR": InternalServerError,
    "NOT_FOUND": NotFoundError,
    "PRECONDITION_FAILED": PreconditionFailedError,
    "QUERY_TOO_COMPLEX": QueryTooComplexError,
    "RATE_LIMITED": RateLimitedError,
    "TIMEOUT": ServerTimeoutError,
    "UNAUTHENTICATED": UnauthenticatedError,
}
