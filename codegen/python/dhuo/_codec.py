"""What generated code stands on: values on their way into requests and out of answers."""

from __future__ import annotations

import base64
import dataclasses
import re
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, Callable, ClassVar, Dict, List, Mapping, NamedTuple, Optional, Sequence, TypeVar, Union

T = TypeVar("T")
S = TypeVar("S", bound="OpenEnum")


class Unset:
    """The type of UNSET: what is not given is not sent, which is another thing than null."""

    _instance: ClassVar[Optional[Unset]] = None

    def __new__(cls) -> Unset:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET = Unset()
Maybe = Union[T, None, Unset]


class Operation(NamedTuple):
    """One operation: its name, `query`, `mutation` or `subscription`, its root field, and the document that is sent."""

    name: str
    kind: str
    field: str
    text: str


class OpenEnum(str, Enum):
    """An enum that a newer server may have more values of: they read like the others, and `is_known` is False."""

    @property
    def is_known(self) -> bool:
        """Whether this client has heard of the value."""
        return self._name_ in type(self).__members__

    @classmethod
    def _missing_(cls: Any, value: object) -> Any:
        if not isinstance(value, str) or not value.isidentifier():
            return None
        made = str.__new__(cls, value)
        made._name_ = made._value_ = value
        # The same object from now on, as with any member.
        return cls._value2member_map_.setdefault(value, made)

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(str(self.value), spec)


class Record:
    """What answers hold. Fields are attributes; `to_dict` gives plain values."""

    _names: ClassVar[Mapping[str, str]] = {}

    def to_dict(self) -> Dict[str, Any]:
        """Its fields as a dict, and so for all that is in them."""
        return {name: _plain(getattr(self, name)) for name in _field_names(type(self))}

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in _field_names(type(self)))
        return f"{type(self).__name__}({fields})"


class Input(Record):
    """What requests hold. Give the fields by name."""


@dataclasses.dataclass(eq=False, repr=False)
class OtherType(Record):
    """One of several types of an answer, which the operation asks nothing of, or this client has not heard of."""

    typename: str
    """Its name in the schema."""
    data: Dict[str, Any]
    """What came of it."""

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> OtherType:
        return cls(typename=data["__typename"], data=dict(data))


def _field_names(kind: Any) -> List[str]:
    return [field.name for field in dataclasses.fields(kind)]


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def as_is(value: Any) -> Any:
    """What needs no reading."""
    return value


def optional(read: Callable[[Any], T], value: Any) -> Optional[T]:
    """None stays None."""
    return None if value is None else read(value)


def optional_list(read: Callable[[Any], T], value: Optional[Sequence[Any]]) -> Optional[List[T]]:
    """None stays None; of a list, each item is read."""
    return None if value is None else [read(item) for item in value]


_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)", re.ASCII | re.IGNORECASE)


def parse_datetime(text: str) -> datetime:
    """An instant of ISO 8601 as a datetime in UTC. What is finer than microseconds is cut off."""
    if len(text) == 24 and text[23] == "Z":
        try:
            # The form that the server writes. Python before 3.11 does not read its Z.
            return datetime.fromisoformat(text[:23] + "+00:00")
        except ValueError:
            pass
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no instant in ISO 8601.")
    day, clock, fraction, zone = match.groups()
    found = datetime.fromisoformat(f"{day}T{clock}.{(fraction or '')[:6]:<06}+00:00")
    if zone in "Zz":
        return found
    away = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return found - away if zone[0] == "+" else found + away


_SAFE = 2**53


def to_json(value: Any) -> Any:
    """
    A value as JSON has it: fields that are UNSET are left out, instants are ISO 8601 in UTC, integers above 2^53 and
    decimals are strings, bytes are base64, numbers of NumPy are numbers.

    Raises:
        TypeError: it has no form in JSON.
        ValueError: a datetime without a time zone, or a number that is none.
    """
    if value is None or isinstance(value, (str, bool)):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, int):
        return int(value) if -_SAFE <= value <= _SAFE else str(int(value))
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError(f"JSON has no number {value}: send the text 'NaN', 'Infinity' or '-Infinity' where that is allowed.")
        return float(value)
    if isinstance(value, Input):
        names = value._names
        fields = ((names.get(name, name), getattr(value, name)) for name in _field_names(type(value)))
        return {name: to_json(field) for name, field in fields if field is not UNSET}
    if isinstance(value, Mapping):
        return {str(name): to_json(field) for name, field in value.items() if field is not UNSET}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_json(item) for item in value]
    return _special(value)


def _special(value: Any) -> Any:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone: say which, for example value.astimezone().")
        # pandas' instants are datetimes too, and have nanoseconds, which are cut off here.
        utc = value.astimezone(timezone.utc)
        return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond:06d}Z" if utc.year >= 1000 else utc.isoformat().replace("+00:00", "Z")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Enum):
        return to_json(value.value)
    for method in ("item", "tolist"):  # NumPy's numbers, and its arrays.
        convert = getattr(value, method, None)
        if callable(convert) and (method == "tolist" or getattr(value, "shape", None) == ()):
            return to_json(convert())
    if type(value).__name__ in ("UUID", "PosixPath", "WindowsPath"):
        return str(value)
    raise TypeError(f"A {type(value).__name__} has no form in JSON: {value!r}")
