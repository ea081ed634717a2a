"""Data Prep: mapping sets and their expression language."""
