import asyncio
import threading
import time
import unittest
from datetime import datetime, timedelta, timezone

from dhuo import AsyncDhuo, Dhuo, errors
from dhuo._generated.enums import BucketPurpose, Role
from dhuo._generated.inputs import KeyValueInput
from dhuo._generated.results import BucketFields, NodeRefBucket, NodeRefProject

from . import WithProject, unique


class Operations(WithProject):
    def test_typed(self) -> None:
        """an answer is typed: dataclasses, enums, instants in UTC, None for null"""
        made = self.d.api.create_bucket(project=self.d.project, purpose=BucketPurpose.TEMP)
        self.assertIs(type(made), BucketFields)
        self.assertEqual((made.name, made.purpose, made.project.name), (f"{self.d.project}-temp", BucketPurpose.TEMP, self.d.project))
        self.assertEqual(made.created_at.utcoffset(), timedelta(0))
        self.assertLess(abs(datetime.now(timezone.utc) - made.created_at), timedelta(minutes=1))
        self.assertIsNone(self.d.api.get_bucket("there-is-none-raw"))
        project = self.d.api.get_project(self.d.project)
        self.assertEqual((project.viewer_role, project.description), (Role.OWNER, None))

    def test_unions(self) -> None:
        """an id of anything gives the class of what it is of, and None where there is nothing"""
        bucket = self.d.api.get_bucket(self.d.bucket("RAW"))
        project = self.d.api.get_project(self.d.project)
        found = self.d.api.get_nodes([bucket.id, project.id, "prj_0"])
        self.assertEqual([type(each) for each in found], [NodeRefBucket, NodeRefProject, type(None)])

    def test_null_and_absent(self) -> None:
        """None is null and takes away, what is not given stays"""
        self.d.save_model({"a": 1}, "null-and-absent")
        change = lambda **given: self.d.api.update_model(project=self.d.project, model="null-and-absent", **given).description  # noqa: E731
        self.assertEqual(change(description="what it is"), "what it is")
        self.assertEqual(change(tags=[KeyValueInput(key="k", value="v")]), "what it is")
        self.assertIsNone(change(description=None))

    def test_errors(self) -> None:
        """what the server refuses is the exception of its code, with the field at fault"""
        with self.assertRaises(errors.NotFoundError) as caught:
            self.d.api.create_bucket(project="nobody-has-this", purpose="RAW")
        self.assertEqual((caught.exception.code, caught.exception.field), ("NOT_FOUND", "input.project"))
        with self.assertRaises(ValueError) as wrong:
            self.d.api.create_bucket(project=self.d.project, purpose="BASEMENT")
        self.assertIsInstance(wrong.exception, errors.BadUserInputError)
        with self.assertRaises(errors.ConflictError):
            self.d.api.create_project(name=self.d.project)
        with self.assertRaises(errors.BadUserInputError):
            self.d.api.list_projects(first=100_000)

    def test_nobody(self) -> None:
        """without a token, or with a wrong one, one is nobody"""
        url = self.d.connection.url
        for token in ("wrong", "Bearer wrong"):
            self.assertFalse(Dhuo(url, token).is_logged_in())
        with self.assertRaises(errors.UnauthenticatedError):
            Dhuo(url, "wrong").api.list_projects()
        with self.assertRaises(errors.UnauthenticatedError):
            Dhuo.login(f"{unique('nobody')}@example.com", "a wrong password", url)

    def test_login(self) -> None:
        """a login gives a client that knows who it is, and keeps no password"""
        email = f"{unique('ana')}@example.com"
        self.d.api.create_user(email=email, password="a long enough password")
        d = Dhuo.login(email, "a long enough password", self.d.connection.url)
        self.assertEqual((d.viewer().email, d.is_logged_in()), (email, True))
        self.assertNotIn("a long enough password", str(vars(d.connection)))
        # With the word before it, as others keep it.
        self.assertTrue(Dhuo(self.d.connection.url + "/graphql/", f"Bearer {d.connection.token}").is_logged_in())

    def test_which_project(self) -> None:
        """without a project it says how to give one"""
        with self.assertRaisesRegex(ValueError, "Which project"):
            Dhuo(self.d.connection.url, self.d.connection.token).select_rows("select 1")
        with self.assertRaisesRegex(errors.NotFoundError, "create=True"):
            Dhuo(self.d.connection.url, self.d.connection.token).use(unique("none"))

    def test_nobody_there(self) -> None:
        """a server that is not there is a TransportError that says so, after some tries"""
        began = time.monotonic()
        with self.assertRaisesRegex(errors.TransportError, "cannot be reached"):
            Dhuo("http://127.0.0.1:9", retries=2).api.get_server()
        self.assertGreater(time.monotonic() - began, 0.2)

    def test_threads(self) -> None:
        """threads share a client"""
        seen = []
        threads = [threading.Thread(target=lambda: seen.extend(self.d.viewer().id for _ in range(5))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((len(seen), len(set(seen))), (40, 1))


class OperationsOfAsyncio(WithProject):
    def test_together(self) -> None:
        """many are awaited at once"""

        async def run() -> None:
            async with AsyncDhuo(self.d.connection.url, self.d.connection.token, project=self.d.project) as d:
                began = time.monotonic()
                names = await asyncio.gather(*(d.api.get_project(self.d.project) for _ in range(30)))
                self.assertEqual({project.name for project in names}, {self.d.project})
                self.assertLess(time.monotonic() - began, 5)
                with self.assertRaises(errors.NotFoundError):
                    await d.deployment("there-is-none")
                rows = [row async for row in d.select_rows("select * from range(1234) t(i)")]
                self.assertEqual((len(rows), rows[-1]), (1234, {"i": 1233}))

        asyncio.run(run())

    def test_canceled(self) -> None:
        """a task that is canceled ends at once, and what its thread waited for too"""

        async def run() -> None:
            d = AsyncDhuo(self.d.connection.url, self.d.connection.token, project=self.d.project)
            before = threading.active_count()
            slow = "select sum(a.i * b.i) from range(100000) a(i), range(1000000) b(i)"
            task = asyncio.ensure_future(d.api.execute_select(self.d.project, slow))
            await asyncio.sleep(0.3)
            began = time.monotonic()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            self.assertLess(time.monotonic() - began, 1)
            self.assertTrue(await asyncio.wait_for(d.is_logged_in(), 5))
            self.assertLessEqual(threading.active_count(), before + 2)

        asyncio.run(run())

    def test_in_a_loop(self) -> None:
        """the client without asyncio works inside a loop that runs, as in a notebook"""

        async def run() -> None:
            self.assertEqual(self.d.viewer().is_admin, True)
            self.assertEqual(list(self.d.select_rows("select 42 as n")), [{"n": 42}])
            deployment = self.d.deploy(name="in-a-loop", steps=[self.script("print('x')")])
            sequences = [event.sequence for event in deployment.run().events()]
            self.assertEqual(sequences, list(range(1, len(sequences) + 1)))

        asyncio.run(run())

    def test_same(self) -> None:
        """the two clients have the same methods"""
        public = lambda kind: {name for name in dir(kind) if not name.startswith("_")}  # noqa: E731
        self.assertEqual(public(Dhuo) - public(AsyncDhuo), set())
        self.assertEqual(public(AsyncDhuo) - public(Dhuo), {"project"})
        self.assertEqual(public(type(self.d.api)), public(type(AsyncDhuo(self.d.connection.url).api)))


if __name__ == "__main__":
    unittest.main()
