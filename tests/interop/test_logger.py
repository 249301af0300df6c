"""Readings out of a logger's export: what is understood, refused, and never repeated."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.clinic.coldchain.pieces import State
from thecal.errors import LoggerError, ThecalError
from thecal.interop import logger
from thecal.interop.custody import parse_custody, read_span, without_overlap
from thecal.interop.logger import parse_log, read_log
from thecal.interop.stamps import read_offset, read_zone

ROOT = Path(__file__).resolve().parents[2]
VIALS = ROOT / "examples" / "vial"


def at(text: str) -> int:
    """A moment, as ISO with its offset."""
    return int(dt.datetime.fromisoformat(text).timestamp())


def rows(text: str, **options) -> list[tuple[int, float]]:
    return [(r.at_s, r.temperature_C) for r in parse_log(text.encode(), **options).readings]


def faults(text: str | bytes, **options) -> list[str]:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(LoggerError) as refused:
        parse_log(data, **options)
    return [str(fault) for fault in refused.value.faults]


PLAIN = "Date Time,Temperature (°C)\n2026-03-02 10:00,5.1\n2026-03-02 10:10,5.3\n"
TWO = [(at("2026-03-02T10:00+00:00"), 5.1), (at("2026-03-02T10:10+00:00"), 5.3)]

# -- dialects


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        "Time;Temp °C\n2026-03-02T10:00:00Z;5,1\n2026-03-02T10:10:00Z;5,3\n",
        "Timestamp\tTemperature\n2026/03/02 10:00\t5.1 °C\n2026/03/02 10:10\t5.3°C\n",
        "Datum;Uhrzeit;Messwert [°C]\n02.03.2026;10:00:00;5,1\n02.03.2026;10:10:00;5,3\n",
        "Date,Time,Ch1 (C)\n02-Mar-2026,10:00 AM,5.1\n02-Mar-2026,10:10 AM,5.3\n",
        "Date,Time,Temp C\n02/03/2026,10:00,5.1\n02/03/2026,10:10,5.3\n13/03/2026,10:00,5.0\n",
        '"#","Date Time, GMT+00:00","Temp, °C (sensor 7, kitchen low)"\n'
        '1,"2026-03-02 10:00:00",5.1\n2,"2026-03-02 10:10:00",5.3\n',
        "Reading,Date and time,Temperature,Unit\n"
        "1,Mar 2 2026 10:00,5.1,C\n2,Mar 2 2026 10:10,5.3,C\n",
        "Time,Temperature °F\n2026-03-02 10:00,41.18\n2026-03-02 10:10,41.54\n",
        "sep=;\nFecha;Hora;Temperatura °C\n2026-03-02;10:00;5.1\n2026-03-02;10:10;5.3\n",
        "Time,Temp °C,Dew point °C,High alarm °C,RH %\n"
        "2026-03-02 10:00,5.1,1,8,40\n2026-03-02 10:10,5.3,1,8,41\n",
        "Time,Temp °C,\n2026-03-02 10:00,5.1,\n2026-03-02 10:10,5.3,\n",
        "Unit,Celsius\n\nTime,Temperature\n2026-03-02 10:00,5.1\n2026-03-02 10:10,5.3\n",
        "Temperature unit;C\n\nTime;Temperature\n2026-03-02 10:00;5.1\n2026-03-02 10:10;5.3\n",
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
    ],
)
def test_every_dialect_gives_the_same_readings(text):
    """Comma, semicolon, tab; one column of time or two; decimal comma; °F; a preamble."""
    found = [pair for pair in rows(text) if pair[0] < at("2026-03-10T00:00+00:00")]
    assert found == TWO


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.encode("latin-1"),
    ],
)
def test_every_encoding_gives_the_same_readings(data):
    log = parse_log(data)
    assert [(r.at_s, r.temperature_C) for r in log.readings] == TWO
    assert log.said == (
        ("the file is not UTF-8; it was read as Latin-1",)
        if data == PLAIN.encode("latin-1")
        else ()
    )


def test_a_reading_knows_its_line():
    log = parse_log(f"A preamble\n\n{PLAIN}".encode())
    assert [reading.line for reading in log.readings] == [4, 5]


@pytest.mark.parametrize(
    ("clock", "second"),
    [
        ("12:00 AM", 0),
        ("12:30 am", 1800),
        ("1:05 p.m.", 47100),
        ("12:00 PM", 43200),
        ("11:59PM", 86340),
    ],
)
def test_a_clock_of_twelve_hours(clock, second):
    """12 AM is midnight, 12 PM noon."""
    found = rows(f"Time,Temp °C\n2026-03-02 {clock},5\n")
    assert found[0][0] == at("2026-03-02T00:00+00:00") + second


@pytest.mark.parametrize("name", ["refrigerator.csv", "ward.csv", "parked.tsv", "weekend.csv"])
def test_the_examples_are_read(name):
    log = read_log(VIALS / name, dates="mdy" if name == "weekend.csv" else None)
    assert len(log.readings) > 50
    assert log.is_zone_stated is (name != "ward.csv")


# -- units


def test_a_file_without_a_unit_is_refused():
    text = "Time,Temperature\n2026-03-02 10:00,5.1\n"
    assert "no unit" in faults(text)[0]
    assert rows(text, unit="C") == TWO[:1]


def test_a_unit_that_contradicts_another_is_refused():
    assert "--unit says F" in faults(PLAIN, unit="F")[0]
    mixed = "Time,Temp (°C)\n2026-03-02 10:00,5.1\n2026-03-02 10:10,41 °F\n"
    assert faults(mixed)[0].startswith("line 3: °F here")


def test_fahrenheit_that_makes_sense_only_in_celsius_is_refused():
    """A refrigerator at 2 to 8 °F would be a freezer."""
    text = "Time,Temp (°F)\n2026-03-02 10:00,5.1\n2026-03-02 10:10,6.3\n"
    assert "in °C its values are those of a refrigerator" in faults(text)[0]
    assert rows(text, unit="F")[0][1] == pytest.approx(-14.944444)


def test_celsius_that_makes_sense_only_in_fahrenheit_is_refused():
    text = "Time,Temp (°C)\n2026-03-02 10:00,41\n2026-03-02 10:10,43\n"
    assert "in °F" in faults(text)[0]
    assert rows(text, unit="C")[0][1] == 41


def test_a_hot_hour_does_not_make_celsius_fahrenheit():
    text = "Time,Temp (°C)\n2026-03-02 10:00,5\n2026-03-02 10:10,43\n"
    assert [value for _, value in rows(text)] == [5, 43]


@pytest.mark.parametrize("value", ["-127", "999.9", "3276.7"])
def test_the_value_of_a_lost_sensor_is_no_temperature(value):
    assert "no temperature of a vial" in faults(PLAIN + f"2026-03-02 10:20,{value}\n")[0]


@pytest.mark.parametrize("value", ["", "--", "N/A", "NaN", "Error"])
def test_a_row_without_a_temperature_is_no_reading_and_said(value):
    log = parse_log((PLAIN + f"2026-03-02 10:20,{value}\n").encode())
    assert len(log.readings) == 2
    assert "1 row without a temperature: no reading" in log.said


def test_a_true_minus_is_a_minus():
    assert rows("Time,Temp °C\n2026-03-02 10:00,−1.5\n")[0][1] == -1.5


# -- dates


def test_a_date_that_may_be_two_is_refused_unless_somebody_decides():
    text = "Time,Temp °C\n03/04/2026 10:00,5\n"
    assert "--dates dmy" in faults(text)[0]
    assert rows(text, dates="dmy")[0][0] == at("2026-04-03T10:00+00:00")
    assert rows(text, dates="mdy")[0][0] == at("2026-03-04T10:00+00:00")


def test_one_date_of_the_file_decides_for_all():
    early = "Time,Temp °C\n03/04/2026 10:00,5\n13/04/2026 10:00,5\n"
    assert rows(early)[0][0] == at("2026-04-03T10:00+00:00")
    late = "Time,Temp °C\n03/04/2026 10:00,5\n03/14/2026 10:00,5\n"
    assert rows(late)[0][0] == at("2026-03-04T10:00+00:00")


def test_the_header_may_say_the_order():
    text = "Date (MM/DD/YYYY),Time,Temp °C\n03/04/2026,10:00,5\n"
    assert rows(text)[0][0] == at("2026-03-04T10:00+00:00")
    assert rows(text.replace("MM/DD", "dd/mm"))[0][0] == at("2026-04-03T10:00+00:00")


def test_a_date_that_is_the_same_either_way_needs_no_decision():
    assert rows("Time,Temp °C\n04/04/2026 10:00,5\n")[0][0] == at("2026-04-04T10:00+00:00")


def test_two_orders_in_one_file_are_refused():
    text = "Time,Temp °C\n13/04/2026 10:00,5\n04/14/2026 10:00,5\n"
    assert "stand in one file" in faults(text)[0]
    assert "cannot be mdy" in faults(text.replace("04/14", "14/04"), dates="mdy")[0]


def test_a_year_of_two_digits_needs_the_order_of_the_date():
    text = "Time,Temp °C\n13/04/26 10:00,5\n"
    assert "two digits" in faults(text)[0]  # 26 April 2013, too
    assert rows(text, dates="dmy")[0][0] == at("2026-04-13T10:00+00:00")
    assert "two digits" in faults(text.replace("/", "."))[0]
    assert rows(text.replace("/", "."), dates="dmy")[0][0] == at("2026-04-13T10:00+00:00")


def test_a_year_of_two_digits_is_told_once_for_the_whole_file():
    days = "".join(f"0{day}/04/26 10:00,5\n" for day in range(1, 10))
    (told,) = faults(f"Time,Temp °C\n{days}")
    assert told == (
        "line 2: '01/04/26' has a year of two digits, and so have 8 other dates; say --dates dmy "
        "or --dates mdy"
    )
    (one,) = faults("Time,Temp °C\n01/04/26 10:00,5\n")
    assert one == "line 2: '01/04/26' has a year of two digits; say --dates dmy or --dates mdy"
    assert "and so has 1 other date;" in faults(f"Time,Temp °C\n{days[:36]}")[0]


def test_a_month_first_that_a_date_proves_decides_years_of_two_digits_and_is_said():
    """Of 03/13/26 only one reading is a date: neither 13 nor 26 is a month."""
    log = parse_log(b"Time,Temp C\n03/12/26 10:00,5\n03/13/26 10:00,6\n")
    assert [r.at_s for r in log.readings] == [at("2026-03-12T10:00Z"), at("2026-03-13T10:00Z")]
    assert any("month stands first" in said and "03/13/26" in said for said in log.said)
    full = parse_log(b"Time,Temp C\n03/12/26 10:00,5\n13/12/2026 10:00,6\n")
    assert full.readings[0].at_s == at("2026-12-03T10:00Z")  # day first, by a year of four digits


def test_a_year_that_may_stand_first_is_not_taken_for_a_day():
    """26/03/13 may be 13 March 2026: read as 26 March 2013 it would be thirteen years off."""
    assert "two digits" in faults("Time,Temp C\n26/03/13 10:00,5\n")[0]


def test_the_order_that_the_reader_says_holds_for_points_too():
    text = "Time,Temp C\n02.03.2026 10:00,5\n"
    assert rows(text)[0][0] == at("2026-03-02T10:00+00:00")
    assert rows(text, dates="mdy")[0][0] == at("2026-02-03T10:00+00:00")


def test_what_is_wrong_on_every_line_is_told_once():
    """A hundred times the same sentence hides the other one."""
    bad = "".join("yesterday 4,5\n" for _ in range(60))
    first, second = faults(f"{PLAIN}{bad}2026-03-02 11:00,warm\n")
    assert first.startswith("line 4: ") and "(the same on 59 lines more, to 63)" in first
    assert second.startswith("line 64: ")
    text = "Time,Temp °C\n" + "".join(f"{day}/04/2026 10:00,5\n" for day in range(13, 20))
    (told,) = faults(text, dates="mdy")
    assert told == "line 2: '13/04/2026' cannot be mdy, as said; nor can 6 other dates"


@pytest.mark.parametrize(
    "time",
    [
        *("2026-02-30 10:00", "31/31/2026 10:00", "2026-03-02 24:00", "2026-03-02 10:60"),
        *("2026-03-02 13:00 PM", "2026-03-02 0:30 AM", "2026-03-02", "1970-01-01 00:00"),
        *("2026-03-02 10:00+25:00", "02-Foo-2026 10:00", "yesterday 4"),
    ],
)
def test_what_is_no_time_is_refused_at_its_line(time):
    assert faults(f"{PLAIN}{time},5\n")[0].startswith("line 4: ")


# -- zones


def test_an_offset_in_the_cell_decides():
    log = parse_log(b"Time,Temp C\n2026-03-02T10:00:00+02:00,5\n2026-03-02T09:30:00+01:00,6\n")
    assert [r.at_s for r in log.readings] == [at("2026-03-02T08:00Z"), at("2026-03-02T08:30Z")]
    assert str(log.zone) == "UTC+02:00" and log.is_zone_stated


def test_an_offset_in_the_header_decides():
    for header in ('"Date Time, GMT-05:00"', "Time (UTC-5)", "Time zone;UTC-05:00\nTime"):
        text = f"{header},Temp C\n2026-03-02 10:00,5\n"
        assert rows(text)[0][0] == at("2026-03-02T15:00Z"), header
    named = "Zeitzone: America/New_York\nTime,Temp C\n2026-07-02 10:00,5\n"
    assert rows(named)[0][0] == at("2026-07-02T14:00Z")


def test_the_zone_of_the_clinic_does_not_move_times_that_have_an_offset():
    text = "Time (UTC),Temp C\n2026-03-02 10:00,5\n"
    log = parse_log(text.encode(), zone="Europe/Berlin")
    assert log.readings[0].at_s == at("2026-03-02T10:00Z")
    assert str(log.zone) == "Europe/Berlin"


def test_a_zone_in_words_that_cannot_be_read_is_refused():
    text = "Time zone: W. Europe Standard Time\nTime,Temp C\n2026-03-02 10:00,5\n"
    assert faults(text)[0].startswith("line 1: ")
    assert rows(text, zone="Europe/Berlin")[0][0] == at("2026-03-02T09:00Z")


def test_without_a_zone_the_clock_is_taken_as_it_is():
    log = parse_log(PLAIN.encode())
    assert (log.zone, log.is_zone_stated) == (dt.UTC, False)


def test_the_hour_that_clocks_show_twice_is_taken_in_the_order_of_the_file():
    """Berlin, 25 Oct 2026: 02:00 to 03:00 is shown in summer time, then in winter time."""
    clock = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    text = "Time,Temp C\n" + "".join(f"2026-10-25 {c},{i + 2}\n" for i, c in enumerate(clock))
    log = parse_log(text.encode(), zone="Europe/Berlin")
    steps = [r.at_s - log.readings[0].at_s for r in log.readings]
    assert steps == [0, 1800, 3600, 5400, 7200, 9000]
    assert [r.temperature_C for r in log.readings] == [2, 3, 4, 5, 6, 7]
    assert any("show twice" in words for words in log.said)
    falling = "Time,Temp C\n" + "".join(
        f"2026-10-25 {c},{i + 2}\n" for i, c in reversed(list(enumerate(clock)))
    )
    assert [
        (r.at_s, r.temperature_C)
        for r in parse_log(falling.encode(), zone="Europe/Berlin").readings
    ] == [(r.at_s, r.temperature_C) for r in log.readings]


def test_the_hour_that_clocks_skip_is_refused_once():
    """Berlin, 29 Mar 2026: 02:00 to 03:00 is not shown; a logger's own clock shows it."""
    text = "Time,Temp C\n" + "".join(f"2026-03-29 02:{m:02},5\n" for m in range(0, 60, 10))
    (fault,) = faults(text, zone="Europe/Berlin")
    assert fault.startswith("line 2: from here 6 times")
    assert len(rows(text, zone="+01:00")) == 6


