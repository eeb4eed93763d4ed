import asyncio
import base64
import hashlib
import struct
import unittest
from typing import Any, Awaitable, Callable, List, Tuple

from dhuo._websocket import Close, Frames, HandshakeRefused, Ping, ProtocolViolation, SocketClosed, WebSocket, connect


def frame(opcode: int, payload: bytes = b"", final: bool = True, first_bits: int = 0) -> bytes:
    """As a server sends it."""
    head = bytes([(0x80 if final else 0) | first_bits | opcode])
    size = len(payload)
    if size < 126:
        return head + bytes([size]) + payload
    return head + (bytes([126]) + struct.pack(">H", size) if size < 65536 else bytes([127]) + struct.pack(">Q", size)) + payload


def unmasked(data: bytes) -> Tuple[int, bytes]:
    """The opcode and payload of one frame of a client."""
    assert data[1] & 0x80, "a client masks"
    size, at = data[1] & 0x7F, 2
    if size == 126:
        size, at = struct.unpack(">H", data[2:4])[0], 4
    elif size == 127:
        size, at = struct.unpack(">Q", data[2:10])[0], 10
    mask, payload = data[at : at + 4], data[at + 4 :]
    assert len(payload) == size
    return data[0] & 0x0F, bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


class FramesOfServers(unittest.TestCase):
    def test_in_any_pieces(self) -> None:
        """frames are the same in whatever pieces they come"""
        data = frame(1, "olá ☕".encode()) + frame(1, b"x" * 300) + frame(1, b"y" * 70_000) + frame(9, b"hi") + frame(8, b"\x03\xe8bye")
        expected = ["olá ☕", "x" * 300, "y" * 70_000, Ping(b"hi"), Close(1000, "bye")]
        for size in (1, 2, 3, 7, 1000, len(data)):
            frames, events = Frames(), []  # type: Tuple[Frames, List[Any]]
            for at in range(0, len(data), size):
                events += frames.feed(data[at : at + size])
            self.assertEqual(events, expected, size)

    def test_fragments(self) -> None:
        """a message in fragments is whole, with a ping in the middle of it"""
        cup = "☕".encode()
        data = frame(1, cup[:1], final=False) + frame(9) + frame(0, cup[1:2], final=False) + frame(0, cup[2:])
        self.assertEqual(Frames().feed(data), [Ping(b""), "☕"])

    def test_violations(self) -> None:
        """what is against the protocol is refused with the code that fits"""
        masked = bytearray(frame(1, b"abc"))
        masked[1] |= 0x80
        cases = [
            (bytes(masked), 1002),
            (frame(1, b"a", first_bits=0x40), 1002),
            (frame(3), 1002),
            (frame(9, b"a" * 126), 1002),
            (frame(9, b"", final=False), 1002),
            (frame(0, b"a"), 1002),
            (frame(1, b"a", final=False) + frame(1, b"b"), 1002),
            (frame(2, b"a"), 1003),
            (frame(1, b"\xff"), 1007),
            (frame(8, b"\x03"), 1002),
            (frame(8, b"\x03\xed"), 1002),
            (frame(8, b"\x03\xe8\xff"), 1007),
            (frame(1, b"a" * 101), 1009),
            (frame(1, b"a" * 60, final=False) + frame(0, b"a" * 60), 1009),
            (b"\x81\x7f" + struct.pack(">Q", 2**62), 1009),
        ]
        for data, code in cases:
            with self.assertRaises(ProtocolViolation, msg=data) as caught:
                Frames(max_message_bytes=100).feed(data)
            self.assertEqual(caught.exception.code, code, data)

    def test_written(self) -> None:
        """frames of a client are masked, each with another mask, and right at every size"""
        for size in (0, 1, 125, 126, 65535, 65536, 70_001):
            text = "a" * size
            self.assertEqual(unmasked(Frames.text(text)), (1, text.encode()))
        self.assertNotEqual(Frames.text("same"), Frames.text("same"))
        self.assertEqual(unmasked(Frames.close(1000, "ç" * 200))[1][:2], b"\x03\xe8")
        self.assertLessEqual(len(unmasked(Frames.close(1000, "ç" * 200))[1]), 125)


Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    key = next(line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key"))
    accept = base64.b64encode(hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
    writer.write(
        f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n"
        "Sec-WebSocket-Protocol: test\r\n\r\n".encode()
    )


def against(peer: Peer) -> Callable[[Callable[..., Awaitable[None]]], Callable[[Any], None]]:
    """Runs a test with a server that does what `peer` does, and its URL."""

    def decorate(test: Callable[..., Awaitable[None]]) -> Callable[[Any], None]:
        async def run(self: Any) -> None:
            server = await asyncio.start_server(peer, "127.0.0.1", 0)
            try:
                await asyncio.wait_for(test(self, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"), 10)
            finally:
                server.close()

        def call(self: Any) -> None:
            asyncio.run(run(self))

        call.__doc__ = test.__doc__
        return call

    return decorate


async def pings_then_text(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await greet(reader, writer)
    for index in range(3):
        writer.write(frame(9, b"%d" % index))
    seen = []
    for _ in range(4):  # Three answers, and the client's own ping.
        head = await reader.readexactly(6)
        seen.append(unmasked(head + await reader.readexactly(head[1] & 0x7F)))
    writer.write(frame(1, str(sorted(seen)).encode()) + frame(8, b"\x03\xf5try later"))
    await writer.drain()


async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    writer.close()


async def lies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 101 Hm\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: no\r\n\r\n")


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await greet(reader, writer)
    writer.write(frame(1, b"one") + frame(1, b"tw")[:3])
    await writer.drain()
    writer.close()


async def is_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await greet(reader, writer)
    await reader.read()
    writer.close()


async def floods(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await greet(reader, writer)
    try:
        while True:
            writer.write(frame(1, b"x" * 60_000))
            await writer.drain()
    except OSError:
        pass


class Sockets(unittest.TestCase):
    @against(pings_then_text)
    async def test_pings(self, url: str) -> None:
        """pings are answered while nobody reads, and what came before a close is still read"""
        socket = await connect(url, protocol="test")
        await asyncio.sleep(0.05)
        self.assertEqual(await socket.receive(), "[(9, b''), (10, b'0'), (10, b'1'), (10, b'2')]")
        with self.assertRaises(SocketClosed) as caught:
            await socket.receive()
        self.assertEqual((caught.exception.code, caught.exception.reason), (1013, "try later"))
        await socket.close()

    @against(refuses)
    async def test_refused(self, url: str) -> None:
        """an answer in HTTP is told with its status"""
        with self.assertRaises(HandshakeRefused) as caught:
            await connect(url, protocol="test")
        self.assertEqual(caught.exception.status, 403)

    @against(lies)
    async def test_lies(self, url: str) -> None:
        """who does not prove to have read the key is no WebSocket"""
        with self.assertRaises(HandshakeRefused):
            await connect(url, protocol="test")

    @against(hangs_up)
    async def test_cut(self, url: str) -> None:
        """a connection that is cut is 1006, and half a message is none"""
        socket = await connect(url, protocol="test")
        self.assertEqual(await socket.receive(), "one")
        with self.assertRaises(SocketClosed) as caught:
            await socket.receive()
        self.assertEqual(caught.exception.code, 1006)
        await socket.close()

    @against(is_silent)
    async def test_silence(self, url: str) -> None:
        """a server that is not heard for too long is given up"""
        before = WebSocket._PING_SECONDS
        WebSocket._PING_SECONDS = 0.1
        try:
            socket = await connect(url, protocol="test")
            with self.assertRaisesRegex(SocketClosed, "too long"):
                await socket.receive()
            await socket.close()
        finally:
            WebSocket._PING_SECONDS = before

    @against(floods)
    async def test_flood(self, url: str) -> None:
        """what nobody reads takes a bounded amount of memory"""
        socket = await connect(url, protocol="test")
        await asyncio.sleep(0.5)
        waiting = sum(len(message) for message in socket._messages)
        self.assertGreater(waiting, 1 << 20)
        self.assertLess(waiting, WebSocket._MOST_WAITING + (2 << 20))
        self.assertEqual(len(await socket.receive()), 60_000)
        await socket.close()
