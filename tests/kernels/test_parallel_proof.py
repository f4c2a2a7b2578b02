"""The proof of independence for all sizes: legal kernels are proven, racy ones never, and what is not decided says why."""
import pytest
from kernwright.kernels.parallel_proof import prove_parallel
from parallel_kernels import LOGGED, PROVEN, RACY


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
