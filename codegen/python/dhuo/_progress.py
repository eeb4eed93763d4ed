"""Progress of long transfers: tqdm where it is there, a line of text elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any, Optional

_SMALLEST = 8 << 20


class Progress:
    """
    Counts bytes. May be told by several threads.

    Args:
        label: what is under way.
        total: bytes; None when nobody knows.
        shown: None shows long transfers to whoever can see them, a terminal or a notebook.
    """

    def __init__(self, label: str, total: Optional[int], shown: Optional[bool] = None) -> None:
        self._lock = threading.Lock()
        self._label = label
        self._total = total
        self._done = 0
        self._began = self._last = time.monotonic()
        self._bar: Any = None
        self._text = False
        if shown is None:
            shown = (total is None or total >= _SMALLEST) and (in_notebook() or sys.stderr.isatty())
        if shown:
            self._bar = _tqdm(label, total)
            self._text = self._bar is None

    def advance(self, count: int) -> None:
        """Negative when bytes have to go once more."""
        with self._lock:
            self._done += count
            if self._bar is not None:
                self._bar.update(count)
            elif self._text and time.monotonic() - self._last > 0.5:
                self._last = time.monotonic()
                self._print("\r")

    def close(self) -> None:
        with self._lock:
            if self._bar is not None:
                self._bar.close()
            elif self._text:
                self._print("\r")
                sys.stderr.write("\n")
            self._bar, self._text = None, False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _print(self, start: str) -> None:
        rate = self._done / max(0.001, time.monotonic() - self._began)
        part = f"{self._done / self._total:4.0%} of {size_text(self._total)}" if self._total else size_text(self._done)
        sys.stderr.write(f"{start}{self._label}: {part}, {size_text(rate)}/s ")
        sys.stderr.flush()


def _tqdm(label: str, total: Optional[int]) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    import warnings

    with warnings.catch_warnings():
        # A notebook without ipywidgets gets tqdm's bar of text, and does not want to be told so.
        warnings.simplefilter("ignore")
        return tqdm(total=total, desc=label, unit="B", unit_scale=True, unit_divisor=1024)


def in_notebook() -> bool:
    """Whether what is displayed is seen in a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"


def size_text(count: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError("unreachable")
