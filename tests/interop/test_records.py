"""The course file: what is read, what is said, and what is refused with which remedy."""

from __future__ import annotations

import datetime as dt
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from thecal.course import Course, Dose, Event, Observation
from thecal.errors import CourseError, Fault, RecordError
from thecal.interop import sheet
from thecal.interop.records import format_course, parse_course, read_course, write_course
from thecal.units import KINDS, QUANTITIES

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT.parent / "shared" / "data" / "cases"
PAGE = (ROOT / "docs" / "course-file.md").read_text(encoding="utf-8")
TODAY = dt.date(2026, 6, 30)
HEAD = "id,day,kind,value,unit,method,note,source\n"
DATED = "id,date,kind,value,unit,method\n"
BOTH = "id,day,date,kind,value,unit,method\n"


def read(text: str | bytes, today: dt.date | None = TODAY):
    return parse_course(text.encode() if isinstance(text, str) else text, today=today)


def faults(text: str | bytes, today: dt.date | None = TODAY) -> tuple[Fault, ...]:
    with pytest.raises(RecordError) as caught:
        read(text, today)
    assert str(caught.value).startswith("course file cannot be read")
    return caught.value.faults


def fault(text: str | bytes, today: dt.date | None = TODAY) -> Fault:
    """The one fault of a file."""
    found = faults(text, today)
    assert len(found) == 1, found
    return found[0]


def row(kind="dose", value="100", unit="mg", method="intrathecal", day="0") -> str:
    return f"{HEAD}p,{day},{kind},{value},{unit},{method},,\n"


def observed(kind: str, value: str, unit: str, method: str = "") -> Observation:
    return read(row(kind, value, unit, method)).course.observations[0]


# -- published courses


@pytest.mark.published
@pytest.mark.parametrize(
    ("name", "n_doses"), [("dresden", 32), ("munich", 6), ("iceland1", 30), ("iceland2", 26)]
)
def test_an_example_holds_the_doses_its_paper_counts(name, n_doses):
    """examples/README.md, column Doses."""
    course = read_course(ROOT / "examples" / f"{name}.csv").course
    assert (course.patient_id, course.start, len(course.doses)) == (name, None, n_doses)
    assert all(dose.amount_mg == 100 for dose in course.doses)


@pytest.mark.parametrize("number", ["01", "03", "06", "07", "08"])
def test_a_published_trial_course_reads_without_fault(number):
    path = PUBLISHED / f"trial{number}.csv"
    if not path.exists():
        pytest.skip("the trial courses are CC BY-NC-ND and not part of the project")
    reading = read_course(path)
    assert reading.course.doses
    assert parse_course(format_course(reading.course).encode()).course == reading.course


def test_munich_protein_is_converted_and_said():
    reading = read_course(ROOT / "examples" / "munich.csv")
    assert [o.value for o in reading.course.observed("csf_protein")] == [790, 1190]
    assert reading.remarks == ("csf_protein: 2 values converted from mg/dL to mg/L",)


# -- docs/course-file.md


def test_the_page_names_every_kind_with_its_units_and_range():
    rows = [line.split("|") for line in PAGE.splitlines() if line.startswith("| `")]
    table = {kind: cells for cells in rows for kind in re.findall(r"`(\w+)`", cells[1])}
    assert set(KINDS) <= set(table)
    for kind, quantity in QUANTITIES.items():
        _, _, unit, others, limits, _ = table[kind]
        assert unit.strip() == quantity.unit
        assert {u for u in re.split(r"[,;] ", others.strip()) if u} == set(quantity.others)
        assert limits.strip().startswith(f"{quantity.least:.7g} to {quantity.most:.7g}")


def test_the_sample_on_the_page_is_a_course():
    sample = PAGE.split("```csv\n")[1].split("```")[0]
    course = read(sample).course
    assert [dose.time_d for dose in course.doses] == [0, 14]
    assert course.start == dt.date(2026, 1, 12)


# -- columns


def test_every_missing_column_is_named_with_the_nearest_found():
    found = [str(f) for f in faults("patient,dat,knd,values\n1,2,3,4\n")]
    for name, hint in [("id", ""), ("kind", "knd"), ("value", "values"), ("unit", "")]:
        message = next(f for f in found if f"column '{name}' is missing" in f)
        assert ("Did you mean" in message) == bool(hint) and hint in message
    assert any("'day' or 'date'" in f for f in found)


