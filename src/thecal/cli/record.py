"""The commands `thecal record …`: the record of a clinic, read, written to, checked, copied.

Which record, with which key and by whom is asked alike of every command, or read from the
environment. What the record will not do is an answer, with exit 1.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from thecal.cli.desk import Desk, GuardedGroup, at_desk, reason_option
from thecal.cli.options import FILE, json_option
from thecal.errors import StoreError

if TYPE_CHECKING:
    from thecal.interop.facts import Asked
    from thecal.store.outcome import Outcome
    from thecal.store.seal import Mark

HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


@click.group("record", cls=GuardedGroup)
def record_group() -> None:
    """Keep the record of a clinic: many patients and vials, every fact and every look.

    Facts are only ever added; a correction is a new version, with its author and reason.
    """


# -- set up, check, copy


@record_group.command("init")
@at_desk
@click.option("--upgrade", is_flag=True, help="Bring up a record kept by an older thecal.")
def init(desk: Desk, upgrade: bool) -> None:
    """Make a record: one file, or the tables on a server, and the key that signs it."""
    from thecal.store.engine import HEAD
    from thecal.store.record import Record, beside
    from thecal.store.upgrade import upgrade as bring_up

    if upgrade:
        stood = bring_up(desk.where, desk.author, key=desk.key)
        done = "as they were" if stood == HEAD else f"brought up from {stood}"
        click.echo(f"Tables {HEAD}: {done}. The due list is computed anew.")
        return
    key = desk.key or beside(desk.where, "key")
    was_there = key.exists()
    Record.make(desk.where, desk.author, key=desk.key).close()
    click.echo(
        f"The record is made.\n"
        f"  key      {key}{', which was there' if was_there else ''}\n"
        f"  witness  {key.with_suffix('.witness')}\n\n"
        "Whoever can write to the record should not be able to write to these two: move them to a\n"
        "place of their own and name the key with --key or THECAL_RECORD_KEY; the witness stays\n"
        "beside the key. Keep a copy of the key elsewhere: without it nobody can add to the record."
    )


@record_group.command("verify")
@at_desk
@click.option("--anchor", help="A link noted elsewhere, as NUMBER:HASH.")
@click.option("--public", help="The public half of the key, for who does not hold the key.")
@json_option
def verify(desk: Desk, anchor: str | None, public: str | None, as_json: bool) -> None:
    """Check that the record is what was written; exit 1 if it is not.

    Every event is hashed anew, every signature and every fact is checked.
    """
    from thecal.report.clinic_record import verified_document, verified_text
    from thecal.report.contract import dump
    from thecal.store.engine import existing
    from thecal.store.record import beside
    from thecal.store.seal import read_seal
    from thecal.store.verify import verify as check

    if public is not None and not HASH.fullmatch(public):
        raise StoreError(
            "--public: expected 64 hexadecimal digits, as `thecal record verify` prints"
        )
    engine, _ = existing(desk.where)
    try:
        key = desk.key
        if public is None:
            key = key or beside(desk.where, "key")
            public = read_seal(key).public
        witness = key and key.with_suffix(".witness")
        found = check(engine, public=public, witness=witness, anchor=_mark(anchor))
    finally:
        engine.dispose()
    click.echo(dump(verified_document(found)) if as_json else verified_text(found))
    if not as_json:
        click.echo(f"\nPublic half of the key  {public}")
    if not found.is_whole:
        raise SystemExit(1)


def _mark(anchor: str | None) -> Mark | None:
    from thecal.store.seal import Mark

    if anchor is None:
        return None
    number, _, link = anchor.strip().partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 16 and HASH.fullmatch(link)):
        raise StoreError(
            "--anchor: expected NUMBER:HASH as `thecal record verify` printed it, such as "
            "120:3f33… with 64 hexadecimal digits"
        )
    return Mark(int(number), link)


@record_group.command("backup")
@at_desk
@click.argument("file", type=FILE)
def backup(desk: Desk, file: Path) -> None:
    """Copy the whole record to FILE while it is in use; the key is not in it."""
    from thecal.store.backup import back_up

    with desk.open() as (record, author):
        copied = back_up(record, file, author)
    click.echo(_copied("Backed up", copied.rows, copied.head))


@record_group.command("restore")
@at_desk
@click.argument("file", type=FILE)
def restore(desk: Desk, file: Path) -> None:
    """Bring a backup back from FILE into an empty place, and check it there."""
    from thecal.store.backup import restore as bring_back

    copied = bring_back(file, desk.where, desk.author, key=desk.key)
    click.echo(_copied("Restored", copied.rows, copied.head))


def _copied(done: str, rows: dict[str, int], head: Mark) -> str:
    counts = ", ".join(f"{n} {name}s" for name, n in rows.items())
    return f"{done}: {counts}.\nAnchor  {head.seq}:{head.hash}"


# -- write


@record_group.command("add")
@at_desk
@click.argument("words", nargs=-1, metavar="[CODE] [KIND FIELD=VALUE...]")
@click.option("--new-patient", is_flag=True, help="For a patient the record does not know yet.")
@click.option("--new-vial", is_flag=True, help="For a vial the record does not know yet.")
@click.option("--file", "file", help="Facts (YAML), several in one change; - is standard input.")
@click.option("--correct", help="The fact this is a new version of, such as 2.1.")
@click.option("--withdraw", help="The fact that was entered in error, such as 2.1.")
@click.option("--seen", type=click.IntRange(0), help="The version you saw; a correction needs it.")
@click.option("--once", help="A key of your own: what bears it is written once.")
@click.option("--override", default="", help="Why a prescriber records a dose that is too close.")
@reason_option
@json_option
def add(
    desk: Desk,
    words: tuple[str, ...],
    new_patient: bool,
    new_vial: bool,
    file: str | None,
    correct: str | None,
    withdraw: str | None,
    seen: int | None,
    once: str | None,
    override: str,
    reason: str,
    as_json: bool,
) -> None:
    """Add facts: CODE KIND FIELD=VALUE…, or --file; exit 1 if the record refuses them.

    CODE is left out with --new-patient and --new-vial.
    """
    from secrets import token_hex

    from thecal.interop.facts import entries_of
    from thecal.store.record import new_stream

    is_new = new_patient or new_vial
    if new_patient and new_vial:
        raise StoreError("--new-patient or --new-vial, not both")
    if is_new and (correct or withdraw or seen):
        raise StoreError("what is new has nothing to correct, and no version that was seen")
    if not is_new and not words:
        raise StoreError("of whom? Name the CODE first, or take --new-patient or --new-vial")
    code = new_stream("P" if new_patient else "V", once or "") if is_new else words[0]
    asked = _asked(words if is_new else words[1:], file, correct, withdraw)
    changes_old = any(one.corrects or one.withdraws for one in asked)
    if changes_old and seen is None:
        raise StoreError(
            "a correction says which version it was made upon: --seen, with the version that "
            "`thecal record show` printed"
        )
    with desk.open() as (record, author):
        # Upon the version that was seen: so the same correction again is the same change.
        chart = None if is_new else record.read(code, author, version=seen or None)
        standing = chart.version if chart else 0
        outcome = record.add(
            code,
            entries_of(asked, chart.facts if chart else ()),
            author,
            expected=standing if seen is None else seen,
            key=once or token_hex(16),
            reason=reason,
            override=override,
        )
    tell(outcome, as_json)


def tell(outcome: Outcome, as_json: bool) -> None:
    """Print what became of a change; exit 1 where it was refused."""
    from thecal.report.contract import dump
    from thecal.report.record import outcome_document, outcome_text
    from thecal.store.outcome import Refused

    click.echo(dump(outcome_document(outcome)) if as_json else outcome_text(outcome))
    if isinstance(outcome, Refused):
        raise SystemExit(1)


def _asked(
    words: tuple[str, ...], file: str | None, correct: str | None, withdraw: str | None
) -> tuple[Asked, ...]:
    """Read the facts from the words, or from a file; one way, not two."""
    from thecal.interop.facts import Asked, read_words

    ways = [bool(words), file is not None, withdraw is not None]
    if sum(ways) != 1 or (correct and not words):
        raise StoreError("give one fact as KIND FIELD=VALUE…, or --file, or --withdraw")
    if file is not None:
        return _from_file(file)
    if withdraw is not None:
        return (Asked(kind="", withdraws=withdraw),)
    return (read_words(words[0], words[1:], corrects=correct or ""),)


def _from_file(name: str) -> tuple[Asked, ...]:
    from thecal.datafile import MAX_BYTES, DataFile
    from thecal.interop.facts import read_facts

    if name == "-":
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        with Path(name).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    document = DataFile(Path("-"), is_private=True)
    asked = read_facts(document.parse(data))
    document.finish()
    return asked


@record_group.command("import")
@at_desk
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--drug", default="tofersen", show_default=True, help="Medicine.")
@click.option("--jurisdiction", required=True, help="Whose label is followed: us, eu or jp.")
@click.option("--version", "edition", help="A version of the label.  [default: in force]")
@click.option("--override", default="", help="Why a prescriber records doses that are too close.")
def import_(
    desk: Desk,
    files: tuple[Path, ...],
    drug: str,
    jurisdiction: str,
    edition: str | None,
    override: str,
) -> None:
    """Make a new patient of each course file (CSV); exit 1 if one is refused.

    All files are read and judged before the first is written: either all can be, or none is.
    """
    from thecal.interop import record_files as files_of
    from thecal.label.catalog import load_label

    label = load_label(drug, jurisdiction, edition=edition)
    plan = {"medicine": label.medicine, "jurisdiction": label.jurisdiction}
    plan |= {"edition": edition} if edition else {}
    read = files_of.read_all(files, plan)
    for one in read:
        for remark in one.remarks:
            click.echo(f"thecal: note: file {one.place} of {len(files)}: {remark}", err=True)
    with desk.open() as (record, author):
        judged = files_of.judge(record, author, read, override)
        if any(one.problem for one in judged):
            click.echo(files_of.refusal_words(judged))
            raise SystemExit(1)
        taken = []
        for file in judged:
            taken.append(files_of.take_in(record, author, file, override))
            click.echo(files_of.taken_words(taken[-1], len(files)))
    if any(one.refused for one in taken):
        raise SystemExit(1)


# -- give away


@record_group.command("export")
@at_desk
@click.argument("codes", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every patient; as JSON every vial, too.")
@click.option("--format", "form", required=True, help="json: everything; csv: the course.")
@click.option("--out", type=FILE, required=True, help="Folder, or the file of one CODE.")
@reason_option
def export(
    desk: Desk, codes: tuple[str, ...], everything: bool, form: str, out: Path, reason: str
) -> None:
    """Write complete copies of patients or vials; each is noted.

    json holds every version of every fact, with who, when and why; csv is the course as it stands,
    which `thecal course` reads.
    """
    from thecal.interop.record_files import FORMS, give

    if form not in FORMS:
        raise StoreError(f"--format: expected {' or '.join(FORMS)}")
    if bool(codes) == everything:
        raise StoreError("name one CODE or several, or take --all")
    one_file = out.suffix in (".json", ".csv")
    if one_file and (len(codes) != 1 or out.suffix != f".{form}"):
        raise StoreError(
            "--out: one file holds one CODE, and its name ends as the format does; name a folder"
        )
    if not (out.parent if one_file else out).is_dir():
        raise StoreError("--out: no such folder; make it first")
    with desk.open() as (record, author):
        if everything:
            codes = record.streams("P") + (record.streams("V") if form == "json" else ())
        failed = 0
        for code in codes:
            target = out if one_file else out / f"{code}.{form}"
            if why := give(record, author, code, form, target, reason=reason):
                click.echo(f"thecal: {code}: {why}", err=True)
                failed += 1
    click.echo(f"{len(codes) - failed} of {len(codes)} written as {form}.")
    if failed:
        raise SystemExit(1)


@record_group.command("anonymise")
@at_desk
@click.option("--out", type=FILE, required=True, help="Folder that is new, or empty.")
@click.option("--variant", is_flag=True, help="Say the SOD1 variant, where enough share it.")
@click.option(
    "--policy",
    default="safe-harbor",
    show_default=True,
    help="How many have to share what is said: a policy's name, or a file of the site's own.",
)
def anonymise(desk: Desk, out: Path, variant: bool, policy: str) -> None:
    """Write a copy of the whole record in which nobody is named; exit 1 if too few are in it."""
    from thecal.clinic.policy import policy_path
    from thecal.report.clinic_record import anonymous_text
    from thecal.store.anonymise import anonymise as unnamed
    from thecal.store.anonymise import check_folder, read_anonymity, write_anonymous

    rules = read_anonymity(policy_path("anonymous", policy))
    check_folder(out)
    with desk.open() as (record, author):
        made = unnamed(record, author, rules, with_variant=variant)
    click.echo(anonymous_text(made))
    if not made.is_enough:
        raise SystemExit(1)
    write_anonymous(made, out)
