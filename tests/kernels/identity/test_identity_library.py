"""The built-in kernels' seeds, and rewrites of them, are never another function; where something can be shown, it is."""
from __future__ import annotations

import pytest
from kernwright.kernels.identity import IDENTICAL, NOT_APPLICABLE, compare
from kernwright.kernels.lift import lift
from kernwright.kernels.lift.plain import NotInDialect, reference_as_candidate
from kernwright.kernels.transforms import propose_with
from library_kernels import NAMES, observed

INTEGERS = {"crc16", "edit_distance", "floyd_warshall", "histogram", "mandelbrot"}
REWRITES = ("accumulators", "fission", "fuse", "hoist", "interchange", "parallel", "scalarise", "tile", "unroll_jam", "unsigned", "views")


def seeds(name):
    spec, observation = observed(name)
    signature = observation.signature
    found = list(lift(spec, signature, 0).candidates)
    try:
        plain, refused = reference_as_candidate(spec)
    except NotInDialect:
        return spec, signature, found
    if not refused:
        found.append(plain)
    return spec, signature, found


@pytest.mark.parametrize("name", NAMES)
def test_the_seeds_of_a_built_in_kernel_are_identical_where_real_numbers_are_computed(name):
    spec, signature, found = seeds(name)
    for seed in found:
        report = compare(spec, seed, signature, [spec.sizes["tiny"]], 11, 30.0)
        assert report.answer == (NOT_APPLICABLE if name in INTEGERS else IDENTICAL), report
        assert report.answer == IDENTICAL or "integers" in report.reason


@pytest.mark.parametrize("name", ["gemm_epilogue", "jacobi_2d", "softmax"])
def test_rewrites_of_a_built_in_kernel_stay_identical(name):
    spec, signature, found = seeds(name)
    made = 0
    for rewrite in REWRITES:
        for proposal in propose_with(rewrite, found[0], signature, max_threads=2)[:1]:
            report = compare(spec, proposal.candidate, signature, [spec.sizes["tiny"]], 11, 30.0, draws=1)
            assert report.answer == IDENTICAL, (rewrite, report, proposal.candidate.text)
            made += 1
    assert made >= 2
