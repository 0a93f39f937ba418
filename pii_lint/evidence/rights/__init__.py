"""The rights of a person: everything held on them handed over, or gone, with the proof of it."""
