"""The catalogue: everything of `schemas/` as a static site. Pure: files in, files out."""

from gateway.catalogue.site import build

__all__ = ["build"]
