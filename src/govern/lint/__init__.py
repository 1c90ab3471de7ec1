"""Advice on a charter that loads: what it says may not be what was meant."""
