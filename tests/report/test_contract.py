"""The JSON that programs read: it keeps its schemas, and the schemas document every key."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator, FormatChecker

from thecal.cli import app
from thecal.label.catalog import load_all, medicines
from thecal.label.topics import NUMBER, TEXT, VALUES
from thecal.report.contract import dump

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.csv"))
CASES = ROOT / ".." / "shared" / "data" / "cases"
NAMES = (
    *("due.v1", "course.v1", "simulate.v1", "validate.v1"),
    *("label.v1", "label_list.v1", "label_diff.v1"),
)

DAYS = "id,day,kind,value,unit,method\n"
DATES = "id,date,kind,value,unit,method\n"


def doses(*days: int, mg: str = "100") -> str:
    return "".join(f"p,{day},dose,{mg},mg,intrathecal\n" for day in days)


MADE_UP = {
    "dated": DATES + "p,2026-01-12,dose,100,mg,intrathecal\np,2026-01-28,dose,100,mg,\n",
    "without a dose": DAYS + "p,0,alsfrs_r,40,points,\n",
    "dated, without a dose": DATES + "p,2026-01-12,event,failed_puncture,,\n",
    "early": DAYS + doses(0, 13, 20),
    "gap": DAYS + doses(0, 14, 28, 112),
    "part dose": DAYS + doses(0) + doses(14, mg="40"),
    "above the label": DAYS + doses(0, mg="150"),
    "failed puncture": DAYS + doses(0) + "p,14.5,event,failed_puncture,,\n",
    "held": DAYS + doses(0) + "p,7,event,treatment_held,,\n",
    "stopped": DAYS + doses(0) + "p,7,event,tofersen_stopped,,\n",
    "below the limit": DAYS + doses(0) + "p,0,nfl_plasma,80,pg/mL,\np,40,nfl_plasma,<5,pg/mL,\n",
    "with events": DAYS + doses(0, 14) + "p,-9,event,myelitis,,\np,20.5,event,headache,,\n",
}
WINDOW = "name: Ward 7\nsource: policy\nphases:\n" + "".join(
    f"  {phase}: {{early_d: 1, overdue_d: 2, latest_d: 3}}\n"
    for phase in ("loading", "maintenance")
)


@cache
def schema(name: str) -> dict:
    text = files("thecal.report").joinpath(f"schemas/{name}.json").read_text(encoding="utf-8")
    return json.loads(text)


def asked(*arguments: object) -> dict:
    """What a command prints with --json."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def keeps(document: dict, name: str) -> None:
    check = Draft202012Validator(schema(name), format_checker=FormatChecker())
    faults = [f"{error.json_path}: {error.message}" for error in check.iter_errors(document)]
    assert not faults


def course_files() -> list:
    """The examples, and the published cases where they are beside the repository."""
    names = ["trial01", "trial03", "trial06", "trial07", "trial08", *(f.stem for f in EXAMPLES)]
    return [*EXAMPLES, *(pytest.param(CASES / f"{n}.csv", id=f"case-{n}") for n in names)]


# -- schemas


def walk(node: object, path: str = "$"):
    """Every subschema, with the place it stands."""
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            yield from walk(value, f"{path}.{key}")
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from walk(value, f"{path}[{i}]")


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one_of_draft_2020_12(name):
    assert schema(name)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_key_of_a_schema_is_described(name):
    for path, node in walk(schema(name)):
        for key, value in node.get("properties", {}).items():
            assert value.get("description", "").endswith("."), f"{path}.properties.{key}"


@pytest.mark.parametrize("name", NAMES)
def test_every_object_of_a_schema_names_its_keys_and_allows_no_other(name):
    """Maps by name (`profile`, `outputs`, `known`): keys have a pattern, values a schema."""
    for path, node in walk(schema(name)):
        if node.get("type") != "object":
            continue
        if "propertyNames" in node:
            assert isinstance(node["additionalProperties"], dict), path
        else:
            assert node["additionalProperties"] is False, path
            is_optional = path.endswith("statement.properties.values")
            assert is_optional or node["required"] == list(node["properties"]), path


def test_the_course_answers_all_that_the_due_date_does():
    due, course = schema("due.v1"), schema("course.v1")
    for key, value in due["properties"].items():
        assert key == "schema" or course["properties"][key] == value
    for name, value in due["$defs"].items():
        assert course["$defs"][name] == value


def test_the_schema_knows_every_value_that_a_label_may_carry():
    values = schema("label.v1")["$defs"]["statement"]["properties"]["values"]["properties"]
    kinds = {NUMBER: "number", TEXT: "string"}
    assert {k: v["type"] for k, v in values.items()} == {
        name: kinds.get(kind, "array") for name, kind in VALUES.items()
    }


# -- answers