def test_a_clock_that_goes_back_needs_a_zone():
    clock = ["02:00", "02:30", "02:00", "02:30", "03:00"]
    text = "Time,Temp C\n" + "".join(f"2026-10-25 {c},5\n" for c in clock)
    assert faults(text)[0].startswith("line 4: the clock goes back")


def test_a_file_that_begins_with_the_newest_reading_is_turned():
    lines = PLAIN.splitlines()
    log = parse_log("\n".join([lines[0], *lines[:0:-1]]).encode())
    assert [(r.at_s, r.temperature_C) for r in log.readings] == TWO
    assert any("newest" in words for words in log.said)


def test_some_times_with_an_offset_and_some_without_are_refused():
    text = "Time,Temp C\n2026-03-02 10:00Z,5\n2026-03-02 10:10,5\n"
    assert faults(text)[0].startswith("line 3: no offset")
    assert len(rows(text, zone="UTC")) == 2


@pytest.mark.parametrize(
    ("text", "offset_s"),
    [("Z", 0), ("UTC", 0), ("+01:00", 3600), ("UTC-5", -18000), ("+0530", 19800), ("", None)],
)
def test_offsets(text, offset_s):
    assert read_offset(text) == offset_s


@pytest.mark.parametrize("text", ["Berlin", "Europe/Nowhere", "../etc/passwd", "+99:00", "\0", "/"])
def test_a_zone_that_is_none_is_refused(text):
    with pytest.raises(ThecalError, match="--zone"):
        read_zone(text)


