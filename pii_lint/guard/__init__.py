"""Guards of what no SQL lineage sees: payloads on their way in, and rows at rest."""
