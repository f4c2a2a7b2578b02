"""The certificate: keeps its schema, holds what a person needs to check it, and every edit of it shows."""
import json

import certified_run
import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.spec import KernelSpec
from kernwright.search.certificate.comparison import Status, compared_checks, compared_speed
from kernwright.search.certificate.evidence import evidence
from kernwright.search.certificate.lineage import described
from kernwright.search.certificate.questions import questions
from kernwright.search.certificate.reading import CertificateError, complaint, read_certificate, read_key, schema
from kernwright.search.certificate.replay import LineageError, reference_text, replayed
from kernwright.search.certificate.seal import content_hash, file_hash, plain, sealed
from kernwright.search.certificate.statement import statement
from kernwright.search.journal import Journal, journal_url
from kernwright.search.outcome import write_outcome
from kernwright.workers.confirmation import Confirmation
from kernwright.workers.evaluation import Ratio, Verdict

SERIAL, PARALLEL = certified_run.SEED, certified_run.CHAMPION


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    certified_run.write_run(folder, *certified_run.examined())
    return folder


@pytest.fixture
def document(folder):
    return json.loads((folder / "certificate.json").read_text())


def test_it_keeps_a_schema_that_is_one(document):
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema())
    assert complaint(document) == ""
    for name in document:
        assert complaint({key: value for key, value in document.items() if key != name}), name
    assert complaint({**document, "more": 1}) and complaint([]) and complaint(None)


def test_its_claims_come_with_what_it_takes_to_repeat_them(document):
    kernel, champion, questions = document["kernel"], document["champion"], document["questions"]
    assert kernel["spec"] == certified_run.SPEC.text and kernel["spec_hash"] == certified_run.SPEC.content_hash
    assert Candidate.from_json(champion["candidate"]).identity == champion["identity"] == PARALLEL.identity
    assert document["examination"]["seed"] == 77 and document["examination"]["budget"]["processes"] == 6
    equivalent, legal, faster = questions["equivalent"], questions["legal_in_parallel"], questions["faster"]
    checks = {check["name"]: check for check in equivalent["checks"]}
    assert {"bounds", "differential"} <= set(checks) and all(check["method"] and check["answer"] for check in checks.values())
    assert len(checks["differential"]["facts"]["seeds"]) == checks["differential"]["facts"]["cases"] <= equivalent["inputs"]
    assert equivalent["worst"]["ulp"] >= 0 and equivalent["sizes"]
    assert legal["checks"][0]["name"] == "access" and legal["checks"][0]["facts"]["iterations"] > 0
    over = faster["against"]["reference"]
    assert over["low"] <= over["speedup"] <= over["high"] and over["processes"] == 6 and over["rounds"] == len(over["ratios"])
    assert faster["against"]["best_seed"]["rival"] == SERIAL.identity and not faster["against"]["njit"]["measured"]
    assert [label.partition(" ")[0] for label in faster["by_size"]] == ["tiny", "verify", "benchmark"]
    assert set(faster["wins_at"]) <= set(faster["by_size"])
    assert "kernwright verify champion.py" in faster["repeat"]
    assert document["proven"] is not None and document["tested"] and document["assumed"]


def test_its_lineage_leads_from_the_reference_to_the_champion(document):
    steps = document["lineage"]
    assert [step["operator"] for step in steps] == ["seed", "rewrite:parallel", "llm:m"]
    assert [step["model"] for step in steps] == [None, None, "model-7b"]
    assert "parallel: false → true" in steps[1]["changed"] and "+    for i in prange(a.shape[0]):" in steps[1]["diff"]
    assert replayed(certified_run.SPEC, [step["diff"] for step in steps]) == PARALLEL.text.splitlines()


def test_writing_it_again_gives_the_same_bytes(folder):
    before = {name: (folder / name).read_bytes() for name in ("certificate.json", "champion.py")}
    with Journal.open(journal_url(folder), write=False) as journal:
        outcome = write_outcome(journal, folder)
    assert outcome.certificate == folder / "certificate.json"
    assert before == {name: (folder / name).read_bytes() for name in before}


