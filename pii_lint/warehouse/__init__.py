"""What the warehouse needs beside its models: the salt. A database driver comes with an extra."""
