"""Programs of a suite in the NPBench layout become specs: as the suite has them, with small sizes and inputs that vary."""
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from kernwright.kernels.lift import lift
from kernwright.kernels.lift.share import Share, array_statements, share
from kernwright.kernels.npbench import suite
from kernwright.kernels.npbench.description import names
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec, SpecError

SUITE = Path(__file__).parent.parent.parent / "fixtures" / "npbench_suite"
LIFT_WHOLE = ("diffuse", "moments", "regions", "settle", "shading", "spectrum")


def opened(name, preset="S"):
    return suite.load(SUITE, name, preset).open()


@pytest.mark.parametrize("name", names(SUITE))
def test_a_program_runs_at_all_its_sizes_on_inputs_that_differ_from_draw_to_draw(name):
    spec = opened(name)
    assert observe(spec, 0, 20.0).runs >= 5
    for size in ("tiny", "verify"):
        one, same, other = (spec.make_inputs(size, seed) for seed in (0, 0, 1))
        assert [np.asarray(a).tobytes() for a in one] == [np.asarray(a).tobytes() for a in same]
        assert any(np.asarray(a).tobytes() != np.asarray(b).tobytes() for a, b in zip(one, other))


@pytest.mark.parametrize("name", names(SUITE))
def test_small_sizes_are_small_and_tell_dimensions_apart(name):
    sizes = opened(name).sizes
    assert max(sizes["tiny"].values()) <= 15 and max(sizes["verify"].values()) <= 61
    for size in ("tiny", "verify"):
        assert len(set(sizes[size].values())) == len(sizes[size]) and set(sizes[size]) == set(sizes["benchmark"])


def test_the_benchmark_size_is_the_presets():
    assert opened("diffuse").sizes["benchmark"] == {"STEPS": 20, "N": 120}
    assert opened("diffuse", "M").sizes["benchmark"] == {"STEPS": 40, "N": 300}


def test_a_spec_is_the_same_each_time_and_crosses_processes_as_text():
    spec = suite.load(SUITE, "spectrum")
    suite._made.cache_clear()
    again = suite.load(SUITE, "spectrum")
    assert spec == again and spec.content_hash == again.content_hash
    copied = KernelSpec(spec.name, spec.text, spec.function).open()
    N, x, window = copied.make_inputs("tiny", 3)
    power, _ = copied.reference(N, x, window)
    assert np.allclose(power, np.abs(np.fft.fft(x * window)) ** 2)


def test_the_references_lines_are_those_of_the_suites_file():
    spec = suite.load(SUITE, "ranking")
    own = (SUITE / "npbench/benchmarks/statistics/ranking/ranking_numpy.py").read_text()
    assert spec.text.startswith(own.rstrip())


def test_arguments_that_no_draw_changes_are_moved_and_others_are_not():
    assert opened("diffuse").declaration.inputs.moved == {"A": "elements", "B": "elements"}
    assert opened("escape").declaration.inputs.moved == dict.fromkeys(("left", "right", "far"), "elements")
    assert opened("moments").declaration.inputs.moved == {}
    image, mask, _ = opened("shading").make_inputs("verify", 0)
    assert image.dtype == mask.dtype == np.float32


def test_seeds_that_an_initialiser_fixes_are_not_looked_at():
    owner, other = (opened("regions").make_inputs("verify", seed)[0] for seed in (1, 2))
    assert owner.dtype == np.int32 and not np.array_equal(owner, other)


def test_a_default_of_the_reference_that_the_description_leaves_out_is_an_argument():
    spec = opened("settle")
    assert spec.parameters[-1] == "nu" and spec.make_inputs("tiny", 0)[-1] == 0.05


@pytest.mark.parametrize("name", names(SUITE))
def test_the_share_counts_array_statements_and_which_became_loops(name):
    spec = opened(name)
    lifted = lift(spec, observe(spec, 0, 20.0).signature)
    found = share(spec, lifted.kept, bool(lifted.candidates))
    assert found.statements == len(array_statements(spec)) >= 2
    if name in LIFT_WHOLE:
        assert found.value == 1.0 and not lifted.kept


def test_helpers_conditions_and_stores_count_but_scalar_statements_and_calls_of_helpers_do_not():
    lines = (SUITE / "npbench/benchmarks/grids/settle/settle_numpy.py").read_text().splitlines()
    counted = [lines[line - 1].split("=")[0].strip() for line in array_statements(opened("settle"))]
    assert counted == ["return (u[1:] - u[:-1]) / dx", "un", "u[1:-1]", "change"]
    assert Share(1, 2) + Share(3, 4) == Share(4, 6) and Share(0, 0).value == 1.0


@pytest.fixture
def damaged(tmp_path):
    """A copy of the suite; called with what to change in a description, it returns the copy."""
    shutil.copytree(SUITE, tmp_path / "suite")

    def change(name, **changes):
        path = tmp_path / "suite" / "bench_info" / f"{name}.json"
        data = json.loads(path.read_text())
        for key, value in changes.items():
            data["benchmark"][key] = value
            if value is None:
                del data["benchmark"][key]
        path.write_text(json.dumps(data))
        return tmp_path / "suite"

    return change


@pytest.mark.parametrize("changes, words", [
    ({"func_name": None}, "func_name: field required"),
    ({"func_name": "moment"}, "did you mean moments"),
    ({"input_args": ["data", "float_n", "more"]}, "'more', which is neither a parameter nor made by the initialiser"),
    ({"input_args": ["data"]}, "takes float_n, data, but input_args names data"),
    ({"output_args": ["result"]}, "output_args names 'result'"),
    ({"init": {"func_name": "initialize", "input_args": ["size"], "output_args": ["float_n", "data"]}}, "init.input_args names 'size'"),
    ({"init": {"func_name": "initialise", "input_args": ["rows", "columns"], "output_args": ["float_n", "data"]}}, "initialize"),
    ({"module_name": "moment"}, "moment_numpy.py does not exist"),
    ({"relative_path": "../elsewhere"}, "relative_path"),
    ({"parameters": {}}, "no preset"),
    ({"parameters": [1]}, "parameters"),
])
def test_a_description_that_is_missing_something_or_contradicts_itself_is_one_line(damaged, changes, words):
    root = damaged("moments", **changes)
    with pytest.raises(SpecError) as raised:
        suite.load(root, "moments")
    assert words in str(raised.value) and "\n" not in str(raised.value)


def test_results_that_the_initialiser_does_not_name_are_said(damaged):
    root = damaged("moments", init={"func_name": "initialize", "input_args": ["rows", "columns"], "output_args": ["data"]},
                   input_args=["rows", "data"])
    with pytest.raises(SpecError, match="returns 2 value.s., but init.output_args names 1"):
        observe(suite.load(root, "moments").open(), 0)


def test_no_suite_and_no_json(tmp_path):
    with pytest.raises(SpecError, match="does not exist"):
        names(tmp_path / "nowhere")
    with pytest.raises(SpecError, match="no suite in the NPBench layout"):
        names(tmp_path)
    (tmp_path / "bench_info").mkdir()
    (tmp_path / "bench_info" / "broken.json").write_text("{")
    with pytest.raises(SpecError, match="cannot be read as JSON"):
        suite.load(tmp_path, "broken")
