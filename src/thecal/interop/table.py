"""A simulated population on disk, as the wide table of the field.

One row for each subject and time: `ID` (from 1), `TIME` in days, and a column for each output,
in the unit that the model gives it. Chunks are written as they come, so memory stays as it is
however many subjects there are.

`.parquet` (with pyarrow) carries in its metadata what each column means, and whatever the
caller says about the simulation; one row group holds one chunk. `.csv` holds the columns and
nothing else, so that any tool reads it: 9 significant digits of single precision and 17 of
double, which give back the number that was written.

The file appears whole or not at all. A simulation stopped early leaves `<stem>.partial.parquet`
or `<stem>.partial.csv`, which is in order but short; it never takes the place of a whole one.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import stat
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self

import numpy as np

from thecal.errors import ThecalError, counted, shown
from thecal.model.structure import Output
from thecal.shapes import Float

FORMATS = (".csv", ".parquet")
OWN_KEYS = frozenset({"columns", "complete", "subjects_asked", "subjects_done"})


class TableWriter:
    """Writes a population to one file, chunk by chunk.

    with TableWriter(path, model.outputs, times_d, n_subjects=n, dtype=np.float32) as writer:
        for first, values in chunks:
            writer.write(values, first)

    Values are not checked: what is not a number is written as such (`nan` in CSV).
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        outputs: Sequence[Output],
        times_d: Float[np.ndarray, " time"],
        *,
        n_subjects: int,
        dtype: type[np.float32] | type[np.float64],
        about: Mapping[str, str] | None = None,
    ) -> None:
        """Refuse whatever can be refused before the work starts.

        about  what Parquet says of the simulation besides (a seed, a version): `thecal_<key>`
        """
        self._target = Path(os.path.realpath(path))
        self._outputs, self._times_d = tuple(outputs), np.array(times_d, np.float64)
        self._n_subjects, self._dtype = n_subjects, np.dtype(dtype)
        self._about = dict(about or {})
        self._done = 0
        self._sink: _Sink | None = None
        self._draft = self._target.with_name(f".{self._target.name}.{os.urandom(4).hex()}.tmp")
        self._cut: tuple[int, int] | None = None  # a write not known to have ended: where, how many
        self._is_broken = False
        self.written: Path | None = None
        """Where the table is, once it is finished."""
        self._refuse()

    def _refuse(self) -> None:
        target, names = self._target, [output.name for output in self._outputs]
        if target.suffix not in FORMATS:
            raise ThecalError(f"{shown(target.name)}: expected a name ending in .parquet or .csv")
        if not target.parent.is_dir():
            raise ThecalError(f"{target.name}: its folder does not exist; make it first")
        if target.is_dir():
            raise ThecalError(f"{target.name} is a folder; give the name of a file")
        if self._n_subjects < 1:
            raise ThecalError(f"{self._n_subjects} subjects to write; expected at least 1")
        columns = ["ID", "TIME", *names]
        if len(set(columns)) < len(columns):
            raise ThecalError(
                f"columns {', '.join(columns)}: two have one name; rename an output of the model"
            )
        if taken := OWN_KEYS & self._about.keys():
            raise ThecalError(
                f"about: {', '.join(sorted(taken))} is said by the table itself; use another key"
            )
        if target.suffix == ".parquet":
            _pyarrow()
        need, free = self.estimated_bytes, shutil.disk_usage(target.parent).free
        if need > free:
            raise ThecalError(
                f"{target.name} would take about {_size(need)} and its disk has {_size(free)} "
                "free; write fewer subjects, times or outputs, or choose another disk"
            )

    @property
    def estimated_bytes(self) -> int:
        """How long the file will be, at most and about."""
        rows = self._n_subjects * len(self._times_d)
        if self._target.suffix == ".parquet":
            return rows * (len(self._outputs) * self._dtype.itemsize + 1)  # ID and TIME: 1 byte
        each = 15 if self._dtype == np.float32 else 24  # -1.23456789e-05,
        time = max((len(_time(t)) for t in self._times_d.tolist()), default=0)
        return rows * (len(self._outputs) * each + len(str(self._n_subjects)) + time + 2)

    def __enter__(self) -> Self:
        made = _Parquet if self._target.suffix == ".parquet" else _Csv
        try:
            self._sink = made(self._draft, self._outputs, self._times_d, self._dtype)
            if self._target.exists():
                self._draft.chmod(stat.S_IMODE(self._target.stat().st_mode))
        except BaseException:
            self._abandon()
            raise
        return self

    def _open(self) -> _Sink:
        if self._sink is None or self.written is not None:
            raise ThecalError("the table is not open; write inside its `with` block")
        return self._sink

    def write(self, values: Float[np.ndarray, "subject time output"], first: int) -> None:
        """Add a chunk, whose first subject is number `first`, counted from 0."""
        sink = self._open()
        count, *shape = values.shape
        if first != self._done:
            raise ThecalError(
                f"a chunk begins with subject {first} where {self._done} comes next (counted "
                "from 0); write chunks in the order of subjects"
            )
        if first + count > self._n_subjects:
            raise ThecalError(
                f"{first + count} subjects for a table of {self._n_subjects}; ask for all of them"
            )
        if shape != [len(self._times_d), len(self._outputs)] or values.dtype != self._dtype:
            raise ThecalError(
                f"a chunk of {shape[0]} times and {shape[1]} outputs in {values.dtype} for a table "
                f"of {len(self._times_d)} and {len(self._outputs)} in {self._dtype}; give the same"
            )
        if not count:
            return
        self._cut = (sink.tell(), count)
        try:
            sink.write(values, first)
        except Exception:
            self._is_broken = True
            raise
        self._done, self._cut = self._done + count, None

    def update(self, values: Float[np.ndarray, "subject time output"], first: int) -> None:
        """As `write`: a table is a reducer of `simulate_many` too."""
        self.write(values, first)

    def merge(self, other: TableWriter) -> None:
        """Refuse: rows are written in order, by one writer."""
        raise ThecalError("two tables cannot be merged; write all chunks with one writer")

    def result(self) -> int:
        """Say how many subjects are written."""
        return self._done

    def stop_early(self, done: int) -> Path:
        """Finish a table that holds only the first subjects, and say where it is.

        done  how many subjects were written. A chunk whose writing was interrupted (Ctrl-C)
              is in the table or not, whole, and counted by the table only
        """
        sink, least = self._open(), self._done
        if self._is_broken:
            raise ThecalError("a chunk could not be written, so the table cannot be finished")
        if self._cut is not None and sink.settle(self._cut[0]):
            self._done += self._cut[1]
        self._cut = None
        if not least <= done <= self._done:
            raise ThecalError(f"{done} subjects are done where {self._done} were written")
        return self._finish(sink)

    def _finish(self, sink: _Sink) -> Path:
        is_complete = self._done == self._n_subjects
        target = self._target
        if not is_complete:
            target = target.with_name(f"{target.stem}.partial{target.suffix}")
        facts = self._about | {
            "columns": json.dumps(
                {o.name: {"unit": o.unit, "meaning": o.meaning} for o in self._columns()},
                ensure_ascii=False,
            ),
            "complete": "true" if is_complete else "false",
            "subjects_asked": str(self._n_subjects),
            "subjects_done": str(self._done),
        }
        try:
            sink.finish({f"thecal_{key}": value for key, value in facts.items()})
            with self._draft.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(self._draft, target)
        except BaseException:
            self._abandon()
            raise
        self.written = target
        return target

    def _columns(self) -> tuple[Output, ...]:
        return (*KEY_COLUMNS, *self._outputs)

    def _abandon(self) -> None:
        if self._sink is not None:
            with contextlib.suppress(Exception):  # a full disk cannot close; the cause is told
                self._sink.abandon()
            self._sink = None
        self._draft.unlink(missing_ok=True)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.written is not None or self._sink is None:
            return
        if kind is not None:
            self._abandon()
            return
        if self._done < self._n_subjects:
            self._abandon()
            raise ThecalError(
                f"{self._done} of {counted(self._n_subjects, 'subject')} were written; write all, "
                "or say stop_early"
            )
        self._finish(self._sink)


