"""Makes a made-up shop with every kind of trouble, reads public order tables, and answers us."""
