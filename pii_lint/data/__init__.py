"""The catalogues, as YAML that a privacy officer can review: one for every layer of defence."""