# -- rows


def test_rows_that_stand_twice_are_dropped_and_said():
    log = parse_log((PLAIN + "2026-03-02 10:10,5.3\n").encode())
    assert [(r.at_s, r.temperature_C) for r in log.readings] == TWO
    assert "1 row with the time and temperature of another dropped" in log.said


def test_two_temperatures_of_one_moment_are_both_kept():
    assert [value for _, value in rows(PLAIN + "2026-03-02 10:10,5.9\n")] == [5.1, 5.3, 5.9]


def test_rows_out_of_order_are_put_in_order_and_said():
    text = PLAIN + "2026-03-02 10:30,5\n2026-03-02 10:20,6\n"
    log = parse_log(text.encode(), zone="Europe/Berlin")
    assert [r.temperature_C for r in log.readings] == [5.1, 5.3, 6, 5]
    assert "rows out of order were put in the order of time" in log.said


def test_of_several_sensors_one_must_be_named():
    text = "Time,Probe A °C,Probe B °C\n2026-03-02 10:00,5.1,21\n"
    assert "2 sensors, in columns 2, 3" in faults(text)[0]
    assert rows(text, sensor=2) == [(TWO[0][0], 21)]
    assert "--sensor 3" in faults(text, sensor=3)[0]
    long = "Sensor,Time,Temp C\nA,2026-03-02 10:00,5\nB,2026-03-02 10:00,21\n"
    assert "rows of 2 sensors" in faults(long)[0]
    assert rows(long, sensor=2) == [(TWO[0][0], 21)]
    assert "--sensor 3" in faults(long, sensor=3)[0]
    assert "--sensor 2" in faults(PLAIN, sensor=2)[0]


