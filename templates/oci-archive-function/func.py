"""Builds dependency archives for DHuO Graph in OCI Functions: on the platform that the scripts run on, and away from the server.

It is called detached, since pip may take minutes, with JSON:
  {"requirements": "...", "without": ["name"], "runtime": {"version": [3, 11], "platform": "linux", "machine": "x86_64"},
   "upload": "https://…/o/<prefix>", "limits": {"seconds", "bytes", "unpackedBytes"}}
`without` names packages that the deployment brings by itself. What comes of it is put below `upload`, a URL that is good for a short
time: `archive.zip`, in the layout of OCI Data Flow, and then `result.json`, one of
  {"sha256", "size", "packages": ["name==version"]}   {"refused": "..."}  whoever deployed can mend it
                                                      {"failed": "..."}   whoever runs the server can
Meanwhile `alive.json` is written anew every few seconds: one that grows old says that this died. The same requirements give the same
bytes for as long as the index has the same wheels. Only wheels are taken, as on the server: to build source would run a stranger's
program with what this function may do.
"""
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zipfile

from fdk import response

ALIVE_SECONDS = float(os.environ.get("DHUO_ALIVE_SECONDS", "5"))
MOST_ENTRIES = 200_000


class Refused(Exception):
    pass


class Failed(Exception):
    pass


def put(upload, name, body, size):
    """Three times. `body` is called for each: a file is read anew."""
    for attempt in range(3):
        try:
            headers = {"content-length": str(size), "content-type": "application/octet-stream"}
            with body() as data:
                request = urllib.request.Request(upload + name, data=data, method="PUT", headers=headers)
                with urllib.request.urlopen(request, timeout=60):
                    return
        except OSError as error:
            if attempt == 2:
                # The words of the library may hold the URL, and with it the right to write.
                raise Failed(f"{name} could not be stored ({getattr(error, 'code', type(error).__name__)})") from None
            time.sleep(0.5 * 2**attempt)


class Text:
    """A body for `put` out of an object."""

    def __init__(self, value):
        self.bytes = json.dumps(value).encode()

    def put(self, upload, name):
        put(upload, name, lambda: memory(self.bytes), len(self.bytes))


class memory:
    def __init__(self, data):
        self.data = data

    def __enter__(self):
        return self.data

    def __exit__(self, *_):
        return False


def require_runtime(wanted):
    linux = sys.platform.startswith("linux")
    here = {
        "version": list(sys.version_info[:2]),
        "platform": "linux" if linux else sys.platform,
        "machine": platform.machine().lower(),
    }
    if here != {name: wanted[name] for name in here}:
        words = ["Python {} on {} {}".format(".".join(map(str, each["version"])), each["platform"], each["machine"]) for each in (here, wanted)]
        raise Failed(f"its image has {words[0]}, and scripts run on {words[1]}")


def without_credentials(text):
    return re.sub(r"(\w+://)[^\s/@]+@", r"\1", text)


def resolve(requirements, directory, seconds):
    """@returns the paths of the wheels, in the order of their names"""
    listed, wheels = os.path.join(directory, "requirements.txt"), os.path.join(directory, "wheels")
    with open(listed, "w") as file:
        file.write(requirements)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-color", "--disable-pip-version-check"]
    command += ["--progress-bar", "off", "--only-binary", ":all:", "--dest", wheels, "--requirement", listed]
    environment = {**os.environ, "TMPDIR": directory, "HOME": directory, "PIP_NO_CACHE_DIR": "1"}
    try:
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Refused(f"pip did not find the packages within {round(seconds)} s.") from None
    if ended.returncode != 0:
        said = without_credentials(ended.stderr).strip().split("\n")
        errors = [line for line in said if re.match(r"ERROR|error:", line)]
        words = "\n".join(errors or said[-5:])[:2_000]
        hint = "\nOnly wheels for the Python of the scripts are taken: build a wheel of what has none, and add it to the libraries."
        missing = re.search(r"No matching distribution|Could not find a version", words)
        raise Refused(f"pip could not resolve the requirements: {words or ended.returncode}{hint if missing else ''}")
    return [os.path.join(wheels, name) for name in sorted(os.listdir(wheels) if os.path.isdir(wheels) else [])]


