"""Tables on their way to and from pandas; without pandas, rows as dicts."""

from __future__ import annotations

import base64
import json
import tempfile
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Optional, Sequence

from ._api_error import TransportError
from ._call import current_call
from ._codec import parse_datetime
from ._connection import Connection, backoff
from ._downloads import ResponseStream
from ._generated.results import ColumnFields
from ._uploads import file_error

if TYPE_CHECKING:
    import pandas

_ATTEMPTS = 3


def has_module(name: str) -> bool:
    """Whether it can be imported. What it says of itself when it is broken is for whoever wants it."""
    import importlib.util

    return importlib.util.find_spec(name) is not None


def require_pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ImportError("This gives a DataFrame, which wants pandas: pip install pandas. Without it there is select_rows.") from error
    return pandas


def preferred_format() -> str:
    """ARROW where pyarrow can read it, NDJSON elsewhere."""
    return "ARROW" if has_module("pyarrow") else "NDJSON"


def read_frame(connection: Connection, url: str, format: str, columns: Sequence[ColumnFields]) -> pandas.DataFrame:
    """A whole result, by its URL, as a DataFrame. What breaks off is begun anew."""
    pandas = require_pandas()
    if format == "ARROW":
        return _repeated(lambda: _read_arrow(connection, url))
    rows = _repeated(lambda: list(_read_rows(connection, url, columns)))
    made = {column.name: _series_of([row.get(column.name) for row in rows], column) for column in columns}
    return pandas.DataFrame(made, columns=[column.name for column in columns])


def _series_of(values: List[Any], column: ColumnFields) -> Any:
    """As Arrow has it: integers and booleans beside nulls stay exact, which floating point would not be."""
    import pandas

    if column.type == "TIMESTAMP":
        return pandas.to_datetime(pandas.Series(values, dtype=object), utc=_has_zone(column))
    if column.type in ("INTEGER", "BOOLEAN") and None in values:
        small = column.type == "BOOLEAN" or all(value is None or -(2**63) <= value < 2**63 for value in values)
        return pandas.Series(values, dtype=("boolean" if column.type == "BOOLEAN" else "Int64") if small else object)
    return pandas.Series(values, dtype=object if column.type in ("DECIMAL", "DATE", "BINARY", "JSON") else None)


def read_rows(connection: Connection, url: str, columns: Sequence[ColumnFields]) -> Iterator[Dict[str, Any]]:
    """Rows one after the other, while they come. Raises TransportError when they end too early."""
    return _read_rows(connection, url, columns)


def _repeated(work: Callable[[], Any]) -> Any:
    for attempt in range(_ATTEMPTS):
        try:
            return work()
        except TransportError:
            if attempt == _ATTEMPTS - 1:
                raise
            current_call().sleep(backoff(attempt))


def _open(connection: Connection, url: str) -> ResponseStream:
    response = connection.pool.get(url)
    if response.status != 200:
        raise file_error(response.status, response.read(), "The result")
    return ResponseStream(response)


def _read_arrow(connection: Connection, url: str) -> Any:
    """A result in Arrow as a DataFrame, like `to_pandas`, but integers and booleans beside nulls stay what they are."""
    import pandas
    import pyarrow

    with _open(connection, url) as stream:
        try:
            table = pyarrow.ipc.open_stream(pyarrow.PythonFile(stream, mode="r")).read_all()
        except pyarrow.ArrowInvalid as error:
            raise TransportError(f"The result ended too early: {error}") from error
    schema = table.schema
    slow = [index for index, field in enumerate(schema) if _becomes_objects(field.type)]
    rest = table.select([index for index in range(len(schema)) if index not in slow])
    frame = rest.to_pandas(split_blocks=True) if rest.num_columns else pandas.DataFrame(index=pandas.RangeIndex(table.num_rows))
    for place, column in enumerate(rest.columns):
        dtype = _exact_dtype(column)
        if dtype is not None:
            frame.isetitem(place, column.to_pandas(types_mapper={column.type: pandas.api.types.pandas_dtype(dtype)}.get))
    for index in slow:
        values = pandas.Series(_objects_of(table.column(index)), index=frame.index, dtype=object)
        frame.insert(index, schema.field(index).name, values, allow_duplicates=True)
    return frame


