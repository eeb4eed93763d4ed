import importlib.util
import io
import os
import socketserver
import sys
import traceback
from http.server import BaseHTTPRequestHandler

from fdk.response import Response


class Context:
    def __init__(self, headers):
        self.headers = headers

    def Config(self):
        return dict(os.environ)

    def Headers(self):
        return self.headers

    def CallID(self):
        return self.headers.get("fn-call-id")

    def Deadline(self):
        return self.headers.get("fn-deadline")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        context = Context({name.lower(): value for name, value in self.headers.items()})
        try:
            data = io.BytesIO(self.rfile.read(int(self.headers["content-length"])))
            answer = self.server.function()(context, data=data)
            answer = answer if isinstance(answer, Response) else Response(context, response_data=answer)
        except Exception as error:
            traceback.print_exc()
            answer = Response(context, response_data=str(error), status_code=504 if isinstance(error, TimeoutError) else 502)
        self.send_response(answer.status)
        for name, value in {**answer.headers, "content-length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_):
        pass

    def address_string(self):
        return "platform"


class Server(socketserver.UnixStreamServer):
    def __init__(self, path, module, entrypoint):
        super().__init__(path, Handler)
        self.module, self.entrypoint, self.loaded = module, entrypoint, None

    def function(self):
        # As the FDK does: with the first call, not with the start.
        if self.loaded is None:
            spec = importlib.util.spec_from_file_location("func", self.module)
            self.loaded = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(self.loaded)
        return getattr(self.loaded, self.entrypoint)


def main():
    path = os.environ["FN_LISTENER"].removeprefix("unix:")
    directory, name = os.path.split(path)
    hidden = os.path.join(directory, "phony" + name)
    server = Server(hidden, sys.argv[1], sys.argv[2])
    # The platform waits for the name: it is there when the socket is.
    os.symlink(os.path.basename(hidden), path)
    server.serve_forever()
