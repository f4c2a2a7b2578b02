"""Writes into the real and the imaginary part of complex arrays."""
import pytest
from lift_programs import assert_lifted, lifted

Z = "(rng.standard_normal((n, m)) + 1j * rng.standard_normal((n, m)), rng.standard_normal(m))"
BODIES = {
    "all of it": "z.real = 0; return z * 2",
    "an array": "w = z.copy(); w.imag = np.abs(z.real); return w",
    "broadcast": "w = z.copy(); w.real = v; w.imag = v[::-1]; return w",
    "augmented": "z.imag *= -1; z.real += v; return z.sum()",
    "a mask": "w = z.copy(); w.imag[w.real < 0] = 0; w.real[np.abs(z) > 1] *= 0.5; return w",
    "slices": "z.real[1:-1, ::2] = 3.0; z.imag[0] = v; z.imag[0, 0] = 7.0; return z",
    "a row": "z[0].real = v; z[1:, 0].imag -= 1; return z",
    "itself": "w = z[0].copy(); w.real = w.real[::-1]; w.imag = w.real; return w",
    "single precision": "w = z.astype(np.complex64); w.real = 1; w.imag -= w.real; return w",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_part_is_written_with_the_other_one(body):
    spec, observation, found = lifted(f"def made(z, v):\n    {body}", Z)
    assert found.kept == ()
    assert_lifted(spec, observation, found, compiles="mask" in body or "w.real = v" in body)
