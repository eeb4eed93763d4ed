"""What DHuOlib demanded of names and arguments."""

from __future__ import annotations

import re
from typing import Optional


def validate_name(string: Optional[str]) -> str:
    """A name in lower case. Raises ValueError for one that breaks the naming policy: 4 to 63 letters, digits, "-" and "_"."""
    lower = required(string, "string").lower()
    if not re.fullmatch(r"[a-z][a-z0-9_-]{3,62}", lower):
        raise ValueError(f"{string!r} is no name: 4 to 63 letters, digits, '-' and '_', beginning with a letter.")
    return lower


def required(value: Optional[str], what: str) -> str:
    """Raises ValueError for None and for an empty text."""
    if not value:
        raise ValueError(f"{what} cannot be empty or null")
    return str(value)
