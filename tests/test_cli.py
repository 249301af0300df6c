"""The command line: answers on stdout, trouble on stderr, the same bytes everywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from thecal.cli import app, main

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.csv"))
MUNICH = ROOT / "examples" / "munich.csv"
THECAL = Path(sys.executable).with_name("thecal")
US_LABEL = ROOT / "src" / "thecal" / "drugs" / "tofersen" / "label.us.yaml"

DATED = """\
id,date,kind,value,unit,method,note
SECRET-ID,2026-01-12,alsfrs_r,40,points,,SECRET-NOTE
SECRET-ID,2026-01-12,dose,100,mg,intrathecal,SECRET-NOTE
SECRET-ID,2026-01-26,dose,100,mg,intrathecal,SECRET-NOTE
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


@pytest.fixture
def dated(tmp_path) -> Path:
    file = tmp_path / "course.csv"
    file.write_text(DATED)
    return file


def shell(*arguments: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the installed command in a process of its own."""
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME")}
    return subprocess.run(
        [str(THECAL), *map(str, arguments)],
        capture_output=True,
        env={**kept, **environment},
        timeout=60,
        check=False,
    )


# -- the installed command


def test_the_installed_command_answers_on_stdout_with_exit_0(dated):
    result = shell("due", dated, "--on", "2026-02-01")
    assert result.returncode == 0
    assert b"Dose 3 is due on Mon 2026-02-09 (day 28), 8 days from the day asked" in result.stdout
    assert result.stderr == b""


def test_the_installed_command_refuses_on_stderr_with_exit_2(tmp_path):
    file = tmp_path / "course.csv"
    file.write_text(DATED.replace("100,mg", "100,mL"))
    result = shell("due", file)
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.startswith(b"thecal: course.csv: course file cannot be read, 2 faults")


def test_a_due_date_loads_no_library_it_does_not_need(dated):
    """It answers in a fraction of a second because the mathematics and the pictures stay out."""
    code = (
        "import sys; from thecal.cli import app\n"
        f"app(['due', {str(dated)!r}, *sys.argv[1:]], standalone_mode=False)\n"
        "heavy = {'numpy', 'jaxtyping', 'rich', 'vl_convert', 'jinja2'} & set(sys.modules)\n"
        "print('heavy:', sorted(heavy), file=sys.stderr)"
    )
    for more in ([], ["--json"]):
        result = subprocess.run(
            [sys.executable, "-c", code, *more], capture_output=True, text=True, check=True
        )
        assert result.stderr.splitlines()[-1] == "heavy: []"


ZONES = ("Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin")  # UTC+14, UTC-12, with summer time
LOCALES = ("C", "C.UTF-8")
SEEDS = ("0", "1", "4711")


def same_bytes(arguments: list[object], places: list[tuple[str, str, str]]) -> None:
    """The command prints the same bytes in each of these zones, locales and hash seeds."""
    printed = set()
    for zone, locale, seed in places:
        result = shell(
            *arguments,
            TZ=zone,
            LC_ALL=locale,
            PYTHONHASHSEED=seed,
            PYTHONCOERCECLOCALE="0",  # a C locale that stays one
            PYTHONUTF8="0",
        )
        assert result.returncode == 0, result.stderr
        printed.add(result.stdout)
    assert len(printed) == 1
    assert "schema" in json.loads(printed.pop())


def test_a_due_date_is_the_same_bytes_in_every_zone_locale_and_hash_seed(dated):
    same_bytes(["due", dated, "--json"], list(product(ZONES, LOCALES, SEEDS)))


@pytest.mark.parametrize("file", ["dated", "munich"])
def test_a_course_is_the_same_bytes_in_every_zone_locale_and_hash_seed(file, request):
    """Six processes, not eighteen: every zone and seed, and every zone with every locale."""
    path = request.getfixturevalue("dated") if file == "dated" else MUNICH
    pairs = product(ZONES, LOCALES)
    places = [(zone, locale, SEEDS[i % 3]) for i, (zone, locale) in enumerate(pairs)]
    assert {seed for _, _, seed in places} == set(SEEDS)
    same_bytes(["course", path, "--json"], places)


def test_words_of_any_script_are_printed_in_a_c_locale(dated):
    """A label holds "§" and "≤"; a terminal that claims ASCII must not end the answer."""
    result = shell(
        "course", dated, "--on", "20", LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0"
    )
    assert result.returncode == 0, result.stderr
    assert "·" in result.stdout.decode()


# -- asking


def test_a_day_and_its_date_are_the_same_question(dated):
    by_date = run("due", dated, "--on", "2026-02-10", "--json")
    by_day = run("due", dated, "--on", "29", "--json")
    assert by_date.stdout == by_day.stdout
    assert json.loads(by_day.stdout)["days_to_due"] == -1


def test_an_overdue_dose_says_so(dated):
    assert "OVERDUE by 1 day on 2026-02-10" in run("due", dated, "--on", "2026-02-10").stdout


def test_json_asks_about_no_day_of_its_own(dated):
    """Today would make the answer depend on the clock."""
    document = json.loads(run("due", dated, "--json").stdout)
    assert (document["asked_on_day"], document["days_to_due"]) == (None, None)


@pytest.mark.parametrize(
    "on",
    [
        "tomorrow",
        "10/02/2026",
        "2026-02-30",
        "²",
        "٣",
        "-5",
        "1.5",
        "",
        "9" * 30,
        "0",
        "2026-01-13",
    ],
)
def test_a_day_that_cannot_be_asked_about_is_refused(on, dated):
    result = run("due", dated, f"--on={on}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "on" in result.stderr


def test_a_date_asked_of_a_course_of_days_is_refused():
    result = run("due", MUNICH, "--on", "2026-01-01")
    assert result.exit_code == 2
    assert "ask with a day number" in result.stderr


def test_the_japanese_label_gives_no_date_because_it_was_not_read(dated):
    result = run("due", dated, "--jurisdiction", "jp")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "was not read" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--jurisdiction", "uk"], "there is eu, jp, us"),
        (["--drug", "tofersn"], "Did you mean 'tofersen'?"),
        (["--window", "none.yaml"], "No such file"),
    ],
)
def test_an_option_that_names_nothing_there_is_refused(arguments, words, dated):
    result = run("due", dated, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


def test_a_bad_window_policy_is_refused_with_its_lines(dated, tmp_path):
    window = tmp_path / "window.yaml"
    window.write_text("name: x\nsource: y\nphases:\n  loading: {early_d: a, overdue_d: 2}\n")
    result = run("due", dated, "--window", window)
    assert result.exit_code == 2
    assert "window.yaml" in result.stderr
    assert "line 4: phases.loading: 'latest_d' is missing" in result.stderr


def test_a_window_policy_is_named_with_the_dates_it_draws(dated, tmp_path):
    window = tmp_path / "window.yaml"
    window.write_text(
        "name: Ward 7\nsource: y\nphases:\n"
        "  loading: {early_d: 1, overdue_d: 2, latest_d: 3}\n"
        "  maintenance: {early_d: 1, overdue_d: 2, latest_d: 3}\n"
    )
    words = " ".join(run("due", dated, "--on", "20", "--window", window).stdout.split())
    assert "earliest Sun 2026-02-08 (day 27)" in words
    assert "site policy 'Ward 7', not the label" in words


def test_a_held_treatment_plans_no_dose(dated):
    dated.write_text(DATED + "SECRET-ID,2026-01-30,event,treatment_held,,,SECRET-NOTE\n")
    words = run("due", dated, "--on", "2026-02-20").stdout
    assert "recorded as HELD since Fri 2026-01-30" in words
    assert "OVERDUE" not in words


# -- labels


def test_a_label_is_shown_whole_or_by_topic():
    whole, dosing = (
        run("label", "show", "tofersen"),
        run("label", "show", "tofersen", "--topic=dosing"),
    )
    assert (whole.exit_code, dosing.exit_code) == (0, 0)
    assert "STORAGE" in whole.stdout and "STORAGE" not in dosing.stdout
    assert "every 28 days" in dosing.stdout and "LABEL SILENT" in dosing.stdout


def test_a_topic_asked_for_shows_only_its_statements_as_json():
    document = json.loads(run("label", "show", "tofersen", "--topic", "dosing", "--json").stdout)
    for key in ("statements", "silent", "not_read"):
        assert all(item["topic"].startswith("dosing") for item in document[key])


def test_an_unknown_topic_names_the_nearest():
    result = run("label", "show", "tofersen", "--topic", "dosng")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Did you mean 'dosing'?" in result.stderr


def test_a_label_that_nobody_read_says_so():
    assert "NOT READ" in run("label", "show", "tofersen", "--jurisdiction", "jp").stdout


def test_a_label_file_that_keeps_the_schema_is_counted():
    result = run("label", "check", US_LABEL)
    assert result.exit_code == 0
    assert result.stdout.startswith("label.us.yaml: tofersen, us 2024:")


def test_a_label_file_with_faults_is_refused_with_all_of_them(tmp_path):
    file = tmp_path / "label.us.yaml"
    file.write_text(US_LABEL.read_text().replace("topic: mechanism", "topic: mechansm"))
    result = run("label", "check", file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("Did you mean 'mechanism'?") == 2


# -- every answer, every refusal


@pytest.mark.parametrize(
    "arguments",
    [
        ["due", MUNICH],
        ["course", MUNICH],
        ["label", "show", "tofersen"],
        ["due", MUNICH, "--json"],
        ["course", MUNICH, "--json"],
        ["label", "show", "tofersen", "--json"],
        ["--help"],
    ],
    ids=lambda a: " ".join(getattr(word, "name", word) for word in a),
)
def test_every_answer_says_that_it_is_no_medical_device(arguments):
    result = run(*arguments)
    assert result.exit_code == 0
    assert "not a medical device" in " ".join(result.stdout.split())


@pytest.mark.parametrize("command", ["due", "course"])
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_answered_in_words(command, path):
    result = run(command, path)
    assert result.exit_code == 0
    assert "dose" in result.stdout.lower()


SPOILT = {
    "two doses on one day": "SECRET-ID,2026-01-26,dose,50,mg,intrathecal,SECRET-NOTE\n",
    "a second person": "SECRET-ID-2,2026-01-27,alsfrs_r,40,points,,SECRET-NOTE\n",
    "no id": ",2026-01-27,alsfrs_r,40,points,,SECRET-NOTE\n",
    "an unknown kind": "SECRET-ID,2026-01-27,alsfsr,40,points,,SECRET-NOTE\n",
    "a wrong unit": "SECRET-ID,2026-01-27,csf_protein,40,mmol,,SECRET-NOTE\n",
    "a wrong number": "SECRET-ID,2026-01-27,alsfrs_r,forty,points,,SECRET-NOTE\n",
    "a day and a date": "SECRET-ID,12,alsfrs_r,40,points,,SECRET-NOTE\n",
    "another route": "SECRET-ID,2026-01-27,dose,100,mg,IV,SECRET-NOTE\n",
    "a future": "SECRET-ID,2199-01-27,alsfrs_r,40,points,,SECRET-NOTE\n",
    "an open quote": 'SECRET-ID,2026-01-27,alsfrs_r,40,points,,"SECRET-NOTE\n',
    "too many fields": "SECRET-ID,2026-01-27,alsfrs_r,40,points,,SECRET-NOTE,SECRET-NOTE\n",
}


@pytest.mark.parametrize("spoilt", SPOILT)
@pytest.mark.parametrize("command", ["due", "course"])
def test_a_refusal_names_the_line_and_neither_the_person_nor_a_note(command, spoilt, tmp_path):
    """An id may be a name, and messages are logged and mailed."""
    file = tmp_path / "course.csv"
    file.write_text(DATED + SPOILT[spoilt])
    result = run(command, file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("thecal: course.csv: course file cannot be read")
    assert "line 5" in result.stderr
    assert "SECRET" not in result.stderr


@pytest.mark.parametrize("command", ["due", "course"])
@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_an_answer_names_neither_the_person_nor_a_note(command, as_json, dated):
    result = run(command, dated, "--on", "20", *as_json)
    assert result.exit_code == 0
    assert "SECRET" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x01", b"PK\x03\x04", "id;day".encode("utf-16"), b"id,day\n", b"\xff" * 9],
)
def test_what_is_no_course_file_is_refused(content, tmp_path):
    file = tmp_path / "course.csv"
    file.write_bytes(content)
    result = run("due", file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "cannot be read" in result.stderr


@pytest.mark.parametrize("name", ["none.csv", "."])
def test_a_file_that_is_not_there_is_refused(name, tmp_path):
    result = run("due", tmp_path / name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("thecal: ")


@pytest.mark.parametrize("arguments", [["due"], ["nothing"], ["due", MUNICH, "--nothing"]])
def test_a_command_that_is_not_one_is_refused_with_exit_2(arguments):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize("option", [["--figure", "x.pdf"], ["--until", "0"]])
def test_an_option_of_a_course_that_cannot_be_met_is_refused(option, dated):
    result = run("course", dated, "--on", "20", *option)
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_remark_on_what_was_read_goes_to_stderr():
    result = run("due", MUNICH)
    assert "thecal: note: csf_protein" in result.stderr
    assert "note: csf_protein" not in result.stdout


def test_main_prints_utf_8(monkeypatch, capsys, dated):
    monkeypatch.setattr(sys, "argv", ["thecal", "due", str(dated), "--on", "20"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert "Dose 3 is due" in capsys.readouterr().out


# -- other medicines

NUSINERSEN = ROOT / "tests" / "cases" / "nusinersen.csv"


def test_a_course_on_nusinersen_shows_what_its_model_has(tmp_path):
    """The course has calendar months; the page and the picture are written beside the words."""
    page, figure = tmp_path / "n.html", tmp_path / "n.svg"
    result = run(
        *("course", NUSINERSEN, "--drug", "nusinersen", "--on", "2025-01-15"),
        *("--report", page, "--figure", figure),
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Dose 7 is due on Sat 2025-03-29" in result.stdout
    assert "plasma drug, ng/mL" in result.stdout
    assert "SOD1" not in result.stdout
    assert "Drug in plasma" in page.read_text(encoding="utf-8")
    assert "Drug in plasma" in figure.read_text(encoding="utf-8")


def test_a_course_without_a_model_is_answered_with_exit_0(tmp_path):
    file, page, figure = (tmp_path / name for name in ("c.csv", "c.html", "c.png"))
    dates = ("2031-01-24", "2031-01-31")
    rows = "".join(f"p,{date},dose,10,mg,intrathecal\n" for date in dates)
    file.write_text(f"id,date,kind,value,unit,method\n{rows}")
    result = run(
        *("course", file, "--drug", "fablersen", "--drugs", ROOT / "tests" / "label" / "drugs"),
        *("--on", "2031-02-10", "--report", page, "--figure", figure),
    )
    assert (result.exit_code, result.stderr) == (0, "")
    words = " ".join(result.stdout.split())
    assert "Dose 3 is due on Fri 2031-02-28" in words
    assert "There is no model of fablersen here" in words
    assert page.exists() and figure.exists()


def test_a_date_by_a_superseded_label_says_so():
    words = run("due", NUSINERSEN, "--drug", "nusinersen", "--version", "2020").stdout
    assert "SUPERSEDED: another version is in force" in " ".join(words.split())
    assert "SUPERSEDED" not in run("due", NUSINERSEN, "--drug", "nusinersen").stdout
