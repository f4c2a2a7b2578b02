"""The text of champion.py, section by section."""
from __future__ import annotations

import ast
import inspect
import math
import textwrap
from collections.abc import Sequence

from ..candidate import Candidate, CandidateError
from ..signature import Signature
from ..spec import KernelSpec
from ..vecmath import JIT_OPTIONS
from ..wrapper import wrapper_source
from .guard import describe_guard, guard_source
from .kernel_text import functions_of_vecmath, kernel_source, needs_scipy
from .names import Names, identifiers
from .reference import bundle

_WIDTH = 110
_SCIPY = "import scipy.linalg.cython_lapack  # noqa: F401 - Numba takes BLAS and LAPACK from SciPy"


def champion_source(
    candidate: Candidate,
    spec: KernelSpec,
    signature: Signature,
    *,
    threads: int,
    threading_layer: str,
    finite: bool,
    summary: Sequence[str],
) -> str:
    """The text of champion.py: the kernel, its guard, the reference, and the function that chooses between the two.

    It defines a function with the reference's name and parameters. Arguments of the kinds that the kernel was verified
    on go to the kernel, all others to the reference, so that the results are always the reference's.

    threads: what a parallel kernel was timed with; it uses at most so many, and never more than the caller allows Numba.
    threading_layer: what was in use then, for the header. finite: the spec excludes nan and inf, so that the kernel may
    have been compiled to assume so. summary: sentences for the header. Raises CandidateError where the kernel assumes
    finite numbers that the spec does not promise, or its wrapper cannot be made.
    """
    assumes_finite = bool({"nnan", "ninf"} & set(candidate.options.fastmath))
    if assumes_finite and not finite:
        raise CandidateError("the kernel assumes that no number is nan or inf, which the spec does not state")
    return _Champion(candidate, spec, signature, threads, threading_layer, assumes_finite, summary).text()


