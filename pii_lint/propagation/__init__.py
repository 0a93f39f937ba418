"""Labels over the graph: summaries are linked in topological order, with one witness path a
label."""
