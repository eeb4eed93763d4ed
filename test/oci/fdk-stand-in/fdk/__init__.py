"""As much of Oracle's FDK for Python (https://pypi.org/project/fdk/) as functions here use, for where that is not installed: HTTP over a
Unix socket, POST /call for each call, one at a time; what the handler returns is the answer, what it raises is a 502."""
