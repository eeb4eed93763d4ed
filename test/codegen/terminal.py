"""Runs a program on a terminal of its own: answers what it asks, and prints what was on the terminal.

Reads a JSON list of [text to wait for, what to type] from stdin; the arguments are the program. The end of the program comes last, as
a line "exit N".
"""
import json
import os
import pty
import select
import sys
import time

script = json.load(sys.stdin)
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])

seen = b""
searched = 0
deadline = time.time() + 90
while time.time() < deadline:
    ready, _, _ = select.select([terminal], [], [], 0.05)
    if ready:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
    if script:
        wanted, typed = script[0]
        at = seen.find(wanted.encode(), searched)
        if at >= 0:
            searched = at + len(wanted.encode())
            script.pop(0)
            os.write(terminal, typed.encode())
else:
    os.kill(pid, 9)
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(seen)
print("\nexit %d" % os.waitstatus_to_exitcode(status))