def test_a_footer_is_passed_over_and_said_but_not_in_the_middle():
    log = parse_log((PLAIN + "End of data\nMaximum,5.3\n").encode())
    assert len(log.readings) == 2
    assert "2 rows after the last reading not read" in log.said
    middle = PLAIN + "Pause,1\n2026-03-02 10:20,5\n"
    assert faults(middle)[0].startswith("line 4: a row without a time")


def test_all_faults_are_told_at_once_with_their_lines():
    text = PLAIN + "2026-03-02 10:20,warm\n2026-13-02 10:30,5\n2026-03-02 10:40,5,6,7\n"
    assert [f.split(":")[0] for f in faults(text)] == ["line 4", "line 5", "line 6"]


def test_a_decimal_comma_between_commas_is_refused():
    assert "decimal comma" in faults("Time,Temp °C\n2026-03-02 10:00,5,1\n")[0]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"  \n\n", "empty"),
        (b"PK\x03\x04xxxx", "workbook"),
        (b"a,b\n1,2\n", "names a column of times"),
        (b"Time,Temp C\n", "no row below"),
        (b"Time,Temp C\n2026-03-02 10:00,\n", "no row below"),
        (b"Time,Temp C\n" + b"x" * 10_001, "a line has at most"),
        (b'Time,Temp C\n"2026-03-02 10:00,5\n', "quotation mark"),
        (b"Time,Temp C\n2026-03-02 10:00,\x005\n", "NUL"),
        (b"\xff\xfe\x00", "UTF-16"),
    ],
)
def test_what_is_no_log_is_refused_in_words(data, says):
    assert any(says in fault for fault in faults(data))


