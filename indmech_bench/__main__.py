"""`python -m indmech_bench`: the command `indmech-bench`."""

from indmech_bench.cli.app import main

main()
