# Tests that are scripts: lint, replay, end to end.
