"""The words of the kernel dialect: what a kernel may name. What is not listed here is refused.

Every entry is one that Numba compiles and that touches nothing but numbers and arrays: no files, no memory by address,
no state, no randomness, no Python objects.
"""
from __future__ import annotations

from collections.abc import Mapping

from ..candidate import ENTRY

MODULES = frozenset({"np", "math"})
PRANGE = "prange"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NUMPY_BY_USE: Mapping[str, tuple[str, ...]] = {
    "dtypes": _words(
        "bool_ int8 int16 int32 int64 intp int_ uint8 uint16 uint32 uint64 uintp float32 float64 complex64 complex128"
    ),
    "constants": _words("pi e euler_gamma inf nan newaxis"),
    "allocation": _words(
        "empty zeros ones full empty_like zeros_like ones_like full_like arange linspace eye identity array asarray "
        "ascontiguousarray asfortranarray copy"
    ),
    "elementwise": _words(
        "abs absolute fabs add subtract multiply divide true_divide floor_divide mod remainder fmod divmod power "
        "float_power negative positive reciprocal sign square sqrt cbrt exp exp2 expm1 log log2 log10 log1p logaddexp "
        "logaddexp2 sin cos tan arcsin arccos arctan arctan2 sinh cosh tanh arcsinh arccosh arctanh hypot sinc deg2rad "
        "rad2deg degrees radians floor ceil trunc rint round around maximum minimum fmax fmin clip where nan_to_num "
        "isnan isinf isfinite isclose signbit copysign nextafter spacing ldexp bitwise_and bitwise_or bitwise_xor "
        "bitwise_not invert left_shift right_shift logical_and logical_or logical_xor logical_not equal not_equal less "
        "less_equal greater greater_equal gcd lcm conj conjugate real imag angle"
    ),
    "reductions": _words(
        "sum prod min max amin amax mean var std median average ptp argmin argmax any all cumsum cumprod count_nonzero "
        "nansum nanprod nanmin nanmax nanmean nanvar nanstd nanargmin nanargmax percentile quantile trace allclose "
        "array_equal"
    ),
    "arrangement": _words(
        "reshape ravel transpose permute_dims swapaxes moveaxis expand_dims broadcast_to atleast_1d atleast_2d "
        "atleast_3d concatenate stack vstack hstack column_stack repeat roll flip flipud fliplr rot90 diag diagflat tri "
        "tril triu fill_diagonal take take_along_axis nonzero flatnonzero argwhere sort argsort searchsorted unique "
        "bincount histogram digitize interp diff convolve correlate shape size ndindex ndenumerate"
    ),
    "linear algebra": _words(
        "dot vdot outer kron cross linalg.norm linalg.solve linalg.inv linalg.det linalg.slogdet linalg.cholesky linalg.qr "
        "linalg.svd linalg.eigh linalg.lstsq linalg.matrix_power"
    ),
    "limits of a dtype": _words("finfo iinfo"),
}
NUMPY_ALLOWED = frozenset(name for names in NUMPY_BY_USE.values() for name in names)
NUMPY_DTYPES = frozenset(NUMPY_BY_USE["dtypes"])
NUMPY_CONSTANTS = frozenset(NUMPY_BY_USE["constants"])
NUMPY_LIMITS = frozenset(NUMPY_BY_USE["limits of a dtype"])

MATH_CONSTANTS = frozenset(_words("pi e tau inf nan"))
MATH_ALLOWED = MATH_CONSTANTS | frozenset(_words(
    "acos acosh asin asinh atan atan2 atanh ceil copysign cos cosh degrees erf erfc exp expm1 fabs floor gamma gcd hypot "
    "isfinite isinf isnan ldexp lgamma log log10 log1p log2 nextafter pow radians sin sinh sqrt tan tanh trunc"
))

BUILTINS_ALLOWED = frozenset(_words(
    "range len abs min max int float bool complex round sum enumerate zip divmod pow"
))
BUILTIN_DTYPES = frozenset({"float", "bool"})
"""Builtins that may stand as a dtype: Numba knows no others there."""

