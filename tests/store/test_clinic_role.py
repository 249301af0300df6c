"""The role of docs/record.md on a server: can the clinic work under it, and do no more than add?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from thecal.cli import app

pytest.importorskip("psycopg", reason="psycopg is not installed")
import psycopg

DOCS = Path(__file__).resolve().parents[2] / "docs" / "record.md"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CODE = re.compile(r"[PV]-[0-9A-HJKMNP-TV-Z]{10}")


def run(*words: object, **env: str) -> Result:
    asked = ["record", *map(str, words)]
    return CliRunner().invoke(app, asked, env=env, catch_exceptions=False)


@pytest.fixture
def owned(new_place):
    """A record made by its owner, and the environment of somebody in the clinic's role."""
    place = new_place("postgresql")
    env = {
        "THECAL_RECORD": place.url,
        "THECAL_RECORD_KEY": str(place.key),
        "THECAL_ACTOR": "n.1",
        "THECAL_ROLE": "nurse",
    }
    made = run("init", **env)
    assert made.exit_code == 0, made.output
    [sql] = re.findall(r"```sql\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    with psycopg.connect(place.url, autocommit=True) as connection:
        for statement in filter(str.strip, sql.split(";")):
            connection.execute(statement)
        yield env | {"THECAL_RECORD": place.url.replace("postgres@", "thecal_clinic@")}
        connection.execute("DROP OWNED BY thecal_clinic")
        connection.execute("DROP ROLE thecal_clinic")


def test_a_clinic_works_under_the_role_of_the_documents(owned, tmp_path):
    said = run("add", "--new-patient", "--file", EXAMPLES / "record-patient.yaml", **owned)
    assert said.exit_code == 0, said.output
    code = CODE.findall(said.stdout)[0]
    for asked in (
        ["add", code, "dose", "date=2026-01-19", "amount_mg=100", "route=intrathecal"],
        ["add", code, "--withdraw", "1.3", "--seen", 2, "--reason", "slip"],
        ["import", EXAMPLES / "dresden.csv", "--jurisdiction", "us"],
        ["show", code, "--identity"],
        ["history", code],
        ["due"],
        ["export", "--all", "--format", "json", "--out", tmp_path],
        ["backup", tmp_path / "b.gz"],
        ["verify"],
    ):
        result = run(*asked, **owned)
        assert result.exit_code == 0, (asked, result.output)


@pytest.mark.parametrize("verb", ["UPDATE {} SET stream = stream", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["change", "fact", "event"])
def test_the_role_of_the_documents_can_change_and_remove_nothing(owned, verb, table):
    with psycopg.connect(owned["THECAL_RECORD"], autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(verb.format(table))


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER fact_added_only ON fact",
        "ALTER TABLE fact DISABLE TRIGGER ALL",
        "DROP TABLE event",
        "CREATE OR REPLACE FUNCTION record_refuse() RETURNS trigger LANGUAGE plpgsql "
        "AS $$ BEGIN RETURN NULL; END $$",
        "UPDATE alembic_version SET version_num = '0'",
    ],
)
def test_the_role_of_the_documents_cannot_take_the_guards_away(owned, statement):
    with psycopg.connect(owned["THECAL_RECORD"], autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_what_a_server_refuses_is_told_without_names(owned):
    """The role may not read one table: the message says so, and shows no address and no name."""
    with psycopg.connect(
        owned["THECAL_RECORD"].replace("thecal_clinic@", "postgres@"), autocommit=True
    ) as connection:
        connection.execute("REVOKE INSERT ON event FROM thecal_clinic")
    result = run("due", **owned)
    assert result.exit_code == 2 and "the database refused: permission denied" in result.stderr
    assert "thecal_clinic" not in result.output and "host=" not in result.output
