import contextlib
import gzip
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

from dhuo import errors
from dhuo._codec import Operation
from dhuo._connection import Connection
from dhuo._http import FilePart, HttpPool, NotSent, proxy_for

QUERY = Operation("GetIt", "query", "it", "query GetIt { it }")
MUTATION = Operation("DoIt", "mutation", "it", "mutation DoIt { it }")


class Server:
    """Answers with what `respond(request)` says; counts requests and connections."""

    def __init__(self, respond: Callable[[Any], None], tls: Any = None) -> None:
        outer = self
        self.requests: List[Dict[str, Any]] = []
        self.connections = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                outer.connections += 1

            def handle_any(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                outer.requests.append({"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body})
                respond(self)

            do_GET = do_POST = do_PUT = do_CONNECT = handle_any

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=lambda: self._server.serve_forever(0.01), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def reply(handler: Any, status: int = 200, body: bytes = b'{"data":{"it":1}}', **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"content-type": "application/json", **{key.replace("_", "-"): value for key, value in headers.items()}}.items():
        handler.send_header(name, value)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextlib.contextmanager
def serving(respond: Callable[[Any], None], tls: Any = None) -> Iterator[Server]:
    server = Server(respond, tls)
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def environment(**values: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Requests(unittest.TestCase):
    def test_kept(self) -> None:
        """a connection serves one request after the other"""
        with serving(reply) as server:
            connection = Connection(server.url, "secret")
            for _ in range(5):
                self.assertEqual(connection.execute(QUERY, {}), 1)
            self.assertEqual((len(server.requests), server.connections), (5, 1))
            self.assertEqual(server.requests[0]["headers"]["Authorization"], "Bearer secret")

    def test_hung_up(self) -> None:
        """a connection that the server has hung up is not used again, also not for a mutation"""

        def once(handler: Any) -> None:
            reply(handler)
            handler.close_connection = True

        with serving(once) as server:
            connection = Connection(server.url)
            for _ in range(3):
                self.assertEqual(connection.execute(MUTATION, {}), 1)
                time.sleep(0.1)  # Until it has hung up.
            self.assertEqual((len(server.requests), server.connections), (3, 3))

    def test_lost(self) -> None:
        """a query whose answer was lost is asked again, a mutation is not, unless it carries an idempotency key"""

        def loses_first(handler: Any) -> None:
            if len(server.requests) == 1:
                handler.connection.shutdown(socket.SHUT_RDWR)
                handler.close_connection = True
            else:
                reply(handler)

        cases = [(QUERY, {}, 2), (MUTATION, {"input": {"idempotencyKey": "a"}}, 2), (MUTATION, {"input": {"idempotencyKey": None}}, 1)]
        for operation, variables, count in cases:
            with serving(loses_first) as server:
                connection = Connection(server.url)
                if count == 1:
                    with self.assertRaises(errors.TransportError):
                        connection.execute(operation, variables)
                else:
                    self.assertEqual(connection.execute(operation, variables), 1)
                self.assertEqual(len(server.requests), count, variables)

    def test_busy(self) -> None:
        """a server that is busy is asked again when it says so, and what it refuses is not"""
        error = b'{"errors":[{"message":"m","extensions":{"code":"%s"%s}}]}'
        cases = [
            (QUERY, reply_with(503, b"<html>no</html>"), 2),
            (QUERY, reply_with(200, error % (b"BACKEND_UNAVAILABLE", b"")), 2),
            (MUTATION, reply_with(200, error % (b"BACKEND_UNAVAILABLE", b"")), 1),
            (MUTATION, reply_with(200, error % (b"RATE_LIMITED", b',"retryAfterSeconds":0.1')), 2),
            (QUERY, reply_with(200, error % (b"RATE_LIMITED", b',"retryAfterSeconds":900')), 1),
            (QUERY, reply_with(200, error % (b"NOT_FOUND", b"")), 1),
            (QUERY, reply_with(404, b"<html>not here</html>"), 1),
        ]
        for operation, refusal, count in cases:
            with serving(lambda handler: refusal(handler) if len(server.requests) == 1 else reply(handler)) as server:
                try:
                    Connection(server.url).execute(operation, {})
                except errors.DhuoError:
                    self.assertEqual(count, 1)
                self.assertEqual(len(server.requests), count)

    def test_silent(self) -> None:
        """a server that is silent for too long is a RequestTimeout, and is not asked again"""
        with serving(lambda handler: threading.Event().wait(1)) as server:
            with self.assertRaises(errors.RequestTimeout):
                Connection(server.url, timeout=0.2).execute(QUERY, {})
            self.assertEqual(len(server.requests), 1)

    def test_cut_short(self) -> None:
        """an answer that ends too early is no answer"""

        def cuts(handler: Any) -> None:
            handler.send_response(200)
            handler.send_header("content-length", "100")
            handler.end_headers()
            handler.wfile.write(b"half")
            handler.close_connection = True

        with serving(cuts) as server:
            with HttpPool().request("GET", server.url) as response:
                buffer = bytearray(50)
                self.assertEqual(response.readinto(buffer), 4)
                with self.assertRaisesRegex(errors.TransportError, "96 bytes"):
                    response.readinto(buffer)

    def test_packed(self) -> None:
        """packed answers are unpacked"""
        with serving(lambda handler: reply(handler, body=gzip.compress(b'{"data":{"it":"packed"}}'), content_encoding="gzip")) as server:
            self.assertEqual(Connection(server.url).execute(QUERY, {}), "packed")

    def test_redirected(self) -> None:
        """a download goes where it is led to, with its range, and not in circles"""
        with serving(reply) as store, serving(lambda handler: reply(handler, 307, b"", location=f"{store.url}/p/secret")) as server:
            HttpPool().get(f"{server.url}/files/x", headers={"Range": "bytes=5-9"}).close()
            self.assertEqual((store.requests[0]["path"], store.requests[0]["headers"]["Range"]), ("/p/secret", "bytes=5-9"))
        with serving(lambda handler: reply(handler, 302, b"", location="/again")) as server:
            with self.assertRaisesRegex(errors.TransportError, "no end"):
                HttpPool().get(server.url)

    def test_file(self) -> None:
        """a part of a file is sent as it is, and what left is counted"""
        with serving(reply) as server, tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "file")
            path.write_bytes(bytes(range(256)) * 40_000)
            counted: List[int] = []
            part = FilePart(str(path), 100, 9_000_000, counted.append)
            HttpPool().request("PUT", server.url, body=part).close()
            self.assertEqual(server.requests[0]["body"], path.read_bytes()[100:9_000_100])
            self.assertEqual(sum(counted), 9_000_000)
            self.assertGreater(len(counted), 1)

    def test_refused_body(self) -> None:
        """a server that refuses a body before it has read it is heard"""

        def refuses(listener: socket.socket) -> None:
            peer, _ = listener.accept()
            peer.recv(10)
            peer.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nbig!")
            peer.shutdown(socket.SHUT_RDWR)
            peer.close()

        with socket.create_server(("127.0.0.1", 0)) as listener, tempfile.TemporaryDirectory() as folder:
            threading.Thread(target=refuses, args=(listener,), daemon=True).start()
            path = Path(folder, "file")
            path.write_bytes(bytes(20 << 20))
            try:
                response = HttpPool().request("PUT", f"http://127.0.0.1:{listener.getsockname()[1]}/", body=FilePart(str(path), 0, 20 << 20))
                self.assertEqual(response.status, 413)
                response.close()
            except errors.TransportError:
                pass  # The reset overtook the answer: the kernel decides.


def reply_with(status: int, body: bytes) -> Callable[[Any], None]:
    kind = "text/html" if body.startswith(b"<") else "application/json"
    return lambda handler: reply(handler, status, body, content_type=kind)


class Proxies(unittest.TestCase):
    def test_environment(self) -> None:
        """a proxy of the environment is used, but for what NO_PROXY names"""
        with environment(HTTP_PROXY="http://ana:p%40ss@proxy:3128", HTTPS_PROXY="proxy:8080", NO_PROXY="inside.example,127.0.0.1"):
            found = proxy_for("http", "graph.example", 80)
            self.assertEqual((found.host, found.port, found.headers), ("proxy", 3128, {"Proxy-Authorization": "Basic YW5hOnBAc3M="}))
            self.assertEqual(proxy_for("https", "graph.example", 443).port, 8080)
            self.assertIsNone(proxy_for("https", "inside.example", 443))
            self.assertIsNone(proxy_for("http", "127.0.0.1", 80))

    def test_through(self) -> None:
        """a request goes through the proxy, which is told the whole address"""
        with serving(reply) as proxy, environment(HTTP_PROXY=proxy.url, NO_PROXY=""):
            self.assertEqual(Connection("http://graph.example:4000").execute(QUERY, {}), 1)
            self.assertEqual(proxy.requests[0]["path"], "http://graph.example:4000/graphql")
            self.assertEqual(proxy.requests[0]["headers"]["Host"], "graph.example:4000")


@unittest.skipUnless(shutil.which("openssl"), "there is no openssl to make a certificate with")
class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory()
        cls.certificate = str(Path(cls.folder.name, "cert.pem"))
        key = str(Path(cls.folder.name, "key.pem"))
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cls.certificate]
        subprocess.run([*made, "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.context.load_cert_chain(cls.certificate, key)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.folder.cleanup()

    def test_verified(self) -> None:
        """a certificate that nobody vouches for is refused, unless its authority is named or nothing is to be checked"""
        with serving(reply, self.context) as server:
            with self.assertRaisesRegex(NotSent, "not trusted"):
                Connection(server.url, retries=0).execute(QUERY, {})
            for verify in (self.certificate, False):
                connection = Connection(server.url, verify=verify)
                self.assertEqual([connection.execute(QUERY, {}) for _ in range(3)], [1, 1, 1])
            self.assertEqual(len(server.requests), 6)

    def test_file(self) -> None:
        """a part of a file goes through TLS too"""
        with serving(reply, self.context) as server, tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "file")
            path.write_bytes(os.urandom(3 << 20))
            counted: List[int] = []
            HttpPool(verify=self.certificate).request("PUT", server.url, body=FilePart(str(path), 5, 3_000_000, counted.append)).close()
            self.assertEqual(server.requests[0]["body"], path.read_bytes()[5:3_000_005])
            self.assertEqual(sum(counted), 3_000_000)
