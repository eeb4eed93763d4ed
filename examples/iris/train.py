"""Trains two classifiers on the same rows, each as a run of one experiment: parameters, metrics, the model as an artifact.

The loss of the softmax regression is logged while it learns: subscribe to `metricLogged` to watch it.
"""
from classifiers import FEATURES, fit_naive_bayes, fit_softmax, measure
from client import arguments, bucket, dataset, graphql, json, report, rows_of, upload, PROJECT


def log(run, values, step=0):
    metrics = [{"key": key, "value": value, "step": step} for key, value in values.items()]
    graphql(
        "mutation ($input: LogBatchInput!) { logBatch(input: $input) { id } }", input={"run": run, "metrics": metrics}
    )


def train(experiment, name, parameters, inputs, validation, fit):
    """One run from its beginning to its end, whatever that is."""
    params = {"classifier": name, "features": ", ".join(FEATURES), **parameters}
    run = graphql(
        "mutation ($input: CreateRunInput!) { createRun(input: $input) { id name } }",
        input={
            "experiment": experiment,
            "params": [{"key": key, "value": str(value)} for key, value in params.items()],
            "inputs": inputs,
        },
    )["createRun"]
    try:
        model = fit(run["id"])
        measured = measure(model, validation)
        log(run["id"], {f"validation_{key}": value for key, value in measured.items()})
        upload(bucket("MODELS"), f"runs/{run['id']}/model.json", json.dumps(model).encode(), "application/json")
    except BaseException:
        graphql("mutation ($id: ID!) { finishRun(id: $id, status: FAILED) { id } }", id=run["id"])
        raise
    graphql("mutation ($id: ID!) { finishRun(id: $id) { id } }", id=run["id"])
    print(f"{name}, run {run['name']}: accuracy {measured['accuracy']:.3f}, log loss {measured['log_loss']:.3f}")


def main():
    args = arguments(source="iris_measurements", dataset="iris_features", experiment="iris-species", epochs=300, rate=0.5)
    source, features = dataset(args.source), dataset(args.dataset)
    rows = list(rows_of(f"SELECT * FROM {features['table']}"))
    learning = [row for row in rows if row["part"] == "train"]
    validation = [row for row in rows if row["part"] == "validation"]
    inputs = [source["id"], features["id"]]
    experiment = graphql(
        "mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { id } }",
        input={"project": PROJECT, "name": args.experiment},
    )["createExperiment"]["id"]

    report(0.1, f"naive Bayes on {len(learning)} rows")
    train(experiment, "naive-bayes", {}, inputs, validation, lambda _run: fit_naive_bayes(learning))

    def fit(run):
        def on_epoch(epoch, loss):
            if epoch == 1 or epoch % (args.epochs // 10) == 0:
                log(run, {"loss": loss}, step=epoch)
                report(0.3 + 0.6 * epoch / args.epochs, f"epoch {epoch}: loss {loss:.4f}")

        return fit_softmax(learning, args.epochs, args.rate, on_epoch)

    report(0.3, f"softmax regression on {len(learning)} rows")
    train(experiment, "softmax", {"epochs": args.epochs, "rate": args.rate}, inputs, validation, fit)
    report(1.0, "two models trained")


if __name__ == "__main__":
    main()
