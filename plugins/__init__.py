"""The bundled plugins: one package per idea, found without a list to edit."""