class _Champion:
    def __init__(
        self, candidate: Candidate, spec: KernelSpec, signature: Signature, threads: int, threading_layer: str,
        assumes_finite: bool, summary: Sequence[str],
    ) -> None:
        opened = spec.open()
        self.candidate, self.spec, self.signature = candidate, spec, signature
        self.threads = min(threads, candidate.options.threads or threads)
        self.threading_layer = threading_layer
        self.assumes_finite = assumes_finite
        self.summary = summary
        self.functions = functions_of_vecmath(candidate)
        bound = {name: value for name, value in vars(opened.module).items() if not name.startswith("__")}
        self.reference = f"{spec.function}_reference"
        while self.reference in identifiers(spec.text) | identifiers(candidate.text) | set(bound):
            self.reference += "_"
        self.bundle = bundle(spec, bound, self.reference)
        self.names = Names(self.bundle.text(), bound, (*opened.parameters, *opened.fixed), candidate.text)
        self.parameters = ", ".join(opened.parameters)
        self.fixed = opened.fixed
        self.whole = inspect.signature(opened.reference).parameters
        self.to_reference = ", ".join(f"{name}={name}" if p.kind is p.KEYWORD_ONLY else name for name, p in self.whole.items())
        self.calls_blas = needs_scipy(candidate)

    def text(self) -> str:
        names = self.names
        compiled, vectorised, link, call, verified = (
            names.fresh(wanted) for wanted in ("compiled", "vectorised", "link", "call", "verified"))
        kernel, entry = kernel_source(self.candidate, names, compiled, vectorised)
        sections = [
            ("How the kernel is compiled", self._compiler(compiled) + self._of_vecmath(vectorised)),
            ("The kernel", kernel),
            ("How it is called", self._link(link, call, entry)),
        ]
        if self.candidate.options.parallel:
            call, text = self._parallel(call, entry)
            sections.append(("Its threads", text))
        sections.append(("What it was verified on", guard_source(verified, self.signature, names, self.assumes_finite)))
        public = self._public(call, verified, entry)
        sections += [("The reference", self.bundle.text(names.imports)), ("The function to use", public)]
        head = [self._header(), *([self.bundle.future, ""] if self.bundle.future else []), *names.imports]
        head += [*([_SCIPY] if self.calls_blas else []), "", f"__all__ = [{self.spec.function!r}]"]
        rules = (f"# --- {title} ".ljust(_WIDTH, "-") + "\n" + text.strip("\n") for title, text in sections)
        return "\n\n\n".join(["\n".join(head), *rules]) + "\n"

    def _header(self) -> str:
        function = self.spec.function
        needs = ["NumPy", "Numba", *(["threadpoolctl"] if self.calls_blas and self.candidate.options.parallel else []),
                 *(["SciPy (the kernel calls BLAS or LAPACK through it)"] if self.calls_blas else [])]
        lines = [f"{function}: a compiled kernel with its reference beside it.", ""]
        about = ast.get_docstring(ast.parse(self.spec.text))
        if about:
            lines += [*about.split("\n\n")[0].split("\n"), ""]
        for sentence in self.summary:
            lines += textwrap.wrap(sentence, _WIDTH)
        lines += ["", "Use:", f"    from champion import {function}", ""]
        lines.append(f"Needs {', '.join(needs[:-1])} and {needs[-1]}" + (
            f"; the reference imports {', '.join(self.bundle.packages)}." if self.bundle.packages else "."))
        lines += ["The first call compiles, which takes seconds; later processes find the compiled code in the cache.", ""]
        if self.functions:
            said = ", ".join(f"{f.helper} ({f.ulp:g} ULP)" for f in self.functions)
            lines += [*textwrap.wrap("Transcendental functions are Kernwright's own, with the largest error that was measured, in "
                                     f"units of the last place: {said}.", _WIDTH), ""]
        lines += ["The kernel answers for arguments such as it was verified on:"]
        lines += [f"    {line}" for line in describe_guard(self.signature, self.assumes_finite)]
        lines += [f"For all others the reference does; it is also {function}.reference, and the kernel {function}.kernel."]
        if any(a.kind == "array" and a.dtype.startswith(("int", "uint")) for a in self.signature.arguments):
            lines += ["Values of integer arrays are not checked: where they index, one out of range is undefined in the kernel."]
        lines += [f"The reference returns a view into {output.part_of}; this returns an array of its own."
                  for output in self.signature.outputs if output.part_of]
        if self.candidate.options.parallel:
            layer = f" (Numba's threading layer: {self.threading_layer})" if self.threading_layer else ""
            lines += ["", *textwrap.wrap(
                f"The kernel runs on at most {self.threads} thread(s), as it was timed{layer}. A process that has called it "
                "must not be forked under the layer omp: use another start method of multiprocessing.", _WIDTH)]
        body = "\n".join(lines).replace("\\", "\\\\").replace('"""', "'''").rstrip()
        return f'"""{body}\n"""'

    def _compiler(self, compiled: str) -> str:
        options, names = self.candidate.options, self.names
        numba = names.known("numba")
        fastmath = "{" + ", ".join(f'"{flag}"' for flag in options.fastmath) + "}" if options.fastmath else "False"
        jit = names.fresh("JIT_OPTIONS")
        return textwrap.dedent(f'''\
            {jit} = {{
                "parallel": {options.njit_parallel},
                "fastmath": {fastmath},
                "error_model": "{options.error_model}",
                "boundscheck": False,
            }}


            def {compiled}(function):
                """The function compiled by Numba at its first call, kept on the disk where a place for it is found."""
                try:
                    return {numba}.njit(cache=True, **{jit})(function)
                except {names.known("RuntimeError")}:
                    return {numba}.njit(**{jit})(function)
            ''')

    def _of_vecmath(self, vectorised: str) -> str:
        """How the functions of vecmath are compiled, whatever the kernel permits."""
        if not self.functions:
            return ""
        options = ", ".join(f"{name}={value!r}" for name, value in sorted(JIT_OPTIONS.items()))
        return textwrap.dedent(f'''


            def {vectorised}(function):
                """The function compiled by Numba with options of its own, wherever it is called from."""
                return {self.names.known("numba")}.njit({options})(function)
            ''')

    def _link(self, link: str, call: str, entry: str) -> str:
        text = wrapper_source(self.candidate, self.signature, self.spec.open().parameters)
        calls = {n.func.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        known = {name: self.names.known(name) for name in sorted(calls & {"max", "min"})}
        given = "".join(f", {name}={spelled}" for name, spelled in known.items() if name != spelled)
        return (
            f"def {link}(kernel, empty{given}):\n{textwrap.indent(text, '    ')}    return call\n\n\n"
            f"{call} = {link}({entry}, {self.names.known('np')}.empty)\n"
        )

    def _usual(self) -> list[str]:
        """Conditions that each parameter which the kernel does not have is its default."""
        places = [name for name, p in self.whole.items() if p.default is not p.empty and p.kind is not p.KEYWORD_ONLY]
        conditions = []
        for name, value in self.fixed.items():
            default = f"{self.reference}.__defaults__[{places.index(name)}]" if name in places else f"{self.reference}.__kwdefaults__[{name!r}]"
            if value is None or type(value) is bool:
                conditions.append(f"{name} is {value}")
            elif type(value) in (int, float) and math.isfinite(value):
                known = self.names.known
                conditions.append(f"{known('type')}({name}) is {known(type(value).__name__)} and {name} == {value!r}")
            else:
                conditions.append(f"{name} is {default}")
        return conditions

    def _parallel(self, call: str, entry: str) -> tuple[str, str]:
        names = self.names
        run, threads, lock = names.fresh("call_in_parallel"), names.fresh("THREADS"), names.fresh("LOCK")
        numba, warnings = names.known("numba"), names.known("warnings")
        alone, call = self._with_one_blas_thread(call) if self.calls_blas else ("", call)
        return run, alone + textwrap.dedent(f'''\
            {threads} = {self.threads}
            {lock} = {names.known("threading")}.Lock()


            def {run}(*arguments):
                """What the kernel returns, run on at most {threads} threads.

                One call at a time where it must be: the layer workqueue ends the process if two Python threads are in it.
                """
                before = {numba}.get_num_threads()
                {numba}.set_num_threads({names.known("min")}(before, {threads}))
                try:
                    if not {names.known("getattr")}({entry}, "signatures", True):
                        with {lock}, {warnings}.catch_warnings():
                            # A helper without a loop of its own has nothing to run in parallel, which Numba remarks upon.
                            {warnings}.simplefilter("ignore", {numba}.NumbaPerformanceWarning)
                            return {call}(*arguments)
                    if {numba}.threading_layer() == "workqueue":
                        with {lock}:
                            return {call}(*arguments)
                    return {call}(*arguments)
                finally:
                    {numba}.set_num_threads(before)
            ''')

    def _with_one_blas_thread(self, call: str) -> tuple[str, str]:
        """Text that defines a call during which BLAS has one thread, and its name."""
        names = self.names
        blas, alone = names.fresh("BLAS"), names.fresh("call_with_one_blas_thread")
        return textwrap.dedent(f'''\
            {blas} = {names.known("threadpoolctl")}.ThreadpoolController()


            def {alone}(*arguments):
                """What the kernel returns, BLAS having one thread: its threads and the kernel's would wait for each other."""
                with {blas}.limit(limits=1, user_api="blas"):
                    return {call}(*arguments)


            '''), alone

    def _public(self, run: str, verified: str, entry: str) -> str:
        names, function, arguments, reference = self.names, self.spec.function, self.parameters, self.reference
        numba, warnings = names.known("numba"), names.known("warnings")
        uncompiled, types, remark, error = (names.fresh(wanted) for wanted in ("UNCOMPILED", "numba_types", "remark", "error"))
        helpers = textwrap.dedent(f'''\
            {uncompiled} = {names.known("set")}()


            def {types}(*arguments):
                """Their types for Numba, which tells read-only arrays and memory orders apart too."""
                return {names.known("tuple")}({names.known("map")}({numba}.typeof, arguments))


            def {remark}(reason, types):
                """Notes that the reference answers for these types from now on, and says so once."""
                {uncompiled}.add(types)
                {warnings}.warn(
                    f"Numba does not compile the kernel for {{types}}; the reference answers. {{reason}}", RuntimeWarning, 3
                )
            ''').splitlines()
        usual = self._usual()
        body = [
            *([f"if not ({' and '.join(usual)}):", f"    return {reference}({self.to_reference})"] if usual else []),
            f"if {verified}({arguments}) and not ({uncompiled} and {types}({arguments}) in {uncompiled}):",
            "    try:",
            f"        return {run}({arguments})",
            f"    except {numba}.core.errors.NumbaError as {error}:",
            f"        {remark}({error}, {types}({arguments}))",
            f"return {reference}({self.to_reference})",
        ]
        lines = [*helpers, "", "", f"def {function}({self.bundle.parameters}):", *(f"    {line}" for line in body), "", ""]
        lines += [f"{function}.__doc__ = {reference}.__doc__", f"{function}.reference = {reference}",
                  f"{function}.kernel = {entry}", "", ""]
        lines += ['if __name__ == "__main__":', f"    {names.known('print')}(__doc__)"]
        return "\n".join(lines) + "\n"