@pytest.mark.parametrize("path", course_files(), ids=lambda p: p.stem)
@pytest.mark.parametrize("command", ["due", "course"])
def test_the_answer_for_a_published_course_keeps_its_schema(command, path):
    if not path.exists():
        pytest.skip("the published cases are not part of the repository")
    document = asked(command, path)
    keeps(document, f"{command}.v1")
    assert path.stem not in json.dumps({k: v for k, v in document.items() if k != "label"})


@pytest.mark.parametrize("name", MADE_UP)
def test_the_answer_for_a_made_up_course_keeps_its_schema(name, tmp_path):
    """Dated, empty, and one for each question that the label leaves open."""
    file, window = tmp_path / "c.csv", tmp_path / "window.yaml"
    file.write_text(MADE_UP[name])
    window.write_text(WINDOW)
    keeps(asked("course", file, "--until", 150), "course.v1")
    for more in ([], ["--on", 400], ["--window", window], ["--jurisdiction", "eu"]):
        keeps(asked("due", file, *more), "due.v1")


@pytest.mark.parametrize("medicine", medicines())
def test_every_label_shown_keeps_its_schema(medicine):
    for label in load_all(medicine):
        version = ["--version", label.edition] if label.edition else []
        document = asked("label", "show", medicine, "--jurisdiction", label.jurisdiction, *version)
        keeps(document, "label.v1")
        assert document["statements"]
        assert document["edition"] == (label.edition or None)


NUSINERSEN = ROOT / "tests" / "cases" / "nusinersen.csv"
DRUGS = ROOT / "tests" / "label" / "drugs"  # a medicine with a label and no model
INVENTED = ["--drug", "fablersen", "--drugs", DRUGS, "--on", "2031-03-10"]


@pytest.mark.parametrize(
    "more",
    [[], ["--on", "2025-01-15"], ["--version", "2020"], ["--version", "2026"], ["--until", "400"]],
    ids=" ".join,
)
@pytest.mark.parametrize("jurisdiction", ["us", "eu"])
def test_the_answer_of_another_medicine_keeps_the_schema(jurisdiction, more):
    """Months, superseded and half-read labels; the model has drug in CSF and plasma alone."""
    asked_of = ["course", NUSINERSEN, "--drug", "nusinersen", "--jurisdiction", jurisdiction]
    document = asked(*asked_of, *more)
    keeps(document, "course.v1")
    assert set(document["profile"]) == {"csf", "plasma"}
    assert document["model"]["known"] == {}
    assert "SOD1" not in document["model"]["caveat"]


@pytest.fixture
def invented(tmp_path) -> Path:
    file = tmp_path / "c.csv"
    dates = ("2031-01-24", "2031-01-31", "2031-02-28")
    file.write_text(DATES + "".join(f"p,{day},dose,10,mg,intrathecal\n" for day in dates))
    return file


def test_the_answer_without_a_model_keeps_the_schema_and_says_that_there_is_none(invented):
    document = asked("course", invented, *INVENTED)
    keeps(document, "course.v1")
    assert (document["profile"], document["observed"]) == ({}, [])
    assert "no model of fablersen" in document["model"].pop("caveat")
    assert not [value for key, value in document["model"].items() if value and key != "doses"]
    assert not any(document["model"]["doses"].values())


def test_without_a_model_the_rest_is_what_a_due_date_says(invented):
    due, course = (asked(command, invented, *INVENTED) for command in ("due", "course"))
    assert {key: course[key] for key in due if key != "schema"} == {
        key: value for key, value in due.items() if key != "schema"
    }


@pytest.mark.parametrize("command", ["due", "course"])
@pytest.mark.parametrize(
    ("more", "edition", "status"),
    [
        ([], "2023", "current"),
        (["--version", "2020"], "2020", "superseded"),
        (["--version", "2026"], "2026", "in part"),
        (["--jurisdiction", "eu"], "2025", "current"),
    ],
)
def test_the_label_of_an_answer_has_its_edition_and_its_status(command, more, edition, status):
    label = asked(command, NUSINERSEN, "--drug", "nusinersen", *more)["label"]
    assert (label["edition"], label["status"]) == (edition, status)
    assert {"jurisdiction", "document", "version", "effective"} <= set(label)


def test_the_list_of_labels_keeps_its_schema_and_names_every_version():
    document = asked("label", "list")
    keeps(document, "label_list.v1")
    found = {(x["medicine"], x["jurisdiction"], x["edition"]) for x in document["labels"]}
    assert found == {
        (label.medicine, label.jurisdiction, label.edition or None)
        for medicine in medicines()
        for label in load_all(medicine)
    }


@pytest.mark.parametrize(
    ("old", "new"), [("2020", "2023"), ("us:2023", "eu:2025"), ("2023", "2026"), ("eu", "us")]
)
def test_what_changed_between_two_versions_keeps_its_schema(old, new):
    document = asked("label", "diff", "nusinersen", "--from", old, "--to", new)
    keeps(document, "label_diff.v1")
    topics = [change["topic"] for change in document["changes"]]
    assert topics == sorted(topics)
    for change in document["changes"]:
        assert (change["from"] is None) == (change["change"] == "added")
        assert (change["to"] is None) == (change["change"] == "gone")


