"""
WebSockets for a client, on the standard library alone: https://www.rfc-editor.org/rfc/rfc6455.

`Frames` knows the protocol and no socket; `WebSocket` moves its bytes with asyncio.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import ssl
from collections import deque
from typing import Deque, List, Mapping, NamedTuple, Optional, Tuple, Union
from urllib.parse import urlsplit

from ._api_error import TransportError
from ._http import USER_AGENT, proxy_for

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_LARGEST_HEAD = 64 * 1024

MAX_MESSAGE_BYTES = 64 << 20


class SocketClosed(TransportError):
    """The socket is closed. `code` is 1006 where the other side said nothing."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"The WebSocket was closed: {code}{' ' + reason if reason else ''}")
        self.code = code
        self.reason = reason


class HandshakeRefused(TransportError):
    """Something answered, but would not speak WebSocket."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class ProtocolViolation(Exception):
    """What came is against the protocol; `code` is what it is closed with."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Close(NamedTuple):
    code: int
    reason: str


class Ping(NamedTuple):
    payload: bytes


Event = Union[str, Ping, Close]


class Frames:
    """Reads frames of a server, and writes those of a client."""

    def __init__(self, max_message_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._max = max_message_bytes
        self._data = bytearray()
        self._parts: List[bytes] = []
        self._size = 0
        self._within = False

    def feed(self, data: bytes) -> List[Event]:
        """
        What the bytes complete: messages as text, pings to be answered, a close.

        Raises:
            ProtocolViolation: close the socket with its code.
        """
        self._data += data
        events: List[Event] = []
        while True:
            frame = self._next_frame()
            if frame is None:
                return events
            event = self._take(*frame)
            if event is not None:
                events.append(event)

    def _next_frame(self) -> Optional[Tuple[bool, int, bytes]]:
        data = self._data
        if len(data) < 2:
            return None
        first, second = data[0], data[1]
        final, opcode, length, at = bool(first & 0x80), first & 0x0F, second & 0x7F, 2
        if first & 0x70:
            raise ProtocolViolation(1002, "an extension that was not agreed on")
        if second & 0x80:
            raise ProtocolViolation(1002, "a server does not mask")
        if opcode not in (_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG):
            raise ProtocolViolation(1002, f"no such opcode: {opcode}")
        if opcode >= _CLOSE and (length > 125 or not final):
            raise ProtocolViolation(1002, "a control frame is short and whole")
        if length >= 126:
            wide = 2 if length == 126 else 8
            if len(data) < at + wide:
                return None
            length = int.from_bytes(data[at : at + wide], "big")
            at += wide
        if opcode < _CLOSE and self._size + length > self._max:
            raise ProtocolViolation(1009, f"a message has more than {self._max} bytes")
        if len(data) < at + length:
            return None
        payload = bytes(data[at : at + length])
        del data[: at + length]
        return final, opcode, payload

    def _take(self, final: bool, opcode: int, payload: bytes) -> Optional[Event]:
        if opcode == _PING:
            return Ping(payload)
        if opcode == _PONG:
            return None
        if opcode == _CLOSE:
            return _close_in(payload)
        if opcode == _BINARY:
            raise ProtocolViolation(1003, "only text is understood")
        if (opcode == _CONTINUATION) != self._within:
            raise ProtocolViolation(1002, "a message was not continued, or not begun")
        self._parts.append(payload)
        self._size += len(payload)
        self._within = not final
        if not final:
            return None
        whole, self._parts, self._size = b"".join(self._parts), [], 0
        try:
            return whole.decode("utf-8")
        except UnicodeDecodeError:
            raise ProtocolViolation(1007, "text that is no UTF-8") from None

    @staticmethod
    def text(message: str) -> bytes:
        return _frame(_TEXT, message.encode("utf-8"))

    @staticmethod
    def pong(payload: bytes) -> bytes:
        return _frame(_PONG, payload)

    @staticmethod
    def ping() -> bytes:
        return _frame(_PING, b"")

    @staticmethod
    def close(code: int, reason: str = "") -> bytes:
        return _frame(_CLOSE, code.to_bytes(2, "big") + reason.encode("utf-8")[:123])


def _close_in(payload: bytes) -> Close:
    if not payload:
        return Close(1005, "")
    if len(payload) == 1:
        raise ProtocolViolation(1002, "a close code has two bytes")
    code = int.from_bytes(payload[:2], "big")
    if not (3000 <= code <= 4999 or code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014)):
        raise ProtocolViolation(1002, f"no such close code: {code}")
    try:
        return Close(code, payload[2:].decode("utf-8"))
    except UnicodeDecodeError:
        raise ProtocolViolation(1007, "a reason that is no UTF-8") from None


