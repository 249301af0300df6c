"""How a measured value differs from what the model predicts: residual error and the LLOQ.

One normal deviate eps a measurement, from the stream of its output and visit, so that subject i
at visit j errs alike whatever else is simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thecal.errors import ModelError, nearest
from thecal.model.variability import deviates
from thecal.shapes import Bool, Float

KINDS = ("proportional", "additive", "combined", "log")


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """The residual error of one output; y measured, f predicted, eps ~ N(0, 1).

        proportional  y = f + sd_prop f eps
        additive      y = f + sd_add eps
        combined      y = f + √((sd_prop f)² + sd_add²) eps     variances add, not SDs
        log           y = f exp(sd_prop eps)                    sd_prop is that of ln y

    sd_add, lloq  in the unit of the output
    lloq          lower limit of quantification; 0 for none, and then an additive error may
                  carry a value below 0
    """

    kind: str
    sd_prop: float = 0.0
    sd_add: float = 0.0
    lloq: float = 0.0
    status: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ModelError(
                f"'{self.kind}' is no residual error; there are {', '.join(KINDS)}."
                f"{nearest(self.kind, KINDS)}"
            )
        for name, value in (("sd_prop", self.sd_prop), ("sd_add", self.sd_add)):
            if not (np.isfinite(value) and value >= 0):
                raise ModelError(f"{name} is {value:g}; it is a finite number of at least 0")
        if not (np.isfinite(self.lloq) and self.lloq >= 0):
            raise ModelError(f"lloq is {self.lloq:g}; it is a finite number of at least 0")
        if self.sd_add and self.kind in ("proportional", "log"):
            raise ModelError(f"a {self.kind} residual error has no sd_add; 'combined' has both")
        if self.sd_prop and self.kind == "additive":
            raise ModelError("an additive residual error has no sd_prop; 'combined' has both")

    def at(
        self, predicted: Float[np.ndarray, "*values"], eps: Float[np.ndarray, "*values"]
    ) -> Float[np.ndarray, "*values"]:
        """Return what is measured where `predicted` is true and the standard deviate is eps."""
        if self.kind == "log":
            return np.asarray(predicted * np.exp(self.sd_prop * eps))
        return np.asarray(predicted + self.sd(predicted) * eps)

    def sd(self, predicted: Float[np.ndarray, "*values"]) -> Float[np.ndarray, "*values"]:
        """Return the SD of the error: of y, or of ln y for a log error."""
        if self.kind == "log":
            return np.full(predicted.shape, self.sd_prop)
        return np.asarray(np.hypot(self.sd_prop * predicted, self.sd_add))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observed:
    """Measured values by subject and visit.

    A value below the LLOQ stands as the LLOQ with `is_below` true: all that is known of it is
    that it lies below. So a likelihood takes it as P(y < LLOQ), the method M3 of Beal 2001
    (doi:10.1023/A:1012299115260).
    """

    values: Float[np.ndarray, "subject time"]
    is_below: Bool[np.ndarray, "subject time"]


def observe(
    predicted: Float[np.ndarray, "subject time"],
    output: str,
    residual: Residual,
    seed: int,
    start: int = 0,
    *,
    visits: Sequence[int] | None = None,
) -> Observed:
    """Measure one output of subjects start … start + n − 1.

    visits  number of each column, 0 … by default: who measures at some visits of a plan only, or
            adds one, names them, and every other error stays
    """
    n, n_times = predicted.shape
    visits = range(n_times) if visits is None else visits
    if len(visits) != n_times or len(set(visits)) != n_times:
        raise ModelError(f"{n_times} times and visits {list(visits)}; give each time its own")
    if not np.isfinite(predicted).all():
        raise ModelError(f"a predicted value of {output} is not a finite number")
    eps = np.empty((n, n_times))
    for column, visit in enumerate(visits):
        eps[:, column] = deviates(f"residual:{output}:{visit}", n, seed, start)
    values = residual.at(predicted, eps)
    is_below = values < residual.lloq if residual.lloq else np.zeros(values.shape, dtype=bool)
    return Observed(values=np.where(is_below, residual.lloq, values), is_below=is_below)
