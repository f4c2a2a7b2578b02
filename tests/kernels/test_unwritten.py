"""Reads of memory that nothing has written are found on the text, and no sound kernel is blamed for one."""
import pytest
from kernwright.kernels.analysis.unwritten import unwritten_reads
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.signature import Argument, Output, Signature

SIGNATURE = Signature((Argument("a", "array", "float64", 2),), (Output("array", "float64", 1, ("a.shape[0]",)),))
BAD = {
    "an output, behind a size": "def kernel(a, out):\n    if a.shape[0] == 1500:\n        if out[0] == a[0, 0]:\n            return\n    out[:] = 0.0\n",
    "a sum onto it": "def kernel(a, out):\n    out[0] += a[0, 0]\n",
    "an earlier loop": "def kernel(a, out):\n    s = 0.0\n    for i in range(3):\n        s += out[i]\n    for i in range(3):\n        out[i] = s\n",
    "scratch": "def kernel(a, out):\n    b = np.empty((3, 4))\n    x = b[1, 2]\n    out[:] = x\n",
    "scratch by rows": "def kernel(a, out):\n    b = np.empty((3, 4))\n    row = b[1]\n    out[:] = row[0]\n",
    "as a whole": "def kernel(a, out):\n    b = np.empty(4)\n    out[:] = b * 2.0\n",
    "a view as other bits": "def kernel(a, out):\n    v = out.view(np.int64)\n    if v[0] == 1:\n        return\n    out[:] = 0.0\n",
    "a while test": "def kernel(a, out):\n    i = 0\n    while out[i] > 0.0:\n        i += 1\n    out[:] = i\n",
    "returned with something added": "def kernel(a):\n    b = np.empty(3)\n    return b + 1.0\n",
    "in a helper": "def f(n):\n    b = np.empty(n + 1)\n    return b[0]\n\ndef kernel(a, out):\n    out[:] = f(3)\n",
}
GOOD = {
    "a recurrence": "def kernel(a, out):\n    for i in range(3):\n        if i > 0:\n            out[i] = out[i - 1] + 1.0\n        else:\n            out[i] = 0.0\n",
    "filled by a helper": "def f(b):\n    b[:] = 1.0\n\ndef kernel(a, out):\n    f(out)\n    out[0] += 1.0\n",
    "filled through a row": "def kernel(a, out):\n    b = np.empty((3, 4))\n    for i in range(3):\n        row = b[i]\n        for j in range(4):\n            row[j] = 1.0\n    out[:] = b[0, 0]\n",
    "filled by a method": "def kernel(a, out):\n    b = np.empty(3)\n    b.fill(2.0)\n    out[:] = b[0]\n",
    "filled by NumPy": "def kernel(a, out):\n    b = np.empty(3)\n    np.dot(a, a[0], b)\n    out[:] = b[0]\n",
    "filled in one branch": "def kernel(a, out):\n    if a.shape[0] > 3:\n        out[:] = 1.0\n    else:\n        for i in range(3):\n            out[i] = 2.0\n    out[0] += 1.0\n",
    "its shape": "def kernel(a, out):\n    for i in range(out.shape[0]):\n        out[i] = len(out)\n",
    "two buffers in turn": "def kernel(a, out):\n    p = np.empty(3)\n    q = np.empty(3)\n    p[:] = 0.0\n    for t in range(4):\n        for i in range(3):\n            q[i] = p[i] + 1.0\n        p, q = q, p\n    out[:] = p[0]\n",
    "two names for one of two": "def kernel(a, out):\n    p = np.empty(3)\n    q = np.ones(3)\n    for t in range(4):\n        r = q\n        q = p\n        p = r\n        for i in range(3):\n            q[i] = p[i]\n    out[:] = q[0]\n",
    "an element by element conditional": "def kernel(a, out):\n    best = np.empty(3, np.int64)\n    for i in range(3):\n        best[i] = 0\n        for j in range(4):\n            if a[i, j] > a[i, best[i]]:\n                best[i] = j\n        out[i] = best[i]\n",
    "reads of inputs": "def kernel(a, out):\n    s = a[0, 0]\n    for i in range(3):\n        out[i] = s * a[i, 0]\n",
    "a reshape that is filled": "def kernel(a, out):\n    b = np.empty(12)\n    c = b.reshape((3, 4))\n    c[:, :] = 1.0\n    out[:] = b[0]\n",
    "an early end for an empty array": "def kernel(a):\n    b = np.empty(a.shape[0])\n    if a.shape[0] == 0:\n        return b\n    b[:] = a[:, 0]\n    return b\n",
    "one of two arrays": "def kernel(a, out):\n    p = np.empty(3)\n    q = np.empty(3)\n    r = p if a[0, 0] > 0 else q\n    r[:] = 1.0\n    out[:] = p[0] if a[0, 0] > 0 else q[0]\n",
    "unpacked views": "def kernel(a, out):\n    b = np.empty((2, 3))\n    u, v = b[0], b[1]\n    u[:] = 1.0\n    v[:] = 2.0\n    out[:] = b[0, 0]\n",
}


def findings(text):
    convention = "writes" if "kernel(a, out)" in text else "returns"
    return unwritten_reads(Candidate(text, convention=convention), SIGNATURE)


@pytest.mark.parametrize("name", BAD)
def test_a_read_of_unwritten_memory_is_found(name):
    assert findings(BAD[name])


@pytest.mark.parametrize("name", GOOD)
def test_a_sound_kernel_is_not_blamed(name):
    assert not findings(GOOD[name])
