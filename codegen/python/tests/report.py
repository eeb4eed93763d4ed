"""
Runs tests and tells of each as a line of JSON: `python -m tests.report list MODULE…`, `python -m tests.report run MODULE…`.

What else is printed goes to standard error.
"""

import json
import sys
import time
import unittest
from typing import Any, Dict, Iterator


def cases_of(suite: Any) -> Iterator[unittest.TestCase]:
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from cases_of(item)
        else:
            yield item


def describe(case: unittest.TestCase) -> Dict[str, Any]:
    id = case.id()
    return {"id": id, "group": id.split(".")[-2], "title": " ".join((case._testMethodDoc or id).split())}


class Reporter(unittest.TestResult):
    def __init__(self, out: Any) -> None:
        super().__init__()
        self._out = out
        self._began = 0.0

    def startTest(self, test: Any) -> None:
        super().startTest(test)
        self._began = time.monotonic()

    def tell(self, test: Any, problem: Any = None, skipped: Any = None) -> None:
        if not isinstance(test, unittest.TestCase):
            raise SystemExit(problem)
        seconds = round(time.monotonic() - self._began, 3)
        self._out.write(json.dumps({**describe(test), "problem": problem, "skipped": skipped, "seconds": seconds}) + "\n")
        self._out.flush()

    def addSuccess(self, test: Any) -> None:
        self.tell(test)

    def addSkip(self, test: Any, reason: str) -> None:
        self.tell(test, skipped=reason)

    def addError(self, test: Any, err: Any) -> None:
        self.tell(test, problem=self._exc_info_to_string(err, test))

    def addFailure(self, test: Any, err: Any) -> None:
        self.addError(test, err)


def main() -> None:
    out, sys.stdout = sys.stdout, sys.stderr
    mode, *modules = sys.argv[1:]
    loaded = unittest.defaultTestLoader.loadTestsFromNames(modules)
    if mode == "list":
        for case in cases_of(loaded):
            out.write(json.dumps(describe(case)) + "\n")
    else:
        loaded.run(Reporter(out))


if __name__ == "__main__":
    main()
