"""Results of a run: the contract, the file and what people see of it.

========== ===================================================================================================
module     what it holds
========== ===================================================================================================
variables  the table of every variable that a result may hold: group, dimensions, unit, long name
schema     `build` labels plain arrays and makes the tree; refuses what the table does not declare (labels)
store      `write` (atomic, through files), `read`, `provenance`
plots      `species`, `dose_response`, `throughput`, `plot`, `save` (one module a figure; style, axes)
report     `summary`: the numbers that matter, as text
========== ===================================================================================================

Everything here stands on the border: SI arrays come in, labelled ones go out.

Examples
--------
>>> from simcell.results.schema import declared
>>> declared("radiolysis", "pH").dims
('time',)
"""
