# What this script needs of the API. A step of a pipeline finds all settings in its environment; run by hand, set
# DHUO_URL and DHUO_ACCESS_KEY yourself.
import argparse
import hashlib
import json
import os
import urllib.error
import urllib.request

URL = os.environ.get("DHUO_URL", "http://127.0.0.1:4000").rstrip("/")
ACCESS_KEY = os.environ.get("DHUO_ACCESS_KEY", "")
PROJECT = os.environ.get("DHUO_PROJECT", "__PROJECT__")
PIPELINE_RUN = os.environ.get("DHUO_PIPELINE_RUN")
STEP = os.environ.get("DHUO_STEP")


def graphql(query, **variables):
    """Runs one operation and gives its data; raises RuntimeError with what the server says is wrong."""
    request = urllib.request.Request(
        URL + "/graphql",
        data=json.dumps({"query": query, "variables": variables}).encode(),
        headers={"Content-Type": "application/json", "X-Dhuo-Access-Key": ACCESS_KEY},
    )
    try:
        with urllib.request.urlopen(request, timeout=300) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        try:
            answer = json.loads(text)
        except ValueError:
            answer = {}
        if not answer.get("errors"):
            raise RuntimeError(f"{URL} answered {error.code}: {text[:500]}") from error
    if answer.get("errors"):
        raise RuntimeError("; ".join(error["message"] for error in answer["errors"]))
    return answer["data"]


def report(progress=None, message=None):
    """Tells how far this step is (0 to 1), for whoever watches the pipeline run."""
    print(message if progress is None else f"{progress:.0%} {message or ''}".strip(), flush=True)
    if os.environ.get("DHUO_MARKS") == "stdout":
        # What runs this script passes it on with the lines, also where there is no way to the server.
        print("::dhuo " + json.dumps({"progress": progress, "message": message}), flush=True)
    elif PIPELINE_RUN and STEP:
        graphql(
            "mutation ($input: ReportStepInput!) { reportStep(input: $input) { id } }",
            input={"pipelineRun": PIPELINE_RUN, "step": STEP, "progress": progress, "message": message},
        )


def rows_of(sql):
    """Streams all rows of one SELECT as dicts."""
    data = graphql(
        """query ($project: String!, $sql: String!) {
          executeSelect(project: $project, sql: $sql, limit: 1) { downloadUrl(format: NDJSON) } }""",
        project=PROJECT,
        sql=sql,
    )
    with urllib.request.urlopen(data["executeSelect"]["downloadUrl"], timeout=300) as response:
        for line in response:
            if line.strip():
                yield json.loads(line)


def dataset(name):
    """A dataset by name: its id, its table and its columns."""
    found = graphql(
        """query ($project: String!, $name: String!) {
          dataset(project: $project, name: $name) { id table columns { name type } } }""",
        project=PROJECT,
        name=name,
    )["dataset"]
    if found is None:
        raise SystemExit(f'There is no dataset "{name}" in the project {PROJECT}.')
    return found


def bucket(purpose):
    """The name of the project's bucket for a purpose (RAW, FEATURES, MODELS, PREDICTIONS, …); it is made when missing."""
    name = f"{PROJECT}-{purpose.lower()}"
    if graphql("query ($name: String!) { bucket(name: $name) { id } }", name=name)["bucket"] is None:
        graphql(
            "mutation ($input: CreateBucketInput!) { createBucket(input: $input) { id } }",
            input={"project": PROJECT, "purpose": purpose},
        )
    return name


def upload(bucket_name, key, content, content_type="application/octet-stream"):
    """Stores bytes as an object; gives what other mutations take as an object."""
    made = graphql(
        """mutation ($input: CreateUploadInput!) {
          createUpload(input: $input) { id partSize parts { number method url headers { key value } } } }""",
        input={
            "bucket": bucket_name,
            "key": key,
            "size": len(content),
            "contentType": content_type,
            "sha256": hashlib.sha256(content).hexdigest(),
        },
    )["createUpload"]
    size = int(made["partSize"])
    for part in made["parts"]:
        start = (part["number"] - 1) * size
        headers = {header["key"]: header["value"] for header in part["headers"]}
        request = urllib.request.Request(
            part["url"], data=content[start : start + size], method=part["method"], headers=headers
        )
        urllib.request.urlopen(request, timeout=300).close()
    graphql("mutation ($id: ID!) { completeUpload(id: $id) { id } }", id=made["id"])
    return {"bucket": bucket_name, "key": key}


def arguments(**defaults):
    """Reads `--name value` for each name; other arguments are left alone."""
    parser = argparse.ArgumentParser()
    for name, value in defaults.items():
        parser.add_argument("--" + name.replace("_", "-"), dest=name, default=value, type=type(value))
    return parser.parse_known_args()[0]
