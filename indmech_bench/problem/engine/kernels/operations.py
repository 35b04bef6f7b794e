"""The operations that programs are made of (`tape` writes them, `kernel` carries them out): a code and five numbers."""

from __future__ import annotations

import itertools

_number = itertools.count().__next__

# vectors on frequencies: complex ones (2, F) and real ones (the first F), each a row of the room
TRANSFORM = _number()  # row, first tap, taps, whether of the moved parameters
POWER = _number()  # row, of, mean to
COMPLEX_PRODUCT = _number()  # row, of, and
PRODUCT = _number()  # row, of, and, mean to
SUM = _number()  # row, of, and, mean to
# scalars, each a place
SCALAR_PRODUCT = _number()  # to, of, and
SCALAR_SUM = _number()  # to, of, and
# what is minimised: its value, its gradient on what it is a function of
IMPULSE_LOSS = _number()  # of, output
SPECTRUM_LOSS = _number()  # of, output
SAMPLES_LOSS = _number()  # of, output
IMPULSE_SLOPE = _number()  # row, of, output
SPECTRUM_SLOPE = _number()  # row, of, output
SAMPLES_SLOPE = _number()  # row, of, output, row to work in
RATIO = _number()  # to, power at, generic power at, number of the ratio
# back towards the taps; an adjoint on a real vector is a row (-1: none) plus a scalar times the weights
PRODUCT_BACK = _number()  # row, adjoint, its scalar, other, whether added
SUM_BACK = _number()  # row, adjoint, its scalar, whether added
POWER_BACK = _number()  # row, adjoint, its scalar, of, whether added
COMPLEX_BACK = _number()  # row, adjoint, other, whether added
PULL_BACK = _number()  # of, first tap, taps
# steps
DECAY = _number()
CLIP = _number()
ADAM = _number()
DESCENT = _number()
# least squares
COMPARE = _number()  # row for the slope, of, output, first residual
LINEAR_COMPLEX = _number()  # of, first tap, taps, first residual
LINEAR_REAL = _number()  # of, first tap, taps, first residual
SOLVE = _number()
# what comes out
GIVE_VALUE = _number()
GIVE_GRADIENT = _number()
