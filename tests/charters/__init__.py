"""What the shipped charters mean."""
