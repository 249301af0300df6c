"""Shapes of arrays in annotations, `Float[np.ndarray, "subject time"]`, at no cost to a user.

They are jaxtyping's for the type checker and the tests, which check them at run time. Importing
jaxtyping takes as long as a whole simulation of one patient, so elsewhere they mean nothing.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import Bool, Float, Float32, Float64, Int, Int64, Shaped
else:

    class _Unchecked:
        def __class_getitem__(cls, shape: object) -> Any:
            return Any

    Bool = Float = Float32 = Float64 = Int = Int64 = Shaped = _Unchecked

__all__ = ["Bool", "Float", "Float32", "Float64", "Int", "Int64", "Shaped"]
