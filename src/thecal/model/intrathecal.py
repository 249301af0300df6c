"""The model of an intrathecal antisense medicine against SOD1, assembled.

    dose → CSF ⇄ CNS tissue → SOD1 mRNA → CNS SOD1 → CSF SOD1
             ↓                             ├──→ damage → NfL
           plasma ⇄ periphery              └──→ three transits → ALSFRS-R

At a visit CSF is sampled, then drawn, then the drug is given. PK is exact (`linear`); the
turnover cascade is of order 4 on a grid refined after every dose (`turnover`, `disease`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from thecal.model.disease import alsfrs_r, damage, nfl_ratio
from thecal.model.linear import superpose
from thecal.model.structure import Dosing, Model, Output, Parameter
from thecal.model.turnover import Nodes, inhibition, turnover

PARAMETERS = (
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
)

OUTPUTS = (
    Output("csf", "mg/L", "drug in CSF"),
    Output("plasma", "mg/L", "drug in plasma"),
    Output("sod1_mrna", "ratio", "SOD1 mRNA in CNS, to baseline"),
    Output("sod1_cns", "ratio", "SOD1 protein in CNS, to baseline"),
    Output("csf_sod1", "ratio", "SOD1 protein in CSF, to baseline"),
    Output("nfl", "ratio", "neurofilament light, to baseline"),
    Output("alsfrs_r", "points", "ALSFRS-R total"),
)

# Steps are short where the tissue fills: offsets after each dose, in hours, beside the times
# asked for and a weekly grid. Error of the cascade below 1e-4 of its range for the typical
# patient, 5e-4 for any of 400; order 4, but for mRNA, which starts as t^hill (docs/model.md).
OFFSETS_H = (1.0, 3.0, 8.0, 20.0, 48.0, 120.0)
LONGEST_STEP_D = 7.0


def solve(
    parameters: Mapping[str, Float[np.ndarray, " subject"]],
    dosing: Dosing,
    times_d: Float[np.ndarray, " time"],
    *,
    halvings: int = 0,
) -> Float[np.ndarray, "subject time output"]:
    """Solve the model; `halvings` of every step show the error left."""
    p = {name: np.asarray(value, dtype=np.float64) for name, value in parameters.items()}
    edges_d = grid(dosing, times_d, halvings)
    steps_d = np.diff(edges_d, append=edges_d[-1])
    doses_mg = np.zeros_like(edges_d)
    seen = dosing.times_d < edges_d[-1]  # a dose at the last time is read before it is given
    doses_mg[np.searchsorted(edges_d, dosing.times_d[seen])] = dosing.amounts_mg[seen]
    loss = np.log(2) / p["t_half_cns"]
    amounts = superpose(
        k10=p["ka"],
        k12=p["F_cns"] / (1 - p["F_cns"]) * p["ka"],
        k21=p["phi"] * loss,
        k20=(1 - p["phi"]) * loss,
        e10=p["CL"] / p["V"],
        e12=p["Q"] / p["V"],
        e21=p["Q"] / p["V_per"],
        steps_d=steps_d,
        doses_mg=doses_mg,
        removed=np.minimum(p["removed"] / p["V_csf"], 1.0),
    )
    one = np.ones_like(p["ka"])
    tissue = Nodes(amounts.tissue, amounts.tissue_mid, amounts.tissue_end)
    left = Nodes.of(
        lambda mg: 1 - inhibition(mg / p["W_cns"], p["Imax"], p["IC50"], p["hill"]), tissue
    )
    mrna = turnover(np.log(2) / p["t_half_mrna"], left, steps_d, one)
    sod1 = turnover(np.log(2) / p["t_half_sod1"], mrna, steps_d, one)
    reaching = Nodes.of(lambda level: 1 - p["f_csf"] + p["f_csf"] * level, sod1)
    csf_sod1 = turnover(p["Q_csf"] / p["V_csf"], reaching, steps_d, one)
    _, burden_d = damage(sod1, p["delay_function"], steps_d)
    nfl = nfl_ratio(
        sod1,
        burden_d,
        delay_d=p["delay_nfl"],
        half_life_d=p["t_half_nfl"],
        floor=np.minimum(p["nfl_normal"] / p["nfl_baseline"], 1.0),
        growth_per_d=p["nfl_growth"],
        steps_d=steps_d,
    )
    function = alsfrs_r(p["alsfrs_r_baseline"], p["slope"], burden_d.start)
    states = (
        amounts.csf / p["V_csf"],
        amounts.plasma / p["V"],
        mrna.start,
        sod1.start,
        csf_sod1.start,
        nfl.start,
        function,
    )
    at = np.searchsorted(edges_d, times_d)
    return np.stack([state[at].T for state in states], axis=-1)


def grid(
    dosing: Dosing, times_d: Float[np.ndarray, " time"], halvings: int = 0
) -> Float[np.ndarray, " edge"]:
    """Return the edges of the steps: times asked for, doses, offsets after doses, weeks."""
    until_d = float(times_d[-1])
    given_d = dosing.times_d[dosing.times_d < until_d]
    offsets_d = np.array(OFFSETS_H) / 24
    weeks_d = np.arange(0.0, until_d, LONGEST_STEP_D)
    after_d = (given_d[:, None] + offsets_d).ravel()
    edges_d = np.unique(np.concatenate([[0.0], times_d, given_d, after_d, weeks_d]))
    edges_d = edges_d[edges_d <= until_d]
    for _ in range(halvings):
        edges_d = np.unique(np.concatenate([edges_d, (edges_d[1:] + edges_d[:-1]) / 2]))
    return edges_d


INTRATHECAL_ASO = Model(
    name="intrathecal_aso", parameters=PARAMETERS, outputs=OUTPUTS, solver=solve
)
