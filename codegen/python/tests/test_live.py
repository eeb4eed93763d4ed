import io
import sys
import tempfile
import types
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, List

from dhuo._deploying import with_places
from dhuo._generated.results import GetPipelineRunNodePipelineRun, PipelineEventFields
from dhuo._live import HtmlView, TextView, printable, seconds_text
from dhuo._progress import Progress, in_notebook

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def event(sequence: int, kind: str, **given: Any) -> PipelineEventFields:
    fields = dict.fromkeys(["step_name", "run_status", "step_status", "progress", "message", "stream", "number"])
    return PipelineEventFields(sequence=sequence, type=kind, at=START + timedelta(seconds=sequence), **{**fields, **given})


def a_run() -> GetPipelineRunNodePipelineRun:
    step = types.SimpleNamespace(name="train")
    named = types.SimpleNamespace(name="iris <b>")
    return types.SimpleNamespace(deployment=named, number=3, id="plr_1", steps=[step])  # type: ignore[return-value]


EVENTS = [
    event(1, "RUN_STATUS", run_status="RUNNING"),
    event(2, "STEP_STATUS", step_name="train", step_status="RUNNING"),
    event(3, "LOG", step_name="train", message="<script>alert(1)</script>\x1b[2J\x07", stream="STDOUT", number=1),
    event(4, "STEP_PROGRESS", step_name="train", progress=0.25, message="a quarter"),
    event(5, "LOG", step_name="train", message="oh", stream="STDERR", number=2),
    event(6, "STEP_STATUS", step_name="train", step_status="FAILED", message="exit code 1"),
    event(7, "RUN_STATUS", run_status="HIBERNATING"),
    event(8, "A_NEW_TYPE", message="something"),
]


class Views(unittest.TestCase):
    def test_text(self) -> None:
        """in a terminal each event is a line, and scripts cannot play tricks on it"""
        out = io.StringIO()
        view = TextView(a_run(), out)
        for each in EVENTS:
            view.show(each)
        lines = [line[10:] for line in out.getvalue().splitlines()[1:]]
        expected = ["run    RUNNING", "train  RUNNING", "train  | <script>alert(1)</script>", "train   25% a quarter", "train  ! oh", "train  FAILED after 4.0 s: exit code 1", "run    HIBERNATING", "run    something"]  # fmt: skip
        self.assertEqual(lines, expected)

    def test_html(self) -> None:
        """in a notebook it is a table that is escaped, bounded, and renewed some times a second"""
        shown: List[str] = []

        class Handle:
            def update(self, html: Any) -> None:
                shown.append(html)

        def display(html: Any, display_id: bool) -> Handle:
            shown.append(html)
            return Handle()

        fake = types.ModuleType("IPython.display")
        fake.HTML, fake.display = str, display  # type: ignore[attr-defined]
        sys.modules["IPython.display"] = fake
        try:
            view = HtmlView(a_run())
            for each in EVENTS:
                view.show(each)
            for number in range(5_000):
                view.show(event(9 + number, "LOG", step_name="train", message=f"line {number} " + "x" * 10_000, stream="STDOUT"))
            view.close()
        finally:
            del sys.modules["IPython.display"]
        self.assertLess(len(shown), 20)
        self.assertLess(max(map(len, shown)), 1_000_000)
        self.assertIn("line 4999", shown[-1])
        self.assertIn("4702 lines before", shown[-1])
        self.assertNotIn("<script>", shown[-1])
        self.assertIn("iris &lt;b&gt;", shown[-1])
        self.assertIn("FAILED", shown[-1])

    def test_words(self) -> None:
        """durations and sizes are written for people"""
        self.assertEqual([seconds_text(x) for x in (0.04, 59.94, 61, 7260)], ["0.0 s", "59.9 s", "1 min 1 s", "2 h 1 min"])
        self.assertEqual(printable("a\tb\x00\r\n\x9b31mc"), "a\tb31mc")
        self.assertFalse(in_notebook())

    def test_progress(self) -> None:
        """progress without tqdm is a line on standard error, and nothing where nobody looks"""
        before, sys.stderr = sys.stderr, io.StringIO()
        hidden = sys.modules.get("tqdm")
        sys.modules["tqdm"] = None  # type: ignore[assignment]
        try:
            with Progress("quiet", 1 << 30) as quiet:
                quiet.advance(1)
            self.assertEqual(sys.stderr.getvalue(), "")
            with Progress("upload x", 4 << 20, shown=True) as shown:
                shown.advance(3 << 20)
                shown.advance(-(1 << 20))
            self.assertRegex(sys.stderr.getvalue(), r"upload x:  50% of 4.0 MiB, .*/s")
        finally:
            sys.stderr = before
            del sys.modules["tqdm"]
            if hidden:
                sys.modules["tqdm"] = hidden


YAML = """name: iris
requirements: ./needs.txt
libraries:   # two of them
  - ./one.whl
  # and
  - iris-deployments/two.whl
  - "../three 3.whl"
steps:
  - name: a
    script: ./a.py  # here
    arguments: [./not-this.py, "--x=./nor-this.py"]
  - { name: b, script: "../b.py", needs: [] }
  - { name: c, script: iris-deployments/c.py }
"""
EXPECTED = """name: iris
requirements: { object: "at/needs.txt" }
libraries:   # two of them
  - "at/one.whl"
  # and
  - iris-deployments/two.whl
  - "at/three 3.whl"
steps:
  - name: a
    script: "at/a.py"  # here
    arguments: [./not-this.py, "--x=./nor-this.py"]
  - { name: b, script: "at/b.py", needs: [] }
  - { name: c, script: iris-deployments/c.py }
"""


class FilesBesideYaml(unittest.TestCase):
    def test_placed(self) -> None:
        """scripts, libraries and requirements that are files are placed, and nothing else is touched"""
        with tempfile.TemporaryDirectory() as folder:
            below = Path(folder, "config")
            below.mkdir()
            for name in ("config/needs.txt", "config/one.whl", "three 3.whl", "config/a.py", "b.py"):
                Path(folder, name).write_text("")
            path = below / "deploy.yaml"
            self.assertEqual(with_places(YAML, path, lambda file: f"at/{file.name}"), EXPECTED)
            flow = "libraries: [./one.whl, 'x/y.jar', ./needs.txt]\nname: ./a.py\n"
            expected = "libraries: [\"at/one.whl\", 'x/y.jar', \"at/needs.txt\"]\nname: ./a.py\n"
            self.assertEqual(with_places(flow, path, lambda file: f"at/{file.name}"), expected)
            with self.assertRaisesRegex(FileNotFoundError, "deploy.yaml, line 2: there is no file .*gone.py"):
                with_places("name: x\nsteps: [{ script: ./gone.py }]\n", path, str)


if __name__ == "__main__":
    unittest.main()
