"""Counting: how many floating-point operations a kernel takes, and how many bytes it must move.

The same text that is compiled is executed once more, by NumPy and the interpreter, while its operations and the accesses to
its arguments are tallied: arrays by the number of elements that each of NumPy's functions is applied to (`arrays`,
`universal`, `functions`, `products`), numbers by the operators of the rewritten text (`text`, `calls`). So a vectorised
reference is counted at full size in about the time it takes by itself; loops over elements are counted at small sizes
and extrapolated where their work follows a polynomial exactly (`extrapolation`). What is not known is refused
(`NotCounted`), never guessed.

What a bound made of this assumes. Traffic is compulsory: each byte of an argument that is read before it is written
counts once, and so does each byte of the results; temporary arrays, second passes and the lines around an element do
not, and whether the data exceed a cache decides nothing. Operations are the fewest that a known text for the problem
takes: another algorithm may need fewer still. Integer operations, comparisons and index arithmetic are free.
"""
from .errors import NotCounted
from .problem import Counted, count
from .work import Work

__all__ = ["Counted", "NotCounted", "Work", "count"]
