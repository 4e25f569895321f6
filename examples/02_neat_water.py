"""What does the beam do to neat water? The base case of Schneider et al. 2014 and the reactions that make hydrogen."""

import simcell

case = simcell.Case.from_toml("""
case.duration = "100 s"
beam.energy = "300 kV"
beam.current = "1 nA"
beam.diameter = "2 um"
electrolyte.pH = 7.0
""")
tree = case.run()
radiolysis = tree["radiolysis"]
print(f"pH {float(radiolysis.pH[-1]):.2f} after {float(radiolysis.time[-1]):g} s")
print(f"steady after {1e3 * float(radiolysis.time_to_steady):.2g} ms")

made = radiolysis.steady_throughput * radiolysis.stoichiometry.sel(species="H2")
for row in abs(made).argsort()[::-1][:4]:
    print(f"{float(made[row]):+10.3g} mol/m^3/s  {made.reaction.values[row]}")

result = float(radiolysis.steady_concentration.sel(species="H2"))
