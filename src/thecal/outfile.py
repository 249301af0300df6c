"""Write a file whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def write_whole(path: str | os.PathLike[str], data: bytes, *, is_private: bool = False) -> None:
    """Put data in place of a file at once: an interrupted write leaves the old file.

    A link stays a link, a file closed to others stays closed, and a new file has the rights
    that the user's umask gives it; one that is private is for its owner alone.
    """
    target = Path(os.path.realpath(path))
    draft = target.with_name(f".{target.name}.{os.urandom(4).hex()}.tmp")
    try:
        with draft.open("xb") as file:
            if is_private:
                draft.chmod(0o600)
            elif target.exists():
                draft.chmod(stat.S_IMODE(target.stat().st_mode))
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
