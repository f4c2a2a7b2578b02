"""What all tests of the lift share."""
import numba
import pytest


@pytest.fixture(autouse=True)
def quick_compilation(monkeypatch):
    monkeypatch.setattr(numba.config, "OPT", type(numba.config.OPT)(1))
