"""Neat water at 7.5e7 Gy/s against Schneider et al. 2014 (J. Phys. Chem. C 118, 22373, doi:10.1021/jp507400n).

Run from the root of the tree: ``python -m validation.val_schneider2014``. The published numbers are the steady state of
the authors' public code for 300 kV, 1 nA, 1 um radius, and the square-root laws of their discussion. Exit code 1 beyond
1e-3 (concentrations) or 0.02 (exponents).

Misprints found in the source: two of the public notebooks carry stray terms in dH+/dt, dH2O2/dt and dHO2/dt without
effect on the numbers; 1.6e-22 J/eV in the source term shifts it by 0.14 %.
"""

from __future__ import annotations

import math
import sys

from simcell.case import Case
from simcell.studies.run import run_case

STEADY = {  # mol/L
    "e_aq-": 2.519e-6, "H": 6.453e-6, "OH": 6.242e-5, "H2": 7.774e-4, "H2O2": 6.507e-4, "O2": 3.773e-5,
    "HO2": 7.054e-6, "O2-": 8.341e-6, "H+": 2.240e-5, "OH-": 1.002e-5,
}  # fmt: skip
EXPONENTS = {  # d ln c / d ln dose rate between 1e6 and 1e8 Gy/s
    "e_aq-": 0.51, "H": 0.47, "OH": 0.49, "H2": 0.49, "H2O2": 0.48, "O2": 0.56, "HO2": 0.86, "O2-": 0.45, "H+": 0.48,
}  # fmt: skip


def steady(dose_rate: float) -> dict[str, float]:
    """Steady concentrations [mol/L] at a dose rate [Gy/s]."""
    case = Case.from_dict(
        {
            "case": {"duration": "1 s"}, "beam": {"dose_rate": f"{dose_rate} Gy/s"}, "electrolyte": {"pH": 7.0},
            "output": {"times": ["1 s"]},
        }
    )  # fmt: skip
    found = run_case(case)["radiolysis/steady_concentration"]
    return {str(s): float(c) / 1000.0 for s, c in zip(found.species.values, found.values, strict=True)}


def main() -> int:
    """Print both tables; 1 if a number is off."""
    here, low, high = steady(7.5e7), steady(1e6), steady(1e8)
    bad = 0
    print("species  published  simcell    relative     exponent published  simcell")
    for name, published in STEADY.items():
        off = here[name] / published - 1.0
        slope = math.log(high[name] / low[name]) / math.log(100.0)
        line = f"{name:8} {published:9.3e}  {here[name]:9.3e}  {off:+9.1e}"
        bad += abs(off) > 1e-3
        if name in EXPONENTS:
            line += f"    {EXPONENTS[name]:18.2f}  {slope:7.3f}"
            bad += abs(slope - EXPONENTS[name]) > 0.02
        print(line)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
