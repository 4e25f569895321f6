"""Chemistry shared by the beam side and the electrode side: mechanisms, rates, speciation, gases."""
