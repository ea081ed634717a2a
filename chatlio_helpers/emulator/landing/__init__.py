"""The landing: from the journal to the lake, through the mapping process."""
