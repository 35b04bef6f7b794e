"""The fused training of kernel families: each replicate and start alone, compiled, gradients in closed form."""
