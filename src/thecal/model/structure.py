"""A model is structure without numbers, stated in the field's words.

    Model(
        name="oral",
        parameters=(Parameter("ka", "1/d"), Parameter("CL", "L/d"), Parameter("V", "L")),
        parts=(
            Compartments("depot central", {"depot > central": "ka", "central >": "CL / V"}),
            Turnover("R", kin="10 * (1 - hill(central / V, 2, 1))", kout="0.1"),   # with units
        ),
        outputs=(Output("cp", "mg/L", "drug in plasma", "central / V"),),
    )

Names and units are checked when the model is made, every fault at once. How a model is solved
follows from its structure (`Model.method`): compartments alone are solved exactly, an open
cascade below them by an exponential integrator, anything else as an ODE. Numbers live in a
`thecal.model.population.Population`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from keyword import iskeyword
from typing import Any
from unicodedata import normalize

import numpy as np

from thecal.errors import ModelError, nearest
from thecal.model.expression import CALLABLE, Expression, Unit, read_unit, say_unit
from thecal.shapes import Float

AMT = "AMT"
"""What a split calls the amount of a dose as it was given, before F (mg)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number the model needs for every subject, in its canonical unit.

    least, most  a typical value lies above `least` and is at most `most`
    """

    name: str
    unit: str
    meaning: str = ""
    least: float = 0.0
    most: float = math.inf


@dataclass(frozen=True, slots=True)
class Output:
    """A quantity the model predicts; `value` is an expression of states and parameters."""

    name: str
    unit: str
    meaning: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Compartments:
    """Amounts of drug in mg that move from one compartment to another, each flow linear.

    names     "csf cns plasma", in the order of CMT numbers 1, 2, …; doses go to the first
              unless they say otherwise
    flows     "csf > cns": rate constant in 1/d, "plasma >": out of the system
    F         bioavailability of doses into a compartment (1)
    lag       delay of such doses (d)
    rate      infusion rate where a dose says RATE = −1 (mg/d)
    duration  infusion duration where a dose says RATE = −2 (d)
    drawn     share of the compartment taken out just before each dose into it (1): CSF drawn
              before an intrathecal injection
    split     "csf > cns": share of each dose into csf that goes straight into cns (1); the rest
              stays. It may depend on the dose, by `AMT`: "F_cns / (1 + AMT / D_cns)" is an
              uptake that saturates, after which kinetics are linear as before. F, lag, rate,
              duration and what is drawn are those of the compartment the dose names
    """

    names: str
    flows: Mapping[str, str]
    F: Mapping[str, str] = field(default_factory=dict)
    lag: Mapping[str, str] = field(default_factory=dict)
    rate: Mapping[str, str] = field(default_factory=dict)
    duration: Mapping[str, str] = field(default_factory=dict)
    drawn: Mapping[str, str] = field(default_factory=dict)
    split: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turnover:
    """An indirect response: y' = kin − kout y, from its own steady state unless `start` is given.

    kin   production, in unit/d; names compartments and other stages that drive it
    kout  loss, 1/d
    """

    name: str
    kin: str
    kout: str
    start: str = ""
    unit: str = "ratio"


@dataclass(frozen=True, slots=True)
class Transit:
    """A chain of n turnover stages that delays what drives it: x₁' = ktr (of − x₁), ….

    The last stage has the name of the chain, the others `name_1`, `name_2`, …. The mean delay
    is n / ktr.
    """

    name: str
    of: str
    n: int
    ktr: str
    unit: str = "ratio"


@dataclass(frozen=True, slots=True)
class Integral:
    """A quantity that adds up: y' = rate, from `start` on."""

    name: str
    rate: str
    unit: str
    start: str = "0"


@dataclass(frozen=True, slots=True)
class Equation:
    """Any right-hand side: y' = rate, from `start` on.

    rate  an expression of states, parameters and t; or a function of (t, values) where values
          holds them by name as arrays of subjects, and which uses only array operations
    """

    name: str
    rate: str | Callable[[Any, Mapping[str, Any]], Any]
    unit: str
    start: str = "0"


Part = Compartments | Turnover | Transit | Integral | Equation


