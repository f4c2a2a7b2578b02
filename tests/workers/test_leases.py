"""Core leases, driven by real processes: exclusive, fair, and free again when a holder dies."""
import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from kernwright.workers import leases as module
from kernwright.workers.leases import LeaseError, Leases, LeaseTimeout

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "leases"


@pytest.fixture
def spawn():
    """Starts processes and kills those that still run at the end."""
    started = []

    def start(target, *arguments):
        process = FORK.Process(target=target, args=arguments, daemon=True)
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        if process.is_alive():
            process.kill()
        process.join()


def one_domain(monkeypatch):
    """All cores share one cache, whatever machine the test runs on."""
    monkeypatch.setattr(module, "cache_domains", lambda cores: (tuple(cores),))
    monkeypatch.setattr(module, "cache_sharers", lambda cores: frozenset(cores))
    monkeypatch.setattr(module, "one_per_physical", lambda cores: tuple(sorted(cores)))


def two_domains(monkeypatch):
    """Cores 0, 1 share a cache; 2, 3 share another."""
    monkeypatch.setattr(module, "cache_domains", lambda cores: ((0, 1), (2, 3)))
    monkeypatch.setattr(module, "cache_sharers", lambda cores: frozenset(c // 2 * 2 + i for c in cores for i in (0, 1)))
    monkeypatch.setattr(module, "one_per_physical", lambda cores: tuple(sorted(cores)))


def load(directory, cores, kind, seconds, users, log):
    """Take leases for a while; `users[core]` counts who believes to own a core at this moment."""
    leases = Leases(cores, directory)
    end = time.monotonic() + seconds
    taken = clashes = 0
    while time.monotonic() < end:
        if kind == "timing":
            with leases.timing(1):
                got = list(range(len(cores)))
                clashes += enter(users, got)
                time.sleep(0.002)
                leave(users, got)
        else:
            with leases.build() as core:
                got = [cores.index(core)]
                clashes += enter(users, got)
                time.sleep(0.001)
                leave(users, got)
        taken += 1
    log.put((kind, taken, clashes))


def enter(users, cores):
    clashes = 0
    with users.get_lock():
        for core in cores:
            users[core] += 1
            clashes += users[core] > 1
    return clashes


def leave(users, cores):
    with users.get_lock():
        for core in cores:
            users[core] -= 1


def hold(directory, cores, kind, ready, threads=1):
    leases = Leases(cores, directory)
    with leases.build() if kind == "build" else leases.timing(threads):
        ready.set()
        time.sleep(60)


def test_a_core_has_one_owner_under_load_and_nobody_starves(directory, spawn, monkeypatch):
    one_domain(monkeypatch)
    users, log = FORK.Array("i", 3), FORK.Queue()
    kinds = ["build"] * 5 + ["timing"] * 2
    for kind in kinds:
        spawn(load, directory, [0, 1, 2], kind, 2.0, users, log)
    results = [log.get(timeout=30) for _ in kinds]
    assert sum(clashes for _, _, clashes in results) == 0
    assert all(taken >= 3 for _, taken, _ in results), results


def test_a_timing_gets_its_turn_within_a_few_builds_of_a_steady_stream(directory, spawn, monkeypatch):
    one_domain(monkeypatch)
    users, log = FORK.Array("i", 2), FORK.Queue()
    for _ in range(6):
        spawn(load, directory, [0, 1], "build", 2.0, users, log)
    time.sleep(0.3)
    for _ in range(5):
        with Leases([0, 1], directory).timing(1, timeout=1.0):
            pass


def test_builds_run_beside_each_other_but_not_beside_a_timing(directory, spawn, monkeypatch):
    one_domain(monkeypatch)
    ready = [FORK.Event(), FORK.Event()]
    holders = [spawn(hold, directory, [0, 1], "build", event) for event in ready]
    assert all(event.wait(10) for event in ready)
    with pytest.raises(LeaseTimeout):
        with Leases([0, 1], directory).timing(1, timeout=0.1):
            pass
    holders[0].kill()
    with Leases([0, 1], directory).build(timeout=10):
        pass
    with pytest.raises(LeaseTimeout):
        with Leases([0, 1], directory).timing(1, timeout=0.1):
            pass


@pytest.mark.parametrize("kind", ["build", "timing"])
def test_the_lease_of_a_killed_process_is_free_again(directory, spawn, monkeypatch, kind):
    one_domain(monkeypatch)
    ready = FORK.Event()
    holder = spawn(hold, directory, [0], kind, ready)
    assert ready.wait(10)
    with pytest.raises(LeaseTimeout):
        with Leases([0], directory).build(timeout=0.1):
            pass
    os.kill(holder.pid, signal.SIGKILL)
    with Leases([0], directory).timing(1, timeout=10) as cores:
        assert cores == (0,)


def test_a_waiter_that_is_killed_while_it_holds_the_gate_blocks_nobody(directory, spawn, monkeypatch):
    one_domain(monkeypatch)
    ready = FORK.Event()
    holder = spawn(hold, directory, [0], "build", ready)
    assert ready.wait(10)
    waiter = spawn(hold, directory, [0], "timing", FORK.Event())
    time.sleep(0.3)
    os.kill(waiter.pid, signal.SIGKILL)
    os.kill(holder.pid, signal.SIGKILL)
    with Leases([0], directory).build(timeout=10) as core:
        assert core == 0


def test_threads_exclude_each_other_too(directory, monkeypatch):
    one_domain(monkeypatch)
    leases, seen = Leases([0], directory), []

    def ask():
        try:
            with leases.build(timeout=0.1):
                seen.append("got")
        except LeaseTimeout:
            seen.append("waited")

    with leases.build():
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert seen == ["waited"]


def test_asking_for_a_second_lease_is_an_error_in_place_of_a_deadlock(directory):
    leases = Leases(directory=directory)
    with leases.build():
        with pytest.raises(LeaseError, match="already holds"):
            with leases.timing(1):
                pass
    with leases.timing(1, timeout=5):
        pass


def test_a_child_that_outlives_the_holder_does_not_keep_the_lease(directory, spawn, monkeypatch):
    one_domain(monkeypatch)
    leases = Leases([0], directory)
    with leases.build():
        spawn(time.sleep, 30)
        subprocess_ = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"], close_fds=False)
    try:
        with leases.build(timeout=5):
            pass
    finally:
        subprocess_.kill()
        subprocess_.wait()


def test_a_forked_child_of_a_killed_holder_does_not_keep_the_lease(directory, monkeypatch):
    one_domain(monkeypatch)
    holder = subprocess.Popen([sys.executable, "-c", textwrap.dedent(f"""
        import os, time
        from kernwright.workers.leases import Leases
        with Leases([0], {str(directory)!r}).build():
            child = os.fork()
            if child:
                print(child, flush=True)
            time.sleep(30)
        """)], stdout=subprocess.PIPE, text=True)
    child = int(holder.stdout.readline())
    try:
        time.sleep(0.1)
        holder.kill()
        holder.wait()
        with Leases([0], directory).build(timeout=10):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        holder.stdout.close()


def test_a_timing_takes_whole_domains_and_leaves_the_others_to_builds(directory, spawn, monkeypatch):
    two_domains(monkeypatch)
    leases = Leases([0, 1, 2, 3], directory)
    ready = FORK.Event()
    spawn(hold, directory, [0, 1, 2, 3], "timing", ready)
    assert ready.wait(10)
    with leases.build(timeout=5) as first:
        assert first in (0, 1)
    with leases.timing(2, timeout=5) as cores:
        assert cores == (0, 1)
    with pytest.raises(LeaseTimeout):
        with leases.timing(4, timeout=0.1):
            pass


def test_a_timing_prefers_the_domain_that_is_free(directory, spawn, monkeypatch):
    two_domains(monkeypatch)
    ready = FORK.Event()
    spawn(hold, directory, [2, 3], "build", ready)
    assert ready.wait(10)
    with Leases([0, 1, 2, 3], directory).timing(1, timeout=5) as cores:
        assert cores == (1,)


def test_a_timing_shuts_out_sharers_of_its_cache_that_are_not_its_own(directory, monkeypatch):
    monkeypatch.setattr(module, "cache_sharers", lambda cores: frozenset({0, 1}))
    with Leases([0], directory).timing(1):
        outcome = []

        def ask():
            try:
                with Leases([1], directory).build(timeout=0.1):
                    outcome.append("got")
            except LeaseTimeout:
                outcome.append("waited")

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert outcome == ["waited"]


def test_more_threads_than_cores_gets_every_core(directory, monkeypatch):
    two_domains(monkeypatch)
    with Leases([0, 1, 2, 3], directory).timing(99) as cores:
        assert cores == (0, 1, 2, 3)


def test_the_directory_is_private_and_a_lax_one_is_made_so(tmp_path):
    directory = tmp_path / "a" / "b"
    Leases([0], directory)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    directory.chmod(0o777)
    Leases([0], directory)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_links_and_files_in_place_of_the_directory_or_a_lock_are_refused(tmp_path):
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    (tmp_path / "file").write_text("")
    for name in ("link", "file"):
        with pytest.raises(LeaseError, match="KERNWRIGHT_LEASES"):
            Leases([0], tmp_path / name)
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (real / "gate").symlink_to(victim)
    with pytest.raises(LeaseError):
        with Leases([0], real).build():
            pass


def test_a_deleted_lock_file_is_noticed(directory, spawn, monkeypatch):
    one_domain(monkeypatch)
    leases = Leases([0], directory)
    with leases.build():
        (directory / "gate").unlink()
    with leases.build(timeout=5):
        assert (directory / "gate").exists()


def test_the_environment_names_the_directory(tmp_path, monkeypatch):
    monkeypatch.setenv(module.DIRECTORY_VARIABLE, str(tmp_path / "elsewhere"))
    assert Leases([0]).directory == tmp_path / "elsewhere"
    monkeypatch.delenv(module.DIRECTORY_VARIABLE)
    assert module.default_directory().name == f"kernwright-cores-{os.getuid()}"


def test_waiting_works_where_the_system_grants_no_inotify(directory, spawn, monkeypatch):
    one_domain(monkeypatch)
    monkeypatch.setattr(module._Releases, "__init__", lambda self, directory: setattr(self, "_fd", -1))
    users, log = FORK.Array("i", 2), FORK.Queue()
    for kind in ("build", "build", "timing"):
        spawn(load, directory, [0, 1], kind, 0.5, users, log)
    results = [log.get(timeout=30) for _ in range(3)]
    assert sum(clashes for _, _, clashes in results) == 0
    assert all(taken for _, taken, _ in results)
