"""A champion that descends from a warm start says so, and its certificate's lineage leads from the reference to it."""
from certified_run import CHAMPION, SPEC
from kernwright.kernels.candidate import Candidate, Lineage
from kernwright.search.certificate.lineage import described
from kernwright.search.certificate.reading import schema
from kernwright.search.certificate.replay import replayed
from kernwright.search.report.history import family
from kernwright.search.report.steps import steps

WARM = Candidate(CHAMPION.text, CHAMPION.options, CHAMPION.convention, Lineage("warm:champion.py", "read back from the file"))
CHILD = Candidate(CHAMPION.text.replace("value * value", "value ** 2"), CHAMPION.options, CHAMPION.convention,
                  Lineage("rewrite:expand", "value ** 2", (WARM.identity,)))


def test_the_certificates_lineage_begins_at_the_warm_candidate_and_can_be_replayed():
    from jsonschema import Draft202012Validator

    for line in ([WARM], [WARM, CHILD]):
        entries = described(line, SPEC, {})
        assert entries[0]["operator"] == "warm:champion.py" and entries[0]["parents"] == []
        assert replayed(SPEC, [entry["diff"] for entry in entries]) == line[-1].text.splitlines()
        Draft202012Validator(schema()["properties"]["lineage"] | {"$defs": schema().get("$defs", {})}).validate(entries)


def test_the_report_shows_the_warm_candidate_as_the_first_step_and_as_an_operator_of_its_own():
    first, second = steps([WARM, CHILD], {})
    assert first.candidate.lineage.operator == "warm:champion.py" and first.options == ("parallel: false → true", "fastmath: none → reassoc",
                                                                                       "convention: returns → writes")
    assert family(first.candidate.lineage.operator) == "warm" and len(second.diff) > 0
