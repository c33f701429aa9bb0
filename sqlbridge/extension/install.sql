-- The language rxdf in one database of SQL Server 2019 or later on Linux, with Machine Learning Services or the
-- extensibility feature (mssql-server-extensibility) installed. `make extension` makes rxdf-lang-extension.tar.gz;
-- put it where the server can read it, and run this as a member of db_owner in the database.

-- Once for the server; needs a restart of the server where it was off.
EXEC sp_configure 'external scripts enabled', 1;
RECONFIGURE WITH OVERRIDE;
GO

CREATE EXTERNAL LANGUAGE [rxdf]
FROM (CONTENT = N'/var/opt/mssql/rxdf-lang-extension.tar.gz', FILE_NAME = 'librxdf_ext.so', PLATFORM = LINUX);
GO

-- Who may use it, beside the right to run scripts at all.
-- GRANT EXECUTE EXTERNAL SCRIPT ON EXTERNAL LANGUAGE::[rxdf] TO [analysts];
-- GRANT EXECUTE ANY EXTERNAL SCRIPT TO [analysts];

-- Does it run?
EXEC sp_execute_external_script
    @language = N'rxdf',
    @script = N'summary ~ x',
    @input_data_1 = N'SELECT CAST(v AS float) AS x FROM (VALUES (1), (2), (4)) AS t(v)'
WITH RESULT SETS ((variable nvarchar(max), category nvarchar(max), mean float, std_dev float, min float, max float,
                   valid_obs float, missing_obs float));
GO

-- Another release: the same archive name, then
-- ALTER EXTERNAL LANGUAGE [rxdf] SET (CONTENT = N'/var/opt/mssql/rxdf-lang-extension.tar.gz', FILE_NAME = 'librxdf_ext.so', PLATFORM = LINUX);
-- and to remove it: DROP EXTERNAL LANGUAGE [rxdf];
