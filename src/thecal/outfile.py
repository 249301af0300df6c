"""Write a file whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def write_whole(path: str | os.PathLike[str], data: bytes, *, is_private: bool = False) -> None:
    """Put data in place of a file at once: an interrupted write leaves the old file.

    A link stays a link, a file closed to others stays closed, and a new file has the rights
    that the user's umask gives it; one that is private is for its owner alone, and takes the place
    of a link, which somebody may have laid to a file of worth.
    """
    target = Path(path) if is_private else Path(os.path.realpath(path))
    draft = target.with_name(f".{target.name}.{os.urandom(4).hex()}.tmp")
    try:
        # Private from the start: who opened it before could read what is written later.
        mode = 0o600 if is_private else 0o666
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            if not is_private and target.exists():
                draft.chmod(stat.S_IMODE(target.stat().st_mode))
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
