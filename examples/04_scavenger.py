"""Does bromide protect against OH? Neat water and 10 mmol/L KBr under the same beam, at steady state."""

import simcell

SOLUTIONS = {
    "water": {"mechanism": "water", "pH": 7.0},
    "10 mM KBr": {"mechanism": "bromide", "pH": 7.0, "concentrations": {"Br-": "10 mmol/L"}, "counter_ion": "K+"},
}
found = {}
for name, electrolyte in SOLUTIONS.items():
    case = simcell.Case.from_dict(
        {"case": {"duration": "100 s"}, "beam": {"dose_rate": "1e6 Gy/s"}, "electrolyte": electrolyte}
    )
    steady = case.run()["radiolysis/steady_concentration"]
    found[name] = {s: float(steady.sel(species=s)) for s in ("OH", "e_aq-", "H2", "H2O2")}
    print(f"{name:10}", "  ".join(f"{s} {c / 1e3:8.2g} mol/L" for s, c in found[name].items()))

result = found["water"]["OH"] / found["10 mM KBr"]["OH"]