@dataclass(frozen=True, slots=True)
class Stage:
    """One state below or beside the compartments, as every solver sees it.

        y' = kin − kout y        (kout None: y' = kin)

    kin   an expression, or a function of (t, values)
    """

    name: str
    kin: Expression | Callable[[Any, Mapping[str, Any]], Any]
    kout: Expression | None
    start: Expression | None
    unit: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """Structure: what the model needs, what it holds, what it predicts.

    define  names for expressions of parameters that are used more than once, in order
    units   symbols of the model's own, beside those of `expression.SYMBOLS`
    """

    name: str
    parameters: tuple[Parameter, ...]
    parts: tuple[Part, ...]
    outputs: tuple[Output, ...]
    define: Mapping[str, str] = field(default_factory=dict)
    units: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        faults: list[str] = []
        for checks in _CHECKS:
            for check in checks:
                faults.extend(check(self))
            if faults:
                break  # what follows would only repeat them
        if faults:
            lines = "\n".join(f"  {fault}" for fault in faults)
            raise ModelError(f"model '{self.name}' cannot be used:\n{lines}")

    @cached_property
    def compartments(self) -> Compartments | None:
        """The compartments, or None for a model without."""
        return next((part for part in self.parts if isinstance(part, Compartments)), None)

    @cached_property
    def amounts(self) -> tuple[str, ...]:
        """Names of the compartments, in the order of CMT."""
        return tuple(self.compartments.names.split()) if self.compartments else ()

    @cached_property
    def flows(self) -> tuple[tuple[str, str, Expression], ...]:
        """Every flow as (from, to, rate constant); `to` is "" for loss."""
        if self.compartments is None:
            return ()
        return tuple(
            (*_ends(arrow), Expression.read(rate))
            for arrow, rate in self.compartments.flows.items()
        )

    @cached_property
    def splits(self) -> tuple[tuple[str, str, Expression], ...]:
        """Every split of doses as (from, to, share)."""
        if self.compartments is None:
            return ()
        return tuple(
            (*_ends(arrow), Expression.read(share))
            for arrow, share in self.compartments.split.items()
        )

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """Every state but the compartments, in the order in which they depend on each other."""
        return _ordered([stage for part in self.parts for stage in _stages(part)])

    @cached_property
    def states(self) -> tuple[str, ...]:
        """Names of all states: compartments first."""
        return (*self.amounts, *(stage.name for stage in self.stages))

    @cached_property
    def definitions(self) -> dict[str, Expression]:
        """`define`, read."""
        return {name: Expression.read(text) for name, text in self.define.items()}

    @cached_property
    def readings(self) -> dict[str, Expression]:
        """The expression of every output, by name."""
        return {output.name: Expression.read(output.value) for output in self.outputs}

    @cached_property
    def fixed(self) -> frozenset[str]:
        """Names that do not change between events: parameters and what is defined of them."""
        return frozenset([*(p.name for p in self.parameters), *self.define])

    @cached_property
    def method(self) -> tuple[str, str]:
        """Which solver fits the structure, and why: ("linear" | "cascade" | "ode", reason)."""
        fixed = self.fixed
        for source, to, rate in self.flows:
            if not rate.names <= fixed:
                varying = ", ".join(sorted(rate.names - fixed))
                arrow = f"{source} > {to}".rstrip()
                return "ode", f"the flow {arrow} depends on {varying}"
        seen = {*fixed, *self.amounts}
        for stage in self.stages:
            if not isinstance(stage.kin, Expression):
                return "ode", f"{stage.name} has a right-hand side of its own"
            if stage.kout is not None and not stage.kout.names <= fixed:
                return "ode", f"the loss of {stage.name} depends on a state"
            if not stage.kin.names <= seen:
                back = ", ".join(sorted(stage.kin.names - seen))
                return "ode", f"{stage.name} depends on {back}, which is not above it"
            seen.add(stage.name)
        if not self.stages:
            return "linear", "compartments only"
        return "cascade", "no stage feeds back"

    def output(self, name: str) -> Output:
        """Return one output by name."""
        for output in self.outputs:
            if output.name == name:
                return output
        names = [output.name for output in self.outputs]
        raise ModelError(
            f"{self.name} has no output '{name[:40]}'; there are {', '.join(names)}."
            f"{nearest(name, names)}"
        )


def _ends(arrow: str) -> tuple[str, str]:
    source, _, to = arrow.partition(">")
    return source.strip(), to.strip()


def _stage_names(part: Part) -> tuple[str, ...]:
    match part:
        case Compartments():
            return ()
        case Transit(name=name, n=n):
            return (*(f"{name}_{i}" for i in range(1, n)), name)
    return (part.name,)


