//! One definition for each function that odbc-api calls, and the addresses to which they pass their arguments on.

use std::error::Error;
use std::sync::OnceLock;

use libloading::Library;
use odbc_sys::{
    CDataType, Char, CompletionType, ConnectionAttribute, Desc, DriverConnectOption, EnvironmentAttribute,
    FetchOrientation, FreeStmtOption, HDbc, HDesc, HEnv, HStmt, HWnd, Handle, HandleType, InfoType, Len,
    Nullability, ParamType, Pointer, RetCode, SqlDataType, SqlReturn, StatementAttribute, ULen,
};

static FUNCTIONS: OnceLock<Functions> = OnceLock::new();

/// Defines functions that pass on their arguments. That each has the signature that odbc-sys declares for it is checked
/// when this is compiled.
macro_rules! forward {
    ($(fn $name:ident($($argument:ident: $kind:ty),* $(,)?);)*) => {
        /// Addresses in the driver manager. One that is too old lacks some.
        #[expect(non_snake_case, reason = "the names of ODBC")]
        struct Functions {
            $($name: Option<unsafe extern "system" fn($($kind),*) -> SqlReturn>,)*
        }

        impl Functions {
            fn find(library: &Library) -> Self {
                Self {
                    // SAFETY: a driver manager exports these names with the signatures of the ODBC specification,
                    // which are those of odbc-sys.
                    $($name: unsafe { library.get(concat!(stringify!($name), "\0").as_bytes()) }
                        .ok()
                        .map(|symbol| *symbol),)*
                }
            }
        }

        $(
            const _: unsafe extern "system" fn($($kind),*) -> SqlReturn = odbc_sys::$name;

            #[unsafe(no_mangle)]
            unsafe extern "system" fn $name($($argument: $kind),*) -> SqlReturn {
                match FUNCTIONS.get().and_then(|functions| functions.$name) {
                    // SAFETY: the caller keeps the contract of the function of this name, and this is that function.
                    Some(function) => unsafe { function($($argument),*) },
                    None => SqlReturn::ERROR,
                }
            }
        )*
    };
}

