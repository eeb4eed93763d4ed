"""A step of a pipeline of __PROJECT__. What it prints is its log; when it fails, its step has failed.

Arguments: --table (counted, when given)
"""
# <client>
from client import arguments, report, rows_of, PROJECT
# </client>

if __name__ == "__main__":
    args = arguments(table="")
    report(0.5, f"at work in {PROJECT}")
    if args.table:
        for row in rows_of(f"SELECT count(*) AS count FROM {args.table}"):
            print(f"{args.table} has {row['count']} rows")
    report(1.0, "done")
