"""The proof of independence for all sizes: legal kernels are proven, racy ones never, and what is not decided says why."""
import json
from dataclasses import replace

import pytest
from kernwright.kernels.candidate import JitOptions
from kernwright.kernels.parallel_proof import prove_parallel
from kernwright.kernels.vecmath import FUNCTIONS
from parallel_kernels import LOGGED, PROVEN, RACY, Kernel


@pytest.mark.parametrize("kernel", PROVEN.values(), ids=PROVEN.keys())
def test_a_legal_kernel_is_proven(kernel):
    proof = prove_parallel(kernel.candidate, kernel.signature)
    assert proof.proven, proof.loops


@pytest.mark.parametrize("kernel", LOGGED.values(), ids=LOGGED.keys())
def test_what_is_not_affine_is_not_proven_and_says_why(kernel):
    proof = prove_parallel(kernel.candidate, kernel.signature)
    assert not proof.proven and all(loop.reason.startswith("line ") for loop in proof.loops if not loop.proven)


@pytest.mark.parametrize("kernel", RACY.values(), ids=RACY.keys())
def test_a_racy_kernel_is_never_proven(kernel):
    proof = prove_parallel(kernel.candidate, kernel.signature)
    assert not proof.proven


def test_a_loop_that_calls_a_function_of_vecmath_is_proven_as_if_that_were_numpy_s():
    kernel = PROVEN["a helper of numbers"]
    text = "def kernel(a, out):\n    for i in prange(a.shape[0]):\n        out[i] = exp_f64(a[i])\n"
    own = replace(kernel.candidate, text=f"{FUNCTIONS['exp', 'float64'].text}\n{text}")
    assert prove_parallel(own, kernel.signature).proven
    racy = replace(own, text=own.text.replace("out[i]", "out[i // 2]"))
    assert not prove_parallel(racy, kernel.signature).proven


BLOCKS = """
def kernel(a, out):
    for b in prange(a.shape[0] // 8):
        part = out[b * 8:b * 8 + 8]{seen}
        for k in range({count}):
            for j in range(a.shape[1]):
                part[{index}] = a[b * 8, j] + k
"""


@pytest.mark.parametrize("seen, count, index, proven", [
    ("", 8, "k, j", True), ("", 9, "k, j", False), (".T", 9, "j, k", False), (".reshape(8, 1, a.shape[1])", 9, "k, 0, j", False),
])
def test_an_index_beyond_the_end_of_a_view_is_an_element_of_the_next_block(seen, count, index, proven):
    kernel = Kernel(BLOCKS.format(seen=seen, count=count, index=index), "a[n, m] out[n+1, m]")
    assert prove_parallel(kernel.candidate, kernel.signature).proven is proven


def test_a_serial_candidate_has_nothing_to_prove():
    kernel = PROVEN["Jacobi"]
    assert prove_parallel(replace(kernel.candidate, options=JitOptions()), kernel.signature).loops == ()


def test_indices_are_proven_in_bounds_or_the_array_is_named():
    proof = prove_parallel(PROVEN["a gather that only reads"].candidate, PROVEN["a gather that only reads"].signature)
    assert {array.array: array.proven for array in proof.bounds} == {"a": False, "idx": True, "out": True}
    assert "a[idx[i]]" in next(array.reason for array in proof.bounds if array.array == "a")
    assert prove_parallel(PROVEN["Jacobi"].candidate, PROVEN["Jacobi"].signature).in_bounds


def test_a_proof_that_gets_no_time_proves_nothing():
    kernel = PROVEN["blocked matrix product"]
    assert not prove_parallel(kernel.candidate, kernel.signature, seconds=0.0).proven


def test_what_is_proven_is_told_as_json():
    found = json.loads(json.dumps(prove_parallel(PROVEN["tiles"].candidate, PROVEN["tiles"].signature).as_json()))
    assert found["loops"] == [{"line": 5, "proven": True, "reason": ""}] and found["assumptions"]
