"""What a clinic knows about one person before a first dose, or before the next puncture.

Every fact is optional. What the file does not say is missing, and every answer that needs it
says so; nothing is assumed. The file needs no name of a person: unknown keys are refused, and no
error repeats a word of the file.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from thecal.clinic.genetics.variant import read_variant
from thecal.clinic.moment import Moment, read_moment
from thecal.clinic.puncture.antithrombotics import medicines
from thecal.datafile import DataFile, Entry
from thecal.errors import VariantError
from thecal.units import QUANTITIES, Quantity, scale

Read = TypeVar("Read")

DISEASES = ("ALS", "SMA", "other", "none")
CERTAINTIES = ("definite", "probable", "laboratory_supported", "possible", "suspected")
# The five classes in which a laboratory reports a variant, and a test that found none.
CLASSES = (
    "pathogenic",
    "likely_pathogenic",
    "uncertain",
    "likely_benign",
    "benign",
    "none_found",
)
ZYGOSITIES = ("heterozygous", "homozygous", "compound_heterozygous", "hemizygous")
VENTILATIONS = ("none", "non_invasive", "permanent")
USES = ("prophylaxis", "treatment", "infusion")
READABLE = "SOD1"  # the gene whose variants thecal can read
OLDEST_Y = 120
MOST_VARIANTS, MOST_LABS, MOST_MEDICINES = 20, 500, 50

_COUNT = {"G/L": 0, "GPt/L": 0, "10*9/L": 0, "10^3/uL": 0, "/uL": -3, "/mm3": -3}
# The ranges are ours: wide enough for any illness, narrow enough to catch another unit.
TESTS: dict[str, Quantity] = {
    "platelets": Quantity("10^9/L", 1, 3_000, _COUNT),
    "inr": Quantity("1", 0.5, 20, {}),
    "aptt_ratio": Quantity("1", 0.3, 20, {}),
    "creatinine_clearance": Quantity("mL/min", 0, 400, {}),
    "urine_protein": Quantity("g/L", 0, 50, {"mg/L": -3, "mg/dL": -2}),
}
TEST_WORDS = {
    "platelets": "platelets",
    "inr": "INR",
    "aptt_ratio": "APTT ratio",
    "creatinine_clearance": "creatinine clearance",
    "urine_protein": "urine protein",
}
# Facts that are yes or no, and what they ask in words.
YES_OR_NO: dict[str, str] = {
    "pregnant": "pregnant",
    "breastfeeding": "breastfeeding",
    "contraception": "uses contraception",
    "als_neurologist": "under a neurologist experienced in ALS",
    "gene_therapy": "a gene therapy was given or is planned",
    "trial_medicine": "takes the medicine of another trial",
    "infection_at_site": "infection at the puncture site",
    "raised_pressure_signs": "signs of raised intracranial pressure",
    "spinal_hardware": "hardware in the spine",
    "spinal_deformity": "deformity of the spine",
}
# Of these, what stands against a needle in the back.
SITE = ("infection_at_site", "raised_pressure_signs", "spinal_hardware", "spinal_deformity")
OTHER_FACTS = (
    *("medicine", "age_years", "birth_date", "diagnosis", "variants", "hypersensitivity"),
    *("alsfrs_r", "svc", "ventilation", "labs", "antithrombotics"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Which disease, how sure, since when; None where it is not known."""

    disease: str
    certainty: str | None = None
    on: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneTest:
    """One finding of a gene test, as the laboratory reported it.

    name  the variant as the report writes it; thecal.clinic.genetics.variant reads it
    """

    gene: str
    classification: str | None = None
    name: str | None = None
    zygosity: str | None = None
    reported: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A value and when it was measured; None where that is not known."""

    value: float
    on: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """One result of a test, in the unit of TESTS."""

    test: str
    value: float
    on: Moment

    @property
    def amount(self) -> str:
        """The value with its unit."""
        unit = TESTS[self.test].unit
        return f"{self.value:g}{'' if unit == '1' else ' ' + unit}"

    def __str__(self) -> str:
        return f"{TEST_WORDS[self.test]} {self.amount} on {self.on}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Antithrombotic:
    """A medicine against clotting; `use` and `last_dose` None where they are not known."""

    medicine: str
    use: str | None = None
    last_dose: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ventilation:
    """None, non-invasive with its hours a day where known, or permanent."""

    kind: str
    hours_per_day: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """The facts of one person. A fact that is None was not recorded.

    medicine          the medicine that hypersensitivity speaks of
    hypersensitivity  to "drug" and to "excipient": yes or no, where recorded
    is_so             the facts of YES_OR_NO that are recorded
    variants          () is not used: a test that found none says "none_found"
    antithrombotics   () where it is recorded that none is taken
    """

    medicine: str | None = None
    age_years: float | None = None
    birth_date: dt.date | None = None
    diagnosis: Diagnosis | None = None
    variants: tuple[GeneTest, ...] | None = None
    hypersensitivity: Mapping[str, bool] = field(default_factory=dict, hash=False)
    is_so: Mapping[str, bool] = field(default_factory=dict, hash=False)
    alsfrs_r: Measured | None = None
    svc: Measured | None = None
    ventilation: Ventilation | None = None
    labs: tuple[Lab, ...] = ()
    antithrombotics: tuple[Antithrombotic, ...] | None = None

    def age(self, on: Moment | None) -> float | None:
        """Return the age in completed years on a day, or None where it is not known."""
        if self.birth_date is None:
            return self.age_years
        if on is None or on.day < self.birth_date:
            return None
        born, day = self.birth_date, on.day
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))

    def lab(self, test: str, on: Moment | None) -> Lab | None:
        """Return the latest result of a test that is not later than the moment asked about."""
        held = [
            lab for lab in self.labs if lab.test == test and (on is None or not lab.on.is_after(on))
        ]
        return max(held, key=lambda lab: lab.on.earliest(), default=None)


def read_patient(path: Path) -> Patient:
    """Read a patient file (YAML). Raises DataFileError with every fault and its line."""
    file = DataFile(path, is_private=True)
    top = file.read().fields([], [*OTHER_FACTS, *YES_OR_NO])
    if "age_years" in top and "birth_date" in top:
        top["age_years"].fault("both age_years and birth_date are given; keep one")

    def read(name: str, how: Callable[[Entry], Read]) -> Read | None:
        return how(top[name]) if name in top else None

    patient = Patient(
        medicine=read("medicine", _medicine),
        age_years=read("age_years", lambda e: e.number(least=0, most=OLDEST_Y)),
        birth_date=read("birth_date", lambda e: _day(e)),
        diagnosis=read("diagnosis", _diagnosis),
        variants=read("variants", _variants),
        hypersensitivity=read("hypersensitivity", _hypersensitivity) or {},
        is_so={name: _yes(top[name]) for name in YES_OR_NO if name in top},
        alsfrs_r=read("alsfrs_r", lambda e: _measured(e, "score", QUANTITIES["alsfrs_r"])),
        svc=read("svc", lambda e: _measured(e, "percent", QUANTITIES["svc"])),
        ventilation=read("ventilation", _ventilation),
        labs=read("labs", _labs) or (),
        antithrombotics=read("antithrombotics", _antithrombotics),
    )
    if patient.hypersensitivity and "medicine" not in top:
        top["hypersensitivity"].fault("to which medicine? Name it under the key 'medicine'")
    file.finish()
    return patient


def _yes(entry: Entry) -> bool:
    return entry.choice(("yes", "no")) == "yes"


def _day(entry: Entry) -> dt.date:
    return read_moment(entry).day


def _medicine(entry: Entry) -> str:
    name = entry.text()
    if name and not re.fullmatch(r"[a-z][a-z0-9-]{2,39}", name):
        entry.fault("expected the international name of a medicine, in lower case")
    return name


def _diagnosis(entry: Entry) -> Diagnosis:
    fields = entry.fields(["disease"], ["certainty", "on"])
    return Diagnosis(
        disease=fields["disease"].choice(DISEASES) if "disease" in fields else "",
        certainty=fields["certainty"].choice(CERTAINTIES) if "certainty" in fields else None,
        on=read_moment(fields["on"]) if "on" in fields else None,
    )


def _variants(entry: Entry) -> tuple[GeneTest, ...]:
    found = tuple(_gene_test(item) for item in _few(entry, MOST_VARIANTS))
    if not found and not entry.file.faults:
        entry.fault("an empty list; write 'classification: none_found' for a test that found none")
    return found


def _gene_test(entry: Entry) -> GeneTest:
    fields = entry.fields(["gene"], ["classification", "name", "zygosity", "reported"])
    gene = fields["gene"].text() if "gene" in fields else ""
    if gene and not re.fullmatch(r"[A-Z][A-Z0-9-]{1,14}(orf\d{1,4})?", gene):
        fields["gene"].fault("expected the symbol of a gene in capitals, as SOD1")
    name = fields["name"].text() if "name" in fields else None
    if name and len(name) > 100:
        fields["name"].fault("expected the name of one variant, as p.Ala5Val")
    elif name and gene == READABLE:
        try:
            read_variant(name)
        except VariantError as error:
            fields["name"].fault(str(error))
    classification = (
        fields["classification"].choice(CLASSES) if "classification" in fields else None
    )
    if classification == "none_found" and name:
        fields["classification"].fault("none_found, and a variant is named; one of them is wrong")
    return GeneTest(
        gene=gene,
        classification=classification,
        name=name,
        zygosity=fields["zygosity"].choice(ZYGOSITIES) if "zygosity" in fields else None,
        reported=read_moment(fields["reported"]) if "reported" in fields else None,
    )


def _hypersensitivity(entry: Entry) -> dict[str, bool]:
    return {name: _yes(value) for name, value in entry.fields([], ["drug", "excipient"]).items()}


def _measured(entry: Entry, value: str, quantity: Quantity) -> Measured:
    fields = entry.fields([value], ["on"])
    number = 0.0
    if value in fields:
        number = fields[value].number(least=quantity.least, most=quantity.most)
        if quantity.is_whole and math.isfinite(number) and number % 1:
            fields[value].fault(f"expected a whole number, found {number:g}")
    return Measured(value=number, on=read_moment(fields["on"]) if "on" in fields else None)


def _ventilation(entry: Entry) -> Ventilation:
    fields = entry.fields(["kind"], ["hours_per_day"])
    kind = fields["kind"].choice(VENTILATIONS) if "kind" in fields else ""
    hours = fields["hours_per_day"].number(least=0, most=24) if "hours_per_day" in fields else None
    if kind == "none" and hours:
        fields["hours_per_day"].fault(f"{hours:g} hours a day of no ventilation")
    return Ventilation(kind=kind, hours_per_day=hours)


def _labs(entry: Entry) -> tuple[Lab, ...]:
    found: list[Lab] = []
    for item in _few(entry, MOST_LABS):
        lab = _lab(item)
        if lab is None:
            continue
        if any(_is_unordered(lab, other) for other in found):
            item.fault(f"two results of {lab.test} on one day; give both their times")
        found.append(lab)
    return tuple(found)


def _is_unordered(lab: Lab, other: Lab) -> bool:
    """Tell whether two results differ and nobody can say which is the later one."""
    is_same = (lab.test, lab.on.day) == (other.test, other.on.day)
    is_timed = lab.on.at is not None and other.on.at is not None and lab.on.at != other.on.at
    return is_same and not is_timed and lab.value != other.value


def _lab(entry: Entry) -> Lab | None:
    fields = entry.fields(["test", "value", "on"], ["unit"])
    if not {"test", "value", "on"} <= set(fields):
        return None
    test, on = fields["test"].choice(TESTS), read_moment(fields["on"])
    value, quantity = fields["value"].number(), TESTS.get(test)
    if quantity is None:
        return None
    if "unit" not in fields and quantity.unit != "1":
        entry.fault(f"'unit' is missing; {test} is in {', '.join(quantity.units)}")
        return None
    power = quantity.power(fields["unit"].text()) if "unit" in fields else 0
    if power is None:
        fields["unit"].fault(f"expected one of {', '.join(quantity.units)}")
        return None
    value = scale(value, power)
    if not quantity.least <= value <= quantity.most:
        fields["value"].fault(
            f"{value:g} {quantity.unit} is outside {quantity.least:g} to {quantity.most:g}; "
            "is it in another unit?"
        )
    return Lab(test=test, value=value, on=on)


def _antithrombotics(entry: Entry) -> tuple[Antithrombotic, ...]:
    return tuple(_antithrombotic(item) for item in _few(entry, MOST_MEDICINES))


def _antithrombotic(entry: Entry) -> Antithrombotic:
    fields = entry.fields(["medicine"], ["use", "last_dose"])
    return Antithrombotic(
        medicine=fields["medicine"].choice(medicines()) if "medicine" in fields else "",
        use=fields["use"].choice(USES) if "use" in fields else None,
        last_dose=read_moment(fields["last_dose"]) if "last_dose" in fields else None,
    )


def _few(entry: Entry, most: int) -> list[Entry]:
    items = entry.items()
    if len(items) > most:
        entry.fault(f"expected at most {most}, found {len(items)}")
    return items[:most]
