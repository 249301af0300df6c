"""How many wrong programs do the tests notice? For the modules whose mistakes would hurt someone.

    make mutate                    every module of [tool.mutmut] in pyproject.toml
    make mutate MODULE=walk        one of them; MODULE="schedule walk silent" several; a folder,
                                   such as coldchain, is all that is in it

mutmut changes one operator, number, text or argument at a time and runs the tests that reach it. A
change is caught if a test fails or never ends; it survives if every test passes. The score is what
was caught out of all changes, and less than 90 % fails. What survived is listed, to be looked at
with `.venv/bin/mutmut show NAME`: write the test that it lacks, make the code simpler, or see that
it changes nothing.

A score is no proof. mutmut leaves decorated functions (properties, cached ones), constants of a
module and f-strings alone; and what a test file computes while it is imported is not under test,
for the change is made only then.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

LEAST = 0.9
CAUGHT = ("killed", "timeout")
MUTMUT = str(Path(sys.executable).parent / "mutmut")


def main(modules: list[str]) -> int:
    """Run mutmut anew for these modules, or for all; print the score of each."""
    shutil.rmtree("mutants", ignore_errors=True)
    patterns = [f"thecal.*.{module}.*" for module in modules]
    done = subprocess.run([MUTMUT, "run", *patterns], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print(done.stdout[-4000:])
        return done.returncode
    counts: dict[str, Counter[str]] = {}
    for line in results():
        name, status = line.strip().rsplit(": ", 1)
        module = name.rsplit(".", 1)[0].removeprefix("thecal.")
        if status != "not checked":
            counts.setdefault(module, Counter())[status] += 1
        if status not in (*CAUGHT, "not checked"):
            print(f"{status}: {name}")
    scores = []
    for module, count in {**counts, "together": sum(counts.values(), Counter())}.items():
        scores.append(sum(count[status] for status in CAUGHT) / count.total())
        parts = ", ".join(f"{n} {status}" for status, n in count.most_common())
        print(f"{module}: {scores[-1]:.1%} of {count.total()} caught ({parts})")
    return int(min(scores) < LEAST)


def results() -> list[str]:
    """Return a line for each mutant: its name and what became of it."""
    command = [MUTMUT, "results", "--all", "true"]
    return subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
