"""Holds what operators deploy from: image, compose files, manifests, and the programs that prepare them."""
