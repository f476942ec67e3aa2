"""Random histories of one order, judged by an account of goods and money that shares nothing with the rules."""