def _stages(part: Part) -> Iterator[Stage]:
    read = Expression.read
    match part:
        case Turnover():
            start = read(part.start) if part.start else None
            yield Stage(part.name, read(part.kin), read(part.kout), start, part.unit)
        case Transit():
            of = part.of
            for name in _stage_names(part):
                kin = read(f"({part.ktr}) * ({of})")
                yield Stage(name, kin, read(part.ktr), None, part.unit)
                of = name
        case Integral():
            yield Stage(part.name, read(part.rate), None, read(part.start), part.unit)
        case Equation():
            rate = read(part.rate) if isinstance(part.rate, str) else part.rate
            yield Stage(part.name, rate, None, read(part.start), part.unit)


def _ordered(stages: list[Stage]) -> tuple[Stage, ...]:
    """Put each stage after those it depends on; what runs in a circle keeps its order, last."""
    waiting, done, order = list(stages), set[str](), list[Stage]()
    names = {stage.name for stage in stages}
    while waiting:
        ready = [
            stage
            for stage in waiting
            if not isinstance(stage.kin, Expression) or not (stage.kin.names & names) - done
        ] or waiting
        order.extend(ready)
        done.update(stage.name for stage in ready)
        waiting = [stage for stage in waiting if stage.name not in done]
    return tuple(order)


# --- what is checked when a model is made ------------------------------------------------


def _is_name(name: str) -> bool:
    """Whether a name can stand in an expression as it is written."""
    plain = normalize("NFKC", name) == name  # Python reads µ as another letter
    return plain and name.isidentifier() and not iskeyword(name) and not name.startswith("_")


def _names(model: Model) -> Iterator[str]:
    """Every name once, and none that means something else."""
    if sum(isinstance(part, Compartments) for part in model.parts) > 1:
        yield "more than one set of Compartments; put all of them into one"
    for part in model.parts:
        if isinstance(part, Transit) and not 1 <= part.n <= 100:
            yield f"{part.name} has {part.n} stages; a chain has 1 to 100"
            return
    stages = [name for part in model.parts for name in _stage_names(part)]
    seen: set[str] = set()
    for name in [*(p.name for p in model.parameters), *model.define, *model.amounts, *stages]:
        if not _is_name(name):
            yield f"'{name[:40]}' cannot be a name; use letters, digits and _"
        elif name in CALLABLE or name == "t":
            yield f"'{name}' has a meaning of its own; choose another name"
        elif name == AMT:
            yield f"'{AMT}' is the amount of a dose, which a split may name; choose another name"
        elif name in seen:
            yield f"'{name}' is used twice; parameters and states share one set of names"
        seen.add(name)
    outputs = [output.name for output in model.outputs]
    for name in {name for name in outputs if outputs.count(name) > 1}:
        yield f"output '{name}' is given twice"
    if not outputs:
        yield "no outputs; name at least one quantity to predict"
    if not model.amounts and not stages:
        yield "no compartments and no stages; there is nothing to solve"


def _readable(model: Model) -> Iterator[str]:
    """Every expression of a stage can be read."""
    for part in model.parts:
        for where, text in _texts(part):
            try:
                Expression.read(text)
            except ModelError as error:
                yield f"{where}: {error}"


def _texts(part: Part) -> Iterator[tuple[str, str]]:
    match part:
        case Turnover(name=name):
            yield from ((f"{name}, its rate", part.kin), (f"{name}, kout", part.kout))
            if part.start:
                yield f"{name}, start", part.start
        case Transit(name=name):
            yield from ((f"{name}, of", part.of), (f"{name}, ktr", part.ktr))
        case Integral(name=name) | Equation(name=name):
            if isinstance(part.rate, str):
                yield f"{name}, its rate", part.rate
            yield f"{name}, start", part.start


def _places(model: Model) -> Iterator[str]:
    """Flows, splits and dose options name compartments that exist."""
    if model.compartments is None:
        return
    known = model.amounts
    yield from _arrows("flow", model.compartments.flows, known)
    yield from _arrows("split", model.compartments.split, known)
    for option in ("F", "lag", "rate", "duration", "drawn"):
        for name in getattr(model.compartments, option):
            if name not in known:
                yield (
                    f"{option} of '{name[:40]}': no such compartment; there are "
                    f"{', '.join(known)}.{nearest(name, known)}"
                )


def _arrows(what: str, arrows: Iterable[str], known: tuple[str, ...]) -> Iterator[str]:
    """Each arrow leads from one compartment to another, once; a flow also out of the system."""
    is_flow = what == "flow"
    seen: set[tuple[str, str]] = set()
    for arrow in arrows:
        source, to = _ends(arrow)
        if ">" not in arrow or not source or not (to or is_flow):
            loss = ", or 'from >' for loss" if is_flow else ""
            yield f"{what} '{arrow[:40]}': write 'from > to'{loss}"
            continue
        if (source, to) in seen:
            parts = "rate constants" if is_flow else "shares"
            yield f"{what} '{arrow[:40]}' is given twice; add the two {parts} up"
        seen.add((source, to))
        for name in (source, to):
            if name and name not in known:
                yield (
                    f"{what} '{arrow[:40]}': no compartment '{name}'; there are "
                    f"{', '.join(known)}.{nearest(name, known)}"
                )
        if source == to:
            yield f"{what} '{arrow[:40]}' goes to where it comes from"


