"""Which array library solves what, and what of it may be kept between runs."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from thecal.errors import ModelError
from thecal.model import backend, chunk
from thecal.model.events import Dosing
from thecal.model.intrathecal import INTRATHECAL_ASO
from thecal.model.linear import Doubling
from thecal.model.modelfile import load_population
from thecal.model.solve import solve


def test_few_people_are_solved_in_numpy_and_many_in_jax(monkeypatch):
    """The choice rests on the number of people alone, so the same call gives the same bytes."""
    monkeypatch.setattr(backend, "has_jax", lambda: True)
    assert backend.choose("auto", backend.JAX_FROM - 1) == "numpy"
    assert backend.choose("auto", backend.JAX_FROM) == "jax"
    assert backend.choose("numpy", 10**7) == "numpy"
    assert backend.choose("jax", 1) == "jax"


def test_without_jax_everything_is_numpy_and_asking_for_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(backend, "has_jax", lambda: False)
    assert backend.choose("auto", 10**7) == "numpy"
    with pytest.raises(ModelError, match=r"install thecal\[jax\]"):
        backend.choose("jax", 1)
    with pytest.raises(ModelError, match="there are auto, numpy and jax"):
        backend.choose("torch", 1)


def test_a_program_does_not_depend_on_the_hash_seed():
    """JAX keeps compiled programs by their text; a set of names has another order in each process.

    The rates are therefore asked for in the order of their names.
    """
    asked: list[tuple[str, str]] = []

    class Seen(dict[tuple[str, str], Any]):
        def __getitem__(self, ends: tuple[str, str]) -> Any:
            asked.append(ends)
            return super().__getitem__(ends)

    names = tuple("abcdefgh")
    arrows = list(zip(names, (*names[1:], ""), strict=True))
    rates = Seen({ends: np.ones(1) for ends in arrows})
    Doubling(names, frozenset(arrows)).propagator(np, rates, np.ones(1), 1)
    assert asked == sorted(arrows)


def test_regimens_that_differ_a_little_are_one_program(monkeypatch):
    """Steps, lengths and readings are padded: four or five weeks more are not compiled anew."""
    pytest.importorskip("jax")
    seen: list[Any] = []

    def spy(plan: Any, lanes: int) -> Any:
        def program(
            people: Any, moving: Any, readings: Any, shared: Any, rows: Any, at: Any
        ) -> Any:
            arrays = [*people.values(), *shared, *rows.values(), at]
            seen.append((plan, lanes, [(a.shape, a.dtype) for a in arrays]))
            return np.zeros((len(at), len(plan.program.outputs), lanes))

        return program

    monkeypatch.setattr(chunk, "_compiled", spy)
    people = load_population("tofersen").draw(5, 1)
    dosing = Dosing.bolus(np.arange(9) * 28.0, 100.0)
    for weeks in (36, 41):
        solve(INTRATHECAL_ASO, people, dosing, np.arange(weeks) * 7.0, backend="jax")
    assert seen[0] == seen[1]


@pytest.mark.slow
def test_a_second_process_finds_the_compiled_program(tmp_path):
    """Whatever the hash seed: else every run of a day would compile for ten seconds."""
    pytest.importorskip("jax")
    script = (
        "import numpy as np\n"
        "from thecal.model.structure import Compartments, Model, Output, Parameter\n"
        "from thecal.model.events import Dosing\n"
        "from thecal.model.solve import solve\n"
        "m = Model(name='m', parameters=(Parameter('a', '1/d'), Parameter('b', '1/d')),\n"
        "  parts=(Compartments('x y z', {'x > y': 'a', 'y > z': 'b', 'z >': 'b'}),),\n"
        "  outputs=(Output('z', 'mg', '', 'z'),))\n"
        "solve(m, {'a': np.ones(8), 'b': 2.0}, Dosing.bolus([0.0], 1.0), np.arange(9.0), "
        "backend='jax')\n"
    )
    kept = []
    for seed in ("0", "1"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "THECAL_CACHE": str(tmp_path)}
        subprocess.run([sys.executable, "-c", script], env=environment, check=True)
        kept.append({path.name for path in tmp_path.iterdir() if "-cache" in path.name})
    assert kept[0]
    assert kept[1] == kept[0]
