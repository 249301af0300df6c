"""What a sentence says: each topic in several wordings, and what only sounds like it.

Every table holds sentences of our own and the claims that they make on one topic, as name, value,
unit and phase. A sentence on another medicine, on animals, or a question, claims nothing.
"""

from __future__ import annotations

from typing import TypeAlias

import pytest

from thecal.label.catalog import load_all, load_label, medicines
from thecal.label.claims import Claim, read_claims
from thecal.label.label import covers
from thecal.label.lexicon import Lexicon, lexicon
from thecal.label.monograph import Monograph, read_monograph

Said: TypeAlias = tuple[object, ...]


def words_of(drug: str) -> Lexicon:
    return lexicon(load_all(drug), [name for name in medicines() if name != drug])


WORDS = {drug: words_of(drug) for drug in ("tofersen", "nusinersen")}


def read(text: str, drug: str = "tofersen") -> tuple[Monograph, tuple[Claim, ...]]:
    page = read_monograph(text.encode(), "test")
    return page, read_claims(page, WORDS[drug])


def on(topic: str, text: str, drug: str = "tofersen") -> list[Claim]:
    return [claim for claim in read(text, drug)[1] if covers(topic, claim.topic)]


def holds(topic: str, text: str, expected: list[Said], drug: str = "tofersen") -> None:
    """Check that a text makes these claims on a topic and no other; order and repeats aside."""
    found = {(c.topic, c.name, c.value, c.unit, c.phase) for c in on(topic, text, drug)}
    shortened = {
        tuple(part for part in (full[0][len(topic) + 1 :], *full[1:]) if part != "")
        for full in found
    }
    assert shortened == {tuple(part for part in told if part != "") for told in expected}


# -- dose, volume, strength

AMOUNT = ("amount_mg", 100, "mg")
VOLUME = ("volume_mL", 15, "mL")
DOSES: list[tuple[str, list[Said]]] = [
    ("The dose of tofersen is 100 mg.", [AMOUNT]),
    ("Patients receive 100 mg (15 mL) each time.", [AMOUNT, VOLUME]),
    ("Give one hundred milligrams in 15 cc.", [AMOUNT, VOLUME]),
    ("Recommended dose: 100mg/15mL", [AMOUNT, VOLUME]),
    ("Draw 15 mL into a syringe.", [VOLUME]),
    ("Loading doses are 100 mg.", [(*AMOUNT, "loading")]),
    ("The maintenance dose is 100 mg as well.", [(*AMOUNT, "maintenance")]),
    (
        "Load with 100 mg, then maintain on 50 mg.",
        [(*AMOUNT, "loading"), ("amount_mg", 50, "mg", "maintenance")],
    ),
    ("Dosis: 100 mg (15 ml) por vía intratecal.", [AMOUNT, VOLUME]),
    ("Jede Dosis beträgt 100 mg (15 ml).", [AMOUNT, VOLUME]),
    ("Ogni dose è di 100 mg (15 ml).", [AMOUNT, VOLUME]),
    ("Chaque dose est de 100 mg (15 ml).", [AMOUNT, VOLUME]),
    ("Fiecare doză este de 100 mg (15 ml).", [AMOUNT, VOLUME]),
    ("1回100 mg(15 mL)を投与する。", [AMOUNT, VOLUME]),
    ("1回100mg（15mL）を髄腔内投与する。", [AMOUNT, VOLUME]),
    # nothing about a dose of this medicine in people
    ("Is the dose 200 mg?", []),
    ("Riluzole 50 mg is taken twice a day.", []),
    ("Prednisone 40 mg was given first.", []),
    ("Nusinersen is dosed at 12 mg in 5 mL.", []),
    ("Rats were given 30 mg.", []),
    ("A phase 1 study tested 20 mg, 40 mg and 60 mg in ascending cohorts.", []),
    ("Each mL holds 8.77 mg sodium chloride.", []),
    ("Flush with 5 mL of saline.", []),
    ("HCPCS J1304, injection, 1 mg = 1 unit", []),
]


@pytest.mark.parametrize(("text", "expected"), DOSES)
def test_a_dose_is_read_with_its_phase(text: str, expected: list[Said]) -> None:
    holds("dosing.amount", text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The solution has 6.7 mg/mL.", [6.7]),
        ("It comes as 6.7 mg per mL.", [6.7]),
        ("Each mL contains 6.7 mg of tofersen.", [6.7]),
        ("6,7 mg/ml Injektionslösung", [6.7]),
        ("It contains sodium chloride 8.77 mg/mL.", []),
        ("Is it 6.7 mg/mL?", []),
        ("Lidocaine 10 mg/mL numbs the skin.", []),
    ],
)
def test_a_strength_is_read(text: str, expected: list[float]) -> None:
    found = on("identity.strength", text)
    assert [c.value for c in found] == expected
    assert {c.unit for c in found} <= {"mg/mL"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("The dose depends on the weight of the patient.", "by patient"),
        ("Dosage and frequency vary with the response.", "by patient"),
        ("Halve the dose in kidney disease.", "changed"),
        ("The dose should be reduced in the elderly.", "changed"),
        ("Dosing is weight-based.", "changed"),
        ("The dose does not depend on weight.", ""),
        ("No dose adjustment is needed in kidney disease.", ""),
        ("Does the dose depend on weight?", ""),
        ("The dose of riluzole should be reduced.", ""),
    ],
)
def test_a_dose_that_is_not_the_same_for_all_is_read(text: str, value: str) -> None:
    found = [c.value for c in on("dosing.amount", text) if c.name == "fixed"]
    assert found[:1] == ([value] if value else [])


# -- route

