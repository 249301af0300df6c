"""Kinetics of an intrathecal medicine alone, stated as two published population models have them.

    dose → CSF ⇄ CNS tissue                   INTRATHECAL_PK4   Luu 2017, doi:10.1002/jcph.884
             ↓
           plasma ⇄ periphery                 INTRATHECAL_PK6   Yamamoto 2023, with a second CNS
             ↓                                and peripheral compartment, doi:10.1002/psp4.13001

Nothing returns from plasma to CSF, and no CSF is drawn before a dose: neither paper has it. A
flow Q runs both ways between two volumes that would hold one concentration if nothing were lost.
Volumes of tissue and periphery are apparent, so their amounts over them are no tissue
concentrations, and only CSF and plasma are predicted. `Q_cns` is what the papers call Q of the CSF.
"""

from __future__ import annotations

from thecal.model.structure import Compartments, Model, Output, Parameter

_PARAMETERS = (
    Parameter("CL_csf", "L/d", "clearance from CSF, all of it into plasma"),
    Parameter("V_csf", "L", "volume of CSF the dose mixes with"),
    Parameter("Q_cns", "L/d", "flow between CSF and CNS tissue"),
    Parameter("V_cns", "L", "apparent volume of CNS tissue"),
    Parameter("CL", "L/d", "plasma clearance"),
    Parameter("V", "L", "plasma volume of distribution"),
    Parameter("Q", "L/d", "flow between plasma and periphery"),
    Parameter("V_per", "L", "peripheral volume"),
)
_FLOWS = {
    "csf > cns": "Q_cns / V_csf",
    "cns > csf": "Q_cns / V_cns",
    "csf > plasma": "CL_csf / V_csf",
    "plasma > periphery": "Q / V",
    "periphery > plasma": "Q / V_per",
    "plasma >": "CL / V",
}
_OUTPUTS = (
    Output("csf", "mg/L", "drug in CSF", "csf / V_csf"),
    Output("plasma", "mg/L", "drug in plasma", "plasma / V"),
)

INTRATHECAL_PK4 = Model(
    name="intrathecal_pk4",
    parameters=_PARAMETERS,
    parts=(Compartments("csf cns plasma periphery", _FLOWS),),
    outputs=_OUTPUTS,
)

INTRATHECAL_PK6 = Model(
    name="intrathecal_pk6",
    parameters=(
        *_PARAMETERS,
        Parameter("Q_cns2", "L/d", "flow between CSF and slow CNS tissue"),
        Parameter("V_cns2", "L", "apparent volume of slow CNS tissue"),
        Parameter("Q2", "L/d", "flow between plasma and slow periphery"),
        Parameter("V_per2", "L", "slow peripheral volume"),
    ),
    parts=(
        Compartments(
            "csf cns cns2 plasma periphery periphery2",
            {
                **_FLOWS,
                "csf > cns2": "Q_cns2 / V_csf",
                "cns2 > csf": "Q_cns2 / V_cns2",
                "plasma > periphery2": "Q2 / V",
                "periphery2 > plasma": "Q2 / V_per2",
            },
        ),
    ),
    outputs=_OUTPUTS,
)
