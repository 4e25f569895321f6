"""How quickly does a nucleus of zinc grow, and do charge and metal agree?"""

from pathlib import Path

import simcell

case = simcell.Case.read(Path(__file__).with_name("zinc_nucleus.toml"))
tree = case.run()
grown = tree["dendrite"]
for time, tip, current in zip(grown.time.values, grown.tip_position.values, grown.current.values, strict=True):
    print(f"{time:4.1f} s  tip {1e9 * tip:6.0f} nm  current {1e12 * current:7.1f} pA")
print(f"metal against charge: {float(abs(grown.metal_imbalance).max()):.0e} of what moved")
wavelength, efold = 1e6 * float(grown.ripple_wavelength), 1.0 / float(grown.ripple_rate)
print(f"ripples of {wavelength:.2g} um would grow e-fold in {efold:.0f} s")

result = float(grown.tip_position[-1])
