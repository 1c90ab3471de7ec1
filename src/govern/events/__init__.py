"""What an agent did: the event model, canonical bytes, digests."""
