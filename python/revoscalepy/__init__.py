"""revoscalepy over an open engine: XDF files, text, Parquet and Arrow data, streamed, of any size.

Data sources: :class:`RxXdfData`, :class:`RxTextData`; every ``data`` argument also takes a path, a pandas DataFrame,
a dictionary of columns, or any object with the Arrow PyCapsule interface (polars, pyarrow, duckdb).

Data steps: :func:`rx_import`, :func:`rx_read_xdf`, :func:`rx_get_info`, :func:`rx_get_var_info`,
:func:`rx_get_var_names`, :func:`rx_partition`, :func:`rx_get_partitions`.

Analyses: :func:`rx_summary`, :func:`rx_quantile`, :func:`rx_lin_mod`, :func:`rx_predict`.

Options: :class:`RxOptions`, :class:`RxStepControl`.

Names and defaults are those of Microsoft's documentation. A function that is missing here does not exist yet; an
argument that exists but is not built raises an error that names it.
"""

from revoscalepy._version import __rxdf_version__, __version__
from revoscalepy.datasource.RxDataSource import RxDataSource
from revoscalepy.datasource.RxTextData import RxTextData
from revoscalepy.datasource.RxXdfData import RxXdfData
from revoscalepy.etl.RxImport import rx_import, rx_import_datasource
from revoscalepy.functions.RxGetInfo import rx_get_info, rx_get_var_info, rx_get_var_names
from revoscalepy.functions.RxGlm import Family, RxGlmResults, rx_glm, rx_tweedie
from revoscalepy.functions.RxKmeans import RxKmeansResults, rx_kmeans
from revoscalepy.functions.RxLinMod import RxLinModResults, rx_lin_mod, rx_lin_mod_ex
from revoscalepy.functions.RxLogit import RxLogitResults, rx_logit, rx_logit_ex
from revoscalepy.functions.RxNaiveBayes import RxNaiveBayesResults, rx_naive_bayes
from revoscalepy.functions.RxPartition import rx_get_partitions, rx_partition
from revoscalepy.functions.RxPredict import rx_predict, rx_predict_default, rx_predict_ex
from revoscalepy.functions.RxQuantile import rx_quantile
from revoscalepy.functions.RxReadXdf import rx_read_xdf
from revoscalepy.functions.RxStepControl import RxStepControl, rx_step_control
from revoscalepy.functions.RxSummary import RxSummaryResults, rx_summary, rx_summary_ex
from revoscalepy.utils.RxOptions import RxOptions

__all__ = [
    "Family",
    "RxDataSource",
    "RxGlmResults",
    "RxKmeansResults",
    "RxLinModResults",
    "RxLogitResults",
    "RxNaiveBayesResults",
    "RxOptions",
    "RxStepControl",
    "RxSummaryResults",
    "RxTextData",
    "RxXdfData",
    "__rxdf_version__",
    "__version__",
    "rx_get_info",
    "rx_get_partitions",
    "rx_get_var_info",
    "rx_get_var_names",
    "rx_glm",
    "rx_import",
    "rx_import_datasource",
    "rx_kmeans",
    "rx_lin_mod",
    "rx_lin_mod_ex",
    "rx_logit",
    "rx_logit_ex",
    "rx_naive_bayes",
    "rx_partition",
    "rx_predict",
    "rx_predict_default",
    "rx_predict_ex",
    "rx_quantile",
    "rx_read_xdf",
    "rx_step_control",
    "rx_summary",
    "rx_summary_ex",
    "rx_tweedie",
]
