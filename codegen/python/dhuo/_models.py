"""Models on their way to the registry and back."""

from __future__ import annotations

import pickle
import tempfile
import uuid
import warnings
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, List, Mapping, Optional

from ._api_error import ChecksumError
from ._codec import UNSET
from ._downloads import Source, download_file
from ._generated import documents, results
from ._uploads import MemoryContent, upload_content
from .errors import NotFoundError

if TYPE_CHECKING:
    from .client import Dhuo

_PACKAGES = {"sklearn": "scikit-learn", "cv2": "opencv-python", "PIL": "pillow"}


class UntrustedPickleWarning(UserWarning):
    """A pickle runs whatever its author wrote into it: load those of people you trust, and say `trust=True`."""


def save_model(
    client: Dhuo,
    model: Any,
    name: str,
    *,
    project: str,
    run: Optional[str],
    stage: str,
    model_type: Optional[str],
    requirements: Optional[str],
    description: Optional[str],
    tags: Mapping[str, Any],
) -> results.ModelVersionFields:
    """See `Dhuo.save_model`."""
    bucket = client.bucket("MODELS", project=project)
    folder = f"{name.lower()}/{uuid.uuid4().hex[:12]}"
    keys: List[str] = []
    if isinstance(model, (str, Path)):
        root = Path(model)
        files = sorted(file for file in root.rglob("*") if file.is_file()) if root.is_dir() else [root]
        if not files:
            raise ValueError(f"{root} holds no files.")
        for file in files:
            keys.append(f"{folder}/{file.relative_to(root).as_posix() if root.is_dir() else file.name}")
            client.upload(file, bucket, keys[-1])
    else:
        keys.append(f"{folder}/model.pkl")
        upload_content(client.connection, MemoryContent(pickled(model)), bucket, keys[-1], progress=client.progress)
        module = type(model).__module__.split(".")[0]
        model_type = model_type or (None if module in ("builtins", "__main__") else module)
        requirements = requirements or _requirements_of(model)
    given = {
        "project": project,
        "model": name,
        "objects": [{"bucket": bucket, "key": key} for key in keys],
        "run": run or UNSET,
        "stage": stage,
        "modelType": model_type or UNSET,
        "requirements": requirements or UNSET,
        "description": description or UNSET,
        "tags": [{"key": key, "value": str(value)} for key, value in tags.items()],
    }
    return results.ModelVersionFields._read(client.connection.execute(documents.SAVE_MODEL, {"input": given}))


def load_model(client: Dhuo, uri: str, *, project: str, trust: bool, path: Optional[Path]) -> Any:
    """See `Dhuo.load_model`."""
    found = version_of(client, uri, project)
    pickles = [file for file in found.files if PurePosixPath(file.key).suffix.lower() in (".pkl", ".pickle", ".joblib")]
    if len(pickles) != 1:
        what = "no pickle" if not pickles else "several pickles"
        raise ValueError(f"{found.uri} has {what} among its files: fetch them with download_model, and load them yourself.")
    if not trust:
        warnings.warn(
            f"{found.uri} is a pickle, which runs whatever its author wrote into it. Load those of people you trust; trust=True says that you do.",
            UntrustedPickleWarning,
            stacklevel=3,
        )
    with tempfile.TemporaryDirectory(prefix="dhuo-model-") as scratch:
        file = _fetch(client, found, pickles[0], path or Path(scratch, PurePosixPath(pickles[0].key).name), project)
        if file.suffix.lower() == ".joblib":
            import joblib

            return joblib.load(file)
        with open(file, "rb") as stream:
            return pickle.load(stream)


def download_model(client: Dhuo, uri: str, folder: Path, *, project: str) -> List[Path]:
    """See `Dhuo.download_model`."""
    found = version_of(client, uri, project)
    keys = [PurePosixPath(file.key) for file in found.files]
    shared = keys[0].parent
    while any(shared not in (key.parent, *key.parents) for key in keys):
        shared = shared.parent
    paths = []
    for file, key in zip(found.files, keys):
        path = folder.joinpath(*key.relative_to(shared).parts)
        if ".." in path.relative_to(folder).parts:
            raise ValueError(f"{key} leads out of {folder}.")
        paths.append(_fetch(client, found, file, path, project))
    return paths


def version_of(client: Dhuo, uri: str, project: str) -> results.GetModelVersionUrlModelVersion:
    """Raises NotFoundError. A name alone means its newest version."""
    whole = uri if uri.startswith("models:/") else f"models:/{uri}" if "/" in uri or "@" in uri else f"models:/{uri}/latest"
    found = client.api.get_model_version_url(project, whole)
    if found is None:
        raise NotFoundError(f"The model version {whole} does not exist, or you may not see it.", field="uri")
    return found


def _fetch(
    client: Dhuo,
    version: results.GetModelVersionUrlModelVersion,
    file: results.GetModelVersionUrlModelVersionFiles,
    path: Path,
    project: str,
) -> Path:
    def fresh() -> str:
        again = client.api.get_model_version_url(project, version.uri)
        return next(each.download_url for each in again.files if each.id == file.id) if again else file.download_url

    if file.sha256 is None:
        raise ChecksumError(f"The server does not know the SHA-256 of {file.key}.")
    source = Source(file.download_url, file.size, file.sha256, file.id, fresh)
    return download_file(client.connection, source, path, label=file.key, progress=client.progress)


def pickled(model: Any) -> List[memoryview]:
    """A pickle, as the pieces that it is written in. Arrays are pieces of their own, where they lie: they are not copied."""
    pieces: List[memoryview] = []

    class Pieces:
        def write(self, data: Any) -> int:
            view = data.raw() if isinstance(data, pickle.PickleBuffer) else memoryview(data).cast("B")
            pieces.append(view)
            return len(view)

    pickle.dump(model, Pieces(), protocol=min(5, pickle.HIGHEST_PROTOCOL))
    return pieces


def _requirements_of(model: Any) -> Optional[str]:
    """The package that its class comes from, at the version that is installed here."""
    from importlib.metadata import PackageNotFoundError, version

    module = type(model).__module__.split(".")[0]
    package = _PACKAGES.get(module, module)
    try:
        return f"{package}=={version(package)}\n"
    except PackageNotFoundError:
        return None
