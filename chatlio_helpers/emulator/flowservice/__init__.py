"""Flow Service."""
