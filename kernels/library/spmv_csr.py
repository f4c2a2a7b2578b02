"""Product of a sparse matrix in compressed rows with a vector."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    rows, columns = size["rows"], size["columns"]
    lengths = rng.integers(0, 2 * size["per_row"] + 1, rows)
    indptr = np.concatenate(([0], np.cumsum(lengths)))
    indices = rng.integers(0, columns, indptr[-1])
    return indptr, indices, rng.standard_normal(indptr[-1]), rng.standard_normal(columns)


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"rows": 5, "columns": 6, "per_row": 2},
        "verify": {"rows": 61, "columns": 47, "per_row": 5},
        "benchmark": {"rows": 4000, "columns": 4000, "per_row": 12},
        "large": {"rows": 20000, "columns": 20000, "per_row": 12},
    },
    finite=True,
    source="spmv of NPBench, with its names written out",
)
def spmv_csr(indptr, indices, values, x):
    y = np.empty(indptr.size - 1, values.dtype)
    for i in range(indptr.size - 1):
        columns = indices[indptr[i] : indptr[i + 1]]
        y[i] = values[indptr[i] : indptr[i + 1]] @ x[columns]
    return y
