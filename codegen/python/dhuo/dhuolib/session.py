"""Whom old names speak for: the login of this process, its project, and the model that it loaded last."""

from __future__ import annotations

import os
from typing import Optional

from ..client import Dhuo
from ..errors import PreconditionFailedError


class _Process:
    """What one process has done: old code says it once, in another class than the one that needs it."""

    client: Optional[Dhuo] = None
    model_uri: Optional[str] = None


def open_client(service_uri: Optional[str] = None, token: Optional[str] = None, project: Optional[str] = None) -> Dhuo:
    """A client that others find with `current_client`."""
    before = _Process.client
    if before is not None and service_uri is None and token is None:
        if project:
            before.project = project.lower()
        return before
    made = Dhuo(service_uri, token, project=project or (before.project if before else None))
    _Process.client = made
    return made


def remember_client(client: Dhuo) -> None:
    _Process.client = client


def current_client() -> Dhuo:
    """Who logged in last; else what the environment says. Raises PreconditionFailedError where nobody did."""
    if _Process.client is None:
        made = Dhuo()
        if made.connection.token is None:
            raise PreconditionFailedError("Nobody has logged in: Auth.login(user, password), or set DHUO_URL and DHUO_ACCESS_KEY.")
        _Process.client = made
    return _Process.client


def project_of(client: Dhuo) -> str:
    """
    The project that old code has no word for: the client's, else the only one that there is.

    Raises:
        PreconditionFailedError: there are none, or several.
    """
    if not client.project:
        found = client.api.list_projects(first=2).nodes
        if len(found) != 1:
            raise PreconditionFailedError(
                f"{'There are several projects' if found else 'There is no project'}: set DHUO_PROJECT to the one that is meant."
            )
        client.project = found[0].name
    return client.project


def note_model(uri: str) -> None:
    """Remembers what predicts from now on."""
    _Process.model_uri = uri


def predicting_model(given: Optional[str]) -> str:
    """What predicted: as given, as deployed, or as it was loaded last. Raises PreconditionFailedError where nobody knows."""
    uri = given or _Process.model_uri or os.environ.get("DHUO_MODEL_URI")
    if not uri:
        raise PreconditionFailedError("Predictions belong to a model version: load it with this library first, or give model=….")
    return uri
