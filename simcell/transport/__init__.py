"""Currents and ions in thin layers between electrodes."""
