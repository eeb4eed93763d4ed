import io
import os
import pickle
import sys
import threading
import unittest
import warnings
from datetime import date
from decimal import Decimal
from typing import Any
from unittest import mock

import numpy
import pandas as pd
from pandas.testing import assert_frame_equal

from dhuo import _tables, errors
from dhuo._models import pickled
from dhuo.dhuolib import DatabaseConnection, Dhuolib, DhuolibExperimentMLClient, GenericRepository
from dhuo.dhuolib import session as sessions

from ..live import WithProject, unique

GOLDEN = """select 9007199254740993::bigint as big, 7::integer as small, 250::utinyint as tiny, 1.5::double as ratio, 1.10::decimal(9,2) as price,
  'ção' as text, true as yes, date '2026-02-28' as day, timestamp '2026-02-28 23:59:59.123456' as at,
  timestamptz '2026-02-28 12:00:00-03' as instant, '\\x00\\xff'::blob as bytes, [1, 2] as list
  union all select null, null, null, null, null, null, null, null, null, null, null, null"""


class Model:
    """What people pickle."""

    def predict(self, frame: pd.DataFrame) -> Any:
        return frame["x"].map(lambda x: "high" if x > 1 else "low")


class without:
    """As if a module were not installed."""

    def __init__(self, name: str) -> None:
        self._patch = mock.patch.object(_tables, "has_module", lambda other: other != name)

    def __enter__(self) -> None:
        self._patch.start()

    def __exit__(self, *_: object) -> None:
        self._patch.stop()