KEY_COLUMNS = (
    Output("ID", "", "the subject, counted from 1"),
    Output("TIME", "d", "time since the first dose"),
)


def _size(n_bytes: int) -> str:
    """Say a number of bytes: "340 MB", "1.2 TB"."""
    size, units = float(n_bytes), ["bytes", "kB", "MB", "GB", "TB"]
    while size >= 999.5 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{size:.1f} {units[0]}" if size < 10 and n_bytes >= 10 else f"{size:.0f} {units[0]}"


def _time(time_d: float) -> str:
    """Write a time with as many digits as it has: "28", "0.1"."""
    return repr(time_d).removesuffix(".0")


class _Sink(Protocol):
    """A file being written."""

    def tell(self) -> int:
        """Say how long the file is."""

    def write(self, values: Float[np.ndarray, "subject time output"], first: int) -> None:
        """Add a chunk."""

    def settle(self, before: int) -> bool:
        """Say whether an interrupted write ended; if not, take back what it left."""

    def finish(self, facts: Mapping[str, str]) -> None:
        """Close a file that is in order."""

    def abandon(self) -> None:
        """Close a file that nobody will read."""


class _Csv:
    """Rows of text."""

    BATCH = 64
    """Subjects put into words at once."""

    def __init__(
        self,
        path: Path,
        outputs: Sequence[Output],
        times_d: Float[np.ndarray, " time"],
        dtype: np.dtype[Any],
    ) -> None:
        cell = "%.9g" if dtype == np.float32 else "%.17g"
        cells = "".join(f",{cell}" for _ in outputs)
        self._rows = "".join(f"\0,{_time(t)}{cells}\n" for t in times_d.tolist())
        self._file: BinaryIO = path.open("xb")
        header = _Line()
        csv.writer(header, lineterminator="\n").writerow(["ID", "TIME", *(o.name for o in outputs)])
        self._file.write(header.text.encode())

    def tell(self) -> int:
        return self._file.tell()

    def write(self, values: Float[np.ndarray, "subject time output"], first: int) -> None:
        for start in range(0, len(values), self.BATCH):
            batch = np.ascontiguousarray(values[start : start + self.BATCH])
            text = [
                (self._rows % tuple(numbers)).replace("\0", str(id_))
                for id_, numbers in enumerate(
                    batch.reshape(len(batch), -1).tolist(), first + start + 1
                )
            ]
            self._file.write("".join(text).encode())

    def settle(self, before: int) -> bool:
        self._file.flush()
        self._file.truncate(before)
        self._file.seek(before)
        return False

    def finish(self, facts: Mapping[str, str]) -> None:
        self._file.close()

    def abandon(self) -> None:
        self._file.close()