ROUTES: list[tuple[str, list[Said]]] = [
    ("Tofersen is given intrathecally.", [("route", "intrathecal")]),
    ("It is injected by lumbar puncture.", [("route", "intrathecal")]),
    ("A spinal tap brings the drug into the spinal fluid.", [("route", "intrathecal")]),
    ("It goes into the fluid around the spinal cord.", [("route", "intrathecal")]),
    ("Route: intrathecal", [("route", "intrathecal")]),
    ("It is injected into the spine.", [("route", "spine")]),
    ("It is given intravenously.", [("route", "intravenous")]),
    ("Tofersen is infused into a vein.", [("route", "intravenous")]),
    ("It is given as an IV drip.", [("route", "intravenous")]),
    ("Inject it under the skin.", [("route", "subcutaneous")]),
    ("Tofersen is given by subcutaneous injection.", [("route", "subcutaneous")]),
    ("Give the shot into the thigh.", [("route", "intramuscular")]),
    ("It is injected into the muscle of the upper arm.", [("route", "intramuscular")]),
    ("It is given into the belly.", [("route", "abdominal")]),
    ("Take one tablet of tofersen by mouth.", [("route", "oral")]),
    ("It is given by the epidural route.", [("route", "epidural")]),
    ("Loading doses are given intrathecally.", [("route", "intrathecal", "loading")]),
    (
        "Maintenance doses are injected under the skin.",
        [("route", "subcutaneous", "maintenance")],
    ),
    (
        "Loading doses go by lumbar puncture; maintenance doses are injected into the thigh.",
        [("route", "intrathecal", "loading"), ("route", "intramuscular", "maintenance")],
    ),
    ("Se administra por punción lumbar.", [("route", "intrathecal")]),
    ("Wird intrathekal verabreicht.", [("route", "intrathecal")]),
    ("Viene somministrato per puntura lombare.", [("route", "intrathecal")]),
    ("Administré par ponction lombaire.", [("route", "intrathecal")]),
    ("Se administrează prin puncție lombară.", [("route", "intrathecal")]),
    ("髄腔内に投与する。", [("route", "intrathecal")]),
    # what only names another route
    ("It is not given intravenously.", []),
    ("Never inject it into a vein.", []),
    ("Is it injected into a vein?", []),
    ("Riluzole is taken by mouth.", []),
    ("Nusinersen is given intrathecally; edaravone is given intravenously.", []),
    ("Monkeys were dosed by the intravenous route.", []),
    ("Fluids are given intravenously for headache.", []),
    ("Pain in the thigh may follow the injection.", []),
    ("The half-life in CSF is about 4 weeks.", []),
    ("Protein in the CSF may rise.", []),
    ("White cells in the spinal fluid were counted.", []),
]


@pytest.mark.parametrize(("text", "expected"), ROUTES)
def test_a_route_is_read_with_its_phase(text: str, expected: list[Said]) -> None:
    holds("dosing.route", text, expected)


# -- loading and maintenance

THREE = ("loading", "doses", 3, "doses", "loading")
FORTNIGHT = ("loading", "interval", 14, "d", "loading")
EVERY_28 = ("maintenance", "interval", 28, "d", "maintenance")
SCHEDULES: list[tuple[str, list[Said]]] = [
    (
        "Three loading doses are given 14 days apart, then one dose every 28 days.",
        [THREE, FORTNIGHT, EVERY_28],
    ),
    (
        "Treatment starts with 3 loading doses at 14-day intervals, followed by maintenance every "
        "28 days.",
        [THREE, FORTNIGHT, EVERY_28],
    ),
    ("Loading: q14d x3; maintenance: q28d.", [THREE, FORTNIGHT, EVERY_28]),
    (
        "Loading doses are given every two weeks, and maintenance doses every four weeks.",
        [FORTNIGHT, EVERY_28],
    ),
    ("Loading doses are given fortnightly.", [FORTNIGHT]),
    ("Loading doses are given every other week.", [FORTNIGHT]),
    (
        "Maintenance doses follow once a month.",
        [("maintenance", "interval", 1, "month", "maintenance")],
    ),
    ("Maintenance is monthly.", [("maintenance", "interval", 1, "month", "maintenance")]),
    ("Tofersen is injected every 28 days.", [("maintenance", "interval", 28, "d")]),
    ("After loading, a dose follows every 28 days.", [EVERY_28]),
    ("A dose is given every four weeks after loading.", [EVERY_28]),
    ("Maintenance every 4 months", [("maintenance", "interval", 4, "month", "maintenance")]),
    ("Four loading doses are given.", [("loading", "doses", 4, "doses", "loading")]),
    ("There are three initial doses.", [THREE]),
    ("The loading phase consists of 3 doses.", [THREE]),
    (
        "Loading doses are given on days 0, 14 and 28.",
        [
            ("loading", "days", "0, 14, 28", "d", "loading"),
            ("loading", "day", 0, "d", "loading"),
            ("loading", "day", 14, "d", "loading"),
            ("loading", "day", 28, "d", "loading"),
        ],
    ),
    ("No maintenance doses are needed.", [("maintenance", "interval", "none")]),
    (
        "Tres dosis de carga cada 14 días; después, mantenimiento cada 28 días.",
        [THREE, FORTNIGHT, EVERY_28],
    ),
    (
        "Drei Aufsättigungsdosen im Abstand von 14 Tagen, danach eine Erhaltungsdosis "
        "alle 28 Tage.",  # codespell:ignore
        [THREE, FORTNIGHT, EVERY_28],
    ),
    (
        "Tre dosi di carico a intervalli di 14 giorni, "  # codespell:ignore
        "poi mantenimento ogni 28 giorni.",
        [THREE, FORTNIGHT, EVERY_28],
    ),
    (
        "Trois doses de charge à 14 jours d'intervalle, puis un entretien tous les 28 jours.",
        [THREE, FORTNIGHT, EVERY_28],
    ),
    (
        "Trei doze de încărcare la interval de 14 zile, apoi întreținere la fiecare 28 de zile.",
        [THREE, FORTNIGHT, EVERY_28],
    ),
    ("維持用量は28日ごとに投与する。", [EVERY_28]),
    # nothing about the spacing of doses
    ("Are maintenance doses given every 28 days?", []),
    ("Edaravone is given daily for 14 days.", []),
    ("Mice were dosed every 14 days.", []),
    ("Blood tests are done every 4 weeks.", []),
    ("Follow-up visits take place every 3 months.", []),
    ("The trial lasted 28 weeks.", []),
    ("The newsletter comes out monthly.", []),
]


