"""The cell: how thick the liquid is between bulged windows, how it flows, and how long an exchange takes."""
