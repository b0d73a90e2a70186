"""What only a tool for Metaflow can know."""
