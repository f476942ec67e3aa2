"""Tests of what operators deploy from."""
