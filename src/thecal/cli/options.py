"""What several commands share: options, and refusals in one voice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from thecal.errors import ThecalError

FILE = click.Path(path_type=Path)
jurisdiction_option = click.option(
    "--jurisdiction", default="us", show_default=True, help="Whose label decides: us, eu or jp."
)
drugs_option = click.option(
    "--drugs",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of medicines of your own.  [default: those installed]",
)
version_option = click.option(
    "--version", "edition", help="A version of the label, such as 2020.  [default: in force]"
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of words.")

PICTURES = (".png", ".svg")


def can_write(option: str, path: Path | None, suffixes: tuple[str, ...]) -> None:
    """Refuse a file that could not be written, before the work starts.

    Its name is not repeated: whoever prints one person's page may have named it after them.
    """
    if path is None:
        return
    if path.suffix not in suffixes:
        raise ThecalError(f"{option}: expected a name ending in {' or '.join(sorted(suffixes))}")
    if not path.parent.is_dir():
        raise ThecalError(f"{option}: its folder does not exist; make it first")


@contextmanager
def refusing(subject: str) -> Iterator[None]:
    """Turn what thecal cannot go on from into one message and exit code 2."""
    try:
        yield
    except ThecalError as error:
        click.echo(f"thecal: {subject}: {error}", err=True)
        raise SystemExit(2) from error
    except OSError as error:
        click.echo(f"thecal: {subject or 'file'}: {error.strerror or error}", err=True)
        raise SystemExit(2) from error
