"""Figures side by side with baselines, never asserted: `make bench`."""
