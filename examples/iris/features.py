"""Makes features from the measurements, with SQL that runs where the data is, and says which flowers teach and which test.

Of the 50 flowers of a species, 30 teach, 10 choose the model (`validation`), and 10 are seen by no model before the
predictions (`test`). Which ones, depends on nothing but the measurements: every run has the same.
"""
from client import arguments, dataset, graphql, report, PROJECT

FEATURES = """
SELECT sepal_length, sepal_width, petal_length, petal_width,
  sepal_length * sepal_width AS sepal_area,
  petal_length * petal_width AS petal_area,
  species,
  CASE WHEN place <= 30 THEN 'train' WHEN place <= 40 THEN 'validation' ELSE 'test' END AS part
FROM (
  SELECT *, row_number() OVER (
    PARTITION BY species
    ORDER BY md5(concat_ws(' ', sepal_length, sepal_width, petal_length, petal_width))
  ) AS place
  FROM {table}
)
"""


def replace(name, sql):
    return graphql(
        "mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { name table version rowCount } }",
        input={"project": PROJECT, "name": name, "sql": sql, "mode": "REPLACE"},
    )["createDataset"]


if __name__ == "__main__":
    args = arguments(source="iris_measurements", dataset="iris_features", unseen="iris_unseen")
    report(0.1, f"reading {args.source}")
    features = replace(args.dataset, FEATURES.replace("{table}", dataset(args.source)["table"]))
    report(0.6, f"{features['name']}, version {features['version']}: {features['rowCount']} rows")
    unseen = replace(args.unseen, f"SELECT * EXCLUDE (part) FROM {features['table']} WHERE part = 'test'")
    report(1.0, f"{unseen['name']}, version {unseen['version']}: {unseen['rowCount']} rows")
