"""Query Service over DuckDB."""