@pytest.mark.parametrize(("text", "expected"), SCHEDULES)
def test_loading_and_maintenance_are_read(text: str, expected: list[Said]) -> None:
    found = set()
    for c in on("dosing", text):
        if c.topic in ("dosing.loading", "dosing.maintenance"):
            value, unit = (c.value * 7, "d") if c.unit == "weeks" else (c.value, c.unit)
            told = (c.topic.split(".")[1], c.name, value, unit, c.phase)
            found.add(tuple(part for part in told if part != ""))
    assert found == set(expected)


def test_a_month_is_kept_apart_from_28_days() -> None:
    month, days = (
        on("dosing.maintenance", f"Maintenance doses are given every {interval}.")[0]
        for interval in ("month", "28 days")
    )
    assert (month.value, month.unit) == (1, "month")
    assert (days.value, days.unit) == (28, "d")


def test_a_heading_gives_its_phase_to_the_lines_under_it() -> None:
    text = (
        "# Dosage\n\n## Loading\n\n100 mg every 14 days\n\n## Maintenance\n\n100 mg every 28 days\n"
    )
    found = [(c.value, c.phase) for c in on("dosing", text)]
    assert found == [(100, "loading"), (14, "loading"), (100, "maintenance"), (28, "maintenance")]


# -- missed doses

ASAP = ("give", "as soon as possible")
MISSED: list[tuple[str, list[Said]]] = [
    (
        "If the second loading dose is missed, give it as soon as possible and the third 14 days "
        "later.",
        [("loading_2", *ASAP), ("loading_2", "next_interval", 14, "d")],
    ),
    (
        "If the third loading dose is missed, give it as soon as possible; the next dose follows "
        "28 days later.",
        [("loading_3", *ASAP), ("loading_3", "next_interval", 28, "d")],
    ),
    (
        "A missed maintenance dose is given as soon as possible, the next one 28 days after it.",
        [("maintenance", *ASAP), ("maintenance", "next_interval", 28, "d")],
    ),
    ("If you miss a dose, have it as soon as you can.", [("any", *ASAP)]),
    ("A missed maintenance dose is skipped.", [("maintenance", "give", "skip")]),
    ("If a dose is missed, skip it and wait for the next appointment.", [("any", "give", "skip")]),
    ("If a dose is missed, double the next one.", [("any", "give", "double")]),
    ("If a dose is missed, give two doses at the next visit.", [("any", "give", "double")]),
    ("After a missed dose, two doses are given together.", [("any", "give", "double")]),
    ("After a missed dose, restart loading.", [("gap", "restart", "loading")]),
    (
        "If more than 60 days have passed since the last dose, restart loading.",
        [("gap", "from_months", 60.0, "d"), ("gap", "restart", "loading")],
    ),
    ("Si se olvida una dosis, désela lo antes posible.", [("any", *ASAP)]),  # codespell:ignore
    ("Eine vergessene Dosis wird so bald wie möglich gegeben.", [("any", *ASAP)]),
    ("Se si dimentica una dose, darla il prima possibile.", [("any", *ASAP)]),  # codespell:ignore
    ("Une dose oubliée est donnée dès que possible.", [("any", *ASAP)]),
    # denied, asked, or about something else
    ("Do not give two doses at once.", []),
    ("Never double the dose after a missed one.", []),
    ("There is no need to restart loading after a missed dose.", []),
    ("What if a dose is missed and two are given at once?", []),
    ("A missed dose of riluzole is skipped.", []),
    ("Two values were missing from the data.", []),
    ("Late-onset disease was seen in two people.", []),
    ("Missense mutations are common.", []),
]


@pytest.mark.parametrize(("text", "expected"), MISSED)
def test_a_rule_for_missed_doses_is_read(text: str, expected: list[Said]) -> None:
    holds("missed_dose", text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "If 8 to less than 16 months have passed since the last dose, the missed dose is given "
            "as soon as possible and one additional dose 14 days later.",
            {("from_months", 8.0), ("from_months", 16.0), ("extra_doses", 1.0)},
        ),
        (
            "After a gap of 40 months or more, loading begins again.",
            {("from_months", 40.0), ("restart", "loading")},
        ),
        (
            "A missed dose is given as soon as possible, and the next stays on its original date.",
            {("anchor", "original_grid")},
        ),
    ],
)
def test_the_tiers_of_a_gap_are_read(text: str, expected: set[tuple[str, object]]) -> None:
    found = {(c.name, c.value) for c in on("missed_dose", text, "nusinersen")}
    assert expected <= found


# -- the procedure

