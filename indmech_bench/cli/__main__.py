"""`python -m indmech_bench.cli`: the command `indmech-bench`."""

from indmech_bench.cli.app import main

main()
