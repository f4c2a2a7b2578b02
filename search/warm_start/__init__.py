"""Warm start: what earlier work left (champions, kernels written by hand, elites of earlier runs) as candidates of a run.

Nothing that a file or an earlier run says of a kernel is believed: each is verified and timed anew, right after the seeds.
It is no seed, so that "the best seed" means the same as in a run that begins with nothing.
"""
from .earlier import earlier_runs
from .gather import Given, Place, announcement, as_state, from_state, gather, read_given

__all__ = ["Given", "Place", "announcement", "as_state", "earlier_runs", "from_state", "gather", "read_given"]
