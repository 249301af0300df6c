"""The commands about labels, as one types them, and a medicine that thecal has never heard of."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from thecal.cli import app
from thecal.datafile import DRUGS
from thecal.label.topics import AREAS

MADE_UP = """\
medicine: imaginersen
jurisdiction: us
edition: "{edition}"
{head}document: Imaginersen prescribing information
version: made up for a test
statements:
  - {{topic: identity.brand, section: "1", says: Imagina., values: {{name: Imagina}}}}
  - topic: dosing.amount
    section: "2"
    says: 40 mg in 8 mL.
    values: {{amount_mg: 40, volume_mL: 8, strength_mg_per_mL: 5}}
  - {{topic: dosing.route, section: "2", says: Intrathecal., values: {{route: intrathecal}}}}
  - topic: dosing.loading
    section: "2"
    says: Two doses, 21 days apart.
    values: {{doses: 2, interval_d: 21, days: ["0", "21"]}}
  - topic: dosing.maintenance
    section: "2"
    says: One dose every {months} calendar months.
    values: {{interval_months: {months}}}
not_read:
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def words(result: Result) -> str:
    return " ".join(result.stdout.split())


@pytest.fixture
def drugs(tmp_path: Path) -> Path:
    """A folder outside the package with a medicine that nobody has, in two versions."""
    folder = tmp_path / "drugs" / "imaginersen"
    folder.mkdir(parents=True)
    unread = [a for a in AREAS if a not in ("identity", "dosing")]
    gaps = "".join(f"  - {{topic: {area}, says: made up and not read}}\n" for area in unread)
    for name, edition, months, head in (
        ("label.us.yaml", "2", 3, ""),
        ("label.us.1.yaml", "1", 6, "status: superseded\n"),
    ):
        text = MADE_UP.format(edition=edition, months=months, head=head) + gaps
        (folder / name).write_text(text, encoding="utf-8")
    return folder.parent


@pytest.fixture
def course(tmp_path: Path) -> Path:
    file = tmp_path / "course.csv"
    rows = "".join(f"p,{day},dose,40,mg,intrathecal\n" for day in ("2026-01-05", "2026-01-26"))
    file.write_text("id,date,kind,value,unit,method\n" + rows)
    return file


# -- a medicine is data alone


def test_a_medicine_from_a_folder_outside_the_package_is_dosed_by_its_own_label(drugs, course):
    """Nothing in thecal knows it: 3 calendar months after 26 January is 26 April."""
    asked = ("due", course, "--drugs", drugs, "--drug", "imaginersen", "--on", "2026-02-01")
    due = json.loads(run(*asked, "--json").stdout)
    assert (due["medicine"], due["amount_mg"]) == ("imaginersen", 40)
    assert due["next"]["due"] == "2026-04-26"
    assert due["label"]["document"] == "Imaginersen prescribing information"
    before = json.loads(run(*asked, "--version", "1", "--json").stdout)
    assert before["next"]["due"] == "2026-07-26"


def test_a_medicine_without_a_model_has_dates_and_no_curves(drugs, course):
    asked = ("course", course, "--drugs", drugs, "--drug", "imaginersen", "--on", "2026-02-01")
    result = run(*asked)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "due on Sun 2026-04-26" in result.stdout
    assert "There is no model of imaginersen here" in result.stdout
    assert json.loads(run(*asked, "--json").stdout)["profile"] == {}


def test_a_label_of_ones_own_for_a_medicine_that_is_shipped_keeps_its_model(tmp_path):
    """Somebody corrects a label in a folder of their own, and has no model there."""
    (tmp_path / "tofersen").mkdir()
    text = (DRUGS / "tofersen" / "label.us.yaml").read_text(encoding="utf-8")
    own = text.replace("document: Qalsody", "document: Our copy of Qalsody")
    (tmp_path / "tofersen" / "label.us.yaml").write_text(own, encoding="utf-8")
    example = Path(__file__).parents[1] / "examples" / "munich.csv"
    found = json.loads(run("course", example, "--drugs", tmp_path, "--json").stdout)
    assert found["label"]["document"].startswith("Our copy of Qalsody")
    assert found["profile"]


