"""Prints the most memory (bytes) that training so many steps has held: run by a test, in a process of its own."""

import resource
import sys

import torch
from draws import problem_of

from indmech_bench import AdamRule, Objective, Phase, train

torch.set_num_threads(1)
problem = problem_of("fir-natural", range(64))
train(problem, problem.start(), Phase(Objective(independence=0.1), AdamRule(0.02)), int(sys.argv[1]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
