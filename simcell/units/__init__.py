"""The one unit registry, and the one parser that every quantity passes through.

File, `--set`, `--vary` and the Python interface all end in `parse`, which takes text such as ``"300 kV"`` and
the kind of quantity that the place expects, and gives a float in SI units. `quantity` puts the label back on the
way out. The registry (pint) is built on first use, so that importing this module costs nothing.
"""

from simcell.units.factors import quantity, registry
from simcell.units.kinds import Kind, UnitError, kinds
from simcell.units.parser import as_text, parse
from simcell.units.ranges import Span, parse_vary, spaced, split_range

__all__ = [
    "Kind",
    "Span",
    "UnitError",
    "as_text",
    "kinds",
    "parse",
    "parse_vary",
    "quantity",
    "registry",
    "spaced",
    "split_range",
]
