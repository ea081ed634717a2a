"""The notebooks as a person meets them: a real JupyterLab in a real browser."""
