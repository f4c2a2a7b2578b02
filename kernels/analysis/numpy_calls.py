"""What the analysis knows about NumPy's functions and methods: which only read, which return new memory."""
from __future__ import annotations

ELEMENTWISE_UNARY = frozenset(
    "abs absolute fabs sqrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh "
    "arccosh arctanh floor ceil trunc rint sign square negative positive reciprocal cbrt isnan isinf isfinite "
    "logical_not invert bitwise_not conj conjugate signbit deg2rad rad2deg round around".split())
ELEMENTWISE_BINARY = frozenset(
    "add subtract multiply divide true_divide floor_divide mod remainder fmod power float_power maximum minimum fmax "
    "fmin arctan2 hypot logaddexp copysign logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor "
    "left_shift right_shift equal not_equal less less_equal greater greater_equal heaviside nextafter ldexp".split())
BOOLEAN = frozenset(
    "isnan isinf isfinite logical_not logical_and logical_or logical_xor equal not_equal less less_equal greater "
    "greater_equal signbit".split())
ALLOCATORS = frozenset("empty zeros ones full empty_like zeros_like ones_like full_like".split())
CASTS = frozenset(
    "int8 int16 int32 int64 uint8 uint16 uint32 uint64 intp uintp float32 float64 complex64 complex128 bool_".split())
# Functions that read their arguments and return new memory (or a scalar).
FRESH = frozenset(
    "array copy arange linspace eye identity dot vdot inner outer matmul kron cross where sum prod mean std var "
    "median min max amin amax argmin argmax any all cumsum cumprod diff sort argsort bincount searchsorted histogram "
    "concatenate stack vstack hstack dstack column_stack repeat tile roll flip interp clip trace count_nonzero "
    "nonzero unique triu tril nansum nanmax nanmin nanmean ptp einsum tensordot convolve correlate take ediff1d "
    "percentile quantile full ".split()) | ELEMENTWISE_UNARY | ELEMENTWISE_BINARY | ALLOCATORS | CASTS
# Functions that read their arguments and may return the memory of one.
VIEWING = frozenset(
    "asarray ascontiguousarray asfortranarray atleast_1d atleast_2d atleast_3d ravel reshape transpose squeeze "
    "expand_dims broadcast_to swapaxes moveaxis rollaxis real imag split array_split fliplr flipud rot90 diag "
    "diagonal flatnonzero asanyarray".split())
REDUCTIONS = frozenset("sum prod mean std var min max amin amax any all argmin argmax ptp count_nonzero nansum nanmax "
                       "nanmin nanmean median trace vdot".split())

FRESH_METHODS = frozenset(
    "sum prod mean std var min max argmin argmax any all cumsum cumprod copy flatten dot conj conjugate argsort "
    "nonzero item tolist take repeat round clip ptp trace searchsorted".split())
VIEWING_METHODS = frozenset("reshape ravel transpose view squeeze swapaxes diagonal astype".split())
METADATA = frozenset("shape ndim size dtype itemsize nbytes strides".split())
VIEWING_ATTRIBUTES = frozenset("T real imag flat".split())
DTYPE_NAMES = CASTS - {"bool_"}
SCALAR_BUILTINS = frozenset("abs min max int float bool complex round len pow divmod sum".split())


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
    return function in REDUCTIONS and positional > 2 or function in ("dot", "matmul", "round", "around", "clip",
                                                                     "cumsum", "cumprod", "take") and positional > 2
