"""Predicts for the rows of a dataset of __PROJECT__ and saves the predictions; answers `predict` of an ONLINE deployment.

`load` and `predict` are called by both ways. They fit the model that train.py saves: put your own in their place.

Arguments: --model (a URI; without it the one of the deployment), --input (the dataset), --table (where predictions go)
"""
# <client>
from client import arguments, bucket, dataset, graphql, hashlib, json, os, report, rows_of, upload, urllib
from client import PIPELINE_RUN, PROJECT, STEP
# </client>
import tempfile


def load(model_path):
    """What `predict` needs, from the directory that holds the files of the model version."""
    with open(os.path.join(model_path, "model.json"), encoding="utf-8") as file:
        return json.load(file)


def predict(model, rows):
    """One prediction for each row, in order. A row is a dict of its columns."""

    def distance(row, means):
        return sum((float(row[name] or 0) - mean) ** 2 for name, mean in zip(model["features"], means))

    return [min(model["means"], key=lambda label: distance(row, model["means"][label])) for row in rows]


def fetch(uri, directory):
    """Puts the files of a model version into a directory."""
    found = graphql(
        """query ($project: String!, $uri: String!) {
          modelVersion(project: $project, uri: $uri) { uri files { key downloadUrl } } }""",
        project=PROJECT,
        uri=uri,
    )["modelVersion"]
    if found is None:
        raise SystemExit(f"There is no model version {uri} in the project {PROJECT}.")
    for file in found["files"]:
        urllib.request.urlretrieve(file["downloadUrl"], os.path.join(directory, file["key"].rsplit("/", 1)[-1]))
    return found["uri"]


def main():
    default_model = os.environ.get("DHUO_MODEL_URI", "models:/classifier/latest")
    args = arguments(model=default_model, input="features", table="predictions")
    source = dataset(args.input)
    with tempfile.TemporaryDirectory() as directory:
        uri = fetch(args.model, directory)
        model = load(directory)
    report(0.2, f"loaded {uri}")
    rows = list(rows_of(f"SELECT * FROM {source['table']}"))
    given = predict(model, rows)
    report(0.7, f"{len(rows)} predictions")
    lines = [json.dumps({**row, "PREDICT": value}) for row, value in zip(rows, given)]
    content = ("\n".join(lines) + "\n").encode()
    digest = hashlib.sha256(content).hexdigest()
    stored = upload(bucket("PREDICTIONS"), f"{args.table}/{digest}.ndjson", content, "application/x-ndjson")
    wanted = {"project": PROJECT, "modelUri": uri, "table": args.table, "object": stored, "input": source["id"]}
    if PIPELINE_RUN and STEP:
        # An attempt that is made again saves nothing twice.
        wanted.update(pipelineRun=PIPELINE_RUN, step=STEP, idempotencyKey=f"{PIPELINE_RUN}/{STEP}/{digest}")
    saved = graphql(
        "mutation ($input: SavePredictionsInput!) { savePredictions(input: $input) { version rowCount } }", input=wanted
    )["savePredictions"]
    report(1.0, f"{args.table}, VERSION {saved['version']}: {saved['rowCount']} rows")


if __name__ == "__main__":
    main()
