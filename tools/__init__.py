"""What makes parts of the app that are made and not written: catalogues of translations, pictures for the docs."""
