"""The order of the tests: files of whole runs come first, as one that began last would keep a single worker busy."""
LONG = ("test_killed_runs", "test_run_end_to_end", "test_run_with_models", "test_fleet", "test_verify_command")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.stem not in LONG)
