"""The model of an intrathecal antisense medicine against SOD1 in ALS, stated.

    dose ─┬─→ CNS tissue → site of action → SOD1 mRNA → CNS SOD1 ─┬─→ CSF SOD1
          │      ↓ phi                                            ├──→ axons → NfL
          └─→   CSF → plasma ⇄ periphery                          └──→ harm → ALSFRS-R, SVC, death

Tissue takes up its share of a dose at once, and the less of it the larger the dose. At a visit
CSF is sampled, then drawn, then the drug is given. Levels are ratios to the person's own state
before treatment. Why each stage is there: docs/model.md.
"""

from __future__ import annotations

import math

from thecal.model.structure import (
    Compartments,
    Integral,
    Model,
    Output,
    Parameter,
    Transit,
    Turnover,
)

INTRATHECAL_ASO = Model(
    name="intrathecal_aso",
    parameters=(
        Parameter("ka", "1/d", "transfer of drug from CSF to plasma"),
        Parameter("V_csf", "L", "volume of CSF the dose mixes with"),
        Parameter("removed", "L", "CSF drawn before each dose"),
        Parameter("F_cns", "1", "share of a small dose taken up by CNS tissue", most=0.999),
        Parameter("D_cns", "mg", "dose of which tissue takes up half that share"),
        Parameter("t_half_cns", "d", "half-life of drug in CNS tissue"),
        Parameter("phi", "1", "share of tissue loss that returns to CSF", most=1.0),
        Parameter("W_cns", "kg", "mass of CNS tissue"),
        Parameter("CL", "L/d", "plasma clearance"),
        Parameter("V", "L", "plasma volume of distribution"),
        Parameter("Q", "L/d", "flow between plasma and periphery"),
        Parameter("V_per", "L", "peripheral volume"),
        Parameter("delay_site", "d", "mean delay from tissue to the site of action"),
        Parameter("Imax", "1", "largest inhibition of SOD1 mRNA", most=1.0),
        Parameter("IC50", "mg/kg", "concentration at the site of half that inhibition"),
        Parameter("hill", "1", "steepness of inhibition"),
        Parameter("t_half_mrna", "d", "half-life of SOD1 mRNA"),
        Parameter("t_half_sod1", "d", "half-life of SOD1 protein in CNS"),
        Parameter("f_csf", "1", "share of CSF SOD1 that comes from treated tissue", most=1.0),
        Parameter("Q_csf", "L/d", "turnover flow of CSF"),
        Parameter("sod1_drift", "1", "ln of the ratio CSF SOD1 drifts to", least=-math.inf),
        Parameter("t_drift", "d", "mean time of that drift"),
        Parameter("gamma", "1", "power of CNS SOD1 by which it harms"),
        Parameter("delay_nfl", "d", "mean delay from harm to release of NfL"),
        Parameter("t_half_nfl", "d", "half-life of NfL release and clearance"),
        Parameter("nfl_normal", "pg/mL", "plasma NfL without disease"),
        Parameter("nfl_baseline", "pg/mL", "plasma NfL before the first dose"),
        Parameter("nfl_rise", "1", "ln of the ratio NfL rises to if untreated", least=-math.inf),
        Parameter("t_rise", "d", "untreated days in which it rises by 63 %"),
        Parameter("delay_function", "d", "mean delay from SOD1 to loss of function"),
        Parameter("alsfrs_r_baseline", "points", "ALSFRS-R before the first dose", most=48.0),
        Parameter("slope", "points/month", "ALSFRS-R lost per month while untreated"),
        Parameter("svc_baseline", "%", "SVC before the first dose, of predicted"),
        Parameter("svc_slope", "%/points", "SVC lost per point of ALSFRS-R"),
        Parameter("hazard", "1/month", "hazard of death or permanent ventilation at 48 points"),
        Parameter("hazard_score", "1/points", "its growth per point of ALSFRS-R lost", least=-1.0),
        Parameter(
            "hazard_slope", "month/points", "its growth with the current decline", least=-1.0
        ),
    ),
    define={
        "k_loss": "ln2 / t_half_cns",
        "k_site": "1 / delay_site",
        "k_mrna": "ln2 / t_half_mrna",
        "k_sod1": "ln2 / t_half_sod1",
        "k_csf": "Q_csf / V_csf",
        "k_nfl": "ln2 / t_half_nfl",
        "floor": "min(nfl_normal / nfl_baseline, 1)",
    },
    parts=(
        Compartments(
            "csf cns plasma periphery",
            {
                "cns > csf": "phi * k_loss",
                "cns >": "(1 - phi) * k_loss",
                "csf > plasma": "ka",
                "plasma > periphery": "Q / V",
                "periphery > plasma": "Q / V_per",
                "plasma >": "CL / V",
            },
            drawn={"csf": "min(removed / V_csf, 1)"},
            split={"csf > cns": "F_cns / (1 + AMT / D_cns)"},
        ),
        Turnover("site", kin="k_site * (cns / W_cns)", kout="k_site", unit="mg/kg"),
        Turnover("mrna", kin="k_mrna * (1 - Imax * hill(site, IC50, hill))", kout="k_mrna"),
        Turnover("sod1", kin="k_sod1 * mrna", kout="k_sod1"),
        Turnover("csf_sod1", kin="k_csf * (1 - f_csf + f_csf * sod1)", kout="k_csf"),
        Turnover("drift", kin="sod1_drift / t_drift", kout="1 / t_drift", start="0"),
        # Function follows the protein late: three transits, whose integral H is the burden, in
        # untreated days.
        Transit("harm", of="sod1 ** gamma", n=3, ktr="3 / delay_function"),
        Integral("H", rate="harm", unit="d"),
        Integral("H_svc", rate="harm_1", unit="d"),  # vital capacity answers after one of the three
        # Axons release NfL from a large pool, late by two transits; its rise acts through the
        # burden, not the calendar.
        Transit("axons", of="sod1 ** gamma", n=2, ktr="2 / delay_nfl"),
        Turnover(
            "nfl",
            kin="k_nfl * (floor + (1 - floor) * axons * exp(nfl_rise * (1 - exp(-H / t_rise))))",
            kout="k_nfl",
        ),
        Integral(
            "cumulative",
            rate="hazard / month * exp(hazard_score * (48 - clip(alsfrs_r_baseline"
            " - slope * H / month, 0, 48)) + hazard_slope * min(slope * harm, 4))",
            unit="ratio",
        ),
    ),
    outputs=(
        Output("csf", "mg/L", "drug in CSF", "csf / V_csf"),
        Output("plasma", "mg/L", "drug in plasma", "plasma / V"),
        Output("sod1_mrna", "ratio", "SOD1 mRNA in CNS, to baseline", "mrna"),
        Output("sod1_cns", "ratio", "SOD1 protein in CNS, to baseline", "sod1"),
        Output("csf_sod1", "ratio", "SOD1 protein in CSF, to baseline", "csf_sod1 * exp(drift)"),
        Output("nfl", "ratio", "neurofilament light, to baseline", "nfl"),
        Output(
            "alsfrs_r",
            "points",
            "ALSFRS-R total",
            "clip(alsfrs_r_baseline - slope * H / month, 0, 48)",
        ),
        Output(
            "svc",
            "%",
            "slow vital capacity, of predicted",
            "max(svc_baseline - svc_slope * slope * H_svc / month, 0)",
        ),
        Output("survival", "ratio", "alive without permanent ventilation", "exp(-cumulative)"),
    ),
)
