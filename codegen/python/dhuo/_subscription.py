"""Subscriptions over `graphql-transport-ws`, taken up again where they were cut off."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Dict, Mapping, Optional

from ._api_error import ApiError, StreamInterrupted, TransportError
from ._codec import Operation, to_json
from ._connection import Connection, backoff, error_of
from ._websocket import HandshakeRefused, SocketClosed, WebSocket, connect

PROTOCOL = "graphql-transport-ws"
_ACK_SECONDS = 15.0
# https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md: these say that trying again is of no use.
_FINAL_CODES = {1002, 1003, 1007, 1009, 4400, 4401, 4403, 4406, 4409, 4429}


class WebSocketUnavailable(TransportError):
    """Something between here and the server does not let WebSockets through."""


class Cursor:
    """How far a subscription with `after` and `sequence` has come."""

    def __init__(self, after: int) -> None:
        self.after = after

    def takes(self, sequence: int) -> bool:
        """False for what was there already. Raises _Gap when something is missing before it."""
        if sequence <= self.after:
            return False
        if sequence != self.after + 1:
            raise _Gap(f"after {self.after} came {sequence}")
        self.after = sequence
        return True


class _Gap(TransportError):
    pass


async def subscribe(
    connection: Connection,
    operation: Operation,
    variables: Mapping[str, Any],
    *,
    cursor: Optional[Cursor] = None,
    reconnect: bool = False,
    patience: float = 600.0,
) -> AsyncIterator[Any]:
    """
    What the root field of a subscription gives, event by event, as JSON has it.

    Args:
        cursor: for a subscription that can be taken up again: after a lost connection it goes on there, and nothing is missing
            and nothing comes twice.
        reconnect: goes on after a lost connection without a cursor too; what happened meanwhile is missing.
        patience: seconds of failed attempts in a row, after which it gives up.

    Raises:
        ApiError: what the server says is wrong.
        StreamInterrupted: the connection was lost, and there is neither a cursor nor `reconnect`.
        WebSocketUnavailable: no WebSocket can be opened, though something answers.
        TransportError: the server was not reached for longer than `patience`.
    """
    failures, refusals, since, was_open = 0, 0, time.monotonic(), False
    while True:
        try:
            async with _opened(connection) as socket:
                refusals, was_open = 0, True
                if cursor is not None:
                    variables = {**variables, "after": cursor.after}
                payload = {"query": operation.text, "operationName": operation.name, "variables": to_json(variables)}
                await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}, allow_nan=False))
                async for data in _events(socket, operation):
                    if cursor is None or cursor.takes(data["sequence"]):
                        yield data
                    failures, since = 0, time.monotonic()
                return
        except HandshakeRefused as error:
            refusals += 1
            # A server that starts or stops answers 502 or 503 for a while.
            if refusals >= 3 and error.status not in (429, 502, 503, 504):
                raise WebSocketUnavailable(str(error)) from error
            lost: TransportError = error
        except SocketClosed as error:
            if error.code in (4401, 4403):
                raise error_of([{"message": "No valid credentials came with the subscription.", "extensions": {"code": "UNAUTHENTICATED"}}]) from error
            if error.code in _FINAL_CODES:
                raise
            lost = error
        except TransportError as error:
            lost = error
        except ApiError as error:
            # Of one event, or because the server stops: the cursor is where it was.
            if cursor is None or error.code not in ("BACKEND_UNAVAILABLE", "RATE_LIMITED", "TIMEOUT"):
                raise
            lost = TransportError(str(error))
            lost.__cause__ = error
        if was_open and cursor is None and not reconnect:
            raise StreamInterrupted(f"The subscription {operation.name} lost its connection, and what happened since is not known.") from lost
        if time.monotonic() - since > patience:
            raise lost
        await asyncio.sleep(backoff(failures))
        failures += 1


@asynccontextmanager
async def _opened(connection: Connection) -> AsyncIterator[WebSocket]:
    tls = connection.pool.tls() if connection.url.startswith("https:") else None
    socket = await connect(f"{connection.url}/graphql", protocol=PROTOCOL, headers=connection.headers(), tls=tls)
    try:
        await socket.send(json.dumps({"type": "connection_init", "payload": connection.headers()}))
        try:
            answer = await asyncio.wait_for(_next_message(socket), _ACK_SECONDS)
        except asyncio.TimeoutError:
            raise TransportError(f"{connection.url} did not greet back.") from None
        if answer.get("type") != "connection_ack":
            raise TransportError(f"{connection.url} answered the greeting with {answer.get('type')!r}.")
        yield socket
    finally:
        await socket.close()


async def _next_message(socket: WebSocket) -> Dict[str, Any]:
    """The next message that is no ping of the protocol's own."""
    while True:
        message: Dict[str, Any] = json.loads(await socket.receive())
        kind = message.get("type")
        if kind == "ping":
            await socket.send('{"type":"pong"}')
        elif kind != "pong":
            return message


async def _events(socket: WebSocket, operation: Operation) -> AsyncIterator[Any]:
    while True:
        message = await _next_message(socket)
        kind = message.get("type")
        if kind == "next":
            payload = message["payload"]
            if payload.get("errors"):
                raise error_of(payload["errors"])
            yield payload["data"][operation.field]
        elif kind == "error":
            raise error_of(message.get("payload"))
        elif kind == "complete":
            return
