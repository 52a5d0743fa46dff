"""Rows as CSV (RFC 4180), a line at a time."""

import csv
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing


def csv_lines(columns: Sequence[str], rows: Generator[Iterable[str | int], None, None]) -> Iterator[str]:
    """The line of the columns' names, then one for each row. The rows are closed when nobody wants more."""
    writer = csv.writer(_Through())
    with closing(rows):
        yield writer.writerow(columns)
        for row in rows:
            yield writer.writerow([harmless(value) for value in row])


def harmless(value: str | int) -> str | int:
    """The value, or a text that no spreadsheet takes for a formula: such text may come from anybody."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


class _Through:
    """What csv.writer writes to; writerow() returns what write() does."""

    def write(self, line: str) -> str:
        return line
