import copy
import enum
import pickle
import unittest
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from dhuo._codec import UNSET, OtherType, optional_list, parse_datetime, to_json
from dhuo._generated.enums import PipelineStatus
from dhuo._generated.inputs import CreateBucketInput, ObjectInput, StepInput
from dhuo._generated.results import PipelineRunFields, ProjectRef, _read_node_ref


class ValuesOfRequests(unittest.TestCase):
    def test_unset(self) -> None:
        """what is not given is not sent, None is sent as null"""
        made = CreateBucketInput(project="iris", purpose="RAW", name=None)
        self.assertEqual(to_json(made), {"project": "iris", "purpose": "RAW", "name": None})
        self.assertEqual(to_json(CreateBucketInput(project="iris", purpose="RAW")), {"project": "iris", "purpose": "RAW"})
        self.assertEqual(to_json({"a": UNSET, "b": [{"c": UNSET}]}), {"b": [{}]})

    def test_names(self) -> None:
        """fields are sent under the names that GraphQL has for them, also deep inside"""
        step = StepInput(name="train", script=ObjectInput(bucket="b", key="k"), max_attempts=2, timeout_seconds=3)
        sent = {"name": "train", "script": {"bucket": "b", "key": "k"}, "maxAttempts": 2, "timeoutSeconds": 3}
        self.assertEqual(to_json([step]), [sent])

    def test_integers(self) -> None:
        """integers above 2^53 are text, and exact"""
        self.assertEqual(to_json([2**53, 2**53 + 1, -(2**63), True]), [2**53, str(2**53 + 1), str(-(2**63)), True])

    def test_instants(self) -> None:
        """an instant is sent in UTC, and one without a time zone is refused"""
        lima = timezone(timedelta(hours=-5))
        self.assertEqual(to_json(datetime(2026, 1, 2, 3, 4, 5, 678901, lima)), "2026-01-02T08:04:05.678901Z")
        self.assertEqual(to_json(date(2026, 1, 2)), "2026-01-02")
        with self.assertRaisesRegex(ValueError, "no time zone"):
            to_json(datetime(2026, 1, 2))

    def test_others(self) -> None:
        """decimals are text, bytes base64, NaN and the infinities are refused, and so is what JSON has no form for"""
        self.assertEqual(to_json([Decimal("1.10"), b"\x00\xff", (1,), PipelineStatus.QUEUED]), ["1.10", "AP8=", [1], "QUEUED"])
        for value in (float("nan"), float("inf")):
            with self.assertRaises(ValueError):
                to_json(value)
        with self.assertRaises(TypeError):
            to_json(object())


class ValuesOfAnswers(unittest.TestCase):
    def test_instants(self) -> None:
        """an instant of any ISO form is a datetime in UTC"""
        expected = datetime(2026, 11, 23, 12, 0, 0, 5000, timezone.utc)
        for text in ("2026-11-23T12:00:00.005Z", "2026-11-23T12:00:00.005000Z", "2026-11-23T09:00:00.0050001-03:00", "2026-11-23T13:30:00.005+0130"):
            self.assertEqual(parse_datetime(text), expected, text)
        self.assertEqual(parse_datetime("2026-11-23T12:00:00Z"), datetime(2026, 11, 23, 12, tzinfo=timezone.utc))
        for text in ("2026-11-23", "yesterday", "2026-13-45T12:00:00.000Z", "2026-11-23T12:00:00.000"):
            with self.assertRaises(ValueError, msg=text):
                parse_datetime(text)

    def test_optional_list(self) -> None:
        """null stays None, in lists too"""
        self.assertIsNone(optional_list(int, None))
        self.assertEqual(optional_list(int, ["1"]), [1])

    def test_new_enum_value(self) -> None:
        """an enum value of a newer server is read, is the same object each time, and says that it is not known"""
        new = PipelineStatus("HIBERNATING")
        self.assertIs(new, PipelineStatus("HIBERNATING"))
        self.assertEqual(new, "HIBERNATING")
        self.assertEqual((str(new), f"{new:>12}", new.name, new.value), ("HIBERNATING", " HIBERNATING", "HIBERNATING", "HIBERNATING"))
        self.assertFalse(new.is_known)
        self.assertTrue(PipelineStatus.QUEUED.is_known)
        self.assertNotIn(new, list(PipelineStatus))
        self.assertIs(pickle.loads(pickle.dumps(new)), new)
        self.assertIs(copy.deepcopy(new), new)
        self.assertIsInstance(new, enum.Enum)
        with self.assertRaises(ValueError):
            PipelineStatus(7)

    def test_new_enum_value_in_answers(self) -> None:
        """an answer with such a value is read whole"""
        at = "2026-11-23T12:00:00.000Z"
        data = {
            "id": "plr_1", "number": 1, "status": "HIBERNATING", "statusDetail": None, "trigger": "MOON", "lastSequence": 3,
            "createdAt": at, "startedAt": None, "endedAt": at, "durationMs": "9007199254740993", "cancelRequestedAt": None,
            "deploymentVersion": 1, "deployment": {"id": "d", "name": "n", "version": 1}, "project": {"id": "p", "name": "n"},
            "aFieldOfTheFuture": 1,
        }  # fmt: skip
        run = PipelineRunFields._read(data)
        self.assertEqual((run.status, run.trigger, run.duration_ms, run.started_at), ("HIBERNATING", "MOON", 9007199254740993, None))
        self.assertEqual(run.to_dict()["project"], {"id": "p", "name": "n"})

    def test_new_type(self) -> None:
        """a type that this client has not heard of is given as it came"""
        found = _read_node_ref({"__typename": "Dashboard", "id": "dsh_1"})
        self.assertEqual(found, OtherType(typename="Dashboard", data={"__typename": "Dashboard", "id": "dsh_1"}))

    def test_records(self) -> None:
        """records with the same fields are equal, and print themselves"""
        self.assertEqual(ProjectRef(id="1", name="a"), ProjectRef(id="1", name="a"))
        self.assertNotEqual(ProjectRef(id="1", name="a"), ProjectRef(id="1", name="b"))
        self.assertEqual(repr(ProjectRef(id="1", name="a")), "ProjectRef(id='1', name='a')")
