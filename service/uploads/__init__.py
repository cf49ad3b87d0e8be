"""Pictures that people give to the platform: taken in, kept, listed and served."""