def test_every_edit_of_its_content_changes_the_hash(document):
    assert content_hash(document) == document["content_hash"]

    def leaves(holder):
        for key, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
            if isinstance(value, dict | list):
                yield from leaves(value)
            else:
                yield holder, key

    for holder, key in list(leaves(document)):
        if holder is not document or key != "content_hash":
            before, holder[key] = holder[key], "edited"
            assert content_hash(document) != document["content_hash"], key
            holder[key] = before


def test_it_can_be_signed_with_a_key_that_others_do_not_have(folder, tmp_path):
    mine, other = tmp_path / "mine.key", tmp_path / "other.key"
    mine.write_text("a key of mine, long enough\n")
    other.write_text("a key of somebody else's\n")
    with Journal.open(journal_url(folder), write=False) as journal:
        write_outcome(journal, tmp_path, read_key(mine))
    signed = json.loads((tmp_path / "certificate.json").read_text())
    assert complaint(signed) == "" and signed["content_hash"] == json.loads((folder / "certificate.json").read_text())["content_hash"]
    assert read_certificate(tmp_path / "champion.py", key=read_key(mine)).candidate == PARALLEL
    for certificate, key in ((tmp_path / "certificate.json", other), (folder / "certificate.json", mine)):
        with pytest.raises(CertificateError, match="not signed with that key"):
            read_certificate(tmp_path / "champion.py", certificate, read_key(key))
    other.write_text("short")
    with pytest.raises(CertificateError, match="holds no key"):
        read_key(other)


def check(name, answer="", verdict="verified", message="", **facts):
    return {"name": name, "verdict": verdict, "message": message, "facts": {**({"answer": answer} if answer else {}), **facts}}


DIFFERENTIAL = check("differential", cases=22, sizes=["size tiny (n=8)", "size benchmark (n=1500)"], seeds=[1, 2], tolerance="default",
                     worst_ulp=1.0, worst_relative=1e-16, worst_at="the result")
PROOFS = (
    check("parallel", "proven", method="Subscripts are affine."), check("identity", "identical, with exp within 1 ULP", method="two primes", bound="d / 2^61", taken_as_exact=["rounding"]),
    check("precision", "as accurate", method="Long doubles.", cases=4, worst_ulp=7.0,
                                                    sizes=[{"size": "tiny (n=8)", "ratio": 1.0}]), check("families", "not applicable", reason="no argument is an array"),
    check("orders", "agrees on 312 inputs", inputs=312, assumptions=["nobody looks"]),
    check("a check that nobody here has heard of", "fine", method="By looking."),
)


def confirmation(*checks, champion=PARALLEL, verdict=Verdict.VERIFIED, **more):
    return Confirmation(champion.identity, verdict, checks=tuple(checks), **more)


def test_what_is_proven_what_is_tested_and_what_is_assumed_are_told_apart():
    said = statement(confirmation(DIFFERENTIAL, *PROOFS), PARALLEL, ("b.shape[0] == a.shape[1]",))
    assert any("Parallel loops: proven" in line for line in said.proven) and any("identical, with exp within 1 ULP. Two primes. D / 2^61." in line for line in said.proven)
    assert any("Algebraic identity, taken as exact: rounding." in line for line in said.assumed)
    assert any("22 inputs at 2 sizes" in line for line in said.tested) and any("as accurate, on 4 inputs; greatest error: 7 ULP. Long doubles." in line for line in said.tested)
    assert any("nobody here has heard of: fine" in line and "By looking" in line for line in said.tested)
    assert any("no argument is an array" in line for line in said.assumed) and any("b.shape[0] == a.shape[1]" in line for line in said.assumed)
    assert not any("heard of" in line for line in said.proven) and any("orders, assumed: nobody looks." in line for line in said.assumed)


