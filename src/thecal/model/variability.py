"""How people differ: streams of random numbers, random effects, occasions, covariates.

Every random number belongs to a stream (a seed and a name) and a subject, and is computed
from these alone: subject i is the same whatever the chunk, the number of people, the thread
or the machine that works on it. The numbers of a medicine are `population`; errors of
measurement are `residual`.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from thecal.errors import ModelError, nearest
from thecal.shapes import Float, Shaped

EPS = float(np.finfo(float).eps)

# ---- streams

BLOCK = 32768  # deviates computed at a time: what is in work stays in the cache (L2)


def uniforms(name: str, n: int, seed: int, start: int = 0) -> Float[np.ndarray, " subject"]:
    """Return uniform numbers in (0, 1) of subjects start … start + n − 1, from one stream.

    Philox4x64-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405), keyed by seed and CRC-32 of
    the name: one 64-bit word w a subject, of which the first 52 bits choose a bin and

        u = (2 ⌊w / 2¹²⌋ + 1) / 2⁵³

    is its middle. So u and 1 − u are exact in 53 bits, and neither is ever 0.
    """
    stream = _Stream(name, n, seed, start)
    u = np.empty(n)
    for begin in range(0, n, BLOCK):
        stream.fill(u[begin : begin + BLOCK])
    return u


def deviates(name: str, n: int, seed: int, start: int = 0) -> Float[np.ndarray, " subject"]:
    """Return standard normal deviates of subjects start … start + n − 1, from one stream.

    `quantile` of `uniforms`, so |z| ≤ 8.21, and one subject needs no other's numbers.
    """
    stream = _Stream(name, n, seed, start)
    z, room = np.empty(n), np.empty((3, min(n, BLOCK)))
    for begin in range(0, n, BLOCK):
        block = z[begin : begin + BLOCK]
        tail, work = room[0, : len(block)], room[1:, : len(block)]
        stream.fill(block)
        block -= 0.5  # exact, and so is the tail
        np.subtract(0.5, np.abs(block, out=tail), out=tail)
        _from_centre(block, tail, work)
    return z


class _Stream:
    """The words of one stream, in the order of subjects, from `start` on."""

    def __init__(self, name: str, n: int, seed: int, start: int) -> None:
        if not 0 <= seed < 2**64:
            raise ModelError(f"seed {seed} is not a whole number from 0 to 2^64 - 1")
        if n < 0 or start < 0:
            raise ModelError(f"{n} subjects from number {start} on; neither is below 0")
        self.bits = np.random.Philox(
            key=np.array([seed, zlib.crc32(name.encode())], dtype=np.uint64)
        )
        self.bits.advance(start // 4)  # counts blocks of four words
        if start % 4:
            self.bits.random_raw(start % 4, output=False)

    def fill(self, block: Float[np.ndarray, " subject"]) -> None:
        """Write the next uniform numbers into `block`."""
        words = self.bits.random_raw(len(block))
        words >>= np.uint64(12)
        words |= np.uint64(0x3FF0000000000000)  # the bits of 1 + ⌊w / 2¹²⌋ / 2⁵²
        np.subtract(words.view(np.float64), 1 - 2.0**-53, out=block)


def _pairs(*rows: tuple[float, float]) -> Float[np.ndarray, "power 2 1"]:
    return np.array(rows)[:, :, None]


# Coefficients of Wichura's PPND16, above and below the line, from the highest power down.
_CENTRE = _pairs(
    (2.5090809287301226727e3, 5.2264952788528545610e3),
    (3.3430575583588128105e4, 2.8729085735721942674e4),
    (6.7265770927008700853e4, 3.9307895800092710610e4),
    (4.5921953931549871457e4, 2.1213794301586595867e4),
    (1.3731693765509461125e4, 5.3941960214247511077e3),
    (1.9715909503065514427e3, 6.8718700749205790830e2),
    (1.3314166789178437745e2, 4.2313330701600911252e1),
    (3.3871328727963666080e0, 1.0),
)
_TAIL = _pairs(
    (7.74545014278341407640e-4, 1.05075007164441684324e-9),
    (2.27238449892691845833e-2, 5.47593808499534494600e-4),
    (2.41780725177450611770e-1, 1.51986665636164571966e-2),
    (1.27045825245236838258e0, 1.48103976427480074590e-1),
    (3.64784832476320460504e0, 6.89767334985100004550e-1),
    (5.76949722146069140550e0, 1.67638483018380384940e0),
    (4.63033784615654529590e0, 2.05319162663775882187e0),
    (1.42343711074968357734e0, 1.0),
)
_FAR = _pairs(
    (2.01033439929228813265e-7, 2.04426310338993978564e-15),
    (2.71155556874348757815e-5, 1.42151175831644588870e-7),
    (1.24266094738807843860e-3, 1.84631831751005468180e-5),
    (2.65321895265761230930e-2, 7.86869131145613259100e-4),
    (2.96560571828504891230e-1, 1.48753612908506148525e-2),
    (1.78482653991729133580e0, 1.36929880922735805310e-1),
    (5.46378491116411436990e0, 5.99832206555887937690e-1),
    (6.65790464350110377720e0, 1.0),
)


def quantile(p: Float[np.ndarray, " value"]) -> Float[np.ndarray, " value"]:
    """Return the standard normal quantile of each p; −∞ at 0 and ∞ at 1.

    Algorithm AS 241, PPND16 (Wichura 1988, doi:10.2307/2347330): rational functions of degree 7,
    with a relative accuracy of about 1e-16 before rounding.
    """
    if not ((p >= 0) & (p <= 1)).all():
        raise ModelError("a probability is not from 0 to 1")
    z = p - 0.5
    _from_centre(z, np.minimum(p, 1 - p), np.empty((2, len(p))))
    return z


def _from_centre(
    z: Float[np.ndarray, " value"],
    tail: Float[np.ndarray, " value"],
    work: Float[np.ndarray, "2 value"],
) -> None:
    """Turn p − 1/2 into the quantile of p, in place.

    tail  the smaller of p and 1 − p; lost. It and `work` spare fresh memory, which would cost
          as much as the arithmetic
    """
    beyond = np.flatnonzero(tail < 0.075)
    sign, tails = z[beyond], tail[beyond]
    np.subtract(0.180625, np.multiply(z, z, out=tail), out=tail)
    z *= _ratio(_CENTRE, tail, work)
    if not len(beyond):
        return
    with np.errstate(divide="ignore"):  # the logarithm of 0
        r = np.sqrt(-np.log(tails))
    found = _ratio(_TAIL, np.minimum(r, 5.0) - 1.6, work[:, : len(r)])
    is_far = r > 5
    if is_far.any():
        far = r[is_far]
        ratio = _ratio(_FAR, np.minimum(far, 40.0) - 5.0, np.empty((2, len(far))))
        found[is_far] = np.where(np.isinf(far), far, ratio)
    z[beyond] = np.copysign(found, sign)


def _ratio(
    coefficients: Float[np.ndarray, "power 2 1"],
    x: Float[np.ndarray, " value"],
    work: Float[np.ndarray, "2 value"],
) -> Float[np.ndarray, " value"]:
    """Return the ratio of two polynomials, both at once by Horner's rule, in `work`."""
    work[:] = coefficients[0]
    for pair in coefficients[1:]:
        work *= x
        work += pair
    return np.asarray(np.divide(work[0], work[1], out=work[0]))


