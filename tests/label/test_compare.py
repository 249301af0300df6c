"""A page held against a label: every class of difference, when and only when it should arise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from thecal.label.catalog import load_all, load_label, medicines
from thecal.label.claims import read_claims
from thecal.label.compare import (
    SEVERITIES,
    Audit,
    Conflict,
    Difference,
    Kind,
    Severity,
    audit,
    compare_pages,
    judge,
)
from thecal.label.label import Label, covers
from thecal.label.lexicon import lexicon
from thecal.label.monograph import Monograph, read_monograph
from thecal.label.quantity import in_unit

OWN = Path(__file__).resolve().parent / "drugs"  # a third, invented medicine
GRAVE = (Severity.SAFETY, Severity.MAJOR)

SHIPPED = {drug: load_all(drug) for drug in medicines()}
INVENTED = load_all("fablersen", OWN)
TOFERSEN = load_label("tofersen", "us")
NUSINERSEN = load_label("nusinersen", "us")
FABLERSEN = load_label("fablersen", "us", OWN)
LABELS = [*(label for labels in SHIPPED.values() for label in labels), *INVENTED]


def named(label: Label) -> str:
    return f"{label.medicine}-{label.jurisdiction}-{label.edition or label.status}"


def others(label: Label) -> list[Label]:
    family = SHIPPED.get(label.medicine, INVENTED)
    return [other for other in family if other != label]


def page(text: str) -> Monograph:
    return read_monograph(text.encode(), "test")


def held(text: str, label: Label = TOFERSEN, family: Sequence[Label] | None = None) -> Audit:
    """Hold a text against a label, with every other label of the medicine at hand."""
    neighbours = [name for name in (*medicines(), "fablersen") if name != label.medicine]
    return audit(page(text), label, others(label) if family is None else family, neighbours)


def found(text: str, label: Label = TOFERSEN) -> list[tuple[str, str, str]]:
    """What stands wrong in a text, as class, severity and topic; omissions aside."""
    return [
        (str(d.kind), str(d.severity), d.topic)
        for d in held(text, label).differences
        if d.kind is not Kind.OMITS
    ]


def left_out(text: str, label: Label = TOFERSEN) -> set[tuple[str, str]]:
    return {
        (str(d.severity), d.topic) for d in held(text, label).differences if d.kind is Kind.OMITS
    }


def told(differences: Sequence[Difference]) -> str:
    return "\n  ".join(
        ["", *(f"{d.severity} {d.kind} {d.topic} {d.line}: {d.quote}" for d in differences)]
    )


# -- a label against itself


@pytest.mark.parametrize("words", ["says", "plain"])
@pytest.mark.parametrize(
    "label", [label for label in LABELS if label.status == "current"], ids=named
)
def test_a_labels_own_words_have_no_difference_above_minor(label: Label, words: str) -> None:
    statements = [text for s in label.statements if (text := getattr(s, words))]
    grave = [d for d in held("\n\n".join(statements), label).differences if d.severity in GRAVE]
    assert not grave, told(grave)


@pytest.mark.parametrize("label", LABELS, ids=named)
def test_a_statement_alone_does_not_contradict_the_label_it_is_from(label: Label) -> None:
    wrong = [
        d
        for s in label.statements
        for d in held(s.says, label, ()).differences
        if d.severity in GRAVE and d.kind is not Kind.OMITS
    ]
    assert not wrong, told(wrong)


# -- contradicts

SAFETY = ("contradicts", "safety")
MAJOR = ("contradicts", "major")
MINOR = ("contradicts", "minor")
WRONG: list[tuple[str, Label, tuple[str, str], str]] = [
    ("Each dose of tofersen is 200 mg.", TOFERSEN, SAFETY, "dosing.amount"),
    ("Each dose is 100 mg in 5 mL.", TOFERSEN, SAFETY, "dosing.amount"),
    ("The solution has 67 mg/mL.", TOFERSEN, SAFETY, "dosing.amount"),
    ("Maintenance doses are injected into the thigh.", TOFERSEN, SAFETY, "dosing.route"),
    ("Tofersen is given intravenously.", TOFERSEN, SAFETY, "dosing.route"),
    ("Loading doses are given every 28 days.", TOFERSEN, SAFETY, "dosing.loading"),
    ("Four loading doses are given.", TOFERSEN, SAFETY, "dosing.loading"),
    ("Loading doses are given on days 0, 7 and 14.", TOFERSEN, SAFETY, "dosing.loading"),
    ("Maintenance doses follow every 14 days.", TOFERSEN, SAFETY, "dosing.maintenance"),
    ("Maintenance doses follow every 4 months.", TOFERSEN, SAFETY, "dosing.maintenance"),
    ("No maintenance doses are needed.", TOFERSEN, SAFETY, "dosing.maintenance"),
    ("A missed maintenance dose is skipped.", TOFERSEN, SAFETY, "missed_dose.maintenance"),
    ("If a dose is missed, double the next one.", TOFERSEN, SAFETY, "missed_dose.maintenance"),
    (
        "If the second loading dose is missed, give it as soon as possible and the third 28 days "
        "later.",
        TOFERSEN, SAFETY, "missed_dose.loading_2",
    ),
    ("CSF need not be removed.", TOFERSEN, SAFETY, "administration.csf_removed"),
    ("Remove 30 mL of CSF first.", TOFERSEN, SAFETY, "administration.csf_removed"),
    ("Inject the bolus over 10 seconds.", TOFERSEN, SAFETY, "administration.bolus"),
    ("Infuse it over one hour.", TOFERSEN, SAFETY, "administration.bolus"),
    ("A drawn-up syringe keeps for 24 hours.", TOFERSEN, SAFETY, "administration.in_syringe"),
    ("Dilute it with saline.", TOFERSEN, SAFETY, "preparation.no_dilution"),
    ("Warm it in hot water.", TOFERSEN, SAFETY, "preparation.heat"),
    ("Keep the rest of the vial for the next patient.", TOFERSEN, SAFETY, "administration.discard"),
    ("Store at room temperature.", TOFERSEN, SAFETY, "storage.refrigerated"),
    ("Keep frozen at -20 °C.", TOFERSEN, SAFETY, "storage.freezing"),
    ("It may be frozen.", TOFERSEN, SAFETY, "storage.freezing"),
    ("In its carton it may stay out of the fridge for 60 days.", TOFERSEN, SAFETY,
     "storage.carton_unrefrigerated"),
    ("It need not be protected from light.", TOFERSEN, MAJOR, "storage.light"),
    ("It is used in adults and children with ALS and a SOD1 mutation.", TOFERSEN, SAFETY,
     "indication"),
    ("It is safe and effective in children.", TOFERSEN, SAFETY, "populations.children"),
    ("Anyone with ALS can be treated, and no gene test is needed.", TOFERSEN, SAFETY, "indication"),
    ("It is contraindicated in kidney disease.", TOFERSEN, MAJOR, "contraindications.none"),
    ("Myelitis has never been seen.", TOFERSEN, SAFETY, "warnings.serious"),
    ("Tofersen has no serious side effects.", TOFERSEN, SAFETY, "warnings.serious"),
    ("Serious myelitis was reported in 60 patients.", TOFERSEN, MAJOR, "warnings.serious"),
    ("Myelitis is common.", TOFERSEN, MAJOR, "warnings.serious"),
    ("Pain was reported in 80 % of patients.", TOFERSEN, MINOR, "adverse_reactions.common"),
    ("The half-life in CSF is 4 days.", TOFERSEN, MAJOR, "pharmacokinetics.csf_half_life"),
    ("It is metabolised by CYP3A4 in the liver.", TOFERSEN, MAJOR, "pharmacokinetics.metabolism"),
    ("Tofersen raises SOD1 protein.", TOFERSEN, MAJOR, "mechanism"),
    ("Tofersen is a gene therapy.", TOFERSEN, MAJOR, "identity.class"),
    ("It has full FDA approval.", TOFERSEN, MAJOR, "identity.approval"),
    ("It is safe in pregnancy.", TOFERSEN, SAFETY, "populations.pregnancy"),
    ("Tofersen is made by Pfizer.", TOFERSEN, MINOR, "maker"),
    ("Sedation is required for every patient.", TOFERSEN, MINOR, "administration.sedation"),
    ("The dose should be halved in kidney disease.", TOFERSEN, SAFETY, "dosing.amount"),
    ("Each dose of nusinersen is 15 mg.", NUSINERSEN, SAFETY, "dosing.amount"),
    ("Three loading doses are given.", NUSINERSEN, SAFETY, "dosing.loading"),
    ("Maintenance doses follow every month.", NUSINERSEN, SAFETY, "dosing.maintenance"),
    ("Only babies are treated; adults cannot have it for SMA.", NUSINERSEN, MAJOR, "indication"),
    ("Each dose of fablersen is 100 mg.", FABLERSEN, SAFETY, "dosing.amount"),
    ("Fablersen is given intravenously.", FABLERSEN, SAFETY, "dosing.route"),
    ("Maintenance doses follow every 4 months.", FABLERSEN, SAFETY, "dosing.maintenance"),
    ("Remove 10 mL of CSF first.", FABLERSEN, SAFETY, "administration.csf_removed"),
    ("There are no contraindications.", FABLERSEN, MAJOR, "contraindications"),
    ("Store at 2 °C to 8 °C.", FABLERSEN, SAFETY, "storage"),
    ("Headache was reported in 3 % of patients.", FABLERSEN, MINOR, "adverse_reactions.common"),
    ("Tell nobody: serious hydrocephalus happened in 30 patients.", FABLERSEN, MAJOR,
     "warnings.serious"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "label", "kind", "topic"), WRONG)
def test_what_the_label_denies_contradicts_it(
    text: str, label: Label, kind: tuple[str, str], topic: str
) -> None:
    differences = found(text, label)
    assert [(*kind, d[2]) for d in differences if d[:2] == kind and covers(topic, d[2])], (
        differences
    )


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Each dose of tofersen is 100 mg.", TOFERSEN),
        ("Each dose is 100 mg in 15 mL.", TOFERSEN),
        ("The solution has 6.7 mg/mL.", TOFERSEN),
        ("Maintenance doses are given by lumbar puncture.", TOFERSEN),
        ("It is not given intravenously.", TOFERSEN),
        ("Three loading doses are given 14 days apart.", TOFERSEN),
        ("Loading doses are given every two weeks.", TOFERSEN),
        ("Loading doses are given on days 1, 15 and 29.", TOFERSEN),
        ("Maintenance doses follow every 28 days.", TOFERSEN),
        ("Maintenance doses follow every 4 weeks.", TOFERSEN),
        ("After loading, one dose follows every 28 days.", TOFERSEN),
        ("A missed maintenance dose is given as soon as possible.", TOFERSEN),
        ("Never give two doses at once.", TOFERSEN),
        ("Remove about 10 mL of CSF.", TOFERSEN),
        ("Inject over 1 to 3 minutes.", TOFERSEN),
        ("Inject over 2 minutes.", TOFERSEN),
        ("Use within 4 hours of drawing it up.", TOFERSEN),
        ("Do not dilute.", TOFERSEN),
        ("Nothing may be used to heat the vial.", TOFERSEN),
        ("Store at 36 °F to 46 °F.", TOFERSEN),
        ("Never freeze. Discard it if it has been frozen.", TOFERSEN),
        ("It is for adults with ALS who have a mutation in the SOD1 gene.", TOFERSEN),
        ("Its safety in children is not established.", TOFERSEN),
        ("Contraindications: none.", TOFERSEN),
        ("Serious myelitis was reported in 6 patients.", TOFERSEN),
        ("Pain was reported in 42 % of patients and 22 % on placebo.", TOFERSEN),
        ("The half-life in CSF is about 4 weeks.", TOFERSEN),
        ("It is not metabolised by CYP enzymes.", TOFERSEN),
        ("Tofersen lowers normal and mutant SOD1 protein.", TOFERSEN),
        ("It has accelerated approval.", TOFERSEN),
        ("Nusinersen 12 mg is given every 4 months.", TOFERSEN),
        ("In mice, 500 mg was given intravenously.", TOFERSEN),
        ("Is it given into a vein?", TOFERSEN),
        ("Four loading doses are given.", NUSINERSEN),
        ("Loading doses are given on days 0, 14, 28 and 58.", NUSINERSEN),
        ("Maintenance doses follow every 4 months.", NUSINERSEN),
        ("Count platelets before each dose.", NUSINERSEN),
        ("Each dose of fablersen is 10 mg.", FABLERSEN),
        ("Store at 15 °C to 25 °C.", FABLERSEN),
        ("Maintenance doses follow every month.", FABLERSEN),
        ("It must not be given to people allergic to fablersen.", FABLERSEN),
    ],
)
def test_what_the_label_says_is_no_difference(text: str, label: Label) -> None:
    assert found(text, label) == []


# -- another version, another country

# What the 2020 text of nusinersen says of a missed dose, and the text of 2023 no longer does.
OLDER = (
    "# Dosage\n\nMaintenance doses are given every 4 months.\n\n# Missed dose\n\n"
    "A missed maintenance dose is given as soon as possible.\n"
)


def test_an_older_rule_is_told_as_superseded_and_names_its_version() -> None:
    (difference,) = [d for d in held(OLDER, NUSINERSEN).differences if d.kind is Kind.SUPERSEDED]
    assert difference.severity is Severity.MAJOR
    assert covers("missed_dose", difference.topic)
    assert "US label, 2020" in difference.why
    assert difference.statement in NUSINERSEN.statements


def test_the_older_rule_is_right_by_the_older_version() -> None:
    older = load_label("nusinersen", "us", edition="2020")
    assert all(d.kind is not Kind.SUPERSEDED for d in held(OLDER, older).differences)
    assert all(d.severity not in GRAVE for d in held(OLDER, older).differences)


def test_without_the_older_version_at_hand_nothing_is_called_superseded() -> None:
    assert all(d.kind is not Kind.SUPERSEDED for d in held(OLDER, NUSINERSEN, ()).differences)


def test_an_older_interval_of_an_invented_medicine_is_superseded() -> None:
    """The version of 2029 had 42 days, 8 mg for loading and 5 mg after it."""
    text = "Maintenance doses of fablersen follow every 42 days."
    assert found(text, FABLERSEN) == [("superseded version", "major", "dosing.maintenance")]
    assert found(text, load_label("fablersen", "us", OWN, "2029")) == []


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("It is contraindicated in people allergic to tofersen.", "contraindications"),
        ("It was authorised under exceptional circumstances.", "identity.approval"),
    ],
)
def test_what_another_country_says_is_a_difference_and_no_error(text: str, topic: str) -> None:
    (difference,) = [d for d in held(text).differences if d.kind is not Kind.OMITS]
    assert (difference.kind, covers(topic, difference.topic)) == (Kind.ELSEWHERE, True)
    assert difference.severity in (Severity.MINOR, Severity.INFO)
    assert "EU label" in difference.why and "section" in difference.why
    eu = load_label("tofersen", "eu")
    assert not [d for d in held(text, eu).differences if d.kind is not Kind.OMITS]


def test_the_eu_day_of_the_fourth_dose_is_a_difference_of_country() -> None:
    text = (
        "Summary of product characteristics\n\nPosology: four loading doses are given on days 0, "
        "14, 28 and 63.\n"
    )
    assert ("other jurisdiction", "minor", "dosing.loading") in found(text, NUSINERSEN)
    assert not found(text, load_label("nusinersen", "eu"))


def test_tests_called_needless_are_an_error_that_can_hurt() -> None:
    """The EU label leaves some of them to judgement: the class names it, the severity stays."""
    classes = {(kind, severity) for kind, severity, _ in found(NEEDLESS, NUSINERSEN)}
    assert ("other jurisdiction", "safety") in classes


def test_another_countrys_day_on_a_page_of_this_country_stays_an_error_that_can_hurt() -> None:
    text = "US prescribing information, FDA. Loading doses are given on days 0, 14, 28 and 63.\n"
    assert ("other jurisdiction", "safety", "dosing.loading") in found(text, NUSINERSEN)


@pytest.mark.parametrize("label", [TOFERSEN, NUSINERSEN], ids=named)
def test_the_eu_labels_own_words_hold_nothing_that_can_hurt(label: Label) -> None:
    """Countries differ; a page in the words of the other one is not an error."""
    eu = load_label(label.medicine, "eu")
    words = ["Summary of product characteristics", *(s.says for s in eu.statements)]
    wrong = [
        d
        for d in held("\n\n".join(words), label).differences
        if d.severity is Severity.SAFETY
        or (d.severity is Severity.MAJOR and d.kind is not Kind.ELSEWHERE)
    ]
    assert not wrong, told(wrong)


# -- blurs, adds, overclaims


@pytest.mark.parametrize(
    ("text", "severity", "topic"),
    [
        ("Maintenance doses follow once a month.", "minor", "dosing.maintenance"),
        ("Tofersen is injected into the spine.", "minor", "dosing.route"),
        ("A small amount of spinal fluid is taken.", "minor", "administration.csf_removed"),
        ("Myelitis is a rare side effect.", "major", "warnings.serious"),
        ("The half-life is a matter of weeks.", "minor", "pharmacokinetics.csf_half_life"),
        ("Tofersen lowers the toxic SOD1 protein.", "minor", "mechanism"),
        ("It treats ALS.", "minor", "indication"),
        ("Drug class: miscellaneous agents", "minor", "identity.class"),
        (
            "It is indicated for people with ALS who have the SOD1 gene.",
            "major",
            "indication",
        ),
    ],
)
def test_what_is_too_loose_blurs(text: str, severity: str, topic: str) -> None:
    assert ("blurs", severity) in {d[:2] for d in found(text) if covers(topic, d[2])}


def test_calendar_months_told_in_weeks_are_blurred_too() -> None:
    text = "Maintenance doses of nusinersen follow every 16 weeks."
    assert found(text, NUSINERSEN) == [("blurs", "minor", "dosing.maintenance")]


@pytest.mark.parametrize(
    ("text", "severities"),
    [
        ("Side effects: encephalitis can occur.", {"minor"}),
        ("Let the vial stand for 25 minutes to warm up.", {"minor", "info"}),
        ("Rest flat for 30 minutes afterwards.", {"info"}),
        ("Pregnancy category: C", {"minor"}),
        ("Avoid it during pregnancy.", {"minor"}),
        ("Do not use it with grapefruit juice.", {"major", "minor"}),
    ],
)
def test_what_the_label_does_not_have_is_added(text: str, severities: set[str]) -> None:
    (difference,) = found(text)
    assert difference[0] == "adds" and difference[1] in severities


@pytest.mark.parametrize(
    "text",
    [
        "Tofersen cures ALS.",
        "Tofersen stops the disease from getting worse.",
        "Tofersen slows the progression of ALS.",
        "Patients live longer on tofersen.",
        "It reverses the disease.",
    ],
)
def test_a_promise_that_no_trial_bears_out_overclaims(text: str) -> None:
    assert [d[:2] for d in found(text)] == [("overclaims", "major")]


@pytest.mark.parametrize(
    "text",
    [
        "Tofersen does not cure ALS.",
        "It may slow the disease.",
        "Tofersen lowers neurofilament in plasma.",
        "Riluzole slows ALS.",
        "Does tofersen stop the disease?",
    ],
)
def test_what_promises_nothing_does_not_overclaim(text: str) -> None:
    assert all(d[0] != "overclaims" for d in found(text))


def test_what_one_medicine_has_shown_is_an_overclaim_for_another() -> None:
    text = "It improves motor function."
    assert [d[0] for d in found(text)] == ["overclaims"]
    assert found(text, NUSINERSEN) == []
    assert found("It keeps function.", FABLERSEN) == []


# -- what is left out

NEEDLESS = "No blood tests are needed before a dose."
DOSED = (
    "Each dose is 100 mg. Three loading doses are given 14 days apart, then a maintenance dose "
    "every 28 days."
)


def test_a_dose_without_its_route_leaves_out_what_can_hurt() -> None:
    assert ("safety", "dosing.route") in left_out(DOSED)
    assert ("safety", "dosing.route") not in left_out(f"{DOSED} It is given by lumbar puncture.")


def test_spinal_fluid_named_for_another_reason_is_no_route() -> None:
    text = f"{DOSED}\n\nThe half-life in CSF is about 4 weeks.\n"
    assert ("safety", "dosing.route") in left_out(text)


@pytest.mark.parametrize(
    ("text", "topic", "more"),
    [
        (
            "Each dose is 100 mg, intrathecally. Three loading doses are given 14 days apart.",
            "dosing.maintenance",
            "Maintenance doses follow every 28 days.",
        ),
        (DOSED, "missed_dose", "A missed dose is given as soon as possible."),
        (
            "Remove 10 mL of CSF. Inject over 1 to 3 minutes.",
            "administration.in_syringe",
            "Use within 4 hours of drawing it up.",
        ),
        (
            "Inject over 1 to 3 minutes. Use within 4 hours of drawing it up.",
            "administration.csf_removed",
            "Remove 10 mL of CSF.",
        ),
        (
            "Side effects are pain, fatigue and fever.",
            "warnings.serious",
            "Myelitis, papilledema and meningitis are serious, so call your doctor at once.",
        ),
        (
            "Store at 2 °C to 8 °C.",
            "storage.carton_unrefrigerated",
            "In its carton it may stay out of the fridge for up to 14 days.",
        ),
        (
            "It is for adults with ALS and a SOD1 mutation.",
            "indication.accelerated",
            "It has accelerated approval.",
        ),
    ],
)
def test_an_omission_goes_when_the_page_says_it(text: str, topic: str, more: str) -> None:
    assert any(covers(topic, t) for _, t in left_out(text))
    assert not any(covers(topic, t) for _, t in left_out(f"{text} {more}"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Tofersen.",
        "The weather is fine.",
        "ALS is a disease of motor nerves.",
        "SOD1 is a gene.",
    ],
)
def test_a_page_that_does_not_speak_of_it_leaves_nothing_out(text: str) -> None:
    assert held(text).differences == ()


def test_tests_before_each_dose_are_missed_only_where_the_label_asks_for_them() -> None:
    text = "Remove 5 mL of CSF. Inject over 1 to 3 minutes. Use within 4 hours of drawing it up."
    assert any(covers("monitoring", topic) for _, topic in left_out(text, NUSINERSEN))
    assert not any(covers("monitoring", topic) for _, topic in left_out(text))


# -- a page against itself


def test_a_page_that_says_none_and_then_names_one_contradicts_itself() -> None:
    text = (
        "# Tofersen\n\n## Contraindications\n\nNone.\n\n## More\n\nOne contraindication of "
        "tofersen is an allergy to it.\n"
    )
    (own,) = [d for d in held(text).differences if d.against is not None]
    assert (own.kind, own.severity) == (Kind.CONTRADICTS, Severity.MAJOR)
    assert own.line == 9
    assert own.against is not None and page(text).place(own.against)[0] == 5


@pytest.mark.parametrize(
    "text",
    [
        "# Contraindications\n\nNone.\n",
        "# Contraindications\n\nNone.\n\n# Uses\n\nIt is not contraindicated in pregnancy.\n",
        "# Contraindications\n\nHypersensitivity to tofersen.\n\n# Interactions\n\nNone known.\n",
        "# Contraindications\n\nNone.\n\n# Others\n\nZolgensma is contraindicated in liver "
        "disease.\n",
    ],
)
def test_a_page_that_agrees_with_itself_is_not_said_to_contradict_itself(text: str) -> None:
    assert all(d.against is None for d in held(text).differences)


# -- what a difference holds

MIXED = """# Tofersen

