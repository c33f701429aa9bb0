"""revoscalepy over an open engine: XDF files, text, Parquet and Arrow data, streamed, of any size.

Data sources: :class:`RxXdfData`, :class:`RxTextData`, :class:`RxParquetData`; every ``data`` argument also takes a
path, a pandas DataFrame, a dictionary of columns, or any object with the Arrow PyCapsule interface (polars, pyarrow,
duckdb).

Data steps: :func:`rx_import`, :func:`rx_data_step`, :func:`rx_read_xdf`, :func:`rx_get_info`,
:func:`rx_get_var_info`, :func:`rx_set_var_info`, :func:`rx_get_var_names`, :func:`rx_partition`,
:func:`rx_get_partitions`.

Analyses: :func:`rx_summary`, :func:`rx_quantile`, :func:`rx_lin_mod`, :func:`rx_predict`; tables :func:`rx_cube`,
:func:`rx_cross_tabs`, :func:`rx_marginals` and tests on them :func:`rx_chi_squared_test`, :func:`rx_fisher_test`,
:func:`rx_kendall_cor`, :func:`rx_odds_ratio`, :func:`rx_risk_ratio`, :func:`rx_pairwise_cross_tab`; matrices
:func:`rx_cov_cor`, :func:`rx_cov`, :func:`rx_cor`, :func:`rx_sscp`; curves :func:`rx_histogram`, :func:`rx_lorenz`,
:func:`rx_gini`, :func:`rx_roc`, :func:`rx_auc`, :func:`rx_roc_curve`, :func:`rx_line_plot`, :func:`rx_step_plot`.

Where work is done: :class:`RxLocalSeq`, :class:`RxLocalParallel`, :func:`rx_set_compute_context`,
:func:`rx_get_compute_context`, :func:`rx_set_temp_compute_context`; functions on several processes :func:`rx_exec`,
:func:`rx_exec_by`, and their jobs :class:`RxRemoteJob`, :func:`rx_get_job_status`, :func:`rx_get_job_results`,
:func:`rx_wait_for_job`, :func:`rx_cancel_job`, :func:`rx_get_jobs`, :func:`rx_cleanup_jobs`.

Models and other objects that are kept: :func:`rx_serialize_model`, :func:`rx_unserialize_model`; in tables of SQLite
:func:`rx_write_object`, :func:`rx_read_object`, :func:`rx_delete_object`, :func:`rx_list_keys`.

Options: :class:`RxOptions`, :class:`RxStepControl`.

Names and defaults are those of Microsoft's documentation. A function that is missing here does not exist yet; an
argument that exists but is not built raises an error that names it.
"""

from revoscalepy._tasks import RxTaskError, RxTaskTimeout, RxWorkerCrash
from revoscalepy._version import __rxdf_version__, __version__
from revoscalepy.computecontext.RxComputeContext import (
    RxComputeContext,
    RxRemoteComputeContext,
    UnsupportedContextError,
    rx_get_compute_context,
    rx_set_compute_context,
    rx_set_computecontext,
    rx_set_temp_compute_context,
)
from revoscalepy.computecontext.RxInSqlServer import RxInSqlServer
from revoscalepy.computecontext.RxLocalParallel import RxLocalParallel
from revoscalepy.computecontext.RxLocalSeq import RxLocalSeq
from revoscalepy.computecontext.RxSpark import RxSpark, rx_spark_connect
from revoscalepy.datasource.RxDataSource import RxDataSource
from revoscalepy.datasource.RxFileSystem import RxFileSystem, RxNativeFileSystem
from revoscalepy.datasource.RxOdbcData import RxOdbcData
from revoscalepy.datasource.RxParquetData import RxParquetData
from revoscalepy.datasource.RxSqlServerData import RxSqlServerData
from revoscalepy.datasource.RxTextData import RxTextData
from revoscalepy.datasource.RxXdfData import RxXdfData
from revoscalepy.etl.RxDataStep import rx_data_step, rx_data_step_ex
from revoscalepy.etl.RxImport import rx_import, rx_import_datasource
from revoscalepy.functions.RxCovCor import RxCovCorResults, rx_cor, rx_cov, rx_cov_cor, rx_sscp
from revoscalepy.functions.RxCube import (
    RxCrossTabsResults,
    RxCubeResults,
    rx_cross_tabs,
    rx_cube,
    rx_marginals,
)
from revoscalepy.functions.RxExec import rx_exec
from revoscalepy.functions.RxExecBy import rx_exec_by
from revoscalepy.functions.RxGetInfo import rx_get_info, rx_get_var_info, rx_get_var_names
from revoscalepy.functions.RxGlm import Family, RxGlmResults, rx_glm, rx_tweedie
from revoscalepy.functions.RxHistogram import rx_histogram
from revoscalepy.functions.RxJobs import (
    RxRemoteJob,
    RxRemoteJobStatus,
    rx_cancel_job,
    rx_cleanup_jobs,
    rx_get_job_info,
    rx_get_job_output,
    rx_get_job_results,
    rx_get_job_status,
    rx_get_jobs,
    rx_wait_for_job,
)
from revoscalepy.functions.RxKmeans import RxKmeansResults, rx_kmeans
from revoscalepy.functions.RxLinePlot import rx_line_plot
from revoscalepy.functions.RxLinMod import RxLinModResults, rx_lin_mod, rx_lin_mod_ex
from revoscalepy.functions.RxLogit import RxLogitResults, rx_logit, rx_logit_ex
from revoscalepy.functions.RxLorenz import rx_gini, rx_lorenz
from revoscalepy.functions.RxMultiTest import (
    RxHTestResults,
    RxMultiTestResults,
    rx_chi_squared_test,
    rx_fisher_test,
    rx_kendall_cor,
    rx_odds_ratio,
    rx_pairwise_cross_tab,
    rx_risk_ratio,
)
from revoscalepy.functions.RxNaiveBayes import RxNaiveBayesResults, rx_naive_bayes
from revoscalepy.functions.RxObjects import rx_delete_object, rx_list_keys, rx_read_object, rx_write_object
from revoscalepy.functions.RxPartition import rx_get_partitions, rx_partition
from revoscalepy.functions.RxPredict import rx_predict, rx_predict_default, rx_predict_ex
from revoscalepy.functions.RxQuantile import rx_quantile
from revoscalepy.functions.RxReadXdf import rx_read_xdf
from revoscalepy.functions.RxRoc import rx_auc, rx_roc, rx_roc_curve
from revoscalepy.functions.RxSerializeModel import rx_serialize_model, rx_unserialize_model
from revoscalepy.functions.RxSetVarInfo import rx_create_col_info, rx_set_var_info
from revoscalepy.functions.RxStepControl import RxStepControl, rx_step_control
from revoscalepy.functions.RxStepPlot import rx_step_plot
from revoscalepy.functions.RxSummary import RxSummaryResults, rx_summary, rx_summary_ex, rxsummary
from revoscalepy.utils.RxMissingValues import RxMissingValues
from revoscalepy.utils.RxOptions import RxOptions
from revoscalepy.utils.RxPrivacyControl import rx_privacy_control