# ---- from a random effect to a value


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a random effect eta becomes a value; eta = 0 gives the typical value.

    at          typical value, eta and shape to value; a huge eta gives the limit, never NaN
    least, most a typical value lies between them, and so does every value
    """

    at: Callable[
        [float | Float[np.ndarray, "*typical"], Float[np.ndarray, "*eta"], float],
        Float[np.ndarray, "*value"],
    ]
    least: float
    most: float

    def holds(self, value: float | Float[np.ndarray, "*value"]) -> bool:
        """Say whether these can be typical values; at `most` everybody is alike."""
        return bool(np.all((value > self.least) & (value <= self.most) & np.isfinite(value)))


def _normal(
    typical: float | Float[np.ndarray, "*typical"], eta: Float[np.ndarray, "*eta"], shape: float
) -> Float[np.ndarray, "*value"]:
    return typical + eta


def _lognormal(
    typical: float | Float[np.ndarray, "*typical"], eta: Float[np.ndarray, "*eta"], shape: float
) -> Float[np.ndarray, "*value"]:
    with np.errstate(over="ignore"):
        return np.asarray(typical * np.exp(eta))


def _logitnormal(
    typical: float | Float[np.ndarray, "*typical"], eta: Float[np.ndarray, "*eta"], shape: float
) -> Float[np.ndarray, "*value"]:
    # logit x = logit typical + eta, without an exponential above 1
    share = np.exp(-np.abs(eta))
    yes = typical * np.where(eta < 0, share, 1.0)
    no = (1 - typical) * np.where(eta < 0, 1.0, share)
    return np.asarray(yes / (yes + no))


def _boxcox(
    typical: float | Float[np.ndarray, "*typical"], eta: Float[np.ndarray, "*eta"], shape: float
) -> Float[np.ndarray, "*value"]:
    with np.errstate(over="ignore"):
        bent = np.expm1(shape * eta) / shape if shape else eta
        return np.asarray(typical * np.exp(bent))


# boxcox: the Box-Cox transformed random effect of Petersson, Hanze, Savic and Karlsson 2009
# (doi:10.1007/s11095-009-9931-1): value = typical exp((exp(eta)^shape − 1) / shape). Shape 0 is
# the log-normal; above, the right tail is so long that the mean is infinite; below, it is shorter.
DISTRIBUTIONS: Mapping[str, Distribution] = {
    "lognormal": Distribution(_lognormal, 0.0, np.inf),
    "logitnormal": Distribution(_logitnormal, 0.0, 1.0),
    "normal": Distribution(_normal, -np.inf, np.inf),
    "boxcox": Distribution(_boxcox, 0.0, np.inf),
}


# ---- random effects together


@dataclass(frozen=True, slots=True, eq=False)
class Omega:
    """Covariance of random effects: variances and covariances, not SDs. A variance may be 0.

    As the Cholesky factor is lower triangular in the order of `names`, a random effect that is
    not correlated with another is exactly its SD times its own deviate.
    """

    names: tuple[str, ...]
    matrix: Float[np.ndarray, "name name"]

    def __post_init__(self) -> None:
        n, matrix = len(self.names), self.matrix
        if len(set(self.names)) != n:
            raise ModelError("a name stands twice among the random effects; give each one row")
        if matrix.shape != (n, n):
            raise ModelError(f"{n} names and a matrix of {matrix.shape}; give a row for each name")
        if not np.isfinite(matrix).all():
            raise ModelError("a covariance is not a finite number")
        variances = np.diagonal(matrix)
        if (variances < 0).any():
            name = self.names[int(np.argmin(variances))]
            raise ModelError(f"the variance of {name} is {variances.min():g}; it is at least 0")
        scale = np.sqrt(np.outer(variances, variances))
        odd = np.argwhere(np.abs(matrix - matrix.T) > 8 * EPS * scale)
        if len(odd):
            i, j = odd[0]
            raise ModelError(
                f"the covariance of {self.names[i]} with {self.names[j]} is {matrix[i, j]:g}, "
                f"and the other way round {matrix[j, i]:g}; give both alike"
            )
        off = matrix - np.diag(variances)
        loose = np.flatnonzero((variances == 0) & (off != 0).any(axis=1))
        if len(loose):
            raise ModelError(f"{self.names[loose[0]]} has variance 0 and a covariance; it has none")
        # A matrix multiplied out from a factor in floating point is off by a few n² eps.
        least = np.linalg.eigvalsh(self.correlation()).min() if n else 0.0
        if least < -8 * n**2 * EPS:
            raise ModelError(
                f"the correlations of {', '.join(self.names)} contradict each other: the smallest "
                f"eigenvalue of their matrix is {least:.3g}, and it is at least 0. Check signs; "
                "rounded correlations near 1 need more digits"
            )

    @classmethod
    def from_sd(
        cls,
        sds: Mapping[str, float],
        correlations: Mapping[tuple[str, str], float] | None = None,
    ) -> Omega:
        """Build it from standard deviations and correlations of pairs; others are 0."""
        names = tuple(sds)
        matrix = np.diag([sd * sd for sd in sds.values()]) if names else np.zeros((0, 0))
        for pair, r in (correlations or {}).items():
            for name in pair:
                if name not in sds:
                    raise ModelError(
                        f"no random effect '{name}' to correlate.{nearest(name, names)}"
                    )
            first, second = pair
            if first == second or not -1 <= r <= 1:
                raise ModelError(
                    f"a correlation of {r:g} between {first} and {second}; it is from -1 to 1, "
                    "between two names"
                )
            i, j = names.index(first), names.index(second)
            matrix[i, j] = matrix[j, i] = r * sds[first] * sds[second]
        return cls(names, matrix)

    @property
    def sds(self) -> Float[np.ndarray, " name"]:
        """Return the standard deviations."""
        return np.asarray(np.sqrt(np.diagonal(self.matrix)))

    def correlation(self) -> Float[np.ndarray, "name name"]:
        """Return the correlations; 0 beside a variance of 0, and 1 on the diagonal."""
        sds = np.where(self.sds > 0, self.sds, 1.0)
        found = self.matrix / sds[:, None] / sds
        np.fill_diagonal(found, 1.0)
        return found

    def etas(
        self, n: int, seed: int, start: int = 0, *, stream: str = ""
    ) -> dict[str, Float[np.ndarray, " subject"]]:
        """Draw the random effects of subjects start … start + n − 1.

            eta_i = sd_i Σ_{k ≤ i} L_ik z_k,    L Lᵀ the correlation,  z_k from the stream of k

        The sum is taken in this order, and not by a matrix product, whose order of addition
        depends on the number of subjects.

        stream  what stands before a name in the name of its stream
        """
        factor, sds = _cholesky(self.correlation()), self.sds
        factor *= (sds > 0)[:, None]
        z = {
            k: deviates(stream + name, n, seed, start)
            for k, name in enumerate(self.names)
            if factor[:, k].any()
        }
        found = {}
        for i, name in enumerate(self.names):
            total = np.zeros(n)
            for count, k in enumerate(np.flatnonzero(factor[i]).tolist()):
                part = z[k] if factor[i, k] == 1 else factor[i, k] * z[k]
                total = part if count == 0 else total + part
            found[name] = sds[i] * total
        return found


def _cholesky(matrix: Float[np.ndarray, "name name"]) -> Float[np.ndarray, "name name"]:
    """Return the lower Cholesky factor of a correlation matrix, which may be singular.

    Where nothing is left of a variance, its column is 0; by Cauchy-Schwarz what is left of its
    covariances is then below √(8 n eps), and in fact a rounding error.
    """
    n = len(matrix)
    factor = np.zeros((n, n))
    for j in range(n):
        left = matrix[j:, j] - (factor[j:, :j] * factor[j, :j]).sum(axis=1)
        if left[0] > 8 * n * EPS:
            factor[j:, j] = left / np.sqrt(left[0])
    return factor


# ---- values that change with time


@dataclass(frozen=True, slots=True, eq=False)
class Stepwise:
    """A quantity constant between times: piece k holds from times_d[k] until times_d[k + 1].

    The last piece holds for ever (last observation carried forward).
    """

    times_d: Float[np.ndarray, " piece"]
    values: Shaped[np.ndarray, "row subject"]

    def __post_init__(self) -> None:
        _check_times(self.times_d, "piece")
        if len(self.values) != len(self.times_d):
            raise ModelError(
                f"{len(self.times_d)} times and {len(self.values)} rows of values; give one each"
            )

    def on(self, times_d: Float[np.ndarray, " time"]) -> Shaped[np.ndarray, "time subject"]:
        """Return the values that hold at these times, from 0 on."""
        return self.values[np.searchsorted(self.times_d, times_d, side="right") - 1]


@dataclass(frozen=True, slots=True, eq=False)
class Occasions:
    """Days on which occasions start; occasion k lasts until the next starts."""

    times_d: Float[np.ndarray, " occasion"]

    def __post_init__(self) -> None:
        _check_times(self.times_d, "occasion")


def _check_times(times_d: Float[np.ndarray, " piece"], what: str) -> None:
    if not len(times_d) or times_d[0] != 0:
        raise ModelError(f"the first {what} starts on day 0; give its time as 0")
    if not np.isfinite(times_d).all() or (np.diff(times_d) <= 0).any():
        raise ModelError(f"the times of a {what} are finite and increase; sort them")


Quantity = Shaped[np.ndarray, " subject"] | Stepwise


def stepped(function: Callable[..., np.ndarray], *given: float | Quantity) -> Quantity:
    """Apply a function of arrays at every time; the result is Stepwise where any argument is."""
    changing = [quantity for quantity in given if isinstance(quantity, Stepwise)]
    if not changing:
        return function(*given)
    times_d = np.unique(np.concatenate([quantity.times_d for quantity in changing]))
    return Stepwise(
        times_d,
        function(*(q.on(times_d) if isinstance(q, Stepwise) else q for q in given)),
    )


# ---- covariates


def probability(z: Float[np.ndarray, " value"]) -> Float[np.ndarray, " value"]:
    """Return the standard normal probability below each z."""
    return np.asarray(_ERFC(-z / math.sqrt(2)), dtype=float) / 2


_ERFC = np.frompyfunc(math.erfc, 1, 1)


def between(
    z: Float[np.ndarray, " subject"], least: float, most: float
) -> Float[np.ndarray, " subject"]:
    """Turn standard normal deviates into those of a normal cut off at least and most.

    The order of people stays: the k-th lowest of them is the k-th lowest still.
    """
    if least == -np.inf and most == np.inf:
        return z
    # Seen from the side of the nearer tail, whose small probabilities have all their digits.
    sign = -1.0 if least + most > 0 else 1.0
    low, high = np.sort(probability(sign * np.array([least, most]))).tolist()
    if not low < high:
        raise ModelError(
            f"nobody lies between {least:g} and {most:g} standard deviations from the middle"
        )
    cut = sign * quantile(low + probability(sign * z) * (high - low))
    return np.asarray(np.clip(cut, least, most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal:
    """A covariate that is normal: age in years. Who lies outside least … most is not among them."""

    mean: float
    sd: float
    unit: str
    status: str
    source: str
    least: float = -np.inf
    most: float = np.inf

    def __post_init__(self) -> None:
        _check_limits(self.mean, self.sd, self.least, self.most)

    def at(self, z: Float[np.ndarray, " subject"]) -> Float[np.ndarray, " subject"]:
        """Return the covariate of people whose standard normal deviate is z."""
        if self.sd == 0:
            return np.full(len(z), self.mean)
        cut = between(z, (self.least - self.mean) / self.sd, (self.most - self.mean) / self.sd)
        return np.asarray(np.clip(self.mean + self.sd * cut, self.least, self.most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lognormal:
    """A covariate whose logarithm is normal. Who lies outside least … most is not among them.

    median  before anybody is left out
    sd      standard deviation of the logarithm, before that
    """

    median: float
    sd: float
    unit: str
    status: str
    source: str
    least: float = 0.0
    most: float = np.inf

    def __post_init__(self) -> None:
        if not self.median > 0:
            raise ModelError(f"the median of a lognormal is above 0, found {self.median:g}")
        _check_limits(self.median, self.sd, self.least, self.most)

    def at(self, z: Float[np.ndarray, " subject"]) -> Float[np.ndarray, " subject"]:
        """Return the covariate of people whose standard normal deviate is z."""
        if self.sd == 0:
            return np.full(len(z), self.median)
        least = math.log(self.least / self.median) / self.sd if self.least > 0 else -np.inf
        most = math.log(self.most / self.median) / self.sd if self.most < np.inf else np.inf
        value = self.median * np.exp(self.sd * between(z, least, most))
        return np.asarray(np.clip(value, self.least, self.most))


def _check_limits(middle: float, sd: float, least: float, most: float) -> None:
    if not least < most:
        raise ModelError(f"a covariate between {least:g} and {most:g}; give the lower one first")
    if sd == 0 and not least <= middle <= most:
        raise ModelError(f"everybody is at {middle:g}, which is not between {least:g} and {most:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Categorical:
    """A covariate that is one of a few words.

    The levels share the standard normal out among them in the order listed, so a correlation
    with another covariate is that of the deviates behind both (a Gaussian copula).
    """

    levels: tuple[str, ...]
    probabilities: tuple[float, ...]
    status: str
    source: str

    def __post_init__(self) -> None:
        if len(self.levels) != len(self.probabilities) or not self.levels:
            raise ModelError("a categorical has one probability for each level, and a level")
        if len(set(self.levels)) != len(self.levels):
            raise ModelError("a level stands twice; give each one probability")
        total = sum(self.probabilities)
        if min(self.probabilities) < 0 or not abs(total - 1) < 1e-9:
            raise ModelError(
                f"the probabilities of {', '.join(self.levels)} sum to {total:.10g}; "
                "they are at least 0 and sum to 1"
            )

    def at(self, z: Float[np.ndarray, " subject"]) -> Shaped[np.ndarray, " subject"]:
        """Return the level of people whose standard normal deviate is z."""
        up_to = np.minimum(np.cumsum(self.probabilities)[:-1], 1.0)
        return np.array(self.levels)[np.searchsorted(quantile(up_to), z, side="right")]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Empirical:
    """Covariates of people who were observed: whole rows of their table are drawn again.

    Each row is as likely as any other. All columns of one table use one stream, named after
    them, so that the covariates of a virtual person are those of one real person.
    """

    table: Mapping[str, Shaped[np.ndarray, " row"]]
    status: str
    source: str

    def __post_init__(self) -> None:
        if len({len(column) for column in self.table.values()}) != 1 or not self.n_rows:
            raise ModelError("the columns of a table are equally long, and at least one row")

    @property
    def n_rows(self) -> int:
        """Number of people in the table."""
        return len(next(iter(self.table.values())))

    def draw(self, name: str, n: int, seed: int, start: int = 0) -> Shaped[np.ndarray, " subject"]:
        """Draw one column; other columns of the same people are drawn alike."""
        u = uniforms(f"covariate:{'+'.join(self.table)}", n, seed, start)
        return np.asarray(self.table[name][(u * self.n_rows).astype(int)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """A covariate whose distribution follows a word about the person.

    by    name of the categorical covariate that decides, which stands before this one
    each  the distribution at each of its levels
    """

    by: str
    each: Mapping[str, Normal | Lognormal | Categorical]
    status: str
    source: str

    def at(
        self, z: Float[np.ndarray, " subject"], group: Shaped[np.ndarray, " subject"]
    ) -> Shaped[np.ndarray, " subject"]:
        """Return the covariate of people with standard normal deviate z in these groups."""
        found: np.ndarray | None = None
        for level in np.unique(group).tolist():
            if level not in self.each:
                raise ModelError(
                    f"no distribution for {self.by} '{level}'; there are "
                    f"{', '.join(self.each)}.{nearest(level, self.each)}"
                )
            of = group == level
            drawn = self.each[level].at(z[of])
            if found is None:
                kinds = [one.at(z[:1]).dtype for one in self.each.values()]
                found = np.empty(len(z), dtype=max(kinds, key=lambda kind: kind.itemsize))
            found[of] = drawn
        return np.empty(0) if found is None else found


Covariate = Normal | Lognormal | Categorical | Empirical | Grouped


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """How a number about a person changes a parameter: a factor on its typical value.

    power        (x / reference)^theta
    linear       1 + theta (x − reference)
    exponential  exp(theta (x − reference))
    """

    covariate: str
    kind: str
    theta: float
    reference: float
    status: str
    source: str

    def __post_init__(self) -> None:
        if self.kind not in TRENDS:
            raise ModelError(
                f"'{self.kind}' is none of {', '.join(TRENDS)}.{nearest(self.kind, TRENDS)}"
            )
        if self.kind == "power" and not self.reference > 0:
            raise ModelError(
                f"a power needs a reference of {self.covariate} above 0, found {self.reference:g}"
            )

    def factor(
        self,
        x: Shaped[np.ndarray, "*people"],
        theta: Float[np.ndarray, " subject"] | None = None,
    ) -> Float[np.ndarray, "*people"]:
        """Return the factor of each person; theta where it is not the same for all."""
        if x.dtype.kind not in "fiu" or not np.isfinite(x).all():
            raise ModelError(f"the covariate {self.covariate} is not a finite number for everyone")
        if self.kind == "power" and not (x > 0).all():
            raise ModelError(f"the covariate {self.covariate} is not above 0 for everyone")
        by = self.theta if theta is None else theta
        return np.asarray(TRENDS[self.kind](x.astype(float), self.reference, by))


TRENDS: Mapping[str, Callable[[np.ndarray, float, Any], np.ndarray]] = {
    "power": lambda x, reference, theta: (x / reference) ** theta,
    "linear": lambda x, reference, theta: 1 + theta * (x - reference),
    "exponential": lambda x, reference, theta: np.exp(theta * (x - reference)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ByLevel:
    """How a word about a person changes a parameter: a factor on its typical value a level."""

    covariate: str
    factors: Mapping[str, float]
    status: str
    source: str

    def factor(self, x: Shaped[np.ndarray, "*people"]) -> Float[np.ndarray, "*people"]:
        """Return the factor of each person."""
        found = np.full(x.shape, np.nan)
        for level, factor in self.factors.items():
            found[x == level] = factor
        if np.isnan(found).any():
            level = str(x[np.isnan(found)][0])
            raise ModelError(
                f"no factor for {self.covariate} '{level}'; there are "
                f"{', '.join(self.factors)}.{nearest(level, self.factors)}"
            )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Typical:
    """A typical value of its own at some levels of a covariate; others keep the parameter's.

    values  in the canonical unit of the parameter
    """

    covariate: str
    values: Mapping[str, float]
    status: str
    source: str


Effect = Trend | ByLevel | Typical


# ---- uncertainty of typical values


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Posterior:
    """Typical values that are uncertain together: normal on the scale of their random effects.

    A log-normal parameter is uncertain on the log scale (so is a Box-Cox one), a logit-normal on
    the logit scale.

    covariance  of the estimates, as NONMEM's $COVARIANCE gives it for theta on these scales
    """

    covariance: Omega
    status: str
    source: str

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that are uncertain."""
        return self.covariance.names

    def draw(
        self,
        values: Mapping[str, float],
        distributions: Mapping[str, str],
        n: int,
        seed: int,
        start: int = 0,
    ) -> dict[str, Float[np.ndarray, " draw"]]:
        """Return draws start … start + n − 1 of the typical values."""
        off = self.covariance.etas(n, seed, start, stream="posterior:")
        return {
            name: DISTRIBUTIONS[distributions[name]].at(values[name], off[name], 0.0)
            for name in self.names
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PosteriorTable:
    """Typical values that are uncertain together, as draws that someone made: whole rows.

    table       natural scale, canonical units; each row is as likely as any other
    structures  which structure each row is of, where there are several
    """

    table: Mapping[str, Float[np.ndarray, " row"]]
    status: str
    source: str
    structures: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if len({len(column) for column in self.table.values()}) != 1 or not self._n_rows:
            raise ModelError(
                "the columns of posterior draws are equally long, and at least one row"
            )
        if self.structures is not None and len(self.structures) != self._n_rows:
            raise ModelError(
                f"{self._n_rows} posterior draws of {len(self.structures)} structures; name the "
                "structure of each"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that are uncertain."""
        return tuple(self.table)

    def draw(
        self,
        values: Mapping[str, float],
        distributions: Mapping[str, str],
        n: int,
        seed: int,
        start: int = 0,
    ) -> dict[str, Float[np.ndarray, " draw"]]:
        """Return draws start … start + n − 1 of the typical values."""
        rows = (uniforms("posterior:row", n, seed, start) * self._n_rows).astype(int)
        return {name: column[rows] for name, column in self.table.items()}

    def of(self, structure: str) -> PosteriorTable:
        """Return the rows of one structure."""
        held = np.array(self.structures) == structure
        if not held.any():
            raise ModelError(f"no posterior draws of the structure '{structure}'")
        return PosteriorTable(
            table={name: column[held] for name, column in self.table.items()},
            status=self.status,
            source=self.source,
        )

    def row(self, k: int) -> dict[str, float]:
        """Return one draw; k counts round."""
        return {name: float(column[k % self._n_rows]) for name, column in self.table.items()}

    @property
    def n_rows(self) -> int:
        """How many draws there are."""
        return self._n_rows

    @property
    def _n_rows(self) -> int:
        return len(next(iter(self.table.values())))
