"""A package, for the browser lives as long as one."""
