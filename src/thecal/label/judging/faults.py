"""Every way in which a page can part from a label: how grave it is, and why it matters.

This is the one table of severities. What a severity means stands in `docs/audit.md`; which claim
is which fault is for the judges.
"""

from __future__ import annotations

from dataclasses import replace

from thecal.label.judging.verdict import SEVERITIES, Fault, Kind, Severity


def _safety(why: str, kind: Kind = Kind.CONTRADICTS) -> Fault:
    return Fault(kind=kind, severity=Severity.SAFETY, why=why)


def _major(why: str, kind: Kind = Kind.CONTRADICTS) -> Fault:
    return Fault(kind=kind, severity=Severity.MAJOR, why=why)


def _minor(why: str, kind: Kind = Kind.CONTRADICTS) -> Fault:
    return Fault(kind=kind, severity=Severity.MINOR, why=why)


def _info(why: str, kind: Kind = Kind.CONTRADICTS) -> Fault:
    return Fault(kind=kind, severity=Severity.INFO, why=why)


# ---- dose, strength, route, intervals (dosing)

DOSE_CHANGED = _safety(
    "The labelled dose and interval are fixed; they are not fitted to the patient."
)
DOSE_FITTED = _major(DOSE_CHANGED.why)
WRONG_DOSE = _safety("A wrong dose in the spinal fluid cannot be taken back.")
WRONG_VOLUME = _safety("A wrong volume in the spinal fluid cannot be taken back.")
WRONG_STRENGTH = _safety("Whoever draws up by this strength draws up the wrong dose.")
WRONG_ROUTE = _safety(
    "By any other route the medicine does not reach the spinal cord and may do harm."
)
INTO_THE_SPINE = _minor(
    "The dose goes into the fluid around the spinal cord, not into the spine.", Kind.BLURS
)
WRONG_REASON = _minor(
    "The medicine is given into the spinal fluid because it does not get there from the blood."
)
WRONG_INTERVAL = _safety(
    "Doses too close together or too far apart change the effect and the risks."
)
NO_MAINTENANCE = _safety("Treatment goes on with maintenance doses; without them the effect fades.")
MONTHS_FOR_DAYS = _minor(
    "Booked by the calendar month, doses drift from the dates that the label counts in days.",
    Kind.BLURS,
)
DAYS_FOR_MONTHS = _minor(
    "Booked by days, doses drift from the dates that the label counts in calendar months.",
    Kind.BLURS,
)
WRONG_COUNT = _safety("A different number of loading doses moves every later date.")
WRONG_DAYS = _safety("On other days than the label's, doses come too early or too late.")

# ---- missed doses (dosing)

DOUBLE_DOSE = _safety("Two doses at once are an overdose in the spinal fluid.")
DOSE_SKIPPED = _safety("Skipping a missed dose leaves a gap that the label does not allow.")
WRONG_NEXT_DATE = _safety("The next dose after a missed one would fall on the wrong date.")
# The label gives only its usual intervals, none for the dose after a late one.
PERHAPS_WRONG_NEXT_DATE = _safety(WRONG_NEXT_DATE.why)
NEXT_DATE_IN_MONTHS = _minor(
    "Days and calendar months drift apart: the next dose would fall on another date.", Kind.BLURS
)
TOO_CLOSE = _safety("Two doses would come too close together.")
COUNTED_FROM_OLD_DATE = _safety(
    "The next dose is counted from the late one; kept to the old date, it comes too early."
)
COUNTED_FROM_LATE_DOSE = _major("A late dose does not move the ones after it.")
RESTARTED_TOO_SOON = _safety("Loading begins again only after a longer gap.")
NOT_RESTARTED = _safety("After a long gap, loading begins again.")
RESTARTED = _safety("A missed dose is given as soon as possible; loading does not begin again.")
NO_RULE_TO_RESTART = _major(
    "The label has no rule to repeat loading; the next dose follows the late one.", Kind.ADDS
)
WRONG_EXTRA_DOSES = _safety("After a gap of this length, a different number of doses is due.")
WRONG_GAP = _major("The length of the gap decides how many doses follow it.")

# ---- the injection (handling)

FLUID_TAKEN_LATER = _safety("Spinal fluid is taken out before the dose goes in.")
NO_FLUID_TAKEN = _safety("Unless fluid is taken out first, the dose adds its whole volume to it.")
WRONG_FLUID = _safety("Taking out another volume changes how much spinal fluid is left.")
FLUID_RANGE_TOO_WIDE = _major("The range allows volumes that the label does not.")
SMALL_SAMPLE = _minor(
    "It is not a small sample: what is taken out makes room for the dose.", Kind.BLURS
)
WRONG_SPEED = _safety(
    "A faster injection raises the pressure; a slower one is not the bolus that was studied."
)
SYRINGE_KEPT_TOO_LONG = _safety(
    "The solution has no preservative: kept too long in the syringe, it may be contaminated."
)
SYRINGE_THROWN_AWAY = _minor("The label allows longer; a good dose may be thrown away.")
WRONG_HANDS = _safety("Only trained professionals may do a lumbar puncture.")
SOMEBODY_ELSES_NUMBER = _info(
    "The label leaves this open; the number comes from elsewhere.", Kind.ADDS
)
SOMEBODY_ELSES_WARMING = _minor(SOMEBODY_ELSES_NUMBER.why, Kind.ADDS)