def _frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    head = bytearray((0x80 | opcode,))
    if size < 126:
        head.append(0x80 | size)
    elif size < 1 << 16:
        head.append(0x80 | 126)
        head += size.to_bytes(2, "big")
    else:
        head.append(0x80 | 127)
        head += size.to_bytes(8, "big")
    mask = os.urandom(4)
    head += mask
    whole = (mask * (size // 4 + 1))[:size]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")
    return bytes(head) + masked.to_bytes(size, "big")


class WebSocket:
    """
    One open socket. Pings are answered while nobody reads, until `_MOST_WAITING` bytes wait: then nothing more is taken from the
    connection, and the server notices.
    """

    _MOST_WAITING = 8 << 20
    _PING_SECONDS = 20.0

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, early: bytes = b"") -> None:
        self._reader = reader
        self._writer = writer
        self._frames = Frames()
        self._messages: Deque[str] = deque()
        self._waiting = 0
        self._changed = asyncio.Event()
        self._taken = asyncio.Event()
        self._heard = True
        self._closed: Optional[SocketClosed] = None
        self._tasks = [asyncio.ensure_future(self._read(early)), asyncio.ensure_future(self._keep_alive())]

    async def send(self, text: str) -> None:
        """Raises SocketClosed."""
        if self._closed:
            raise self._closed
        try:
            self._writer.write(Frames.text(text))
            await self._writer.drain()
        except OSError as error:
            self._end(SocketClosed(1006, str(error)))
            raise self._closed or SocketClosed(1006) from error

    async def receive(self) -> str:
        """The next message; those that came before the socket was closed first. Raises SocketClosed."""
        while not self._messages:
            if self._closed:
                raise self._closed
            self._changed.clear()
            await self._changed.wait()
        message = self._messages.popleft()
        self._waiting -= len(message)
        self._taken.set()
        return message

    async def close(self, code: int = 1000) -> None:
        """Says goodbye, and does not wait long for an answer."""
        reading, pinging = self._tasks
        pinging.cancel()
        if self._closed is None:
            try:
                self._writer.write(Frames.close(code))
                # Whatever still comes interests nobody.
                self._messages.clear()
                self._waiting = 0
                self._taken.set()
                await asyncio.wait([reading], timeout=1.0)
            except OSError:
                pass
        self._end(SocketClosed(code))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _end(self, why: SocketClosed) -> None:
        if self._closed is None:
            self._closed = why
        self._writer.close()
        self._changed.set()

    async def _read(self, early: bytes) -> None:
        data = early
        try:
            while True:
                for event in self._frames.feed(data) if data else []:
                    if isinstance(event, str):
                        self._messages.append(event)
                        self._waiting += len(event)
                        self._changed.set()
                    elif isinstance(event, Ping):
                        self._writer.write(Frames.pong(event.payload))
                    else:
                        self._writer.write(Frames.close(1000 if event.code == 1005 else event.code))
                        return self._end(SocketClosed(event.code, event.reason))
                while self._waiting > self._MOST_WAITING:
                    self._taken.clear()
                    await self._taken.wait()
                data = await self._reader.read(1 << 18)
                self._heard = True
                if not data:
                    return self._end(SocketClosed(1006, "the connection was cut"))
        except ProtocolViolation as violation:
            self._writer.write(Frames.close(violation.code, str(violation)))
            self._end(SocketClosed(violation.code, str(violation)))
        except (OSError, ssl.SSLError) as error:
            self._end(SocketClosed(1006, str(error)))

    async def _keep_alive(self) -> None:
        while True:
            self._heard = False
            self._writer.write(Frames.ping())
            await asyncio.sleep(self._PING_SECONDS)
            if not self._heard and self._waiting <= self._MOST_WAITING:
                return self._end(SocketClosed(1006, "nothing was heard for too long"))


async def connect(
    url: str, *, protocol: str, headers: Mapping[str, str] = {}, tls: Optional[ssl.SSLContext] = None, timeout: float = 10.0
) -> WebSocket:
    """
    Opens a WebSocket at an http or https URL.

    Raises:
        HandshakeRefused: the other side answered in HTTP.
        TransportError: it was not reached.
    """
    try:
        return await asyncio.wait_for(_open(url, protocol, headers, tls), timeout)
    except asyncio.TimeoutError:
        raise TransportError(f"{url} did not open a WebSocket within {timeout:g} seconds.") from None
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        if isinstance(error, TransportError):
            raise
        raise TransportError(f"{url} cannot be reached: {str(error) or type(error).__name__}") from error


async def _open(url: str, protocol: str, headers: Mapping[str, str], tls: Optional[ssl.SSLContext]) -> WebSocket:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if secure else 80)
    authority = parts.netloc.rpartition("@")[2]
    # A WebSocket goes through a proxy by CONNECT, secure or not.
    proxy = proxy_for("https" if secure else "http", host, port)
    if proxy:
        reader, writer = await asyncio.open_connection(proxy.host, proxy.port, limit=_LARGEST_HEAD)
        lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}", *(f"{name}: {value}" for name, value in proxy.headers.items())]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        status, _ = _parse_head(await reader.readuntil(b"\r\n\r\n"))
        if status != 200:
            writer.close()
            raise HandshakeRefused(f"The proxy answered {status}.", status)
        if secure:
            reader, writer = await _start_tls(reader, writer, host, tls)
    elif secure:
        reader, writer = await asyncio.open_connection(host, port, ssl=tls, server_hostname=host, limit=_LARGEST_HEAD)
    else:
        reader, writer = await asyncio.open_connection(host, port, limit=_LARGEST_HEAD)
    try:
        key = base64.b64encode(os.urandom(16))
        lines = [
            f"GET {parts.path or '/'}{'?' + parts.query if parts.query else ''} HTTP/1.1",
            f"Host: {authority}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key.decode()}",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Protocol: {protocol}",
            f"User-Agent: {USER_AGENT}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        status, answered = _parse_head(await reader.readuntil(b"\r\n\r\n"))
        if status != 101:
            raise HandshakeRefused(f"{url} answered {status} instead of opening a WebSocket.", status)
        expected = base64.b64encode(hashlib.sha1(key + _GUID).digest()).decode()
        if answered.get("sec-websocket-accept") != expected or answered.get("upgrade", "").lower() != "websocket":
            raise HandshakeRefused(f"{url} does not answer as a WebSocket does.", status)
        if answered.get("sec-websocket-protocol") != protocol:
            raise HandshakeRefused(f"{url} does not speak {protocol}.", status)
        return WebSocket(reader, writer)
    except BaseException:
        writer.close()
        raise


async def _start_tls(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, tls: Optional[ssl.SSLContext]
) -> Tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    # StreamWriter.start_tls came with Python 3.11.
    loop = asyncio.get_running_loop()
    transport = writer.transport
    protocol = transport.get_protocol()
    secured = await loop.start_tls(transport, protocol, tls or ssl.create_default_context(), server_hostname=host)
    assert secured is not None
    reader._transport = secured  # type: ignore[attr-defined]
    protocol._over_ssl = True  # type: ignore[attr-defined]
    return reader, asyncio.StreamWriter(secured, protocol, reader, loop)


def _parse_head(head: bytes) -> Tuple[int, Mapping[str, str]]:
    first, *rest = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdigit():
        raise HandshakeRefused("What answers does not speak HTTP.", 0)
    fields = (line.partition(":") for line in rest if ":" in line)
    return int(words[1]), {name.strip().lower(): value.strip() for name, _, value in fields}
