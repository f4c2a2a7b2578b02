"""Speed: the third question's words. Who the rivals are, and what an interval says."""
from __future__ import annotations

from ...workers.evaluation import Ratio

REFERENCE, SEED, NJIT = "reference", "best_seed", "njit"
FASTER, SLOWER, ALIKE, UNMEASURED = "faster", "slower", "no measurable difference", "not measured"
SAME_KERNEL = "the champion is the same kernel"
NO_NJIT = "Numba does not compile it, or it computes something else"


def speed_answer(ratio: Ratio | None) -> str:
    """What the interval says of the champion beside a rival."""
    if ratio is None:
        return UNMEASURED
    return FASTER if ratio.low > 1.0 else SLOWER if ratio.high < 1.0 else ALIKE
