"""`python -m kernwright`."""
from kernwright.search.cli import main

main()