def test_a_file_is_bounded(monkeypatch):
    monkeypatch.setattr(logger, "MAX_BYTES", 100)
    assert "more than 100 bytes" in faults(PLAIN + "x" * 100)[0]
    monkeypatch.setattr(logger, "MAX_BYTES", 10_000)
    monkeypatch.setattr(logger, "MAX_ROWS", 1)
    assert "more than 1 rows" in faults(PLAIN)[0]
    monkeypatch.setattr(logger, "MAX_ROWS", 1000)
    assert (
        "reading stopped at 100 faults" in faults("Time,Temp C\n" + "2026-03-02 10:00,x\n" * 200)[0]
    )


# -- names


CANARIES = ("Annegret", "Mustermann", "SN-88412-XQ", "Lot7788AB")


@pytest.mark.parametrize(
    "text",
    [
        "Patient,{0} {1}\nSerial,{2}\nTime,Temp C\n{0} 4,5\n",
        "Time,Temp C\n{1} 2026-03-02 10:00,5\n",
        "Time,Temp C\n2026-03-02 10:00,{0}\n",
        "Time,Temp C\n2026-03-02 10:00,5,{2}\n",
        "Time,{0} °C,{1} °C\n2026-03-02 10:00,5,6\n",
        "Time zone: {0} {1}\nTime,Temp C\n2026-03-02 10:00,5\n",
        "Sensor,Time,Temp C\n{0},2026-03-02 10:00,5\n{2},2026-03-02 10:00,6\n",
        "{0},{1}\n{2},{3}\n",
        "Time,Temp C\n2026-{0}-02 10:00,5\n",
        'Time,Temp C\n"{0}\n',
        "Time,Temp C,Unit\n2026-03-02 10:00,5,{3}\n",
        "Time,Temp C\n2026-03-02 10:00,{2}\n",
        "Time,Temp C\n{2},5\n",
        "Time,Temp C\n{3} 10:00,5\n",
    ],
)
def test_names_and_numbers_of_devices_are_never_repeated(text):
    with pytest.raises(LoggerError) as refused:
        parse_log(text.format(*CANARIES).encode())
    for canary in CANARIES:
        assert canary not in str(refused.value)
        assert canary[:5] not in str(refused.value)


