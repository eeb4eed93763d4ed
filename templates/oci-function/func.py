"""Answers online predictions of DHuO Graph in OCI Functions.

One image serves every deployment: each version of one has a function of its own with this image, and what makes them differ (the
script, the files of the model, the dependency archive) comes with the first call, as URLs that are good for a short time. It is kept
while the container lives. The handler runs in a process of its own (handler_host.py), so that what it prints, an endless loop or a
crash becomes an answer instead of a container that is gone.

A call is JSON: {"handler": {"key", "from", "files": [{"place", "name", "sha256", "size", "object"}]}, "limits": {...}, "rows": [...]}: a
file is at `from` + `object`. Rows may be missing: then the handler is only loaded. The answer is JSON, one of
  {"predictions": [...]}   one for each row            {"refused": "..."}  the handler raised
  {"wrong": "..."}         no answer to give on        {"failed": "..."}   the handler cannot be loaded
  {"died": "..."}          its process ended twice     {"late": seconds}   it took too long and was stopped
  {"unfetched": "..."}     a file could not be had     {"ready": true}     it is loaded
"""
import hashlib
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from fdk import response

HOST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "handler_host.py")
KEPT_OUTPUT = 2_000
PLACES = ("script", "model", "archive")

#: What this container holds: one handler, for as long as it lives.
warm = {"key": None, "files": None, "host": None}


class Unfetched(Exception):
    pass


class Ended(Exception):
    pass


class Late(Exception):
    pass


