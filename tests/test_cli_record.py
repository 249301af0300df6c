"""The commands about the record, as a clinic types them; and what must never be seen of anybody."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator, FormatChecker

from thecal.cli import app
from thecal.cli.record import record_group
from thecal.interop.records import read_course

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
CODE = re.compile(r"[PV]-[0-9A-HJKMNP-TV-Z]{10}")
SCHEMAS = ("written", "chart", "history", "due", "verify", "export", "anonymous")
DOSES = """\
- plan: {medicine: tofersen, jurisdiction: us}
- dose: {date: 2026-01-05, amount_mg: 100, route: intrathecal}
- dose: {date: 2026-01-19, amount_mg: 100, route: intrathecal}
"""


class Clinic:
    """A record in a folder of its own, and somebody who works with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            "THECAL_RECORD": str(folder / "clinic.db"),
            "THECAL_RECORD_KEY": "",
            "THECAL_ACTOR": "n.1",
            "THECAL_ROLE": "nurse",
        }

    def run(self, *words: object, stdin: str = "", **env: str) -> Result:
        asked = ["record", *map(str, words)]
        return CliRunner().invoke(
            app, asked, input=stdin, env=self.env | env, catch_exceptions=False
        )

    def does(self, *words: object, stdin: str = "", **env: str) -> str:
        result = self.run(*words, stdin=stdin, **env)
        assert result.exit_code == 0, result.output
        return result.stdout

    def new(self, facts: str = DOSES, kind: str = "patient") -> str:
        """Make a patient or vial of facts; return its code."""
        return code_of(self.does("add", f"--new-{kind}", "--file", "-", stdin=facts))

    def events(self) -> list[tuple[str, ...]]:
        with sqlite3.connect(self.folder / "clinic.db") as connection:
            query = "SELECT actor, role, action, stream, reason FROM event ORDER BY seq"
            return connection.execute(query).fetchall()


def code_of(words: str) -> str:
    found = CODE.search(words)
    assert found, words
    return found[0]


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    made = Clinic(tmp_path)
    made.does("init")
    return made


def words(text: str) -> str:
    return " ".join(text.split())


# -- set up


def test_a_record_is_one_file_with_key_and_witness_beside_it(tmp_path):
    clinic = Clinic(tmp_path)
    said = words(clinic.does("init"))
    assert f"{tmp_path / 'clinic.db.key'}" in said and f"{tmp_path / 'clinic.db.witness'}" in said
    assert "should not be able to write to these two" in said
    assert {p.name for p in tmp_path.iterdir()} == {
        "clinic.db",
        "clinic.db.key",
        "clinic.db.witness",
    }
    assert clinic.run("init").exit_code == 2


@pytest.mark.parametrize("missing", ["THECAL_ACTOR", "THECAL_ROLE"])
def test_nobody_is_the_author_by_default(clinic, missing):
    for asked in (["due"], ["show", "P-0000000000"], ["init"], ["backup", "b"]):
        result = clinic.run(*asked, **{missing: ""})
        assert result.exit_code == 2
        assert "name yourself with --actor and --role" in result.stderr


def test_a_role_that_is_none_is_refused_without_repeating_it(clinic):
    result = clinic.run("due", "--role", "Dr Zebrowski")
    assert result.exit_code == 2 and "Zebrowski" not in result.output
    assert "one of viewer, nurse" in result.stderr


def test_without_a_record_it_is_said_how_to_name_one(clinic):
    result = clinic.run("due", THECAL_RECORD="")
    assert result.exit_code == 2 and "--record" in result.stderr


def test_a_record_that_is_not_there_is_not_made_by_looking(clinic):
    for asked in (["due"], ["verify"], ["init", "--upgrade"]):
        result = clinic.run(*asked, "--record", clinic.folder / "other.db")
        assert result.exit_code == 2 and "there is no record" in result.stderr
    assert not (clinic.folder / "other.db").exists()


def test_an_older_record_is_brought_up_and_its_due_list_made_anew(clinic):
    from thecal.store.engine import connect, migrate

    code = clinic.new()
    before = clinic.does("export", code, "--format", "json", "--out", str(clinic.folder))
    engine = connect(clinic.env["THECAL_RECORD"])
    migrate(engine, "0001", down=True)
    engine.dispose()
    result = clinic.run("due")
    assert result.exit_code == 2 and "init --upgrade" in result.stderr
    assert "brought up from 0001" in clinic.does("init", "--upgrade")
    with sqlite3.connect(clinic.env["THECAL_RECORD"]) as connection:
        connection.execute("UPDATE due SET due = '2099-01-01'")  # as by a label of long ago
    assert "as they were" in clinic.does("init", "--upgrade")
    assert code in clinic.does("due") and "2026-02-02" in clinic.does("due") and before
    assert clinic.run("verify").exit_code == 0


# -- add


