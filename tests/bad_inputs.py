"""Wrong case files and the words that their message must hold: one table for the parser and the command line.

Each text is wrong in the way that its name says; what it lacks besides is filled in by `case_text`.
"""

from __future__ import annotations

from typing import NamedTuple

CASE = 'case.duration = "100 s"\n'
BEAM = 'beam.dose_rate = "1e6 Gy/s"\n'


class Bad(NamedTuple):
    """Name of the fault, text of the case file, what the message must contain."""

    name: str
    text: str
    fragments: tuple[str, ...]


def _bad(name: str, text: str, *fragments: str) -> Bad:
    return Bad(name, text, fragments)


def _beam(name: str, text: str, *fragments: str) -> Bad:
    return Bad(name, CASE + text, fragments)


def _case(name: str, text: str, *fragments: str) -> Bad:
    return Bad(name, text + "\n" + BEAM, fragments)


def _more(name: str, text: str, *fragments: str) -> Bad:
    return Bad(name, CASE + BEAM + text, fragments)


CURRENT = 'beam.energy = "300 kV"\nbeam.current = "1 nA"\n'
SCAN = CURRENT + 'beam.mode = "stem"\nbeam.pixel = "1 nm"\nbeam.dwell = "5 us"\n'
SCAN_OF_4 = SCAN + "beam.frame = [4, 4]\n"

SYNTAX = [
    _bad("empty file", "", "is empty"),
    _bad("only comments", "# nothing\n\n", "is empty"),
    _bad("no quotes", "[beam]\nenergy = 300 kV\n", "line 2, column 14", 'energy = "300 kV"'),
    _bad("no value", "[beam]\nenergy =\n", "line 2", "is not TOML"),
    _bad("bracket not closed", "[beam\n", "line 1", "is not TOML"),
    _bad("quote not closed", '[beam]\nenergy = "300 kV\n', "line 2", "is not TOML"),
    _bad("key twice", '[case]\nduration = "1 s"\nduration = "2 s"\n', "line 3", "second time"),
    _bad("section twice", "[case]\n[beam]\n[case]\n", "line 3", "second time"),
    _bad("YAML", "case:\n  duration: 100 s\n", "line 1", "is not TOML"),
    _bad("JSON", '{"case": {"duration": "1 s"}}', "line 1", "is not TOML"),
    _bad("nested without end", "a = " + "[" * 5000, "nested too deeply"),
    _bad("number of 5000 digits", "electrolyte.pH = 1" + "0" * 5000, "thousands of digits"),
    _bad("escape of a terminal", CASE + BEAM + 'case.title = "\\u001b[2J"', r"\x1b", "cannot be printed"),
]

SECTIONS = [
    _bad("no sections", "schema = 1\n", "schema", "is not a section", "case.duration", "is missing"),
    _more("section of a later version", "[imaging]\n", "[imaging]", "not available in this version"),
    _more("one bracket for a list", '[electrode]\nmetal = "Zn"\n', "electrode", "[[electrode]] in double brackets"),
    _more("misspelt section", '[elektrolyte]\nmechanism = "water"\n', "elektrolyte", '"electrolyte"'),
    _bad("key at the top", 'duration = "1 s"\n' + BEAM, 'did you mean "case.duration"'),
    _bad("section as text", 'beam = "300 kV"\n' + CASE, "beam", "must be a section"),
    _bad("section as a list", CASE + '[[beam]]\nenergy = "300 kV"\n', "beam", "must be one section"),
    _more("misspelt key", '[cell]\nspacer_hieght = "1 um"\n', "cell.spacer_hieght", '"spacer_height"'),
    _more("key of another section", 'cell.duration = "1 s"\n', "cell.duration", '"case.duration"'),
    _more("unlike any key", "solver.qqqq = 1\n", "is not a key of [solver]; known are rtol"),
]

