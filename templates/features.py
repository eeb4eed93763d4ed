"""Makes a dataset of features of __PROJECT__ from another dataset, with SQL that runs where the data is.

Arguments: --source (the dataset that is read), --dataset (what is made or replaced), --sql (with {table} for the source's table)
"""
# <client>
from client import arguments, dataset, graphql, report, PROJECT
# </client>

# Your features: columns, cleaned and combined. {table} is the table of the source.
SQL = "SELECT * FROM {table}"

if __name__ == "__main__":
    args = arguments(source="raw_data", dataset="features", sql=SQL)
    source = dataset(args.source)
    report(0.1, f"reading {args.source}")
    made = graphql(
        """mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { name version rowCount } }""",
        input={
            "project": PROJECT,
            "name": args.dataset,
            "sql": args.sql.replace("{table}", source["table"]),
            "mode": "REPLACE",
        },
    )["createDataset"]
    report(1.0, f"{made['name']}, version {made['version']}: {made['rowCount']} rows")
