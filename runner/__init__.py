"""Plugin-based experiment runner for generative models that replace slow detector simulation."""