UNITS = [
    _case("no unit, text", 'case.duration = "100"', "case.duration", "needs a unit", '"100 s"'),
    _case("no unit, number", "case.duration = 100", "case.duration = 100", "needs a unit", '"100 s"'),
    _case("unit of another kind", 'case.duration = "100 nm"', '"nm" is not a unit of time'),
    _case("unknown unit", 'case.duration = "100 sek"', '"sek" is not a unit that simcell knows', '"s'),
    _case("not a number", 'case.duration = "long"', "must begin with a number"),
    _case("empty text", 'case.duration = ""', "case.duration", "is empty"),
    _case("comma", 'case.duration = "1,5 s"', "comma", '"1.5 s"'),
    _case("comma for thousands", 'case.duration = "1,000 s"', "comma", '"1000 s"'),
    _case("NaN in text", 'case.duration = "nan s"', "not a finite number"),
    _case("NaN of TOML", "case.duration = nan", "case.duration = nan", "needs a unit"),
    _case("infinite", 'case.duration = "inf s"', "not a finite number"),
    _case("beyond floats", 'case.duration = "1e999 s"', "not a finite number"),
    _case("below floats", 'case.duration = "1e-999 s"', "too small"),
    _case("negative", 'case.duration = "-5 s"', "must not be below zero"),
    _case("zero", 'case.duration = "0 s"', "from 1 ns to 1e7 s"),
    _case("a century", 'case.duration = "100 year"', "from 1 ns to 1e7 s"),
    _case("time of day", "case.duration = 12:30:00", "must be text with a number and a unit"),
    _case("list for a quantity", 'case.duration = ["1 s"]', "must be text with a number and a unit"),
    _case("bool for a quantity", "case.duration = true", "must be text with a number and a unit"),
    _case("a range", 'case.duration = "1..2 s"', "is a range"),
    _case("power of ten", 'case.duration = "5 x 10^2 s"', "written with e"),
    _case("very long text", f'case.duration = "{"9" * 300} s"', "longer than 120 characters"),
    _beam("A for angstrom", 'beam.energy = "300 kV"\nbeam.flux = "1000 e/A^2/s"', "ampere", "angstrom^2/s"),
    _beam("Mrad", 'beam.dose_rate = "1 Mrad/s"', "rad is radian", "0.01 Gy"),
    _beam("kilo with a capital", 'beam.energy = "300 KV"\nbeam.flux = "1 e/nm^2/s"', 'did you mean "kV"'),
    _more("coulomb for Celsius", 'electrolyte.temperature = "25 C"', "coulomb", '"25 degC"'),
    _more("grams per litre", 'electrolyte.concentrations = { "Cl-" = "1 g/L" }', "write it in mol"),
]