def test_without_a_proof_nothing_but_being_serial_is_proven():
    logged = check("parallel", "logged", method="Its accesses were logged.")
    said = statement(confirmation(DIFFERENTIAL, check("access", iterations=8), logged, check("identity", "not applicable", reason="it sorts")), PARALLEL)
    assert said.proven == () and any("race on no other input" in line for line in said.assumed)
    assert any("agreement was tested, not proven" in line for line in said.assumed)
    serial = statement(confirmation(DIFFERENTIAL, champion=SERIAL), SERIAL)
    assert serial.proven == ("It runs on one thread, so there is nothing that could race.",)


def test_a_permitted_approximation_is_said_to_be_one():
    differs = check("identity", "different", approximation=True)
    differs["facts"]["message"] = "[0]: 1.5 instead of 1.4"
    said = statement(confirmation(DIFFERENTIAL, differs), PARALLEL)
    assert said.proven == () and any("an approximation of the reference" in line and "1.5 instead" in line for line in said.assumed)
    assert questions(confirmation(DIFFERENTIAL, differs), PARALLEL, {})["equivalent"]["answer"] == "equal in every test"


def test_an_error_against_exact_results_is_no_difference_from_the_reference():
    asked = questions(confirmation(DIFFERENTIAL, PROOFS[2]), PARALLEL, {})["equivalent"]
    assert asked["worst"]["ulp"] == 1.0 and asked["sizes"] == ["tiny (n=8)", "benchmark (n=1500)"]


def test_nothing_is_claimed_of_a_champion_that_fell():
    assert statement(confirmation(DIFFERENTIAL, verdict=Verdict.WRONG), PARALLEL) == statement(None, None)


def test_figures_that_json_has_no_numbers_for_become_text():
    odd = check("differential", cases=1, worst_ulp=float("inf"), worst_relative=float("nan"))
    asked = plain(questions(confirmation(odd), SERIAL, {}))
    assert asked["equivalent"]["worst"]["ulp"] == "inf"
    json.dumps(asked, allow_nan=False)
    assert evidence(asked["equivalent"]["checks"])["differential"].worst_ulp == float("inf")


def test_a_claim_is_confirmed_by_the_same_answer_alone():
    stated = [DIFFERENTIAL, *PROOFS]

    def statuses(*found, **more):
        rows = compared_checks(stated, confirmation(*found, **more), "here", True)
        return {row.claim.partition(",")[0]: row.status for row in rows}

    assert set(statuses(DIFFERENTIAL, *PROOFS).values()) == {Status.CONFIRMED}
    fewer = {**DIFFERENTIAL, "facts": {**DIFFERENTIAL["facts"], "cases": 11}}
    assert statuses(fewer, *PROOFS)["Differential tests"] is Status.PARTLY
    assert statuses(DIFFERENTIAL, *PROOFS[:-2], check("orders", "agrees on 99 inputs", inputs=99))["orders"] is Status.PARTLY
    assert statuses(DIFFERENTIAL, *PROOFS[:-2], check("orders", "differs on 312 inputs", inputs=312))["orders"] is Status.NOT
    assert statuses(DIFFERENTIAL, *PROOFS[:2], check("precision", "within bounds", cases=4), *PROOFS[3:])["Precision"] is Status.PARTLY
    stated = [check("determinism", "bits differ", differ={"between 1 and 2 threads": 2.0}), check("parallel", "logged")]
    assert set(statuses(check("determinism", "same bits"), PROOFS[0]).values()) == {Status.CONFIRMED}
    stated, weaker = [check("determinism", "same bits")], stated[:1]
    assert statuses(*weaker)["Determinism"] is Status.NOT and evidence(weaker)["determinism"].reason == "2 ULP between 1 and 2 threads"
    stated = [DIFFERENTIAL, *PROOFS]
    assert statuses(DIFFERENTIAL, *PROOFS[:2], check("precision", "not applicable"), *PROOFS[3:])["Precision"] is Status.NOT
    logged = statuses(DIFFERENTIAL, check("parallel", "logged"), *PROOFS[1:])
    assert logged["Parallel loops"] is Status.NOT and logged["Algebraic identity"] is Status.CONFIRMED
    assert statuses(DIFFERENTIAL, *PROOFS[:1], *PROOFS[2:])["Algebraic identity"] is Status.NOT
    fell = statuses(check("differential", verdict="wrong", message="[0] is 1"), verdict=Verdict.WRONG, message="[0] is 1")
    assert fell["Differential tests"] is fell["examination"] is fell["Precision"] is Status.NOT
    new = statuses(DIFFERENTIAL, *PROOFS, check("newer", "fine"))
    assert new["newer"] is Status.UNCLAIMED


