"""The word about compiling names the kernels that a case needs."""

import importlib

import pytest

from simcell.case import Case
from simcell.commands.shared import LAST, kernels_for


@pytest.mark.parametrize("kind", LAST)
def test_the_kernels_whose_compilation_is_announced_are_there(kind):
    module, name, _ = LAST[kind]
    assert callable(getattr(importlib.import_module(module), name).py_func)


@pytest.mark.parametrize(
    ("file", "changes", "kind"),
    [
        ("water", [], "batch"),
        ("around_a_beam", [], "radial"),
        ("around_a_beam", ["grid.geometry=plan"], "field"),
        ("beam_and_bias", [], "ions on a line"),
        ("zinc_strip", [], "ions"),
        ("zinc_strip", ["transport.level=primary"], "currents"),
        ("zinc_nucleus", [], "growth"),
    ],
)
def test_each_case_announces_the_kernels_that_it_needs(root, file, changes, kind):
    assert kernels_for(Case.read(root / "examples" / f"{file}.toml", changes).input) == kind
