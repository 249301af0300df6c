"""A population written and read back: whole, stopped early, interrupted, refused."""

from __future__ import annotations

import csv
import json
import os
import stat
import sys
from collections import namedtuple

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thecal.errors import ThecalError
from thecal.interop.table import TableWriter, _size
from thecal.model.events import Dosing
from thecal.model.modelfile import load_population
from thecal.model.reduce import Kept
from thecal.model.simulate import simulate_many
from thecal.model.structure import Output

OUTPUTS = (
    Output("csf", "mg/L", "drug in CSF"),
    Output("nfl", "pg/mL", "neurofilament light chain, in plasma"),
)
TIMES_D = np.array([0.0, 0.1, 28.0])
SUFFIXES = [".csv", ".parquet"]


def population(n: int, dtype=np.float64) -> np.ndarray:
    """Subjects next to each other in memory, as a simulation hands them over."""
    rng = np.random.default_rng(5)
    return np.exp(5 * rng.normal(size=(3, 2, n))).astype(dtype).transpose(2, 0, 1)


def writer(path, n: int = 10, dtype=np.float64, **options) -> TableWriter:
    return TableWriter(path, OUTPUTS, TIMES_D, n_subjects=n, dtype=dtype, **options)


def write(path, values: np.ndarray, cuts=(), **options) -> None:
    edges = [0, *sorted(cuts), len(values)]
    with writer(path, len(values), values.dtype.type, **options) as table:
        for start, end in zip(edges, edges[1:], strict=False):  # noqa: RUF007
            table.write(values[start:end], start)


