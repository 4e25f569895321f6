"""What the user describes: checked once, all problems at once, and in SI units from here on."""

from simcell.inputs.case import CaseInput, from_record, parse_case, record_hash, resolved
from simcell.inputs.overrides import Vary, apply_set, vary
from simcell.inputs.read import parse_toml, read_toml

__all__ = [
    "CaseInput",
    "Vary",
    "apply_set",
    "from_record",
    "parse_case",
    "parse_toml",
    "read_toml",
    "record_hash",
    "resolved",
    "vary",
]
