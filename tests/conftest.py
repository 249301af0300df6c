"""What every test shares: array shapes checked at run time, and seeds that never change."""

from __future__ import annotations

from hypothesis import settings
from jaxtyping import install_import_hook

# Before any test module imports the mathematics: a wrong shape fails there, not in a number. What
# runs on any array library (expression, linear, turnover, program, backend, ode) names no shapes,
# and its inner functions would be wrapped anew at every call.
SHAPED = ("structure", "events", "grid", "variability", "population", "residual", "reduce", "nca")
SHAPED += ("modelfile", "solve", "simulate", "explore", "safety", "safetyfile")
install_import_hook([f"thecal.model.{module}" for module in SHAPED], "beartype.beartype")
STUDIED = ("trial.study", "trial.endpoints", "infer.predict", "infer.calibrate", "infer.validate")
install_import_hook([f"thecal.{module}" for module in STUDIED], "beartype.beartype")

# One fixed seed, so that a red test stays red; no deadline, because machines differ.
settings.register_profile("thecal", derandomize=True, deadline=None)
# Under mutation every test runs hundreds of times: fewer examples, the same ones each time.
settings.register_profile("mutation", derandomize=True, deadline=None, max_examples=20)
settings.load_profile("thecal")