def read(path) -> dict[str, np.ndarray]:
    """Read the columns of either kind of file."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        return {name: table[name].to_numpy() for name in table.column_names}
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    return {name: np.array([float(row[k]) for row in rows]) for k, name in enumerate(header)}


def facts(path) -> dict[str, str]:
    found = pq.read_metadata(path).metadata
    return {k.decode(): v.decode() for k, v in found.items() if k != b"ARROW:schema"}


def assert_holds(path, values: np.ndarray) -> None:
    """The file says what the population says, to the last bit."""
    n = len(values)
    columns = read(path)
    assert list(columns) == ["ID", "TIME", "csf", "nfl"]
    assert columns["ID"].tolist() == [k + 1 for k in range(n) for _ in TIMES_D]
    assert columns["TIME"].tolist() == TIMES_D.tolist() * n
    for k, name in enumerate(["csf", "nfl"]):
        assert (columns[name].astype(values.dtype) == values[:, :, k].reshape(-1)).all()


def names_in(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ---- whole


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_written_is_read_back_to_the_last_bit(tmp_path, suffix, dtype):
    values = population(200, dtype)
    path = tmp_path / f"people{suffix}"
    write(path, values, [1, 64, 65, 150])
    assert_holds(path, values)
    assert names_in(tmp_path) == [path.name]


@given(
    numbers=st.lists(st.floats(width=32, allow_nan=False), min_size=6, max_size=6),
    suffix=st.sampled_from(SUFFIXES),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_no_number_is_changed_by_the_file(tmp_path_factory, numbers, suffix, dtype):
    """Denormals, infinities and the largest ones included."""
    path = tmp_path_factory.mktemp("table") / f"people{suffix}"
    values = np.array(numbers, dtype).reshape(1, 3, 2)
    write(path, values)
    assert_holds(path, values)


def test_doubles_have_17_digits_and_singles_9_in_csv(tmp_path):
    for dtype, cell in ((np.float64, "0.10000000000000001"), (np.float32, "0.100000001")):
        write(tmp_path / "people.csv", np.full((2, 3, 2), 0.1, dtype))
        text = (tmp_path / "people.csv").read_text()
        assert text.startswith(f"ID,TIME,csf,nfl\n1,0,{cell},{cell}\n1,0.1,{cell},{cell}\n1,28,")


def test_the_layout_in_memory_changes_no_byte(tmp_path):
    values = population(100)
    for suffix in SUFFIXES:
        one, other = tmp_path / f"one{suffix}", tmp_path / f"other{suffix}"
        write(one, values)
        write(other, np.ascontiguousarray(values))
        assert one.read_bytes() == other.read_bytes()


def test_chunks_change_no_byte_of_csv(tmp_path):
    values = population(300)
    write(tmp_path / "one.csv", values)
    write(tmp_path / "other.csv", values, [0, 7, 7, 200])
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "other.csv").read_bytes()


def test_parquet_has_a_row_group_for_each_chunk(tmp_path):
    write(tmp_path / "people.parquet", population(100), [10, 70])
    metadata = pq.read_metadata(tmp_path / "people.parquet")
    rows = [metadata.row_group(k).num_rows for k in range(metadata.num_row_groups)]
    assert rows == [30, 180, 90]
    assert metadata.row_group(0).column(2).compression == "ZSTD"


def test_parquet_says_what_its_columns_mean_and_where_it_comes_from(tmp_path):
    path = tmp_path / "people.parquet"
    write(path, population(4), about={"seed": "17", "drug": "tofersen"})
    found = facts(path)
    columns = json.loads(found.pop("thecal_columns"))
    assert found == {
        "thecal_complete": "true",
        "thecal_subjects_asked": "4",
        "thecal_subjects_done": "4",
        "thecal_seed": "17",
        "thecal_drug": "tofersen",
    }
    assert columns["TIME"]["unit"] == "d"
    assert columns["nfl"] == {"unit": "pg/mL", "meaning": OUTPUTS[1].meaning}
    field = pq.read_schema(path).field("csf")
    assert field.metadata == {b"unit": b"mg/L", b"meaning": b"drug in CSF"}


def test_a_name_with_a_comma_stays_one_column(tmp_path):
    outputs = [Output('csf, "free"', "mg/L", "")]
    path = tmp_path / "people.csv"
    with TableWriter(path, outputs, TIMES_D, n_subjects=1, dtype=np.float64) as table:
        table.write(np.ones((1, 3, 1)), 0)
    assert list(read(path)) == ["ID", "TIME", 'csf, "free"']


# ---- interrupted


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path, suffix, error):
    path = tmp_path / f"people{suffix}"
    path.write_bytes(b"old")
    with pytest.raises(error), writer(path) as table:
        table.write(population(3), 0)
        raise error
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_rename_that_fails_leaves_the_old_file_and_no_other(tmp_path, suffix, monkeypatch):
    path = tmp_path / f"people{suffix}"
    path.write_bytes(b"old")

    def broken(*_):
        raise OSError("disk gone")

    monkeypatch.setattr("os.replace", broken)
    with pytest.raises(OSError, match="disk gone"):
        write(path, population(10))
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_short_of_subjects_is_no_table(tmp_path, suffix):
    path = tmp_path / f"people{suffix}"
    with pytest.raises(ThecalError, match="3 of 10 subjects were written"), writer(path) as table:
        table.write(population(3), 0)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_file_appears_only_when_it_is_whole(tmp_path, suffix):
    path = tmp_path / f"people{suffix}"
    with writer(path) as table:
        table.write(population(10), 0)
        assert not path.exists()
    assert table.written == path
    assert path.exists()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_closed_to_others_stays_closed_and_a_link_stays_a_link(tmp_path, suffix):
    path, link = tmp_path / f"people{suffix}", tmp_path / f"link{suffix}"
    path.write_bytes(b"old")
    path.chmod(0o600)
    link.symlink_to(path)
    write(link, population(10))
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert_holds(path, population(10))


# ---- stopped early


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("done", [0, 3, 9])
def test_an_early_stop_leaves_a_readable_part_beside_the_old_file(tmp_path, suffix, done):
    path = tmp_path / f"people{suffix}"
    path.write_bytes(b"old")
    values = population(10)
    with pytest.raises(KeyboardInterrupt), writer(path, about={"seed": "1"}) as table:
        try:
            table.write(values[:done], 0)
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            part = table.stop_early(done)
            raise
    assert part == table.written == tmp_path / f"people.partial{suffix}"
    assert names_in(tmp_path) == sorted([part.name, path.name])
    assert path.read_bytes() == b"old"
    assert_holds(part, values[:done])
    if suffix == ".parquet":
        found = facts(part)
        assert found["thecal_complete"] == "false"
        assert found["thecal_subjects_done"] == str(done)
        assert found["thecal_subjects_asked"] == "10"
        assert found["thecal_seed"] == "1"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_stop_after_the_last_subject_leaves_the_whole_table(tmp_path, suffix):
    path = tmp_path / f"people{suffix}"
    with writer(path) as table:
        table.write(population(10), 0)
        assert table.stop_early(10) == path
    assert names_in(tmp_path) == [path.name]


def interrupt(monkeypatch, table: TableWriter, after: int) -> None:
    """Make Ctrl-C arrive in the next write, before or after so many calls to the disk."""
    sink = table._sink
    inner, name = (
        (sink._writer, "write_table") if hasattr(sink, "_writer") else (sink._file, "write")
    )
    real, calls = getattr(inner, name), []

    class Interrupted:
        def __getattr__(self, other):
            return getattr(inner, other)

    def write(*args, **options):
        calls.append(1)
        if len(calls) <= after:
            real(*args, **options)
        if len(calls) >= after:
            raise KeyboardInterrupt

    proxy = Interrupted()
    setattr(proxy, name, write)
    monkeypatch.setattr(
        sink, "_writer" if inner is not getattr(sink, "_file", 0) else "_file", proxy
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("after", [0, 1])
def test_ctrl_c_within_a_write_leaves_no_part_of_a_chunk(tmp_path, suffix, after, monkeypatch):
    """CSV takes back the rows begun; Parquet has the whole row group or nothing of it."""
    path, values = tmp_path / f"people{suffix}", population(300)
    with writer(path, 300) as table:
        table.write(values[:50], 0)
        interrupt(monkeypatch, table, after)
        with pytest.raises(KeyboardInterrupt):
            table.write(values[50:250], 50)
        part = table.stop_early(50)
    n = 250 if suffix == ".parquet" and after else 50
    assert_holds(part, values[:n])
    if suffix == ".parquet":
        assert facts(part)["thecal_subjects_done"] == str(n)


def test_a_write_the_disk_refused_cannot_be_stopped_into_a_table(tmp_path, monkeypatch):
    path = tmp_path / "people.csv"
    with pytest.raises(ThecalError, match="cannot be finished"), writer(path) as table:
        monkeypatch.setattr(table._sink, "write", lambda *_: os.fstat(-1))
        with pytest.raises(OSError):
            table.write(population(10), 0)
        table.stop_early(0)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("done", [2, 4])
def test_a_stop_that_counts_other_subjects_is_refused(tmp_path, done):
    with (
        pytest.raises(ThecalError, match=f"{done} subjects are done where 3 were written"),
        writer(tmp_path / "people.csv") as table,
    ):
        table.write(population(3), 0)
        table.stop_early(done)
    assert names_in(tmp_path) == []


# ---- refused before the work starts


@pytest.mark.parametrize("name", ["people", "people.xlsx", "people.PARQUET", "people.csv.gz"])
def test_an_unknown_ending_is_refused(tmp_path, name):
    with pytest.raises(ThecalError, match=r"expected a name ending in \.parquet or \.csv"):
        writer(tmp_path / name)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_folder_is_refused(tmp_path, suffix):
    with pytest.raises(ThecalError, match="its folder does not exist"):
        writer(tmp_path / "none" / f"people{suffix}")


def test_a_folder_in_place_of_the_file_is_refused(tmp_path):
    (tmp_path / "people.csv").mkdir()
    with pytest.raises(ThecalError, match=r"people\.csv is a folder"):
        writer(tmp_path / "people.csv")


@pytest.mark.parametrize(("suffix", "size"), [(".parquet", "5.1 GB"), (".csv", "19 GB")])
def test_more_than_the_disk_has_free_is_refused_with_both_figures(
    tmp_path, monkeypatch, suffix, size
):
    """1e8 subjects, 3 times: 2 doubles and a byte in Parquet; 2 × 24 + 9 + 3 + 2 in CSV."""
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**12, 10**12, 4_200_000_000))
    with pytest.raises(ThecalError, match=f"would take about {size} and its disk has 4.2 GB free"):
        writer(tmp_path / f"people{suffix}", 10**8)
    writer(tmp_path / f"people{suffix}", 10**7)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_size_foretold_is_not_below_the_size_found(tmp_path, suffix, dtype):
    """And no more than twice, for numbers whose digits are noise."""
    path, values = tmp_path / f"people{suffix}", population(20_000, dtype)
    with writer(path, len(values), dtype) as table:
        table.write(values, 0)
    assert path.stat().st_size <= table.estimated_bytes <= 2 * path.stat().st_size


def test_parquet_without_pyarrow_is_refused_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ThecalError, match=r"install thecal\[parquet\]"):
        writer(tmp_path / "people.parquet")
    write(tmp_path / "people.csv", population(2))


@pytest.mark.parametrize("names", [["csf", "csf"], ["ID"], ["csf", "TIME"]])
def test_two_columns_of_one_name_are_refused(tmp_path, names):
    outputs = [Output(name, "", "") for name in names]
    with pytest.raises(ThecalError, match="two have one name"):
        TableWriter(tmp_path / "a.csv", outputs, TIMES_D, n_subjects=1, dtype=np.float64)


def test_about_cannot_say_that_a_table_is_complete(tmp_path):
    with pytest.raises(ThecalError, match="complete is said by the table itself"):
        writer(tmp_path / "people.parquet", about={"complete": "true"})


def test_a_table_of_nobody_is_refused(tmp_path):
    with pytest.raises(ThecalError, match="at least 1"):
        writer(tmp_path / "people.csv", 0)


# ---- refused on the way


@pytest.mark.parametrize(
    ("values", "first", "says"),
    [
        (population(2), 1, "begins with subject 1 where 0 comes next"),
        (population(11), 0, "11 subjects for a table of 10"),
        (population(2, np.float32), 0, "in float32 for a table of 3 and 2 in float64"),
        (population(2)[:, :2], 0, "2 times and 2 outputs"),
        (population(2)[:, :, :1], 0, "3 times and 1 outputs"),
    ],
)
def test_a_chunk_that_does_not_fit_is_refused(tmp_path, values, first, says):
    with pytest.raises(ThecalError, match=says), writer(tmp_path / "people.csv") as table:
        table.write(values, first)
    assert names_in(tmp_path) == []


def test_nothing_is_written_outside_the_block(tmp_path):
    table = writer(tmp_path / "people.csv")
    with pytest.raises(ThecalError, match="not open"):
        table.write(population(10), 0)
    with table:
        table.write(population(10), 0)
    with pytest.raises(ThecalError, match="not open"):
        table.write(population(10), 0)


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_600, "1.0 MB"),
        (15 * 10**15, "15000 TB"),
    ],
)
def test_a_size_is_said_in_words(n, words):
    assert _size(n) == words


def test_a_table_is_a_reducer_of_a_simulation(tmp_path):
    """What `simulate_many` hands over lands in the file, and `Kept` sees the same values."""
    population = load_population("tofersen")
    kept, path = Kept(7), tmp_path / "people.parquet"
    outputs = (population.model.output("csf"),)
    with TableWriter(path, outputs, TIMES_D, n_subjects=7, dtype=np.float64) as table:
        cohort = simulate_many(
            population,
            Dosing.bolus([0.0], 100.0),
            TIMES_D,
            7,
            seed=1,
            chunk=3,
            outputs=("csf",),
            reducers={"kept": kept, "file": table},
        )
    assert cohort.results["file"] == 7
    assert (read(path)["csf"] == cohort.results["kept"][:, :, 0].ravel()).all()
    with pytest.raises(ThecalError, match="cannot be merged"):
        table.merge(table)
