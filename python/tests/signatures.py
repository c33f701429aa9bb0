"""The documented signatures of what the package offers, as the reference gives them (types left out)."""

DOCUMENTED = {
    "RxDataSource": "column_info=None",
    "RxXdfData": (
        "file, vars_to_keep=None, vars_to_drop=None, return_data_frame=True, strings_as_factors=False, "
        "blocks_per_read=1, file_system='native', create_composite_set=None, create_partition_set=None, "
        "blocks_per_composite_file=3"
    ),
    "RxTextData": (
        "file, strings_as_factors=False, column_classes=None, column_info=None, vars_to_keep=None, "
        "vars_to_drop=None, missing_value_string='NA', rows_per_read=500000, delimiter=None, "
        "combine_delimiters=False, quote_mark='\"', decimal_point='.', thousands_separator=None, "
        "read_date_format='[%y[-][/]%m[-][/]%d]', "
        "read_posixct_format='%y[-][/]%m[-][/]%d [%H:%M[:%S]][%p]', century_cutoff=20, "
        "first_row_is_column_names=None, rows_to_sniff=10000, rows_to_skip=0, return_data_frame=True, "
        "default_read_buffer_size=10000, default_decimal_column_type=None, default_missing_column_type=None, "
        "write_precision=7, strip_zeros=False, quoted_delimiters=False, is_fixed_format=None, "
        "use_fast_read=True, create_file_set=None, rows_per_out_file=None, verbose=0, "
        "check_vars_to_keep=False, file_system='native', input_encoding='utf-8', "
        "write_factors_as_indexes=False"
    ),
    # the text says that further arguments of data sources may follow, hence **kwargs
    "rx_import": (
        "input_data, output_file=None, vars_to_keep=None, vars_to_drop=None, row_selection=None, "
        "transforms=None, transform_objects=None, transform_function=None, transform_variables=None, "
        "transform_packages=None, append=None, overwrite=False, number_rows=None, strings_as_factors=None, "
        "column_classes=None, column_info=None, rows_per_read=None, type=None, max_rows_by_columns=None, "
        "report_progress=None, verbose=None, xdf_compression_level=None, create_composite_set=None, "
        "blocks_per_composite_file=None, **kwargs"
    ),
    "rx_partition": ("input_data, output_data, vars_to_partition, append='rows', overwrite=False, **kwargs"),
    "rx_get_partitions": "input_data=None, **kwargs",
    "rx_get_info": (
        "data, get_var_info=False, get_block_sizes=False, get_value_labels=None, vars_to_keep=None, "
        "vars_to_drop=None, start_row=1, num_rows=0, compute_info=False, all_nodes=False, verbose=0"
    ),
    "rx_get_var_info": (
        "data, get_value_labels=True, vars_to_keep=None, vars_to_drop=None, compute_info=False, all_nodes=False"
    ),
    "rx_get_var_names": "data",
    "rx_read_xdf": (
        "file, vars_to_keep=None, vars_to_drop=None, row_var_name=None, start_row=1, num_rows=None, "
        "return_data_frame=True, strings_as_factors=False, max_rows_by_columns=None, report_progress=None, "
        "read_by_block=False, cpp_interp=None"
    ),
    "rx_summary": (
        "formula, data, by_group_out_file=None, summary_stats=None, by_term=True, pweights=None, fweights=None, "
        "row_selection=None, transforms=None, transform_objects=None, transform_function=None, "
        "transform_variables=None, transform_packages=None, transform_environment=None, overwrite=False, "
        "use_sparse_cube=None, remove_zero_counts=None, blocks_per_read=None, rows_per_block=100000, "
        "report_progress=None, verbose=0, compute_context=None, **kwargs"
    ),
    "rx_lin_mod": (
        "formula, data, pweights=None, fweights=None, cube=False, cube_predictions=False, row_selection=None, "
        "transforms=None, transform_objects=None, transform_function=None, transform_variables=None, "
        "transform_packages=None, drop_first=False, drop_main=True, cov_coef=False, cov_data=False, "
        "blocks_per_read=1, report_progress=None, verbose=0, compute_context=None, **kwargs"
    ),
    "rx_logit": (
        "formula, data, pweights=None, fweights=None, cube=False, cube_predictions=False, "
        "variable_selection=None, row_selection=None, transforms=None, transform_objects=None, "
        "transform_function=None, transform_variables=None, transform_packages=None, "
        "transform_environment=None, drop_first=False, drop_main=None, cov_coef=False, cov_data=False, "
        "initial_values=None, coef_label_style=None, blocks_per_read=None, max_iterations=None, "
        "coefficent_tolerance=1e-06, gradient_tolerance=1e-06, objective_function_tolerance=1e-08, "
        "report_progress=None, verbose=0, compute_context=None, **kwargs"
    ),
    "rx_predict": "model_object=None, data=None, output_data=None, **kwargs",
    "rx_predict_default": (
        "model_object=None, data=None, output_data=None, compute_standard_errors=False, interval='none', "
        "confidence_level=0.95, compute_residuals=False, type=None, write_model_vars=False, "
        "extra_vars_to_write=None, remove_missings=False, append=None, overwrite=False, "
        "check_factor_levels=True, predict_var_names=None, residual_var_names=None, interval_var_names=None, "
        "std_errors_var_names=None, blocks_per_read=0, report_progress=None, verbose=0, "
        "xdf_compression_level=0, compute_context=None, **kwargs"
    ),
    "RxRemoteComputeContext": "description, version, id=None, wait=True",
    "RxInSqlServer": (
        "connection_string, num_tasks=1, auto_cleanup=True, console_output=None, "
        "execution_timeout_seconds=None, wait=True, packages_to_load=None"
    ),
    "RxSpark": (
        "hdfs_share_dir='/user/RevoShare/<user>', share_dir='/var/RevoShare/<user>', user='<user>', "
        "name_node=None, master='yarn', port=None, auto_cleanup=True, console_output=False, "
        "packages_to_load=None, idle_timeout=3600, num_executors=None, executor_cores=None, "
        "executor_mem=None, driver_mem=None, executor_overhead_mem=None, extra_spark_config='', "
        "spark_reduce_method='auto', tmp_fs_work_dir=None, persistent_run=False, wait=True, **kwargs"
    ),
    "rx_spark_connect": (
        "hdfs_share_dir='/user/RevoShare/<user>', share_dir='/var/RevoShare/<user>', user='<user>', "
        "name_node=None, master='yarn', port=None, auto_cleanup=True, console_output=False, "
        "packages_to_load=None, idle_timeout=None, num_executors=None, executor_cores=None, "
        "executor_mem=None, driver_mem=None, executor_overhead_mem=None, extra_spark_config='', "
        "spark_reduce_method='auto', tmp_fs_work_dir=None, interop=None, reset=False"
    ),
    "rx_get_compute_context": "",
    "rx_set_compute_context": "compute_context",
    "rx_exec": (
        "function, args=None, times_to_run=-1, task_chunk_size=None, compute_context=None, local_state={}, "
        "callback=None, continue_on_failure=True, **kwargs"
    ),
    "rx_exec_by": (
        "input_data, keys=None, function=None, function_parameters=None, filter_function=None, "
        "compute_context=None, **kwargs"
    ),
    "RxRemoteJob": "compute_context, job_id=None",
    "rx_get_job_info": "job",
    "rx_get_job_status": "job_info",
    "rx_get_job_output": "job_info",
    "rx_get_job_results": "job_info, console_output=None, auto_cleanup=None",
    "rx_wait_for_job": "job_info",
    "rx_cancel_job": "job_info, console_output=False",
    "rx_cleanup_jobs": "job_info_list, force=False, verbose=True",
    "rx_get_jobs": "compute_context, exact_match=False, start_time=None, end_time=None, states=None, verbose=True",
    "rx_serialize_model": "model, realtime_scoring_only=False",
    "rx_write_object": (
        "dest, key=None, value=None, version=None, key_name='id', value_name='value', version_name='version', "
        "serialize=True, overwrite=False, compress='zip'"
    ),
    "rx_read_object": (
        "src, key=None, version=None, key_name='id', value_name='value', version_name='version', "
        "deserialize=True, decompress='zip'"
    ),
    "rx_delete_object": "src, key=None, version=None, key_name='id', version_name='version', all=False",
    "rx_list_keys": "src, key=None, version=None, key_name='id', version_name='version'",
}
