"""A new salt, everything that hangs on it built anew, and the proof that old and new don't join."""