ATTRIBUTES = frozenset(_words("shape ndim size dtype T real imag strides itemsize nbytes"))
METHODS = frozenset(_words(
    "sum prod min max mean var std argmin argmax any all cumsum cumprod copy astype reshape ravel flatten transpose view "
    "fill sort argsort take dot conj conjugate nonzero repeat clip"
))
LIMIT_ATTRIBUTES = frozenset(_words("eps tiny max min"))
"""What may be read of `np.finfo(dtype)` and `np.iinfo(dtype)`."""

KEYWORDS = frozenset(_words(
    "axis dtype out minlength weights side bins k N M decimals a_min a_max num start stop step shape fill_value ddof rtol "
    "atol equal_nan repeats shift posinf neginf copy n"
))
SIDES = frozenset({"left", "right"})
"""The strings that may stand: as `side=` of np.searchsorted."""

RESERVED = MODULES | BUILTINS_ALLOWED | {PRANGE, ENTRY}
"""Names that no constant, helper, parameter or variable may take."""

INSTEAD_OF_NUMPY: Mapping[str, str] = {
    **dict.fromkeys(_words("random"), "a kernel must give the same result each time; take random numbers as an argument"),
    **dict.fromkeys(
        _words("load save savez savez_compressed loadtxt savetxt genfromtxt fromfile tofile memmap fromstring fromregex "
               "show_config show_runtime printoptions set_printoptions array2string array_repr array_str"),
        "a kernel does no input or output"),
    **dict.fromkeys(
        _words("frombuffer ctypeslib core lib testing test f2py ndarray nditer flatiter memoryview rec record void "
               "may_share_memory shares_memory byte_bounds"),
        "a kernel reaches memory only through its arguments and the arrays it allocates"),
    **dict.fromkeys(
        _words("einsum tensordot inner matmul meshgrid tile pad apply_along_axis vectorize frompyfunc fromfunction "
               "fromiter fft gradient piecewise put putmask place copyto squeeze heaviside bitwise_count lib.stride_tricks"),
        "Numba does not compile it; write the loops"),
    **dict.fromkeys(_words("float16 half float128 longdouble clongdouble complex256 object_ str_ bytes_ datetime64 "
                           "timedelta64"), "kernels compute in bool, integers, float32, float64, complex64, complex128"),
    "append": "allocate the array at its final size",
    "bool": "write np.bool_",
    "float": "write np.float64",
    "int": "write np.int64",
}
INSTEAD_OF_BUILTINS: Mapping[str, str] = {
    "print": "a kernel does no input or output",
    "open": "a kernel does no input or output",
    "input": "a kernel does no input or output",
    "list": "allocate an array",
    "tuple": "write the tuple out",
    "set": "allocate an array",
    "dict": "allocate an array",
    "sorted": "use np.sort",
    "reversed": "count down with range(n - 1, -1, -1)",
    "slice": "write a[start:stop]",
    "isinstance": "types are fixed when Numba compiles",
    "type": "types are fixed when Numba compiles",
    "map": "write the loop",
    "filter": "write the loop",
    "any": "use np.any",
    "all": "use np.all",
    **dict.fromkeys(_words("eval exec compile globals locals vars getattr setattr delattr hasattr dir id"),
                    "a kernel cannot inspect or generate code"),
    **dict.fromkeys(_words("numba nb njit jit vectorize guvectorize objmode carray farray cfunc literal_unroll intrinsic "
                           "overload stencil literally get_thread_id get_num_threads set_num_threads"),
                    "the harness compiles the text; jit options are not part of it"),
    **dict.fromkeys(_words("os sys time random subprocess ctypes cffi socket builtins importlib threading"),
                    "a kernel touches nothing but its arguments"),
    "numpy": "write np",
    "cmath": "use np.exp, np.sqrt, ... on complex numbers",
}
