"""What dose rate do my settings give? A parallel beam, and a scanned one with the same current."""

import simcell

parallel = simcell.dose_rate(energy="300 kV", current="1 nA", diameter="2 um")
scanned = simcell.dose_table(
    energy="300 kV", current="1 nA", mode="stem", pixel="2 nm", dwell="5 us", frame="1024x1024", probe="0.2 nm"
)
print(f"parallel beam of 2 um:       {parallel.to('MGy/s'):.1f~P}")
print(f"scan, average over a frame:  {scanned['dose_rate'].to('MGy/s'):.1f~P}")
print(f"scan, under the probe:       {scanned['probe_dose_rate'].to('GGy/s'):.3g~P}")

result = float(parallel.to("Gy/s").magnitude)