def test_a_schema_refuses_what_is_not_in_it():
    """A validator that accepts everything would make the tests above pass."""
    document = asked("due", EXAMPLES[0])
    for change in ({"extra": 1}, {"amount_mg": "100"}, {"treatment": "paused"}, {"doses": None}):
        with pytest.raises(AssertionError):
            keeps({**document, **change}, "due.v1")
    with pytest.raises(AssertionError):
        keeps({**document, "next": {**document["next"], "due": "12 January"}}, "due.v1")


# -- what the keys mean


def test_a_dated_course_has_both_dates_and_days(tmp_path):
    file = tmp_path / "c.csv"
    file.write_text(MADE_UP["dated"])
    document = asked("due", file, "--on", "2026-02-01")
    following, (first, second) = document["next"], document["doses"]
    assert (following["number"], following["phase"]) == (3, "loading")
    assert (following["due"], following["due_day"]) == ("2026-02-11", 30)
    assert following["source"]["section"] == "2.1"
    assert following["label_silent"] == []
    assert (document["asked_on_day"], document["days_to_due"]) == (20, 10)
    assert (first["date"], first["interval_d"], first["late_d"]) == ("2026-01-12", None, None)
    assert (second["date"], second["interval_d"], second["late_d"]) == ("2026-01-28", 16, 2)


def test_a_course_of_days_has_no_dates():
    document = asked("due", ROOT / "examples" / "dresden.csv")
    assert (document["next"]["due"], document["next"]["due_day"]) == (None, 897)
    assert {dose["date"] for dose in document["doses"]} == {None}


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("without a dose", "dosing.start"),
        ("early", "dosing.early"),
        ("gap", "dosing.gap"),
        ("part dose", "dosing.part_dose"),
        ("above the label", "dosing.above_label"),
        ("failed puncture", "dosing.failed_puncture"),
        ("held", "dosing.gap"),
        ("stopped", "dosing.gap"),
    ],
)
def test_a_question_that_the_label_leaves_open_is_in_the_answer(name, topic, tmp_path):
    file = tmp_path / "c.csv"
    file.write_text(MADE_UP[name])
    (question,) = asked("due", file)["next"]["label_silent"]
    assert question["topic"] == topic


def test_a_window_is_null_without_a_policy_and_named_with_one(tmp_path):
    file, window = tmp_path / "c.csv", tmp_path / "window.yaml"
    file.write_text(MADE_UP["dated"])
    window.write_text(WINDOW)
    dates = ("earliest", "overdue", "latest", "window_policy")
    assert {asked("due", file)["next"][name] for name in dates} == {None}
    following = asked("due", file, "--window", window)["next"]
    assert [following[name] for name in dates] == [
        "2026-02-10", "2026-02-13", "2026-02-14", "Ward 7",
    ]  # fmt: skip


def test_a_profile_has_one_value_for_each_time_and_a_band_around_it():
    document = asked("course", ROOT / "examples" / "munich.csv")
    assert {"csf", "plasma", "csf_sod1", "nfl", "alsfrs_r"} <= set(document["profile"])
    for name, series in document["profile"].items():
        lengths = {len(series[key]) for key in ("times", "typical", "lo", "hi")}
        assert len(lengths) == 1, name
        assert series["times"] == sorted(set(series["times"]))
        assert all(lo <= hi for lo, hi in zip(series["lo"], series["hi"], strict=True)), name


def test_findings_are_in_the_course_with_their_sections():
    found = asked("course", ROOT / "examples" / "munich.csv")["findings"]
    assert found[0]["code"] == "event.myelitis"
    assert (found[0]["severity"], found[0]["source"]["section"]) == ("serious", "5.1")
    assert "treatment.stopped" in {finding["code"] for finding in found}


def test_a_stopped_treatment_plans_no_dose():
    document = asked("course", ROOT / "examples" / "munich.csv")
    assert document["treatment"] == "stopped"
    assert document["model"]["doses"]["planned_d"] == []


def test_a_number_that_is_none_is_refused():
    """JSON has no NaN: a program that reads strictly would fail on the whole answer."""
    with pytest.raises(ValueError, match="JSON"):
        dump({"x": float("nan")})


# -- docs/json.md


def test_the_example_in_the_docs_is_what_thecal_prints(tmp_path):
    text = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    (csv,) = re.findall(r"```csv\n(.*?)```", text, re.DOTALL)
    (printed,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    file = tmp_path / "P07.csv"
    file.write_text(csv)
    assert json.loads(printed) == asked("due", file, "--on", "2026-02-01")


def test_the_docs_name_every_schema_and_every_key_of_a_course():
    text = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert f"`{name}.json`" in text
        assert f"`{schema(name)['title']}`" in text
    for key in schema("course.v1")["properties"]:
        assert f"`{key}`" in text or f'"{key}"' in text
