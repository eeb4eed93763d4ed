"""Tests of what needs no server. `npm test` runs them, and those of tests/live with a server."""
