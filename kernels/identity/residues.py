"""The rings that residues live in: three primes q, p and r with q | p - 1 and p | r - 1, and integers modulo their product.

A residue modulo q·p·r is three residues at once. `exp` maps the residue modulo q into Z_p as g^x, with g of order q, so
that exp(a)·exp(b) = exp(a + b) holds there; the same from p to r. An exponential therefore has no residue modulo q (its
modulus is p·r), an exponential of an exponential has one modulo r alone, and one step further there is none left.
The method is that of Mirage's probabilistic equivalence (Wu et al., OSDI 2025), which has two primes; the third is for
exponentials inside exponentials, such as one softmax after another.
"""
from __future__ import annotations

import hashlib

Q = 2**61 - 1
P = 52 * Q + 1
"""The first prime k·q + 1."""
R = 24 * P + 1
"""The first prime k·p + 1."""
WHOLE, UPPER, TOP = Q * P * R, P * R, R
"""The moduli that a number may have; each divides the one before it."""
SPECIAL = 0
"""The modulus of infinities and nan, which have no residue."""
ROOT_IN_P = pow(3, 52, P)
"""Of order q modulo p."""
ROOT_IN_R = pow(3, 24, R)
"""Of order p modulo r."""
_P_INVERSE = pow(P, -1, R)


def exponential(residue: int, modulus: int) -> tuple[int, int] | None:
    """Residue and modulus of exp(x); None where x has too little left for one."""
    if modulus == WHOLE:
        low, high = pow(ROOT_IN_P, residue % Q, P), pow(ROOT_IN_R, residue % P, R)
        return low + P * ((high - low) * _P_INVERSE % R), UPPER
    if modulus == UPPER:
        return pow(ROOT_IN_R, residue % P, R), TOP
    return None


def hashed(name: str, *residues: int) -> int:
    """A residue for the value of a function about which nothing is known but that equal arguments give equal values."""
    words = ":".join((name, *(str(residue % TOP) for residue in residues)))
    return int.from_bytes(hashlib.blake2b(words.encode(), digest_size=32).digest(), "big") % WHOLE


def of_fraction(numerator: int, denominator: int) -> int:
    """The residue of an exact rational modulo the whole product."""
    return numerator * pow(denominator, -1, WHOLE) % WHOLE
