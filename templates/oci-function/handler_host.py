"""The program around a handler: loads it once, then answers one line of JSON with another.

One program for two places: warm processes of the server's own machine, and func.py in OCI Functions. The first line of its input
says where things are, each further one holds rows. It ends with its input, however whoever started it ends. What the handler
prints goes to stderr, and what it reads is nothing: the protocol has pipes of its own. Python 3.7 and newer, standard library only.
"""
import glob, importlib.util, json, math, os, re, select, signal, sys, traceback, zipfile

answers = os.fdopen(os.dup(1), "wb")
requests = os.fdopen(os.dup(0), "rb")
os.dup2(2, 1)
nothing = os.open(os.devnull, os.O_RDONLY)
os.dup2(nothing, 0)
sys.dont_write_bytecode = True

# It looks for the end of the input while the handler is busy, and ends the group: this, and what the handler started.
if os.fork() == 0:
    watched = select.poll()
    watched.register(requests, 0)
    watched.poll()
    os.killpg(0, signal.SIGKILL)


def send(message):
    answers.write(json.dumps(message, allow_nan=False).encode() + b"\n")
    answers.flush()


def said(error, script):
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    text = re.sub(r"(?<![\w:/.])(?:/[^\s/'\":,()]+)+/([^\s/'\":,()]+)", r"\1", text)[:2000]
    places = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == script]
    return f"{text} ({os.path.basename(script)}, line {places[-1]})" if places else text


def plain(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"predict returned a {type(value).__name__}, which has no form in JSON")


def load(settings):
    archive = settings["archive"]
    if archive:
        target = os.path.join(settings["directory"], "archive")
        if not os.path.isdir(target):
            with zipfile.ZipFile(archive) as packed:
                if sum(entry.file_size for entry in packed.infolist()) > settings["maxUnpackedBytes"]:
                    raise ValueError("the dependency archive is too large")
                packed.extractall(target + ".part")
            os.rename(target + ".part", target)
        sys.path[:0] = sorted(glob.glob(os.path.join(target, "python", "lib", "python3*", "site-packages")))
        os.environ["DHUO_ARCHIVE"] = target
    script = settings["script"]
    sys.path.insert(0, os.path.dirname(script))
    spec = importlib.util.spec_from_file_location("predict", script)
    module = importlib.util.module_from_spec(spec)
    sys.modules["predict"] = module
    spec.loader.exec_module(module)
    for name in ("load", "predict"):
        if not callable(getattr(module, name, None)):
            raise ValueError(f"it has no function {name}")
    return module.predict, module.load(settings["model"])


def answer(predict, model, rows, script, limit):
    try:
        given = predict(model, rows)
    except BaseException as error:
        return {"refused": said(error, script)}
    try:
        given = plain(given)
        if not isinstance(given, list):
            return {"wrong": f"predict returned a {type(given).__name__}: it must return a list with one prediction for each row"}
        if len(given) != len(rows):
            return {"wrong": f"predict returned {len(given)} predictions for {len(rows)} rows"}
        if len(json.dumps(given, allow_nan=False)) > limit:
            return {"wrong": f"the predictions have more than {limit} bytes of JSON"}
        return {"predictions": given}
    except Exception as error:
        return {"wrong": said(error, script)}


settings = json.loads(requests.readline())
try:
    predict, model = load(settings)
except BaseException as error:
    send({"failed": said(error, settings["script"])})
    sys.exit(1)
send({"ready": True})
for line in requests:
    request = json.loads(line)
    send({"id": request["id"], **answer(predict, model, request["rows"], settings["script"], settings["maxPayloadBytes"])})
