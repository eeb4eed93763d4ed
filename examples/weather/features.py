"""Puts beside each day what is known of it in the evening, and how warm the next day became: that is to be predicted.

2012 and 2013 teach, 2014 chooses the model (`validation`), and no model sees 2015 before the predictions (`test`).
"""
from client import arguments, dataset, graphql, report, PROJECT

FEATURES = """
SELECT location, date, temp_max, temp_min, precipitation, wind,
  avg(temp_max) OVER (days ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS temp_max_week,
  sin(2 * pi() * dayofyear(date) / 365.25) AS season_sin,
  cos(2 * pi() * dayofyear(date) / 365.25) AS season_cos,
  CASE WHEN location = 'Seattle' THEN 1 ELSE 0 END AS is_seattle,
  lead(temp_max) OVER days AS next_temp_max,
  CASE WHEN year(date) < 2014 THEN 'train' WHEN year(date) < 2015 THEN 'validation' ELSE 'test' END AS part
FROM {table}
WINDOW days AS (PARTITION BY location ORDER BY date)
QUALIFY next_temp_max IS NOT NULL
"""


def replace(name, sql):
    return graphql(
        "mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { name table version rowCount } }",
        input={"project": PROJECT, "name": name, "sql": sql, "mode": "REPLACE"},
    )["createDataset"]


if __name__ == "__main__":
    args = arguments(source="weather_days", dataset="weather_features", unseen="weather_unseen")
    report(0.1, f"reading {args.source}")
    features = replace(args.dataset, FEATURES.replace("{table}", dataset(args.source)["table"]))
    report(0.6, f"{features['name']}, version {features['version']}: {features['rowCount']} rows")
    unseen = replace(args.unseen, f"SELECT * EXCLUDE (part) FROM {features['table']} WHERE part = 'test'")
    report(1.0, f"{unseen['name']}, version {unseen['version']}: {unseen['rowCount']} rows")
