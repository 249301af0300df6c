"""Whether a dose may be recorded beside the doses that are there.

Nobody is given the dose of one slot twice because two people wrote it down, and no dose stands
closer to the one before than the label's interval without a prescriber saying why.
"""

from __future__ import annotations

from collections.abc import Collection

from thecal.clinic.finding import Finding, Severity
from thecal.course import Course
from thecal.regimen.regimen import Regimen
from thecal.regimen.walk import walk


def too_close(course: Course, regimen: Regimen, added_d: Collection[int]) -> tuple[Finding, ...]:
    """Return a finding for each dose that comes too soon after the one before it.

    added_d  days of the doses that are new here: a pair of older doses was judged before

    Counted from the last dose, a dose is too close while the label's interval since the last one
    has not passed; on an original grid, while the least distance the label names has not.
    """
    findings = []
    days = [dose.time_d for dose in course.doses]
    slots = [slot for slot, _ in walk(regimen, days, course.start)]
    for before_d, day, slot in zip(days, days[1:], slots[1:], strict=False):
        soonest_d = slot.due_d if slot.closest_d is None else slot.closest_d
        if day >= soonest_d or not {before_d, day} & set(added_d):
            continue
        findings.append(
            Finding(
                code="dose.too_close",
                severity=Severity.SERIOUS,
                message=f"dose {slot.number} on day {day} comes {day - before_d} d after dose "
                f"{slot.number - 1}; by the label at least {soonest_d - before_d} d lie between",
                says=slot.rule.says,
                asks="the label gives no leave for a shorter interval: a second record of the same "
                "dose, a wrong date, or a prescriber's decision with its reason",
                time_d=day,
                source=slot.rule.source,
                rule=f"dosing.{slot.phase}",
                inputs={"day": day, "day before": before_d, "soonest day": soonest_d},
            )
        )
    return tuple(findings)