def _objects_of(column: Any) -> Any:
    """The values as Python's objects (decimals, days), which take longest of all: where many come again, each is made once."""
    import numpy
    import pyarrow.types as types

    sample = column.slice(0, 200_000)
    if len(sample) < 10_000 or types.is_nested(column.type) or len(sample.unique()) > 0.6 * len(sample):
        return column.to_pandas().to_numpy()
    encoded = column.dictionary_encode().combine_chunks()
    objects = numpy.append(encoded.dictionary.to_pandas().to_numpy(), numpy.array([None], dtype=object))
    return objects[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]


def _becomes_objects(type: Any) -> bool:
    import pyarrow

    return bool(pyarrow.array([], type).to_pandas().dtype == object)


def _exact_dtype(column: Any) -> Optional[str]:
    """What holds integers and booleans beside nulls; None for the rest."""
    import pyarrow.types as types

    if column.null_count == 0:
        return None
    if types.is_integer(column.type):
        return f"{'U' if types.is_unsigned_integer(column.type) else ''}Int{column.type.bit_width}"
    return "boolean" if types.is_boolean(column.type) else None


def _read_rows(connection: Connection, url: str, columns: Sequence[ColumnFields]) -> Iterator[Dict[str, Any]]:
    import io

    readers = [(column.name, reader) for column in columns for reader in [_reader_of(column)] if reader]
    with _open(connection, url) as stream:
        for line in io.BufferedReader(stream, 1 << 18):
            if not line.strip():
                continue
            row = json.loads(line)
            for name, reader in readers:
                value = row.get(name)
                if value is not None:
                    row[name] = reader(value)
            yield row


def _has_zone(column: ColumnFields) -> bool:
    return "ZONE" in column.database_type.upper()


def _reader_of(column: ColumnFields) -> Optional[Callable[[Any], Any]]:
    """What makes a value of JSON one of Python. A timestamp of a column without a zone is naive, as it is in Arrow: it is in UTC."""
    if column.type == "TIMESTAMP" and not _has_zone(column):
        return lambda text: parse_datetime(text).replace(tzinfo=None)
    return _READERS.get(str(column.type))


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))


_READERS: Dict[str, Callable[[Any], Any]] = {
    "INTEGER": int,
    "FLOAT": float,
    "DECIMAL": _decimal,
    "TIMESTAMP": parse_datetime,
    "DATE": date.fromisoformat,
    "BINARY": base64.b64decode,
}


@contextmanager
def frame_as_file(frame: pandas.DataFrame, suffix: str = "") -> Iterator[Path]:
    """
    Writes a DataFrame to a file for as long as it is wanted. An index with a name becomes columns, another one is dropped.

    Args:
        suffix: .parquet, .csv, .ndjson or .jsonl; without one, Parquet where pyarrow is there, CSV elsewhere.
    """
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    frame = frame.rename(columns=str)
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated) > 0:
        raise ValueError(f"Two columns are called {repeated[0]!r}.")
    suffix = suffix.lower() or (".parquet" if has_module("pyarrow") else ".csv")
    with tempfile.TemporaryDirectory(prefix="dhuo-") as folder:
        path = Path(folder, f"table{suffix}")
        if suffix == ".parquet":
            frame.to_parquet(path, engine="pyarrow", index=False)
        elif suffix == ".csv":
            frame.to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%S.%f")
        elif suffix in (".ndjson", ".jsonl"):
            frame.to_json(path, orient="records", lines=True, date_format="iso", date_unit="us")
        else:
            raise ValueError(f"A DataFrame is stored as .parquet, .csv or .ndjson, not as {suffix!r}.")
        yield path
