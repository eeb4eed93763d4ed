"""Registers the model of the best run of the experiment and puts it into production, in place of the one before."""
from client import arguments, graphql, report, PROJECT

ORDER = ["metrics.validation_accuracy DESC", "metrics.validation_log_loss ASC"]

if __name__ == "__main__":
    args = arguments(experiment="iris-species", model="iris-species")
    runs = graphql(
        """query ($project: String!, $experiment: String!, $order: [String!]) {
          experiment(project: $project, name: $experiment) {
            runs(filter: "attributes.status = 'FINISHED'", orderBy: $order, first: 5) { nodes {
              id name classifier: param(key: "classifier")
              accuracy: metric(key: "validation_accuracy") logLoss: metric(key: "validation_log_loss")
              artifacts { key bucket { name } } modelVersions { id uri model { name } } } } } }""",
        project=PROJECT,
        experiment=args.experiment,
        order=ORDER,
    )["experiment"]["runs"]["nodes"]
    for place, run in enumerate(runs, 1):
        print(f"{place}. {run['classifier']}: accuracy {run['accuracy']:.3f}, log loss {run['logLoss']:.3f}")
    best = runs[0]
    # An attempt that is made again finds the version that is there.
    version = next((each for each in best["modelVersions"] if each["model"]["name"] == args.model), None)
    if version is None:
        version = graphql(
            "mutation ($input: SaveModelInput!) { saveModel(input: $input) { id uri } }",
            input={
                "project": PROJECT,
                "model": args.model,
                "run": best["id"],
                "modelType": best["classifier"],
                "objects": [{"bucket": each["bucket"]["name"], "key": each["key"]} for each in best["artifacts"]],
            },
        )["saveModel"]
    report(0.6, f"registered {best['classifier']} as {version['uri']}")
    graphql(
        "mutation ($input: TransitionModelVersionInput!) { transitionModelVersion(input: $input) { id } }",
        input={"id": version["id"], "stage": "PRODUCTION", "archiveExisting": True},
    )
    report(1.0, f"{version['uri']} is in production")
