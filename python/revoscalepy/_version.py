"""The two versions: the one that old programs check, and our own."""

from revoscalepy._native import VERSION as __rxdf_version__

# the last revoscalepy whose documented surface this package follows
__version__ = "9.4.7"

__all__ = ["__rxdf_version__", "__version__"]
