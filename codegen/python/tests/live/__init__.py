"""Tests with a server: DHUO_URL and DHUO_ACCESS_KEY say which, and an administrator's key."""

import itertools
import os
import tempfile
import time
import unittest
import warnings
from pathlib import Path
from typing import Any, Callable

from dhuo import Dhuo

_numbers = itertools.count(1)


def unique(name: str) -> str:
    return f"{name}-{os.getpid()}-{next(_numbers)}"


class WithProject(unittest.TestCase):
    """A project of its own and a folder of its own for each class of tests."""

    d: Dhuo
    folder: Path

    @classmethod
    def setUpClass(cls) -> None:
        warnings.simplefilter("error", ResourceWarning)
        os.environ["DHUO_CACHE_DIR"] = tempfile.mkdtemp(prefix="dhuo-test-")
        cls.d = Dhuo(timeout=30).use(unique("python"), create=True)
        cls.folder = Path(tempfile.mkdtemp(prefix="dhuo-test-"))

    @classmethod
    def tearDownClass(cls) -> None:
        cls.d.close()

    def script(self, text: str, name: str = "") -> Path:
        path = self.folder / f"{name or unique('step')}.py"
        path.write_text(text, "utf-8")
        return path


def eventually(check: Callable[[], Any], seconds: float = 10.0) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError("it did not come to that")
        time.sleep(0.02)
