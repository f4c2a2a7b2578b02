"""`kernwright verify`: confirms a champion from its certificate alone, and refuses or refutes whatever was changed."""
import json
import shutil
import sys

import certified_run
import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.signature import Signature
from kernwright.kernels.spec import KernelSpec
from kernwright.search.certificate.champion import champion_text
from kernwright.search.certificate.seal import file_hash, sealed
from kernwright.search.cli import main
from kernwright.workers.evaluation import Ratio


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    certified_run.write_run(folder, *certified_run.examined(timed=False))
    return folder


@pytest.fixture
def folder(original, tmp_path, monkeypatch):
    """A directory that holds champion and certificate, and nothing else."""
    for name in ("champion.py", "certificate.json"):
        shutil.copy(original / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def verify(monkeypatch, capsys):
    """The command, run in this process: (status, standard output, standard error)."""
    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["kernwright", "verify", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return (ended.value.code, *capsys.readouterr())

    return command


def assert_one_line(done, words):
    status, out, err = done
    assert status == 2 and not out, err
    assert len(err.strip().splitlines()) == 1 and words in err, err


def edit(folder, change, seal=True):
    """Changes the certificate, and (if `seal`) gives it the hash of what it then is, as a forger would."""
    path = folder / "certificate.json"
    document = json.loads(path.read_text())
    change(document)
    if seal:
        document = sealed({key: value for key, value in document.items() if key != "content_hash"})
    path.write_text(json.dumps(document))


def forge(folder, candidate=None, spec=None):
    """A champion of another kernel or spec, with a certificate that names it and claims what the old one did."""
    def change(document):
        made = candidate or Candidate.from_json(document["champion"]["candidate"])
        about = spec or KernelSpec(document["kernel"]["name"], document["kernel"]["spec"], document["kernel"]["function"])
        over, machine = document["questions"]["faster"]["against"]["reference"], document["machine"]
        text = champion_text(made, about, Signature.from_json(document["kernel"]["signature"]), version=document["run"]["versions"]["kernwright"],
                             machine=machine["type"], threads=machine["threads"], threading_layer=machine["threading_layer"],
                             over_reference=Ratio(over["speedup"], over["low"], over["high"], 1, 1.0, 1.0, "reference") if over["measured"] else None)
        (folder / "champion.py").write_text(text)
        document["champion"].update(candidate=made.as_json(), identity=made.identity, sha256=file_hash(text.encode()))
        document["kernel"].update(spec=about.text, spec_hash=about.content_hash)
        last = document["lineage"][-1]
        last["diff"] = last["diff"].replace("value * value", made.text.partition("total += ")[2].partition("\n")[0])

    edit(folder, change)


SLOWER = {"measured": True, "answer": "slower", "rival": "reference", "speedup": 0.5, "low": 0.4, "high": 0.6, "rounds": 6, "processes": 6,
          "champion_ns": 2.0, "rival_ns": 1.0, "ratios": [0.5]}


@pytest.mark.slow
def test_all_is_confirmed_where_only_champion_and_certificate_are_and_speed_is_measured_anew(folder, verify):
    def elsewhere(document):
        document["machine"]["type"], document["rivals"]["best_seed"] = "another machine", None
        document["questions"]["faster"]["against"]["reference"] = SLOWER

    edit(folder, elsewhere)
    forge(folder)
    status, out, err = verify("champion.py", "--seed", "5", "--json")
    found = json.loads(out)
    assert status == 0 and found["confirmed"] and found["unconfirmed"] == [], out
    assert found["fresh_seed"] == 5 and "a fresh seed (5)" in err
    rows = {row["claim"]: row for row in found["rows"]}
    for occasion in ("the certificate's seed", "a fresh seed"):
        for check in ("Bounds", "Differential tests", "Access log", "Parallel loops"):
            assert rows[f"{check}, {occasion}"]["status"] == "confirmed"
    assert rows["machine"]["status"] == "different here" and rows["speed against the reference"]["status"] == "measured here"
    assert "times [" in rows["speed against the reference"]["here"] and rows["Timed calls, the certificate's seed"]["status"] == "not claimed"
    assert sorted(path.name for path in folder.iterdir()) == ["certificate.json", "champion.py"]


EDITS = {
    "the kernel": ("value * value", "value + value"), "the reference": ("squares = a * a", "squares = a + a"),
    "the header": ("Found by Kernwright", "found by Kernwright"), "a blank at its end": ("print(__doc__)\n", "print(__doc__) \n"),
}


@pytest.mark.parametrize("before, after", EDITS.values(), ids=EDITS.keys())
def test_an_edited_champion_is_refused(folder, verify, before, after):
    text = (folder / "champion.py").read_text()
    assert text.count(before) >= 1
    (folder / "champion.py").write_text(text.replace(before, after, 1))
    assert_one_line(verify("champion.py"), "not the champion that certificate.json speaks of")


def test_an_edited_certificate_is_refused(folder, verify):
    def flatter(document):
        document["questions"]["equivalent"]["inputs"] *= 2

    edit(folder, flatter, seal=False)
    assert_one_line(verify("champion.py"), "was edited")


def test_the_certificate_of_another_champion_is_refused(folder, verify, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    for name in ("champion.py", "certificate.json"):
        shutil.copy(folder / name, other / name)
    forge(other, candidate=certified_run.MIDDLE)
    assert_one_line(verify("champion.py", "--certificate", str(other / "certificate.json")), "do not belong together")


BROKEN = {
    "truncated": (lambda whole: whole[: len(whole) // 2], "not whole JSON"),
    "empty": (lambda whole: b"", "not whole JSON"),
    "binary": (lambda whole: b"\xff\xfe\x00", "not whole JSON"),
    "no object": (lambda whole: b"[1, 2]", "no certificate of Kernwright's"),
    "another JSON file": (lambda whole: b'{"speedup": 3}', "no certificate of Kernwright's"),
    "a name twice": (lambda whole: whole.replace(b'"certificate_version"', b'"certificate_version": 1, "certificate_version"', 1), "stands twice"),
    "not a number": (lambda whole: whole.replace(b'"certificate_version": 1', b'"certificate_version": NaN', 1), "no JSON number"),
    "of a later version": (lambda whole: whole.replace(b'"certificate_version": 1', b'"certificate_version": 2', 1), "newer Kernwright"),
    "a field of another type": (lambda whole: whole.replace(b'"threads": 2', b'"threads": "two"', 1), "malformed, at machine/threads"),
    "deep": (lambda whole: b"[" * 100_000, "not whole JSON"),
}


@pytest.mark.parametrize("change, words", BROKEN.values(), ids=BROKEN.keys())
def test_a_malformed_certificate_is_refused(folder, verify, change, words):
    path = folder / "certificate.json"
    path.write_bytes(change(path.read_bytes()))
    assert_one_line(verify("champion.py"), words)


def test_what_is_not_there_is_said(folder, verify):
    assert_one_line(verify("absent.py"), "absent.py does not exist")
    assert_one_line(verify("."), "is not a file")
    assert_one_line(verify("champion.py", "--certificate", "absent.json"), "absent.json does not exist")
    assert_one_line(verify("champion.py", "--key", "absent.key"), "absent.key does not exist")
    (folder / "certificate.json").rename(folder / "kept.json")
    assert_one_line(verify("champion.py"), "no certificate.json beside champion.py")


def unconfirmed(done):
    status, out, _ = done
    assert status == 3, out
    return {row["claim"]: row["here"] for row in json.loads(out)["rows"] if row["status"] == "not confirmed"}


def test_a_forged_champion_that_computes_something_else_is_refuted(folder, verify):
    wrong = certified_run.CHAMPION.text.replace("value * value", "value * value * 1.0000001")
    forge(folder, candidate=Candidate(wrong, certified_run.CHAMPION.options, "writes"))
    found = unconfirmed(verify("champion.py", "--no-timing", "--json"))
    assert any("wrong" in here and "expected" in here for here in found.values()), found


def test_a_forged_champion_outside_the_dialect_is_not_even_run(folder, verify):
    text = certified_run.CHAMPION.text.replace("value * value", "value * value; print(open('/etc/passwd'))")
    forge(folder, candidate=Candidate(text, certified_run.CHAMPION.options, "writes"))
    found = unconfirmed(verify("champion.py", "--no-timing", "--json"))
    assert list(found) == ["its kernels keep to the dialect: no imports, no input or output"]
    status, out, _ = verify("champion.py", "--no-timing")
    assert status == 3 and "Not confirmed: its kernels keep to the dialect" in out and "Every claim" not in out


def test_a_certificate_that_hides_another_kernel_than_the_file_holds_is_refuted(folder, verify):
    text = (folder / "champion.py").read_text().replace("value * value", "value + value", 1)
    (folder / "champion.py").write_text(text)
    edit(folder, lambda document: document["champion"].update(sha256=file_hash(text.encode())))
    found = unconfirmed(verify("champion.py", "--no-timing", "--json"))
    assert "another text" in found["champion.py is what this kernel and spec make"]


def test_a_lineage_that_leads_elsewhere_is_refuted(folder, verify):
    edit(folder, lambda document: document["lineage"][1].update(diff=document["lineage"][1]["diff"].replace("prange", "range")))
    assert "its lineage leads from the reference to it" in unconfirmed(verify("champion.py", "--no-timing", "--json"))


def test_a_reference_that_cannot_run_here_is_said(folder, verify):
    spec = KernelSpec("row_sums", certified_run.SPEC.text.replace("squares = a * a", "import absent_package\n    squares = a * a"), "row_sums")
    forge(folder, spec=spec)
    edit(folder, lambda document: document.update(lineage=relayed(document, spec)))
    found = unconfirmed(verify("champion.py", "--no-timing", "--json"))
    assert "absent_package" in found["the reference runs"]


def relayed(document, spec):
    from kernwright.search.certificate.lineage import described

    return described([certified_run.SEED, certified_run.MIDDLE, certified_run.CHAMPION], spec, {})