__all__ = [
    "Family",
    "RxComputeContext",
    "RxCovCorResults",
    "RxCrossTabsResults",
    "RxCubeResults",
    "RxDataSource",
    "RxExecByResults",
    "RxFileSystem",
    "RxGlmResults",
    "RxHTestResults",
    "RxInSqlServer",
    "RxKmeansResults",
    "RxLinModResults",
    "RxLocalParallel",
    "RxLocalSeq",
    "RxLogitResults",
    "RxMissingValues",
    "RxMultiTestResults",
    "RxNaiveBayesResults",
    "RxNativeFileSystem",
    "RxOdbcData",
    "RxOptions",
    "RxParquetData",
    "RxRemoteComputeContext",
    "RxRemoteJob",
    "RxRemoteJobStatus",
    "RxSpark",
    "RxSqlServerData",
    "RxStepControl",
    "RxSummaryResults",
    "RxTaskError",
    "RxTaskTimeout",
    "RxTextData",
    "RxWorkerCrash",
    "RxXdfData",
    "UnsupportedContextError",
    "__rxdf_version__",
    "__version__",
    "rx_auc",
    "rx_cancel_job",
    "rx_chi_squared_test",
    "rx_cleanup_jobs",
    "rx_cor",
    "rx_cov",
    "rx_cov_cor",
    "rx_create_col_info",
    "rx_cross_tabs",
    "rx_cube",
    "rx_data_step",
    "rx_data_step_ex",
    "rx_delete_object",
    "rx_exec",
    "rx_exec_by",
    "rx_fisher_test",
    "rx_get_compute_context",
    "rx_get_info",
    "rx_get_job_info",
    "rx_get_job_output",
    "rx_get_job_results",
    "rx_get_job_status",
    "rx_get_jobs",
    "rx_get_partitions",
    "rx_get_var_info",
    "rx_get_var_names",
    "rx_gini",
    "rx_glm",
    "rx_histogram",
    "rx_import",
    "rx_import_datasource",
    "rx_kendall_cor",
    "rx_kmeans",
    "rx_lin_mod",
    "rx_lin_mod_ex",
    "rx_line_plot",
    "rx_list_keys",
    "rx_logit",
    "rx_logit_ex",
    "rx_lorenz",
    "rx_marginals",
    "rx_naive_bayes",
    "rx_odds_ratio",
    "rx_pairwise_cross_tab",
    "rx_partition",
    "rx_predict",
    "rx_predict_default",
    "rx_predict_ex",
    "rx_privacy_control",
    "rx_quantile",
    "rx_read_object",
    "rx_read_xdf",
    "rx_risk_ratio",
    "rx_roc",
    "rx_roc_curve",
    "rx_serialize_model",
    "rx_set_compute_context",
    "rx_set_computecontext",
    "rx_set_temp_compute_context",
    "rx_set_var_info",
    "rx_spark_connect",
    "rx_sscp",
    "rx_step_control",
    "rx_step_plot",
    "rx_summary",
    "rx_summary_ex",
    "rx_tweedie",
    "rx_unserialize_model",
    "rx_wait_for_job",
    "rx_write_object",
    "rxsummary",
]


def __getattr__(name: str) -> object:
    """Names that need pandas, at their first use."""
    if name == "RxExecByResults":
        from revoscalepy.functions._exec_by_results import RxExecByResults

        return RxExecByResults
    raise AttributeError(f"module 'revoscalepy' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
