"""What bench/python-client.ts measures, in turns with its baselines. Prints JSON."""

import json
import os
import pathlib
import subprocess
import sys
import time
import uuid

import numpy
import pyarrow.parquet

import dhuo
from dhuo._generated import documents

ROUNDS = 5
GIB = 1 << 30
folder = pathlib.Path(sys.argv[1])
d = dhuo.Dhuo(progress=False).use("bench", create=True)


def alternate(*works):
    """Medians of seconds, after a round to warm up: a busy machine slows all alike."""
    times = [[] for _ in works]
    for turn in range(ROUNDS + 1):
        for index, work in enumerate(works):
            began = time.perf_counter()
            work()
            if turn > 0:
                times[index].append(time.perf_counter() - began)
    return [sorted(each)[len(each) // 2] for each in times]


def frames():
    d.create_dataset(
        "data",
        sql="""select i as id, i * 3 as big, i / 7.0 as ratio, 'name of customer ' || i as label,
          timestamp '2020-01-01' + to_seconds(i) as seen, (i % 100000)::decimal(12, 2) as price from range(1000000) r(i)""",
    )

    def pair(columns):
        sql = f"select {columns} from data"
        url = d.api.get_select_url("bench", sql, format="PARQUET").download_url
        file = folder / "data.parquet"
        subprocess.run(["curl", "-sSf", "-o", file, url], check=True)
        base, select = alternate(lambda: pyarrow.parquet.read_table(file).to_pandas(), lambda: d.select(sql))
        return {"base": base * 1000, "select": select * 1000}

    return {**pair("*"), "withoutDecimals": pair("id, big, ratio, label, seen, id % 7 as part")}


def models():
    model = {"weights": numpy.random.default_rng(1).integers(0, 256, GIB, dtype="u1")}
    bucket = d.bucket("MODELS")
    parts = folder / "parts"
    parts.mkdir()
    names = []

    def curl_up():
        """The same bytes in the same parts, and the object made of them; nothing is hashed on either side."""
        upload = d.connection.execute(documents.CREATE_UPLOAD, {"input": {"bucket": bucket, "key": f"curl/{uuid.uuid4().hex}", "size": GIB}})
        size = int(upload["partSize"])
        if not names:
            for part in upload["parts"]:
                names.append(parts / str(part["number"]))
                names[-1].write_bytes(model["weights"][(part["number"] - 1) * size : part["number"] * size].tobytes())
        began = time.perf_counter()
        sends = [argument for part, name in zip(upload["parts"], names) for argument in ("-T", str(name), part["url"])]
        subprocess.run(["curl", "-sSf", *sends], check=True, stdout=subprocess.DEVNULL)
        made = d.api.complete_upload(upload["id"])
        took.append(time.perf_counter() - began)
        d.api.delete_object(bucket, made.key)

    def curl_down():
        url = d.api.get_model_version_url("bench", "models:/large/latest").download_url
        subprocess.run(["curl", "-sSf", "-o", folder / "down", url], check=True)

    took = []
    ups, saves, downs, loads = [], [], [], []
    for turn in range(ROUNDS + 1):
        curl_up()
        ups.append(took.pop())
        for work, times in (
            (lambda: d.save_model(model, "large"), saves),
            (curl_down, downs),
            (lambda: d.load_model("large", trust=True), loads),
        ):
            began = time.perf_counter()
            result = work()
            times.append(time.perf_counter() - began)
            del result
    middle = lambda times: sorted(times[1:])[ROUNDS // 2]  # noqa: E731
    return {"curlUp": middle(ups), "save": middle(saves), "curlDown": middle(downs), "load": middle(loads), "all": [ups, saves, downs, loads]}


def imports():
    def start(code):
        subprocess.run([sys.executable, "-c", code], check=True)

    bare, package, client = alternate(
        lambda: start("pass"), lambda: start("import dhuo"), lambda: start("import dhuo; dhuo.Dhuo('http://127.0.0.1')")
    )
    return {"package": (package - bare) * 1000, "client": (client - bare) * 1000}


os.environ["PYTHONDONTWRITEBYTECODE"] = ""
print(json.dumps({"import": imports(), "frame": frames(), "model": models()}))
