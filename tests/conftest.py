"""What holds for all tests: their order, and a place of their own for what is kept between processes."""
import os
import shutil
import tempfile

# Files of whole runs come first, as one that began last would keep a single worker busy.
LONG = ("test_killed_runs", "test_run_end_to_end", "test_run_with_models", "test_fleet", "test_verify_command")


def pytest_configure(config):
    """Peaks that were measured beside other tests must not stay in the user's cache; pytest-xdist's workers inherit the place."""
    if hasattr(config, "workerinput"):
        return
    place = tempfile.mkdtemp(prefix="kernwright-tests-")
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = place

    def put_back():
        if before is None:
            os.environ.pop("XDG_CACHE_HOME", None)
        else:
            os.environ["XDG_CACHE_HOME"] = before
        shutil.rmtree(place, ignore_errors=True)

    config.add_cleanup(put_back)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.stem not in LONG)