CSF: list[tuple[str, list[Said]]] = [
    ("Remove about 10 mL of CSF before the injection.", [("volume_mL", 10, "mL")]),
    ("First, 10 mL of spinal fluid are taken out.", [("volume_mL", 10, "mL")]),
    ("Withdraw 10 cc of cerebrospinal fluid, then inject 15 mL.", [("volume_mL", 10, "mL")]),
    ("Se extraen 10 ml de líquido cefalorraquídeo.", [("volume_mL", 10, "mL")]),
    ("10 ml Liquor werden entnommen.", [("volume_mL", 10, "mL")]),
    ("CSF need not be removed.", [("volume_mL", "none")]),
    ("Inject without removing any CSF.", [("volume_mL", "none")]),
    ("A small amount of spinal fluid is taken.", [("volume_mL", "small")]),
    ("Draw 15 mL from the vial.", []),
    ("Inject 15 mL into the CSF.", []),
    ("Is 10 mL of CSF removed?", []),
    ("In monkeys 1 mL of CSF was removed.", []),
]


@pytest.mark.parametrize(("text", "expected"), CSF)
def test_the_spinal_fluid_taken_out_is_read(text: str, expected: list[Said]) -> None:
    holds("administration.csf_removed", text, expected)


BOLUS: list[tuple[str, list[Said]]] = [
    ("Inject as a bolus over 1 to 3 minutes.", [("duration", (1, 3), "min")]),
    ("The injection takes one to three minutes.", [("duration", (1, 3), "min")]),
    ("Push it in over 10 seconds.", [("duration", 10, "s")]),
    ("Infuse it over 30 minutes.", [("duration", 30, "min")]),
    ("Infuse it over one hour.", [("duration", 1, "h")]),
    ("Inyectar en bolo durante 1 a 3 minutos.", [("duration", (1, 3), "min")]),
    ("Als Bolus über 1 bis 3 Minuten injizieren.", [("duration", (1, 3), "min")]),
    ("The whole visit takes about 60 minutes.", []),
    ("Rest flat for 30 minutes afterwards.", []),
    ("Let the vial stand for 25 minutes.", []),
    ("Is it injected over 3 minutes?", []),
    ("Give midazolam over 3 minutes.", []),
]


@pytest.mark.parametrize(("text", "expected"), BOLUS)
def test_how_long_the_injection_takes_is_read(text: str, expected: list[Said]) -> None:
    holds("administration.bolus", text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Use within 4 hours of drawing it up.", [(4, "h")]),
        ("Once in the syringe, it must be given within four hours.", [(4, "h")]),
        ("A drawn-up syringe keeps for 24 hours.", [(24, "h")]),
        ("After removal from the vial, use within 240 minutes.", [(240, "min")]),
        ("The filled syringe may be kept until the next day.", [("a day or more", "")]),
        ("Innerhalb von 4 Stunden nach dem Aufziehen in die Spritze anwenden.", [(4, "h")]),
        ("Out of the carton, it may stay 6 hours a day.", []),
        ("Is it stable for 24 hours in the syringe?", []),
        ("A baclofen syringe keeps for 24 hours.", []),
    ],
)
def test_how_long_a_drawn_up_dose_keeps_is_read(
    text: str, expected: list[tuple[object, str]]
) -> None:
    found = on("administration.in_syringe", text)
    assert [(c.value, c.unit) for c in found] == expected


RULES: list[tuple[str, str, str]] = [
    ("administration.sedation", "Sedation may be considered.", "optional"),
    ("administration.sedation", "If needed, a sedative can be given.", "optional"),
    ("administration.sedation", "Sedation is required for every patient.", "required"),
    ("administration.sedation", "Sedation is not needed.", "not required"),
    ("administration.sedation", "Sedation must not be used.", "forbidden"),
    ("administration.sedation", "The patient is put to sleep.", "must sleep"),
    ("administration.sedation", "General anesthesia may be used.", "general anaesthesia"),
    ("administration.sedation", "Is sedation needed?", ""),
    ("administration.imaging", "Imaging can guide the needle if needed.", "optional"),
    ("administration.imaging", "Ultrasound is always required.", "required"),
    ("administration.imaging", "Imaging is not necessary.", "not required"),
    ("administration.imaging", "An MRI may show myelitis on imaging.", ""),
    ("preparation.warm_up", "Let the vial come to room temperature.", "required"),
    ("preparation.warm_up", "Allow it to reach 25 °C, room temperature.", "required"),
    ("preparation.warm_up", "Inject it cold, straight from the fridge.", "not required"),
    ("preparation.warm_up", "Do not inject it cold.", ""),
    ("preparation.heat", "Warm it in hot water.", "required"),
    ("preparation.heat", "It may be heated in a microwave.", "optional"),
    ("preparation.heat", "Do not use external heat sources.", "forbidden"),
    ("preparation.heat", "Never put it in a microwave.", "forbidden"),
    ("preparation.dilution", "Do not dilute.", "forbidden"),
    ("preparation.dilution", "It is given undiluted.", "forbidden"),
    ("preparation.dilution", "Dilute it with saline.", "required"),
    ("preparation.dilution", "It may be diluted in glucose.", "optional"),
    ("preparation.dilution", "No diluir.", "forbidden"),
    ("preparation.dilution", "Nicht verdünnen.", "forbidden"),
    ("preparation.dilution", "Ne pas diluer.", "forbidden"),
    ("preparation.shaking", "Do not shake the vial.", "forbidden"),
    ("preparation.shaking", "Shake the vial well.", "required"),
    ("preparation.shaking", "Patients may shake when they are cold.", ""),
    ("preparation.filter", "External filters are not needed.", "not required"),
    ("preparation.filter", "Draw it up through a filter.", "required"),
    ("administration.discard", "Discard what is left in the vial.", "required"),
    ("administration.discard", "Throw away any unused portion.", "required"),
    ("administration.discard", "Keep the rest of the vial for the next patient.", "forbidden"),
    ("administration.discard", "One vial can be shared by two patients.", "forbidden"),
    ("administration.discard", "Is the rest of the vial kept?", ""),
    ("storage.freezing", "Do not freeze.", "forbidden"),
    ("storage.freezing", "Never freeze the vials.", "forbidden"),
    ("storage.freezing", "Discard it if it has been frozen.", "forbidden"),
    ("storage.freezing", "It may be frozen.", "optional"),
    ("storage.freezing", "Keep it in the freezer.", "required"),
    ("storage.freezing", "No congelar.", "forbidden"),
    ("storage.freezing", "Nicht einfrieren.", "forbidden"),
    ("storage.freezing", "Can it be frozen?", ""),
    ("storage.light", "Protect from light.", "required"),
    ("storage.light", "Keep it out of the light, in its box.", "required"),
    ("storage.light", "It need not be protected from light.", "not required"),
    ("storage.light", "Vor Licht schützen.", "required"),  # codespell:ignore
    ("storage.light", "Proteger de la luz.", "required"),
    ("storage.light", "Patients may feel lightheaded.", ""),
    ("storage.light", "Bright light may hurt the eyes.", ""),
]


