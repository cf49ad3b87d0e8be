"""Uploaded pictures: accepted, stored, listed and served."""
