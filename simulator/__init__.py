"""A made-up shop with every kind of trouble, a reader of public order tables, and all who answer us."""
