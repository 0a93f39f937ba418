"""The warehouse itself: its salt, its raw tables, what stands in them. Drivers come with extras."""
