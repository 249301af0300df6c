"""The evidence file is read to the cell; a fault is told with its line, whatever the bytes."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.datafile import DRUGS
from thecal.errors import CatalogError, DataFileError
from thecal.infer.evidence import (
    COLUMNS,
    MAX_ROWS,
    STATISTICS,
    USES,
    Target,
    fingerprint,
    load_evidence,
    read_evidence,
)
from thecal.infer.predict import _STATISTICS, COUNTED

PATH = DRUGS / "tofersen" / "evidence.csv"
EVIDENCE = load_evidence("tofersen")
ROW = dict.fromkeys(COLUMNS, "") | {
    "id": "T900",
    "value": "0.6",
    "lo": "0.5",
    "hi": "0.72",
    "interval": "95 % CI",
    "source": "a test",
    "confirmed": "yes",
    "study": "valor",
    "statistic": "gmr",
    "output": "nfl",
    "day": "196",
    "use": "validation",
}


def text_of(*rows: dict[str, str], header: list[str] = COLUMNS) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([row[column] for column in COLUMNS] for row in rows)
    return out.getvalue()


def read(folder: Path, data: str | bytes) -> tuple[Target, ...]:
    path = folder / "evidence.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_evidence(path)


def faults_of(folder: Path, data: str | bytes) -> dict[int, str]:
    with pytest.raises(DataFileError) as caught:
        read(folder, data)
    return {fault.line: fault.message for fault in caught.value.faults}


def test_every_row_is_a_target_in_the_order_of_the_file():
    """The csv module is the witness; what is empty is NaN, 0 or 'all'."""
    with PATH.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [t.id for t in EVIDENCE] == [row["id"] for row in rows]
    for target, row in zip(EVIDENCE, rows, strict=True):
        assert target.value == float(row["value"]) and target.source == row["source"]
        assert target.n == int(row["n"] or 0) and target.stratum == (row["stratum"] or "all")
        assert math.isnan(target.day) == (row["day"] == "")
        assert target.is_confirmed == (row["confirmed"] == "yes")


def test_every_number_says_what_it_is_for():
    assert {t.use for t in EVIDENCE} == set(USES)
    for t in EVIDENCE:
        assert t.source and (t.is_predicted or t.note)
        assert bool(t.statistic) == t.is_predicted
    assert len({t.id for t in EVIDENCE}) == len(EVIDENCE)


def test_a_statistic_that_may_be_named_is_one_that_is_computed():
    assert set(STATISTICS) - {""} == set(_STATISTICS) | set(COUNTED)
    assert not set(_STATISTICS) & set(COUNTED)


def test_a_medicine_without_evidence_is_a_catalog_error():
    with pytest.raises(CatalogError, match="no evidence of 'aspirin'"):
        load_evidence("aspirin")


# ---- standard errors


def target(**changes: object) -> Target:
    given_ = {**{name: getattr(EVIDENCE[0], name) for name in Target.__slots__}, **changes}
    return Target(**given_)


def test_a_standard_error_is_that_of_its_interval():
    """By hand: (0.72 − 0.5) / 3.92; ln(0.72 / 0.5) / 3.92; SD 8 of 16 people is 2."""
    ci = {"lo": 0.5, "hi": 0.72, "interval": "95 % CI"}
    assert target(**ci, statistic="mean change").standard_error() == pytest.approx(
        0.0561224, rel=1e-5
    )
    assert target(**ci, statistic="gmr").standard_error() == pytest.approx(0.0930216, rel=1e-5)
    sd = {"lo": 12.0, "hi": 28.0, "interval": "mean ± SD"}
    assert target(**sd, n=16).standard_error() == 2
    assert target(**sd, n=0).standard_error(64) == 1
    assert math.isnan(target(**sd, n=0).standard_error())
    assert target(**{**sd, "interval": "± SE"}).standard_error() == 8
    for interval in ("", "range", "stated range", "bound"):
        assert math.isnan(target(**{**sd, "interval": interval}, n=16).standard_error())


@given(st.floats(0.01, 10), st.floats(0.001, 1))
def test_the_error_of_a_ratio_is_that_of_its_inverse(middle, error):
    """1 / ratio has the same standard error of its logarithm."""
    lo, hi = middle * math.exp(-1.96 * error), middle * math.exp(1.96 * error)
    ratio = target(value=middle, lo=lo, hi=hi, interval="95 % CI", statistic="gmr")
    inverse = replace(ratio, value=1 / middle, lo=1 / hi, hi=1 / lo)
    assert ratio.standard_error() == pytest.approx(error, rel=1e-9)
    assert inverse.standard_error() == pytest.approx(error, rel=1e-9)


# ---- faults


def test_a_row_alone_is_read(tmp_path):
    (found,) = read(tmp_path, text_of(ROW))
    assert (found.id, found.value, found.day, found.n) == ("T900", 0.6, 196, 0)
    assert found.is_ratio and found.is_predicted and found.stratum == "all"
    marked = b"\xef\xbb\xbf" + text_of(ROW).encode()  # as a spreadsheet program saves UTF-8
    assert read(tmp_path, marked)[0].id == "T900"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"value": ""}, "value is missing"),
        ({"value": "many"}, "value 'many' is not a number"),
        ({"value": "inf"}, "value 'inf' is not a number"),
        ({"value": "nan"}, "value 'nan' is not a number"),
        ({"n": "some"}, "n 'some' is not a number"),
        ({"n": "1e999"}, "n '1e999' is not a number"),
        ({"n": "3.5"}, "n 3.5 is not a whole number"),
        ({"n": "-3"}, "n -3 is not a whole number"),
        ({"lo": ""}, "are missing, or not in order"),
        ({"lo": "0.9"}, "are missing, or not in order"),
        ({"lo": "-0.5"}, "are above 0"),
        ({"value": "-0.6"}, "are above 0"),
        ({"interval": "95% CI"}, "Did you mean '95 % CI'?"),
        ({"confirmed": ""}, "is none of yes, no"),
        ({"statistic": "gmrr"}, "Did you mean 'gmr'?"),
        ({"statistic": ""}, "statistic is missing"),
        ({"use": "calibrate"}, "Did you mean 'calibration'?"),
        ({"use": "none", "statistic": ""}, "say why in note"),
        ({"source": " "}, "every number has one"),
        ({"id": ""}, "id is missing"),
        ({"day": "end"}, "day 'end' is not a number"),
    ],
)
def test_a_slip_is_named_with_its_line(tmp_path, changes, why):
    good = {**ROW, "id": "T901", "quantity": "in\ntwo lines"}
    faults = faults_of(tmp_path, text_of(good, {**ROW, **changes}))
    assert list(faults) == [4] and why in faults[4]


def test_all_faults_are_told_at_once(tmp_path):
    text = text_of(ROW, ROW, {**ROW, "id": "T902", "use": "x"}) + "a,b\n"
    faults = faults_of(tmp_path, text)
    assert list(faults) == [3, 4, 5]
    assert "'T900' stands twice" in faults[3] and faults[5] == "2 cells; expected 20"


@pytest.mark.parametrize(
    ("data", "line", "why"),
    [
        (b"", 1, "expected the columns id, quantity"),
        (",".join(reversed(COLUMNS)).encode(), 1, "in this order"),
        (b"a\nb\xff", 2, "byte 3 is not UTF-8"),
        (text_of().encode() + b'"' + b"x" * 200_000 + b'"\n', 2, "not CSV"),
        (text_of().encode() + b"\n" * MAX_ROWS, MAX_ROWS + 1, f"more than {MAX_ROWS} lines"),
    ],
)
def test_what_is_no_evidence_file_is_refused(tmp_path, data, line, why):
    assert why in faults_of(tmp_path, data)[line]


@settings(max_examples=200)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(COLUMNS),
            st.sampled_from(
                ["", "0", "-1", "1e999", "nan", "0.5", "95 % CI", "mean ± SD", "gmr", "yes", "none"]
            )
            | st.text(max_size=5),
            max_size=4,
        ),
        max_size=3,
    ),
    st.binary(max_size=8),
    st.integers(0, 400),
)
def test_any_file_is_targets_or_faults(tmp_path_factory, changes, noise, at):
    """Cells changed and bytes thrown in; a target that is read has errors that can be asked for."""
    rows = [{**ROW, "id": f"T{k}", **change} for k, change in enumerate(changes)]
    data = text_of(*rows).encode()
    data = data[:at] + noise + data[at:] if noise else data
    try:
        found = read(tmp_path_factory.getbasetemp(), data)
    except DataFileError as error:
        assert error.faults and all(fault.line >= 1 for fault in error.faults)
    else:
        assert all(isinstance(t.standard_error(), float) for t in found)


def test_the_fingerprint_is_sha_256(tmp_path):
    """Of 'abc', FIPS 180-2, appendix B.1."""
    (tmp_path / "x").write_bytes(b"abc")
    assert fingerprint(tmp_path / "x") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
