//! SQL Server and ODBC rows in the same pipeline.
