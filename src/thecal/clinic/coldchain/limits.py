"""What a label allows a vial: the refrigerator's range, and the time outside it.

Two shapes are known. One is a total: 14 days in the carton, 30 hours out of it. The other also
caps the day: 6 hours a day, on at most 6 days, 36 hours in all.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from thecal.clinic.coldchain.meter import DAY_S, Meter
from thecal.clinic.coldchain.pieces import State
from thecal.label.label import Label, Statement

HOUR_S = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """A time outside the refrigerator that the label allows.

    most_C      up to which temperature
    most_s      in all
    most_day_s  in one day, and most_days on how many days; None where the label has no such limit
    """

    state: State
    rule: Statement
    most_C: float
    most_s: int
    most_day_s: int | None = None
    most_days: int | None = None

    def passed_by(self, meter: Meter) -> tuple[bool, bool]:
        """Tell whether it is exceeded, by calendar days and by any 24 hours."""
        if meter.total_s > self.most_s:
            return True, True
        calendar, rolling = (
            (self.most_day_s is not None and most_s > self.most_day_s)
            or (self.most_days is not None and days > self.most_days)
            for most_s, days in zip(meter.most_day_s, meter.days, strict=True)
        )
        return calendar, rolling

    def share_of(self, meter: Meter) -> Fraction:
        """Return the part that is used up, by the stricter reading of a day."""
        share = Fraction(meter.total_s, self.most_s)
        if self.most_days is None:
            return share
        return max(share, Fraction(max(meter.days), self.most_days))


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """What a label says on storing the vial; None where nothing was read.

    least_C, most_C  the refrigerator's range, which `refrigerated` states
    """

    label: Label
    refrigerated: Statement
    least_C: float
    most_C: float
    freezing: Statement | None
    carton: Allowance | None
    out_of_carton: Allowance | None

    @property
    def allowances(self) -> dict[State, Allowance]:
        """The allowances that were read, by where the vial is."""
        return {a.state: a for a in (self.carton, self.out_of_carton) if a is not None}


def storage_of(label: Label) -> Storage:
    """Take the limits out of a label. Raises CatalogError where it has no refrigerator's range."""

    def read(topic: str) -> Statement | None:
        return label.the(topic) if label.about(topic) else None

    refrigerated = label.the("storage.refrigerated")
    carton, out = read("storage.carton_unrefrigerated"), read("storage.out_of_carton")
    return Storage(
        label=label,
        refrigerated=refrigerated,
        least_C=refrigerated.number("least_C"),
        most_C=refrigerated.number("most_C"),
        freezing=read("storage.freezing"),
        carton=None
        if carton is None
        else Allowance(
            state=State.CARTON,
            rule=carton,
            most_C=carton.number("most_C"),
            most_s=round(carton.number("most_d") * DAY_S),
        ),
        out_of_carton=None
        if out is None
        else Allowance(
            state=State.OUT_OF_CARTON,
            rule=out,
            most_C=out.number("most_C"),
            most_s=round(out.number("most_h") * HOUR_S),
            most_day_s=round(out.number("most_h_per_day") * HOUR_S)
            if "most_h_per_day" in out.values
            else None,
            most_days=out.whole("most_d") if "most_d" in out.values else None,
        ),
    )