CASE_AND_BEAM = [
    _bad("no duration", BEAM, "case.duration", "is missing", '"100 s"'),
    _case("physics as text", CASE + 'case.physics = "radiolysis"', "case.physics", "must be a list", '["radiolysis"]'),
    _case("no physics", CASE + "case.physics = []", "case.physics", "is empty"),
    _case("physics twice", CASE + 'case.physics = ["radiolysis", "radiolysis"]', "the same twice"),
    _case("physics of a later version", CASE + 'case.physics = ["imaging"]', "not available in this version"),
    _case("misspelt physics", CASE + 'case.physics = ["radiolisys"]', 'did you mean "radiolysis"'),
    _case("title is no text", CASE + "case.title = 5", "case.title = 5", "must be text in quotes"),
    _bad("no beam", CASE, "beam", "says no dose rate"),
    _beam("energy alone", 'beam.energy = "300 kV"', "says no dose rate"),
    _beam("two roads", BEAM + 'beam.flux = "1 e/nm^2/s"', "beam.flux", "a second time beside dose_rate"),
    _beam("flux without energy", 'beam.flux = "1 e/nm^2/s"', "beam.energy", "is missing, beam.flux needs it"),
    _beam("current without diameter", CURRENT, "beam.diameter", "is missing, beam.current needs it"),
    _beam("energy too low", 'beam.energy = "5 kV"\nbeam.flux = "1 e/nm^2/s"', "from 30 kV to 1000 kV"),
    _beam("energy too high", 'beam.energy = "3 MeV"\nbeam.flux = "1 e/nm^2/s"', "from 30 kV to 1000 kV"),
    _beam("energy zero", 'beam.energy = "0 kV"\nbeam.flux = "1 e/nm^2/s"', "above zero"),
    _beam("negative dose rate", 'beam.dose_rate = "-1 Gy/s"', "must not be below zero"),
    _beam("absurd dose rate", 'beam.dose_rate = "1e15 Gy/s"', "must not exceed 1e12 Gy/s"),
    _beam("absurd current", 'beam.energy = "300 kV"\nbeam.current = "1 PA"', "must not exceed 1 mA"),
    _beam("absurd flux", 'beam.energy = "300 kV"\nbeam.flux = "1e40 1/m^2/s"', "must not exceed"),
    _beam("diameter zero", CURRENT + 'beam.diameter = "0 nm"', "beam.diameter", "from 0.01 nm"),
    _more("unknown mode", 'beam.mode = "sem"', "beam.mode", '"tem" or "stem"'),
    _more("misspelt profile", 'beam.profile = "gausian"', "beam.profile", 'did you mean "gaussian"'),
    _more("center of one number", 'beam.center = ["1 um"]', "beam.center[1]", "is missing"),
    _more("center without unit", "beam.center = [1, 2]", "beam.center[0]", "needs a unit"),
    _more("center far away", 'beam.center = ["1 m", "0 um"]', "beam.center[0]", "from -1 cm to 1 cm"),
    _more("tail of all", 'beam.tail = { fraction = 1.0, diameter = "9 um" }\nbeam.diameter = "1 um"', "tail.fraction"),
    _more("tail without core", 'beam.tail = { fraction = 0.1, diameter = "9 um" }', "beam.diameter", "beam.tail needs"),
    _more(
        "narrow tail",
        'beam.tail = { fraction = 0.1, diameter = "1 um" }\nbeam.diameter = "2 um"',
        "beam.tail.diameter",
        "not wider",
    ),
    _more("spot without size", 'beam.spots = [{ center = ["0 um", "0 um"] }]', "beam.spots[0].diameter", "is missing"),
    _more(
        "spots and a center",
        'beam.center = ["0 um", "0 um"]\nbeam.spots = [{ center = ["0 um", "0 um"], diameter = "1 um" }]',
        "beam.center",
        "excludes beam.spots",
    ),
    _more("spot of no weight", 'beam.spots = [{ center = ["0 m", "0 m"], diameter = "1 um", weight = 0 }]', "weight"),
    _more("order without scan", 'beam.scan_order = "raster"', "beam.scan_order", 'belongs to mode = "stem"'),
    _beam(
        "spots and a scan", SCAN_OF_4 + 'beam.spots = [{ center = ["0 m", "0 m"], diameter = "1 um" }]', "beam.spots"
    ),
    _beam("hopping without stride", SCAN_OF_4 + 'beam.scan_order = "hopping"', "beam.hop", "is missing"),
    _beam("stride without hopping", SCAN_OF_4 + "beam.hop = 2", "beam.hop", 'belongs to scan_order = "hopping"'),
    _beam("long stride", SCAN_OF_4 + 'beam.scan_order = "hopping"\nbeam.hop = 9', "beam.hop", "4 is the most"),
    _beam("gaussian probe of no size", SCAN_OF_4 + 'beam.profile = "gaussian"', "beam.probe", "is missing"),
    _more("scan without mode", 'beam.pixel = "1 nm"', 'belongs to mode = "stem"'),
    _beam("scan with a disc", SCAN + 'beam.frame = [4, 4]\nbeam.diameter = "1 um"', 'belongs to mode = "tem"'),
    _beam("scan without frame", SCAN, "beam.frame", "is missing", "[1024, 1024]"),
    _beam("frame as text", SCAN + 'beam.frame = "4x4"', "beam.frame", "two whole numbers"),
    _beam("frame of three", SCAN + "beam.frame = [4, 4, 4]", "beam.frame", "two whole numbers"),
    _beam("frame of zero", SCAN + "beam.frame = [0, 4]", "beam.frame", "from 1 to 65536"),
    _more("factor on a given rate", 'beam.dose_factor = "1+t/lambda"', "beam.dose_factor", "no factor applies"),
    _beam(
        "factor without thickness",
        CURRENT + 'beam.diameter = "2 um"\nbeam.dose_factor = "1+t/lambda"',
        "cell.spacer_height",
        "is missing",
    ),
]

