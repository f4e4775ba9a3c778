"""The web service: embed, compare, search and edit a gallery over HTTP, with a page for the browser."""
