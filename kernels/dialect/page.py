"""The dialect as a page of text, for a language model or a person, generated from the gate's own sets."""
from __future__ import annotations

import textwrap

from .limits import MAX_ALLOCATION, MAX_ARRAY_LITERAL, MAX_BLOCK_NEST, MAX_CHARACTERS, MAX_STATEMENTS, MAX_TUPLE
from .vocabulary import ATTRIBUTES, BUILTINS_ALLOWED, LIMIT_ATTRIBUTES, MATH_ALLOWED, METHODS, NUMPY_BY_USE

_WIDTH = 118


def describe() -> str:
    """The rules of the kernel dialect and its vocabulary, about a page of plain text."""
    numpy = "\n".join(_listed(f"- {use}: ", names) for use, names in NUMPY_BY_USE.items())
    return f"""\
A kernel is one text: module constants, helper functions and one entry function called `kernel`. The harness applies
numba.njit to every function; jit options are not part of the text. What is not named on this page is refused.

At the top stand only
- constants `NAME = number` (a literal, possibly signed; no expression, tuple or array);
- tunables, constants with their choices: `TILE = 64  # tune: 16 32 64 128` (upper case);
- functions with plain positional parameters: no defaults, *args, annotations or decorators. No recursion.
There are no imports: `np`, `math` and `prange` are given.

Statements: assignment (also a, b = b, a), augmented assignment, if/elif/else, for, while, break, continue, return, pass,
and a call on a line of its own. A docstring may open a function; other strings do not exist.
Not in the dialect: import, class, lambda, nested functions, comprehensions, generators, lists (except inside
np.array([...])), dicts, sets, strings, try, with, raise, assert, global, del, match, `:=`, `is`, star-arguments, loop `else`.

`for i in prange(n)` runs its iterations in parallel when the jit option `parallel` is on. An iteration may write only
elements that no other iteration reads or writes. Variables first assigned in the body are private to the iteration.
A scalar (or a whole array made before the loop) may be reduced, by one statement `s += x`, `s -= x`, `s *= x`,
`s = max(s, x)` or `s = min(s, x)`, and is then not read otherwise in the loop; `if x > s: s = x` is a race.
prange steps by 1, and neither break nor return leaves it.

Functions are called by name: those of the text, and
{_listed("- builtins: ", sorted(BUILTINS_ALLOWED))}
{_listed("- math: ", sorted(MATH_ALLOWED))}
- np, by use:
{textwrap.indent(numpy, "  ")}
{_listed("- attributes of arrays: ", sorted(ATTRIBUTES))}
{_listed("- methods of arrays: ", sorted(METHODS))}
{_listed("- np.finfo(dtype) and np.iinfo(dtype) have: ", sorted(LIMIT_ATTRIBUTES))}
Dtypes are written np.float32 or x.dtype, never as strings; x.dtype.type(v) converts v to x's dtype. The bits of a number:
np.float32(x).view(np.int32). Functions, modules and dtypes cannot be assigned to variables.
Names of the dialect, constants and helpers cannot be rebound; names do not start with two underscores.

Limits: {MAX_CHARACTERS:,} characters; {MAX_STATEMENTS} statements a function; {MAX_TUPLE} elements a tuple; {MAX_ARRAY_LITERAL} numbers \
an array literal; {MAX_BLOCK_NEST} loops and ifs within one another; integers of
64 bits; {MAX_ALLOCATION:,} elements an array whose size is written in the text. Long unrolled text takes Numba minutes."""


def _listed(head: str, names: list[str] | tuple[str, ...]) -> str:
    return textwrap.fill(head + " ".join(names), _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
