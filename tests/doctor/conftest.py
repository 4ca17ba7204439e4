"""The files of a gateway, as its first start needs them."""

from tests.server.test_server import Site, site

__all__ = ["Site", "site"]
