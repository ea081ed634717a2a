"""The commands of the command line, by subject; each imports what it needs when it is called."""