def test_a_dose_too_close_is_refused_with_the_rule_of_the_label_and_exit_1(clinic):
    """US PI 2.1: three loading doses at 14-day intervals."""
    code = clinic.new()
    dose = ("dose", "date=2026-01-20", "amount_mg=100", "route=intrathecal")
    result = clinic.run("add", code, *dose)
    assert result.exit_code == 1
    assert "NOT WRITTEN" in result.stdout and "at least 14 d" in words(result.stdout)
    assert "rule dosing.loading" in words(result.stdout) and "2.1" in result.stdout
    refused = clinic.run("add", code, *dose, "--override", "agreed on the ward")
    assert refused.exit_code == 1 and "only a prescriber" in refused.stdout
    said = clinic.does(
        "add", code, *dose, "--override", "agreed on the ward", "--role", "prescriber"
    )
    assert "Overridden" in said
    shown = words(clinic.does("show", code))
    assert "Overrides" in shown and "agreed on the ward" in shown


def test_a_correction_needs_the_version_that_was_seen_and_a_reason(clinic):
    code = clinic.new()
    corrected = ("add", code, "--correct", "1.2", "dose", "date=2026-01-04")
    assert "--seen" in clinic.run(*corrected, "--reason", "slip").stderr
    assert "give a reason" in clinic.run(*corrected, "--seen", 1).stderr
    clinic.does(*corrected, "--seen", 1, "--reason", "slip of the pen")
    stale = clinic.run(*corrected, "--seen", 1, "--reason", "again")
    assert stale.exit_code == 1 and "another wrote since" in words(stale.stdout)
    shown = clinic.does("show", code)
    assert re.search(
        r"1\.2 +2026-01-04 +day 0 +100 mg, INTRATHECAL +\[corrected, version 2\]", shown
    )
    told = words(clinic.does("history", code))
    assert "why: slip of the pen" in told and "corrected: 2026-01-04" in told
    assert "2026-01-05" in told


def test_a_correction_keeps_the_fields_it_does_not_name_and_loses_those_named_empty(clinic):
    code = clinic.new(DOSES + '- event: {name: headache, date: 2026-01-20, note: "x", source: y}\n')
    correct = ("add", code, "--correct", "1.4", "event", "note=", "name=nausea")
    clinic.does(*correct, "--seen", 1, "--reason", "slip")
    document = json.loads(clinic.does("show", code, "--json"))
    body = next(fact["body"] for fact in document["facts"] if fact["fact"] == "1.4")
    assert body == {"name": "nausea", "date": "2026-01-20", "source": "y"}


def test_a_withdrawn_fact_is_gone_from_the_chart_and_stays_in_the_history(clinic):
    code = clinic.new()
    clinic.does("add", code, "--withdraw", "1.3", "--seen", 1, "--reason", "another patient's")
    assert "1.3" not in clinic.does("show", code)
    assert "2026-01-19" in clinic.does("history", code)
    assert "withdrawn" in clinic.does("history", code)


def test_a_correction_sent_again_under_its_key_is_written_once(clinic):
    """Though the fact was withdrawn by it, or corrected further since."""
    code = clinic.new(DOSES)
    value = ("observation", "kind=csf_wbc", "value=3", "unit=cells/uL", "date=2026-01-05")
    clinic.does("add", code, *value)
    correct = ("add", code, "--correct", "2.1", "observation", "value=4", "--seen", 2)
    correct += ("--reason", "misread", "--once", "correct-0001")
    clinic.does(*correct)
    further = ("observation", "note=by hand", "--seen", 3, "--reason", "more")
    clinic.does("add", code, "--correct", "2.1", *further)
    assert "nothing was written again" in clinic.does(*correct)
    withdraw = ("add", code, "--withdraw", "2.1", "--seen", 4, "--reason", "another's")
    withdraw += ("--once", "withdraw-001")
    clinic.does(*withdraw)
    assert "nothing was written again" in clinic.does(*withdraw)
    assert "version 5" in clinic.does("show", code)


def test_what_bears_the_same_key_is_written_once(clinic):
    code = clinic.new()
    asked = ("add", code, "event", "name=headache", "date=2026-01-20", "--once", "visit-2026-01-20")
    clinic.does(*asked)
    assert "nothing was written again" in clinic.does(*asked)
    other = clinic.run(
        "add", code, "event", "name=nausea", "date=2026-01-20", "--once", "visit-2026-01-20"
    )
    assert other.exit_code == 1 and "used before" in other.stdout
    assert len(json.loads(clinic.does("history", code, "--json"))["changes"]) == 2


@pytest.mark.parametrize("kind", ["person", "vial"])
def test_what_names_somebody_is_not_taken_from_the_command_line(clinic, kind):
    """It would stay in the history of the shell."""
    code = clinic.new()
    result = clinic.run("add", code, kind, "name=Zebrowski", "lot=Zebrowski")
    assert result.exit_code == 2 and "history of the shell" in words(result.stderr)
    assert "Zebrowski" not in result.output


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["dose", "100"], "name=value"),
        (["dose", "amount_mg=1", "amount_mg=2"], "twice"),
        (["dose"], "'amount_mg' is missing"),
        (["dose", "amount_mg=hundred", "route=intrathecal", "day=0"], "expected a number"),
        (["dosis", "x=1"], "Did you mean 'dose'?"),
        (["override", "reason=x"], "written by thecal alone"),
        ([], "give one fact"),
        (["dose", "amount_mg=1", "--file", "x"], "give one fact"),
        (["--withdraw", "9.9", "--seen", "1"], "no fact '9.9'"),
        (["event", "name=nausea", "--correct", "1.2", "--seen", "1"], "keeps the kind"),
    ],
)
def test_what_is_no_fact_is_refused_with_what_is_expected(clinic, typed, says):
    code = clinic.new()
    result = clinic.run("add", code, *typed)
    assert result.exit_code == 2 and says in words(result.stderr)


