"""From a suite to rows: cells, jobs, isolation, resumption."""
