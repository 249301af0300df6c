"""Window policies: none unless a site names one, and a bad file is refused fault by fault."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import pytest

from thecal.course import Course, Dose, Event
from thecal.errors import CourseError, DataFileError
from thecal.label.catalog import load_label
from thecal.regimen.regimen import from_label
from thecal.regimen.schedule import schedule, with_window
from thecal.regimen.walk import next_slot
from thecal.regimen.window import Tolerance, read_window_policy

TOFERSEN = from_label(load_label("tofersen", "us"))
GOOD = """\
name: Ward 7
source: ward policy of 2026-03-01
phases:
  loading: {early_d: 1, overdue_d: 2, latest_d: 3}
  maintenance:
    early_d: 3
    overdue_d: 4
    latest_d: 10
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "window.yaml"
    path.write_text(text)
    return path


def faults(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(DataFileError, match=r"window.yaml cannot be read") as caught:
        read_window_policy(write(tmp_path, text))
    return [str(fault) for fault in caught.value.faults]


def test_without_a_policy_a_slot_has_no_window():
    """The label gives no tolerance (`dosing.window` is silent), so none is the default."""
    slot = with_window(next_slot(TOFERSEN, [0]), None)
    assert (slot.policy, slot.earliest_d, slot.overdue_d, slot.latest_d) == (None,) * 4


def test_a_policy_draws_three_days_around_the_due_day_of_each_phase(tmp_path):
    policy = read_window_policy(write(tmp_path, GOOD))
    assert (policy.name, policy.source) == ("Ward 7", "ward policy of 2026-03-01")
    assert policy.phases["loading"] == Tolerance(early_d=1, overdue_d=2, latest_d=3)
    loading = with_window(next_slot(TOFERSEN, [0]), policy)
    assert (loading.earliest_d, loading.due_d, loading.overdue_d, loading.latest_d) == (
        13, 14, 16, 17,
    )  # fmt: skip
    maintenance = with_window(next_slot(TOFERSEN, [0, 14, 28]), policy)
    assert (maintenance.earliest_d, maintenance.overdue_d, maintenance.latest_d) == (53, 60, 66)
    assert loading.policy == maintenance.policy == "Ward 7"


def test_a_policy_never_moves_the_due_day(tmp_path):
    policy = read_window_policy(write(tmp_path, GOOD))
    for given_d in ([], [0], [0, 40], [0, 14, 28, 61]):
        bare = next_slot(TOFERSEN, given_d)
        assert with_window(bare, policy).due_d == bare.due_d


def test_a_policy_that_leaves_a_phase_out_is_refused(tmp_path):
    """Else a dose of that phase would look as if no policy had been named."""
    with pytest.raises(DataFileError, match="'maintenance' is missing"):
        read_window_policy(write(tmp_path, GOOD.split("  maintenance")[0]))


def test_the_first_dose_of_a_course_has_no_window(tmp_path):
    """Nobody but the clinic knows when it is to be."""
    policy = read_window_policy(write(tmp_path, GOOD))
    assert with_window(next_slot(TOFERSEN, []), policy).earliest_d is None


def test_a_course_is_held_against_the_policy_until_a_death(tmp_path):
    policy = read_window_policy(write(tmp_path, GOOD))
    doses = tuple(Dose(time_d=day, amount_mg=100) for day in (0, 14, 28))
    course = Course(patient_id="p", start=None, doses=doses)
    assert schedule(course, TOFERSEN, policy=policy).next.earliest_d == 53
    assert schedule(course, TOFERSEN).next.earliest_d is None
    ended = replace(course, events=(Event(time_d=40, name="death"),))
    assert schedule(ended, TOFERSEN, policy=policy).next.policy is None


def test_a_policy_that_reaches_back_to_the_dose_before_is_refused(tmp_path):
    policy = read_window_policy(write(tmp_path, GOOD.replace("early_d: 3", "early_d: 28")))
    with pytest.raises(
        CourseError, match="reaches back to the dose before; the interval is 28 days"
    ):
        with_window(next_slot(TOFERSEN, [0, 14, 28]), policy)


def test_on_a_grid_a_policy_never_reaches_into_the_days_in_which_the_label_allows_no_dose(tmp_path):
    """A dose of 22 October leaves 14 days to 5 November, which the label asks for."""
    policy = read_window_policy(write(tmp_path, GOOD))
    nusinersen = from_label(load_label("nusinersen", "us", edition="2023"))
    begun = dt.date(2025, 1, 6)
    late_d = (dt.date(2025, 10, 22) - begun).days
    slot = with_window(next_slot(nusinersen, [0, 14, 28, 58, late_d], begun), policy)
    assert slot.due_d - late_d == 14
    assert slot.earliest_d == slot.due_d
    on_time = with_window(next_slot(nusinersen, [0, 14, 28, 58], begun), policy)
    assert on_time.earliest_d == on_time.due_d - 3


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("name: Ward 7", "name:"), "line 1: name: expected text, found nothing"),
        (("source:", "sources:"), "line 1: 'source' is missing"),
        (("latest_d: 10", "latest_d: 3"), "line 6: phases.maintenance: latest_d is 3, before"),
        (("early_d: 3", "early_d: -3"), "line 6: phases.maintenance.early_d: expected a number of"),
        (("early_d: 3", "early_d: 1.5"), "line 6: phases.maintenance.early_d: expected a whole"),
        (("early_d: 3", "early_d: ±3"), "line 6: phases.maintenance.early_d: expected a number,"),
        (("early_d: 3", "early_d: 1e300"), "line 6: phases.maintenance.early_d: .* at most 366"),
        (("    overdue_d: 4\n", ""), "line 6: phases.maintenance: 'overdue_d' is missing"),
        (("maintenance", "maintenanc"), "Did you mean 'maintenance'"),
        (("early_d: 3", "erly_d: 3"), "Did you mean 'early_d'"),
    ],
)
def test_a_malformed_policy_is_refused_with_line_and_place(change, expected, tmp_path):
    found = faults(tmp_path, GOOD.replace(*change))
    assert any(re.search(expected, fault) for fault in found), found


def test_a_phase_that_holds_no_tolerance_is_refused(tmp_path):
    text = GOOD.split("  maintenance")[0] + "  maintenance: 3 days\n"
    (fault,) = faults(tmp_path, text)
    assert fault == "line 5: phases.maintenance: expected a mapping, found '3 days'"


def test_all_faults_of_a_policy_are_told_at_once(tmp_path):
    text = GOOD.replace("early_d: 1", "early_d: x").replace("early_d: 3", "early_d: y")
    text = text.replace("latest_d: 10", "latest_d: 2").replace("Ward 7", "''")
    lines = [fault.split(":")[0] for fault in faults(tmp_path, text)]
    assert lines == ["line 1", "line 4", "line 6", "line 6"]
