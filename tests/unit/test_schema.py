"""The result contract: what `schema.build` accepts, how it labels, and what it refuses."""

import re

import numpy as np
import pint
import pytest

from simcell.errors import ResultError
from simcell.results import labels, schema
from simcell.results.variables import COORDINATES, VARIABLES

TIME = [0.0, 1e-6, 1.0]
SPECIES = ["H2", "O2"]
COORDS = {"time": TIME, "species": SPECIES, "gas": ["H2"]}
VARIED = {"beam_dose_rate": ([1e3, 1e5], "Gy/s"), "electrolyte_pH": ([4.0, 7.0, 10.0], "1"), **COORDS}
#: what the issue promises to other programs
CONTRACT = {
    "/beam/dose_rate": ((), "Gy/s"),
    "/beam/flux": ((), "1/m^2/s"),
    "/beam/dose": ((), "Gy"),
    "/beam/on": (("time",), "1"),
    "/radiolysis/concentration": (("time", "species"), "mol/m^3"),
    "/radiolysis/pH": (("time",), "1"),
    "/radiolysis/gas_saturation": (("time", "gas"), "1"),
    "/radiolysis/throughput": (("reaction", "time"), "mol/m^3/s"),
}


def concentration(values=None, dims=("time", "species"), coords=COORDS):
    values = np.ones((3, 2)) if values is None else values
    return schema.build({"radiolysis": {"concentration": (dims, values)}}, coords)


def test_fixed_names_dims_and_units():
    found = {v.path: (v.dims, v.unit) for v in VARIABLES}
    assert {path: found[path] for path in CONTRACT} == CONTRACT


def test_every_name_is_declared_once():
    paths = [v.path for v in VARIABLES]
    assert len(paths) == len(set(paths))
    assert {dim for v in VARIABLES for dim in (*v.dims, *v.space)} <= set(COORDINATES)


UNITS = sorted({v.unit for v in VARIABLES} | {unit for unit, _ in COORDINATES.values() if unit})


@pytest.mark.parametrize("unit", UNITS)
def test_pint_reads_every_unit_and_it_is_si(unit):
    registry = pint.UnitRegistry()
    parsed = registry.Unit(unit)
    assert (1.0 * parsed).to_base_units().magnitude in (pytest.approx(1.0), pytest.approx(1e3))  # kg vs g
    assert labels.UNIT.fullmatch(unit)


@pytest.mark.parametrize("unit", ["mol m-3", "mol/L", "mM", "mol/m**3", "mol / m^3", "m²", "", "e/A^2/s", "degC"])
def test_unit_forms_that_one_of_the_two_readers_gets_wrong_are_refused(unit):
    with pytest.raises(ResultError, match=r"UDUNITS|with a unit"):
        concentration(np.ones((2, 3, 2)), ("cell_x_y", "time", "species"), COORDS | {"cell_x_y": ([1.0, 2.0], unit)})


def test_labels_and_coordinates_lie_in_each_group():
    tree = schema.build({"beam": {"on": ("time", [1, 0, 1])}, "/radiolysis": {"pH": (["time"], [7, 6, 5])}}, COORDS)
    for group, name in (("beam", "on"), ("radiolysis", "pH")):
        array = tree[group].to_dataset(inherit=False)[name]
        assert array.attrs["units"] == "1"
        assert array.coords["time"].attrs["units"] == "s"
        assert list(array.coords["time"].values) == TIME
    assert tree["beam/on"].dtype == np.int8
    assert tree["radiolysis/pH"].dtype == np.float64
    assert tree.attrs["Conventions"] == "CF-1.11"


def test_varied_dimensions_lead_and_keep_their_unit():
    dims = ("beam_dose_rate", "electrolyte_pH", "time", "species")
    tree = concentration(np.ones((2, 3, 3, 2)), dims, VARIED)
    array = tree["radiolysis/concentration"]
    assert array.dims == dims
    assert array.beam_dose_rate.attrs["units"] == "Gy/s"
    assert schema.extra_dims(tree) == ["beam_dose_rate", "electrolyte_pH"]
    schema.check(tree)