def test_a_file_without_a_header_does_not_show_its_first_row():
    assert "Jane" not in str(faults("Jane Doe,0,dose,100,mg\n"))


def test_column_names_may_be_in_upper_case_and_padded():
    assert read(" ID , Day,KIND,Value,UNIT\np,0,Dose,100,MG\n").course.doses


def test_an_unknown_column_is_said_and_not_read():
    remarks = read("id,day,kind,value,unit,notes\np,0,dose,100,mg,secret\n").remarks
    assert "column 'notes' is not read. Did you mean 'note'?" in remarks
    assert "secret" not in str(remarks)


def test_a_column_given_twice_is_refused():
    assert (
        "'value' stands twice" in fault("id,day,kind,value,unit,value\np,0,dose,1,mg,2\n").message
    )


@pytest.mark.parametrize(("mark", "word"), [(";", "semicolon"), ("\t", "tab")])
def test_the_separator_is_recognised_and_said(mark, word):
    reading = read(row().replace(",", mark))
    assert reading.course.doses and f"the separator is a {word}" in reading.remarks


def test_a_comma_is_not_worth_saying():
    assert read(row()).remarks == ()


# -- bytes


def test_an_empty_file_is_refused():
    assert "empty" in fault(b"").message
    assert "empty" in fault("\n \n").message


@pytest.mark.parametrize("text", [HEAD, HEAD + "\n,,,,,,,\n  \n"])
def test_a_header_without_rows_is_refused(text):
    assert "no row below the header" in fault(text).message


def test_a_byte_that_is_not_utf_8_is_named_by_offset_and_line():
    data = row().encode() + "p,1,event,bauchschmerz,,,für,\n".encode("latin-1")
    found = fault(data)
    assert found.line == 3 and f"byte {data.index(0xFC)} " in found.message
    assert "CSV UTF-8" in found.message


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_refused_by_name(codec):
    assert "UTF-16" in fault(row().encode(codec)).message


def test_a_workbook_is_refused_by_name():
    assert "workbook" in fault(b"PK\x03\x04\x14\x00\x06\x00").message


def test_a_nul_byte_is_refused_at_its_line():
    found = fault(row() + "p,1,event,a\0b,,,,\n")
    assert found.line == 3 and "NUL" in found.message


def test_a_byte_order_mark_is_dropped_and_said():
    reading = read(b"\xef\xbb\xbf" + row().encode())
    assert reading.course.doses and "byte order mark" in reading.remarks[0]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends_read_the_same(end):
    text = row() + "p,14,dose,100,mg,intrathecal,,\n"
    assert read(text.replace("\n", end)).course == read(text).course


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_breaks_in_a_quoted_note_do_not_break_the_count(end):
    text = HEAD + 'p,0,dose,100,mg,intrathecal,"one\ntwo\n\nfour",\np,x,event,a,,,,\n'
    assert fault(text.replace("\n", end)).line == 6


def test_an_open_quotation_mark_is_refused_where_its_row_begins():
    found = fault(row() + 'p,1,event,a,,,"never closed,\np,2,event,b,,,,\n')
    assert found.line == 3 and "never closed" in found.message


def test_a_quotation_mark_inside_a_quoted_field_is_refused():
    assert "write it twice" in fault(row() + 'p,1,event,a,,,"a "quoted" word",\n').message


def test_a_field_beyond_the_limit_of_csv_is_refused():
    assert "longer than 131072" in fault(row() + f"p,1,event,a,,,{'x' * 140_000},\n").message


