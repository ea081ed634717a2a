"""What the local platform remembers, and what it believes: objects, seats, tokens, dials, the clock."""
