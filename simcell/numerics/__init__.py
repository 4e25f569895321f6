"""Numerical methods; there is no chemistry in here."""