def test_a_large_file_is_refused_from_its_size_alone(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(RecordError, match="100000000 bytes; a course file is at most 8388608"):
        read_course(path)
    with pytest.raises(RecordError, match="at most 8388608"):
        parse_course(bytes(sheet.MAX_BYTES + 1))


def test_a_pipe_is_read_no_further_than_the_limit(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def pour():
        try:
            with pipe.open("wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 65536)
        except BrokenPipeError:
            pass

    thread = threading.Thread(target=pour, daemon=True)
    thread.start()
    with pytest.raises(RecordError, match="at most 8388608"):
        read_course(pipe)
    thread.join(timeout=5)
    assert not thread.is_alive()


def test_more_than_fifty_thousand_rows_are_refused():
    line = "p,1,event,a,,,,\n"
    assert "50000 rows" in fault(row() + line * 50_000).message
    assert len(read(row() + line * 49_999).course.events) == 49_999


# -- rows


def test_reading_stops_at_a_thousand_faults_and_says_so():
    found = faults(HEAD + "p,x,event,a,,,,\n" * 1_500)
    assert len(found) == 1_001 and found[0] == Fault(0, "reading stopped at 1000 faults")


def test_all_faults_are_raised_at_once_in_order_of_lines():
    text = HEAD + "p,0,doze,100,mg,,,\np,x,dose,-1,mg,,,\np,3,csf_wbc,9,furlong,,,\n"
    assert [f.line for f in faults(text)] == [2, 3, 3, 4]


def test_too_many_fields_hint_at_an_unquoted_decimal_comma():
    found = fault(HEAD + "p,0,albumin_ratio,5,60,1e-3,,,\n")  # the last field is empty, and counts
    assert found.line == 2 and "9 fields, the header has 8; a decimal comma" in found.message


def test_columns_without_a_name_are_no_fault():
    """A spreadsheet pads every row, the header too."""
    assert read(row().replace("\n", ",,,\n")).course.doses


def test_a_decimal_comma_that_was_cut_in_two_is_hinted_at_in_the_unit():
    assert "decimal comma" in fault("id,day,kind,value,unit,x\np,0,svc,80,5,%\n").message
    found = fault("id,day,kind,value,unit,method\np,0,other,5,60,1e-3\n")
    assert "decimal comma" in found.message


def test_an_unknown_kind_is_refused_with_the_nearest():
    assert "'csf_wcb' is not known. Did you mean 'csf_wbc'?" in fault(row("csf_wcb", "1")).message
    assert "Expected one of dose," in fault(row("zzz", "1")).message
    assert "kind is empty" in fault(row("", "1")).message


def test_an_unknown_unit_is_refused_with_the_known_ones():
    found = fault(row("csf_protein", "450", "furlong"))
    assert "'furlong' is not known for csf_protein" in found.message
    assert "mg/L, ug/mL, mg/dL or g/L" in found.message
    assert "no unit for csf_wbc" in fault(row("csf_wbc", "4", "")).message


def test_known_units_are_converted_and_counted_per_kind():
    text = (
        HEAD + "p,0,csf_protein,79,mg/dL,,,\np,1,csf_protein,80,mg/dL,,,\np,1,csf_wbc,.07,G/L,,,\n"
    )
    reading = read(text)
    assert [o.value for o in reading.course.observed("csf_protein")] == [790, 800]
    assert reading.course.observed("csf_wbc")[0].value == 70
    assert "csf_protein: 2 values converted from mg/dL to mg/L" in reading.remarks
    assert "csf_wbc: 1 value converted from G/L to cells/uL" in reading.remarks


@pytest.mark.parametrize(
    ("kind", "value", "unit", "limits"),
    [
        ("csf_protein", "0.45", "mg/L", "10 to 50000 mg/L"),  # g/L
        ("albumin_ratio", "0.0056", "1e-3", "0.5 to 500 1e-3"),  # 1
        ("nfl_csf", "7.4", "pg/mL", "10 to 1e+06 pg/mL"),  # ng/mL
        ("csf_wbc", "-1", "cells/uL", "0 to 100000 cells/uL"),
        ("alsfrs_r", "49", "points", "0 to 48 points"),
        ("svc", "<0", "%", "0 to 200 % predicted"),
    ],
)
def test_a_value_outside_its_range_is_refused_with_the_range(kind, value, unit, limits):
    assert f"is outside {limits}" in fault(row(kind, value, unit)).message


def test_a_mean_of_scores_goes_to_kind_other():
    assert "write a mean as kind other" in fault(row("alsfrs_r", "30.5", "points")).message
    assert observed("other", "30.5", "points", "ALSFRS-R mean").value == 30.5


def test_kind_other_needs_the_name_of_the_quantity():
    assert "what was measured" in fault(row("other", "5", "mg/L", "")).message


@pytest.mark.parametrize("text", ["<5", "< 5", "<5.0"])
def test_a_value_below_the_limit_is_censored(text):
    found = observed("nfl_plasma", text, "pg/mL")
    assert (found.is_below, found.value) == (True, 5)
    assert observed("nfl_plasma", text, "ng/mL").value == 5000


def test_a_score_or_a_dose_is_never_censored():
    assert "a score is known or not" in fault(row("alsfrs_r", "<5", "points")).message
    assert "expected a number" in fault(row("dose", "<100")).message


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "12a", "1_000", "٣", "5.", ">5"])
def test_what_is_not_a_finite_number_is_refused(text):
    assert f"expected a number such as 100, found '{text}'" in fault(row(value=text)).message


def test_an_event_is_one_word():
    assert "join its words with _" in fault(row("event", "Aseptic meningitis", "")).message
    assert "'42' is not one word" in fault(row("event", "42", "")).message
    assert "found nothing" in str(fault(row("csf_wbc", "", "cells/uL")))


def test_a_unit_on_an_event_is_not_read_and_said():
    remarks = read(row("event", "headache", "d", "")).remarks
    assert "unit on 1 event row not read; an event has none" in remarks


# -- decimal commas


def test_a_decimal_comma_is_read_and_said():
    for text in (row("albumin_ratio", '"5,60"', "1e-3"), row("albumin_ratio", "5.60", "1e-3")):
        assert read(text).course.observations[0].value == 5.6
    text = row("albumin_ratio", "5.60", "1e-3").replace(",", ";").replace("5.60", "5,60")
    reading = read(text)
    assert reading.course.observations[0].value == 5.6
    assert "1 decimal comma read as decimal point" in reading.remarks


@pytest.mark.parametrize("text", ["1,234", "-12,345", "+1,000", "\u22121,234"])
def test_a_comma_that_may_part_the_thousands_is_refused(text):
    assert "may be" in fault(row("other", f'"{text}"', "x", "m")).message


@pytest.mark.parametrize(("text", "value"), [("0,123", 0.123), ("1,23", 1.23), ("1,2345", 1.2345)])
def test_a_comma_that_can_only_be_decimal_is_read(text, value):
    assert observed("other", f'"{text}"', "x", "m").value == value


def test_a_point_among_decimal_commas_is_refused_where_it_may_part_the_thousands():
    """A German sheet writes 1234 as 1.234; read as 1.234 it would be a thousandfold error."""
    text = HEAD + 'p,0,other,"5,6",x,m,,\np,1,other,1.234,x,m,,\n'
    assert fault(text).line == 3 and "'1234'" in fault(text).message
    assert read(text.replace('"5,6"', "5.6")).course


# -- doses


def test_two_doses_on_one_day_name_both_lines_and_the_remedy():
    found = fault(row() + "p,1,event,a,,,,\np,0,dose,50,mg,intrathecal,,\n")
    assert found.line == 4 and "line 2" in found.message
    assert "Delete the row if it is a duplicate" in found.message
    assert "write the sum in one row" in found.message


def test_a_zero_dose_is_an_event():
    message = fault(row(value="0")).message
    assert "failed_puncture" in message and "dose_not_given" in message


def test_a_negative_dose_is_refused():
    assert "above 0 mg" in fault(row(value="-100")).message


@pytest.mark.parametrize(("value", "hint"), [("500.1", "five vials"), ("0.1", "in g?")])
def test_an_absurd_dose_is_refused(value, hint):
    assert hint in fault(row(value=value)).message
    assert read(row(value="500")).course.doses


def test_a_dose_in_ml_is_refused_with_the_sum():
    assert "15 mL of 6.7 mg/mL is 100 mg: write the mg given" in fault(row(unit="mL")).message
    assert "the unit of a dose is mg" in fault(row(unit="vial")).message


@pytest.mark.parametrize("route", ["intravenous", "s.c.", "intrathecal?"])
def test_another_route_is_refused_as_a_slip_or_a_medication_error(route):
    message = fault(row(method=route)).message
    assert "slip" in message and "medication error to report" in message
    assert "computes no schedule" in message


@pytest.mark.parametrize("route", ["IT", "it", "i.t."])
def test_it_alone_is_no_route(route):
    assert "write intrathecal in full" in fault(row(method=route)).message


def test_a_missing_route_is_kept_empty_and_said():
    reading = read(row(method=""))
    assert reading.course.doses[0].route == ""
    assert reading.remarks == ("route not recorded on 1 dose row; read as intrathecal",)
    assert read(row(method="Intrathecal")).course.doses[0].route == "intrathecal"


@pytest.mark.parametrize(("day", "remedy"), [("1", "subtract 1 from"), ("-14", "add 14 to")])
def test_a_first_dose_off_day_0_is_refused_with_the_shift(day, remedy):
    assert f"{remedy} every day" in fault(row(day=day)).message


def test_a_dose_whose_row_is_broken_does_not_raise_a_second_false_fault():
    """The dose of day 0 is there, only unreadable; day 14 is not the first."""
    assert fault(row().replace("dose", "doze") + "p,14,dose,100,mg,,,\n").line == 2


def test_a_dose_day_is_a_whole_number_and_a_sample_day_need_not_be():
    assert "whole number" in fault(row(day="0.5")).message
    assert read(row("csf_wbc", "1", "/uL", day="0.5")).course.observations[0].time_d == 0.5


# -- order, ids


def test_rows_out_of_order_are_sorted_and_said():
    reading = read(HEAD + "p,14,dose,100,mg,intrathecal,,\np,0,dose,100,mg,intrathecal,,\n")
    assert [d.time_d for d in reading.course.doses] == [0, 14]
    assert "not in order of time" in reading.remarks[0]


def test_several_ids_are_counted_and_located_but_never_named():
    text = (
        HEAD + "Jane,0,dose,100,mg,,,\nJoe,0,dose,100,mg,,,\nJoe,1,event,a,,,,\nJim,0,event,a,,,,\n"
    )
    found = fault(text)
    assert found.line == 3 and "3 ids, beginning on lines 2, 3 and 5" in found.message
    assert not any(name in found.message for name in ("Jane", "Joe", "Jim"))


def test_an_empty_id_is_refused():
    assert "id is empty" in fault(HEAD + ",0,dose,100,mg,,,\n").message


def test_no_message_shows_an_id_or_a_note():
    text = HEAD + "\n".join(
        f"JaneDoe,{day},{kind},{value},{unit},x,JaneDoe,JaneDoe"
        for day in ("0", "0", "x", "")
        for kind in ("dose", "event", "other", "svc", "zzz", "")
        for value in ("0", "<", "1,5", "A b")
        for unit in ("mL", "", "%", "60")
    )
    assert "JaneDoe" not in "".join(str(f) for f in faults(text + ",extra"))


def test_a_value_in_a_message_is_cut_and_its_control_characters_escaped():
    message = fault(row("alsfrs_r", "\x1b[31m\u202e" + "7" * 100, "points", "")).message
    shown = message.split("'")[1]
    assert len(shown) <= 40 and shown.isprintable() and shown.startswith("\\x1b[31m\\u202e")


def test_words_where_a_number_is_expected_are_not_repeated():
    """Columns that slipped may put a name there, and messages are mailed and logged."""
    for kind, value in (
        ("alsfrs_r", "Anna Muster"),
        ("event", "Anna Muster"),
        ("Anna Muster", "1"),
    ):
        message = fault(row(kind, value, "points", "")).message
        assert "Muster" not in message
        assert "11 characters of text" in message


def test_a_point_that_may_part_thousands_is_refused_in_a_semicolon_file():
    """nfl_csf 12.600 of a German spreadsheet is twelve thousand six hundred."""
    text = "id;day;kind;value;unit\np;0;dose;100;mg\np;0;nfl_csf;12.600;pg/mL\n"
    with pytest.raises(RecordError, match=r"line 3: '12\.600' may be '12600'"):
        read(text)


def test_more_doses_than_a_life_holds_are_refused():
    rows = "".join(f"p,{day},dose,100,mg\n" for day in range(2001))
    with pytest.raises(RecordError, match="2001 doses"):
        read("id,day,kind,value,unit\n" + rows)


def test_a_header_of_thousands_of_columns_is_refused():
    with pytest.raises(RecordError, match="columns; a course file has at most 100"):
        read("id,day,kind,value,unit," + ",".join(f"c{i}" for i in range(5000)) + "\n")


# -- dates


def dated(*lines: str, head: str = DATED) -> str:
    return head + "".join(f"p,{line}\n" for line in lines)


def test_day_0_of_a_dated_file_is_its_earliest_dose():
    text = dated("2026-01-26,dose,100,mg,", "2026-01-12,dose,100,mg,", "2026-01-01,csf_wbc,1,/uL,")
    course = read(text).course
    assert course.start == dt.date(2026, 1, 12)
    assert [d.time_d for d in course.doses] == [0, 14]
    assert course.observations[0].time_d == -11


def test_a_dated_file_without_a_dose_starts_at_its_earliest_row_and_says_so():
    reading = read(dated("2026-01-26,csf_wbc,1,/uL,", "2026-01-12,csf_wbc,2,/uL,"))
    assert reading.course.start == dt.date(2026, 1, 12)
    assert any("no dose in the file" in remark for remark in reading.remarks)


def test_a_date_after_today_is_refused():
    text = dated("2026-07-01,dose,100,mg,intrathecal")
    message = fault(text).message
    assert "2026-07-01 lies after 2026-06-30" in message and "--on" in message
    assert read(text, dt.date(2026, 7, 1)).course.doses


def test_a_day_that_comes_to_a_future_date_is_refused():
    rows = ("0,2026-06-16,dose,100,mg,intrathecal", "14,,dose,100,mg,intrathecal")
    assert read(dated(*rows, head=BOTH)).course.doses
    assert fault(dated(*rows, head=BOTH), dt.date(2026, 6, 29)).line == 3


def test_without_today_the_latest_date_on_earth_counts():
    now = dt.datetime.now(dt.UTC)
    east = (now + dt.timedelta(hours=14)).date()
    text = "{},dose,100,mg,intrathecal"
    assert read(dated(text.format(east)), None).course.doses
    message = fault(dated(text.format(east + dt.timedelta(days=2))), None).message
    assert "--on" not in message


@pytest.mark.parametrize("text", ["01/02/2026", "1.2.2026", "20260201", "2026-W05-1", "46000"])
def test_a_date_that_is_not_iso_is_refused_with_the_reason(text):
    message = fault(dated(f"{text},dose,100,mg,intrathecal")).message
    assert f"expected YYYY-MM-DD, found '{text}'" in message and "one country" in message


@pytest.mark.parametrize("text", ["2026-02-30", "2025-02-29", "2026-13-01", "0000-01-01"])
def test_an_impossible_date_is_refused(text):
    assert f"there is no day {text}" in fault(dated(f"{text},dose,100,mg,intrathecal")).message


@pytest.mark.parametrize("text", ["1026-01-01", "2926-01-01"])
def test_a_date_of_another_century_is_refused(text):
    assert "outside 1900 to 2199" in fault(dated(f"{text},event,a,,")).message


def test_a_day_that_is_no_number_is_refused():
    assert "day: expected a number such as 28, found 'D28'" in fault(row(day="D28")).message
    assert "write it in a column 'date'" in fault(row(day="2026-01-12")).message
    assert "more than 40000 days" in fault(row("event", "a", "", "", day="1e9")).message


def test_a_row_without_day_and_date_is_refused():
    assert "neither day nor date" in fault(row(day="")).message


def test_days_and_dates_mix_where_a_row_joins_them():
    text = dated(
        "0,2026-01-12,dose,100,mg,intrathecal",
        "14,,dose,100,mg,intrathecal",
        ",2026-02-09,dose,100,mg,intrathecal",
        head=BOTH,
    )
    course = read(text).course
    assert course.start == dt.date(2026, 1, 12)
    assert [d.time_d for d in course.doses] == [0, 14, 28]


def test_days_and_dates_that_no_row_joins_are_refused_at_the_rarer():
    text = dated(
        "0,,dose,100,mg,intrathecal",
        "14,,dose,100,mg,intrathecal",
        ",2026-02-09,dose,100,mg,intrathecal",
        head=BOTH,
    )
    found = fault(text)
    assert found.line == 4 and "Write the day instead of the date on line 4" in found.message


def test_every_row_that_disagrees_about_day_0_is_a_fault():
    text = dated(
        *(f"{d},2026-01-{12 + d:02},event,a,," for d in range(3)),
        "3,2026-01-16,event,a,,",
        "4,2026-01-15,event,a,,",
        head=BOTH,
    )
    assert [f.line for f in faults(text)] == [5, 6]
    assert "day 0 2026-01-13, elsewhere it is 2026-01-12" in faults(text)[0].message


# -- writing


@pytest.fixture
def course() -> Course:
    return Course(
        patient_id="p",
        start=dt.date(2026, 1, 12),
        doses=(Dose(time_d=0, amount_mg=100), Dose(time_d=14, amount_mg=66.7, route="")),
        observations=(
            Observation(time_d=0, kind="csf_wbc", value=5, unit="cells/uL", is_below=True),
            Observation(time_d=14.25, kind="svc", value=81.5, unit="% predicted", note="a\rb, c"),
        ),
        events=(Event(time_d=-3, name="headache"), Event(time_d=14, name="fall", note='"so"')),
    )


def test_a_written_file_is_canonical_with_what_was_measured_before_the_dose(course):
    assert format_course(course).splitlines()[:5] == [
        "id,day,date,kind,value,unit,method,note,source",
        "p,-3,2026-01-09,event,headache,,,,",
        "p,0,2026-01-12,csf_wbc,<5,cells/uL,,,",
        "p,0,2026-01-12,dose,100,mg,intrathecal,,",
        'p,14,2026-01-26,event,fall,,,"""so""",',
    ]


def test_a_written_file_reads_back(course, tmp_path):
    write_course(course, tmp_path / "p.csv")
    assert read_course(tmp_path / "p.csv").course == course
    assert os.listdir(tmp_path) == ["p.csv"]


def test_an_interrupted_write_leaves_the_old_file(course, tmp_path, monkeypatch):
    path = tmp_path / "p.csv"
    path.write_text("old")

    def interrupt(*_):
        raise KeyboardInterrupt

    for step in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, step, interrupt)
            with pytest.raises(KeyboardInterrupt):
                write_course(course, path)
        assert path.read_text() == "old"
        assert os.listdir(tmp_path) == ["p.csv"]


