import json
import os
import tempfile
import unittest
import warnings
from pathlib import Path
from unittest import mock

from dhuo import Dhuo


class LoginsOfTheCommandLine(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name, "dhuo", "credentials.json")
        self.file.parent.mkdir()
        here = {name: value for name, value in os.environ.items() if not name.startswith("DHUO_")}
        patch = mock.patch.dict(os.environ, {**here, "XDG_CONFIG_HOME": folder.name}, clear=True)
        patch.start()
        self.addCleanup(patch.stop)

    def write(self, text: str, mode: int = 0o600) -> None:
        self.file.write_text(text)
        self.file.chmod(mode)

    def asks(self, *arguments: str) -> "tuple[str, str | None]":
        connection = Dhuo(*arguments).connection
        return connection.url, connection.token

    def test_used(self) -> None:
        """where nobody says who asks, it is who logged in on the command line, at the server that is meant"""
        servers = {"https://a.example": {"token": "ta", "expiresAt": "2999-01-01T00:00:00.000Z", "email": "a"}, "https://b.example": {"accessKey": "kb", "email": None}}
        self.write(json.dumps({"current": "https://a.example", "servers": servers}))
        self.assertEqual(self.asks(), ("https://a.example", "ta"))
        self.assertEqual(self.asks("https://b.example/"), ("https://b.example", "kb"))
        self.assertEqual(self.asks("https://c.example"), ("https://c.example", None))
        self.assertEqual(self.asks("https://a.example", "mine"), ("https://a.example", "mine"))
        with mock.patch.dict(os.environ, {"DHUO_ACCESS_KEY": "key"}):
            self.assertEqual(self.asks(), ("http://127.0.0.1:4000", "key"))

    def test_not_used(self) -> None:
        """a file that others can read, that is damaged or that is not there is no login"""
        self.assertEqual(self.asks(), ("http://127.0.0.1:4000", None))
        for text in ("{", "[]", "{}", '{"servers": 1}', '{"current": 7, "servers": {}}'):
            self.write(text)
            self.assertEqual(self.asks(), ("http://127.0.0.1:4000", None), text)
        self.write(json.dumps({"current": "https://a.example", "servers": {"https://a.example": {"token": "ta"}}}), 0o644)
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            self.assertEqual(self.asks(), ("http://127.0.0.1:4000", None))
        self.assertIn("can be read by others", str(seen[0].message))