def test_what_is_said_of_a_good_file_holds_no_name():
    text = f"{CANARIES[0]},{CANARIES[2]}\n{PLAIN}{CANARIES[1]}\n"
    for words in parse_log(text.encode()).said:
        assert not any(canary in words for canary in CANARIES)


# -- any bytes


PIECES = st.sampled_from(
    [
        *("Time", "Temperature", "°C", "°F", "Date", "Sensor", "Unit", ",", ";", "\t", '"', "\n"),
        *("2026-03-02 10:00", "03/04/2026", "10:00 PM", "+02:00", "5.1", "5,1", "-", "\r", "\0"),
        *("GMT-05:00", "Time zone", "Time,Temp C\n", "é", " ", "24:00", "99999999999", "1e9"),
    ]
)
ANY = st.one_of(
    st.binary(max_size=300),
    st.lists(PIECES, max_size=40).map(lambda parts: "".join(parts).encode()),
    st.lists(PIECES, max_size=40).map(lambda parts: ("Time,Temp C\n" + "".join(parts)).encode()),
    st.lists(PIECES, max_size=20).map(lambda parts: "".join(parts).encode("utf-16")),
)


@settings(max_examples=400)
@given(
    data=ANY,
    zone=st.sampled_from([None, "Europe/Berlin", "+01:00"]),
    dates=st.sampled_from([None, "dmy", "mdy"]),
    unit=st.sampled_from([None, "C", "F"]),
    sensor=st.sampled_from([None, 1, 2]),
)
def test_any_bytes_give_a_log_or_one_error(data, zone, dates, unit, sensor):
    try:
        log = parse_log(data, zone=zone, dates=dates, unit=unit, sensor=sensor)
    except LoggerError as error:
        assert error.faults
    else:
        assert log.readings
        assert list(log.readings) == sorted(log.readings)


