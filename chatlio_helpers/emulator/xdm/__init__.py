"""XDM: the shapes of a schema, the validation of a record, its columns."""
