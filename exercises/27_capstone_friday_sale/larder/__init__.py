"""larder, the web service of Kettle & Crumb."""
