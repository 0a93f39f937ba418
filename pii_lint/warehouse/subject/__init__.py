"""The rows of one person: declared beside the sources, found by key, taken out, kept out."""
