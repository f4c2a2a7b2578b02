"""Host-wide core leases: a build takes one core; a timing takes its cache domain, so nothing of ours runs beside it.

Every process of this user on this host that leases cores shares one directory of lock files, whichever run or Ray
node it belongs to. The locks are `flock` locks: the kernel releases them when their holder dies, however it dies.

Order of locks, which rules out deadlock and starvation: `builds` (builds only, so that at most one build at a time
competes with the waiting timings), then `gate` (held by whoever is next, while it waits for its cores), then cores.
"""
from __future__ import annotations

import ctypes
import fcntl
import os
import select
import stat
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep

from .machine import cache_domains, cache_sharers, one_per_physical, usable_cores

DIRECTORY_VARIABLE = "KERNWRIGHT_LEASES"
_IN_ATTRIB, _IN_NONBLOCK, _IN_CLOEXEC = 0x4, os.O_NONBLOCK, os.O_CLOEXEC
_PATIENCE = 0.25
_BLIND_PATIENCE = 0.005


class LeaseError(RuntimeError):
    """The lease directory cannot be trusted, or a lease was asked for in a way that would wait for itself."""


class LeaseTimeout(LeaseError):
    """The cores did not become free in time."""


def default_directory() -> Path:
    """`KERNWRIGHT_LEASES`, or a directory of this user's in the temporary directory."""
    named = os.environ.get(DIRECTORY_VARIABLE)
    return Path(named) if named else Path(tempfile.gettempdir()) / f"kernwright-cores-{os.getuid()}"


class Leases:
    """Leases of `cores` (default: those this process may use). Threads and processes may all hold one object each,
    or share one: each lease opens its own locks.

    Raises LeaseError where `directory` is a link, belongs to another user, or cannot be made.
    """

    def __init__(self, cores: Sequence[int] | None = None, directory: str | os.PathLike[str] | None = None) -> None:
        self.cores = tuple(sorted(set(usable_cores() if cores is None else cores)))
        if not self.cores:
            raise LeaseError("there is no core to lease")
        self.directory = Path(directory) if directory is not None else default_directory()
        self.domains = cache_domains(self.cores)
        os.close(_open_directory(self.directory))

    @contextmanager
    def build(self, timeout: float | None = None) -> Iterator[int]:
        """One core, to compile or to run untimed work on; yields its number.

        Raises LeaseTimeout after `timeout` seconds, LeaseError where this thread already holds a lease.
        """
        with _one_at_a_time(), ExitStack() as held:
            with _Locks(self.directory, timeout) as locks, locks.hold("builds"), locks.hold("gate"):
                core, lock = locks.first_of(self.cores)
                held.enter_context(lock)
            yield core

    @contextmanager
    def timing(self, threads: int, timeout: float | None = None) -> Iterator[tuple[int, ...]]:
        """Every core of as few cache domains as `threads` need; yields the cores to pin to, one physical core for
        each thread where there are enough.

        Raises LeaseTimeout after `timeout` seconds, LeaseError where this thread already holds a lease.
        """
        with _one_at_a_time(), ExitStack() as held:
            with _Locks(self.directory, timeout) as locks, locks.hold("gate"):
                cores = self._cores_for(threads, locks)
                for core in sorted({*cores, *cache_sharers(cores)}):
                    held.enter_context(locks.hold(_core_name(core)))
            yield _pins(cores, threads)

    def _cores_for(self, threads: int, locks: _Locks) -> tuple[int, ...]:
        """Whole domains with `threads` physical cores: those with the most free cores first, as the wait is shorter."""
        free = set(locks.free(self.cores))
        chosen: list[int] = []
        for domain in sorted(self.domains, key=lambda d: (-len(free & set(d)) / len(d), -d[0])):
            chosen.extend(domain)
            if len(one_per_physical(chosen)) >= threads:
                break
        return tuple(sorted(chosen))


def _pins(cores: Sequence[int], threads: int) -> tuple[int, ...]:
    """The highest physical cores first, since most systems serve interrupts on the lowest."""
    physical = one_per_physical(cores)
    order = [*reversed(physical), *(core for core in reversed(cores) if core not in physical)]
    return tuple(sorted(order[: max(1, threads)]))


def _core_name(core: int) -> str:
    return f"core-{core}"


