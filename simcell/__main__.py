"""Lets `python -m simcell` stand for the command `simcell`."""

from simcell.cli import main

if __name__ == "__main__":
    main()
