import pickle
import unittest

from dhuo import errors
from dhuo._connection import Unreadable, error_of, read_answer
from dhuo._uploads import file_error


class ErrorsOfTheServer(unittest.TestCase):
    def test_by_code(self) -> None:
        """an error is the exception of its code, with field and details"""
        error = error_of([{"message": "Too many.", "extensions": {"code": "RATE_LIMITED", "field": "input.x", "retryAfterSeconds": 7}, "path": ["a", 0]}])
        self.assertIsInstance(error, errors.RateLimitedError)
        self.assertEqual((error.code, error.field, error.details, error.path), ("RATE_LIMITED", "input.x", {"retryAfterSeconds": 7}, ["a", 0]))
        self.assertEqual((error.retry_after, str(error)), (7.0, "Too many. [RATE_LIMITED, input.x]"))

    def test_new_code(self) -> None:
        """a code of a newer server is an ApiError that carries it"""
        error = error_of([{"message": "No.", "extensions": {"code": "TEAPOT"}}])
        self.assertIs(type(error), errors.ApiError)
        self.assertEqual(error.code, "TEAPOT")

    def test_without_anything(self) -> None:
        """an error that says nothing is one all the same"""
        for said in ([], None, [None], [{}]):
            self.assertEqual(error_of(said).code, "UNKNOWN")

    def test_built_in(self) -> None:
        """ordinary except clauses catch them"""
        self.assertTrue(issubclass(errors.BadUserInputError, ValueError))
        self.assertTrue(issubclass(errors.NotFoundError, LookupError))
        self.assertTrue(issubclass(errors.ServerTimeoutError, TimeoutError))
        self.assertTrue(issubclass(errors.TransportError, ConnectionError))
        self.assertTrue(issubclass(errors.RequestTimeout, TimeoutError))

    def test_pickle(self) -> None:
        """they survive the way between processes"""
        for kind in (errors.ConflictError, errors.BackendUnavailableError, errors.ServerTimeoutError):
            error = pickle.loads(pickle.dumps(kind("m", field="f", details={"a": 1})))
            self.assertEqual((type(error), error.message, error.field, error.details), (kind, "m", "f", {"a": 1}))

    def test_file_routes(self) -> None:
        """errors of file routes have their code too, and what is no DHuO Graph says what it is"""
        self.assertIsInstance(file_error(404, b'{"error":{"code":"NOT_FOUND","message":"gone"}}', "It"), errors.NotFoundError)
        self.assertIsInstance(file_error(502, b"<html>Bad gateway</html>", "It"), errors.TransportError)
        self.assertIn("Bad gateway", str(file_error(502, b"<html>Bad gateway</html>", "It")))

    def test_somebody_else(self) -> None:
        """what answers and is no DHuO Graph is told apart, and a redirect says where to"""
        with self.assertRaisesRegex(Unreadable, "answered 200, and not as DHuO Graph does: Welcome"):
            read_answer("http://x", 200, {"content-type": "text/html"}, b"Welcome")
        with self.assertRaisesRegex(Unreadable, "https://x/"):
            read_answer("http://x", 301, {"location": "https://x/"}, b"")
        with self.assertRaises(Unreadable):
            read_answer("http://x", 200, {"content-type": "application/json"}, b"[]")
