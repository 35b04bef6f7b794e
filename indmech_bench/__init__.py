"""A benchmark suite for independence of mechanisms in generative models.

The public names stand in `__init__.pyi`, each with its home, and are resolved at first use: importing the package
imports nothing heavy.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
