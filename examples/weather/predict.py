"""Predicts how warm the next day becomes, for every day of a year that no model has seen, and saves the predictions.

They are many: they travel as an object of the predictions bucket, not inside of the mutation.
"""
import urllib.request

from client import arguments, bucket, dataset, graphql, json, os, report, rows_of, upload, PIPELINE_RUN, PROJECT, STEP
from regression import predict

if __name__ == "__main__":
    default_model = os.environ.get("DHUO_MODEL_URI", "models:/weather-tomorrow/Production")
    args = arguments(model=default_model, input="weather_unseen", table="weather_predictions")
    version = graphql(
        "query ($project: String!, $uri: String!) { modelVersion(project: $project, uri: $uri) { uri downloadUrl } }",
        project=PROJECT,
        uri=args.model,
    )["modelVersion"]
    if version is None:
        raise SystemExit(f"There is no model version {args.model} in the project {PROJECT}.")
    with urllib.request.urlopen(version["downloadUrl"], timeout=300) as response:
        model = json.load(response)
    report(0.3, f"loaded {version['uri']}")
    source = dataset(args.input)
    rows = list(rows_of(f"SELECT * FROM {source['table']}"))
    lines = [json.dumps({**row, "PREDICT": round(value, 2)}) for row, value in zip(rows, predict(model, rows))]
    report(0.6, f"{len(lines)} predictions")
    content = ("\n".join(lines) + "\n").encode()
    key = f"{args.table}/{PIPELINE_RUN or 'by-hand'}.ndjson"
    wanted = {
        "project": PROJECT,
        "modelUri": version["uri"],
        "table": args.table,
        "object": upload(bucket("PREDICTIONS"), key, content, "application/x-ndjson"),
        "input": source["id"],
    }
    if PIPELINE_RUN:
        # An attempt that is made again saves nothing twice.
        wanted["idempotencyKey"] = f"{PIPELINE_RUN}/{STEP}"
    saved = graphql(
        "mutation ($input: SavePredictionsInput!) { savePredictions(input: $input) { version rowCount } }", input=wanted
    )["savePredictions"]
    report(1.0, f"{args.table}, VERSION {saved['version']}: {saved['rowCount']} rows")
