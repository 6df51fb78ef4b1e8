"""What can be measured: one module for each cause. Knows nothing of lessons."""
