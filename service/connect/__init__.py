"""The Connect platform: settings, URLs, and how it starts."""
