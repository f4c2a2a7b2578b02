"""`npbench:DIR:NAME` wherever a kernel is named; what is wrong with it is one line, before anything is started."""
import json
from pathlib import Path

import pytest
from kernwright.kernels.spec import SpecError
from kernwright.search.target import resolve

SUITE = Path(__file__).parent.parent / "fixtures" / "npbench_suite"


@pytest.mark.parametrize("kernel, preset, words", [
    (f"npbench:{SUITE}:moment", None, "describes no benchmark 'moment'; did you mean moments?"),
    (f"npbench:{SUITE}:moments", "XL", "moments has no preset 'XL'; choose from M, S"),
    (f"npbench:{SUITE}", None, f"write npbench:DIR:NAME, for instance npbench:{SUITE}:diffuse"),
    (f"npbench:{SUITE}:", None, "names no benchmark; write npbench:DIR:NAME"),
    ("npbench:nowhere:moments", None, "nowhere does not exist"),
    ("npbench::moments", None, "write npbench:DIR:NAME"),
    (f"npbench:{SUITE / 'npbench'}:moments", None, "no suite in the NPBench layout"),
    ("jacobi_2d", "S", "jacobi_2d has no presets; --preset is for npbench:DIR:NAME"),
])
def test_a_benchmark_that_there_is_not_is_one_line(kernwright, tmp_path, kernel, preset, words):
    with pytest.raises(SpecError) as raised:
        resolve(kernel, preset)
    assert words in str(raised.value)
    status, said, error = kernwright("run", kernel, *(["--preset", preset] if preset else []), "--out", "out")
    assert (status, said) == (2, "") and len(error.strip().splitlines()) == 1 and words in error
    assert not (tmp_path / "out").exists()


def test_a_suite_and_a_preset_are_resolved():
    spec = resolve(f"npbench:{SUITE}:shading")
    assert (spec.name, spec.function, spec.open().sizes["benchmark"]["K"]) == ("shading", "shading", 5)
    assert resolve(f"npbench:{SUITE}:shading", "M").open().sizes["benchmark"]["K"] == 9
    assert resolve(f"npbench:{SUITE}:diffuse").function == "kernel"


@pytest.mark.slow
def test_a_run_of_a_suites_program_is_verified_and_so_is_its_champion_anew(kernwright, tmp_path):
    status, _, error = kernwright("run", f"npbench:{SUITE}:moments", "--preset", "M", "--evaluations", "3", "--threads", "1", "--out", "out")
    assert status in (0, 3), error
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["verdict"] == "verified" and result["kernel"] == "moments"
    assert "npbench" not in (tmp_path / "out" / "champion.py").read_text()
    status, said, error = kernwright("verify", "out/champion.py", "--no-timing", "--json")
    assert status == 0 and json.loads(said)["confirmed"], error
