"""Networks from images to feature maps, and the catalog that names them."""
