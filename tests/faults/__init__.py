"""Kills under load: the local platform may die at any moment, and no acknowledged message is lost or doubled."""
