"""Proof, for every size, that the iterations of a candidate's parallel loops are independent and its indices in bounds.

`prove_parallel(candidate, signature)` is the door. What cannot be modelled is "not proven", with the reason.
"""
from .proof import ASSUMPTIONS, BoundsProof, LoopProof, ParallelProof, prove_parallel

__all__ = ["ASSUMPTIONS", "BoundsProof", "LoopProof", "ParallelProof", "prove_parallel"]
