"""The published numbers a model is held against, and what each is in the model's terms.

``drugs/<medicine>/evidence.csv`` has one row a number: what was published (value, interval, n,
source), which statistic of which study it is, and whether it is used for calibration, kept for
validation, an input (it made the prior or the virtual people), or not predicted, and why.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from dataclasses import dataclass
from pathlib import Path

from thecal.datafile import DRUGS, DataFile
from thecal.errors import CatalogError, DataFileError, Fault, nearest, shown

USES = ("calibration", "validation", "input", "none")
INTERVALS = ("", "95 % CI", "mean ± SD", "± SE", "range", "stated range", "bound")
STATISTICS = (
    "",
    "trough mean",
    "trough cv",
    "trough 100:20",
    "trough accumulation",
    "trough largest",
    "plasma late",
    "plasma trough positive",
    "plasma trough negative",
    "auc24",
    "auc interval",
    "cmax",
    "tmax",
    "number",
    "baseline mean",
    "baseline geometric mean",
    "baseline median",
    "run-in change",
    "spearman nfl change",
    "slope",
    "gmr",
    "gmr ratio",
    "gmr percent",
    "gmr percent difference",
    "plateau day",
    "mean change",
    "difference",
    "adjusted mean change",
    "adjusted difference",
    "deaths",
    "completed",
    "share",
    "adverse",
    "serious in trial",
    "serious in pool",
)
RATIOS = ("gmr", "gmr ratio", "baseline geometric mean", "trough 100:20")
COLUMNS = (
    "id quantity arm population time value unit lo hi interval n source confirmed study statistic "
    "output stratum day use note"
).split()
MAX_ROWS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One published number.

    lo, hi      as `interval` says; NaN where nothing is published
    n           people it rests on; 0 where not stated
    statistic   one of STATISTICS: how it is computed from what was seen; "" if not predicted
    output      what it is a statistic of: an output, a covariate ("-" before it: its negative),
                or a number of the model
    stratum     "faster", "slower" or "all"
    day         of the study, from the first dose; NaN where it has none
    use         one of USES
    """

    id: str
    quantity: str
    arm: str
    population: str
    time: str
    value: float
    unit: str
    lo: float
    hi: float
    interval: str
    n: int
    source: str
    is_confirmed: bool
    study: str
    statistic: str
    output: str
    stratum: str
    day: float
    use: str
    note: str

    @property
    def is_predicted(self) -> bool:
        """Whether the model says anything about it."""
        return self.use != "none"

    @property
    def is_ratio(self) -> bool:
        """Whether its error is that of a logarithm."""
        return self.statistic in RATIOS

    def standard_error(self, n: int = 0) -> float:
        """Return the published standard error, of ln for a ratio; NaN if none follows.

        n  people, where the row does not state them
        """
        n = self.n or n
        width = self.hi - self.lo
        if self.interval == "95 % CI":
            if self.is_ratio:
                return math.log(self.hi / self.lo) / 3.92
            return width / 3.92
        if self.interval == "± SE":
            return width / 2
        if self.interval == "mean ± SD" and n:
            return width / 2 / math.sqrt(n)
        return math.nan


def load_evidence(medicine: str, folder: Path = DRUGS) -> tuple[Target, ...]:
    """Read the evidence of a medicine. Raises DataFileError with every fault and its line."""
    path = folder / medicine / "evidence.csv"
    if not path.is_file():
        raise CatalogError(f"no evidence of '{medicine}': {path.name} is not in its folder")
    return read_evidence(path)


def load_sources(medicine: str, folder: Path = DRUGS) -> dict[str, str]:
    """Read what the short names of sources stand for, in full."""
    path = folder / medicine / "sources.yaml"
    if not path.is_file():
        raise CatalogError(f"no sources of '{medicine}': {path.name} is not in its folder")
    file = DataFile(path)
    top = file.read().fields(["medicine", "sources"])
    file.finish()
    found = {name: entry.text() for name, entry in top["sources"].mapping().items()}
    file.finish()
    return found