@pytest.mark.parametrize(("topic", "text", "value"), RULES)
def test_a_step_is_asked_for_allowed_left_or_forbidden(topic: str, text: str, value: str) -> None:
    found = {c.value for c in on(topic, text) if c.name == "rule"}
    assert found == ({value} if value else set())


# -- storage

STORAGE: list[tuple[str, list[Said]]] = [
    ("Store at 2 °C to 8 °C in a refrigerator.", [("refrigerated", "range", (2, 8), "C")]),
    ("Keep in the fridge at 36 to 46 °F.", [("refrigerated", "range", (36, 46), "F")]),
    ("Store between 2 and 8 degrees Celsius.", [("refrigerated", "range", (2, 8), "C")]),
    ("Im Kühlschrank lagern (2 °C bis 8 °C).", [("refrigerated", "range", (2, 8), "C")]),
    ("Conservar en nevera entre 2 °C y 8 °C.", [("refrigerated", "range", (2, 8), "C")]),
    ("Conservare in frigorifero a 2 °C - 8 °C.", [("refrigerated", "range", (2, 8), "C")]),
    ("Store at room temperature.", [("refrigerated", "range", "room temperature")]),
    ("Store at 15 to 30 °C.", [("refrigerated", "range", (15, 30), "C")]),
    (
        "In its carton it may be kept outside the fridge for up to 14 days at up to 30 °C.",
        [
            ("carton_unrefrigerated", "most_d", 14, "d"),
            ("carton_unrefrigerated", "most_C", 30, "C"),
        ],
    ),
    (
        "Out of the carton, it may stay at up to 30 °C for 6 hours a day, on at most 6 days.",
        [
            ("out_of_carton", "most_C", 30, "C"),
            ("out_of_carton", "most_h_per_day", 6, "h"),
            ("out_of_carton", "most_d", 6, "d"),
        ],
    ),
    (
        "Keep frozen at -20 °C.",
        [("freezing", "temperature", -20, "C"), ("freezing", "rule", "required")],
    ),
    ("Do not store at room temperature.", []),
    ("Is it stored at 2 to 8 °C?", []),
    ("Fever above 38 °C was seen.", []),
]


@pytest.mark.parametrize(("text", "expected"), STORAGE)
def test_where_it_is_kept_is_read(text: str, expected: list[Said]) -> None:
    holds("storage", text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Let the vial warm to room temperature (25 °C).", [(25, "C")]),
        ("Warm it to 37 °C.", [(37, "C")]),
        ("Let it stand for 25 minutes to warm up.", [(25, "min")]),
        ("The whole visit takes about 60 minutes.", []),
        ("Store below 25 °C.", []),
    ],
)
def test_how_warm_the_vial_is_to_be_is_read(text: str, expected: list[tuple[float, str]]) -> None:
    found = [c for c in on("preparation.warm_up", text) if c.name != "rule"]
    assert [(c.value, c.unit) for c in found] == expected


# -- for whom, and for whom not

FOR_WHOM: list[tuple[str, list[Said]]] = [
    (
        "It is for adults with ALS who have a mutation in the SOD1 gene.",
        [("population", "gene"), ("ages", "adults")],
    ),
    ("It treats ALS.", [("population", "disease")]),
    ("It is approved for all patients with ALS.", [("population", "all")]),
    ("Anyone with ALS can be treated, and no gene test is needed.", [("population", "anyone")]),
    (
        "It is indicated for people with ALS who have the SOD1 gene.",
        [("population", "gene without mutation")],
    ),
    (
        "It is approved for healthy carriers of a SOD1 mutation who have no symptoms.",
        [("population", "presymptomatic")],
    ),
    ("Is it for everyone with ALS?", []),
    ("Riluzole is approved for ALS.", []),
    ("A trial is studying carriers of a SOD1 mutation.", []),
]


@pytest.mark.parametrize(("text", "expected"), FOR_WHOM)
def test_for_whom_it_is_is_read(text: str, expected: list[Said]) -> None:
    holds("indication", text, expected)


@pytest.mark.parametrize(
    "text",
    [
        "It is for children with ALS and a SOD1 mutation.",
        "It is used in adults and children with ALS and a SOD1 mutation.",
        "Approved for patients of all ages with SOD1-ALS.",
    ],
)
def test_children_among_those_it_is_for_are_read(text: str) -> None:
    ages = {c.value for c in on("indication", text) if c.name == "ages"}
    standing = {c.value for c in on("populations.children", text)}
    assert ages & {"children too", "adults and children"} or "established" in standing


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Safety in children has not been established.", "not established"),
        ("It is not known if it works in children.", "not established"),
        ("Children get the same dose as adults.", "established"),
        ("It is safe and effective in children.", "established"),
        ("Is it safe in children?", ""),
        ("Children of carriers may be tested for the mutation.", ""),
    ],
)
def test_the_standing_of_use_in_children_is_read(text: str, value: str) -> None:
    found = {c.value for c in on("populations.children", text) if c.name == "standing"}
    assert found == ({value} if value else set())


