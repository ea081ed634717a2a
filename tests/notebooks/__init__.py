"""The seven notebooks, run headless against a real local platform."""