def ratio(low, high):
    return Ratio((low + high) / 2, low, high, 60, 1e6, 2e6, "reference", (1.0,))


def speed_status(there, here, same_place):
    stated = questions(confirmation(over_reference=ratio(*there), by_size={"benchmark": ratio(*there)}), SERIAL, {"reference": ratio(*there)})
    return [row.status for row in compared_speed(stated["faster"], confirmation(over_reference=here and ratio(*here),
                                                                               by_size={"benchmark": ratio(*here)} if here else {}), same_place)]


@pytest.mark.parametrize("there, here, same_place, status", [
    ((4.0, 4.4), (3.9, 4.3), True, Status.CONFIRMED),
    ((4.0, 4.4), (6.0, 6.3), True, Status.CONFIRMED),
    ((4.0, 4.4), (0.9, 4.3), True, Status.PARTLY),
    ((50.0, 55.0), (2.0, 2.1), True, Status.NOT),
    ((50.0, 55.0), (2.0, 2.1), False, Status.HERE),
    ((4.0, 4.4), (0.8, 0.9), False, Status.NOT),
    ((4.0, 4.4), None, False, Status.NOT),
    ((0.9, 1.1), (0.7, 0.8), False, Status.HERE),
])
def test_speed_belongs_to_its_machine_but_slower_than_the_reference_is_a_claim_refuted(there, here, same_place, status):
    assert speed_status(there, here, same_place)[0] is status


@pytest.mark.parametrize("texts", [
    ["def kernel(a):\n    return a\n", "x = 1\ndef kernel(a):\n    return a + x\n"],
    ["", "def kernel(a):\n    return a\n"], ["def kernel(a):\r\n    return a", "def kernel(a):\n\n    return a\n\n\n"],
    ["def kernel(a):\n    # --- a\n    # +++ b\n    return a\n", "def kernel(a):\n    # @@ -1 +1 @@\n    return -a\n"],
    [f"def kernel(a):\n{body}    return a\n" for body in ("".join(f"    a = a + {n}\n" for n in range(40)), "".join(f"    a = a + {n}\n" for n in range(40) if n not in (3, 30)))],
])
def test_a_lineage_of_any_texts_is_replayed(texts):
    spec = KernelSpec("f", "import numpy as np\n\n\ndef f(a):\n    return a\n", "f")
    steps = [step["diff"] for step in described([Candidate(text) for text in texts], spec, {})]
    assert replayed(spec, steps) == texts[-1].splitlines()
    assert reference_text(spec) == "def f(a):\n    return a\n"


def test_a_difference_that_does_not_fit_is_told():
    spec = KernelSpec("f", "def f(a):\n    return a\n", "f")
    for diff in ("@@ -1,1 +1,1 @@\n-def g(a):\n+def h(a):", "@@ -9,1 +9,1 @@\n-x\n+y", "nonsense", "@@ -1,2 +1,2 @@\n def f(a):\n     return a\n-more"):
        with pytest.raises(LineageError, match="step 0"):
            replayed(spec, [diff])


def test_a_certificate_that_contradicts_itself_is_refused(folder, document, tmp_path):
    champion = folder / "champion.py"
    document["kernel"]["spec"] += "\n# more\n"
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(sealed({k: v for k, v in document.items() if k != "content_hash"})))
    with pytest.raises(CertificateError, match="contradicts itself"):
        read_certificate(champion, path)
    assert document["champion"]["sha256"] == file_hash(champion.read_bytes())
