"""Loops over a few numbers that add arrays up, written out as one sum in a style of their own: the same results, bit for bit."""
import numpy as np
import pytest
from lift_programs import compiled, lifted, packed

ARGUMENTS = "(rng.standard_normal((n, m)), rng.standard_normal((3, 3)), rng.standard_normal(n), rng.standard_normal((n, m), dtype=np.float32))"
PROGRAMS = {
    "convolution": """out = np.zeros((a.shape[0] - 2, a.shape[1] - 2))
        for i in range(3):
            for j in range(3):
                out += k[i, j] * a[i:i + out.shape[0], j:j + out.shape[1]]
        return out""",
    "with_a_number": """out = np.ones(a.shape[0] - 2)
        for i in range(-1, 2):
            w = k[i + 1, 0] * 0.5
            out -= w * v[1 + i:len(v) - 1 + i]
        return out""",
    "single_precision": """out = np.zeros_like(f[1:-1])
        for i in range(2):
            out += f[i:f.shape[0] - 2 + i]
        return out""",
    "in_a_loop": """u = a.copy()
        for step in range(c(v)):
            new = np.zeros((u.shape[0] - 2, u.shape[1]))
            for i in range(3):
                new += u[i:i + new.shape[0]] * k[i, i]
            u[1:-1] = new
        return u""",
}
STAY = {
    "reads_what_it_adds_to": """out = np.ones(len(v))
        for i in range(3):
            out += out * k[i, 0]
        return out""",
    "wider_terms": """out = np.zeros_like(f)
        for i in range(3):
            out += a * k[i, 0]
        return out""",
    "a_view_of_it": """out = np.ones(len(v))
        w = out[1:]
        for i in range(3):
            out[0] = w[0]
            out += v * w[0]
        return out""",
    "an_argument": """for i in range(3):
            v += a[:, 0] * k[i, 0]
        return v""",
    "another_name": """out = v.copy()
        again = out
        for i in range(3):
            out += again[::-1] * k[i, 0]
        return out""",
}
HELPER = "def c(x):\n    return 2 if len(x) else 3\n"


def others(text):
    spec, observation, found = lifted(f"def made(a, k, v, f):\n        {text}", ARGUMENTS, HELPER)
    made = [candidate for group in found.others for candidate in group if "small sums" in candidate.lineage.note]
    return spec, observation, found, made


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_sum_is_one_statement_and_rounds_alike(name):
    spec, observation, found, made = others(PROGRAMS[name])
    assert made and not found.kept
    for size in ("tiny", "verify"):
        plain, summed = (packed(compiled(candidates[-1], observation, spec, jit=False)(*spec.make_inputs(size, 7)))
                         for candidates in (found.candidates, made))
        for one, other in zip(plain, summed):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", STAY)
def test_what_reads_meanwhile_or_rounds_otherwise_stays_a_loop(name):
    assert not others(STAY[name])[3]