SCHEDULES = [
    _more("schedule as a table", 'beam.schedule = { from = "0 s" }', "beam.schedule", "must be a list"),
    _more("schedule of texts", 'beam.schedule = ["0 s"]', "beam.schedule[0]", "must be a table"),
    _more("schedule without on", 'beam.schedule = [{ from = "0 s", to = "1 s" }]', "schedule[0].on", "is missing"),
    _more("on as text", 'beam.schedule = [{ from = "0 s", to = "1 s", on = "yes" }]', "must be true or false"),
    _more("misspelt in a schedule", 'beam.schedule = [{ form = "0 s", to = "1 s", on = true }]', 'did you mean "from"'),
    _more("ends before it begins", 'beam.schedule = [{ from = "2 s", to = "1 s", on = true }]', "not after it begins"),
    _more(
        "overlap",
        'beam.schedule = [{ from = "0 s", to = "2 s", on = true }, { from = "1 s", to = "3 s", on = false }]',
        "beam.schedule[1]",
        "before the entry above ends",
    ),
    _more(
        "after the end", 'beam.schedule = [{ from = "0 s", to = "200 s", on = true }]', "after the case ends (100 s)"
    ),
    _more("never on", 'beam.schedule = [{ from = "0 s", to = "5 s", on = false }]', "never switches the beam on"),
    _more("pulses not whole", 'beam.pulses = { on = "1 s", off = "1 s", count = 2.0 }', "must be a whole number"),
    _more("no pulses", 'beam.pulses = { on = "1 s", off = "1 s", count = 0 }', "from 1 to 100000"),
    _more("pulse of no length", 'beam.pulses = { on = "0 s", off = "1 s", count = 2 }', "above zero"),
    _more("too many pulses", 'beam.pulses = { on = "1 s", off = "1 s", count = 90 }', "ends at 179 s"),
    _more(
        "pulses and schedule",
        'beam.schedule = [{ from = "0 s", to = "5 s", on = true }]\n'
        'beam.pulses = { on = "1 s", off = "1 s", count = 2 }',
        "excludes beam.schedule",
    ),
]

WINDOW = 'cell.window = { thickness = "50 nm", width = "50 um", length = "200 um" }\n'
GAP = 'cell.spacer_height = "500 nm"\n'
FLOW = GAP + 'cell.flow_rate = "1 uL/min"\n'

CELLS = [
    _more("window without size", 'cell.window = { thickness = "50 nm", width = "50 um" }', "cell.window.length"),
    _more("window as text", 'cell.window = "SiNx"', "cell.window", "must be a table"),
    _more("unknown film", WINDOW.replace("{", '{ material = "glass",'), "cell.window.material", '"SiNx"'),
    _more("misspelt in a window", WINDOW.replace("width", "widht"), 'did you mean "width"'),
    _more("window like a brick", WINDOW.replace("50 nm", "6 um"), "cell.window.thickness", "thin plate"),
    _more("window twice", WINDOW + WINDOW.replace("window", "window_top"), "cell.window_top", "a window twice"),
    _more("half a pair", WINDOW.replace("window", "window_top"), "cell.window_bottom", "is missing"),
    _more("bulge from nothing", GAP + WINDOW + 'cell.bulge = "auto"', "cell.pressure", "minus outside", '"1 bar"'),
    _more("bulge without window", GAP + 'cell.bulge = "1 um"', "cell.window", "is missing"),
    _more("bulge without spacer", WINDOW + 'cell.bulge = "1 um"', "cell.spacer_height", "is missing"),
    _more("bulge of another word", GAP + WINDOW + 'cell.bulge = "automatic"', "cell.bulge", '"auto", "none"'),
    _more("bulge shuts the gap", GAP + WINDOW + 'cell.bulge = "-600 nm"', "cell.bulge", "closes the gap"),
    _more("bulge like a balloon", GAP + WINDOW + 'cell.bulge = "30 um"', "cell.bulge", "at most 2e-05 m"),
    _more("bulge without unit", GAP + WINDOW + "cell.bulge = 1", "cell.bulge", "needs a unit"),
    _more("pressure for nothing", GAP + WINDOW + 'cell.pressure = "1 bar"', "cell.bulge", '"auto"'),
    _more(
        "pressure and measured bulge",
        GAP + WINDOW + 'cell.bulge = "1 um"\ncell.pressure = "1 bar"',
        "cell.pressure",
        "a measured length",
    ),
    _more("flow without outlet", FLOW + 'cell.flow = { inlet = "x-" }', "cell.flow.outlet", "is missing", '"x+"'),
    _more("flow without sides", FLOW, "cell.flow", "needs an inlet and an outlet"),
    _more("flow without drive", GAP + 'cell.flow = { inlet = "x-", outlet = "x+" }', "cell.flow_rate", "is missing"),
    _more("flow back to the inlet", FLOW + 'cell.flow = { inlet = "x-", outlet = "x-" }', "side of the inlet", '"x+"'),
    _more("flow upwards", FLOW + 'cell.flow = { inlet = "z-", outlet = "x+" }', "cell.flow.inlet", '"x-" or "x+"'),
    _more(
        "negative flow", FLOW.replace('"1 uL', '"-1 uL') + 'cell.flow = { inlet = "x-", outlet = "x+" }', "below zero"
    ),
    _more(
        "flow with two drives",
        FLOW + 'cell.flow = { inlet = "x-", outlet = "x+" }\ncell.pressure_drop = "1 mbar"',
        "cell.pressure_drop",
        "a second time",
    ),
    _more(
        "flow beside the gap only",
        FLOW + 'cell.flow = { inlet = "x-", outlet = "x+", bypass_share = 1.0 }',
        "cell.flow.bypass_share",
        "below 1",
    ),
    _more(
        "bypass twice",
        FLOW + 'cell.flow = { inlet = "x-", outlet = "x+", bypass_share = 0.9, bypass = '
        '{ height = "1 um", width = "1 um", length = "1 um" } }',
        "cell.flow.bypass_share",
        "a second time",
    ),
    _more(
        "bypass of no height",
        FLOW
        + 'cell.flow = { inlet = "x-", outlet = "x+", bypass = { height = "0 um", width = "1 um", length = "1 um" } }',
        "cell.flow.bypass.height",
        "from 1 nm",
    ),
]

