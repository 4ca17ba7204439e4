"""Bridges to the formats of others: what of a message goes over, what is lost, and what may come in. Pure."""

from gateway.interop.draft import Imported
from gateway.interop.interpol import from_interpol
from gateway.interop.stix import STIX_KINDS, Exported, to_stix
from gateway.interop.stix_import import from_stix

__all__ = ["STIX_KINDS", "Exported", "Imported", "from_interpol", "from_stix", "to_stix"]