def test_a_medicine_of_ones_own_is_listed_shown_and_compared(drugs):
    listed = words(run("label", "list", "--drugs", drugs))
    assert "imaginersen us 2 current" in listed and "imaginersen us 1 superseded" in listed
    assert "tofersen" not in listed
    assert "Two doses, 21 days apart." in words(
        run("label", "show", "imaginersen", "--drugs", drugs)
    )
    found = words(run("label", "diff", "imaginersen", "--from", 1, "--to", 2, "--drugs", drugs))
    assert "interval: 6 calendar months → 3 calendar months" in found
    assert "1 changed" in found


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    result = run("label", "list", "--drugs", tmp_path / "nowhere")
    assert (result.exit_code, result.stdout) == (2, "")
    empty = run("label", "list", "--drugs", tmp_path)
    assert (empty.exit_code, empty.stdout) == (2, "")
    assert "no label in this folder" in empty.stderr


# -- versions


def test_the_list_names_every_version_with_its_status():
    listed = words(run("label", "list"))
    for row in ("nusinersen us 2023 current", "nusinersen us 2020 superseded", "eu 2026 in part"):
        assert row in listed


def test_a_superseded_version_is_shown_as_one():
    """Nobody doses by a version that is not in force without being told."""
    shown = words(run("label", "show", "nusinersen", "--version", "2020", "--topic", "missed_dose"))
    assert "SUPERSEDED: another version is in force" in shown
    assert "US 2020" in shown and "40 months" not in shown
    assert "SUPERSEDED" not in run("label", "show", "nusinersen").stdout
    assert "IN PART: too little" in words(run("label", "show", "nusinersen", "--version", "2026"))


def test_an_unknown_version_names_those_that_are_there():
    result = run("label", "show", "nusinersen", "--version", "2022")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is 2023, 2026, 2020" in result.stderr


def test_what_changed_is_said_in_words_with_both_places():
    found = words(run("label", "diff", "nusinersen", "--from", "2020", "--to", "2023"))
    assert "nusinersen · from US 2020 (superseded) to US 2023" in found
    assert "missed_dose.gap: added" in found
    assert "not a medical device" in found


@pytest.mark.parametrize(
    ("old", "new"), [("eu:2025", "us:2023"), ("eu:", "us:"), ("eu", "us"), ("EU:2025", "2023")]
)
def test_a_version_of_another_jurisdiction_is_named_with_a_colon(old, new):
    found = words(run("label", "diff", "nusinersen", "--from", old, "--to", new))
    assert "from EU 2025 to US 2023" in found


@pytest.mark.parametrize(
    ("old", "words_of_refusal"),
    [("1999", "no version '1999'"), ("ch:2020", "no nusinersen label for 'ch'"), ("jp", "'jp'")],
)
def test_a_version_that_is_not_there_cannot_be_compared(old, words_of_refusal):
    result = run("label", "diff", "nusinersen", "--from", old, "--to", "2023")
    assert (result.exit_code, result.stdout) == (2, "")
    assert words_of_refusal in result.stderr


# -- checking


def test_a_folder_of_medicines_is_checked_file_by_file():
    result = run("label", "check", DRUGS)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "tofersen/label.us.yaml: tofersen, us 2024:" in result.stdout
    assert "nusinersen/label.us.2020.yaml: nusinersen, us 2020, superseded:" in result.stdout


def test_every_fault_of_every_file_is_told_and_the_good_ones_are_counted(drugs):
    folder = drugs / "imaginersen"
    bad = folder / "label.us.1.yaml"
    bad.write_text(bad.read_text().replace("interval_months: 6", "interval_months: six"))
    shutil.copy(DRUGS / "tofersen" / "label.eu.yaml", folder / "label.eu.yaml")
    result = run("label", "check", drugs)
    assert result.exit_code == 2
    assert result.stdout.startswith("imaginersen/label.us.yaml: imaginersen, us 2:")
    assert "expected a number, found 'six'" in result.stderr
    assert "the file says tofersen, eu; it stands where imaginersen, eu" in result.stderr


def test_a_draft_under_another_name_is_checked_and_told_its_name(drugs, tmp_path):
    draft = tmp_path / "draft.yaml"
    shutil.copy(drugs / "imaginersen" / "label.us.yaml", draft)
    result = run("label", "check", draft)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Named label.us.yaml, it is found." in result.stdout


@pytest.mark.parametrize("name", ["nowhere.yaml", "label.us.yaml"])
def test_a_file_that_cannot_be_read_is_refused_and_nothing_breaks(name, tmp_path):
    if name == "label.us.yaml":
        (tmp_path / name).write_bytes(b"\xff\xfe\x00")
    result = run("label", "check", tmp_path / name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert name in result.stderr
