"""What the way of a message costs, beside loops that do less: ratios from one run."""