# ---- the vial (handling)

WRONG_WARMING = _safety("Heat may spoil the medicine, and cold fluid hurts when it is injected.")
WRONG_COLD = _safety(
    "A vial stored at another temperature may have lost its effect without any visible sign."
)
OUT_FAR_TOO_LONG = _safety("A vial kept out this long may have lost its effect.")
OUT_TOO_LONG = _major("A vial kept out too long or too warm may have lost its effect.")
VIAL_THROWN_AWAY = _minor("The label allows more; a good vial may be thrown away.")

# ---- what is asked for, left open or forbidden, by topic (handling.rule)

RULES: dict[str, Fault] = {
    "preparation.dilution": _safety(
        "Dilution changes the strength and the volume of what is injected."
    ),
    "preparation.shaking": _safety("The vial is not to be shaken."),
    "preparation.heat": _safety("Heat may spoil the medicine."),
    "preparation.filter": _minor("The label does not ask for a filter."),
    "preparation.warm_up": _major("Cold fluid hurts when it is injected."),
    "storage.freezing": _safety("A frozen vial is spoilt and must not be used."),
    "storage.light": _major("Light may spoil the medicine."),
    "administration.discard": _safety(
        "Without a preservative, what is left in a vial may be contaminated."
    ),
    "administration.sedation": _minor("Sedation is only for patients whose condition needs it."),
    "administration.imaging": _minor("Imaging is only for patients whose condition needs it."),
}
OTHER_RULE = _minor("The label says otherwise.")
MUST_SLEEP = _major(
    "General anaesthesia goes beyond sedation, and breathing is weak in these patients."
)
ASLEEP = _major(MUST_SLEEP.why, Kind.BLURS)


def of_rule(topic: str, *, left_open: bool) -> Fault:
    """Return the fault of saying another rule than the label's.

    left_open  the label neither asks for it nor forbids it, so that little follows
    """
    fault = RULES.get(topic, OTHER_RULE)
    return replace(fault, severity=Severity.MINOR) if left_open else fault


# ---- for whom, and for whom not (people)

CHILDREN_TOO = _safety("Safety and effect are not established in children.")
CHILDREN_ONLY = _major("Adults would go without a treatment that the label gives them.")
NOT_FOR_CHILDREN = _major("Children would go without a treatment that the label gives them.")
CARRIERS = _major(
    "The medicine is for people who have the disease, not for carriers without symptoms."
)
WITHOUT_MUTATION = _safety("People without the mutation would have its risks and no known benefit.")
GENE_FOR_MUTATION = _major(
    "Everybody has the gene; the medicine is for people with a mutation in it.", Kind.BLURS
)
DISEASE_FOR_MUTATION = _minor(
    "The medicine is for people with the mutation, not for everybody with the disease.", Kind.BLURS
)
ANYBODY_FOR_ADULTS = _minor("The page does not say that the medicine is for adults.", Kind.BLURS)
CONTRAINDICATION_DENIED = _major("The label does name a contraindication.")
CONTRAINDICATION_INVENTED = _major(
    "The label has no such contraindication; it may keep somebody from treatment."
)
CONTRAINDICATIONS_CLASH = _major(
    "The page contradicts itself: line {line} says that there are none."
)
CAUTION_INVENTED = _major(
    "The label has no such caution; it may keep somebody from treatment.", Kind.ADDS
)
POSSIBLE_CAUTION_INVENTED = _minor(CAUTION_INVENTED.why, Kind.ADDS)
PREGNANCY_SAFE = _safety("Nobody knows whether it is safe: data are missing.")
PREGNANCY_FORBIDDEN = _major("The label does not forbid it; it says that data are missing.")
PREGNANCY_AVOIDED = _minor(
    "The label does not advise against it; it says that data are missing.", Kind.ADDS
)
PREGNANCY_LETTER = _minor("US labels have had no letter categories since 2015.", Kind.ADDS)

# ---- serious warnings, adverse reactions, tests (people)

SERIOUS_DENIED = _safety("People who are told that nothing serious happens do not look for it.")
SERIOUS_HARMLESS = _safety("A serious reaction that is called harmless is no longer looked for.")
SERIOUS_MILD = _major(
    "The label warns of serious reactions; the page speaks of mild ones only.", Kind.BLURS
)
SERIOUS_RARE = _major("The label does not call it rare; it warns of it as serious.", Kind.BLURS)
SERIOUS_COMMON = _major("It is a serious reaction in a few people, not a common one.")
WRONG_FREQUENCY = _major("The page is wrong about how often it happened.")
COUNT_AS_PERCENT = _major("A number of patients is given as a percentage.")
REACTION_NOT_NAMED = _minor("The label does not name this reaction.", Kind.ADDS)
REACTION_WITHOUT_FLUID = _info(
    "The finding is in spinal fluid; in blood it would mean something else.", Kind.BLURS
)
WRONG_BAND = _minor("The reaction is listed in the wrong frequency group.")
WRONG_REACTION_PERCENT = _minor("The page is wrong about how common the reaction is.")
NO_TESTS = _safety("The tests find falling platelets and kidney harm before the next dose.")

