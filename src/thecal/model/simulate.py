"""A model, numbers and doses to a Profile.

    profile = simulate(population, dosing, times_d, people=population.draw(500, seed=1))

What a person's own record fixes (a baseline measured) is put into `people` by the caller, in
place of what was drawn.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from thecal.errors import ModelError
from thecal.model.population import Population
from thecal.model.structure import Dosing, Profile


def simulate(
    population: Population,
    dosing: Dosing,
    times_d: Float[np.ndarray, " time"],
    *,
    people: Mapping[str, Float[np.ndarray, " subject"]] | None = None,
) -> Profile:
    """Predict every output for each person, or for the typical one if none are given.

    times_d  increasing, from 0 on, d; a value at a dose time is read before the dose
    people   parameter values by name, each of shape (subject,); from `Population.draw`
    """
    if len(times_d) == 0 or not np.isfinite(times_d).all():
        raise ModelError("the times asked for are empty or not finite numbers")
    if times_d[0] < 0 or (np.diff(times_d) <= 0).any():
        raise ModelError("the times asked for are not increasing from day 0 on; sort them")
    people = population.typical() if people is None else people
    model = population.model
    missing = [p.name for p in model.parameters if p.name not in people]
    if missing:
        raise ModelError(f"{model.name} needs a value for {', '.join(missing)}")
    broken = [p.name for p in model.parameters if not np.isfinite(people[p.name]).all()]
    if broken:
        raise ModelError(f"a value of {', '.join(broken)} is not a finite number")
    values = model.solver(people, dosing, times_d)
    if not np.isfinite(values).all():
        raise ModelError(f"{model.name} gives no finite number for these parameters")
    return Profile(times_d=times_d, values=values, outputs=model.outputs)
