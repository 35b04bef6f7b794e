"""What a foreign method or task is checked for before its rows are to be trusted; public in `indmech_bench.testing`."""
