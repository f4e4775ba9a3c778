"""Show results to people: pictures of rank lists, curves, and one report as a single HTML file."""
