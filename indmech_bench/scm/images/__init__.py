"""Images: genericity of two-dimensional kernels, interventions that move mass, generators with layouts and shapes."""