class Frames(WithProject):
    def test_types(self) -> None:
        """a result has pandas' types, and integers and booleans beside nulls stay what they are"""
        frame = self.d.select(GOLDEN)
        types = {name: str(dtype) for name, dtype in frame.dtypes.items()}
        expected = {"big": "Int64", "small": "Int32", "tiny": "UInt8", "ratio": "float64", "yes": "boolean", "at": "datetime64[us]", "instant": "datetime64[us, UTC]"}  # fmt: skip
        self.assertEqual({name: types[name] for name in expected}, expected)
        row = frame.iloc[0]
        self.assertEqual((row.big, row.price, row.day, row.text, row.bytes, list(row.list)), (9007199254740993, Decimal("1.10"), date(2026, 2, 28), "ção", b"\x00\xff", [1, 2]))  # fmt: skip
        self.assertTrue(frame.iloc[1].isna().all())

    def test_without_arrow(self) -> None:
        """without pyarrow the values are the same"""
        arrow = self.d.select(GOLDEN)
        with without("pyarrow"):
            rows = self.d.select(GOLDEN)
        self.assertEqual(list(arrow.columns), list(rows.columns))
        for name in arrow.columns:
            one, other = arrow[name].iloc[0], rows[name].iloc[0]
            self.assertEqual(list(one) if name == "list" else one, other, name)
            self.assertTrue(pd.isna(rows[name].iloc[1]), name)
        self.assertEqual((str(rows["big"].dtype), rows["at"].dt.tz, str(rows["instant"].dt.tz)), ("Int64", None, "UTC"))

    def test_empty(self) -> None:
        """a result without rows has its columns, and one of a single column too"""
        for sql, columns in [("select 1 as a, 1.5::decimal(3,1) as b where false", ["a", "b"]), ("select 1.5::decimal(3,1) as b where false", ["b"])]:
            self.assertEqual((list(self.d.select(sql).columns), len(self.d.select(sql))), (columns, 0))
            with without("pyarrow"):
                self.assertEqual((list(self.d.select(sql).columns), len(self.d.select(sql))), (columns, 0))
        self.assertEqual(list(self.d.select("select (i / 10)::decimal(9,1) as p from range(100000) t(i)")["p"].tail(1)), [Decimal("9999.9")])
        again = """select case when i % 5 = 0 then null else (i % 7)::decimal(9,2) end as few, date '2026-01-01' + (i % 3)::integer as day,
          i::decimal(12,3) as own from range(30000) t(i) order by i"""
        frame = self.d.select(again)
        self.assertEqual(list(frame["few"]), [None if i % 5 == 0 else Decimal(i % 7).quantize(Decimal("0.01")) for i in range(30_000)])
        self.assertEqual(list(frame["day"]), [date(2026, 1, 1 + i % 3) for i in range(30_000)])
        self.assertEqual(list(frame["own"]), [Decimal(i).quantize(Decimal("0.001")) for i in range(30_000)])

    def test_there_and_back(self) -> None:
        """a DataFrame becomes a dataset and comes back as it was, through Parquet and through CSV"""
        frame = pd.DataFrame(
            {
                "whole": pd.array([1, None, 2**62], dtype="Int64"),
                "ratio": [0.1, float("nan"), float("inf")],
                "text": ["ção", 'quo"te, comma\nline', None],
                "yes": pd.array([True, False, None], dtype="boolean"),
                "at": pd.to_datetime(["2026-01-01T00:00:00.000001", None, "1999-12-31T23:59:59"], format="ISO8601"),
            }
        )
        self.d.create_dataset("there", frame)
        back = self.d.select("select * from there")
        assert_frame_equal(back, frame, check_dtype=False)
        self.assertEqual(str(back["whole"].dtype), "Int64")
        with without("pyarrow"):
            self.d.create_dataset("there_csv", frame)
            by_csv = self.d.select("select * from there_csv")
        assert_frame_equal(by_csv[["whole", "text", "yes"]], frame[["whole", "text", "yes"]], check_dtype=False)
        self.assertEqual(self.d.create_dataset("there", frame, mode="APPEND").row_count, 6)
        self.assertEqual(self.d.create_dataset("there", frame.head(1), mode="REPLACE").row_count, 1)

    def test_index(self) -> None:
        """an index with a name becomes a column, another is dropped, and two columns of one name are refused"""
        self.assertEqual(list(self.d.create_dataset("indexed", pd.DataFrame({"a": [1]}, index=pd.Index(["x"], name="key"))).columns[0].name), list("key"))
        self.assertEqual([column.name for column in self.d.create_dataset("plain", pd.DataFrame({"a": [1], 7: [2]}, index=[9])).columns], ["a", "7"])
        with self.assertRaisesRegex(ValueError, "called 'a'"):
            self.d.create_dataset("double", pd.DataFrame([[1, 2]], columns=["a", "a"]))

    def test_objects(self) -> None:
        """a DataFrame is stored by the extension of its key, and objects of any format are read"""
        raw, frame = self.d.bucket("RAW"), pd.DataFrame({"a": [1, 2], "b": ["x", "ção"]})
        for key in ("t.parquet", "t.csv", "t.ndjson"):
            self.d.upload(frame, raw, key)
            assert_frame_equal(self.d.read(raw, key), frame, check_dtype=False)
        self.d.upload(b"a;b\n1;x\n", raw, "noname")
        self.assertEqual(len(self.d.read(raw, "noname", format="csv".upper())), 1)
        with self.assertRaises(ValueError):
            self.d.upload(frame, raw, "t.xlsx")
        with self.assertRaises(errors.NotFoundError):
            self.d.read(raw, "none.csv")

    def test_large(self) -> None:
        """a large result comes whole, and in the order that was asked for"""
        frame = self.d.select("select i, 'n' || i as name, (i % 7)::decimal(9,2) as part from range(300000) t(i) order by i desc")
        self.assertEqual((len(frame), frame["i"].iloc[0], frame["name"].iloc[-1], frame["part"].iloc[1]), (300_000, 299_999, "n0", Decimal(299_998 % 7)))

    def test_parameters(self) -> None:
        """parameters of NumPy and pandas are taken"""
        frame = pd.DataFrame({"i": [1, 2, 3]})
        self.d.create_dataset("numbers", frame)
        self.assertEqual(list(self.d.select("select i from numbers where i > ?", [frame["i"].iloc[0]])["i"]), [2, 3])
        when = pd.Timestamp("2026-01-01", tz="UTC")
        self.assertEqual(self.d.select("select ?::timestamptz as t", [when])["t"].iloc[0], when)

    def test_predictions(self) -> None:
        """predictions of a DataFrame are saved, each with the next VERSION"""
        self.d.save_model({"a": 1}, "of-frames")
        frame = pd.DataFrame({"x": [1, 2], "PREDICT": ["a", "b"]})
        self.assertEqual([self.d.save_predictions("of_frames", frame, model="of-frames").version for _ in range(2)], [1, 2])
        key = unique("key")
        self.assertEqual([self.d.save_predictions("of_frames", frame, model="of-frames", idempotency_key=key).version for _ in range(2)], [3, 3])
        with self.assertRaises(errors.BadUserInputError):
            self.d.save_predictions("of_frames", frame.drop(columns="PREDICT"), model="of-frames")

    def test_online(self) -> None:
        """an ONLINE deployment is asked for the rows of a DataFrame"""
        self.d.save_model([10], "online-frames")
        handler = self.script("def load(path): return 10\ndef predict(model, rows): return [row['x'] + model for row in rows]", "predict")
        deployment = self.d.deploy(name="online-frames", kind="ONLINE", model="models:/online-frames/latest", steps=[{"script": handler, "kind": "PREDICTION"}])  # fmt: skip
        self.assertEqual(deployment.wait_until_ready().predict(pd.DataFrame({"x": [1, 2.5]})), [11, 12.5])

    def test_arrays(self) -> None:
        """a model of arrays is saved without being copied, and comes back as it was"""
        grid = numpy.arange(3_000_000, dtype="f8").reshape(1000, 3000)
        model = {"c": grid, "fortran": numpy.asfortranarray(grid), "part": grid[::2, 1:], "none": numpy.empty((0, 3)), "text": "x" * 100_000, "many": list(range(50_000))}  # fmt: skip
        pieces = pickled(model)
        self.assertTrue(any(numpy.shares_memory(numpy.frombuffer(piece, dtype="u1"), grid) for piece in pieces if len(piece) == grid.nbytes))
        self.d.save_model(model, "of-arrays")
        back = self.d.load_model("of-arrays", trust=True)
        self.assertEqual(list(back), list(model))
        for name, value in model.items():
            self.assertTrue(numpy.array_equal(back[name], value) if isinstance(value, numpy.ndarray) else back[name] == value, name)

    def test_progress(self) -> None:
        """a long transfer shows tqdm's bar"""
        path = self.folder / "long.bin"
        path.write_bytes(bytes(20 << 20))
        before, sys.stderr = sys.stderr, io.StringIO()
        try:
            self.d.progress = True
            self.d.upload(path, self.d.bucket("RAW"))
            shown = sys.stderr.getvalue()
        finally:
            sys.stderr, self.d.progress = before, None
        self.assertIn("upload long.bin: 100%", shown)
        self.assertIn("20.0M/20.0M", shown)


