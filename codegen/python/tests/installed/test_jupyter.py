import os
import re
import sys
import time
import unittest
from queue import Empty
from typing import Any, Callable, List, Optional, Tuple

from jupyter_client.manager import KernelManager

from ..live import WithProject

Message = Tuple[str, Any]


class Kernel:
    """A kernel as a notebook has it: a process of its own, whose loop runs while a cell does."""

    def __init__(self) -> None:
        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel(env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)})
        self._connect()

    def _connect(self) -> None:
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)

    def run(self, code: str, meanwhile: Optional[Callable[[List[Message]], bool]] = None, seconds: float = 60) -> List[Message]:
        """What a cell shows, message by message. `meanwhile` is asked after each, and is asked no more once it was True."""
        asked = self._client.execute(code)
        shown: List[Message] = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                message = self._client.get_iopub_msg(timeout=0.1)
            except Empty:
                message = None
            if message and message["parent_header"].get("msg_id") == asked:
                kind, content = message["msg_type"], message["content"]
                if kind == "status" and content["execution_state"] == "idle":
                    return shown
                if kind == "error":
                    raise AssertionError("\n".join(content["traceback"]))
                shown.append((kind, content))
            if meanwhile is not None and meanwhile(shown):
                meanwhile = None
        raise AssertionError(f"the cell did not end: {shown[-3:]}")

    def interrupt(self) -> None:
        self._manager.interrupt_kernel()

    def restart(self) -> None:
        self._client.stop_channels()
        self._manager.restart_kernel(now=True)
        self._connect()

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


def pages(shown: List[Message]) -> List[str]:
    return [content["data"]["text/html"] for kind, content in shown if kind in ("display_data", "update_display_data") and "dhuo-run" in content["data"].get("text/html", "")]  # fmt: skip


def text(shown: List[Message]) -> str:
    return "".join(content["text"] for kind, content in shown if kind == "stream")


SLOW = "import time\nfor i in range({}):\n  print('line', i, flush=True)\n  time.sleep(0.05)"


class Notebooks(WithProject):
    kernel: Kernel

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        os.environ["DHUO_PROJECT"] = str(cls.d.project)
        cls.kernel = Kernel()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.kernel.close()
        del os.environ["DHUO_PROJECT"]
        super().tearDownClass()

    def test_live(self) -> None:
        """a run is shown as a table that renews itself, and is detached from, restarted from and seen whole again"""
        script = self.script(SLOW.format(80), "lines")
        self.kernel.run("import dhuo\nd = dhuo.Dhuo()")
        self.kernel.run(f"run = d.deploy(name='in-notebook', steps=[{str(script)!r}]).run()\nprint(run.id)")
        shown = self.kernel.run("run.live()", lambda seen: bool(pages(seen) and "line 5<" in pages(seen)[-1] and (self.kernel.interrupt() or True)))
        said = re.search(r'Come back with: d.pipeline_run\("(plr_\w+)"\).live\(\)', text(shown))
        assert said is not None, text(shown)
        self.assertEqual([kind for kind, _ in shown if kind == "display_data"], ["display_data"])
        self.assertGreater(len(pages(shown)), 2)
        self.assertNotIn("line 79<", pages(shown)[-1])

        self.kernel.restart()
        shown = self.kernel.run(f"import dhuo\nd = dhuo.Dhuo()\nrun = d.pipeline_run({said[1]!r})\nrun.live()")
        for number in (0, 79):
            self.assertIn(f"line {number}<", pages(shown)[-1])
        self.assertIn("SUCCEEDED", pages(shown)[-1])
        self.assertIn("True", text(self.kernel.run("print(run.result().status == 'SUCCEEDED')")))

    def test_loops(self) -> None:
        """both clients work in cells, whose loop runs"""
        shown = self.kernel.run(
            "import asyncio, dhuo\nassert asyncio.get_event_loop().is_running()\n"
            "frame = dhuo.Dhuo().select('select 42 as n')\n"
            "async with dhuo.AsyncDhuo() as a:\n    other = await a.select('select 43 as n')\n"
            "print(frame.n[0], other.n[0])"
        )
        self.assertIn("42 43", text(shown))

    def test_progress(self) -> None:
        """long transfers show a bar without being asked to"""
        path = self.folder / "long.bin"
        path.write_bytes(bytes(9 << 20))
        shown = self.kernel.run(f"import dhuo\nd = dhuo.Dhuo()\nd.upload({str(path)!r}, d.bucket('RAW'))")
        self.assertIn("long.bin", text(shown) + str(shown))


if __name__ == "__main__":
    unittest.main()
