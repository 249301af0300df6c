"""A file is written whole or not at all, with the rights it had."""

from __future__ import annotations

import os
import stat

import pytest

from thecal.outfile import write_whole


def rights(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    target = tmp_path / "page.html"
    target.write_text("old")

    def broken(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", broken)
    with pytest.raises(OSError, match="disk full"):
        write_whole(target, b"new")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_file_closed_to_others_stays_closed(tmp_path):
    target = tmp_path / "page.html"
    target.write_text("old")
    target.chmod(0o600)
    write_whole(target, b"new")
    assert target.read_bytes() == b"new"
    assert rights(target) == 0o600


def test_a_new_file_has_the_rights_of_the_umask(tmp_path):
    """A page holds one person's data: who may read it is the user's choice."""
    before = os.umask(0o077)
    try:
        write_whole(tmp_path / "page.html", b"new")
    finally:
        os.umask(before)
    assert rights(tmp_path / "page.html") == 0o600


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_private_file_is_closed_from_its_first_moment_and_follows_no_link(tmp_path, monkeypatch):
    """Whoever may write to the folder could lay a link to a file that is not to be lost."""
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    opened, real_open = [], os.open
    monkeypatch.setattr(
        "os.open",
        lambda path, flags, mode=0o777: opened.append(mode) or real_open(path, flags, mode),
    )
    write_whole(tmp_path / "link", b"new", is_private=True)
    assert opened == [0o600] and not (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "old"
    assert (tmp_path / "link").read_bytes() == b"new" and rights(tmp_path / "link") == 0o600
