"""A long run under accidents, part by part; `soak.py` beside this folder is the program."""