class _Line:
    """The text of one line, as `csv` writes it."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text


def _pyarrow() -> Any:  # pyarrow has no types
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError as error:
        raise ThecalError(
            "Parquet needs pyarrow: install thecal[parquet], or write .csv"
        ) from error


class _Parquet:
    """Columns, compressed."""

    def __init__(
        self,
        path: Path,
        outputs: Sequence[Output],
        times_d: Float[np.ndarray, " time"],
        dtype: np.dtype[Any],
    ) -> None:
        pa = self._pyarrow = _pyarrow()
        self._times_d = times_d
        types = [pa.int64(), pa.float64(), *[pa.from_numpy_dtype(dtype)] * len(outputs)]
        columns = [*KEY_COLUMNS, *outputs]
        self._schema = pa.schema(
            pa.field(o.name, kind, nullable=False, metadata={"unit": o.unit, "meaning": o.meaning})
            for o, kind in zip(columns, types, strict=True)
        )
        self._file = pa.OSFile(str(path), "wb")  # its own: C++ that calls back can be interrupted
        self._writer = pa.parquet.ParquetWriter(
            self._file,
            self._schema,
            compression="zstd",
            use_dictionary=["TIME"],
            column_encoding={"ID": "DELTA_BINARY_PACKED"}
            | {o.name: "BYTE_STREAM_SPLIT" for o in outputs},  # 30 % smaller than plain
        )

    def tell(self) -> int:
        return int(self._file.tell())

    def write(self, values: Float[np.ndarray, "subject time output"], first: int) -> None:
        n, times, outputs = values.shape
        arrays = [
            np.repeat(np.arange(first + 1, first + n + 1), times),
            np.tile(self._times_d, n),
            *(np.ascontiguousarray(values[:, :, o]).reshape(-1) for o in range(outputs)),
        ]
        table = self._pyarrow.table(arrays, schema=self._schema)
        self._writer.write_table(table, row_group_size=n * times)

    def settle(self, before: int) -> bool:
        return self.tell() > before  # a row group is written in one call, which ends or never began

    def finish(self, facts: Mapping[str, str]) -> None:
        self._writer.add_key_value_metadata(dict(facts))
        self._writer.close()
        self._file.close()

    def abandon(self) -> None:
        try:
            self._writer.close()
        finally:
            self._file.close()