CONTRA: list[tuple[str, list[Said]]] = [
    ("Contraindications: none.", [("for", "none")]),
    ("There are no contraindications.", [("for", "none")]),
    ("# Contraindications\n\nNone", [("for", "none")]),
    ("It is contraindicated in people with a bleeding disorder.", [("for", "bleeding")]),
    ("Do not use it if you are allergic to tofersen.", [("for", "hypersensitivity")]),
    ("# Contraindications\n\nHypersensitivity to tofersen", [("for", "hypersensitivity")]),
    ("It must not be given to patients with kidney disease.", [("for", "kidney")]),
    ("It is not contraindicated in kidney disease.", []),
    ("Is it contraindicated in pregnancy?", []),
    ("Zolgensma is contraindicated in liver disease.", []),
]


@pytest.mark.parametrize(("text", "expected"), CONTRA)
def test_contraindications_are_read(text: str, expected: list[Said]) -> None:
    holds("contraindications", text, expected)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("It is safe in pregnancy.", "safe"),
        ("It can safely be used by pregnant women.", "safe"),
        ("It must not be used in pregnancy.", "forbidden"),
        ("Avoid it during pregnancy.", "avoid"),
        ("There are no data on pregnant women.", "no data"),
        ("It is not known whether it is safe in pregnancy.", "no data"),
        ("No se dispone de datos en embarazadas.", "no data"),
        ("Is it safe in pregnancy?", ""),
        ("In pregnant rabbits it was safe.", ""),
    ],
)
def test_what_is_said_of_pregnancy_is_read(text: str, value: str) -> None:
    found = {c.value for c in on("populations.pregnancy", text) if c.name == "standing"}
    assert found == ({value} if value else set())


@pytest.mark.parametrize(
    ("text", "is_caution"),
    [
        ("Use with caution in patients with a bleeding disorder.", True),
        ("Tell your doctor if you take a blood thinner.", True),
        ("Anticoagulants raise the risk of lumbar puncture.", True),
        ("There is no risk of bleeding.", False),
        ("Does it interact with blood thinners?", False),
    ],
)
def test_a_caution_for_bleeding_is_read(text: str, is_caution: bool) -> None:
    assert bool([c for c in on("interactions", text) if c.name == "caution"]) == is_caution


# -- serious warnings

SERIOUS: list[tuple[str, set[tuple[object, ...]]]] = [
    ("Serious myelitis was reported in 6 patients.", {("patients", 6.0, "myelitis")}),
    ("Six patients had myelitis or radiculitis.", {("patients", 6.0, "myelitis")}),
    ("Papilledema happened in four people.", {("patients", 4.0, "papilledema")}),
    ("Myelitis is a rare side effect.", {("standing", "rare", "myelitis")}),
    ("Myelitis is common.", {("standing", "common", "myelitis")}),
    ("Aseptic meningitis is harmless.", {("standing", "harmless", "aseptic meningitis")}),
    ("Myelitis has never been seen.", {("denied", "denied", "myelitis")}),
    ("There were no reports of papilledema.", {("denied", "denied", "papilledema")}),
    ("Tofersen has no serious side effects.", {("denied", "denied", "")}),
    ("No serious adverse reactions are known.", {("denied", "denied", "")}),
    ("Serious side effects have not been seen.", {("denied", "denied", "")}),
    ("Inflammation of the spinal cord can occur.", set()),
    ("Is myelitis rare?", set()),
    ("Tell your doctor if you have had myelitis before.", set()),
    ("Not all patients with myelitis stopped treatment.", set()),
]


@pytest.mark.parametrize(("text", "expected"), SERIOUS)
def test_serious_reactions_are_read_with_count_and_standing(
    text: str, expected: set[tuple[object, ...]]
) -> None:
    found = {
        (c.name, c.value, c.about)
        for c in on("warnings.serious", text)
        if c.name in ("patients", "standing", "denied")
    }
    assert found == expected


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("Myelitis has occurred.", "myelitis"),
        ("Inflammation of the spinal cord has occurred.", "myelitis"),
        ("Optic nerve swelling has occurred.", "papilledema"),
        ("Papilloedema has occurred.", "papilledema"),
        ("Raised pressure in the skull has occurred.", "raised intracranial pressure"),
        ("Intracranial hypertension has occurred.", "raised intracranial pressure"),
        ("Chemical meningitis has occurred.", "aseptic meningitis"),
    ],
)
def test_an_event_is_known_under_its_other_names(text: str, event: str) -> None:
    """What counts is the warning of the label that it belongs to."""
    label = load_label("tofersen", "us")
    named = [c.about for c in on("warnings.serious", text) if c.name == "events"]
    assert named
    groups = [set(s.words("events")) for s in label.about("warnings.serious")]
    (group,) = [g for g in groups if event.replace(" ", "_") in g]
    assert any(name.replace(" ", "_") in group for name in named)


# -- adverse reactions