# ---- how it works, approval, benefit, maker (medicine)

WRONG_HALF_LIFE = _major("The half-life decides how long the medicine stays in the body.")
HALF_LIFE_VAGUE = _minor("The label gives a number; the page does not.", Kind.BLURS)
WRONG_PEAK = _minor("The peak in plasma comes at another time.")
WRONG_PATHWAY = _major(
    "Breakdown by liver enzymes would mean interactions that the label rules out."
)
ACTS_ON_GENE = _major("The medicine acts on the messenger RNA, not on the gene.")
WRONG_DIRECTION = _major("The medicine {direction} the protein of {gene}, not the reverse.")
MUTANT_ONLY = _major("The medicine lowers the normal protein as well.")
MUTANT_NAMED_ALONE = _minor(MUTANT_ONLY.why, Kind.BLURS)
WRONG_CLASS = _major("The page takes it for another kind of medicine.")
CLASS_VAGUE = _minor("The page does not say what kind of medicine it is.", Kind.BLURS)
WRONG_APPROVAL = _major("The kind of approval tells how firmly the benefit is established.")
BENEFIT_NOT_SHOWN = _major(
    "The label does not show this: a hope is presented as a result.", Kind.OVERCLAIMS
)
BENEFIT_IN_ANIMALS = _minor(BENEFIT_NOT_SHOWN.why, Kind.OVERCLAIMS)
WRONG_BRAND = _major("Another medicine could be ordered or dispensed.")
WRONG_MAKER = _minor("Questions would go to the wrong company.")
WRONG_TRIAL_FIGURE = _minor("The label gives another figure for this result.")
WRONG_ANTIBODIES = _minor("The label gives another figure for antibodies.")

# ---- what a page leaves out (omissions)

NO_ROUTE = _safety("The page gives the dose but not where it is injected.", Kind.OMITS)
# It speaks of the spine or the spinal fluid, in words that no reader knows as a route.
NO_PLAIN_ROUTE = _minor("The page does not say plainly where the dose is injected.", Kind.OMITS)
LOADING_ALONE = _major(
    "The page gives the loading doses but not that treatment goes on.", Kind.OMITS
)
MAINTENANCE_ALONE = _minor(
    "The page gives the maintenance doses but not the loading doses before them.", Kind.OMITS
)
NO_MISSED_DOSE = _minor(
    "The page gives the doses but not what to do when one is missed.", Kind.OMITS
)
NO_GAPS = _major(
    "The rule now depends on the length of the gap; after a long one, more doses are due.",
    Kind.OMITS,
)
GAPS_OF_BEFORE = _major(f"This is the older rule ({{where}}). {NO_GAPS.why}", Kind.SUPERSEDED)
STEP_LEFT_OUT = _minor(
    "The page says how the medicine is given but leaves out this step.", Kind.OMITS
)
NO_ACTION = _minor("The page names serious reactions but not what to do about them.", Kind.OMITS)
NO_SERIOUS = _major(
    "The page names side effects but not the serious ones that the label warns of.", Kind.OMITS
)
SERIOUS_LEFT_OUT = _minor("The page names some serious reactions but not this one.", Kind.OMITS)
COMMON_LEFT_OUT = _info("The list of common reactions is not complete.", Kind.OMITS)
NO_TIME_OUTSIDE = _info(
    "The page does not say how long a vial may stay outside the refrigerator.", Kind.OMITS
)
NO_MARKER = _minor(
    "The page says whom the medicine is for but not that its approval rests on a marker.",
    Kind.OMITS,
)
TESTS_LEFT_OUT = _minor(
    "The page leaves out the tests that the label asks for before each dose.", Kind.OMITS
)
TESTS_LEFT_OUT_OF_STEPS = _major(TESTS_LEFT_OUT.why, Kind.OMITS)

# ---- what another label of the medicine bears out (compare)

# What is right in another country matters less, and still moves a date or a limit here. What is a
# matter of safety stays one, unless the page is written for that country.
ABROAD: dict[Severity, Severity] = {
    Severity.SAFETY: Severity.MINOR,
    Severity.MAJOR: Severity.MINOR,
    Severity.MINOR: Severity.INFO,
    Severity.INFO: Severity.INFO,
}


def severity_abroad(severity: Severity, *, written_there: bool) -> Severity:
    """Return the severity of what another country's label bears out."""
    if severity is Severity.SAFETY and not written_there:
        return severity
    return ABROAD[severity]


def severity_of_older(severity: Severity) -> Severity:
    """Return the severity of what an older version of the label bears out: major at most."""
    return max(severity, Severity.MAJOR, key=SEVERITIES.index)