def read_evidence(path: Path) -> tuple[Target, ...]:
    """Read one evidence file. Raises DataFileError with every fault and its line."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        fault = Fault(line, f"byte {error.start} is not UTF-8; save the file as UTF-8")
        raise DataFileError([fault], what=path.name) from error
    faults: list[Fault] = []
    found: dict[str, Target] = {}
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        header = next(rows, [])
        if header != COLUMNS:
            fault = Fault(1, f"expected the columns {', '.join(COLUMNS)}, in this order")
            raise DataFileError([fault], what=path.name)
        for row in rows:
            line = rows.line_num
            if line > MAX_ROWS:
                faults.append(Fault(line, f"more than {MAX_ROWS} lines"))
                break
            if len(row) != len(COLUMNS):
                faults.append(Fault(line, f"{len(row)} cells; expected {len(COLUMNS)}"))
                continue
            target = _target(dict(zip(COLUMNS, row, strict=True)), line, faults)
            if target.id in found:
                faults.append(Fault(line, f"{shown(target.id)} stands twice"))
            found[target.id] = target
    except csv.Error as error:
        faults.append(Fault(rows.line_num, f"not CSV: {error}"))
    if faults:
        raise DataFileError(faults, what=path.name)
    return tuple(found.values())


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file: which evidence a calibration has seen."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _target(cells: dict[str, str], line: int, faults: list[Fault]) -> Target:
    def number(name: str, *, needed: bool = False) -> float:
        text = cells[name].strip()
        if not text:
            if needed:
                faults.append(Fault(line, f"{name} is missing"))
            return math.nan
        try:
            value = float(text)
        except ValueError:
            value = math.inf
        if not math.isfinite(value):
            faults.append(Fault(line, f"{name} {shown(text)} is not a number"))
        return value

    def word(name: str, known: tuple[str, ...]) -> str:
        text = cells[name].strip()
        if text not in known:
            faults.append(
                Fault(
                    line,
                    f"{name} {shown(text)} is none of {', '.join(filter(None, known))}."
                    f"{nearest(text, known)}",
                )
            )
        return text

    n = number("n")
    if math.isfinite(n) and not (n >= 0 and n == int(n)):
        faults.append(Fault(line, f"n {n:g} is not a whole number of people"))
    use = word("use", USES)
    if not cells["id"].strip():
        faults.append(Fault(line, "id is missing"))
    if use not in ("", "none") and not cells["statistic"].strip():
        faults.append(Fault(line, f"statistic is missing; a number for {use} is one of a study"))
    if not cells["source"].strip():
        faults.append(Fault(line, "source is missing: every number has one"))
    if use == "none" and not cells["note"].strip():
        faults.append(Fault(line, "not predicted; say why in note"))
    target = Target(
        id=cells["id"],
        quantity=cells["quantity"],
        arm=cells["arm"],
        population=cells["population"],
        time=cells["time"],
        value=number("value", needed=True),
        unit=cells["unit"],
        lo=number("lo"),
        hi=number("hi"),
        interval=word("interval", INTERVALS),
        n=int(n) if math.isfinite(n) else 0,
        source=cells["source"],
        is_confirmed=word("confirmed", ("yes", "no")) == "yes",
        study=cells["study"],
        statistic=word("statistic", STATISTICS),
        output=cells["output"],
        stratum=cells["stratum"] or "all",
        day=number("day"),
        use=use,
        note=cells["note"],
    )
    if target.interval not in ("", "bound") and not target.lo < target.hi:
        faults.append(
            Fault(line, f"lo and hi of a '{target.interval}' are missing, or not in order")
        )
    if target.is_ratio and min(target.value, target.lo) <= 0:
        faults.append(Fault(line, f"a '{target.statistic}' and its lo are above 0"))
    return target
