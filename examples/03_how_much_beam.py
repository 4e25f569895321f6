"""How much beam keeps hydrogen below saturation and the pH within one unit, and how sure is that?"""

import simcell
from simcell.studies.limit import limit

case = simcell.Case.from_toml("""
case.duration = "100 s"
beam.energy = "200 kV"
beam.flux = "1 e/angstrom^2/s"
electrolyte.atmosphere = "air"
""")
for answer in limit(case, ["H2<1 sat"], ensemble=True):
    flux = simcell.quantity(answer.largest * answer.flux_per_dose_rate, "1/m^2/s").to("1/angstrom^2/s").magnitude
    print(f"{answer.member:16} {answer.largest:8.2g} Gy/s  {flux:6.2g} e/angstrom^2/s")

result = limit(case, ["dpH<1"])[0].largest
