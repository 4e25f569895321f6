"""Which current can a thin cell sustain, and what do spacer and electrode have to do with it?"""

from pathlib import Path

import simcell
from simcell.results import plots
from simcell.results.design_map import design_map
from simcell.studies.design import axis_of, design
from simcell.studies.prospect import prospect

case = simcell.Case.read(Path(__file__).parent / "zinc_strip.toml")
for sentence in prospect(case.input).words:
    print(sentence)

# published: 160 mA/cm^2 from static 0.1 mol/L in a fraction of a micrometre
for warning in prospect(case.replace("protocol.steps.0.current_density", "-160 mA/cm^2").input).warnings[:1]:
    print(warning)

spacer, width = axis_of("cell.spacer_height=100nm..5um:log:60"), axis_of("electrode.working.width=5um..50um:46")
tree = design(case, [spacer, width], objectives=["edge_factor", "limiting_current", "resolution"], energy=3.2e-14)
wide = tree["design"].to_dataset().sel(electrode_working_width=50e-6).interp(cell_spacer_height=0.5e-6)
result = 0.1 * float(wide["limiting_current"])  # A/m^2 to mA/cm^2
print(f"a strip of 50 um, fed across 100 um of 0.5 um, sustains {result:.2g} mA/cm^2")

if __name__ == "__main__":
    plots.save(design_map(tree), "designs.png")