Made by Pfizer.

## Dosage

Each dose is 200 mg, every month.
Maintenance doses are injected into the thigh.

## Benefits

Tofersen cures ALS.
It has full FDA approval.

## Side effects

Pain, fatigue and fever. Myelitis is rare.
"""


def test_the_worst_comes_first_and_then_the_page_is_followed() -> None:
    differences = held(MIXED).differences
    ranks = [SEVERITIES.index(d.severity) for d in differences]
    assert ranks == sorted(ranks)
    assert {Severity.SAFETY, Severity.MAJOR, Severity.MINOR} <= {d.severity for d in differences}
    for severity in SEVERITIES:
        places = [(d.line == 0, d.line, d.column) for d in differences if d.severity is severity]
        assert places == sorted(places)


def test_a_difference_names_its_place_and_the_statement_it_parts_from() -> None:
    found = held(MIXED)
    for d in found.differences:
        assert d.why.strip() and d.why.rstrip().endswith(".")
        assert d.label_value.strip()
        assert d.statement is None or d.statement in TOFERSEN.statements
        if d.statement is not None:
            assert d.topic == d.statement.topic
            assert d.statement.source.section and d.statement.source.document
        if d.kind is Kind.OMITS:
            assert (d.span, d.line, d.column, d.quote) == (None, 0, 0, "")
        else:
            assert d.span is not None and d.span.start < d.span.end
            assert (d.line, d.column) == found.monograph.place(d.span)
            words = found.monograph.quote(d.span)
            assert words in d.quote


def test_nothing_is_said_twice_of_the_same_words() -> None:
    for text in (MIXED, MIXED + MIXED):
        differences = held(text).differences
        said = [(d.kind, d.topic, d.line, d.column, d.label_value, d.why) for d in differences]
        assert len(said) == len(set(said))


def test_an_error_made_twice_is_told_at_both_places() -> None:
    text = "Tofersen is given intravenously.\n\nOther words.\n\nTofersen is given intravenously.\n"
    assert [d.line for d in held(text).differences if d.topic == "dosing.route"] == [1, 5]


def test_a_page_before_another_does_not_change_its_differences() -> None:
    """Two pages in one file: the second keeps its errors, moved down by the first."""
    first = "# Weather\n\nIt is fine.\n\n"
    alone = [d for d in held(MIXED).differences if d.span]
    after = [d for d in held(first + MIXED).differences if d.span]
    assert [(d.kind, d.severity, d.topic, d.line + 4) for d in alone] == [
        (d.kind, d.severity, d.topic, d.line) for d in after
    ]


def test_the_order_of_the_other_labels_does_not_matter() -> None:
    family = others(NUSINERSEN)
    text = OLDER + "\nLoading doses are given on days 0, 14, 28 and 63.\n"
    one, two = held(text, NUSINERSEN, family), held(text, NUSINERSEN, family[::-1])
    assert [(d.kind, d.severity, d.topic, d.line) for d in one.differences] == [
        (d.kind, d.severity, d.topic, d.line) for d in two.differences
    ]


@pytest.mark.parametrize("text", [text for text, label, *_ in WRONG if label is TOFERSEN])
def test_the_form_of_a_page_does_not_change_what_is_wrong_with_it(text: str) -> None:
    """The same sentence as text, as HTML and as Markdown."""
    plain = found(text)
    marked = text.replace("&", "&amp;")
    assert found(f"<html><body><h1>Tofersen</h1><p>{marked}</p></body></html>") == plain
    assert found(f"# Tofersen\n\n{text}\n") == plain


# -- judging one claim


@pytest.mark.parametrize("label", LABELS, ids=named)
def test_a_claim_that_a_label_does_not_bear_out_has_a_reason(label: Label) -> None:
    words = lexicon([label, *others(label)], ())
    claims = read_claims(page(MIXED), words)
    assert claims
    for claim in claims:
        verdict = judge(claim, label)
        if verdict.ok is False:
            assert verdict.why and (verdict.statement is None or verdict.label_value)
        if verdict.statement is not None:
            assert verdict.statement in label.statements


def test_a_claim_on_a_topic_that_no_label_knows_is_left_open() -> None:
    claim = replace(read_claims(page("Give 100 mg."), lexicon([TOFERSEN]))[0], topic="nowhere.at")
    assert judge(claim, TOFERSEN).ok is None


def test_amounts_are_compared_in_one_unit() -> None:
    for amount, is_right in (("0.1 g", True), ("100,000 mcg", True), ("1 g", False)):
        (claim, *_) = read_claims(page(f"Each dose is {amount}."), lexicon([TOFERSEN]))
        assert judge(claim, TOFERSEN).ok is is_right, amount
    assert in_unit(0.1, "g", "mg") == 100


# -- two pages


def conflicts(first: str, second: str, label: Label = TOFERSEN) -> list[Conflict]:
    return compare_pages(page(first), page(second), label, others(label))


def test_two_pages_that_part_are_told_with_the_one_that_is_right() -> None:
    (conflict,) = conflicts("Maintenance every 28 days.", "Maintenance every 14 days.")
    assert (conflict.topic, conflict.name) == ("dosing.maintenance", "interval")
    assert (conflict.first.value, conflict.second.value) == (28, 14)
    assert (conflict.first_ok, conflict.second_ok) == (True, False)
    assert conflict.severity is Severity.SAFETY
    assert "28 days" in conflict.label_value


def test_two_pages_turned_round_part_the_same_way() -> None:
    one = "Each dose is 200 mg. Maintenance every 28 days. Tofersen is made by Pfizer."
    two = "Each dose is 100 mg. Maintenance every 14 days. Tofersen is made by Biogen."
    there = {(c.topic, c.first.value, c.second.value, c.severity) for c in conflicts(one, two)}
    back = {(c.topic, c.second.value, c.first.value, c.severity) for c in conflicts(two, one)}
    assert there == back and len(there) == 3


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Maintenance every 28 days.", "Maintenance every four weeks."),
        ("Each dose is 100 mg.", "Each dose is 0.1 g."),
        ("Store at 2 °C to 8 °C.", "Store at 36 °F to 46 °F."),
        ("Maintenance every 28 days.", "Store at 2 °C to 8 °C."),
        ("Maintenance every 28 days.", ""),
        (MIXED, MIXED),
    ],
)
def test_pages_that_say_the_same_or_speak_of_other_things_do_not_part(
    first: str, second: str
) -> None:
    assert conflicts(first, second) == []


def test_a_month_and_28_days_part() -> None:
    (conflict,) = conflicts("Maintenance every 28 days.", "Maintenance every month.")
    assert (conflict.first_ok, conflict.second_ok) == (True, False)


def test_both_pages_may_be_wrong() -> None:
    (conflict,) = conflicts("Each dose is 200 mg.", "Each dose is 300 mg.")
    assert (conflict.first_ok, conflict.second_ok) == (False, False)


def test_where_pages_part_the_worst_comes_first() -> None:
    found = conflicts(
        "Tofersen is made by Pfizer. It has full FDA approval. Maintenance every 14 days.",
        "Tofersen is made by Biogen. It has accelerated approval. Maintenance every 28 days.",
    )
    assert [c.severity for c in found] == [Severity.SAFETY, Severity.MAJOR, Severity.MINOR]


def test_routes_of_the_same_phase_are_compared() -> None:
    (conflict,) = conflicts(
        "Maintenance doses are given by lumbar puncture.",
        "Maintenance doses are injected into the thigh.",
    )
    assert (conflict.topic, conflict.severity) == ("dosing.route", Severity.SAFETY)
