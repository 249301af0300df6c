"""What every command about the record shares: which record, with which key, and by whom.

What such a command cannot understand it does not repeat: it may be somebody's name.
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from thecal.cli.options import FILE, refusing
from thecal.errors import StoreError, ThecalError, nearest

if TYPE_CHECKING:
    from thecal.store.outcome import Author
    from thecal.store.record import Record

Command: TypeAlias = Callable[..., Any]


class GuardedCommand(click.Command):
    """A command that does not repeat what it could not understand: it may be a name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words of a command line; exit 2 for what cannot be read."""
        try:
            return super().parse_args(ctx, args)
        except (click.NoSuchOption, click.MissingParameter, click.BadOptionUsage):
            raise
        except click.BadParameter as error:
            hint = error.param.opts[0] if error.param else "a value"
            raise click.UsageError(f"{hint}: not a value it takes; see --help", ctx) from None
        except click.UsageError:
            raise click.UsageError("more words than expected; see --help", ctx) from None


class GuardedGroup(click.Group):
    """A group of such commands."""

    command_class = GuardedCommand

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command asked for."""
        if args and args[0] not in self.commands:
            known = ", ".join(self.commands)
            ctx.fail(f"no such command; there is {known}.{nearest(args[0], self.commands)}")
        return super().resolve_command(ctx, args)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where somebody sits down to the record: which one, with which key, and who it is."""

    record: str | None
    key: Path | None
    actor: str | None
    role: str | None

    @property
    def where(self) -> str:
        """The file or the address of the record."""
        if not self.record:
            raise StoreError(
                "which record? Name its file or address with --record, or once for all in "
                "THECAL_RECORD"
            )
        return self.record

    @property
    def author(self) -> Author:
        """Who asks."""
        from thecal.store.outcome import Author

        if not self.actor or not self.role:
            raise StoreError(
                "who asks? Every look is noted: name yourself with --actor and --role, or once "
                "for all in THECAL_ACTOR and THECAL_ROLE"
            )
        return Author(actor=self.actor, role=self.role)

    @contextmanager
    def open(self) -> Iterator[tuple[Record, Author]]:
        """Open the record for somebody, and let go of it."""
        from thecal.store.record import Record

        author = self.author
        record = Record.open(self.where, key=self.key)
        try:
            yield record, author
        finally:
            record.close()


@contextmanager
def unnamed() -> Iterator[None]:
    """Say where thecal itself failed, and not on what: that may be somebody's name."""
    try:
        yield
    except (ThecalError, OSError, click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise StoreError(
            f"thecal could not go on: {type(error).__name__} in {Path(last.filename).name}, line "
            f"{last.lineno}. Either the record was changed from outside, and `thecal record "
            "verify` says where, or this is a fault of thecal: report this line, it names nobody"
        ) from None


def at_desk(command: Command) -> Command:
    """Ask which record, with which key and by whom; hand it over as `desk`."""

    @functools.wraps(command)
    def asked(
        record: str | None, key: Path | None, actor: str | None, role: str | None, **more: Any
    ) -> Any:
        with refusing("record"), unnamed():
            return command(Desk(record=record, key=key, actor=actor, role=role), **more)

    options = (
        click.option("--record", envvar="THECAL_RECORD", help="File or address of the record."),
        click.option(
            "--key",
            type=FILE,
            envvar="THECAL_RECORD_KEY",
            help="File of the key that signs.  [default: beside the record's file]",
        ),
        click.option("--actor", envvar="THECAL_ACTOR", help="Who asks: it is noted."),
        click.option(
            "--role",
            envvar="THECAL_ROLE",
            help="viewer, nurse, pharmacist, prescriber, auditor or admin.",
        ),
    )
    wrapped: Command = asked
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


reason_option = click.option("--reason", default="", help="Why; it is kept.")
identity_option = click.option(
    "--identity", is_flag=True, help="Show who the person is, or the lot of a vial; it is noted."
)
