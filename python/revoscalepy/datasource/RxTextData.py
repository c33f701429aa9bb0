"""Delimited text as a data source."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from revoscalepy import _native
from revoscalepy._arguments import kept, not_built, path_text
from revoscalepy._paths import input_path
from revoscalepy._source import one_pass
from revoscalepy._text import notes, text_options
from revoscalepy.datasource.RxDataSource import RxDataSource
from revoscalepy.datasource.RxFileSystem import check_file_system

if TYPE_CHECKING:
    pass


# the arguments that a source keeps as attributes
_KEPT = (
    "file",
    "strings_as_factors",
    "column_classes",
    "column_info",
    "vars_to_keep",
    "vars_to_drop",
    "missing_value_string",
    "rows_per_read",
    "delimiter",
    "combine_delimiters",
    "quote_mark",
    "decimal_point",
    "thousands_separator",
    "first_row_is_column_names",
    "rows_to_sniff",
    "rows_to_skip",
    "return_data_frame",
    "default_decimal_column_type",
    "default_missing_column_type",
    "input_encoding",
    "check_vars_to_keep",
    "write_precision",
)


class RxTextData(RxDataSource):
    """One or more delimited text files (``.gz`` and ``.zst`` are unpacked; patterns such as ``day*.csv`` are expanded).

    Types are guessed from the first ``rows_to_sniff`` rows where neither ``column_classes`` nor ``column_info`` gives
    them: logical, integer (32 bits), decimal (``default_decimal_column_type``), else text. A cell that does not have
    the type of its column is an error that names file, line, column and text.

    :param file: path, pattern, or list of them.
    :param strings_as_factors: text columns become factors, with levels in the order of appearance.
    :param column_classes: column name to type name: logical, integer, int16, uint16, float32, numeric, character,
        factor, ordered, Date, POSIXct.
    :param column_info: column name to a dictionary with ``type`` (as above), ``levels`` (all levels of a factor, in
        order; other texts become missing), ``newName``, ``description``, ``low`` and ``high``.
    :param vars_to_keep: columns to read; exclusive with ``vars_to_drop``.
    :param vars_to_drop: columns to skip.
    :param missing_value_string: the text of a missing value, beside the empty cell.
    :param rows_per_read: rows of a block when the data are written to an XDF file.
    :param delimiter: one character; ``None`` finds out which of comma, tab, semicolon, bar or blank it is.
    :param combine_delimiters: several delimiters in a row count as one.
    :param quote_mark: one character, or empty for none.
    :param decimal_point: one character.
    :param thousands_separator: one character, or ``None`` for none.
    :param first_row_is_column_names: ``None`` finds out.
    :param rows_to_sniff: rows that types are guessed from.
    :param rows_to_skip: lines before the header that are ignored.
    :param default_decimal_column_type: ``"float32"`` (also for ``None``, as documented) or ``"numeric"``.
    :param default_missing_column_type: type of columns without a value among the sniffed rows: ``"float32"``,
        ``"numeric"`` or ``"character"``.
    :param return_data_frame: ``rx_import`` without an output returns a DataFrame (default) or a dictionary of arrays.
    :param input_encoding: name of the encoding, such as ``"latin1"``; a byte order mark wins.

    As an output it is written with ``delimiter``, ``missing_value_string``, a header unless
    ``first_row_is_column_names=False``, and decimal numbers of ``write_precision`` significant digits.

    Delimiters in quotes are always understood. ``use_fast_read``, ``default_read_buffer_size``, ``strip_zeros`` and
    ``verbose`` have no effect; the other documented parameters raise an error that names them when they ask for
    something.
    """

    def __init__(
        self,
        file: str,
        strings_as_factors: bool = False,
        column_classes: dict[str, str] | None = None,
        column_info: dict[str, dict[str, Any]] | None = None,
        vars_to_keep: list[str] | None = None,
        vars_to_drop: list[str] | None = None,
        missing_value_string: str = "NA",
        rows_per_read: int = 500000,
        delimiter: str | None = None,
        combine_delimiters: bool = False,
        quote_mark: str = '"',
        decimal_point: str = ".",
        thousands_separator: str | None = None,
        read_date_format: str = "[%y[-][/]%m[-][/]%d]",
        read_posixct_format: str = "%y[-][/]%m[-][/]%d [%H:%M[:%S]][%p]",
        century_cutoff: int = 20,
        first_row_is_column_names: bool | None = None,
        rows_to_sniff: int = 10000,
        rows_to_skip: int = 0,
        return_data_frame: bool = True,
        default_read_buffer_size: int = 10000,
        default_decimal_column_type: str | None = None,
        default_missing_column_type: str | None = None,
        write_precision: int = 7,
        strip_zeros: bool = False,
        quoted_delimiters: bool = False,
        is_fixed_format: bool | None = None,
        use_fast_read: bool = True,
        create_file_set: bool | None = None,
        rows_per_out_file: int | None = None,
        verbose: int = 0,
        check_vars_to_keep: bool = False,
        file_system: str | Any = "native",
        input_encoding: str = "utf-8",
        write_factors_as_indexes: bool = False,
    ) -> None:
        files = list(file) if isinstance(file, (list, tuple)) else [file]
        for each in files:
            if not isinstance(each, (str, os.PathLike)):
                raise TypeError(f"RxTextData: file must be a path, not {type(each).__name__}")
        check_file_system("RxTextData", file_system)
        not_built(
            "RxTextData",
            is_fixed_format=is_fixed_format,
            create_file_set=create_file_set,
            rows_per_out_file=rows_per_out_file,
            write_factors_as_indexes=write_factors_as_indexes,
            century_cutoff=None if century_cutoff == 20 else century_cutoff,
            read_date_format=None if read_date_format == "[%y[-][/]%m[-][/]%d]" else read_date_format,
            read_posixct_format=None
            if read_posixct_format == "%y[-][/]%m[-][/]%d [%H:%M[:%S]][%p]"
            else read_posixct_format,
        )
        kept((), vars_to_keep, vars_to_drop)
        for name, value in (("column_classes", column_classes), ("column_info", column_info)):
            if value is not None and not isinstance(value, Mapping):
                raise TypeError(f"RxTextData: {name} must be a dictionary, not {type(value).__name__}")
        super().__init__(column_info)
        self.file: str | list[str] = (
            path_text(files[0]) if len(files) == 1 else [path_text(each) for each in files]
        )
        self.strings_as_factors = strings_as_factors
        self.column_classes = column_classes
        self.vars_to_keep = vars_to_keep
        self.vars_to_drop = vars_to_drop
        self.missing_value_string = missing_value_string
        self.rows_per_read = rows_per_read
        self.delimiter = delimiter
        self.combine_delimiters = combine_delimiters
        self.quote_mark = quote_mark
        self.decimal_point = decimal_point
        self.thousands_separator = thousands_separator
        self.first_row_is_column_names = first_row_is_column_names
        self.rows_to_sniff = rows_to_sniff
        self.rows_to_skip = rows_to_skip
        self.return_data_frame = return_data_frame
        self.default_decimal_column_type = default_decimal_column_type
        self.default_missing_column_type = default_missing_column_type
        self.input_encoding = input_encoding
        self.check_vars_to_keep = check_vars_to_keep
        self.write_precision = write_precision
        # wrong types and options are told now, not at the first use
        text_options(self)

    def __repr__(self) -> str:
        return f"RxTextData({self.file!r})"

    def _with(self, **arguments: Any) -> RxTextData:
        """Return a copy with other values for some of the constructor's arguments."""
        same = {name: getattr(self, name) for name in _KEPT}
        if unknown := arguments.keys() - inspect.signature(RxTextData).parameters.keys():
            raise TypeError(f"RxTextData has no argument '{min(unknown)}'")
        merged = {**same, **arguments}
        for name in ("column_classes", "column_info"):
            if getattr(self, name) and arguments.get(name):
                merged[name] = {**getattr(self, name), **arguments[name]}
        return RxTextData(**merged)

    def _open(self) -> _native.Source:
        files = [self.file] if isinstance(self.file, str) else self.file
        paths = [input_path(file) for file in files]
        source = _native.Source.open(paths, text_options(self), True, one_pass())
        # vars_to_keep and vars_to_drop speak of the names in the file
        columns = kept(source.names(), self.vars_to_keep, self.vars_to_drop)
        described = notes(self.column_info)
        if described:
            source = source.annotate(described)
        if columns is not None:
            renamed = {note["column"]: note["name"] for note in described}
            source = source.project([renamed.get(name, name) for name in columns])
        return source
