"""Random histories of one order, judged by an account that shares nothing with the rules."""