PARALLEL = CURRENT + 'beam.diameter = "2 um"\n'
RADIAL = PARALLEL + GAP + 'grid.geometry = "radial"\n'
RINGS = RADIAL + 'grid.extent = "25 um"\n'
PLAN = PARALLEL + GAP + 'grid.geometry = "plan"\n'
MAP = PLAN + 'grid.extent = "50 um"\n'
PAST = 'cell.flow_rate = "1 uL/min"\ncell.flow = { inlet = "x-", outlet = "x+" }\n'

SPACE = [
    _beam("unknown geometry", PARALLEL + 'grid.geometry = "radiel"', "grid.geometry", 'did you mean "radial"'),
    _beam("rings without an edge", RADIAL, "grid.extent", "is missing", '"50 um"'),
    _beam("rings smaller than the beam", RADIAL + 'grid.extent = "0.5 um"', "grid.extent", "leaves 1 um", '"1 um"'),
    _beam("map smaller than the beam", PLAN + 'grid.extent = "1 um"', "grid.extent", "leaves 1 um", '"2 um"'),
    _beam("narrow map", MAP + 'grid.extent_y = "1 um"', "grid.extent_y", "leaves 1 um", '"2 um"'),
    _more("beam of no size", 'grid = { geometry = "radial", extent = "25 um" }', "beam.diameter", "needs it", '"2 um"'),
    _beam("map without a length", PLAN, "grid.extent", "is missing"),
    _beam("cut without a gap", PARALLEL + 'grid = { geometry = "section", extent = "9 um" }', "cell.spacer_height"),
    _beam("layers of rings", RINGS + "grid.layers = 4", "grid.layers", "one layer"),
    _beam("rings with a width", RINGS + 'grid.extent_y = "9 um"', "grid.extent_y", "no second length"),
    _beam("flow through rings", RINGS + PAST, "cell.flow_rate", "where nothing flows", '"plan"'),
    _beam("flow well mixed", PARALLEL + GAP + PAST, "cell.flow_rate", "where nothing flows", '"plan"'),
    _beam("flow between walls", MAP + PAST + 'grid.edge = "closed"', "grid.edge", "fresh at the inlet"),
    _beam(
        "flow out of a cut",
        PARALLEL + GAP + PAST.replace("x-", "y-") + 'grid = { geometry = "section", extent = "50 um" }',
        "cell.flow",
        "along x in a section",
    ),
    _beam("band in space", RINGS + "radiolysis.ensemble = 64", "radiolysis.ensemble", "well-mixed volume only"),
    _beam("cells that jump", RINGS + "grid.growth = 3", "grid.growth", "from 1.01 to 2"),
    _beam("cells of no size", RINGS + 'grid.spacing = "0 nm"', "grid.spacing", "from 0.1 nm"),
    _beam("unknown edge", RINGS + 'grid.edge = "open"', "grid.edge", '"reservoir" or "closed"'),
    _beam("D of zero for all", RINGS + 'radiolysis.unknown_diffusivity = "0 m^2/s"', "above zero"),
    _beam("D in another unit", RINGS + 'radiolysis.diffusivity = { H2 = "5e-9 m/s" }', "radiolysis.diffusivity.H2"),
    _more("grid of nothing", 'grid.extent = "25 um"', "grid.extent", "one well-mixed volume", '"radial"'),
]

