"""From beam settings to energy per mass of liquid. SI floats only.

`medium` the liquids; `stopping` what an electron of a given energy leaves in one; `dose` flux, dose rate,
fluence and dose of a broad beam and of a raster; `heating` bounds for the temperature rise; `shape` and `footprint`
where a beam doses on a grid, `raster` and `averaging` when a scanned one does.
"""