def test_text_that_looks_like_a_number_stays_text_where_text_is_held(clinic):
    code = clinic.new('- person: {local_id: "0042", name: 12}\n' + DOSES)
    document = json.loads(clinic.does("show", code, "--identity", "--json"))
    assert document["facts"][0]["body"] == {"local_id": "0042", "name": "12"}


def test_a_vial_serves_one_dose(clinic):
    vial = clinic.new("- vial: {lot: L1, expiry: 2027-01-31}\n", kind="vial")
    code = clinic.new()
    dose = ["dose", "amount_mg=100", "route=intrathecal", f"vial={vial}"]
    clinic.does("add", code, *dose, "date=2026-02-02")
    again = clinic.run("add", code, *dose, "date=2026-03-02")
    assert again.exit_code == 1 and "used before" in again.stdout
    assert code in clinic.does("show", vial)


# -- import


def test_a_course_file_is_taken_in_once_however_often_it_is_given(clinic):
    asked = ("import", EXAMPLES / "dresden.csv", EXAMPLES / "iceland1.csv", "--jurisdiction", "us")
    first = clinic.does(*asked)
    assert first.count("is new") == 2
    again = clinic.does(*asked)
    assert "is new" not in again and again.count("nothing was written") == 2
    assert CODE.findall(first) == CODE.findall(again)


def test_files_are_taken_in_all_or_none(clinic):
    """munich.csv has a second dose 13 days after the first (Reilich 2024); US PI 2.1 says 14."""
    paths = (EXAMPLES / "dresden.csv", EXAMPLES / "munich.csv")
    result = clinic.run("import", *paths, "--jurisdiction", "us")
    assert result.exit_code == 1 and "NOTHING WRITTEN" in result.stdout
    assert "file 2" in result.stdout and "munich" not in result.output
    assert "0 patients" in clinic.does("due")
    as_prescriber = ("--role", "prescriber", "--override", "given so, and published")
    assert clinic.does("import", *paths, "--jurisdiction", "us", *as_prescriber).count("new") == 2


def test_a_nurse_cannot_override_in_an_import(clinic):
    result = clinic.run(
        "import", EXAMPLES / "munich.csv", "--jurisdiction", "us", "--override", "x"
    )
    assert result.exit_code == 1 and "only a prescriber" in result.stdout


def test_every_unreadable_file_is_told_by_its_place(clinic, tmp_path):
    bad = tmp_path / "Zebrowski.csv"
    bad.write_text("id,day,kind,value,unit\nZebrowski,zero,dose,100,mg\n")
    gone = tmp_path / "Kowalczyk.csv"
    result = clinic.run("import", EXAMPLES / "dresden.csv", bad, gone, "--jurisdiction", "us")
    assert result.exit_code == 2
    assert "file 2 of 3: course file cannot be read: line 2" in result.stderr
    assert "file 3 of 3: No such file" in result.stderr
    assert "Zebrowski" not in result.output and "Kowalczyk" not in result.output
    assert "0 patients" in clinic.does("due")


def test_a_file_that_has_grown_is_no_new_patient(clinic, tmp_path):
    path = tmp_path / "a.csv"
    rows = "id,date,kind,value,unit\n7,2026-01-05,dose,100,mg\n"
    path.write_text(rows)
    code = code_of(clinic.does("import", path, "--jurisdiction", "us"))
    path.write_text(rows + "7,2026-01-19,dose,100,mg\n")
    result = clinic.run("import", path, "--jurisdiction", "us")
    assert result.exit_code == 1 and code in result.stdout and "add what is new" in result.stdout


def test_two_files_with_one_id_are_refused_together(clinic, tmp_path):
    for name, day in (("a", 5), ("b", 6)):
        (tmp_path / f"{name}.csv").write_text(
            f"id,date,kind,value,unit\n7,2026-01-0{day},dose,100,mg\n"
        )
    both = (tmp_path / "a.csv", tmp_path / "b.csv")
    result = clinic.run("import", *both, "--jurisdiction", "us")
    assert result.exit_code == 1 and "its id is that of file 1" in result.stdout
    same = (tmp_path / "a.csv", tmp_path / "a.csv")
    said = clinic.does("import", *same, "--jurisdiction", "us")
    assert said.count("is new") == 1 and said.count("has it already") == 1


# -- read


def test_who_somebody_is_stands_in_an_answer_only_where_it_was_asked_for(clinic):
    """And the asking is noted, with its reason."""
    code = clinic.new("- person: {name: Ada Zebrowski, sex: female}\n" + DOSES)
    assert "Zebrowski" not in clinic.does("show", code) + clinic.does("history", code)
    assert "Zebrowski" not in clinic.does("show", code, "--json")
    named = clinic.does("show", code, "--identity", "--reason", "on the phone")
    assert "Zebrowski" in named
    assert ("n.1", "nurse", "read identity", code, "on the phone") in clinic.events()


