"""Connecting to Ray: an embedded single-node cluster of our own, or one that exists."""
from __future__ import annotations

import logging
import os
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

from .arenas import one_arena
from .janitor import MARK, Janitor

OBJECT_STORE_BYTES = 128 * 2**20  # candidates and verdicts are small: text and numbers


class ClusterError(RuntimeError):
    """Ray cannot be reached or started; the message is one line that says what to do."""


@dataclass
class Cluster:
    """A connection to Ray. `close()` ends it; an embedded cluster ends with it and leaves nothing behind.

    dashboard: URL of the Ray dashboard, or "" where there is none.
    """

    embedded: bool
    dashboard: str
    _janitor: Janitor | None = None

    def close(self) -> None:
        import ray

        ray.shutdown()
        if self._janitor is not None:
            self._janitor.close()
            os.environ.pop(MARK, None)
            self._janitor = None


def connect(address: str | None, *, cores: int, dashboard: bool = True) -> Cluster:
    """Joins the cluster at `address` (also `RAY_ADDRESS`, as inside a Ray job), else starts an embedded one.

    cores: CPU slots of an embedded cluster. Raises ClusterError.
    """
    one_arena()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    address = address or os.environ.get("RAY_ADDRESS")
    if address:
        try:
            context = ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, namespace="kernwright")
        except Exception as error:  # noqa: BLE001 - Ray raises many kinds, all meaning the same to the user
            raise ClusterError(f"no Ray cluster answers at {address}: {_first_line(error)}") from None
        return Cluster(False, _url(context.dashboard_url))
    return _embedded(cores, dashboard)


def _embedded(cores: int, dashboard: bool) -> Cluster:
    import ray

    directory = Path(tempfile.mkdtemp(prefix="kw-", dir="/tmp" if os.access("/tmp", os.W_OK) else None))  # noqa: S108 - socket paths must be short
    mark = uuid.uuid4().hex
    janitor = Janitor(mark, directory)
    os.environ[MARK] = mark
    try:
        context = ray.init(
            address="local", num_cpus=cores, include_dashboard=dashboard, log_to_driver=False, logging_level=logging.ERROR,
            object_store_memory=OBJECT_STORE_BYTES, _temp_dir=str(directory), namespace="kernwright",
            _node_ip_address="127.0.0.1",
        )
    except Exception as error:  # noqa: BLE001 - as above
        os.environ.pop(MARK, None)
        janitor.close()
        raise ClusterError(f"an embedded Ray cluster does not start: {_first_line(error)}") from error
    return Cluster(True, _url(context.dashboard_url), janitor)


def _url(address: str | None) -> str:
    return f"http://{address}" if address else ""


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
