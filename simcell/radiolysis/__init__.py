"""What the beam does to the liquid."""
