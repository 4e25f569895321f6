"""How even is the current between two strips, with kinetics and without, and what would a view from above have said?"""

from pathlib import Path

import simcell

case = simcell.Case.read(Path(__file__).with_name("strips.toml"))
for level in ("secondary", "primary"):
    transport = case.replace("transport.level", level).run()["transport"].sel(electrode="working")
    current, factor = float(transport.electrode_current[0]), float(transport.edge_factor[0])
    print(f"{level:9}: {1e3 * current:.3g} mA per metre, edge factor {factor:.3g}")

# Ohm's law alone, two wide strips a gap g apart in a layer H high: R kappa l = g / H + 4 ln 2 / pi
kappa, volts, gap, height = 0.9, 0.01, 40e-6, 2e-6
result = current / (-volts * kappa / (gap / height + 0.8825))
print(f"primary current over that of the closed form: {result:.5f}")

above = case.replace("grid.geometry", "plan").replace("grid.extent_y", "10 um").run()["transport"]
above = above.sel(electrode="working")
print(f"secondary, seen from above: edge factor {float(above.edge_factor[0]):.3g}")
