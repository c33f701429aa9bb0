"""The engine of revoscalepy for new code.

:mod:`rxdf.sklearn` has estimators with scikit-learn's interface.
"""

from revoscalepy._version import __rxdf_version__ as __version__

__all__ = ["__version__"]
