"""Timings of thecal as a user meets it: whole processes, medians, ratios within one run.

    make bench

`cold` is a new process on an installed thecal with an empty file cache (where the system lets
us empty it) and an empty user cache; `warm` is a later run. Quote ratios: machines differ.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from jobs import PEERS

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
            "python -c 'import thecal'": ([sys.executable, "-c", "import thecal"], 0.15),
            "thecal simulate --n 1": ([THECAL, "simulate", "--n", "1"], 0.6),
            "thecal simulate": ([THECAL, "simulate"], None),
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
    pace()
    job_a()
    job_b()
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


def pace() -> None:
    """Say how fast this machine is just now: what the figures below are to be read against."""
    values = np.random.default_rng(1).random(4096)
    times = []
    for _ in range(200):
        began = time.perf_counter()
        np.exp(values)
        times.append(time.perf_counter() - began)
    print(f"this machine: NumPy exp {1e9 * min(times) / len(values):.2f} ns an element, float64")


def job(*words: str | int) -> dict[str, Any]:
    """Run one job of bench/job.py in a process of its own."""
    command = [sys.executable, str(ROOT / "bench" / "job.py"), *map(str, words)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


HEAD = f"{'':44} {'wall s':>7} {'CPU s':>7} {'us CPU':>7} {'MB':>6} {'error':>8}  bound"


def line(name: str, found: dict[str, Any], bound: str) -> None:
    error = "" if found["error"] != found["error"] else f"{found['error']:8.0e}"
    first = f"  (first call {found['first_s']:.1f} s)" if found["first_s"] else ""
    print(
        f"{name:44} {found['wall_s']:7.2f} {found['cpu_s']:7.2f} {found['us_cpu']:7.1f} "
        f"{found['peak_mb']:6.0f} {error:>8}  {bound}{first}"
    )


def job_a() -> None:
    """The peers' problem: 53 weekly times x 7 states, 15 doses, float64."""
    print("\njob (a): 7 states, 53 weeks, 15 doses; error is the worst relative one of any state")
    print("peers, 100,000 subjects: " + ", ".join(f"{k} {v:g} s" for k, v in PEERS.items()))
    print(HEAD)
    n = 100_000
    line("NumPy, 1,000, kept", job("a", "numpy", "--n", 1000, "--keep"), "0.2 s")
    line("NumPy, 1,000, high, kept", hundred := job(*_HIGH, "--n", 1000, "--keep"), "")
    line("NumPy, 100,000, kept", job("a", "numpy", "--n", n, "--keep"), "15 s, 450 MB")
    kept = job(*_HIGH, "--n", n, "--keep")
    line("NumPy, 100,000, high, kept", kept, "15 s, 450 MB, 5e-6")
    line("NumPy, 100,000, high, summary", job(*_HIGH, "--n", n), "150 MB")
    for accuracy in ("default", "high"):
        found = job("a", "jax", "--n", n, "--accuracy", accuracy, "--keep", "--again")
        line(f"JAX, 100,000, {accuracy}, kept", found, "4 s")
    line("general ODE, 10,000, kept", job("a", "ode", "--n", 10_000, "--keep", "--again"), "7.1 s")
    mrgsolve = PEERS["mrgsolve 2.0.2.9000, 2 processes"]
    print(f"mrgsolve's {mrgsolve:g} s is {mrgsolve / kept['wall_s']:.0f} x NumPy high")
    print(f"cost from 1,000 to 100,000 subjects: x {kept['cpu_s'] / hundred['cpu_s']:.0f}")


_HIGH = ("a", "numpy", "--accuracy", "high")


def job_b() -> None:
    """A subject-year: 8 outputs, 53 weeks; sampling, schedule, simulation and summary."""
    print("\njob (b): 16 parameters, 8 outputs, 53 weeks, a whole job with summaries")
    print(HEAD)
    for own, words in (((), "one schedule"), (("--own",), "a schedule each")):
        n = 20_000
        line(f"NumPy float64, {n:,}, {words}", job("b", "numpy", "--n", n, *own), "150 us")
        found = job("b", "jax", "--n", n, "--again", *own)
        line(f"JAX float64, {n:,}, {words}", found, "45 us")
        found = job("b", "jax", "--n", n, "--again", "--float32", *own)
        line(f"JAX float32, {n:,}, {words}", found, "14 us")
    for n in (1_000, 10_000, 100_000, 1_000_000):
        found = job("b", "jax", "--n", n, "--again", "--float32")
        bound = "30 s, 600 MB" if n == 1_000_000 else ""
        line(f"JAX float32, {n:,}, one schedule", found, bound)


def solver() -> None:
    """Cost of the model itself: one year, 15 doses, 53 weeks, all outputs."""
    from thecal.model.events import Dosing
    from thecal.model.modelfile import load_population
    from thecal.model.simulate import simulate

    population = load_population("tofersen")
    days = np.array([0, 14, *range(28, 365, 28)], dtype=float)
    dosing = Dosing(times_d=days, amounts_mg=np.full(len(days), 100.0))
    weeks = np.arange(0, 365, 7, dtype=float)
    exact = simulate(population, dosing, weeks, accuracy="highest").values
    print("\nthe tofersen model, one year, 15 doses, 53 weeks, float64")
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
