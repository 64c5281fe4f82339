"""From a query to hits: plan, execute, fuse, explain."""
