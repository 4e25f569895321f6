"""How much flux keeps the liquid free of bubbles, and how does that depend on the size of the beam?"""

import matplotlib.pyplot as plt

import simcell
from simcell.studies.limit import limit

SIZES = (0.2, 2.0, 10.0)  # um
WELL_MIXED = {"case": {"duration": "10 s"}, "beam": {"energy": "300 kV", "flux": "1 e/angstrom^2/s"}}


def largest_flux(case):
    """The flux [e/angstrom^2/s] at which all dissolved gases together would just form bubbles at a flat surface."""
    answer = limit(case, ["gas<1 sat"])[0]
    return simcell.quantity(answer.largest * answer.flux_per_dose_rate, "1/m^2/s").to("1/angstrom^2/s").magnitude


found = {}
for size in SIZES:
    beam = WELL_MIXED["beam"] | {"diameter": f"{size} um"}
    grid = {"geometry": "radial", "extent": "25 um", "spacing": f"{25 * size} nm", "growth": 1.4}
    found[size] = largest_flux(simcell.Case.from_dict(WELL_MIXED | {"beam": beam, "grid": grid}))
    print(f"beam of {size:4g} um: {found[size]:6.3g} e/angstrom^2/s")
everywhere = largest_flux(simcell.Case.from_dict(WELL_MIXED))
print(f"well mixed:      {everywhere:6.3g} e/angstrom^2/s")

if __name__ == "__main__":
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    axes.loglog(list(found), list(found.values()), "o-", label="fresh water 25 um away")
    axes.axhline(everywhere, ls="--", color="grey", label="well mixed")
    axes.set(xlabel="diameter of the beam (um)", ylabel="largest flux without bubbles (e/angstrom$^2$/s)")
    axes.legend()
    figure.savefig("beam_radius.png", dpi=150)

result = found[2.0]
