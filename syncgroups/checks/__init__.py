"""System checks: barriers and pages report their own faults, here they are numbered."""

from . import declarations, pages, presence, servers, settings

__all__ = ["declarations", "pages", "presence", "servers", "settings"]
