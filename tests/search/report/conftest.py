"""What the tests of the report share. A page is rendered once: its charts take a second."""
import pytest
from kernwright.search.journal import Journal, journal_url
from kernwright.search.report import write_report
from report_runs import HUGE, OPERATORS, POPULATION, RECORD, ROOFLINE, fill, fill_hugely


def _complete(journal):
    for key, value in {"operators": OPERATORS, "population": POPULATION, "roofline": ROOFLINE}.items():
        journal.set_state(key, value)
    return fill(journal)


RUNS = {
    "finished": fill, "complete": _complete, "begun": lambda journal: journal, "huge": lambda journal: fill_hugely(journal, HUGE),
    "interrupted": lambda journal: fill(journal, "interrupted", confirmed=False),
}


@pytest.fixture
def journal(tmp_path):
    with Journal.create(journal_url(tmp_path), RECORD) as opened:
        yield opened


@pytest.fixture(scope="session")
def reports(tmp_path_factory):
    """Gives the path of a run's report by the name of the run."""
    written = {}

    def report(name):
        if name not in written:
            folder = tmp_path_factory.mktemp(name)
            with Journal.create(journal_url(folder), RECORD) as journal:
                written[name] = write_report(RUNS[name](journal), folder)
        return written[name]

    return report