LIQUID = [
    _more("cell too thin", 'cell.spacer_height = "1 pm"', "from 1 nm to 1 mm"),
    _more("mechanism is no text", "electrolyte.mechanism = 1", "must be text in quotes"),
    _more("mechanism is empty", 'electrolyte.mechanism = ""', "electrolyte.mechanism", "is empty"),
    _more("pH as text", 'electrolyte.pH = "7"', "electrolyte.pH", "without quotes"),
    _more("pH too high", "electrolyte.pH = 70", "from -1 to 15"),
    _more("pH NaN", "electrolyte.pH = nan", "not a finite number"),
    _more("pH bool", "electrolyte.pH = true", "electrolyte.pH = True", "must be a number"),
    _more("ph in lower case", "electrolyte.ph = 7", 'did you mean "pH"'),
    _more("pH of 400 digits", "electrolyte.pH = 1" + "0" * 400, "not a finite number"),
    _more(
        "concentration without unit", "electrolyte.concentrations = { O2 = 0.25 }", "concentrations.O2", "needs a unit"
    ),
    _more("concentration negative", 'electrolyte.concentrations = { O2 = "-1 mM" }', "must not be below zero"),
    _more("concentration absurd", 'electrolyte.concentrations = { O2 = "1e3 mol/L" }', "must not exceed 20 mol/L"),
    _more("concentration of length", 'electrolyte.concentrations = { O2 = "1 nm" }', "not a unit of concentration"),
    _more("concentrations as text", 'electrolyte.concentrations = "O2: 1 mM"', "must be a table of names"),
    _more("species without name", 'electrolyte.concentrations = { "" = "1 mM" }', "a species needs a name"),
    _more("species with blanks", 'electrolyte.concentrations = { "Zn 2+" = "1 mM" }', "has no blanks"),
    _more("pH as a species", 'electrolyte.concentrations = { pH = "7 mM" }', "a key of its own"),
    _more("acid twice", 'electrolyte = { pH = 3, concentrations = { "H+" = "1 mM" } }', "follows from electrolyte.pH"),
    _more(
        "gas twice",
        'electrolyte = { gases = { O2 = "1 bar" }, concentrations = { O2 = "1 mM" } }',
        "give one of the two",
    ),
    _more("gas in moles", 'electrolyte.gases = { O2 = "1 mM" }', "gases.O2", "not a unit of pressure"),
    _more("ice", 'electrolyte.temperature = "-5 degC"', "from 0 degC to 100 degC"),
    _more("steam", 'electrolyte.temperature = "400 K"', "from 0 degC to 100 degC"),
    _more("below zero kelvin", 'electrolyte.temperature = "-300 degC"', "above 0 K"),
    _more("Fahrenheit", 'electrolyte.temperature = "77 degF"', "in degC or K"),
]