def _expressions(model: Model) -> Iterator[str]:
    """Every expression can be read, names what exists, and has the unit of its place."""
    units: dict[str, Unit | None] = {}  # None for a bare number

    def unit_of(text: str, where: str) -> Unit | None:
        try:
            return read_unit(text, model.units)
        except ModelError as error:
            faults.append(f"{where}: {error}")
            return None

    faults: list[str] = []
    for parameter in model.parameters:
        units[parameter.name] = unit_of(parameter.unit, parameter.name) or {}
    units |= {name: read_unit("mg") for name in model.amounts}
    stages = [stage for part in model.parts for stage in _stages(part)]
    for stage in stages:
        units[stage.name] = unit_of(stage.unit, stage.name) or {}
    if faults:
        yield from faults
        return

    per_d = read_unit("1/d")
    fixed = [p.name for p in model.parameters]

    def check(
        text: str | Expression, allowed: list[str], expected: Unit | None, where: str
    ) -> Unit | None:
        try:
            expression = Expression.read(text) if isinstance(text, str) else text
            for name in sorted(expression.names):
                if name not in allowed:
                    known = "a parameter" if allowed is fixed else "in the model"
                    known = f"a parameter or {AMT}" if AMT in allowed else known
                    raise ModelError(
                        f"'{expression.text[:60]}' names '{name[:40]}', which is not {known}."
                        f"{nearest(name, allowed)}"
                    )
            found = expression.unit(units | {"t": read_unit("d"), AMT: read_unit("mg")})
        except ModelError as error:
            faults.append(f"{where}: {error}")
            return None
        if expected is not None and found is not None and found != expected:
            faults.append(
                f"{where}: '{expression.text[:60]}' has the unit {say_unit(found)}; "
                f"{say_unit(expected)} is expected"
            )
        return found

    for name, text in model.define.items():
        units[name] = check(text, fixed, None, name)
        fixed.append(name)
    if model.compartments is not None:
        options = {"F": {}, "lag": read_unit("d"), "rate": read_unit("mg/d")}
        options |= {"duration": read_unit("d"), "drawn": {}}
        for option, unit in options.items():
            for name, text in getattr(model.compartments, option).items():
                check(text, fixed, unit, f"{option} of {name}")
        for arrow, text in model.compartments.split.items():
            check(text, [*fixed, AMT], {}, f"split {arrow}")
        for arrow, text in model.compartments.flows.items():
            check(text, [*fixed, *units.keys() - model.define.keys()], per_d, f"flow {arrow}")
    everything = [*units, "t"]
    for stage in stages:
        own = read_unit(stage.unit, model.units)
        powers = {symbol: own.get(symbol, Fraction(0)) - (symbol == "d") for symbol in {*own, "d"}}
        per_day = {symbol: power for symbol, power in powers.items() if power}
        if isinstance(stage.kin, Expression):
            check(stage.kin, everything, per_day, f"{stage.name}, its rate")
        if stage.kout is not None:
            check(stage.kout, everything, per_d, f"{stage.name}, kout")
        if stage.start is not None:
            check(stage.start, fixed, units[stage.name], f"{stage.name}, start")
    for output in model.outputs:
        stated = unit_of(output.unit, f"output {output.name}")
        if stated is not None:
            check(output.value, [*units], stated, f"output {output.name}")
    yield from faults


_CHECKS: tuple[tuple[Callable[[Model], Iterator[str]], ...], ...] = (
    (_names, _readable),
    (_places, _expressions),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Predicted values: times in d, values by subject, time and output.

    solved  which solver did it, in words
    """

    times_d: Float[np.ndarray, "*rows time"]
    values: Float[np.ndarray, "subject time output"]
    outputs: tuple[Output, ...]
    solved: str = ""

    def of(self, name: str) -> Float[np.ndarray, "subject time"]:
        """Return the values of one output."""
        names = [output.name for output in self.outputs]
        if name not in names:
            raise ModelError(
                f"no output '{name[:40]}'; there are {', '.join(names)}.{nearest(name, names)}"
            )
        return self.values[:, :, names.index(name)]
