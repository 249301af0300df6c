"""Run one job of the bench in this process and print what it took, as JSON.

    python bench/job.py a numpy --n 100000 --accuracy high --keep
    python bench/job.py b jax --n 1000000 --float32

`wall_s` and `cpu_s` are the simulation alone, people and schedules included, imports and (with
--again) compiling not; `peak_mb` is the whole process. Errors are against stored reference values
where job (a) keeps its array.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from typing import Any

import jobs
import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=["a", "b"])
    parser.add_argument("backend", choices=["numpy", "jax", "ode"])
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--accuracy", default="default")
    parser.add_argument("--float32", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep the whole array (job a)")
    parser.add_argument("--own", action="store_true", help="a schedule for each subject (job b)")
    parser.add_argument("--again", action="store_true", help="run once before, to compile")
    parser.add_argument("--threads", type=int, default=0)
    asked = parser.parse_args()
    run = job_a if asked.job == "a" else job_b
    jobs.luu_people(1)  # made beforehand, as the peers read theirs from a file
    cold = 0.0
    if asked.again:
        began = time.perf_counter()
        run(asked, min(asked.n, 10_000 if asked.backend == "jax" else 256))
        cold = time.perf_counter() - began
    wall, cpu = time.perf_counter(), time.process_time()
    solved, error = run(asked, asked.n)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(
        json.dumps(
            {
                "solved": solved,
                "n": asked.n,
                "wall_s": wall,
                "cpu_s": cpu,
                "us_cpu": 1e6 * cpu / asked.n,
                "first_s": cold,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
                "error": error,
            }
        )
    )


def job_a(asked: argparse.Namespace, n: int) -> tuple[str, float]:
    from thecal.model.reduce import Moments
    from thecal.model.simulate import simulate_many
    from thecal.model.solve import solve

    options: dict[str, Any] = {"accuracy": asked.accuracy}
    if asked.backend == "ode":
        options["method"] = "ode"
    else:
        options["backend"] = asked.backend
    if asked.keep:
        profile = solve(jobs.LUU_MODEL, jobs.luu_people(n), jobs.LUU_DOSES, jobs.WEEKS_D, **options)
        return profile.solved, jobs.luu_error(profile.values)
    cohort = simulate_many(
        jobs.population(jobs.LUU_MODEL, jobs.LUU_PER_DAY),
        jobs.LUU_DOSES,
        jobs.WEEKS_D,
        n,
        seed=1,
        reducers={"moments": Moments()},
        threads=asked.threads,
        **options,
    )
    return cohort.solved, float("nan")


def job_b(asked: argparse.Namespace, n: int) -> tuple[str, float]:
    from thecal.model.events import Dosing
    from thecal.model.reduce import Moments
    from thecal.model.simulate import simulate_many

    cohort = simulate_many(
        jobs.population(jobs.YEAR_MODEL, jobs.YEAR),
        jobs.year_schedules if asked.own else Dosing.bolus(jobs.SLOTS_D, 100.0),
        jobs.WEEKS_D,
        n,
        seed=1,
        reducers={"moments": Moments()},
        backend=asked.backend,
        dtype=np.float32 if asked.float32 else np.float64,
        accuracy=asked.accuracy,
        threads=asked.threads,
    )
    return cohort.solved, float("nan")


if __name__ == "__main__":
    main()
