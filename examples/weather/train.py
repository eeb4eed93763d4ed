"""Trains one regression as a run of the experiment. Two steps of the pipeline run it side by side, with different features.

Arguments: --features (columns, separated by commas)
"""
from client import arguments, bucket, dataset, graphql, json, report, rows_of, upload, PROJECT, STEP
from regression import fit, measure


def main():
    args = arguments(
        source="weather_days",
        dataset="weather_features",
        experiment="weather-tomorrow",
        features="temp_max",
        target="next_temp_max",
    )
    names = args.features.split(",")
    source, features = dataset(args.source), dataset(args.dataset)
    experiment = graphql(
        "mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { id } }",
        input={"project": PROJECT, "name": args.experiment},
    )["createExperiment"]["id"]
    params = {"regression": STEP or "by-hand", "features": args.features, "target": args.target}
    run = graphql(
        "mutation ($input: CreateRunInput!) { createRun(input: $input) { id } }",
        input={
            "experiment": experiment,
            "params": [{"key": key, "value": value} for key, value in params.items()],
            "inputs": [source["id"], features["id"]],
        },
    )["createRun"]["id"]
    try:
        rows = list(rows_of(f"SELECT * FROM {features['table']}"))
        learning = [row for row in rows if row["part"] == "train"]
        report(0.4, f"{len(names)} feature{'s' if len(names) > 1 else ''}, {len(learning)} rows")
        model = fit(learning, names, args.target)
        validation = measure(model, [row for row in rows if row["part"] == "validation"])
        graphql(
            "mutation ($input: LogBatchInput!) { logBatch(input: $input) { id } }",
            input={
                "run": run,
                "metrics": [{"key": f"validation_{key}", "value": value} for key, value in validation.items()],
            },
        )
        upload(bucket("MODELS"), f"runs/{run}/model.json", json.dumps(model).encode(), "application/json")
    except BaseException:
        graphql("mutation ($id: ID!) { finishRun(id: $id, status: FAILED) { id } }", id=run)
        raise
    graphql("mutation ($id: ID!) { finishRun(id: $id) { id } }", id=run)
    report(1.0, f"RMSE {validation['rmse']:.3f} °C, R² {validation['r2']:.3f}")


if __name__ == "__main__":
    main()
