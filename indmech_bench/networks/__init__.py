"""Networks that users bring: their audit, interventions on their hidden layers, independence enforced on them."""