def test_a_file_closed_to_others_stays_closed_and_a_link_stays_a_link(course, tmp_path):
    path, link = tmp_path / "p.csv", tmp_path / "link.csv"
    path.touch(mode=0o600)
    link.symlink_to(path)
    write_course(course, link)
    assert link.is_symlink() and read_course(path).course == course
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "changes",
    [
        {"patient_id": ""},
        {"patient_id": " p"},
        {"doses": (), "observations": (), "events": ()},
        {"doses": (Dose(time_d=0, amount_mg=5000),)},
        {"doses": (Dose(time_d=0, amount_mg=100, route="oral"),)},
        {"events": (Event(time_d=0, name="Not a word"),)},
        {"events": (Event(time_d=0, name="a", note="\0"),)},
        {"events": (Event(time_d=0, name="a", note="\ud800"),)},
        {"events": (Event(time_d=float("nan"), name="a"),)},
        {"events": (Event(time_d=1e300, name="a"),)},
        {"observations": (Observation(time_d=0, kind="svc", value=float("inf"), unit="%"),)},
        {"observations": (Observation(time_d=0, kind="svc", value=80, unit="%"),)},
    ],
)
def test_a_course_the_format_cannot_carry_is_refused_and_not_changed(course, changes, tmp_path):
    fields = ("patient_id", "start", "doses", "observations", "events")
    whole = {name: getattr(course, name) for name in fields} | changes
    with pytest.raises(CourseError, match="cannot be written as a course file"):
        write_course(Course(**whole), tmp_path / "p.csv")
    assert os.listdir(tmp_path) == []


def test_importing_the_reader_loads_nothing_heavy():
    """`thecal due` starts in 0.4 s only if its imports stay small."""
    code = "import sys, thecal.interop.records; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert "thecal.interop.records" in loaded.split()
    heavy = {"numpy", "pandas", "yaml", "jax", "difflib", "decimal", "tempfile", "typer"}
    assert not heavy & set(loaded.split())


def test_a_spreadsheet_s_line_that_names_the_separator_is_passed_over():
    reading = read("sep=;\r\nid;day;kind;value;unit\r\np;0;dose;100;mg\r\n")
    assert len(reading.course.doses) == 1
    assert any("names the separator" in remark for remark in reading.remarks)
    with pytest.raises(RecordError, match="line 3: "):
        read("sep=;\nid;day;kind;value;unit\np;0;dose;x;mg\n")
