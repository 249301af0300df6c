"""What every test shares: array shapes checked at run time, and seeds that never change."""

from __future__ import annotations

from hypothesis import settings
from jaxtyping import install_import_hook

# Before any test module imports the mathematics: a wrong shape fails there, not in a number.
install_import_hook("thecal.model", "beartype.beartype")

# One fixed seed, so that a red test stays red; no deadline, because machines differ.
settings.register_profile("thecal", derandomize=True, deadline=None)
settings.load_profile("thecal")