NUMERICS = [
    _more("one sample", "radiolysis.ensemble = 1", "radiolysis.ensemble", "must be 0, or from 2"),
    _more("samples with point", "radiolysis.ensemble = 64.0", "must be a whole number"),
    _more("negative seed", "radiolysis.seed = -1", "radiolysis.seed"),
    _more("negative scale", "radiolysis.g_scale = -1", "from 0 to 100"),
    _more("uncertainty as a fraction", "radiolysis.rate_uncertainty = 0.2", "is a factor"),
    _more("flag as number", "radiolysis.ionic_strength_correction = 1", "must be true or false"),
    _more("mechanisms as text", 'radiolysis.mechanisms = "water"', "must be a list"),
    _more("mechanism without name", 'radiolysis.mechanisms = ["water", ""]', "radiolysis.mechanisms[1]", "is empty"),
    _more("rtol zero", "solver.rtol = 0", "from 1e-13 to 0.1"),
    _more("rtol as text", 'solver.rtol = "1e-6"', "without quotes"),
    _more("atol without unit", "solver.atol = 1e-17", "needs a unit", '"1e-17 mol/m^3"'),
    _more("atol zero", 'solver.atol = "0 mol/L"', "above zero"),
    _more("unknown kernel", 'solver.kernel = "fortran"', '"table" or "unrolled"'),
    _more("kernel in capitals", 'solver.kernel = "Table"', 'did you mean "table"'),
    _more("steps with exponent", "solver.max_steps = 1e6", "must be a whole number"),
    _more("one time", 'output.times = "1 s"', "must be a list", '["1 us", "1 ms", "1 s"]'),
    _more("no times", "output.times = []", "output.times", "is empty"),
    _more("time without unit", 'output.times = [1, "2 s"]', "output.times[0] = 1", "needs a unit"),
    _more("times not sorted", 'output.times = ["2 s", "1 s"]', "output.times[1]", "must come after"),
    _more("times twice", 'output.times = ["1 s", "1000 ms"]', "output.times[1]", "must come after"),
    _more("times after the end", 'output.times = ["1 s", "200 s"]', "after the case ends (100 s)"),
    _more("times and count", 'output.times = ["1 s"]\noutput.count = 5', "output.count", "beside output.times"),
    _more("one output", "output.count = 1", "output.count", "from 2 to 100000"),
    _more("unknown spacing", 'output.spacing = "lin"', '"log" or "linear"'),
    _more("first after last", 'output.from = "200 s"', "output.from", "before the end of the case"),
    _more("first at zero", 'output.from = "0 s"', "must be above zero", '"1 ns"'),
]

BAD_FILES: list[Bad] = [
    *SYNTAX, *SECTIONS, *UNITS, *CASE_AND_BEAM, *CELLS, *SCHEDULES, *SPACE, *LIQUID, *NUMERICS,
]  # fmt: skip

_OFF = 'beam.center = ["26 um", "0 um"]\n'
_SALT = 'electrolyte = { mechanism = "chloride", concentrations = { "Na+" = "1 mM", "Cl-" = "1 mM" } }\n'
_SPOTS = 'beam.spots = [{ center = ["0 um", "0 um"] }, { center = ["40 um", "0 um"] }]\n'

# right by themselves, refused by `check` and `run` once the cells are laid out
BAD_CELLS: list[Bad] = [
    _beam("beam beside the map", MAP + _OFF, "beam: ", "outside of the grid", "2.5e-05 m"),
    _beam("one spot beside the map", MAP + _SPOTS, "beam: ", "x = 4e-05 m", "outside of the grid"),
    _beam("beam on the frame", PLAN + 'grid.extent = "99 um"\n' + _OFF + WINDOW, "outside of the window", "2.5e-05 m"),
    _beam("rings off the axis", RINGS + _OFF.replace("26", "1"), "around its axis", "use plan or full"),
    _beam(
        "rings under a narrow window",
        RINGS.replace('"2 um"', '"50 um"') + WINDOW.replace("50 um", "40 um"),
        "of the beam off",
        "use plan or full",
    ),
    _beam("rings under a scan", SCAN_OF_4 + 'grid = { geometry = "radial", extent = "9 um" }', "not a rectangle"),
    _beam("coarse cells", MAP + 'grid.spacing = "3 um"', "grid.spacing", "does not resolve", "2e-07 m or less does"),
    _beam("more cells than memory", MAP + "output.count = 100000", "grid.spacing", "GB", "output times"),
    _beam(
        "too many pixels to follow",
        SCAN + 'beam.frame = [100, 100]\nbeam.resolved = "pixel"\ngrid = { geometry = "plan", extent = "9 um" }',
        "would fit",
        'resolve by "line"',
    ),
    _beam("salt that nobody measured", RINGS + _SALT, "radiolysis.unknown_diffusivity", "Cl2-", '"1.5e-9 m^2/s"'),
    _beam("ion without a name", RINGS + "electrolyte.pH = 3", "electrolyte.counter_ion"),
    _beam("D of a stranger", RINGS + 'radiolysis.diffusivity = { Xe = "1e-9 m^2/s" }', "no such species"),
    _beam("windows that touch", MAP + WINDOW + 'cell.bulge = "auto"\ncell.pressure = "-1 bar"', "touch", "Pa"),
]

