"""Sphinx settings: `python -m sphinx docs docs/_build` after `pip install ".[docs]"`."""

import simcell

project = "simcell"
author = "simcell developers"
release = simcell.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
numpydoc_show_class_members = False
html_theme = "pydata_sphinx_theme"
exclude_patterns = ["_build"]
