"""Threading layers: telling a child which of Numba's its threads come from; a layer is chosen once in a process."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LAYERS = ("workqueue", "omp", "tbb")


def answer(message: Mapping[str, Any], _: Any) -> dict[str, Any]:
    """Starts the threads of layer message["layer"] in this process: {"ok": true, "layer": its name, or "" where it cannot be
    had, "reason"}."""
    import numba
    import numba.np.ufunc.parallel as pool

    wanted = message["layer"]
    if pool._is_initialized:
        running = numba.threading_layer()
        return {"ok": True, "layer": running if running == wanted else "", "reason": f"{running} is running"}
    numba.config.THREADING_LAYER = wanted
    try:
        pool._launch_threads()
        return {"ok": True, "layer": numba.threading_layer(), "reason": ""}
    except (ValueError, ImportError, OSError) as error:
        return {"ok": True, "layer": "", "reason": " ".join(str(error).split())}
