"""Networks that are trained here: decoders of images, encoders and critics beside them."""
