"""What users ask of a case: one run, a range of runs, an ensemble, a limit."""
