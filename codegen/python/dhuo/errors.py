"""Every exception of this package."""

from ._api_error import (
    ApiError,
    ChecksumError,
    DhuoError,
    RequestTimeout,
    RunCanceled,
    RunFailed,
    StreamInterrupted,
    TransportError,
)
from ._generated.errors import (
    BackendUnavailableError,
    BadUserInputError,
    ConflictError,
    ForbiddenError,
    InternalServerError,
    NotFoundError,
    PreconditionFailedError,
    QueryTooComplexError,
    RateLimitedError,
    ServerTimeoutError,
    UnauthenticatedError,
)

__all__ = [
    "ApiError",
    "BackendUnavailableError",
    "BadUserInputError",
    "ChecksumError",
    "ConflictError",
    "DhuoError",
    "ForbiddenError",
    "InternalServerError",
    "NotFoundError",
    "PreconditionFailedError",
    "QueryTooComplexError",
    "RateLimitedError",
    "RequestTimeout",
    "RunCanceled",
    "RunFailed",
    "ServerTimeoutError",
    "StreamInterrupted",
    "TransportError",
    "UnauthenticatedError",
]
