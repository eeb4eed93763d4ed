"""HTTP/1.1 with connections that are kept, on the standard library alone."""

from __future__ import annotations

import http.client
import os
import select
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union
from urllib.parse import urljoin, urlsplit

from ._api_error import RequestTimeout, TransportError
from ._call import current_call
from ._version import __version__

USER_AGENT = f"dhuo-python/{__version__}"
_IDLE_SECONDS = 30.0
_CONNECT_SECONDS = 10.0
_PIECE = 1 << 20
_MOST_REDIRECTS = 5


class NotSent(TransportError):
    """There was no connection: the server has heard nothing of it, and it may be tried again whatever it was."""


class Body:
    """What a request sends, piece by piece, without being held as a whole. `sent` hears of the bytes that left."""

    def __init__(self, length: int, sent: Optional[Callable[[int], None]] = None) -> None:
        self.length = length
        self._sent = sent or (lambda _count: None)

    def send_to(self, sock: socket.socket) -> None:
        raise NotImplementedError


class FilePart(Body):
    """Bytes of a file. They go from the file to the socket by the kernel alone where that is possible."""

    def __init__(self, path: Union[str, Path], offset: int, length: int, sent: Optional[Callable[[int], None]] = None) -> None:
        super().__init__(length, sent)
        self._path = path
        self._offset = offset

    def send_to(self, sock: socket.socket) -> None:
        with open(self._path, "rb", buffering=0) as file:
            if hasattr(os, "sendfile") and not isinstance(sock, ssl.SSLSocket):
                for at in range(0, self.length, 4 * _PIECE):
                    count = sock.sendfile(file, self._offset + at, min(4 * _PIECE, self.length - at))
                    self._note(count, min(4 * _PIECE, self.length - at))
                return
            file.seek(self._offset)
            buffer = memoryview(bytearray(_PIECE))
            for at in range(0, self.length, _PIECE):
                piece = buffer[: min(_PIECE, self.length - at)]
                count = file.readinto(piece) or 0
                self._note(count, len(piece))
                sock.sendall(piece)

    def _note(self, count: int, wanted: int) -> None:
        if count < wanted:
            raise TransportError(f"{self._path} became shorter while it was sent.")
        self._sent(count)


class MemoryPart(Body):
    """Bytes that lie in memory, in one place or in several."""

    def __init__(self, views: Sequence[memoryview], sent: Optional[Callable[[int], None]] = None) -> None:
        super().__init__(sum(len(view) for view in views), sent)
        self._views = views

    def send_to(self, sock: socket.socket) -> None:
        for view in self._views:
            for at in range(0, len(view), _PIECE):
                sock.sendall(view[at : at + _PIECE])
                self._sent(len(view[at : at + _PIECE]))


class Response:
    """An answer whose body was not read yet. Close it, or read it to its end: then its connection serves another one."""

    def __init__(self, pool: HttpPool, origin: Any, connection: http.client.HTTPConnection, raw: http.client.HTTPResponse) -> None:
        self._pool = pool
        self._origin = origin
        self._connection = connection
        self._raw = raw
        self._sock = connection.sock
        self.status = raw.status
        self.headers: Dict[str, str] = {name.lower(): value for name, value in raw.getheaders()}

    def read(self) -> bytes:
        """All of it, unpacked where it came packed."""
        try:
            with _translated(self._origin):
                body = self._raw.read()
        finally:
            self.close()
        if self.headers.get("content-encoding", "").lower() == "gzip":
            import gzip

            return gzip.decompress(body)
        return body

    def readinto(self, buffer: Union[bytearray, memoryview]) -> int:
        """Fills the buffer as far as there is something; 0 at the end. Raises TransportError when it ends too early."""
        with _translated(self._origin):
            count = self._raw.readinto(buffer)
            if count == 0 and self._raw.length:
                raise TransportError(f"{self._raw.length} bytes of the answer are missing: the connection was cut.")
            return count

    def close(self) -> None:
        connection, self._connection = self._connection, None  # type: ignore[assignment]
        if connection is None:
            return
        current_call().detach(self._sock)
        if self._raw.isclosed() and not self._raw.will_close:
            self._pool._give_back(self._origin, connection)
        else:
            connection.close()

    def __enter__(self) -> Response:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _translated:
    """Errors of sockets in our words."""

    def __init__(self, origin: Any) -> None:
        self._where = f"{origin[0]}://{origin[1]}:{origin[2]}"

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: Optional[BaseException], _trace: object) -> None:
        if isinstance(error, TransportError) or error is None:
            return
        if isinstance(error, socket.timeout):
            raise RequestTimeout(f"{self._where} did not answer in time.") from error
        if isinstance(error, (OSError, http.client.HTTPException)):
            said = str(error) or type(error).__name__
            raise TransportError(f"The connection to {self._where} was lost: {said}") from error


