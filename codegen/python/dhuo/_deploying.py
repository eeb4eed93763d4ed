"""From files beside a deploy.yaml to a deployment."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

from ._codec import UNSET
from ._generated import documents, results
from ._uploads import FileContent, upload_content

if TYPE_CHECKING:
    from .client import Dhuo

_PATH = r"""(?P<quote>["']?)(?P<path>\.{1,2}/[^\n"',\]}#]*[^\s"',\]}#])(?P=quote)(?=\s|[,\]}]|$)"""
_SCRIPT = re.compile(r"(?P<before>\bscript:[ \t]+)" + _PATH, re.MULTILINE)
_REQUIREMENTS = re.compile(r"(?P<before>^[ \t]*requirements:[ \t]+)" + _PATH, re.MULTILINE)
# The items behind `libraries:`, in brackets or on lines of their own.
_LIBRARIES = re.compile(r"^([ \t]*)libraries:[ \t]*(?:\[[^\]]*\]|(?:#.*)?(?:\n(?:\1[ \t]*-.*|[ \t]*#.*|[ \t]*(?=\n)))+)", re.MULTILINE)
_ITEM = re.compile(r"(?P<before>(?:^[ \t]*-[ \t]+|[\[,][ \t]*))" + _PATH, re.MULTILINE)


def deploy_file(client: Dhuo, path: Path, project: str) -> results.DeploymentFields:
    """
    Deploys a deploy.yaml. Scripts, libraries and a requirements.txt that it names by `./` or `../`, seen from where it lies, are
    uploaded to the project's bucket for deployments, and their places are put in their stead.
    """

    def place(file: Path) -> str:
        stored = place_file(client, file, project)
        return f"{stored['bucket']}/{stored['key']}"

    yaml = with_places(path.read_text("utf-8"), path, place)
    # A version more of the same would be made where the answer was lost; one that failed to arrive is not there.
    return results.DeploymentFields._read(client.connection.execute(documents.DEPLOY_YAML, {"project": project, "yaml": yaml}))


def with_places(text: str, path: Path, place: Callable[[Path], str]) -> str:
    """The text of a deploy.yaml with places of objects for what it names by `./` and `../`. Raises FileNotFoundError."""

    def found(match: re.Match[str], form: str, start: int) -> str:
        file = path.parent / match["path"]
        if not file.is_file():
            line = text.count("\n", 0, start + match.start("path")) + 1
            raise FileNotFoundError(f"{path}, line {line}: there is no file {file}.")
        return match["before"] + form.format(place(file))

    # From the end, so that what is counted before it stays where it is.
    parts = [(match, '"{}"', 0) for match in _SCRIPT.finditer(text)]
    parts += [(match, '{{ object: "{}" }}', 0) for match in _REQUIREMENTS.finditer(text)]
    parts += [(match, '"{}"', block.start()) for block in _LIBRARIES.finditer(text) for match in _ITEM.finditer(block[0])]
    made = text
    for match, form, start in sorted(parts, key=lambda part: -(part[2] + part[0].start())):
        made = made[: start + match.start()] + found(match, form, start) + made[start + match.end() :]
    return made


def deploy_steps(
    client: Dhuo,
    project: str,
    name: str,
    steps: Sequence[Union[str, Path, Mapping[str, Any]]],
    *,
    requirements: Union[str, Path, None],
    libraries: Sequence[Union[str, Path, Mapping[str, Any]]],
    options: Mapping[str, Any],
) -> results.DeploymentFields:
    """See `Dhuo.deploy`."""
    if isinstance(requirements, Path) or (requirements and requirements.strip().endswith(".txt") and "\n" not in requirements.strip()):
        requirements = Path(requirements).read_text("utf-8")
    given = {
        "project": project,
        "name": name,
        "steps": [_step(client, step, project) for step in steps],
        "requirements": requirements or UNSET,
        "libraries": [_object(client, library, project) for library in libraries],
        "idempotencyKey": uuid.uuid4().hex,
        **options,
    }
    return results.DeploymentFields._read(client.connection.execute(documents.DEPLOY, {"input": given}))


def place_file(client: Dhuo, file: Path, project: str) -> Dict[str, str]:
    """Uploads a file under a key that tells its bytes: the same file is there once."""
    bucket = client.bucket("DEPLOYMENTS", project=project)
    content = FileContent(file)
    digest = content.digest.value()
    key = f"files/{digest[:16]}/{file.name}"
    there = client.find_object(bucket, key)
    if there is None or there.sha256 != digest:
        upload_content(client.connection, content, bucket, key, progress=client.progress)
    return {"bucket": bucket, "key": key}


def _step(client: Dhuo, step: Union[str, Path, Mapping[str, Any]], project: str) -> Dict[str, Any]:
    """A step of a script alone is called after it."""
    given: Dict[str, Any] = dict(step) if isinstance(step, Mapping) else {"script": step}
    script = given["script"]
    if "name" not in given:
        stem = Path(script if isinstance(script, (str, Path)) else script["key"]).stem
        given["name"] = re.sub(r"[^a-z0-9_-]", "-", stem.lower())
    renamed = {"max_attempts": "maxAttempts", "timeout_seconds": "timeoutSeconds"}
    given = {renamed.get(key, key): value for key, value in given.items()}
    if "arguments" in given:
        given["arguments"] = [str(argument) for argument in given["arguments"]]
    return {**given, "script": _object(client, script, project)}


def _object(client: Dhuo, where: Union[str, Path, Mapping[str, Any]], project: str) -> Mapping[str, Any]:
    """A file that is here, or the place of an object: `{"bucket": …, "key": …}` or `bucket/key`."""
    if isinstance(where, Mapping):
        return where
    if isinstance(where, Path) or Path(where).is_file():
        return place_file(client, Path(where), project)
    bucket, slash, key = where.partition("/")
    if not slash or where.startswith("."):
        raise FileNotFoundError(f"There is no file {where}, and it is no place of an object, which is written bucket/key.")
    return {"bucket": bucket, "key": key}


def report(client: Dhuo, environment: Mapping[str, str], progress: Optional[float], message: Optional[str]) -> None:
    """See `Dhuo.report`."""
    run, step = environment.get("DHUO_PIPELINE_RUN"), environment.get("DHUO_STEP")
    text: List[str] = [] if progress is None else [f"{progress:.0%}"]
    print(" ".join([*text, message or ""]).strip(), flush=True)
    if run and step:
        given = {"pipelineRun": run, "step": step, "progress": progress, "message": message}
        client.connection.execute(documents.REPORT_STEP, {"input": given}, retry=True)