# bytes that are no case file at all
BAD_BYTES: list[tuple[str, bytes, str]] = [
    ("UTF-16", (CASE + BEAM).encode("utf-16"), "UTF-16"),
    ("UTF-16, big end first", b"\xfe\xff" + (CASE + BEAM).encode("utf-16-be"), "UTF-16"),
    ("UTF-32", b"\xff\xfe\x00\x00" + (CASE + BEAM).encode("utf-32-le"), "UTF-32"),
    ("UTF-16 without mark", (CASE + BEAM).encode("utf-16-le"), "null bytes"),
    ("Latin-1", (CASE + 'beam.flux = "10 e/Å^2/s"\n').encode("latin-1"), "byte 0xc5 at line 2, column 19"),
    ("a NetCDF-4 file", b"\x89HDF\r\n\x1a\n" + bytes(100), "is a result"),
    ("a NetCDF-3 file", b"CDF\x01" + bytes(100), "is a result"),
    ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(100), "is not text"),
    ("zero bytes", b"", "is empty"),
    ("larger than any case", b"# " + b"x" * 10_000_001, "larger than 10 MB"),
]

# (option, words of the message) for --set and --vary on the case CASE + BEAM
BAD_SETS: list[tuple[str, str]] = [
    ("beam.dose_rate", "must be key=value"),
    ("=1 Gy/s", "must be key=value"),
    ("beam.dose_rate=", "must be key=value"),
    ("beam=1 Gy/s", "names a section"),
    ("dose_rate=1 Gy/s", '"beam.dose_rate"'),
    ("beam.dose_rte=1 Gy/s", '"dose_rate"'),
    ("imaging.voltage=300 kV", "not available in this version"),
    ("electrode.working.metal=Zn", "the case lists no electrode"),
    ("beam.dose_rate=1e6", "needs a unit"),
    ("beam.dose_rate=1,5 Gy/s", "comma"),
    ("beam.dose_rate=1 Gy/s\n[cell]", "beam.dose_rate"),
    ("beam.dose_rate.x=1", "could hold"),
    ("case.duration.x.y=1", "could hold"),
    ("electrolyte.pH=acid", "is a plain number"),
    ("output.times=1 s", "must be a list"),
]
BAD_VARIES: list[tuple[str, str]] = [
    ("beam.dose_rate", "must be key=value"),
    ("beam.dose_rte=1Gy/s..2Gy/s:lin:3", '"beam.dose_rate"'),
    ("dose_rate=1Gy/s..2Gy/s:lin:3", '"beam.dose_rate"'),
    ("beam=1,2", "names a section"),
    ("beam.pulses=1,2", "is a table"),
    ("beam.dose_rate=1..10:log:3", "needs a unit"),
    ("beam.dose_rate=1nm..2nm:log:3", "not a unit of dose rate"),
    ("beam.dose_rate=1Gy/s..2Gy/s", "is not a range"),
    ("beam.dose_rate=1Gy/s..2Gy/s:exp:3", "is not a range"),
    ("beam.dose_rate=1Gy/s..2Gy/s:log:one", "whole number"),
    ("beam.dose_rate=1Gy/s..2Gy/s:log:1", "from 2"),
    ("beam.dose_rate=1Gy/s..2Gy/s:log:1000000000", "from 2"),
    ("beam.dose_rate=0Gy/s..2Gy/s:log:3", "above zero"),
    ("beam.dose_rate=2Gy/s..2Gy/s:lin:3", "are equal"),
    ("beam.dose_rate=1Gy/s,,2Gy/s", "is empty"),
    ("electrolyte.mechanism=water,", "has an empty entry"),
    ("radiolysis.seed=1..2:lin:4", "not whole"),
    ("beam.frame=1,2", "cannot be varied"),
    ("imaging.voltage=200 kV,300 kV", "not available in this version"),
]