class HttpPool:
    """
    Connections to any number of servers, kept while they live. May be used by any number of threads.

    Args:
        verify: True checks certificates against the system's authorities, a path against those in that file; False checks nothing.
        timeout: seconds that the server may be silent.
    """

    def __init__(self, *, verify: Union[bool, str] = True, timeout: float = 300.0) -> None:
        self.timeout = timeout
        self._verify = verify
        self._tls: Optional[ssl.SSLContext] = None
        self._lock = threading.Lock()
        self._idle: Dict[Any, List[Tuple[float, http.client.HTTPConnection]]] = {}
        self._pid = os.getpid()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = {},
        body: Union[bytes, Body, None] = None,
        timeout: Optional[float] = None,
    ) -> Response:
        """
        Sends one request. What a status means is for the caller to say.

        Raises:
            NotSent: there was no connection.
            RequestTimeout: no answer in `timeout` seconds.
            TransportError: the connection was lost.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no http or https URL.")
        origin = (parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        seconds = self.timeout if timeout is None else timeout
        proxy = proxy_for(*origin)
        connection = self._connect(origin, proxy, seconds)
        if proxy and parts.scheme == "http":
            target = f"http://{parts.netloc.rpartition('@')[2]}{target}"
            headers = {**headers, **proxy.headers}
        call = current_call()
        try:
            call.attach(connection.sock)
            with _translated(origin):
                raw = _exchange(connection, method, target, parts.netloc.rpartition("@")[2], headers, body)
        except BaseException:
            call.detach(connection.sock)
            connection.close()
            raise
        return Response(self, origin, connection, raw)

    def get(self, url: str, *, headers: Mapping[str, str] = {}) -> Response:
        """
        Fetches, from wherever it leads: bytes may lie with an object store of its own. `headers` are sent there too, so that none of
        them may be a secret.
        """
        for _ in range(_MOST_REDIRECTS):
            response = self.request("GET", url, headers=headers)
            location = response.headers.get("location")
            if response.status not in (301, 302, 303, 307, 308) or not location:
                return response
            response.read()
            url = urljoin(url, location)
        raise TransportError("It leads from one place to the next, and to no end.")

    def tls(self) -> ssl.SSLContext:
        """How certificates are checked."""
        if self._tls is None:
            if self._verify is False:
                self._tls = ssl._create_unverified_context()
            else:
                self._tls = ssl.create_default_context(cafile=None if self._verify is True else str(self._verify))
        return self._tls

    def close(self) -> None:
        """Closes what is kept; it may be used again all the same."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for connections in idle.values():
            for _, connection in connections:
                connection.close()

    def __del__(self) -> None:
        if hasattr(self, "_idle"):
            self.close()

    def _connect(self, origin: Any, proxy: Optional[Proxy], timeout: float) -> http.client.HTTPConnection:
        scheme, host, port = origin
        kept = self._take(origin)
        if kept is not None:
            kept.sock.settimeout(timeout)
            return kept
        at_host, at_port = (proxy.host, proxy.port) if proxy else (host, port)
        connection: http.client.HTTPConnection
        if scheme == "https":
            connection = http.client.HTTPSConnection(at_host, at_port, timeout=_CONNECT_SECONDS, context=self.tls())
            if proxy:
                connection.set_tunnel(host, port, headers=proxy.headers)
        else:
            connection = http.client.HTTPConnection(at_host, at_port, timeout=_CONNECT_SECONDS)
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            raise NotSent(f"The certificate of {host} is not trusted: {error.verify_message}. Give the file of your authority as `verify`.") from error
        except OSError as error:
            connection.close()
            raise NotSent(f"{scheme}://{host}:{port} cannot be reached: {error}") from error
        connection.sock.settimeout(timeout)
        return connection

    def _take(self, origin: Any) -> Optional[http.client.HTTPConnection]:
        with self._lock:
            if self._pid != os.getpid():
                # The sockets belong to the process that this one was forked from.
                self._pid, self._idle = os.getpid(), {}
            idle = self._idle.get(origin, [])
            while idle:
                since, connection = idle.pop()
                if time.monotonic() - since < _IDLE_SECONDS and not _is_dropped(connection.sock):
                    return connection
                connection.close()
        return None

    def _give_back(self, origin: Any, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            idle = self._idle.setdefault(origin, [])
            if self._pid == os.getpid() and len(idle) < 16 and connection.sock is not None:
                idle.append((time.monotonic(), connection))
                return
        connection.close()


def _exchange(
    connection: http.client.HTTPConnection, method: str, target: str, host: str, headers: Mapping[str, str], body: Any
) -> http.client.HTTPResponse:
    length = body.length if isinstance(body, Body) else len(body or b"")
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", host)
    connection.putheader("User-Agent", USER_AGENT)
    for name, value in headers.items():
        connection.putheader(name, value)
    if body is not None or method in ("POST", "PUT"):
        connection.putheader("Content-Length", str(length))
    try:
        if isinstance(body, Body):
            connection.endheaders()
            body.send_to(connection.sock)
        else:
            connection.endheaders(body)
    except (BrokenPipeError, ConnectionResetError):
        # A server that refuses a body answers before it has read it, and hangs up: the answer says why.
        try:
            return connection.getresponse()
        except (OSError, http.client.HTTPException):
            pass
        raise
    return connection.getresponse()


def _is_dropped(sock: Optional[socket.socket]) -> bool:
    """Whether the server has hung up: nothing else can there be to read."""
    if sock is None:
        return True
    try:
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(sock, select.POLLIN)
            return bool(poll.poll(0))
        return bool(select.select([sock], [], [], 0)[0])
    except (OSError, ValueError):
        return True


class Proxy(NamedTuple):
    host: str
    port: int
    headers: Dict[str, str]


def proxy_for(scheme: str, host: str, port: int) -> Optional[Proxy]:
    """What the environment says (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), or the system where it has settings of its own."""
    if not any(name.lower().endswith("_proxy") for name in os.environ) and os.name == "posix" and os.uname().sysname != "Darwin":
        return None
    from urllib.request import getproxies, proxy_bypass

    url = getproxies().get(scheme) or getproxies().get("all")
    if not url or proxy_bypass(host) or proxy_bypass(f"{host}:{port}"):
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(f"The proxy {parts.hostname or url!r} is none that is spoken to by http.")
    headers = {}
    if parts.username:
        import base64
        from urllib.parse import unquote

        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Proxy-Authorization"] = "Basic " + base64.b64encode(secret.encode()).decode()
    return Proxy(parts.hostname, parts.port or 3128, headers)

