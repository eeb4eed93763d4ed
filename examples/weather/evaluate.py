"""Registers the model of the experiment's best run and puts it into production, in place of the one before."""
from client import arguments, graphql, report, PROJECT

if __name__ == "__main__":
    args = arguments(experiment="weather-tomorrow", model="weather-tomorrow")
    best = graphql(
        """query ($project: String!, $experiment: String!) {
          experiment(project: $project, name: $experiment) {
            bestRun(metric: "validation_rmse", goal: MINIMIZE) {
              id name regression: param(key: "regression") rmse: metric(key: "validation_rmse")
              artifacts { key bucket { name } } modelVersions { id uri model { name } } } } }""",
        project=PROJECT,
        experiment=args.experiment,
    )["experiment"]["bestRun"]
    report(0.3, f"the best is {best['regression']}: RMSE {best['rmse']:.3f} °C")
    # An attempt that is made again finds the version that is there.
    version = next((each for each in best["modelVersions"] if each["model"]["name"] == args.model), None)
    if version is None:
        version = graphql(
            "mutation ($input: SaveModelInput!) { saveModel(input: $input) { id uri } }",
            input={
                "project": PROJECT,
                "model": args.model,
                "run": best["id"],
                "modelType": "linear-regression",
                "objects": [{"bucket": each["bucket"]["name"], "key": each["key"]} for each in best["artifacts"]],
            },
        )["saveModel"]
    graphql(
        "mutation ($input: TransitionModelVersionInput!) { transitionModelVersion(input: $input) { id } }",
        input={"id": version["id"], "stage": "PRODUCTION", "archiveExisting": True},
    )
    report(1.0, f"{version['uri']} is in production")
