"""Attacks that leave the kernel behind: state, clocks, files, the harness itself. None of it is in the dialect."""
from __future__ import annotations

from ..attack import Attack, refused
from ..kernels import ROWS

_BODY = ROWS.partition("\n")[2]


def _inside(statement: str) -> str:
    """The honest kernel with one more line at its start."""
    return ROWS.replace("    for i", f"    {statement}\n    for i", 1)


def _before(statement: str) -> str:
    return f"{statement}\n\n\n{ROWS}"


ATTACKS: tuple[Attack, ...] = (
    *refused("row_sums", "no imports in the dialect", (
        ("patches-the-clock", "makes time stand still while it runs", _before("import time\ntime.perf_counter_ns = lambda: 0")),
        ("patches-statistics", "makes every median a small number", _before("import statistics\nstatistics.median = min")),
        ("patches-numba", "replaces njit by something that remembers results", _before("import numba\nnumba.njit = lambda f: f")),
        ("compiles-itself", "compiles itself with a cache that the harness knows nothing of", _before("from numba import njit").replace("def kernel", "@njit(cache=True)\ndef kernel")),
        ("starts-a-thread", "returns at once and lets a thread write the result after the clock has stopped",
         _before("import threading").replace(_BODY, "    threading.Thread(target=print).start()\n")),
        ("sleeps-through-warm-up", "sleeps through the warm-up calls, so that fewer rounds are taken", _inside("import time; time.sleep(1)")),
        ("leaves-with-status-0", "ends its process with exit status 0, which looks like success", _inside("import os; os._exit(0)")),
        ("ignores-the-time-out", "switches off the signal that ends it", _before("import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)")),
        ("collects-the-expected-result", "looks through the garbage collector's objects for an array of the right shape", _inside("import gc; out[:] = gc.get_objects()[0]")),
        ("reads-the-caller-s-frame", "reads the expected result out of its caller's variables", _inside("import sys; out[:] = sys._getframe(1).f_locals")),
        ("calls-the-reference", "imports the reference and returns what it returns", _inside("import sys; out[:] = sys.modules")),
        ("slows-the-rival", "starts busy threads that slow its rival down", _before("import concurrent.futures")),
        ("imports-behind-a-name", "imports under a harmless name", _before("import ctypes as math")),
    )),
    *refused("row_sums", "only constants and functions stand at the top of a text", (
        ("patches-numpy", "makes NumPy's comparison say yes", _before("np.allclose = max")),
        ("keeps-a-table", "keeps results in a dict of the module, by the address of the input", _before("SEEN = {}")),
        ("keeps-an-array", "keeps results in a global array", _before("CACHE = np.zeros((300, 200))")),
        ("computes-at-import", "computes when its text is loaded, before any clock runs", _before("TABLE = [x * x for x in range(1000)]")),
        ("defines-a-class", "returns an object whose == is always true", _before("class Same:\n    def __eq__(self, other):\n        return True")),
        ("asserts-at-import", "runs code under a condition when its text is loaded", _before("if True:\n    SIZE = 3")),
        ("annotates-with-code", "runs code in an annotation", _before("SIZE: print(1) = 3")),
        ("deletes-a-builtin", "deletes what the harness needs", _before("del range")),
        ("multiplies-strings", "builds gigabytes of text when it is loaded", _before("TEXT = 'x' * 10000000000")),
    )),
    *refused("row_sums", "no state, no code as values", (
        ("keeps-state-in-a-default", "keeps results in a default argument, which lives as long as the function",
         ROWS.replace("(a, out)", "(a, out, seen={})")),
        ("keeps-state-in-a-global", "counts its calls, works in the first and repeats its answer in all others", _before("CALLS = 0").replace("    for i", "    global CALLS\n    for i", 1)),
        ("keeps-state-in-a-closure", "hides its state in a nested function", _inside("def inner():\n        nonlocal out")),
        ("keeps-state-on-the-function", "keeps results as an attribute of itself", _inside("kernel.seen = out")),
        ("loops-in-the-first-call-only", "spends the warm-up in an endless loop that a flag ends", _before("FIRST = True").replace("    for i", "    global FIRST\n    while FIRST:\n        FIRST = False\n    for i", 1)),
        ("computes-lazily", "yields its results, so that whoever compares them does the work", "def kernel(a, out):\n    yield a\n"),
        ("catches-the-time-out", "catches whatever ends it and goes on", _inside("try:\n        pass\n    except BaseException:\n        pass")),
        ("raises-for-success", "takes an exception for its way out of the comparison", _inside("raise SystemExit(0)")),
        ("asserts-success", "asserts what it wants to be true", _inside("assert True")),
        ("compares-identity", "asks whether it has seen this very array before", _inside("if a is out:\n        return")),
        ("uses-a-context", "leaves compiled code for Python", _inside("with objmode():\n        pass")),
        ("uses-an-object-mode-block", "leaves compiled code for Python, with types", _inside("with objmode(x='float64'):\n        x = 1.0")),
        ("matches-patterns", "runs code in the patterns of a match", _inside("match a:\n        case _:\n            pass")),
        ("hides-in-a-lambda", "hides a call in a lambda", _inside("f = lambda x: x")),
        ("hides-in-a-comprehension", "hides a loop over harness objects in a comprehension", _inside("x = [i for i in range(3)]")),
        ("assigns-in-an-expression", "hides an assignment in an expression", _inside("x = (y := 3)")),
        ("decorates-itself", "has a decorator of its own run before the harness's", "@print\n" + ROWS),
        ("decorates-itself-with-a-call", "opens a file in a decorator", "@open('/tmp/x', 'w').write\n" + ROWS),
        ("annotates-a-parameter", "runs code in an annotation of a parameter", ROWS.replace("(a, out)", "(a: print('hello'), out)")),
        ("takes-any-arguments", "takes arguments that the harness does not pass", ROWS.replace("(a, out)", "(*a)")),
        ("sets-an-attribute", "changes its output's shape behind the comparison's back", _inside("out.shape = (1,)")),
        ("formats-a-string", "reaches attributes through a format string", _inside("x = f'{a.__class__}'")),
    )),
    *refused("row_sums", "only named functions and attributes", (
        ("keys-by-identity", "keys a cache by id()", _inside("x = id(a)")),
        ("keys-by-content", "keys a cache by the hash of the content", _inside("x = hash(a.tobytes())")),
        ("keys-by-address", "keys a cache by the address of the data", _inside("x = a.ctypes.data")),
        ("reads-the-interface", "finds memory by the array interface", _inside("x = a.__array_interface__")),
        ("reads-the-base", "reaches the shared memory behind its input", _inside("x = a.base")),
        ("climbs-the-classes", "climbs from an array to all classes that are loaded", _inside("x = a.__class__.__base__.__subclasses__()")),
        ("asks-for-attributes", "names attributes by strings", _inside("x = getattr(a, 'base')")),
        ("evaluates-text", "runs code that it assembles", _inside("x = eval('1')")),
        ("executes-text", "runs statements that it assembles", _inside("exec('import os')")),
        ("imports-by-call", "imports by a call", _inside("x = __import__('os')")),
        ("reads-the-builtins", "reaches the builtins by their hidden name", _inside("x = __builtins__")),
        ("reads-the-globals", "reads the harness's names", _inside("x = globals()")),
        ("draws-random-numbers", "returns another answer each time until one passes", _inside("x = np.random.rand()")),
        ("opens-a-file", "caches results in a file, for other processes too", _inside("x = open('/tmp/cache', 'w')")),
        ("loads-a-file", "loads the expected result from a file", _inside("x = np.load('/tmp/expected.npy')")),
        ("maps-the-parent-s-memory", "maps the memory of the judge", _inside("x = np.memmap('/proc/self/mem')")),
        ("reads-raw-memory", "makes an array of memory at an address", _inside("x = np.frombuffer(a, np.float64)")),
        ("strides-beyond-the-end", "makes a view with strides that lead to other arrays", _inside("x = np.lib.stride_tricks.as_strided(a, (9, 9))")),
        ("asks-for-shared-memory", "tells a tested call from a timed one by the arrays' place", _inside("x = np.shares_memory(a, out)")),
        ("asks-for-the-thread", "tells threads apart and lets one of them skip its work", _inside("x = get_thread_id()")),
        ("changes-the-threads", "takes more threads than were leased", _inside("set_num_threads(64)")),
        ("calls-a-c-function", "calls the C library", _inside("x = ctypes.CDLL(0)")),
        ("prints-a-verdict", "prints what a careless judge reads as its verdict", _inside("print('verdict: verified')")),
        ("writes-to-the-pipe", "writes a forged answer to the harness's pipe", _inside("os.write(3, b'{}')")),
        ("passes-a-function", "passes a function as a value, to be called elsewhere", _inside("x = np.sum")),
        ("stores-into-a-module", "replaces a function of NumPy while it runs", _inside("np.sum = 5")),
        ("waits-for-the-end", "registers work for after the measurement", _inside("atexit.register(kernel)")),
    )),
)