def test_the_lot_of_a_vial_stands_in_an_answer_only_where_it_was_asked_for(clinic):
    vial = clinic.new("- vial: {lot: Q77X, expiry: 2027-01-31}\n", kind="vial")
    assert "Q77X" not in clinic.does("show", vial) + clinic.does("history", vial)
    assert "2027-01-31" in clinic.does("show", vial)
    assert "Q77X" in clinic.does("show", vial, "--identity")


def test_the_chart_says_when_the_next_dose_is_due_and_by_which_rule(clinic):
    """US PI 2.1: the third loading dose 14 days after the second."""
    shown = words(clinic.does("show", clinic.new(), "--on", "2026-01-26"))
    assert "Dose 3 is due on Mon 2026-02-02" in shown
    assert "section 2.1" in shown and "not a medical device" in shown


def test_a_chart_without_a_due_date_says_why(clinic):
    facts = DOSES.replace("jurisdiction: us", "jurisdiction: jp")
    shown = words(clinic.does("show", clinic.new(facts)))
    assert "No due date:" in shown and "was not read" in shown


def test_the_chart_of_a_past_moment_shows_what_was_known_then(clinic):
    code = clinic.new()
    with sqlite3.connect(clinic.folder / "clinic.db") as connection:
        [(at,)] = connection.execute("SELECT max(at) FROM change").fetchall()
    clinic.does("add", code, "event", "name=headache", "date=2026-01-20")
    assert "headache" not in clinic.does("show", code, "--as-of", at)
    assert "headache" in clinic.does("show", code)
    before = clinic.run("show", code, "--as-of", "2020-01-01")
    assert before.exit_code == 2 and "did not know this code yet" in before.stderr
    assert clinic.run("show", code, "--as-of", "yesterday").exit_code == 2


def test_who_looked_at_a_patient_can_be_asked(clinic):
    code, other = clinic.new(), clinic.new()
    clinic.does("show", code, "--identity", "--reason", "on the phone", "--actor", "d.2")
    clinic.does("show", other, "--actor", "x.9")
    clinic.run("add", code, "dose", "date=2026-01-20", "amount_mg=100", "route=intrathecal")
    told = words(clinic.does("history", code, "--looks"))
    assert "d.2 (nurse) read identity; on the phone" in told and "refuse; dose" in told
    assert "x.9" not in told and "looks" not in clinic.does("history", code)


def test_who_looked_at_the_whole_clinic_can_be_asked(clinic):
    code = clinic.new()
    clinic.does("due")
    clinic.does("backup", clinic.folder / "b.gz")
    seen = clinic.does("history", THECAL_ACTOR="auditor.7", THECAL_ROLE="auditor")
    assert "n.1 (nurse)  due" in seen and "n.1 (nurse)  backup" in seen
    assert "checkpoint" not in seen and code not in seen
    document = json.loads(clinic.does("history", "--json"))
    keeps(document, "history")
    assert [look["action"] for look in document["looks"]] == ["due", "backup", "looks"]


def test_the_due_list_has_the_longest_overdue_first(clinic):
    late = clinic.new()
    later = clinic.new(DOSES.replace("2026-01", "2025-01"))
    no_dates = clinic.new(
        "- plan: {medicine: tofersen, jurisdiction: us}\n"
        "- dose: {day: 0, amount_mg: 100, route: intrathecal}\n"
    )
    said = clinic.does("due", "--on", "2026-02-04")
    assert CODE.findall(said) == [later, late, no_dates]
    assert "OVERDUE 2 days" in said and "its course has no dates" in said
    assert late not in clinic.does("due", "--on", "2026-01-20", "--within", 5)
    rows = json.loads(clinic.does("due", "--on", "2026-02-04", "--json"))["patients"]
    assert [row["late_d"] for row in rows] == [367, 2, None]


def test_free_text_cannot_act_on_a_terminal(clinic):
    code = clinic.new(DOSES + '- note: {text: "a\\u202eb\\u2028c"}\n')
    assert not re.search("[\u202e\u2028]", clinic.does("show", code) + clinic.does("history", code))


# -- whole


def test_verify_says_what_is_broken_and_where(clinic):
    clinic.new()
    said = clinic.does("verify")
    anchor = re.search(r"Anchor +(\S+)", said)
    assert anchor and "Whole" in said
    assert clinic.run("verify", "--anchor", anchor[1]).exit_code == 0
    other = anchor[1].split(":")[0] + ":" + "0" * 64
    assert clinic.run("verify", "--anchor", other).exit_code == 1
    assert clinic.run("verify", "--anchor", "12:xyz").exit_code == 2
    with sqlite3.connect(clinic.folder / "clinic.db") as connection:
        connection.execute("DROP TRIGGER fact_no_update")
        connection.execute("UPDATE fact SET body = replace(body, '100', '50')")
    broken = clinic.run("verify")
    assert broken.exit_code == 1 and "NOT WHOLE" in broken.stdout and "event " in broken.stdout
    assert json.loads(clinic.run("verify", "--json").stdout)["is_whole"] is False


