"""What the instruments are made of."""
