"""Loads a file of __PROJECT__'s raw bucket, or of a URL, into a dataset.

Arguments: --key (of the object), --url (fetched first, when given), --dataset (what is made or replaced)
"""
# <client>
from client import arguments, bucket, graphql, report, upload, PROJECT
# </client>
import urllib.request

if __name__ == "__main__":
    args = arguments(key="data.csv", url="", dataset="raw_data")
    raw = bucket("RAW")
    if args.url:
        report(0.1, f"fetching {args.url}")
        with urllib.request.urlopen(args.url, timeout=300) as response:
            upload(raw, args.key, response.read())
    report(0.5, f"loading {args.key}")
    made = graphql(
        """mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { name version rowCount } }""",
        input={
            "project": PROJECT,
            "name": args.dataset,
            "object": {"bucket": raw, "key": args.key},
            "mode": "REPLACE",
        },
    )["createDataset"]
    report(1.0, f"{made['name']}, version {made['version']}: {made['rowCount']} rows")