def test_an_auditor_verifies_without_the_key(clinic):
    """Who holds the key can sign, and so write all of it anew."""
    clinic.new()
    public = re.search(r"Public half of the key +([0-9a-f]{64})\n", clinic.does("verify"))
    assert public
    key = clinic.folder / "clinic.db.key"
    key.rename(clinic.folder / "away")
    assert clinic.run("verify").exit_code == 2
    for more in ((), ("--key", key)):
        assert "Whole" in clinic.does("verify", "--public", public[1], *more)
    key.with_suffix(".witness").unlink()
    assert clinic.run("verify", "--public", public[1], "--key", key).exit_code == 1
    assert clinic.run("verify", "--public", "0" * 64).exit_code == 1
    assert clinic.run("verify", "--public", "zq").exit_code == 2


def test_a_record_that_lost_its_name_is_told_by_verify(clinic):
    with sqlite3.connect(clinic.folder / "clinic.db") as connection:
        connection.execute("DROP TRIGGER fact_no_delete")
        connection.execute("DELETE FROM fact")
    broken = clinic.run("verify")
    assert broken.exit_code == 1 and "which record it is" in words(broken.stdout)


def test_a_backup_is_brought_back_elsewhere_with_the_same_charts(clinic):
    code = clinic.new()
    shown = clinic.does("show", code, "--on", "2026-02-01").splitlines()[1:]
    copied = clinic.does("backup", clinic.folder / "b.gz")
    there = {"THECAL_RECORD": str(clinic.folder / "new.db")}
    there["THECAL_RECORD_KEY"] = str(clinic.folder / "new.key")
    back = clinic.does("restore", clinic.folder / "b.gz", **there)
    assert copied.split("Anchor")[1] == back.split("Anchor")[1]
    assert clinic.does("show", code, "--on", "2026-02-01", **there).splitlines()[1:] == shown
    assert clinic.run("restore", clinic.folder / "b.gz", **there).exit_code == 2
    assert clinic.run("restore", clinic.folder / "none.gz", **there).exit_code == 2


# -- export


def test_an_exported_course_is_read_by_thecal_course(clinic, tmp_path):
    said = clinic.does("import", EXAMPLES / "dresden.csv", "--jurisdiction", "us")
    code = code_of(said)
    clinic.does("export", code, "--format", "csv", "--out", tmp_path / f"{code}.csv")
    back, was = (
        read_course(path).course for path in (tmp_path / f"{code}.csv", EXAMPLES / "dresden.csv")
    )
    assert (back.doses, back.observations, back.events) == (
        was.doses,
        was.observations,
        was.events,
    )
    assert back.patient_id == code
    run = CliRunner().invoke(app, ["due", str(tmp_path / f"{code}.csv")])
    assert run.exit_code == 0


def test_exports_are_for_their_owner_alone_and_each_is_noted(clinic, tmp_path):
    code, vial = clinic.new(), clinic.new("- vial: {lot: a, expiry: 2027-01-31}\n", kind="vial")
    out = tmp_path / "out"
    out.mkdir()
    clinic.does("export", "--all", "--format", "json", "--out", out, "--reason", "asked by them")
    assert {path.name for path in out.iterdir()} == {f"{code}.json", f"{vial}.json"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in out.iterdir())
    noted = [event for event in clinic.events() if event[2] == "export"]
    assert noted == [("n.1", "nurse", "export", c, "asked by them") for c in (code, vial)]


@pytest.mark.parametrize(
    "asked",
    [
        ["--format", "json", "--out", "."],
        ["P-0000000000", "--all", "--format", "json", "--out", "."],
        ["P-0000000000", "--format", "xml", "--out", "."],
        ["P-0000000000", "--format", "csv", "--out", "a.json"],
        ["P-0000000000", "--format", "json", "--out", "/nowhere/at/all"],
        ["P-0000000000", "--format", "json", "--out", "."],
    ],
)
def test_an_export_that_cannot_be_is_refused(clinic, asked):
    assert clinic.run("export", *asked).exit_code == 2


# -- JSON


def schema(name: str) -> dict:
    text = files("thecal.report").joinpath(f"schemas/record_{name}.v1.json").read_text("utf-8")
    return json.loads(text)


def keeps(document: dict, name: str) -> None:
    check = Draft202012Validator(schema(name), format_checker=FormatChecker())
    assert not [f"{e.json_path}: {e.message}" for e in check.iter_errors(document)]


def walk(node: object, path: str = "$"):
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            yield from walk(value, f"{path}.{key}")
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from walk(value, f"{path}[{i}]")


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_describes_every_key_and_allows_no_other(name):
    Draft202012Validator.check_schema(schema(name))
    for path, node in walk(schema(name)):
        for key, value in node.get("properties", {}).items():
            assert value.get("description", "").endswith("."), f"{path}.properties.{key}"
        if "object" in node.get("type", ()) and "properties" in node:
            assert node["additionalProperties"] is False, path
            assert node["required"] == list(node["properties"]), path


