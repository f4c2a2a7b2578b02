"""`ray job submit --working-dir . -- kernwright run ...` against a cluster of several nodes that wants a token."""
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import whole_runs as runs

BIN = Path(sys.executable).parent
KERNEL = '''
import kernwright

def make_inputs(size, rng):
    return (rng.standard_normal((size["n"], size["n"])),)

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 4}, "verify": {"n": 23}, "benchmark": {"n": 300}})
def lift_and_drop(a):
    return a * 2.0 - a.mean(axis=0)
'''


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def cluster(tmp_path):
    """A head and two more nodes, each with one CPU; yields (dashboard address, environment of a client)."""
    token = tmp_path / "token"
    token.write_text(secrets.token_hex(16))
    token.chmod(0o600)
    session = tempfile.mkdtemp(prefix="kwj-", dir="/tmp")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
    environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token), "RAY_USAGE_STATS_ENABLED": "0",
                    "PATH": f"{BIN}:{os.environ['PATH']}", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    gcs, dashboard = free_port(), free_port()
    agent = ["--num-cpus", "1", "--object-store-memory", str(2**27), "--disable-usage-stats"]
    nodes = []

    def start(*arguments):
        node = subprocess.Popen([str(BIN / "ray"), "start", "--block", *arguments], env=environment, start_new_session=True,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        nodes.append(node)

    try:
        start("--head", f"--port={gcs}", f"--dashboard-port={dashboard}", "--dashboard-host=127.0.0.1",
              "--node-ip-address=127.0.0.1", f"--temp-dir={session}", *agent)
        wait_for_port(dashboard)
        for count in (2, 3):
            for _ in range(3):  # another cluster that starts at the same time may take a port that was free a moment ago
                start(f"--address=127.0.0.1:{gcs}", "--node-ip-address=127.0.0.1", *agent, "--dashboard-agent-listen-port", str(free_port()))
                if has_nodes(count, f"127.0.0.1:{gcs}", environment):
                    break
                nodes[-1].terminate()
            else:
                raise AssertionError(f"fewer than {count} nodes came up")
        yield f"http://127.0.0.1:{dashboard}", environment
    finally:
        for node in reversed(nodes):
            node.terminate()
        for node in nodes:
            try:
                node.wait(30)
            except subprocess.TimeoutExpired:
                node.kill()
        subprocess.run(["rm", "-rf", session], check=False)


def wait_for_port(port, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(f"nothing listens at port {port}")


def has_nodes(count, address, environment, seconds=45):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        said = subprocess.run([str(BIN / "ray"), "status", "--address", address], env=environment, capture_output=True, text=True)
        if said.stdout.count(" node_") >= count:
            return True
    return False


def submit(address, environment, folder, *command):
    return subprocess.run([str(BIN / "ray"), "job", "submit", "--address", address, "--working-dir", str(folder), "--", *command],
                          env=environment, capture_output=True, text=True, timeout=280)


def test_a_submitted_run_uses_the_nodes_of_a_cluster_with_a_token(cluster, tmp_path):
    address, environment = cluster
    folder, out = tmp_path / "mine", tmp_path / "out"
    folder.mkdir()
    runs.prepare(folder, KERNEL)
    done = submit(address, environment, folder, "kernwright", "run", "mine.py:lift_and_drop", "--config", "short.toml", "--evaluations", "6",
                  "--threads", "1", "--out", str(out))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    result = json.loads((out / "result.json").read_text())
    assert result["verdict"] == "verified" and result["evaluations"] == 6
    assert done.stdout.count("1 worker(s)") == 3, "all three nodes work"

    without = {k: v for k, v in environment.items() if k != "RAY_AUTH_TOKEN_PATH"} | {"HOME": str(tmp_path)}
    assert submit(address, without, folder, "true").returncode != 0, "a client without the token is turned away"
