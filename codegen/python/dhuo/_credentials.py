"""The login of the command line (`dhuo login`), for whoever gives neither a token nor a server."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any, Dict, Optional, Tuple


def stored_login(url: Optional[str]) -> Tuple[Optional[str], Optional[str]]:
    """
    The server and the token of a login; of the last one where no server is named. (None, None) where there is none.

    A file that others can read is not used, and there is a warning.
    """
    path = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "dhuo", "credentials.json")
    try:
        stat = path.stat()
        if os.name == "posix" and (stat.st_mode & 0o077 or stat.st_uid != os.getuid()):
            warnings.warn(f"{path} can be read by others, or is somebody else's: it is not used. Remove it, and log in anew.", stacklevel=4)
            return None, None
        found: Dict[str, Any] = json.loads(path.read_text("utf-8"))
        server = (url or found.get("current") or "").rstrip("/")
        stored = found["servers"].get(server, {})
        return server or None, stored.get("token") or stored.get("accessKey")
    except (OSError, ValueError, KeyError, AttributeError, RuntimeError):
        return None, None
