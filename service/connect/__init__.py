"""The Connect platform: settings, addresses, and how it starts."""