def test_a_varied_dimension_of_one_is_dropped_and_label_dimensions_stay():
    tree = schema.build(
        {"radiolysis": {"gas_saturation": (("beam_dose_rate", "time", "gas"), [[[0.5]]])}},
        {"beam_dose_rate": ([1e3], "Gy/s"), "time": [1.0], "gas": ["H2"]},
    )
    array = tree["radiolysis/gas_saturation"]
    assert array.dims == ("time", "gas")
    assert float(array.beam_dose_rate) == 1e3
    assert float(array.sel(gas="H2", time=1.0)) == 0.5
    assert schema.extra_dims(tree) == []
    schema.check(tree)


def test_names_may_vary_too():
    coords = {"electrolyte_mechanism": (["water", "water-eb09"], None), **COORDS}
    tree = schema.build({"radiolysis": {"steady_pH": (["electrolyte_mechanism"], [4.65, 4.7])}}, coords)
    assert float(tree["radiolysis/steady_pH"].sel(electrolyte_mechanism="water-eb09")) == 4.7


def test_fields_in_space_follow_in_their_order():
    coords = COORDS | {"y": [0.0, 1e-6], "x": [0.0, 1e-6, 2e-6]}
    good = concentration(np.ones((3, 2, 2, 3)), ("time", "species", "y", "x"), coords)
    assert good["radiolysis/concentration"].dims == ("time", "species", "y", "x")
    with pytest.raises(ResultError, match="wanted: time, species"):
        concentration(np.ones((3, 2, 3, 2)), ("time", "species", "x", "y"), coords)


BAD_DIMS = [
    (("species", "time"), (2, 3)),
    (("time",), (3,)),
    (("time", "gas"), (3, 1)),
    (("time", "species", "electrolyte_pH"), (3, 2, 3)),
    (("electrolyte_pH", "beam_dose_rate", "time", "species"), (3, 2, 3, 2)),
    (("time", "species", "species"), (3, 2, 2)),
    ((), ()),
]


@pytest.mark.parametrize(("dims", "shape"), BAD_DIMS)
def test_wrong_dimensions_are_refused(dims, shape):
    with pytest.raises(ResultError, match=re.escape("/radiolysis/concentration has dimensions")):
        concentration(np.ones(shape), dims, VARIED)


@pytest.mark.parametrize("shape", [(2, 3), (3, 3), (3,), (), (1, 3, 2), (0, 2)])
def test_wrong_shapes_are_refused(shape):
    with pytest.raises(ResultError, match=re.escape("its coordinates say (3, 2)")):
        concentration(np.ones(shape))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_named_with_their_place(bad):
    values = np.ones((3, 2))
    values[1, 1] = bad
    with pytest.raises(ResultError, match=r"concentration is -?(nan|inf) at time = 1e-06, species = O2"):
        concentration(values)


def test_not_reached_is_an_answer_only_where_declared():
    dims = ["beam_dose_rate"]
    tree = schema.build({"radiolysis": {"time_to_steady": (dims, [1.0, np.nan])}}, VARIED)
    assert np.isnan(tree["radiolysis/time_to_steady"][1])
    with pytest.raises(ResultError, match="time_to_steady is inf at beam_dose_rate = 1000"):
        schema.build({"radiolysis": {"time_to_steady": (dims, [np.inf, 1.0])}}, VARIED)
    with pytest.raises(ResultError, match="dose_rate is nan"):
        schema.build({"beam": {"dose_rate": (dims, [1.0, np.nan])}}, VARIED)


@pytest.mark.parametrize("values", [[["a", "b"]] * 3, np.ones((3, 2), complex), [[None, 1.0]] * 3])
def test_only_real_numbers_are_values(values):
    with pytest.raises(ResultError, match="must hold numbers"):
        concentration(values)