class OldNamesWithFrames(WithProject):
    repository: GenericRepository

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        os.environ["DHUO_PROJECT"] = str(cls.d.project)
        sessions._Process.client = None
        cls.repository = GenericRepository(DatabaseConnection())

    @classmethod
    def tearDownClass(cls) -> None:
        del os.environ["DHUO_PROJECT"]
        super().tearDownClass()

    def test_tables(self) -> None:
        """GenericRepository makes tables, adds to them, replaces them when told twice, and reads them"""
        frame = pd.DataFrame({"name": ["a", "b"], "value": [42, 7]})
        self.assertEqual(self.repository.create_table_by_dataframe("MY_TABLE", frame), {"number_lines_inserted": 2, "table_name": "MY_TABLE"})
        self.assertIn("já existe", self.repository.create_table_by_dataframe("my_table", frame))
        self.repository.update_table_by_dataframe("my_table", frame)
        self.assertEqual(len(self.repository.to_dataframe("MY_TABLE")), 4)
        found = self.repository.to_dataframe("my_table", filter_clause="value > 10", list_columns=["name", "value"])
        self.assertEqual((list(found.columns), list(found["value"])), (["name", "value"], [42, 42]))
        with self.assertRaisesRegex(errors.BadUserInputError, "force_replace"):
            self.repository.update_table_by_dataframe("my_table", frame, if_exists="replace")
        self.repository.update_table_by_dataframe("my_table", frame.head(1), if_exists="replace", force_replace_delete_itens_in_table=True)
        self.assertEqual(len(self.repository.to_dataframe("my_table")), 1)
        self.repository.update_table_by_dataframe("made_by_append", frame)
        self.assertEqual(len(self.repository.to_dataframe("made_by_append")), 2)

    def test_arguments(self) -> None:
        """what was a ValueError is one, and what is no table's name is none"""
        frame = pd.DataFrame({"a": [1]})
        cases = [
            lambda: self.repository.create_table_by_dataframe("", frame),
            lambda: self.repository.create_table_by_dataframe("empty", pd.DataFrame()),
            lambda: self.repository.update_table_by_dataframe("t", frame, if_exists="upsert"),
            lambda: self.repository.update_table_by_dataframe("t", pd.DataFrame()),
            lambda: self.repository.to_dataframe(),
            lambda: self.repository.to_dataframe("t; drop table t"),
            lambda: self.repository.to_dataframe("my_table", filter_clause="1 = 1; delete from my_table"),
        ]
        for case in cases:
            with self.assertRaises(ValueError):
                case()

    def test_versions(self) -> None:
        """eight writers at once get eight versions, and nobody loses a row"""
        model = self.d.save_model({"a": 1}, "old-versions")
        frame = pd.DataFrame({"x": [1, 2, 3], "PREDICT": [0.1, 0.2, 0.3]})
        failed = []

        def write() -> None:
            try:
                self.repository.update_table_by_dataframe("old_versions", frame, is_update_version=True, model=model.uri)
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=write) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        counts = Dhuolib.execute_select("select version, count(*) as n from old_versions group by 1 order by 1")
        self.assertEqual(list(zip(counts["VERSION"] if "VERSION" in counts else counts["version"], counts["n"])), [(version, 3) for version in range(1, 9)])
        self.assertEqual(list(frame.columns), ["x", "PREDICT"])

    def test_predicting(self) -> None:
        """an old script of predictions runs: the model that it loaded is the one that predicted"""
        sessions._Process.model_uri = None
        frame = pd.DataFrame({"x": [0, 1, 2]})
        with self.assertRaises(errors.PreconditionFailedError):
            self.repository.update_table_by_dataframe("old_predictions", frame.assign(PREDICT="?"), is_update_version=True)
        pkl = self.folder / "model.pkl"
        pkl.write_bytes(pickle.dumps(Model()))
        (self.folder / "requirements.txt").write_text("")
        client = DhuolibExperimentMLClient(self.d.connection.url, self.d.connection.token)
        client.create_experiment("old-script")
        run = client.execute_run_for_experiment("lightgbm", "old-script", str(pkl), str(self.folder / "requirements.txt"))
        client.create_model("old-model", "Production", run["run_id"], run["model_uri"], {})
        params = {"modelname": "old-model", "stage": "Production", "experiment_name": "old-script", "type_model": "lightgbm", "run_id": "", "batch_model_dir": str(self.folder / "down.pkl")}  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            predictions = client.prediction_batch_with_dataframe(params, frame)
        self.assertEqual(list(predictions), ["low", "low", "high"])
        frame["predict"] = predictions
        frame["version"], frame["created_at"] = 99, pd.Timestamp.now()
        self.repository.update_table_by_dataframe("old_predictions", frame, is_update_version=True)
        saved = self.d.api.list_predictions(self.d.project, first=1).predictions.nodes[0]
        self.assertEqual((saved.model_version.uri, saved.version, saved.row_count), ("models:/old-model/1", 1, 3))

    def test_bucket(self) -> None:
        """Dhuolib reads files of buckets and saves predictions"""
        raw = self.d.bucket("RAW")
        self.d.upload(b"x,y\n1,2\n", raw, "folder/data.csv")
        self.assertEqual(Dhuolib.read_from_bucket(raw, "folder/data.csv").to_dict("records"), [{"x": 1, "y": 2}])
        self.d.save_model([1], "facade-frames")
        Dhuolib.load_model("facade-frames", version=1, trust=True)
        saved = Dhuolib.save_predictions("FACADE_FRAMES", pd.DataFrame({"x": [1], "PREDICT": [2]}))
        self.assertEqual(saved, {"table_name": "FACADE_FRAMES", "version": 1, "number_lines_inserted": 1})


if __name__ == "__main__":
    unittest.main()