class _Locks:
    """The lock files of one lease directory, waited for until one common deadline."""

    def __init__(self, directory: Path, timeout: float | None) -> None:
        self._deadline = None if timeout is None else monotonic() + timeout
        self._directory = _open_directory(directory)
        self._path = directory
        self._releases: _Releases | None = None

    def __enter__(self) -> _Locks:
        return self

    def __exit__(self, *_: object) -> None:
        if self._releases is not None:
            self._releases.close()
        os.close(self._directory)

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Hold the lock `name`; waits for it."""
        while (lock := self._try(name)) is None:
            self._wait(name)
        with lock:
            yield

    def first_of(self, cores: Sequence[int]) -> tuple[int, _Lock]:
        """The first of `cores` to be free, and its lock, held."""
        while True:
            for core in cores:
                lock = self._try(_core_name(core))
                if lock is not None:
                    return core, lock
            self._wait("a core")

    def free(self, cores: Sequence[int]) -> list[int]:
        """Those of `cores` that nobody holds. True only as long as the caller holds the gate, and then at least."""
        found = []
        for core in cores:
            lock = self._try(_core_name(core))
            if lock is not None:
                lock.release()
                found.append(core)
        return found

    def _try(self, name: str) -> _Lock | None:
        flags = os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            fd = os.open(name, flags, 0o600, dir_fd=self._directory)
        except OSError as error:
            raise LeaseError(f"the lock {name} in the lease directory cannot be opened: {error.strerror}") from None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        except BaseException:
            os.close(fd)
            raise
        lock = _Lock(fd)
        if not self._is_current(fd, name):
            lock.release()
            return self._try(name)
        return lock

    def _is_current(self, fd: int, name: str) -> bool:
        """Whether `name` still is the file that was locked: cleaners of temporary directories delete old files."""
        try:
            return os.path.samestat(os.fstat(fd), os.stat(name, dir_fd=self._directory, follow_symlinks=False))
        except FileNotFoundError:
            return False

    def _wait(self, what: str) -> None:
        left = None if self._deadline is None else self._deadline - monotonic()
        if left is not None and left <= 0:
            raise LeaseTimeout(f"{what} did not become free in time")
        if self._releases is None:
            # The caller tries once more before it sleeps: a release before the watch began would go unheard.
            self._releases = _Releases(self._path)
        else:
            self._releases.wait(left)


class _Lock:
    """One locked file. Released by `release`, by leaving its `with`, or by the death of its process.

    A forked child inherits the descriptor, and with it the lock: it closes its copy at once (below), so that a child
    that outlives the holder does not prolong the lease.
    """

    _open: set[_Lock] = set()

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._open.add(self)

    def __enter__(self) -> _Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Unlocks explicitly, since a copy of the descriptor may live on in a child, then wakes the waiters."""
        if self._fd >= 0:
            self._open.discard(self)
            fd, self._fd = self._fd, -1
            try:
                fcntl.flock(fd, fcntl.LOCK_UN)
                os.utime(fd)
            finally:
                os.close(fd)

    @classmethod
    def forget_in_child(cls) -> None:
        for lock in cls._open:
            os.close(lock._fd)
            lock._fd = -1
        cls._open.clear()
        _holding.lease = False


class _Releases:
    """Wakes when a lock of the directory is released, so that a waiter sleeps in place of polling beside a timing.

    Built on inotify: who releases a lock touches its file. A holder that dies touches nothing, hence a wait ends by
    itself once in a while. Where the system grants no inotify instance, waiting means polling.
    """

    def __init__(self, directory: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._fd = libc.inotify_init1(_IN_NONBLOCK | _IN_CLOEXEC)
        if self._fd >= 0 and libc.inotify_add_watch(self._fd, os.fsencode(directory), _IN_ATTRIB) < 0:
            self.close()

    def wait(self, seconds: float | None) -> None:
        """Returns after a release, after `seconds`, or after a while, whichever comes first."""
        limit = _PATIENCE if self._fd >= 0 else _BLIND_PATIENCE
        limit = limit if seconds is None else min(limit, seconds)
        if self._fd < 0:
            sleep(limit)
        elif select.select([self._fd], [], [], limit)[0]:
            os.read(self._fd, 4096)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


_holding = threading.local()
os.register_at_fork(after_in_child=_Lock.forget_in_child)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    if getattr(_holding, "lease", False):
        raise LeaseError("this thread already holds a core lease; release it before asking for another")
    _holding.lease = True
    try:
        yield
    finally:
        _holding.lease = False


def _open_directory(path: Path) -> int:
    """A descriptor of the lease directory, made if missing, private to this user. Raises LeaseError.

    A directory below /tmp has a name that anybody can take first: what is found must be a true directory of ours.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            pass
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise LeaseError(
            f"the lease directory {path} cannot be used ({error.strerror}); set {DIRECTORY_VARIABLE} to a directory of yours"
        ) from None
    facts = os.fstat(fd)
    if facts.st_uid != os.getuid():
        os.close(fd)
        raise LeaseError(f"the lease directory {path} belongs to another user; set {DIRECTORY_VARIABLE} to one of yours")
    if stat.S_IMODE(facts.st_mode) != 0o700:
        os.fchmod(fd, 0o700)
    return fd
