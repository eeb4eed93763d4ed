"""Learns from a dataset of __PROJECT__, logs parameters and metrics as a run, and registers the model.

What it learns: the mean of every numeric column for each class; `predict` says whose means are nearest. Put your own
`fit` and `predict` in place of that; the rest can stay.

Arguments: --dataset, --target (the column to predict; the last one without it), --experiment, --model, --holdout (one row in
so many is kept for the test)
"""
# <client>
from client import arguments, bucket, dataset, graphql, json, report, rows_of, upload, PROJECT
# </client>


def fit(rows, features, target):
    sums, counts = {}, {}
    for row in rows:
        label = str(row[target])
        counts[label] = counts.get(label, 0) + 1
        means = sums.setdefault(label, [0.0] * len(features))
        for index, feature in enumerate(features):
            means[index] += float(row[feature] or 0)
    return {
        "features": features,
        "target": target,
        "means": {label: [total / counts[label] for total in means] for label, means in sums.items()},
    }


def predict(model, rows):
    def distance(row, means):
        return sum((float(row[name] or 0) - mean) ** 2 for name, mean in zip(model["features"], means))

    return [min(model["means"], key=lambda label: distance(row, model["means"][label])) for row in rows]


def main():
    args = arguments(dataset="features", target="", experiment="training", model="classifier", holdout=5)
    source = dataset(args.dataset)
    target = args.target or source["columns"][-1]["name"]
    numeric = ("INTEGER", "FLOAT", "DECIMAL")
    features = [column["name"] for column in source["columns"] if column["type"] in numeric and column["name"] != target]
    if not features:
        raise SystemExit(f'The dataset "{args.dataset}" has no numeric column beside "{target}".')

    experiment = graphql(
        "mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { id } }",
        input={"project": PROJECT, "name": args.experiment},
    )["createExperiment"]["id"]
    parameters = {"dataset": args.dataset, "target": target, "features": ", ".join(features), "holdout": args.holdout}
    run = graphql(
        "mutation ($input: CreateRunInput!) { createRun(input: $input) { id } }",
        input={
            "experiment": experiment,
            "params": [{"key": key, "value": str(value)} for key, value in parameters.items()],
            "inputs": [source["id"]],
        },
    )["createRun"]["id"]
    try:
        rows = list(rows_of(f"SELECT * FROM {source['table']}"))
        report(0.3, f"{len(rows)} rows")
        test = rows[:: max(2, args.holdout)]
        train = [row for index, row in enumerate(rows) if index % max(2, args.holdout) != 0]
        if not train:
            raise SystemExit(f'The dataset "{args.dataset}" has too few rows.')
        model = fit(train, features, target)
        right = sum(given == str(row[target]) for given, row in zip(predict(model, test), test))
        accuracy = right / len(test)
        report(0.7, f"accuracy {accuracy:.3f} on {len(test)} rows")
        metrics = {"accuracy": accuracy, "rows": len(rows)}
        graphql(
            "mutation ($input: LogBatchInput!) { logBatch(input: $input) { id } }",
            input={"run": run, "metrics": [{"key": key, "value": float(value)} for key, value in metrics.items()]},
        )
        stored = upload(bucket("MODELS"), f"runs/{run}/model.json", json.dumps(model).encode(), "application/json")
        saved = graphql(
            "mutation ($input: SaveModelInput!) { saveModel(input: $input) { uri } }",
            input={"project": PROJECT, "model": args.model, "run": run, "objects": [stored], "modelType": "nearest-mean"},
        )["saveModel"]
    except BaseException:
        graphql("mutation ($id: ID!) { finishRun(id: $id, status: FAILED) { id } }", id=run)
        raise
    graphql("mutation ($id: ID!) { finishRun(id: $id) { id } }", id=run)
    report(1.0, f"saved {saved['uri']}")


if __name__ == "__main__":
    main()
