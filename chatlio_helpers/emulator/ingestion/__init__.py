"""Batch ingestion."""
