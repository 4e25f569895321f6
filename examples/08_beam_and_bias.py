"""What is beam, what is bias, what is both? Four runs of one cell, and what an unbiased blank would have missed."""

from pathlib import Path

import numpy as np

import simcell
from simcell.results.effects import BEAM, BIAS, effects, telling, verdict
from simcell.studies.controls import controls

case = simcell.Case.read(Path(__file__).with_name("beam_and_bias.toml"))
tree = controls(case)
found = {e.quantity: e for e in effects(tree)}
for effect in telling(list(found.values()))[:3]:
    print(verdict(effect))

# without bias the beam moves the potential by the hydrogen that it makes: Nernst's law
hydrogen = tree["transport/concentration"].sel(species="H2").isel(x=0, time=-1)
more = float(hydrogen.isel({BEAM: 1, BIAS: 0}) / hydrogen.isel({BEAM: 0, BIAS: 0}))
shift = found["electrode potential, working"].by_beam
nernst = -8.314462618 * 298.15 / (2 * 96485.33212) * np.log(more)
print(f"at open circuit the beam makes {more:.3g} times as much H2 and moves the potential by {1e3 * shift:.1f} mV")

result = shift / nernst
