"""Sign the chain: checkpoints inside the record, and a witness outside it.

A checkpoint is an event that holds a signature (Ed25519) over the link before it; there is one at
least every 100 events, or every hour in which something happened. Whoever edits the log and mends
every hash after it cannot mend a signature.
A chain that is cut short is a shorter chain and still whole: that is what the *witness* sees, a
small file outside the database with the last link this installation made or saw. Keep key and
witness where whoever can write to the database cannot.
"""

from __future__ import annotations

import datetime as dt
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from thecal.errors import StoreError
from thecal.outfile import write_whole

CHECKPOINT = "checkpoint"  # the action of an event that signs the chain
EVERY_EVENTS = 100
EVERY = dt.timedelta(hours=1)
SLOT = 256  # bytes of one half of a witness file


@dataclass(frozen=True, slots=True)
class Mark:
    """One link of the chain that somebody vouches for."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Seal:
    """The key of one installation; `public` names it in the record, as 64 hexadecimal digits."""

    private: Ed25519PrivateKey
    public: str

    def sign(self, record: str, mark: Mark) -> str:
        """Sign a link of a record, as 128 hexadecimal digits."""
        return self.private.sign(_signed(record, mark)).hex()


def _signed(record: str, mark: Mark) -> bytes:
    return f"thecal checkpoint 1\n{record}\n{mark.seq}\n{mark.hash}\n".encode()


def is_signed(public: str, record: str, mark: Mark, signature: str) -> bool:
    """Tell whether a signature over a link holds."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), _signed(record, mark))
    except (InvalidSignature, ValueError):
        return False
    return True


def make_seal(path: Path) -> Seal:
    """Make a key and keep it in a file that only its owner reads. Refuses to replace one."""
    private = Ed25519PrivateKey.generate()
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise StoreError("there is a key already where a new one would be written") from None
    except OSError:
        raise StoreError("the key cannot be written where it was named: no such folder") from None
    with os.fdopen(file, "wb") as out:
        out.write(private.private_bytes_raw().hex().encode() + b"\n")
        out.flush()
        os.fsync(out.fileno())
    return _seal(private)


def read_seal(path: Path) -> Seal:
    """Read the key of this installation."""
    try:
        with path.open("rb") as file:
            data = file.read(200)
        return _seal(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(data.decode().strip())))
    except FileNotFoundError:
        raise StoreError(
            "the key that signs the record is not there; bring it back from where it is kept, or "
            "name it with --key"
        ) from None
    except OSError:
        raise StoreError("the key that signs the record cannot be read from its file") from None
    except ValueError:
        raise StoreError("the key file holds no key: 64 hexadecimal digits are expected") from None


def _seal(private: Ed25519PrivateKey) -> Seal:
    return Seal(private, private.public_key().public_bytes_raw().hex())


# -- the witness


def read_witness(path: Path, record: str, public: str) -> Mark | None:
    """Return the last link this installation vouched for; None where it never did.

    Raises StoreError where the file is there and is not two signed links of this record.
    """
    try:
        with path.open("rb") as file:
            data = file.read(2 * SLOT + 1)
    except FileNotFoundError:
        return None
    except OSError:
        raise StoreError("the witness file cannot be read") from None
    marks = []
    for start in (0, SLOT):
        words = data[start : start + SLOT].decode("ascii", "replace").split(" ")
        with suppress(ValueError):
            seq, link, signature, *_ = words
            mark = Mark(int(seq), link)
            is_ours = is_signed(public, record, mark, signature)
            if is_ours and data[start : start + SLOT] == _line(mark, signature):
                marks.append(mark)
    if len(marks) < 2 or len(data) != 2 * SLOT:
        raise StoreError(
            "the witness file does not hold two links signed for this record; it was changed, or "
            "belongs to another record or key"
        )
    return max(marks, key=lambda mark: mark.seq)


def check_no_witness(path: Path) -> None:
    """Refuse to begin where a witness is: it is another record's."""
    if path.exists():
        raise StoreError(
            "there is a witness of another record beside the key; name another file with --key"
        )


def begin_witness(path: Path, record: str, seal: Seal, mark: Mark) -> None:
    """Vouch for the first link of a record that is made or brought back here."""
    try:
        write_whole(path, _line(mark, seal.sign(record, mark)) * 2)
    except OSError:
        raise StoreError("the witness file cannot be written beside the key") from None


def write_witness(path: Path, record: str, seal: Seal, mark: Mark) -> None:
    """Vouch for a later link: into the half of the file that is not the last one written.

    So an interrupted write leaves the other half. Of two writers the later link stays. A file that
    is gone or was changed is left so, for `read_witness` to tell of.
    """
    line = _line(mark, seal.sign(record, mark))
    try:
        with path.open("r+b") as file:
            _lock(file.fileno())
            first, second = _halves(file.fileno())
            if mark.seq > max(first.seq, second.seq):
                os.pwrite(file.fileno(), line, SLOT if first.seq >= second.seq else 0)
    except (FileNotFoundError, ValueError):
        return
    except OSError:
        raise StoreError(
            "what was asked is done and noted, but the witness file beside the key cannot be "
            "written; make that possible, or a log cut short goes unseen"
        ) from None


def _halves(file: int) -> tuple[Mark, Mark]:
    """Read the two links of a witness file; ValueError where they are not there."""
    marks = []
    for start in (0, SLOT):
        seq, link, *_ = os.pread(file, SLOT, start).decode("ascii").split(" ")
        if len(seq) > 10:
            raise ValueError("no number of an event")
        marks.append(Mark(int(seq), link))
    return marks[0], marks[1]


def _line(mark: Mark, signature: str) -> bytes:
    return f"{mark.seq} {mark.hash} {signature} ".encode().ljust(SLOT - 1) + b"\n"


def _lock(file: int) -> None:
    """Hold a file alone until it is closed, where the system can."""
    with suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