def package_of(wheel):
    """https://packaging.python.org/en/latest/specifications/binary-distribution-format/"""
    name, version = os.path.basename(wheel).split("-")[:2]
    return re.sub(r"[-_.]+", "-", name).lower(), version


def installed_path(path):
    """Where a file of a wheel is installed; None for programs, headers, data, and what Python makes by itself."""
    if path.endswith(("/", ".pyc")) or "__pycache__/" in path:
        return None
    kind = re.match(r"[^/]+\.data/([^/]+)/(.+)$", path)
    if kind is None:
        return path
    return kind.group(2) if kind.group(1) in ("purelib", "platlib") else None


def harmless(entry):
    parts = entry.filename.rstrip("/").split("/")
    kind = (entry.external_attr >> 16) & 0o170000
    return (
        all(part not in ("", ".", "..") and len(part) <= 255 for part in parts)
        and not re.search(r"[\x00-\x1f\\]", entry.filename)
        and kind in (0, 0o100000, 0o040000)
    )


def pack(wheels, target, limits):
    """The same wheels give the same bytes: names in order, no dates, no modes. Of two that bring one file the first keeps it."""
    root = "python/lib/python{}.{}/site-packages/".format(*sys.version_info[:2])
    opened, found, unpacked = [], {}, 0
    try:
        for wheel in wheels:
            opened.append(zipfile.ZipFile(wheel))
            for entry in opened[-1].infolist():
                if not harmless(entry):
                    raise Refused(f"{os.path.basename(wheel)} has an entry {entry.filename[:200]!r} that leads elsewhere or is no file.")
                name = installed_path(entry.filename)
                if name is not None and root + name not in found:
                    found[root + name] = (opened[-1], entry)
                    unpacked += entry.file_size
        if len(found) > MOST_ENTRIES or unpacked > limits["unpackedBytes"]:
            raise Refused("The packages are too many or too large for one archive.")
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name in sorted(found):
                source, entry = found[name]
                info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
                info.file_size = entry.file_size
                with source.open(entry) as data, archive.open(info, "w") as into:
                    shutil.copyfileobj(data, into, 1 << 20)
            info = zipfile.ZipInfo("version.txt", (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o100644 << 16
            archive.writestr(info, "DHuO Graph dependency archive 1\n")
    finally:
        for each in opened:
            each.close()
    if os.path.getsize(target) > limits["bytes"]:
        raise Refused(f"The archive would have more than {limits['bytes']} bytes.")


def digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def build(request):
    require_runtime(request["runtime"])
    # A container is used again: what a call leaves in /tmp, the next one lacks.
    directory = tempfile.mkdtemp(prefix="archive-")
    try:
        wheels = resolve(request["requirements"], directory, request["limits"]["seconds"])
        wheels = [wheel for wheel in wheels if package_of(wheel)[0] not in request["without"]]
        target = os.path.join(directory, "archive.zip")
        pack(wheels, target, request["limits"])
        size = os.path.getsize(target)
        put(request["upload"], "archive.zip", lambda: open(target, "rb"), size)
        packages = sorted("{}=={}".format(*package_of(wheel)) for wheel in wheels)
        return {"sha256": digest_of(target), "size": size, "packages": packages}
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def keep_alive(upload, done):
    beat = 0
    while True:
        try:
            Text({"beat": beat}).put(upload, "alive.json")
        except Failed:
            pass  # the next one may come through
        beat += 1
        if done.wait(ALIVE_SECONDS):
            return


def handler(ctx, data=None):
    request = json.loads(data.getvalue())
    done = threading.Event()
    beating = threading.Thread(target=keep_alive, args=(request["upload"], done), daemon=True)
    beating.start()
    try:
        result = build(request)
    except Refused as error:
        result = {"refused": str(error)}
    except Failed as error:
        result = {"failed": str(error)}
    except Exception as error:
        result = {"failed": f"{type(error).__name__}: {without_credentials(str(error))[:500]}"}
    done.set()
    beating.join()
    Text(result).put(request["upload"], "result.json")
    return response.Response(ctx, response_data=json.dumps(result), headers={"content-type": "application/json"})
