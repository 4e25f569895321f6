"""At which times a result is kept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from simcell.inputs.fields import MAX_LIST, Choice, Measure, Model, Whole
from simcell.inputs.rules import Given, Rule
from simcell.units import spaced

COUNT, COUNT_IN_SPACE = 200, 60  # a map of 10,000 cells and 16 species is 1.3 MB at each time
FIRST_TIME = 1e-9  # s; yields hold once the spurs have spread, nothing earlier has a meaning


class OutputInput(Model):
    """Section ``[output]``: either `times`, or `spacing`, `count` and the first time (`from`).

    Examples
    --------
    >>> OutputInput(spacing="linear", count=3, **{"from": "1 s"}).resolved_times(3.0)
    (1.0, 2.0, 3.0)
    """

    times: tuple[Annotated[float, Measure("time", minimum=0.0)], ...] = Field(
        (), examples=['["1 us", "1 ms", "1 s"]'], max_length=MAX_LIST
    )
    spacing: Annotated[Literal["log", "linear"], Choice(("log", "linear"))] = Field("log", examples=['"log"'])
    count: Annotated[int | None, Whole(2, MAX_LIST, "200")] = Field(
        None, examples=["200"], description=f"default {COUNT}, in space {COUNT_IN_SPACE}"
    )
    first: Annotated[float, Measure("time", above=0.0, example="1 ns")] = Field(
        FIRST_TIME, alias="from", examples=['"1 ns"']
    )

    def resolved_count(self, geometry: str) -> int:
        """Number of times if they are not listed: as written, or the default of the geometry.

        Examples
        --------
        >>> OutputInput().resolved_count("radial")
        60
        """
        return (COUNT if geometry == "batch" else COUNT_IN_SPACE) if self.count is None else self.count

    def resolved_times(self, duration: float, geometry: str = "batch") -> tuple[float, ...]:
        """Times of the output [s], from the first to `duration`.

        Examples
        --------
        >>> OutputInput(count=3, **{"from": "1 us"}).resolved_times(1.0)
        (1e-06, 0.001, 1.0)
        """
        if self.times:
            return self.times
        # only the default first time can lie beyond the end, of a very short case
        first = self.first if self.first < duration else duration / 10
        return tuple(
            spaced(first, duration, self.resolved_count(geometry), "lin" if self.spacing == "linear" else "log")
        )


def time_rules(given: Given) -> Iterator[Rule]:
    """Times rise, end with the case, and are either listed or spaced.

    Examples
    --------
    >>> given = Given({}, {"output": {"times": (1.0, 9.0)}, "case": {"duration": 5.0}}, {})
    >>> [rule.reason for rule in time_rules(given)]
    ['the last time, 9 s, lies after the case ends (5 s)']
    """
    duration = given.value("case", "duration")
    if given.wrote("output", "times"):
        for key in ("spacing", "count", "from"):
            if given.wrote("output", key):
                yield Rule(f"output.{key}", given.raw("output", key), "is not used beside output.times; drop one")
        if given.raw("output", "times") in ([], ()):
            yield Rule("output.times", "[]", "is empty", '["1 us", "1 ms", "1 s"]')
    times = given.value("output", "times") or ()
    for index, (before, after) in enumerate(pairwise(times)):
        if after <= before:
            raw = given.raw("output", "times")[index + 1]
            yield Rule(f"output.times[{index + 1}]", raw, f"must come after the time before it ({before:g} s)")
            break
    if duration is not None and times and max(times) > duration * (1 + 1e-12):
        reason = f"the last time, {max(times):g} s, lies after the case ends ({duration:g} s)"
        yield Rule("output.times", None, reason)
    first = given.value("output", "first")
    if given.wrote("output", "from") and None not in (first, duration) and first >= duration:
        yield Rule("output.from", given.raw("output", "from"), f"must lie before the end of the case ({duration:g} s)")


OUTPUT_RULES = (time_rules,)