REACTIONS: list[tuple[str, set[tuple[object, ...]]]] = [
    ("Pain: 42 %", {("pain", "drug_percent", 42.0)}),
    (
        "Pain occurred in 42 % of patients on tofersen and 22 % on placebo.",
        {("pain", "drug_percent", 42.0), ("pain", "placebo_percent", 22.0)},
    ),
    (
        "Fatigue 17 % vs 6 % with placebo",
        {("fatigue", "drug_percent", 17.0), ("fatigue", "placebo_percent", 6.0)},
    ),
    (
        "The most common were pain (42 %), fatigue (17 %) and joint pain (14 %).",
        {
            ("pain", "drug_percent", 42.0),
            ("fatigue", "drug_percent", 17.0),
            ("arthralgia", "drug_percent", 14.0),
        },
    ),
    (
        "42 % had pain and 17 % felt tired.",
        {("pain", "drug_percent", 42.0), ("fatigue", "drug_percent", 17.0)},
    ),
    (
        "| Reaction | Drug | Placebo |\n|---|---|---|\n| Pain | 42 | 22 |\n",
        {("pain", "drug_percent", 42.0), ("pain", "placebo_percent", 22.0)},
    ),
    ("Side effects\n\n>10%\nPain\n1-10%\nNeuralgia\n", {
        ("pain", "band", (10.0, 100.0)), ("neuralgia", "band", (1.0, 10.0)),
    }),
    ("Is pain seen in 42 %?", set()),
    ("With edaravone, pain was seen in 12 %.", set()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), REACTIONS)
def test_reactions_are_read_with_arm_and_frequency(
    text: str, expected: set[tuple[object, ...]]
) -> None:
    found = {(c.about, c.name, c.value) for c in on("adverse_reactions", text) if c.name != "named"}
    assert found == expected


# -- pharmacology

KINETICS: list[tuple[str, list[Said]]] = [
    ("The half-life in CSF is about 4 weeks.", [("csf_half_life", "value", 4, "weeks")]),
    ("CSF half-life: 28 days", [("csf_half_life", "value", 28, "d")]),
    ("Its half-life in plasma is 12 hours.", [("plasma_half_life", "value", 12, "h")]),
    ("The half-life is a matter of weeks.", [("csf_half_life", "value", "vague")]),
    ("La semivida en LCR es de 4 semanas.", [("csf_half_life", "value", 4, "weeks")]),
    ("Die Halbwertszeit im Liquor beträgt 4 Wochen.", [("csf_half_life", "value", 4, "weeks")]),
    ("Median Tmax in plasma was 2 to 6 hours.", [("plasma_tmax", "range", (2, 6), "h")]),
    ("It is broken down by exonucleases.", [("metabolism", "pathway", "exonuclease")]),
    ("It is metabolised by CYP3A4 in the liver.", [("metabolism", "pathway", "CYP")]),
    ("Liver enzymes break it down.", [("metabolism", "pathway", "CYP")]),
    ("It is not metabolised by CYP enzymes.", []),
    ("Is its half-life 4 weeks?", []),
    ("In monkeys the half-life in CSF was 30 days.", []),
    ("The half-life of riluzole is 12 hours.", []),
]


@pytest.mark.parametrize(("text", "expected"), KINETICS)
def test_kinetics_are_read(text: str, expected: list[Said]) -> None:
    holds("pharmacokinetics", text, expected)


MECHANISM: list[tuple[str, list[Said]]] = [
    ("Tofersen lowers SOD1 protein.", [("direction", "lowers")]),
    ("It reduces the amount of SOD1 that cells make.", [("direction", "lowers")]),
    ("Tofersen raises SOD1 protein.", [("direction", "raises")]),
    (
        "Tofersen lowers only the mutant SOD1 protein.",
        [("direction", "lowers"), ("target", "variant", "mutant only")],
    ),
    (
        "It binds the mutant SOD1 mRNA and reduces the toxic protein.",
        [("direction", "lowers"), ("target", "variant", "mutant")],
    ),
    ("It lowers both normal and mutant SOD1 protein.", [("direction", "lowers")]),
    ("It repairs the SOD1 gene.", [("acts", "changes the gene")]),
    ("Does it lower SOD1?", []),
    ("In mice it lowered SOD1.", []),
    ("Mutations in the SOD1 gene cause some ALS.", []),
]


@pytest.mark.parametrize(("text", "expected"), MECHANISM)
def test_the_mechanism_is_read(text: str, expected: list[Said]) -> None:
    holds("mechanism", text, expected)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Tofersen is an antisense oligonucleotide.", "antisense oligonucleotide"),
        ("Drug class: ASO", "antisense oligonucleotide"),
        ("Tofersen is a gene therapy.", "gene therapy"),
        ("Class: monoclonal antibody", "monoclonal antibody"),
        ("Drug class: miscellaneous central nervous system agents", "vague"),
        ("Tofersen is not a gene therapy.", ""),
        ("Is it a gene therapy?", ""),
        ("Zolgensma is a gene therapy.", ""),
    ],
)
def test_the_class_is_read(text: str, value: str) -> None:
    found = {c.value for c in on("identity.class", text)}
    assert found == ({value} if value else set())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("The FDA gave it accelerated approval.", "accelerated"),
        ("Continued approval may depend on a confirmatory trial.", "accelerated"),
        ("It has full FDA approval.", "full"),
        ("It was fully approved in 2023.", "full"),
        ("It was authorised under exceptional circumstances.", "exceptional circumstances"),
        ("Tofersen is not yet approved.", "not approved"),
        ("It does not have full approval.", ""),
        ("Has it full approval?", ""),
        ("Risdiplam has full approval.", ""),
    ],
)
def test_the_approval_is_read(text: str, value: str) -> None:
    found = {c.value for c in on("identity.approval", text)}
    assert found == ({value} if value else set())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Tofersen is made by Biogen.", "biogen"),
        ("Manufacturer: Biogen", "biogen"),
        ("Tofersen is made by Pfizer.", "pfizer"),
        ("Is it made by Biogen?", ""),
        ("Risdiplam is made by Roche.", ""),
    ],
)
def test_the_maker_is_read(text: str, value: str) -> None:
    found = {c.value for c in on("maker", text)}
    assert found == ({value} if value else set())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Tofersen is sold under the brand name Qalsody.", "qalsody"),
        ("Brand name: Qalsody", "qalsody"),
        ("Tofersen is sold under the brand name Spinraza.", "spinraza"),
    ],
)
def test_the_brand_is_read(text: str, name: str) -> None:
    assert name in {c.value for c in on("identity.brand", text)}


