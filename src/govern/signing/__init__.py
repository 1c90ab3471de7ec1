"""Keys, and what they sign: Ed25519 key files and DSSE envelopes. Leaves out what is signed (`compile`, `audit`)."""
