"""
The names of DHuOlib, on DHuO Graph: put `dhuo.dhuolib` where an import says `dhuolib`, and the rest may stay.

    from dhuo.dhuolib.clients.experiment import DhuolibExperimentMLClient
    from dhuo.dhuolib.clients.platform import DhuolibPlatformClient
    from dhuo.dhuolib.repository import DatabaseConnection, GenericRepository

What differs is in docs/clients/migrating-from-dhuolib.md.
"""

from .auth import Auth
from .clients.experiment import DhuolibExperimentMLClient
from .clients.platform import DhuolibPlatformClient
from .facade import Dhuolib
from .repository import DatabaseConnection, GenericRepository

__all__ = ["Auth", "DatabaseConnection", "Dhuolib", "DhuolibExperimentMLClient", "DhuolibPlatformClient", "GenericRepository"]