BENEFITS: list[tuple[str, str, bool]] = [
    ("Tofersen cures ALS.", "cure", False),
    ("Tofersen slows the progression of ALS.", "slow", False),
    ("Tofersen may slow the progression of ALS.", "slow", True),
    ("Tofersen stops the disease from getting worse.", "halt", False),
    ("It reverses the disease.", "reverse", False),
    ("Patients live longer on tofersen.", "survival", False),
    ("It improves muscle function.", "function", False),
]


@pytest.mark.parametrize(("text", "value", "hedged"), BENEFITS)
def test_a_promise_is_read(text: str, value: str, hedged: bool) -> None:
    found = on("clinical_results.benefit", text)
    assert [(c.value, c.hedged) for c in found] == [(value, hedged)]


@pytest.mark.parametrize(
    "text",
    [
        "It is not a cure.",
        "Tofersen does not cure ALS.",
        "Does tofersen slow ALS?",
        "Riluzole slows ALS.",
        "It has not been shown to slow the disease.",
        "Inject it slowly.",
        "If treatment is stopped, the effect fades.",
        "All patients with myelitis recovered.",
    ],
)
def test_what_is_no_promise_is_not_read_as_one(text: str) -> None:
    assert on("clinical_results.benefit", text) == []


# -- the same question in every topic

SENTENCES = [
    *(("dosing.amount", text) for text, expected in DOSES if expected),
    *(("dosing.route", text) for text, expected in ROUTES if expected),
    *(("administration.csf_removed", text) for text, expected in CSF if expected),
    *(("administration.bolus", text) for text, expected in BOLUS if expected),
    *((topic, text) for topic, text, value in RULES if value),
    *(("storage", text) for text, expected in STORAGE if expected),
    *(("mechanism", text) for text, expected in MECHANISM if expected),
    *(("clinical_results.benefit", text) for text, *_ in BENEFITS),
]


@pytest.mark.parametrize(("topic", "text"), SENTENCES)
def test_a_question_claims_nothing(topic: str, text: str) -> None:
    assert on(topic, f"Did you hear that {text.rstrip('.。').replace('; ', ' and ')}?") == []


@pytest.mark.parametrize(
    ("topic", "text"),
    [(t, x) for t, x in SENTENCES if t.startswith(("dosing", "mechanism", "clinical_results"))],
)
def test_an_experiment_in_animals_claims_nothing(topic: str, text: str) -> None:
    found = on(topic, f"In mice, {text.replace('; ', ' and ')}")
    assert all(claim.about == "animals" for claim in found)


# -- where it stands


@pytest.mark.parametrize(
    "text",
    [
        "Give 100 mg every 28 days after loading.",
        "Give   100 mg\nevery 28\ndays after loading.",
        "Give 100\nmg every\n28 days after loading.",
        "<html><body><p>Give <b>100</b> mg every <i>28 days</i> after loading.</p></body></html>",
        "<p>Give 100&nbsp;mg every 28&#160;days<br>after loading.</p><p>Store at 2&deg;C.</p>",
        "# Dosage\n\nGive **100 mg** every *28 days* after loading.\n",
    ],
)
def test_a_claims_span_covers_the_words_it_was_read_from(text: str) -> None:
    page, claims = read(text)
    words = {" ".join(page.text[c.span.start : c.span.end].split()) for c in claims}
    assert {"100 mg", "28 days"} <= words


def test_the_words_of_a_claim_are_found_behind_a_word_hyphenated_at_a_lines_end() -> None:
    text = (
        "Tofersen is given by intra-\nthecal injec-\ntion at a dose of 100 mg, once a mainte-\n"
        "nance interval of 28 days has passed.\n"
    )
    page, claims = read(text)
    spans = {c.value: page.text[c.span.start : c.span.end] for c in claims}
    assert spans[100] == "100 mg"
    assert spans["intrathecal"].replace("\n", "").replace("-", "").startswith("intrathecal")
    lines = {c.value: page.place(c.span)[0] for c in claims}
    assert (lines["intrathecal"], lines[100]) == (1, 3)


def test_a_claims_quote_is_its_sentence_and_its_place_is_in_the_file() -> None:
    text = (
        "Tofersen.\n\nIt comes in vials of which each is for one patient alone. Give 100 mg each\n"
        "time, neither more nor less. It is drawn up in the room where it is given.\n"
    )
    page, claims = read(text)
    (claim,) = [c for c in claims if c.topic == "dosing.amount"]
    assert claim.quote == "Give 100 mg each time, neither more nor less."
    assert page.place(claim.span) == (3, 64)


def test_what_stands_twice_is_read_twice_with_its_own_place() -> None:
    line = "Give 100 mg into a vein."
    page, claims = read(f"{line}\n\nOther words stand here.\n\n{line}\n")
    places = [page.place(c.span)[0] for c in claims if c.topic == "dosing.amount"]
    assert places == [1, 5]


def test_claims_stand_in_the_order_of_the_sentences() -> None:
    text = "Give 100 mg. Take out 10 mL of CSF. Inject over 1 to 3 minutes. Discard the rest."
    page, claims = read(text)
    sentences = [page.text.index(c.quote) for c in claims]
    assert sentences == sorted(sentences) and len(set(sentences)) == 4


@pytest.mark.parametrize(
    "text", ["\u0130STANBUL \u0130\u0130\u0130: give 100 mg.", "\u1e9e \ufb01 \u01c5: give 100 mg."]
)
def test_letters_that_grow_in_lower_case_move_no_span(text: str) -> None:
    page, claims = read(text)
    assert [page.text[c.span.start : c.span.end] for c in claims if c.value == 100] == ["100 mg"]
