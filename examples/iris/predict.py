"""Predicts the species of flowers that no model has seen, with the model of the deployment, and saves the predictions."""
import urllib.request

from classifiers import predict
from client import arguments, dataset, graphql, json, os, report, rows_of, PIPELINE_RUN, PROJECT, STEP

if __name__ == "__main__":
    default_model = os.environ.get("DHUO_MODEL_URI", "models:/iris-species/Production")
    args = arguments(model=default_model, input="iris_unseen", table="iris_predictions")
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
    given = predict(model, rows)
    report(0.6, f"{len(rows)} predictions")
    wanted = {
        "project": PROJECT,
        "modelUri": version["uri"],
        "table": args.table,
        "columns": [*rows[0], "PREDICT"],
        "rows": [[*row.values(), value] for row, value in zip(rows, given)],
        "input": source["id"],
    }
    if PIPELINE_RUN:
        # An attempt that is made again saves nothing twice.
        wanted["idempotencyKey"] = f"{PIPELINE_RUN}/{STEP}"
    saved = graphql(
        "mutation ($input: SavePredictionsInput!) { savePredictions(input: $input) { version rowCount } }", input=wanted
    )["savePredictions"]
    report(1.0, f"{args.table}, VERSION {saved['version']}: {saved['rowCount']} rows")
