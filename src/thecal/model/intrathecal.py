"""The model of an intrathecal antisense medicine against SOD1, stated.

    dose → CSF ⇄ CNS tissue → SOD1 mRNA → CNS SOD1 → CSF SOD1
             ↓                             ├──→ damage → NfL
           plasma ⇄ periphery              └──→ three transits → ALSFRS-R

At a visit CSF is sampled, then drawn, then the drug is given. Levels are ratios to the person's
own untreated state. Why each stage is there: docs/model.md.
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
        Parameter("F_cns", "1", "share of a dose taken up by CNS tissue", most=0.99),
        Parameter("t_half_cns", "d", "half-life of drug in CNS tissue"),
        Parameter("phi", "1", "share of tissue loss that returns to CSF", most=1.0),
        Parameter("W_cns", "kg", "mass of CNS tissue"),
        Parameter("CL", "L/d", "plasma clearance"),
        Parameter("V", "L", "plasma volume of distribution"),
        Parameter("Q", "L/d", "flow between plasma and periphery"),
        Parameter("V_per", "L", "peripheral volume"),
        Parameter("Imax", "1", "largest inhibition of SOD1 mRNA", most=1.0),
        Parameter("IC50", "mg/kg", "tissue concentration of half that inhibition"),
        Parameter("hill", "1", "steepness of inhibition"),
        Parameter("t_half_mrna", "d", "half-life of SOD1 mRNA"),
        Parameter("t_half_sod1", "d", "half-life of SOD1 protein in CNS"),
        Parameter("f_csf", "1", "share of CSF SOD1 that comes from treated tissue", most=1.0),
        Parameter("Q_csf", "L/d", "turnover flow of CSF"),
        Parameter("delay_nfl", "d", "mean delay from SOD1 to damage of axons"),
        Parameter("t_half_nfl", "d", "half-life of NfL release and clearance"),
        Parameter("nfl_normal", "pg/mL", "plasma NfL without disease"),
        Parameter("nfl_baseline", "pg/mL", "plasma NfL before the first dose"),
        Parameter("nfl_growth", "1/d", "growth of NfL with untreated damage", least=-math.inf),
        Parameter("delay_function", "d", "mean delay from SOD1 to loss of function"),
        Parameter("alsfrs_r_baseline", "points", "ALSFRS-R before the first dose", most=48.0),
        Parameter("slope", "points/month", "ALSFRS-R lost per month while untreated"),
    ),
    define={
        "k_loss": "ln2 / t_half_cns",
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
                "csf > cns": "F_cns / (1 - F_cns) * ka",
                "cns > csf": "phi * k_loss",
                "cns >": "(1 - phi) * k_loss",
                "csf > plasma": "ka",
                "plasma > periphery": "Q / V",
                "periphery > plasma": "Q / V_per",
                "plasma >": "CL / V",
            },
            drawn={"csf": "min(removed / V_csf, 1)"},
        ),
        Turnover("mrna", kin="k_mrna * (1 - Imax * hill(cns / W_cns, IC50, hill))", kout="k_mrna"),
        Turnover("sod1", kin="k_sod1 * mrna", kout="k_sod1"),
        Turnover("csf_sod1", kin="k_csf * (1 - f_csf + f_csf * sod1)", kout="k_csf"),
        # Function follows the protein late: three transits, whose integral H is the burden, in
        # untreated days.
        Transit("harm", of="sod1", n=3, ktr="3 / delay_function"),
        Integral("H", rate="harm", unit="d"),
        # Release of NfL follows damage to axons from a large pool and tracks it in weeks; growth
        # acts through the burden, not the calendar.
        Turnover("axons", kin="sod1 / delay_nfl", kout="1 / delay_nfl"),
        Turnover(
            "nfl",
            kin="k_nfl * (floor + (1 - floor) * axons * exp(nfl_growth * H))",
            kout="k_nfl",
        ),
    ),
    outputs=(
        Output("csf", "mg/L", "drug in CSF", "csf / V_csf"),
        Output("plasma", "mg/L", "drug in plasma", "plasma / V"),
        Output("sod1_mrna", "ratio", "SOD1 mRNA in CNS, to baseline", "mrna"),
        Output("sod1_cns", "ratio", "SOD1 protein in CNS, to baseline", "sod1"),
        Output("csf_sod1", "ratio", "SOD1 protein in CSF, to baseline", "csf_sod1"),
        Output("nfl", "ratio", "neurofilament light, to baseline", "nfl"),
        Output(
            "alsfrs_r",
            "points",
            "ALSFRS-R total",
            "clip(alsfrs_r_baseline - slope * H / month, 0, 48)",
        ),
    ),
)
