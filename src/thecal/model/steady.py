"""Steady states of linear compartments, exactly: many doses summed by doubling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thecal.errors import ModelError
from thecal.model.grid import Steady
from thecal.model.linear import Doubling

Values = Mapping[Any, Any]


def steady_amounts(
    kinetics: Doubling, rates: Values, request: Steady, drawn: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Return the amounts of linear compartments at a steady state, exactly.

    One dose leaves f after it; n doses leave Σₖ Mᵏ f, with M = e^{K·II}. The sum doubles,
    v₂ₙ = vₙ + Mⁿ vₙ, all of it positive.

    drawn  share of the compartment taken out before each dose
    """
    into, ii, since, lasting = request.into, request.ii_d, request.since_d, request.duration_d
    source = f"→{into}"

    def matrix(h: np.ndarray) -> Any:
        h = np.asarray(h, dtype=np.float64)
        return kinetics.propagator(np, rates, h, kinetics.squarings(rates, float(h.max())))

    def column(E: Any, j: str) -> dict[str, np.ndarray]:
        return {i: E[i, j] for i in kinetics.names if (i, j) in E}

    def times(E: Any, v: Values) -> dict[str, np.ndarray]:
        rows = {i: [E[i, j] * v[j] for j in v if (i, j) in E] for i in kinetics.names}
        return {i: sum(terms[1:], terms[0]) for i, terms in rows.items() if terms}

    def plus(v: Values, w: Values) -> dict[str, np.ndarray]:
        return {i: v.get(i, 0.0) + w.get(i, 0.0) for i in {**v, **w}}

    def summed(E: Any, v: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        for _ in range(64):
            more = times(E, v)
            new = plus(v, more)
            if all((more[i] <= 1e-17 * new[i]).all() for i in more):
                return new
            v, E = new, kinetics.squared(np, E)
        raise ModelError(
            f"there is no steady state of doses into {into}: what comes in does not leave"
        )

    if np.isinf(lasting).all():
        E = matrix(np.ones(1))
        return summed(E, {i: x * request.rate_mg_per_d for i, x in column(E, source).items()})
    if drawn is not None and (lasting > 0).any():
        raise ModelError(
            f"a steady state of infusions into {into}, which is drawn from before each dose, is "
            "not supported; write the doses out"
        )
    E = matrix(ii)
    if drawn is not None:
        for j in kinetics.names:
            if (into, j) in E:
                out = drawn * E[into, j]
                E[into, j] = E[into, j] - out
                E["", j] = E.get(("", j), 0.0) + out
    if not (lasting > 0).any():
        total = times(matrix(since), summed(E, {into: request.amount_mg + 0 * ii}))
        if drawn is not None:
            total[into] = total[into] - drawn * request.draws * total[into]
        return total
    rate = request.rate_mg_per_d
    ended = np.maximum(np.ceil((lasting - since) / ii), 0.0)
    one = {i: x * rate for i, x in column(matrix(lasting), source).items()}
    total = times(matrix(since + ended * ii - lasting), summed(E, one))
    if (lasting == 0).any():  # some subjects have infusions, these bolus doses
        bolus = np.where(lasting == 0, request.amount_mg, 0.0)
        total = plus(total, times(matrix(since), summed(E, {into: bolus + 0 * ii})))
    for k in range(int(ended.max())):
        u = since + k * ii
        on = u < lasting
        running = column(matrix(np.where(on, u, 0.0)), source)
        total = plus(total, {i: np.where(on, x * rate, 0.0) for i, x in running.items()})
    return total
