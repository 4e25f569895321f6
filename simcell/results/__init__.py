"""Results of a run: the contract, the file and what people see of it.

========== ===================================================================================================
module     what it holds
========== ===================================================================================================
variables  the table of every variable that a result may hold: group, dimensions, unit, long name
schema     `build` labels plain arrays and makes the tree; refuses what the table does not declare (labels)
store      `write` (atomic, through files), `read`, `provenance`
plots      `species`, `dose_response`, `throughput`, `plot`, `save` (one module a figure; style, axes)
space      a quantity at one time out of a run that is resolved in space; where its cells and its beam are
maps       `sheet`, `single`: maps from above and vertical cuts (layers: what a map is made of)
profiles   `profile`, `evolution`: against the distance from the beam
reaches    `reaches`, `bars`: how far each species reaches
movie      `movie`: a quantity over time as GIF or MP4
export     `paraview`, `table`: for ParaView and spreadsheets
report     `summary`: the numbers that matter, as text (report_space: of a run in space)
========== ===================================================================================================

Everything here stands on the border: SI arrays come in, labelled ones go out.

Examples
--------
>>> from simcell.results.schema import declared
>>> declared("radiolysis", "pH").dims
('time',)
"""
