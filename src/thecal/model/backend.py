"""The two array libraries a solver runs on: NumPy always, JAX where it is installed.

A solver is written once, as a step from one edge to the next. A backend supplies the arrays and
walks the steps: NumPy in a loop, JAX in one compiled scan.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from thecal.errors import ModelError
from thecal.model.expression import Functions

Array = Any
Carry = Any
Row = Mapping[str, Any]
Step = Callable[[Carry, Row], Carry]
Read = Callable[[Carry, Row], tuple[Array, ...]]

# Subjects from which JAX pays: below, importing and compiling take longer than NumPy's whole work.
JAX_FROM = 50_000


@lru_cache(maxsize=8)
def functions(xp: Any, dtype: Any) -> Functions:
    """Return the functions an expression may call, on one array library."""
    # Below these, log0 and sigmoid would overflow in float32 or float64; hill is 0 there.
    tiny, most = (1e-37, 80.0) if dtype == np.float32 else (1e-300, 700.0)
    return Functions(
        {
            "exp": xp.exp,
            "log": xp.log,
            "sqrt": xp.sqrt,
            "min": xp.minimum,
            "max": xp.maximum,
            "clip": lambda x, least, most: xp.minimum(xp.maximum(x, least), most),
            "log0": lambda x: xp.log(xp.maximum(x, tiny)),
            "sigmoid": lambda x: 1.0 / (1.0 + xp.exp(xp.minimum(-x, most))),
        }
    )


def walk(
    step: Step, read: Read, carry: Carry, rows: Callable[[int], Row], n: int, at: np.ndarray
) -> list[np.ndarray]:
    """Take n steps in NumPy and return what is read at the edges `at`.

    at  (time,), or (time, subject) where subjects read at edges of their own
    """
    if at.ndim == 1:
        wanted: dict[int, list[int]] = {}
        for place, edge in enumerate(at.tolist()):
            wanted.setdefault(edge, []).append(place)
        found: list[np.ndarray] = []
        for i in range(n):
            row = rows(i)
            if i in wanted:
                values = read(carry, row)
                if not found:
                    found = [np.empty((len(at), *v.shape), dtype=v.dtype) for v in values]
                for array, value in zip(found, values, strict=True):
                    array[wanted[i]] = value
            if i < n - 1:
                carry = step(carry, row)
        return found
    everything: list[np.ndarray] = []
    for i in range(n):
        row = rows(i)
        values = read(carry, row)
        if not everything:
            everything = [np.empty((n, *v.shape), dtype=v.dtype) for v in values]
        for array, value in zip(everything, values, strict=True):
            array[i] = value
        if i < n - 1:
            carry = step(carry, row)
    return [np.take_along_axis(array, at, axis=0) for array in everything]


def repeat(
    xp: Any, step: Callable[[Any, Array], Any], carry: Any, n: int, *, keep: bool = False
) -> Any:
    """Apply step(carry, k) for k = 0 … n−1; JAX compiles one step however large n is.

    keep  return every carry instead of the last: a list in NumPy, stacked arrays in JAX
    """
    if n == 0:
        return [] if keep else carry
    if xp is not np:
        lax = load_jax().lax
        last, kept = lax.scan(
            lambda c, k: (step(c, k),) * 2 if keep else (step(c, k), None), carry, xp.arange(n)
        )
        return kept if keep else last
    every = []
    for k in range(n):
        carry = step(carry, k)
        if keep:
            every.append(carry)
    return every if keep else carry


def has_jax() -> bool:
    """Whether the extra `jax` is installed; looks without importing."""
    return find_spec("jax") is not None


@lru_cache(maxsize=1)
def load_jax() -> Any:
    """Import JAX in 64 bit, with compiled programs kept between runs.

    The cache is $THECAL_CACHE or the user's cache folder; a program is recompiled when shapes,
    the structure of the model or the version of JAX change.
    """
    if not has_jax():
        raise ModelError("this needs JAX, which is not here; install thecal[jax]")
    os.environ.setdefault("EQX_ON_ERROR", "nan")  # or programs with checks are never cached
    if os.environ.get("JAX_LOGGING_LEVEL") == "":
        del os.environ["JAX_LOGGING_LEVEL"]
    import jax

    config: Any = jax.config
    config.update("jax_enable_x64", True)
    if config.jax_compilation_cache_dir is None:
        folder = os.environ.get("THECAL_CACHE") or Path(
            os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "thecal", "jax"
        )
        config.update("jax_compilation_cache_dir", str(folder))
        config.update("jax_persistent_cache_min_compile_time_secs", 0)
        config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return jax


def choose(backend: str, n: int) -> str:
    """Return "numpy" or "jax" for n subjects; "auto" takes JAX where it pays and is there."""
    if backend not in ("auto", "numpy", "jax"):
        raise ModelError(f"backend '{backend[:20]}'; there are auto, numpy and jax")
    if backend != "auto":
        if backend == "jax" and not has_jax():
            raise ModelError("backend 'jax' is not installed; install thecal[jax], or say numpy")
        return backend
    return "jax" if n >= JAX_FROM and has_jax() else "numpy"
