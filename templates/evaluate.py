"""Compares the versions of a model of __PROJECT__ by a metric of their runs, and gives the best one an alias.

Arguments: --model, --metric, --goal (maximize or minimize), --alias
"""
# <client>
from client import arguments, graphql, report, PROJECT
# </client>

if __name__ == "__main__":
    args = arguments(model="classifier", metric="accuracy", goal="maximize", alias="best")
    model = graphql(
        """query ($project: String!, $name: String!, $metric: String!) {
          model(project: $project, name: $name) { versions { nodes { version run { metric(key: $metric) } } } } }""",
        project=PROJECT,
        name=args.model,
        metric=args.metric,
    )["model"]
    if model is None:
        raise SystemExit(f'There is no model "{args.model}" in the project {PROJECT}.')
    measured = [
        (version["run"]["metric"], version["version"])
        for version in model["versions"]["nodes"]
        if version["run"] and version["run"]["metric"] is not None
    ]
    if not measured:
        raise SystemExit(f'No version of "{args.model}" has the metric "{args.metric}".')
    # Of equal ones, the newest.
    sign = -1 if args.goal == "minimize" else 1
    value, version = max(measured, key=lambda each: (sign * each[0], each[1]))
    graphql(
        """mutation ($project: String!, $model: String!, $alias: String!, $version: Int) {
          setModelAlias(project: $project, model: $model, alias: $alias, version: $version) { id } }""",
        project=PROJECT,
        model=args.model,
        alias=args.alias,
        version=version,
    )
    report(1.0, f"models:/{args.model}@{args.alias} is version {version} ({args.metric} {value})")
