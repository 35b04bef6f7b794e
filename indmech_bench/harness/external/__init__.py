"""Parameters found elsewhere (in JAX, Julia, R): export what a method would see, score what comes back."""
