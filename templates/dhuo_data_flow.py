"""What OCI Data Flow starts for every step of a pipeline: the wrapper, which lies in the archive of the run, with the script.

The run has two parameters: `script`, its path in the archive, and `arguments`, each percent-encoded and with a comma behind it.
What the script finds in its environment comes as one property, whose name makes Spark keep its value out of its pages and logs.
"""
import os
import sys
import urllib.parse

root = os.environ.setdefault("DHUO_ARCHIVE", "/opt/dataflow")
for name, value in urllib.parse.parse_qsl(os.environ.pop("DHUO_SECRET_ENVIRONMENT", ""), keep_blank_values=True):
    os.environ[name] = value
script, arguments = sys.argv[1:3]
sys.path[0] = os.path.join(root, "python/lib/user/dhuo")

import dhuo_wrapper  # noqa: E402

dhuo_wrapper.launch(
    os.path.join(root, script),
    [urllib.parse.unquote(argument) for argument in arguments.split(",")[:-1]],
)
