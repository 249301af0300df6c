"""Timings of thecal as a user meets it: whole processes, medians, ratios within one run.

    make bench

`cold` is a new process on an installed thecal with an empty file cache (where the system lets
us empty it) and an empty user cache; `warm` is a later run. Quote ratios: machines differ.
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
THECAL = Path(sys.executable).parent / "thecal"
COURSE = ROOT / "examples" / "dresden.csv"
RUNS = 5


def main() -> None:
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        page, picture = Path(folder) / "page.html", Path(folder) / "timeline.svg"
        commands = {
            "python, nothing else": ([sys.executable, "-c", "pass"], None),
            "thecal due": ([THECAL, "due", COURSE], 0.4),
            "thecal due --json": ([THECAL, "due", COURSE, "--json"], 0.4),
            "thecal label show": ([THECAL, "label", "show", "tofersen"], None),
            "thecal course": ([THECAL, "course", COURSE], 2.0),
            "thecal course --json": ([THECAL, "course", COURSE, "--json"], 2.0),
            "thecal course --report": ([THECAL, "course", COURSE, "--report", page], None),
            "thecal course --figure": ([THECAL, "course", COURSE, "--figure", picture], None),
        }
        dropped = drop_file_cache()
        print(f"cold: file cache {'empty' if dropped else 'as it was (not allowed)'}")
        print(f"{'whole process':26} {'cold s':>7} {'warm s':>7} {'x python':>9} {'bound s':>8}")
        base = None
        for name, (command, bound) in commands.items():
            cold, warm = cold_start(command), warm_start(command)
            base = base or warm
            limit = f"{bound:8.1f}" if bound else ""
            print(f"{name:26} {cold:7.2f} {warm:7.2f} {warm / base:9.1f} {limit}")
        print(
            f"page: {page.stat().st_size / 1e6:.2f} MB; largest process "
            f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3:.0f} MB"
        )
    solver()


def machine() -> str:
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, NumPy {np.__version__}"
    )


def drop_file_cache() -> bool:
    try:
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3\n")
    except OSError:
        return False
    return True


def timed(command: list[str | Path], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(
        command,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    )
    return time.perf_counter() - began


def cold_start(command: list[str | Path]) -> float:
    with tempfile.TemporaryDirectory() as empty:
        environment = os.environ | {"XDG_CACHE_HOME": empty}
        times = []
        for _ in range(3):
            drop_file_cache()
            times.append(timed(command, environment))
        return statistics.median(times)


def warm_start(command: list[str | Path]) -> float:
    timed(command, os.environ.copy())
    return statistics.median(timed(command, os.environ.copy()) for _ in range(RUNS))


def solver() -> None:
    """Cost of the model itself: one year, 15 doses, 53 weeks, all outputs."""
    from thecal.model.population import load_population
    from thecal.model.simulate import simulate
    from thecal.model.structure import Dosing

    population = load_population("tofersen")
    days = np.array([0, 14, *range(28, 365, 28)], dtype=float)
    dosing = Dosing(times_d=days, amounts_mg=np.full(len(days), 100.0))
    weeks = np.arange(0, 365, 7, dtype=float)
    exact = population.model.solver(population.typical(), dosing, weeks, halvings=5)
    print("solver, one year, 15 doses, 53 weeks, float64")
    for n in (1, 100, 1000):
        people = population.draw(n, seed=1)
        simulate(population, dosing, weeks, people=people)
        times = []
        for _ in range(3):
            began = time.process_time()
            simulate(population, dosing, weeks, people=people)
            times.append(time.process_time() - began)
        took = statistics.median(times)
        print(f"{n:6} subjects {took:8.3f} s CPU {1e6 * took / n:8.0f} us a subject")
    default = simulate(population, dosing, weeks).values
    error = np.abs(default - exact).max(axis=1) / np.abs(exact).max(axis=1)
    names = [output.name for output in population.model.outputs]
    print(
        "largest error, share of the output's largest value: "
        + ", ".join(f"{n} {e:.0e}" for n, e in zip(names, error[0], strict=True))
    )


if __name__ == "__main__":
    main()
