"""Interventions on hidden layers: what they are, what is seen and measured of them, independence enforced before."""
