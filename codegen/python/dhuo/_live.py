"""A pipeline run as it happens: text for terminals, HTML that renews itself for notebooks."""

from __future__ import annotations

import html
import re
import sys
import time
from collections import deque
from datetime import datetime
from typing import Any, Deque, Dict, List, Optional, Protocol, TextIO

from ._generated.results import GetPipelineRunNodePipelineRun, PipelineEventFields
from ._progress import in_notebook

_FINAL = {"SUCCEEDED", "FAILED", "CANCELED", "SKIPPED"}
_UNPRINTABLE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|[\x00-\x08\x0a-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """Without what would move the cursor, change colours or do worse: scripts print what they like."""
    return _UNPRINTABLE.sub("", text)


class View(Protocol):
    def show(self, event: PipelineEventFields) -> None: ...

    def tick(self) -> None: ...

    def close(self) -> None: ...


def view_of(run: GetPipelineRunNodePipelineRun, file: Optional[TextIO] = None) -> View:
    """What fits to where it is seen. `file`: as text, there."""
    if file is None and in_notebook():
        return HtmlView(run)
    return TextView(run, file or sys.stdout)


class TextView:
    """One line for each event."""

    def __init__(self, run: GetPipelineRunNodePipelineRun, file: TextIO) -> None:
        self._file = file
        self._width = max((len(step.name) for step in run.steps), default=3)
        self._began: Dict[str, datetime] = {}
        self._print(f"{run.deployment.name} #{run.number} ({run.id})")

    def show(self, event: PipelineEventFields) -> None:
        who = event.step_name or "run"
        text = self._text_of(event, who)
        if text is not None:
            self._print(f"{event.at.astimezone():%H:%M:%S}  {who:<{self._width}}  {text}")

    def tick(self) -> None:
        pass

    def close(self) -> None:
        self._file.flush()

    def _text_of(self, event: PipelineEventFields, who: str) -> Optional[str]:
        said = printable(event.message or "")
        if event.type == "LOG":
            return f"{'!' if event.stream == 'STDERR' else '|'} {said}"
        if event.type == "STEP_PROGRESS":
            return f"{'' if event.progress is None else f'{event.progress:4.0%} '}{said}".rstrip() or None
        status = event.step_status if event.type == "STEP_STATUS" else event.run_status
        if status is None or status == "PENDING":
            return said or None
        if status == "RUNNING":
            self._began[who] = event.at
        took = ""
        if status in _FINAL and who in self._began:
            took = f" after {seconds_text((event.at - self._began[who]).total_seconds())}"
        return f"{status}{took}{': ' + said if said else ''}"

    def _print(self, line: str) -> None:
        self._file.write(line + "\n")
        self._file.flush()


class HtmlView:
    """The steps with their state, and below them the last lines. Renewed some times a second at most."""

    _EVERY = 0.25
    _LINES = 300
    _LONGEST = 2_000

    def __init__(self, run: GetPipelineRunNodePipelineRun) -> None:
        self._run = run
        self._status = "QUEUED"
        self._detail = ""
        self._steps: Dict[str, Dict[str, Any]] = {step.name: {"status": "PENDING"} for step in run.steps}
        self._lines: Deque[str] = deque(maxlen=self._LINES)
        self._hidden = 0
        self._shown_at = 0.0
        self._changed = True
        self._handle: Any = None
        self.tick()

    def show(self, event: PipelineEventFields) -> None:
        self._changed = True
        step = self._steps.setdefault(event.step_name, {"status": "PENDING"}) if event.step_name else {}
        said = printable(event.message or "")[: self._LONGEST]
        if event.type == "LOG":
            self._hidden += len(self._lines) == self._LINES
            color = ' style="color:#b00"' if event.stream == "STDERR" else ""
            self._lines.append(f'<span style="color:#888">{html.escape(event.step_name or "")} </span><span{color}>{html.escape(said)}</span>')
        elif event.type == "STEP_PROGRESS":
            if event.progress is not None:
                step["progress"] = event.progress
            step["said"] = said or step.get("said", "")
        elif event.type == "STEP_STATUS":
            step["status"] = str(event.step_status)
            if event.step_status == "RUNNING":
                step["began"] = event.at
            elif event.step_status in _FINAL and "began" in step:
                step["took"] = (event.at - step["began"]).total_seconds()
            if said:
                step["said"] = said
        elif event.run_status is not None:
            self._status, self._detail = str(event.run_status), said
        self.tick()

    def tick(self) -> None:
        if self._changed and time.monotonic() - self._shown_at >= self._EVERY:
            self._render()

    def close(self) -> None:
        if self._changed:
            self._render()

    def _render(self) -> None:
        from IPython.display import HTML, display

        self._changed, self._shown_at = False, time.monotonic()
        shown = HTML(self.page())
        if self._handle is None:
            self._handle = display(shown, display_id=True)
        else:
            self._handle.update(shown)

    def page(self) -> str:
        rows = "".join(_row(name, step) for name, step in self._steps.items())
        hidden = f'<div style="color:#888">… {self._hidden} lines before</div>' if self._hidden else ""
        # Written from the bottom, so that the last line is in sight without a script.
        lines = (
            '<div style="max-height:20em;overflow:auto;display:flex;flex-direction:column-reverse">'
            f'<pre style="margin:0;white-space:pre-wrap">{hidden}{chr(10).join(self._lines)}</pre></div>'
        )
        head = f"<b>{html.escape(self._run.deployment.name)} #{self._run.number}</b> {_badge(self._status)} {html.escape(self._detail)}"
        return f'<div class="dhuo-run"><div>{head} <code>{html.escape(self._run.id)}</code></div><table>{rows}</table>{lines}</div>'


_COLORS = {"SUCCEEDED": "#080", "FAILED": "#b00", "CANCELED": "#850", "RUNNING": "#06c"}


def _badge(status: str) -> str:
    return f'<span style="color:{_COLORS.get(status, "#888")};font-weight:600">{html.escape(status)}</span>'


def _row(name: str, step: Dict[str, Any]) -> str:
    progress = step.get("progress")
    bar = f'<progress value="{progress:.3f}" max="1"></progress>' if progress is not None and step["status"] == "RUNNING" else ""
    cells: List[str] = [
        html.escape(name),
        _badge(step["status"]),
        bar,
        seconds_text(step["took"]) if "took" in step else "",
        html.escape(step.get("said", "")),
    ]
    return "<tr>" + "".join(f'<td style="text-align:left">{cell}</td>' for cell in cells) + "</tr>"


def seconds_text(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