def test_a_flag_is_zero_or_one():
    with pytest.raises(ResultError, match="0 and 1"):
        schema.build({"beam": {"on": ("time", [0, 0.5, 1])}}, COORDS)


def test_undeclared_names_are_refused_and_the_declared_ones_listed():
    with pytest.raises(ResultError, match="/beam/dosis is not a declared result; declared: dose_rate"):
        schema.build({"beam": {"dosis": ([], 1.0)}}, {})
    with pytest.raises(ResultError, match="no group /beams"):
        schema.build({"beams": {"dose": ([], 1.0)}}, {})


def test_pint_units_are_refused_everywhere():
    registry = pint.UnitRegistry()
    values = np.ones((3, 2)) * registry.Unit("mol/m^3")
    with pytest.raises(ResultError, match="concentration carries a pint unit"):
        concentration(values)
    with pytest.raises(ResultError, match="concentration carries a pint unit"):
        concentration([[1.0 * registry.mol, 2.0]] * 3)
    with pytest.raises(ResultError, match="coordinate time carries a pint unit"):
        concentration(coords=COORDS | {"time": np.array(TIME) * registry.s})
    tree = concentration()
    tree["radiolysis"] = (
        tree["radiolysis"].to_dataset().assign(concentration=tree["radiolysis/concentration"].copy(data=values))
    )
    tree["radiolysis/concentration"].attrs["units"] = "mol/m^3"
    with pytest.raises(ResultError, match="concentration carries a pint unit"):
        schema.check(tree)


BAD_COORDS = [
    ({"time": [0.0, 2.0, 1.0]}, "time must increase; it does not at index 2"),
    ({"time": [0.0, 1.0, 1.0]}, "time must increase"),
    ({"time": [0.0, 1.0, np.nan]}, "time is not finite at index 2"),
    ({"time": ["a", "b", "c"]}, "time must hold numbers"),
    ({"time": []}, "at least one value"),
    ({"time": 3.0}, "at least one value"),
    ({"species": ["H2", "H2"]}, "species holds H2 twice"),
    ({"species": [1, 2]}, "species must hold names"),
    ({"sort": [1.0, 2.0]}, "sort is not declared; a varied quantity comes as"),
    ({"sort": ([1.0, 2.0], None)}, "neither declared nor a varied quantity with a unit"),
    ({"sort": ([1.0, 1.0], "m")}, "sort holds 1.0 twice"),
]


@pytest.mark.parametrize(("change", "message"), BAD_COORDS)
def test_bad_coordinates_are_refused(change, message):
    with pytest.raises(ResultError, match=message):
        concentration(coords=COORDS | change)


def test_a_dimension_without_coordinate_is_refused():
    with pytest.raises(ResultError, match="uses the dimension species, which has no coordinate"):
        concentration(coords={"time": TIME})


def test_check_notices_a_tree_that_was_changed_later():
    tree = concentration()
    schema.check(tree)
    tree["radiolysis/concentration"].attrs["units"] = "mmol/m^3"
    with pytest.raises(ResultError, match="its unit is 'mmol/m\\^3', the contract says 'mol/m\\^3'"):
        schema.check(tree)
    tree["radiolysis"] = concentration()["radiolysis"].to_dataset().rename(concentration="c")
    with pytest.raises(ResultError, match="/radiolysis/c is not a declared"):
        schema.check(tree)


def test_attributes_hold_only_what_netcdf_can():
    tree = schema.build({}, {}, {"a": True, "b": None, "c": {"x": [1, "µ"]}, "d": np.float64(2.0), "e": "Å"})
    assert {k: tree.attrs[k] for k in "abcde"} == {
        "a": "true",
        "b": "null",
        "c": '{"x": [1, "µ"]}',
        "d": 2.0,
        "e": "Å",
    }
    with pytest.raises(ResultError, match="JSON"):
        schema.build({}, {}, {"a": {"x": float("nan")}})
