"""How far does the beam chemistry reach, and what does it matter that ions move together?"""

from pathlib import Path

import simcell

case = simcell.Case.read(Path(__file__).with_name("around_a_beam.toml"))
tree = case.run()
radiolysis, volume = tree["radiolysis"], tree["cell/volume"]
print(f"pH at the centre of the beam {float(radiolysis.pH[-1, 0]):.2f}, 25 um away {float(radiolysis.pH[-1, -1]):.2f}")
for species in ("e_aq-", "OH", "H2O2", "H2"):
    here = radiolysis.concentration.sel(species=species)[-1]
    reach = 1e6 * float(radiolysis.reach.sel(species=species)[-1])
    print(f"{species:6} {float(here[0]) / 1e3:8.2g} mol/L at the centre, falls to a tenth in {reach:.2g} um outside")

hydrogen = float((radiolysis.concentration.sel(species="H2")[-1] * volume).sum())
print(
    f"H2 in the liquid {hydrogen:.2g} mol, through the edge {float(radiolysis.outflow.sel(species='H2')[-1]):.2g} mol"
)

alone = case.replace("radiolysis.electroneutral", False).run()["radiolysis"]
print(f"pH at the centre {float(alone.pH[-1, 0]):.2f} if each ion moved on its own")

result = float(radiolysis.pH[-1, 0])
