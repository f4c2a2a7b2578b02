"""Table: a verification for a person who reads it in a terminal."""
from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .comparison import Status
from .verification import Verification

_COLOURS = {Status.CONFIRMED: "green", Status.NOT: "bold red", Status.PARTLY: "yellow"}


def print_verification(done: Verification, console: Console | None = None) -> None:
    """Every claim beside what was found here, and then what could not be confirmed."""
    console = console or Console(highlight=False)
    table = Table("claim", "certificate", "here", "", title=f"{done.kernel} on {done.machine}", title_justify="left")
    for row in done.rows:
        table.add_row(escape(row.claim), escape(row.certificate), escape(row.here), f"[{_COLOURS.get(row.status, 'default')}]{row.status}[/]")
    console.print(table)
    for status, lead in ((Status.NOT, "Not confirmed"), (Status.PARTLY, "Confirmed in part"), (Status.HERE, "Measured anew, as this is another place")):
        claims = [row.claim for row in done.rows if row.status is status]
        if claims:
            console.print(f"{lead}: {'; '.join(claims)}.", soft_wrap=True, markup=False)
    if done.confirmed:
        whole = all(row.status in (Status.CONFIRMED, Status.UNCLAIMED) for row in done.rows)
        said = "Every claim of the certificate was confirmed here" if whole else "No claim of the certificate was refuted here"
        console.print(f"{said}, in {done.seconds:.0f} s.", soft_wrap=True)
    console.print(f"Fresh seed, to repeat this: --seed {done.fresh_seed}", soft_wrap=True)