class Host:
    """The process of a handler."""

    def __init__(self, settings):
        variables = {"HOME": settings["directory"], "TMPDIR": os.path.join(settings["directory"], "tmp")}
        own = {"FN_LISTENER", "FN_FORMAT"}
        environment = {name: value for name, value in os.environ.items() if name not in own}
        with open(HOST) as program:
            command = [sys.executable, "-u", "-c", program.read()]
        self.output = b""
        self.process = subprocess.Popen(
            command,
            cwd=settings["directory"],
            env={**environment, **variables, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        # Its end is heard from here: whatever it has started may keep its pipes open.
        self.exit = os.pidfd_open(self.process.pid)
        self.calls = 0
        self.longest = settings["maxPayloadBytes"] + 65_536
        self.reader = threading.Thread(target=self.keep_output, daemon=True)
        self.reader.start()
        self.write(settings)

    def keep_output(self):
        """What the handler prints belongs into the logs of the function; its last words, into the answer when it ends."""
        for chunk in iter(lambda: self.process.stderr.read1(65_536), b""):
            sys.stderr.buffer.write(chunk)
            sys.stderr.flush()
            self.output = (self.output + chunk)[-KEPT_OUTPUT:]

    def write(self, message):
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended: reading says how

    def read(self, seconds):
        deadline = time.monotonic() + seconds
        said = bytearray()
        while not said.endswith(b"\n"):
            ready, _, _ = select.select([self.process.stdout, self.exit], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                self.kill()
                raise Late(seconds)
            chunk = self.process.stdout.read1(1 << 20) if self.process.stdout in ready else b""
            if not chunk or len(said) > self.longest:
                self.kill()
                raise Ended(self.end())
            said += chunk
        try:
            return json.loads(said)
        except ValueError:
            return {}  # somebody found the pipe and wrote into it: no answer of ours

    def call(self, rows, seconds):
        self.calls += 1
        self.write({"id": self.calls, "rows": rows})
        reply = self.read(seconds)
        if reply.pop("id", None) != self.calls:
            self.kill()
            return {"wrong": "its process wrote something else"}
        return reply

    def end(self):
        code = self.process.wait()
        self.reader.join(1)
        how = "it was ended by " + signal.Signals(-code).name if code < 0 else f"it ended with exit code {code}"
        output = "\n".join(self.output.decode(errors="replace").strip().split("\n")[-5:])
        output = re.sub(r"(?<![\w:/.])(?:/[^\s/'\":,()]+)+/([^\s/'\":,()]+)", r"\1", output)
        return f"{how}: {output}" if output else how

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        """With all that it started, also when it has ended by itself."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def close(self):
        self.kill()
        self.process.wait()
        os.close(self.exit)
        self.reader.join(1)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except BrokenPipeError:
                pass


def fetch(url, file, path, seconds):
    """Three times, each from the beginning: it is one GET of an object that does not change."""
    problem = ""
    deadline = time.monotonic() + seconds
    for attempt in range(3):
        digest, size = hashlib.sha256(), 0
        try:
            with urllib.request.urlopen(url, timeout=30) as answer, open(path, "wb") as target:
                for chunk in iter(lambda: answer.read(1 << 20), b""):
                    digest.update(chunk)
                    size += len(chunk)
                    target.write(chunk)
                    if time.monotonic() > deadline:
                        raise Unfetched(f"{file['name']} did not come within {seconds} seconds")
            if size == file["size"] and digest.hexdigest() == file["sha256"]:
                return
            problem = "its bytes are others than promised"
        except (OSError, urllib.error.URLError) as error:
            # The words of the library may hold the URL, and with it the right to read.
            problem = f"status {error.code}" if isinstance(error, urllib.error.HTTPError) else type(error).__name__
            if isinstance(error, urllib.error.HTTPError) and error.code in (403, 404):
                break
        time.sleep(0.2 * 2**attempt)
    raise Unfetched(f"{file['name']}: {problem}")


def place(handler, limits):
    """Puts the files where handler_host.py looks for them."""
    directory = tempfile.mkdtemp(prefix="handler-")
    try:
        for name in ("script", "model", "tmp"):
            os.mkdir(os.path.join(directory, name), 0o700)
        settings = {
            "directory": directory,
            "model": os.path.join(directory, "model"),
            "archive": None,
            "maxPayloadBytes": limits["maxPayloadBytes"],
            "maxUnpackedBytes": limits["maxUnpackedBytes"],
        }
        for file in handler["files"]:
            name = file["name"]
            if file["place"] not in PLACES or name in ("", ".", "..") or "/" in name or "\0" in name:
                raise ValueError("a file has a place or a name that leads elsewhere")
            path = os.path.join(directory, "archive.zip" if file["place"] == "archive" else os.path.join(file["place"], name))
            fetch(handler["from"] + file["object"], file, path, limits["loadSeconds"])
            if file["place"] != "model":
                settings[file["place"]] = path
        return settings
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise


def forget():
    if warm["host"]:
        warm["host"].close()
    if warm["files"]:
        shutil.rmtree(warm["files"]["directory"], ignore_errors=True)
    warm.update(key=None, files=None, host=None)


def load(handler, limits):
    """@returns None when the handler is warm, or why it is not"""
    if warm["key"] != handler["key"]:
        forget()
    if warm["files"] is None:
        warm.update(key=handler["key"], files=place(handler, limits))
    if warm["host"] and warm["host"].alive():
        return None
    if warm["host"]:
        warm["host"].close()
        warm["host"] = None
    host = Host(warm["files"])
    try:
        reply = host.read(limits["loadSeconds"])
        failed = reply.get("failed") or (None if reply.get("ready") else "its process wrote something else")
    except Ended as ended:
        failed = str(ended)
    except Late:
        failed = f"it took longer than {limits['loadSeconds']} seconds"
    if failed:
        host.close()
        return {"failed": failed}
    warm["host"] = host
    return None


def answer(request):
    handler, limits, rows = request["handler"], request["limits"], request.get("rows")
    for attempt in (1, 2):
        try:
            failed = load(handler, limits)
            if failed or rows is None:
                return failed or {"ready": True}
            return warm["host"].call(rows, limits["callSeconds"])
        except Unfetched as error:
            return {"unfetched": str(error)}
        except Late:
            return {"late": limits["callSeconds"]}
        except Ended as ended:
            if attempt == 2:
                return {"died": str(ended)}


def handler(ctx, data=None):
    reply = answer(json.loads(data.getvalue()))
    return response.Response(ctx, response_data=json.dumps(reply), headers={"content-type": "application/json"})
