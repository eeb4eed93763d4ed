import hashlib
import os
import unittest
import zlib
from datetime import date, datetime, timezone
from decimal import Decimal

from dhuo import errors
from dhuo._downloads import Source, download_file

from . import WithProject

MIB = 1 << 20


class Transfers(WithProject):
    def test_bytes(self) -> None:
        """bytes come back as they went, whatever they are and whatever they are called"""
        raw = self.d.bucket("RAW")
        for key, content in [("empty", b""), ("a/b c/ção ☕ %2F?#.bin", bytes(range(256))), ("zero", b"\0" * 70_000)]:
            stored = self.d.upload(content, raw, key)
            self.assertEqual((stored.key, stored.size, stored.sha256), (key, len(content), hashlib.sha256(content).hexdigest()))
            self.assertEqual(self.d.read_bytes(raw, key), content)
            fetched = self.d.download(raw, key, self.folder / f"fetched-{len(content)}")
            self.assertEqual(fetched.read_bytes(), content)
        self.assertEqual(self.d.download(raw, "empty", self.folder).name, "empty")
        self.assertEqual([each.key for each in self.d.objects(raw, "a/")], ["a/b c/ção ☕ %2F?#.bin"])

    def test_parts(self) -> None:
        """a large file goes in parts and comes in ranges, and nothing else is left behind"""
        raw = self.d.bucket("RAW")
        path = self.folder / "large.bin"
        block = os.urandom(MIB)
        with open(path, "wb") as file:
            for index in range(70):
                file.write(block[index:] + block[:index])
        stored = self.d.upload(path, raw)
        self.assertEqual((stored.key, stored.size), ("large.bin", 70 * MIB))
        folder = self.folder / "down"
        fetched = self.d.download(raw, "large.bin", folder / "large.bin")
        with open(fetched, "rb") as one, open(path, "rb") as other:
            self.assertEqual(hashlib.sha256(one.read()).digest(), hashlib.sha256(other.read()).digest())
        self.assertEqual([each.name for each in folder.iterdir()], ["large.bin"])
        fetched.unlink()
        path.unlink()

    def test_missing(self) -> None:
        """what is not there is said so, by its name"""
        with self.assertRaisesRegex(errors.NotFoundError, "no/such"):
            self.d.download(self.d.bucket("RAW"), "no/such")
        with self.assertRaises(errors.NotFoundError):
            self.d.upload(b"x", "no-such-bucket-raw", "x")
        with self.assertRaises(FileNotFoundError):
            self.d.upload(self.folder / "nothing", self.d.bucket("RAW"))

    def test_checksum(self) -> None:
        """bytes that are not those that were stored are refused, and no file is there"""
        raw = self.d.bucket("RAW")
        self.d.upload(b"genuine", raw, "checked")
        found = self.d.api.get_object_url(raw, "checked").object
        source = Source(found.download_url, found.size, "0" * 64, found.id, lambda: found.download_url)
        folder = self.folder / "checked"
        with self.assertRaises(errors.ChecksumError):
            download_file(self.d.connection, source, folder / "file", label="it")
        self.assertEqual(list(folder.iterdir()), [])

    def test_expired_url(self) -> None:
        """a URL that has expired is asked for again"""
        raw = self.d.bucket("RAW")
        self.d.upload(b"still there", raw, "expiring")
        found = self.d.api.get_object_url(raw, "expiring").object
        asked = []
        stale = found.download_url.replace("expires=", "expires=1")
        source = Source(stale, found.size, found.sha256, found.id, lambda: asked.append(1) or found.download_url)
        self.assertEqual(download_file(self.d.connection, source, self.folder / "expiring", label="it").read_bytes(), b"still there")
        self.assertEqual(asked, [1])


class Tables(WithProject):
    def test_rows(self) -> None:
        """rows come with Python's values, exact"""
        sql = """select 9007199254740993::bigint as big, 12345678901234567.89::decimal(19,2) as money, 'ção' as text, true as yes,
            date '2026-02-28' as day, timestamp '2026-02-28 23:59:59.123456' as at, timestamptz '2026-02-28 12:00:00-03' as instant,
            'Infinity'::double as far, '\\x00\\xff'::blob as bytes, null as nothing, [1, 2] as list"""
        (row,) = self.d.select_rows(sql)
        self.assertEqual(row, {
            "big": 9007199254740993, "money": Decimal("12345678901234567.89"), "text": "ção", "yes": True, "day": date(2026, 2, 28),
            "at": datetime(2026, 2, 28, 23, 59, 59, 123456), "instant": datetime(2026, 2, 28, 15, tzinfo=timezone.utc),
            "far": float("inf"), "bytes": b"\x00\xff", "nothing": None, "list": [1, 2],
        })  # fmt: skip

    def test_streamed(self) -> None:
        """a long result comes row by row, and may be left in the middle"""
        rows = self.d.select_rows("select i, 'x' || i as s from range(200000) t(i)")
        self.assertEqual([next(rows) for _ in range(3)], [{"i": i, "s": f"x{i}"} for i in range(3)])
        rows.close()
        self.assertEqual(sum(1 for _ in self.d.select_rows("select * from range(50000)")), 50_000)

    def test_parameters(self) -> None:
        """statements take parameters, and batches of them, in one transaction"""
        self.d.create_dataset("people", sql="select 'Ana' as name, 1::bigint as n")
        insert = "insert into people values ($name, $n)"
        self.assertEqual(self.d.execute(insert, {"name": "Bia'; --", "n": 2**60}), 1)
        self.assertEqual(self.d.execute("insert into people values (?, ?)", batch=[["c", 3], ["d", 4]]), 2)
        self.assertEqual(list(self.d.select_rows("select name from people where n > ?", [2**59])), [{"name": "Bia'; --"}])
        with self.assertRaises(errors.BadUserInputError):
            self.d.execute("drop table people")
        with self.assertRaises(errors.BadUserInputError):
            list(self.d.select_rows("delete from people"))

    def test_datasets(self) -> None:
        """a file becomes a dataset, and its next version"""
        path = self.folder / "cities.csv"
        path.write_text("city,people\nSão Paulo,12\nBelém,1\n", "utf-8")
        self.assertEqual(self.d.create_dataset("cities", path).row_count, 2)
        self.assertEqual(self.d.create_dataset("cities", path, mode="APPEND").version, 2)
        with self.assertRaises(errors.ConflictError):
            self.d.create_dataset("cities", path)
        self.assertEqual(list(self.d.select_rows("select count(*) as n from cities")), [{"n": 4}])

    def test_without_pandas(self) -> None:
        """without pandas it says what to install, and what works without"""
        try:
            import pandas  # noqa: F401
        except ImportError:
            with self.assertRaisesRegex(ImportError, r"pip install pandas.*select_rows"):
                self.d.select("select 1")

    def test_compressed(self) -> None:
        """answers come compressed"""
        response = self.d.connection.pool.request(
            "POST",
            f"{self.d.connection.url}/graphql",
            headers={"Content-Type": "application/json", "Accept-Encoding": "gzip", **self.d.connection.headers()},
            body=b'{"query":"{ __schema { types { name fields { name } } } }"}',
        )
        self.assertEqual(response.headers.get("content-encoding"), "gzip")
        raw = response._raw.read()
        self.assertLess(len(raw), len(zlib.decompress(raw, 31)) / 2)
        response.close()


if __name__ == "__main__":
    unittest.main()