def test_what_a_program_reads_keeps_its_schemas(clinic, tmp_path):
    vial = clinic.new("- vial: {lot: a, expiry: 2027-01-31}\n", kind="vial")
    code = clinic.new("- person: {name: x}\n" + DOSES)
    no_date = clinic.new(DOSES.replace("jurisdiction: us", "jurisdiction: jp"))
    clinic.does("add", code, "--withdraw", "1.4", "--seen", 1, "--reason", "slip")
    add = ("add", code, "dose", "amount_mg=100", "route=intrathecal", "--json")
    for asked, exit_code in (
        ((*add, "date=2026-01-10"), 1),
        ((*add, "date=2026-02-09", "--seen", 1), 1),
        ((*add, "date=2026-02-09", f"vial={vial}", "--once", "key 12345"), 0),
        ((*add, "date=2026-02-09", f"vial={vial}", "--once", "key 12345"), 0),
        ((*add, "date=2026-02-12", "--override", "x", "--role", "prescriber"), 0),
    ):
        result = clinic.run(*asked)
        assert result.exit_code == exit_code, result.output
        keeps(json.loads(result.stdout), "written")
    new = ("add", "--new-patient", "--json", "event", "name=nausea", "day=0")
    document = json.loads(clinic.run(*new).stdout)
    keeps(document, "written")
    assert document["code"] is None  # nothing says which label is followed
    due = json.loads(files("thecal.report").joinpath("schemas/due.v1.json").read_text("utf-8"))
    for asked in (code, vial, no_date):
        chart = json.loads(clinic.does("show", asked, "--json"))
        keeps(chart, "chart")
        assert (chart["due"] is not None) == (asked == code)
        if chart["due"]:
            Draft202012Validator(due, format_checker=FormatChecker()).validate(chart["due"])
        keeps(json.loads(clinic.does("history", asked, "--json")), "history")
        keeps(json.loads(clinic.does("history", asked, "--json", "--looks")), "history")
        clinic.does("export", asked, "--format", "json", "--out", tmp_path)
        keeps(json.loads((tmp_path / f"{asked}.json").read_text("utf-8")), "export")
    keeps(json.loads(clinic.does("due", "--json")), "due")
    keeps(json.loads(clinic.does("verify", "--json")), "verify")


# -- what a command loads


def test_every_refusal_a_program_reads_is_one_its_schema_knows(clinic):
    code = clinic.new(DOSES)
    schema = json.loads((files("thecal.report") / "schemas/record_written.v1.json").read_text())
    on = ("amount_mg=100", "route=intrathecal")
    clinic.does("add", code, "note", "text=x", "--once", "key-00001")
    for asked, refused in (
        (("note", "text=x", "--seen", 1), "stale"),
        (("note", "text=y", "--once", "key-00001"), "key_reused"),
        (("note", "text=x", "--role", "viewer"), "role"),
        (("dose", "date=2199-01-01", *on), "date"),
        (("plan", "medicine=aspirin", "jurisdiction=us"), "plan"),
        (("dose", "date=2026-01-20", *on), "dose"),
        (("dose", "date=2026-02-16", *on, "vial=V-0000000000"), "vial"),
        (("note", "text=x", "--override", "x", "--role", "prescriber"), "override"),
    ):
        result = clinic.run("add", code, *asked, "--json")
        assert result.exit_code == 1, result.output
        document = json.loads(result.stdout)
        assert document["refusal"]["code"] == refused
        Draft202012Validator(schema).validate(document)


