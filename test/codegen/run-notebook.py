"""
Runs a notebook from top to bottom in a kernel of its own: `run-notebook.py NOTEBOOK FOLDER`. Before a cell with the tag
`after-restart` the kernel is restarted. Prints what each cell printed; ends with 1 at the first that fails.
"""
import re
import sys

import nbformat
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def shown(output):
    if output.output_type == "stream":
        return output.text
    data = output.get("data", {})
    return data.get("text/plain") or data.get("text/html") or ""


notebook = nbformat.read(sys.argv[1], as_version=4)
nbformat.validate(notebook)
client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": sys.argv[2]}})
with client.setup_kernel():
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        if "after-restart" in cell.metadata.get("tags", []):
            run_sync(client.km.restart_kernel)(now=True)
            run_sync(client.kc.wait_for_ready)(timeout=60)
        try:
            client.execute_cell(cell, index)
        except CellExecutionError as error:
            sys.exit(re.sub(r"\x1b\[[0-9;]*m", "", str(error)))
        print(f"[{index}]", *(shown(output).rstrip() for output in cell.outputs), sep="\n", flush=True)
