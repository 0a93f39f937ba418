"""Evidence: what happens to the safe marts when personal data changes."""
