"""Shadow days that people sign off: who may, what is signed, and what of it still stands."""
