"""`Auth` of DHuOlib."""

from __future__ import annotations

from typing import Optional

from ..client import Dhuo
from .session import current_client, remember_client


class Auth:
    """May be used as a class or as an object: `Auth.login(…)`, `Auth().login(…)`."""

    @staticmethod
    def login(user: str, pwd: str, service_uri: Optional[str] = None) -> str:
        """
        Logs in; `Dhuolib` and the others then ask as this person.

        Args:
            user: the email.
            service_uri: of the server. Default: DHUO_URL.

        Returns:
            A token, which ends some hours later.

        Raises:
            UnauthenticatedError: the email or the password is wrong. (It used to give a token whatever was given.)
        """
        client = Dhuo.login(user, pwd, service_uri)
        remember_client(client)
        return str(client.connection.token)

    @staticmethod
    def is_logged(token: Optional[str] = None) -> bool:
        """Whether a token, or without one whoever logged in last, is known to the server. (It used to be always True.)"""
        if token is None:
            return current_client().is_logged_in()
        return Dhuo(current_client().connection.url, token).is_logged_in()
