"""What several tests of the search use."""
import sys

import pytest
from kernwright.search.cli import main


@pytest.fixture
def kernwright(tmp_path, monkeypatch, capsys):
    """The command line, run in this process as the console script runs it: (status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["kernwright", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return (ended.value.code, *capsys.readouterr())

    return command