forward! {
    fn SQLAllocHandle(handle_type: HandleType, input_handle: Handle, output_handle: *mut Handle);
    fn SQLFreeHandle(handle_type: HandleType, handle: Handle);
    fn SQLSetEnvAttr(
        environment_handle: HEnv, attribute: EnvironmentAttribute, value: Pointer, string_length: i32,
    );
    fn SQLDisconnect(connection_handle: HDbc);
    fn SQLGetDiagRec(
        handle_type: HandleType, handle: Handle, record_number: i16, state: *mut Char,
        native_error_ptr: *mut i32, message_text: *mut Char, buffer_length: i16, text_length_ptr: *mut i16,
    );
    fn SQLExecDirect(statement_handle: HStmt, statement_text: *const Char, text_length: i32);
    fn SQLNumResultCols(statement_handle: HStmt, column_count_ptr: *mut i16);
    fn SQLNumParams(statement_handle: HStmt, parameter_count_ptr: *mut i16);
    fn SQLMoreResults(statement_handle: HStmt);
    fn SQLGetData(
        statement_handle: HStmt, col_or_param_num: u16, target_type: CDataType, target_value_ptr: Pointer,
        buffer_length: Len, str_len_or_ind_ptr: *mut Len,
    );
    fn SQLFetch(statement_handle: HStmt);
    fn SQLGetInfo(
        connection_handle: HDbc, info_type: InfoType, info_value_ptr: Pointer, buffer_length: i16,
        string_length_ptr: *mut i16,
    );
    fn SQLConnect(
        connection_handle: HDbc, server_name: *const Char, name_length_1: i16, user_name: *const Char,
        name_length_2: i16, authentication: *const Char, name_length_3: i16,
    );
    fn SQLTables(
        statement_handle: HStmt, catalog_name: *const Char, name_length_1: i16, schema_name: *const Char,
        name_length_2: i16, table_name: *const Char, name_length_3: i16, table_type: *const Char,
        name_length_4: i16,
    );
    fn SQLDataSources(
        environment_handle: HEnv, direction: FetchOrientation, server_name: *mut Char, buffer_length_1: i16,
        name_length_1: *mut i16, description: *mut Char, buffer_length_2: i16, name_length_2: *mut i16,
    );
    fn SQLDriverConnect(
        connection_handle: HDbc, window_handle: HWnd, in_connection_string: *const Char,
        string_length_1: i16, out_connection_string: *mut Char, buffer_length: i16,
        string_length_2: *mut i16, driver_completion: DriverConnectOption,
    );
    fn SQLDrivers(
        henv: HEnv, direction: FetchOrientation, driver_desc: *mut Char, driver_desc_max: i16,
        out_driver_desc: *mut i16, driver_attributes: *mut Char, drvr_attr_max: i16,
        out_drvr_attr: *mut i16,
    );
    fn SQLCloseCursor(hstmt: HStmt);
    fn SQLBindParameter(
        hstmt: HStmt, parameter_number: u16, input_output_type: ParamType, value_type: CDataType,
        parameter_type: SqlDataType, column_size: ULen, decimal_digits: i16, parameter_value_ptr: Pointer,
        buffer_length: Len, str_len_or_ind_ptr: *mut Len,
    );
    fn SQLPrepare(hstmt: HStmt, statement_text: *const Char, text_length: i32);
    fn SQLExecute(hstmt: HStmt);
    fn SQLFreeStmt(hstmt: HStmt, option: FreeStmtOption);
    fn SQLBindCol(
        hstmt: HStmt, col_number: u16, target_type: CDataType, target_value: Pointer, buffer_length: Len,
        length_or_indicator: *mut Len,
    );
    fn SQLColAttribute(
        statement_handle: HStmt, column_number: u16, field_identifier: Desc,
        character_attribute_ptr: Pointer, buffer_length: i16, string_length_ptr: *mut i16,
        numeric_attribute_ptr: *mut Len,
    );
    fn SQLGetConnectAttr(
        connection_handle: HDbc, attribute: ConnectionAttribute, value_ptr: Pointer, buffer_length: i32,
        string_length_ptr: *mut i32,
    );
    fn SQLColumns(
        statement_handle: HStmt, catalog_name: *const Char, catalog_name_length: i16,
        schema_name: *const Char, schema_name_length: i16, table_name: *const Char, table_name_length: i16,
        column_name: *const Char, column_name_length: i16,
    );
    fn SQLPrimaryKeys(
        hstmt: HStmt, catalog_name: *const Char, catalog_name_length: i16, schema_name: *const Char,
        schema_name_length: i16, table_name: *const Char, table_name_length: i16,
    );
    fn SQLCompleteAsync(handle_type: HandleType, handle: Handle, async_ret_code_ptr: *mut RetCode);
    fn SQLGetStmtAttr(
        hstmt: HStmt, attribute: StatementAttribute, value: Pointer, buffer_length: i32,
        string_length: *mut i32,
    );
    fn SQLForeignKeys(
        statement_handle: HStmt, pk_catalog_name: *const Char, pk_catalog_name_length: i16,
        pk_schema_name: *const Char, pk_schema_name_length: i16, pk_table_name: *const Char,
        pk_table_name_length: i16, fk_catalog_name: *const Char, fk_catalog_name_length: i16,
        fk_schema_name: *const Char, fk_schema_name_length: i16, fk_table_name: *const Char,
        fk_table_name_length: i16,
    );
    fn SQLDescribeCol(
        hstmt: HStmt, col_number: u16, col_name: *mut Char, buffer_length: i16, name_length: *mut i16,
        data_type: *mut SqlDataType, col_size: *mut ULen, decimal_digits: *mut i16,
        nullable: *mut Nullability,
    );
    fn SQLDescribeParam(
        statement_handle: HStmt, parameter_number: u16, data_type_ptr: *mut SqlDataType,
        parameter_size_ptr: *mut ULen, decimal_digits_ptr: *mut i16, nullable_ptr: *mut Nullability,
    );
    fn SQLSetStmtAttr(hstmt: HStmt, attr: StatementAttribute, value: Pointer, str_length: i32);
    fn SQLSetConnectAttr(hdbc: HDbc, attr: ConnectionAttribute, value: Pointer, str_length: i32);
    fn SQLEndTran(handle_type: HandleType, handle: Handle, completion_type: CompletionType);
    fn SQLRowCount(hstmt: HStmt, row_count: *mut Len);
    fn SQLPutData(hstmt: HStmt, data: Pointer, str_len_or_ind: Len);
    fn SQLSetDescField(
        hdesc: HDesc, rec_number: i16, field_identifier: Desc, value: Pointer, buffer_length: i32,
    );
    fn SQLParamData(hstmt: HStmt, value_out: *mut Pointer);
}

/// Opens the first of these libraries that is there, and keeps it for the life of the process.
///
/// # Errors
/// When none is there.
pub(crate) fn load(names: &[&str]) -> Result<(), String> {
    if FUNCTIONS.get().is_some() {
        return Ok(());
    }
    let mut refusals = Vec::new();
    for name in names {
        // SAFETY: initializers of a driver manager have no requirements. The library is never closed, so that no
        // address outlives it.
        match unsafe { Library::new(*name) } {
            Ok(library) => {
                FUNCTIONS.get_or_init(|| Functions::find(&library));
                std::mem::forget(library);
                return Ok(());
            }
            Err(error) => {
                refusals.push(error.source().map_or_else(|| error.to_string(), ToString::to_string));
            }
        }
    }
    Err(format!(
        "the ODBC driver manager, unixODBC, was not found ({}); install it, and the driver of the database: \
         `apt-get install unixodbc`, `dnf install unixODBC` or `brew install unixodbc`",
        refusals.join("; ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_driver_manager_is_said_with_what_to_install() {
        let message = load(&["libodbc-that-is-not-there.so.7"]).unwrap_err();
        assert!(message.contains("libodbc-that-is-not-there.so.7"), "{message}");
        assert!(message.contains("apt-get install unixodbc"), "{message}");
    }
}