def test_a_due_date_loads_no_database_library():
    """`thecal due` answers in a fraction of a second."""
    code = (
        "import sys; from click.testing import CliRunner; from thecal.cli import app; "
        f"CliRunner().invoke(app, ['due', {str(EXAMPLES / 'munich.csv')!r}]); "
        "CliRunner().invoke(app, ['record', '--help']); "
        "heavy = {'sqlalchemy', 'alembic', 'cryptography', 'numpy'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr


def test_every_command_is_there_and_no_other():
    assert set(record_group.commands) == {
        *("init", "add", "import", "show", "history", "due", "export"),
        *("verify", "backup", "restore", "anonymise", "visit", "vial-check"),
    }


# -- canaries: what must never be seen of anybody


NAME, SITE, LOT, MRN = "Zqname Zqlast", "Zqsite Klinik", "ZQLOT77", "ZQMRN4711"
NOTE, SOURCE, METHOD, SECRET = "zqnote she fell", "zqsource.pdf", "zqmethod", "zqs3cret"
HIDDEN = (NAME, SITE, LOT, MRN, "ZQGTIN", "1951-02-03", SECRET)
PLANTED = ("zq",)  # every planted word holds it, whatever the case
PERSON = f"""\
- person:
    {{name: {NAME}, local_id: {MRN}, site: {SITE}, birth_date: 1951-02-03, note: {NOTE}}}
- plan: {{medicine: tofersen, jurisdiction: us}}
- dose: {{date: 2026-01-05, amount_mg: 100, route: intrathecal, note: {NOTE}, source: {SOURCE}}}
- observation: {{date: 2026-01-05, kind: csf_wbc, value: 3, unit: cells/uL, method: {METHOD}}}
- note: {{text: {NOTE}}}
"""
VIAL = f"- vial: {{lot: {LOT}, expiry: 2031-01-31, gtin: ZQGTIN, site: {SITE}}}\n"


def seen(result: Result) -> list[str]:
    """Which planted words stand in an answer or in a message; a code may hold them by chance."""
    said = CODE.sub("", result.stdout + result.stderr).casefold()
    return [word for word in PLANTED if word in said] + [w for w in HIDDEN if w in said]


@pytest.fixture
def planted(tmp_path: Path) -> tuple[Clinic, str, str]:
    clinic = Clinic(tmp_path / "home")
    clinic.folder.mkdir()
    clinic.does("init")
    vial = clinic.new(VIAL, kind="vial")
    return clinic, clinic.new(PERSON), vial


def bad_files(folder: Path) -> list[Path]:
    """Course files, and facts, named after somebody and wrong in every way."""
    texts = {
        "name.csv": f"{NAME},{MRN}\n",
        "id.csv": f"id,day,kind,value,unit,note\n{NAME},0,dose,100,mg,{NOTE}\n{MRN},1,dose,1,mg,\n",
        "kind.csv": f"id,day,kind,value,unit\n{NAME},0,{NAME},{MRN},{SITE}\n",
        "day.csv": f"id,day,kind,value,unit\n{NAME},{NAME},dose,{MRN},mg\n",
        "date.csv": f"id,date,kind,value,unit\n{NAME},1951-02-33,dose,x,mg\n",
        "route.csv": f"id,day,kind,value,unit,method\n{NAME},0,dose,100,mg,{SITE}\n",
        "event.csv": f"id,day,kind,value,unit\n{NAME},0,event,{NOTE},\n",
        "quote.csv": f'id,day,kind,value,unit\n"{NAME},0,dose,100,mg\n',
        "nul.csv": f"id,day,kind,value,unit\n{NAME}\0,0,dose,100,mg\n",
        "long.csv": f"id,day,kind,value,unit,note\n{MRN},0,dose,100,mg,{NOTE * 400}\n",
    }
    found = []
    for name, text in texts.items():
        path = folder / f"{NAME} {name}"
        path.write_text(text, encoding="utf-8")
        found.append(path)
    return [*found, folder / f"{NAME} gone.csv"]


def test_no_answer_and_no_message_holds_what_was_planted_but_where_it_was_asked_for(
    planted, tmp_path
):
    clinic, code, vial = planted
    out = tmp_path / "out"
    out.mkdir()
    on = ("date=2026-01-06", "amount_mg=100", "route=intrathecal")
    anon = out / "anon"
    for asked in (
        ["due"],
        ["due", "--json"],
        ["history", vial],
        ["show", vial],
        ["show", vial, "--json"],
        ["verify"],
        ["verify", "--json"],
        ["backup", out / "b.gz"],
        ["export", code, "--format", "json", "--out", out],
        ["export", "--all", "--format", "csv", "--out", out],
        ["anonymise", "--out", anon],
        ["init", "--upgrade"],
        ["add", code, "dose", *on],
        ["add", code, "dose", *on, "--override", "x"],
        ["add", code, "dose", "date=2026-02-09", *on[1:], f"vial={code}"],
        ["add", code, "event", "name=nausea", "day=3"],
        ["add", code, "--withdraw", "1.3", "--seen", 0, "--reason", NOTE],
        ["add", code, "--correct", "1.9", "event", "name=nausea", "--seen", 1],
    ):
        result = clinic.run(*asked)
        assert not seen(result), asked
    assert not [path.name for path in out.rglob("*") if "zq" in CODE.sub("", path.name).casefold()]


def test_a_chart_holds_what_a_nurse_has_to_read_and_not_who_it_is(planted):
    """Notes are the chart: a warning that is hidden helps nobody. Who it is stays hidden."""
    clinic, code, _ = planted
    for asked in (["show", code], ["show", code, "--json"], ["history", code]):
        result = clinic.run(*asked)
        assert NOTE in result.stdout
        assert not [word for word in HIDDEN if word in result.stdout + result.stderr]
    named = clinic.run("show", code, "--identity")
    assert NAME in named.stdout and "zq" not in named.stderr.casefold()


def test_no_message_repeats_what_was_typed_or_stands_in_a_file(planted, tmp_path):
    clinic, code, _ = planted
    folder = tmp_path / "in"
    folder.mkdir()
    for path in bad_files(folder):
        for asked in (["import", path, "--jurisdiction", "us"], ["add", code, "--file", path]):
            result = clinic.run(*asked)
            assert result.exit_code == 2, result.output
            assert not seen(result), (path.name, result.output)
    for asked in (
        [NAME],
        ["show", NAME],
        ["show", code, NAME],
        ["show", code, "--on", NAME],
        ["show", code, "--as-of", NAME],
        ["history", MRN],
        ["due", "--on", NAME],
        ["due", "--within", NAME],
        ["add", NAME, "dose", "day=1"],
        ["add", code, NAME],
        ["add", code, "person", f"name={NAME}"],
        ["add", code, "dose", NAME],
        ["add", code, "dose", f"{NAME}={MRN}"],
        ["add", code, "dose", f"date={NAME}", "amount_mg=1", "route=intrathecal"],
        ["add", code, "dose", "day=1", "amount_mg=1", f"route={SITE}"],
        ["add", code, "observation", f"kind={NAME}", "value=1", "unit=x", "day=1"],
        ["add", code, "event", f"name={NAME}", "day=1"],
        ["add", code, "--seen", NAME],
        ["add", code, "--correct", NAME, "dose", "day=1", "--seen", 1],
        ["add", code, "--withdraw", NAME, "--seen", 1],
        ["add", code, "--file", folder],
        ["add", "--new-vial", "vial", f"lot={LOT}"],
        ["import", folder, "--jurisdiction", "us"],
        ["export", NAME, "--format", "csv", "--out", folder],
        ["export", code, "--format", NAME, "--out", folder],
        ["export", code, "--format", "csv", "--out", folder / NAME / NAME],
        ["verify", "--anchor", NAME],
        ["backup", folder / NAME / NAME],
        ["restore", folder / NAME],
        ["anonymise", "--out", folder / NAME / NAME],
        ["anonymise", "--out", folder],
        ["due", "--role", NAME],
        ["due", "--key", folder / NAME],
        ["due", "--record", folder / NAME],
        ["due", "--record", folder],
        ["due", "--record", bad_files(folder)[0]],
        ["verify", "--record", bad_files(folder)[0]],
    ):
        result = clinic.run(*asked)
        assert result.exit_code == 2, (asked, result.output)
        assert not seen(result), (asked, result.output)


URLS = (
    f"postgresql://zquser:{SECRET}@127.0.0.1:1/zqbase",
    f"postgresql://zquser:{SECRET}@[::1/zqbase",
    f"postgresql://zquser:{SECRET}@127.0.0.1:{SECRET}/zqbase",
    f"postgresql://zquser:{SECRET}@zqhost.invalid/zqbase",
    f"postgresql+zqdriver://zquser:{SECRET}@127.0.0.1/zqbase",
    f"mysql://zquser:{SECRET}@127.0.0.1/zqbase",
    f"zqscheme://zquser:{SECRET}@127.0.0.1/zqbase",
    f"://{SECRET}",
    f"sqlite://{SECRET}",
    f"sqlite:////nowhere/{SECRET}.db",
    f"postgresql://zquser:{SECRET}@127.0.0.1:1/zqbase?zqoption={SECRET}",
)


@pytest.mark.parametrize("url", URLS)
def test_an_address_with_a_password_is_never_repeated(tmp_path, url):
    clinic = Clinic(tmp_path)
    key = tmp_path / "key"
    key.write_text("0" * 63 + "1\n")
    (tmp_path / "b.gz").write_bytes(b"")
    for asked in (["init"], ["init", "--upgrade"], ["due"], ["verify"], ["restore", "b.gz"]):
        for more in ([], ["--key", tmp_path / "key"]):
            result = clinic.run(*asked, *more, "--record", url)
            assert result.exit_code == 2, result.output
            assert not seen(result), (asked, result.output)


def test_a_record_that_was_tampered_with_names_nobody_in_its_messages(planted):
    clinic, code, vial = planted
    with sqlite3.connect(clinic.folder / "clinic.db") as connection:
        connection.execute("DROP TRIGGER fact_no_update")
        connection.execute("DROP TRIGGER event_no_delete")
        connection.execute("UPDATE fact SET body = body || 'zq' WHERE kind = 'person'")
        connection.execute("UPDATE fact SET kind = 'zqkind' WHERE kind = 'note'")
        connection.execute("DELETE FROM event WHERE seq = 4")
    for asked in (
        ["verify"],
        ["verify", "--json"],
        ["export", code, "--format", "json", "--out", clinic.folder],
        ["show", code],
        ["show", vial],
        ["due"],
    ):
        result = clinic.run(*asked)
        assert not seen(result), (asked, result.output)
    assert clinic.run("verify").exit_code == 1


@pytest.mark.parametrize(
    "body", ["{}", '{"zq": 1}', '{"amount_mg": "zq", "route": 7, "date": "zq"}', "[]", "zq", "null"]
)
def test_a_dose_changed_from_outside_names_nobody_and_shows_no_traceback(planted, body):
    clinic, code, _ = planted
    with sqlite3.connect(clinic.folder / "clinic.db") as connection:
        connection.execute("DROP TRIGGER fact_no_update")
        connection.execute("UPDATE fact SET body = ? WHERE kind = 'dose'", [body])
    for asked in (
        ["show", code],
        ["show", code, "--json"],
        ["history", code],
        ["export", code, "--format", "csv", "--out", clinic.folder],
        ["add", code, "event", "name=nausea", "date=2026-01-09"],
    ):
        result = clinic.run(*asked)  # what is raised would be raised here, too
        assert result.exit_code in (0, 1, 2)
        assert "zq" not in result.stderr
    assert "is not what was written" in words(clinic.run("verify").stdout)


def test_a_key_that_is_gone_or_is_none_is_told_without_its_name(planted):
    clinic, _, _ = planted
    key = clinic.folder / f"{NAME}.key"
    for text in (None, "", NAME, "0" * 63):
        if text is not None:
            key.write_text(text)
        result = clinic.run("due", "--key", key)
        assert result.exit_code == 2 and "key" in result.stderr
        assert not seen(result)
