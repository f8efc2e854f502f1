"""Case reviews: the grid, the form, and what people do with a case."""
