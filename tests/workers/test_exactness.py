"""Which elements of a result are no rounding: checked against sums and functions in exact or 60-digit arithmetic."""
from fractions import Fraction

import numpy as np
import pytest
from kernwright.workers.verify.families.exactness import exact


def told(ufunc, *operands):
    operands = tuple(np.asarray(value) for value in operands)
    with np.errstate(all="ignore"):
        return np.asarray(exact(ufunc, "__call__", operands, {})(ufunc(*operands)))


def test_a_sum_is_exact_where_its_error_is_none():
    a = np.array([1.0, 1.0, 0.1, 1e300, 3.0, -1.0, 1.0])
    b = np.array([1e-33, 1.0, 0.2, -1e284, 2.0**-51, 1.0, 2.0**-1000])
    right = [Fraction(x) + Fraction(y) == Fraction(x + y) for x, y in zip(a, b)]
    assert told(np.add, a, b).tolist() == right and any(right) and not all(right)
    assert told(np.subtract, a, -b).tolist() == right
    assert told(np.add, a + 1j * a, b + 0j).tolist() == right


@pytest.mark.parametrize("ufunc, operands, right", [
    (np.exp, ([0.0, 1e-33, 1.0, -1e6],), [True, False, False, True]),
    (np.log, ([1.0, 2.0, 1 + 2**-52],), [True, False, False]),
    (np.cos, ([0.0, 1e-40],), [True, False]),
    (np.tanh, ([0.0, 60.0],), [True, False]),
    (np.exp2, ([3.0, 1e-40, 0.5],), [True, False, False]),
    (np.power, ([2.0, 4.0, 2.0, 1.0], [3.0, 0.5, 1e-40, 0.3]), [True, True, False, True]),
    (np.hypot, ([3.0, 1.0, 0.0], [4.0, 1e-33, 2.0]), [True, False, True]),
    (np.log2, ([8.0, 3.0],), [True, False]),
    (np.sqrt, ([4.0, 2.0],), [True, False]),
    (np.multiply, ([1.5, 0.1], [3.0, 0.1]), [True, False]),
    (np.divide, ([1.0, 3.0, 0.0], [4.0, 3.0, 7.0]), [True, False, True]),
])
def test_a_function_is_exact_where_its_value_is(ufunc, operands, right):
    assert told(ufunc, *operands).tolist() == right
    single = tuple(np.asarray(value, np.float32) for value in operands)
    assert told(ufunc, *single).shape == np.shape(right)
