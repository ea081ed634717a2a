"""Sandbox management."""
