"""Metal that grows and dissolves in a thin layer: phase field, shape in numbers, closed forms."""
