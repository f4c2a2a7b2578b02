"""What the analysis knows about NumPy's functions and methods: which only read, which return new memory."""
from __future__ import annotations

import ast


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ELEMENTWISE_UNARY = _words(
    "abs absolute fabs sqrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh "
    "arccosh arctanh floor ceil trunc rint sign square negative positive reciprocal cbrt isnan isinf isfinite "
    "logical_not invert bitwise_not conj conjugate signbit deg2rad rad2deg radians degrees fix sinc round around")
ELEMENTWISE_BINARY = _words(
    "add subtract multiply divide true_divide floor_divide mod remainder fmod power float_power maximum minimum fmax "
    "fmin arctan2 hypot logaddexp copysign logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor "
    "left_shift right_shift equal not_equal less less_equal greater greater_equal heaviside nextafter ldexp logaddexp2 "
    "gcd lcm")
BOOLEAN = _words(
    "isnan isinf isfinite logical_not logical_and logical_or logical_xor equal not_equal less less_equal greater "
    "greater_equal signbit")
ALLOCATORS = _words(
    "empty zeros ones full empty_like zeros_like ones_like full_like")
CASTS = _words(
    "int8 int16 int32 int64 uint8 uint16 uint32 uint64 intp uintp float32 float64 complex64 complex128 bool_")
# Functions that read their arguments and return new memory (or a scalar).
FRESH = _words(
    "array copy arange linspace eye identity dot vdot inner outer matmul kron cross where sum prod mean std var "
    "median min max amin amax argmin argmax any all cumsum cumprod diff sort argsort bincount searchsorted histogram "
    "concatenate stack vstack hstack dstack column_stack repeat tile roll interp clip trace count_nonzero "
    "nonzero unique triu tril nansum nanmax nanmin nanmean ptp einsum tensordot convolve correlate take ediff1d "
    "percentile quantile full ") | ELEMENTWISE_UNARY | ELEMENTWISE_BINARY | ALLOCATORS | CASTS
# Functions that read their arguments and may return the memory of one.
VIEWING = _words(
    "asarray ascontiguousarray asfortranarray atleast_1d atleast_2d atleast_3d ravel reshape transpose squeeze "
    "expand_dims broadcast_to swapaxes moveaxis rollaxis real imag split array_split flip fliplr flipud rot90 diag "
    "diagonal flatnonzero asanyarray")
REDUCTIONS = _words(
    "sum prod mean std var min max amin amax any all argmin argmax ptp count_nonzero nansum nanmax "
                       "nanmin nanmean median trace vdot")

FRESH_METHODS = _words(
    "sum prod mean std var min max argmin argmax any all cumsum cumprod copy flatten dot argsort "
    "nonzero item tolist take repeat round clip ptp trace searchsorted")
VIEWING_METHODS = _words(
    "reshape ravel transpose view squeeze swapaxes diagonal astype conj conjugate")
METADATA = _words(
    "shape ndim size dtype itemsize nbytes strides")
VIEWING_ATTRIBUTES = _words(
    "T real imag flat")
DTYPE_NAMES = CASTS - {"bool_"}
SCALAR_BUILTINS = _words(
    "abs min max int float bool complex round len pow divmod sum")


def writes_argument(function: str, positional: int, keywords: frozenset[str]) -> bool:
    """Whether `np.function` with these arguments may write into one of them (`out=`, `np.copyto`, unknown ones)."""
    if function not in FRESH and function not in VIEWING:
        return True
    if "out" in keywords:
        return True
    if function in ELEMENTWISE_UNARY and function not in ("round", "around"):
        return positional > 1
    if function in ELEMENTWISE_BINARY:
        return positional > 2
    return function in REDUCTIONS and positional > 2 or function in ("dot", "matmul", "outer", "round", "around", "clip",
                                                                     "cumsum", "cumprod", "take") and positional > 2


def overwrites(call: ast.Call, keyword: ast.keyword) -> bool:
    """Whether the keyword names the array that the result of a function of NumPy is put into, all of it."""
    return keyword.arg == "out" and not any(k.arg == "where" for k in call.keywords) and isinstance(call.func, ast.Attribute) \
        and isinstance(call.func.value, ast.Name) and call.func.value.id == "np" and call.func.attr in FRESH