@settings(max_examples=200)
@given(
    position=st.integers(0, 10_000),
    byte=st.integers(0, 255),
    name=st.sampled_from(["ward.csv", "parked.tsv"]),
)
def test_one_changed_byte_gives_a_log_or_one_error(position, byte, name):
    data = bytearray((VIALS / name).read_bytes()[:2000])
    data[position % len(data)] = byte
    try:
        assert parse_log(bytes(data)).readings
    except LoggerError as error:
        assert error.faults


# -- custody


CUSTODY = "from,to,state\n2026-03-02 08:00,2026-03-02 09:00,carton\n"


def test_custody_is_read_in_the_zone_of_the_log():
    (stay,) = parse_custody(CUSTODY.encode(), read_zone("Europe/Berlin"))
    assert (stay.start_s, stay.end_s) == (at("2026-03-02T07:00Z"), at("2026-03-02T08:00Z"))
    assert stay.state is State.CARTON
    (stay,) = parse_custody(CUSTODY.replace("00,", "00Z,").encode(), read_zone("Europe/Berlin"))
    assert stay.start_s == at("2026-03-02T08:00Z")


def test_custody_faults_are_told_at_once_and_hold_no_name():
    text = CUSTODY + (
        "2026-03-02 08:30,2026-03-02 09:30,refrigerator\n"
        "2026-03-03 09:00,2026-03-03 08:00,carton\n"
        "2026-03-04 09:00,2026-03-04 10:00,Annegret\n"
        "03/04/2026 09:00,2026-03-04 10:00,carton\n"
        "2026-03-29 02:30,2026-03-29 10:00,carton\n"
        "2026-10-25 02:30,2026-10-25 10:00,carton\n"
        "a,b\n"
    )
    with pytest.raises(LoggerError) as refused:
        parse_custody(text.encode(), read_zone("Europe/Berlin"))
    assert {fault.line for fault in refused.value.faults} == {3, 4, 5, 6, 7, 8, 9}
    assert "Anne" not in str(refused.value)


@pytest.mark.parametrize(
    "data", [b"", b"a,b,c\n", b"\xff", b"x" * 1_000_001, b'"' + b"x" * 200_000]
)
def test_what_is_no_custody_file_is_refused(data):
    with pytest.raises(LoggerError):
        parse_custody(data, dt.UTC)


def test_a_span_is_from_and_to():
    span = read_span("2026-03-02 08:00/2026-03-02 09:00", State.OUT_OF_CARTON, dt.UTC)
    assert (span.start_s, span.end_s) == (at("2026-03-02T08:00Z"), at("2026-03-02T09:00Z"))
    for wrong in ("Annegret", "2026-03-02 08:00", "a/b", "2026-03-02 09:00/2026-03-02 09:00"):
        with pytest.raises(ThecalError) as refused:
            read_span(wrong, State.OUT_OF_CARTON, dt.UTC)
        assert "Anne" not in str(refused.value)
    with pytest.raises(ThecalError, match="overlap"):
        without_overlap((span, span))
    assert without_overlap((span,)) == (span,)


@settings(max_examples=200)
@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.lists(PIECES, max_size=20).map(lambda p: ("from,to,state\n" + "".join(p)).encode()),
    )
)
def test_any_bytes_give_custody_or_one_error(data):
    try:
        parse_custody(data, read_zone("Europe/Berlin"))
    except LoggerError as error:
        assert error.faults
