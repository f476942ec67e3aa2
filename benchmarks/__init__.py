"""Measures the cost of a message's way, beside loops that do less: ratios from one run."""
