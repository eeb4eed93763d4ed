"""
DHuO Graph for notebooks, scripts and programs.

    import dhuo

    d = dhuo.Dhuo("https://dhuo.example.com", token, project="iris")
    frame = d.select("select * from measurements")

Nothing is loaded before it is used: importing this costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Dict, List

from ._version import __version__

if TYPE_CHECKING:
    from ._generated.enums import *  # noqa: F403
    from ._generated.inputs import *  # noqa: F403
    from ._models import UntrustedPickleWarning as UntrustedPickleWarning
    from .aio import AsyncDeployment as AsyncDeployment
    from .aio import AsyncDhuo as AsyncDhuo
    from .aio import AsyncExperimentRun as AsyncExperimentRun
    from .aio import AsyncPipelineRun as AsyncPipelineRun
    from .client import Dhuo as Dhuo
    from .errors import *  # noqa: F403
    from .experiments import ExperimentRun as ExperimentRun
    from .pipelines import Deployment as Deployment
    from .pipelines import PipelineRun as PipelineRun

_HOMES: Dict[str, str] = {
    "Dhuo": ".client",
    "AsyncDhuo": ".aio",
    "AsyncDeployment": ".aio",
    "AsyncExperimentRun": ".aio",
    "AsyncPipelineRun": ".aio",
    "Deployment": ".pipelines",
    "PipelineRun": ".pipelines",
    "ExperimentRun": ".experiments",
    "UntrustedPickleWarning": "._models",
}
_MODULES = ("errors", "client", "aio", "pipelines", "experiments", "dhuolib")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name], __name__), name)
    if not name.startswith("_"):
        for home in (".errors", "._generated.enums", "._generated.inputs"):
            found = getattr(importlib.import_module(home, __name__), name, None)
            if isinstance(found, type) and found.__module__.startswith(__name__):
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> List[str]:
    return sorted([*_HOMES, *_MODULES, "__version__"])
