//! What crosses the border between the host and Rust, and the only unsafe code: every pointer of the host is followed here.
//!
//! The functions are those of `sqlexternallanguage.h` and `sqlextensionhostcallbacks.h` of Microsoft's repository
//! [sql-server-language-extensions](https://github.com/microsoft/sql-server-language-extensions), interface version 3.
//! The host cannot be checked, only trusted to do what the interface says: a pointer is null or leads to as many values of
//! its type as the count beside it says. What can be checked is: null pointers, lengths, encodings, the order of calls.
//! A wrong call returns `SQL_ERROR` and a message on stderr. No panic crosses.

use std::collections::HashMap;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::input::{NULL, Values};
use crate::log;
use crate::params::{Direction, Param};
use crate::session::{Column, Session};
use crate::types::CType;

/// `SQLRETURN`: 0 is `SQL_SUCCESS`.
pub type SqlReturn = i16;

/// `SQL_SUCCESS`
pub const SUCCESS: SqlReturn = 0;

/// `SQL_ERROR`
pub const ERROR: SqlReturn = -1;

/// `EXTERNAL_LANGUAGE_EXTENSION_API`
const INTERFACE: u16 = 3;

/// The most bytes of a text that the host hands over.
const MAX_TEXT: u64 = 1 << 31;

/// `SQLGUID`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(C)]
pub struct Guid {
    /// The first 8 digits.
    pub data1: u32,
    /// The next 4.
    pub data2: u16,
    /// The next 4.
    pub data3: u16,
    /// The last 16.
    pub data4: [u8; 8],
}

/// `PFunc_ExtensionLogXEvent`: the extension's name, the session, the task, level, code and message.
pub type LogFunction = unsafe extern "C" fn(*const u8, u64, Guid, u16, u16, i32, *const u8, u64);

/// `SQLEXTENSION_HOST_CALLBACKS`
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct HostCallbacks {
    /// The version of the structure, 1.
    pub version: u16,
    /// 0
    pub reserved0: u16,
    /// Bytes of the structure as the host has it.
    pub size_in_bytes: u32,
    /// Takes log messages.
    pub log: Option<LogFunction>,
    /// Null.
    pub reserved1: *mut c_void,
    /// Null.
    pub reserved2: *mut c_void,
}

/// The host's log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HostLog(LogFunction);

impl HostLog {
    pub(crate) fn write(self, session: Guid, task: u16, level: u16, message: &str) {
        const NAME: &str = "rxdf";
        let (name, length) = (NAME.as_ptr(), NAME.len() as u64);
        // SAFETY: the host gave the function for this use; both texts live for the call.
        unsafe { (self.0)(name, length, session, task, level, 0, message.as_ptr(), message.len() as u64) }
    }
}

/// A session and the arrays of pointers that the host was given.
struct Open {
    session: Session,
    data: Pointers<c_void>,
    lengths: Pointers<i32>,
}

/// Pointers into the results of the same session.
struct Pointers<T>(Vec<*mut T>);

// SAFETY: they lead to buffers that the session beside them owns and moves between threads with them.
unsafe impl<T> Send for Pointers<T> {}

type Key = (Guid, u16);
type Sessions = HashMap<Key, Arc<Mutex<Open>>>;

/// The open sessions; `None` before `Init` and after `Cleanup`.
static SESSIONS: Mutex<Option<Sessions>> = Mutex::new(None);

fn sessions() -> MutexGuard<'static, Option<Sessions>> {
    SESSIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wrong(call: &'static str, reason: impl Into<String>) -> Error {
    Error::Call { call, reason: reason.into() }
}

/// Runs the body of a function: what fails or panics in it is told and becomes `SQL_ERROR`.
fn guarded(key: Key, body: impl FnOnce() -> Result<()>) -> SqlReturn {
    // A session whose call panicked takes no further ones; nothing else is shared but the table of sessions.
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(Error::Panic(text.to_owned()))
    });
    match result {
        Ok(()) => SUCCESS,
        Err(error) => {
            log::error(key.0, key.1, &error.to_string());
            ERROR
        }
    }
}

/// Runs the body of a function of a session.
fn with_session(key: Key, call: &'static str, body: impl FnOnce(&mut Open) -> Result<()>) -> SqlReturn {
    guarded(key, || {
        let open = sessions().as_ref().and_then(|sessions| sessions.get(&key).cloned());
        let open = open.ok_or_else(|| wrong(call, "InitSession was not called for this session and task"))?;
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        body(&mut open)
    })
}

/// A text of the host. A NUL at its end does not count.
///
/// # Safety
/// `first` is null or leads to `length` bytes that live for `'a`.
unsafe fn text<'a>(first: *const u8, length: u64, call: &'static str, name: &str) -> Result<&'a str> {
    // SAFETY: the promise to this function.
    let bytes = unsafe { bytes(first, length, call, name)? };
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| wrong(call, format!("{name} is not UTF-8: {error}")))
}

/// Bytes of the host.
///
/// # Safety
/// As [`text`].
unsafe fn bytes<'a>(first: *const u8, length: u64, call: &'static str, name: &str) -> Result<&'a [u8]> {
    if length == 0 {
        return Ok(&[]);
    }
    if first.is_null() {
        return Err(wrong(call, format!("{name} is NULL, and {length} bytes are announced")));
    }
    let length = usize::try_from(length)
        .ok()
        .filter(|length| *length as u64 <= MAX_TEXT)
        .ok_or_else(|| wrong(call, format!("{name} has {length} bytes")))?;
    // SAFETY: not null, of a size that memory can have; the rest is the promise to this function.
    Ok(unsafe { std::slice::from_raw_parts(first, length) })
}

/// A list of the host.
///
/// # Safety
/// `first` is null or leads to `count` items that live for `'a`.
unsafe fn list<'a, T>(first: *const T, count: usize) -> Option<&'a [T]> {
    if count == 0 {
        return Some(&[]);
    }
    let fits = count <= isize::MAX as usize / size_of::<T>().max(1);
    if first.is_null() || !first.is_aligned() || !fits {
        return None;
    }
    // SAFETY: not null, aligned, of a size that memory can have; the rest is the promise to this function.
    Some(unsafe { std::slice::from_raw_parts(first, count) })
}

/// Sets a value of the host.
///
/// # Safety
/// `place` is null or leads to a place for a value.
unsafe fn put<T>(place: *mut T, value: T, call: &'static str, name: &str) -> Result<()> {
    if place.is_null() || !place.is_aligned() {
        return Err(wrong(call, format!("{name} is no place for a value")));
    }
    // SAFETY: not null, aligned; the rest is the promise to this function.
    unsafe { place.write(value) };
    Ok(())
}

/// The values of a column, as the host announced them.
///
/// # Safety
/// `data` leads to the values that `ctype`, `rows` and `lengths` say, and `lengths` is null or leads to `rows` lengths.
unsafe fn values<'a>(
    ctype: CType,
    rows: usize,
    data: *const c_void,
    lengths: *const i32,
    call: &'static str,
) -> Result<Values<'a>> {
    // SAFETY: the promise to this function.
    let lengths = if lengths.is_null() { None } else { unsafe { list(lengths, rows) } };
    let total = match (ctype.width(), lengths) {
        (Some(width), _) => (rows as u64).saturating_mul(width as u64),
        (None, Some(lengths)) => {
            let mut total = 0_u64;
            for &length in lengths {
                match u64::try_from(length) {
                    Ok(length) => total = total.saturating_add(length),
                    Err(_) if length == NULL => {}
                    Err(_) => return Err(wrong(call, format!("a value has the length {length}"))),
                }
            }
            total
        }
        (None, None) if rows == 0 => 0,
        (None, None) => return Err(wrong(call, "texts and bytes come without their lengths")),
    };
    let all_null = lengths.is_some_and(|lengths| lengths.iter().all(|length| *length == NULL));
    if all_null {
        return Ok(Values { ctype, rows, bytes: &[], lengths });
    }
    let total = usize::try_from(total).ok();
    // SAFETY: the promise to this function.
    let bytes = total.and_then(|total| unsafe { list(data.cast::<u8>(), total) });
    let bytes = bytes.ok_or_else(|| wrong(call, "the values of a column are NULL"))?;
    Ok(Values { ctype, rows, bytes, lengths })
}

/// The version of the interface.
#[unsafe(export_name = "GetInterfaceVersion")]
pub extern "C" fn get_interface_version() -> u16 {
    INTERFACE
}

/// Begins, once for a process. The parameters of the language and the paths are not used.
///
/// # Safety
/// As the interface says; pointers are not followed.
#[unsafe(export_name = "Init")]
pub unsafe extern "C" fn init(
    _params: *const u8,
    _params_length: u64,
    _path: *const u8,
    _path_length: u64,
    _public: *const u8,
    _public_length: u64,
    _private: *const u8,
    _private_length: u64,
) -> SqlReturn {
    guarded(Key::default(), || {
        sessions().get_or_insert_default();
        Ok(())
    })
}

/// Takes the host's function for log messages.
///
/// # Safety
/// `callbacks` is null or leads to a structure of the version and size that it states.
#[unsafe(export_name = "SetHostCallbacks")]
pub unsafe extern "C" fn set_host_callbacks(callbacks: *const HostCallbacks) -> SqlReturn {
    const CALL: &str = "SetHostCallbacks";
    guarded(Key::default(), || {
        if callbacks.is_null() || !callbacks.is_aligned() {
            return Err(wrong(CALL, "the callbacks are NULL"));
        }
        // SAFETY: not null, aligned; version and size are there in every version.
        let (version, size) = unsafe { ((*callbacks).version, (*callbacks).size_in_bytes as usize) };
        let needed = std::mem::offset_of!(HostCallbacks, log) + size_of::<Option<LogFunction>>();
        if version < 1 || size < needed {
            let reason =
                format!("version {version} of {size} bytes has no log; version 1 has {needed} bytes or more");
            return Err(wrong(CALL, reason));
        }
        // SAFETY: the structure says that it has the field.
        log::set_host(unsafe { (*callbacks).log }.map(HostLog));
        Ok(())
    })
}

/// Begins a session and task with its script.
///
/// # Safety
/// As the interface says.
#[unsafe(export_name = "InitSession")]
pub unsafe extern "C" fn init_session(
    session: Guid,
    task: u16,
    tasks: u16,
    script: *const u8,
    script_length: u64,
    columns: u16,
    params: u16,
    _input_name: *const u8,
    _input_name_length: u16,
    _output_name: *const u8,
    _output_name_length: u16,
) -> SqlReturn {
    const CALL: &str = "InitSession";
    guarded((session, task), || {
        let known = |sessions: &Option<Sessions>| -> Result<()> {
            let sessions = sessions.as_ref().ok_or_else(|| wrong(CALL, "Init was not called"))?;
            if sessions.contains_key(&(session, task)) {
                return Err(wrong(CALL, "the session and task are open already"));
            }
            Ok(())
        };
        known(&sessions())?;
        // SAFETY: the host's promise.
        let script = unsafe { text(script, script_length, CALL, "the script")? };
        // outside of the lock: a task may take a while
        let session_of = Session::new(script, (task, tasks), columns, params)?;
        let open = Open { session: session_of, data: Pointers(Vec::new()), lengths: Pointers(Vec::new()) };
        let mut sessions = sessions();
        known(&sessions)?;
        if let Some(sessions) = sessions.as_mut() {
            sessions.insert((session, task), Arc::new(Mutex::new(open)));
        }
        Ok(())
    })
}

/// Announces a column of the input.
///
/// # Safety
/// As the interface says.
#[unsafe(export_name = "InitColumn")]
pub unsafe extern "C" fn init_column(
    session: Guid,
    task: u16,
    number: u16,
    name: *const u8,
    name_length: i16,
    data_type: i16,
    _size: u64,
    _decimal_digits: i16,
    _nullable: i16,
    partition_by: i16,
    _order_by: i16,
) -> SqlReturn {
    const CALL: &str = "InitColumn";
    with_session((session, task), CALL, |open| {
        open.session.attempt(CALL, |session| {
            let length = u64::try_from(name_length)
                .map_err(|_| wrong(CALL, format!("the name has {name_length} bytes")))?;
            // SAFETY: the host's promise.
            let name = unsafe { text(name, length, CALL, "the name")? }.to_owned();
            let ctype = CType::of_code(data_type).ok_or_else(|| Error::Column {
                column: name.clone(),
                reason: format!("the C type {data_type} is not known; CAST it in the query"),
            })?;
            let partition_by = u16::try_from(partition_by).ok();
            session.add_column(number, Column { name, ctype, partition_by })
        })
    })
}

/// Announces a parameter.
///
/// # Safety
/// As the interface says.
#[unsafe(export_name = "InitParam")]
pub unsafe extern "C" fn init_param(
    session: Guid,
    task: u16,
    number: u16,
    name: *const u8,
    name_length: i16,
    data_type: i16,
    size: u64,
    _decimal_digits: i16,
    value: *const c_void,
    length: i32,
    direction: i16,
) -> SqlReturn {
    const CALL: &str = "InitParam";
    with_session((session, task), CALL, |open| {
        open.session.attempt(CALL, |session| {
            let name_length = u64::try_from(name_length)
                .map_err(|_| wrong(CALL, format!("the name has {name_length} bytes")))?;
            // SAFETY: the host's promise.
            let name = unsafe { text(name, name_length, CALL, "the name")? };
            let refused = |reason: String| Error::Param { name: name.to_owned(), reason };
            let ctype = CType::of_code(data_type)
                .ok_or_else(|| refused(format!("the C type {data_type} is not known")))?;
            let direction = match direction {
                1 => Direction::In,
                2 => Direction::InOut,
                4 => Direction::Out,
                other => return Err(refused(format!("{other} is no direction"))),
            };
            // what only goes out has no value, whatever stands there
            let length = if direction == Direction::Out || value.is_null() { NULL } else { length };
            // SAFETY: the host's promise; `length` lives for the call.
            let value = unsafe { values(ctype, 1, value, &raw const length, CALL)? };
            session.add_param(number, Param::new(name, size, direction, &value))
        })
    })
}

/// Takes a chunk of rows.
///
/// # Safety
/// As the interface says.
#[unsafe(export_name = "Execute")]
pub unsafe extern "C" fn execute(
    session: Guid,
    task: u16,
    rows: u64,
    data: *const *const c_void,
    lengths: *const *const i32,
    columns: *mut u16,
) -> SqlReturn {
    const CALL: &str = "Execute";
    with_session((session, task), CALL, |open| {
        // the pointers that were given out end here
        open.data.0.clear();
        open.lengths.0.clear();
        open.session.attempt(CALL, |session| {
            let rows = usize::try_from(rows).map_err(|_| wrong(CALL, format!("there are {rows} rows")))?;
            let types = session.input_types()?;
            // SAFETY: the host's promise.
            let data = unsafe { list(data, types.len()) };
            // SAFETY: as above; where no column has missing values there need be no list.
            let lengths = unsafe { list(lengths, types.len()) };
            let mut input = Vec::with_capacity(types.len());
            for (place, ctype) in types.into_iter().enumerate() {
                let data = data.and_then(|data| data.get(place)).copied().unwrap_or(std::ptr::null());
                let lengths = lengths.and_then(|list| list.get(place)).copied().unwrap_or(std::ptr::null());
                // SAFETY: the host's promise.
                input.push(unsafe { values(ctype, rows, data, lengths, CALL)? });
            }
            let count = session.execute(rows, &input)?;
            let count = u16::try_from(count)
                .map_err(|_| wrong(CALL, format!("the results have {count} columns, more than 65535")))?;
            // SAFETY: the host's promise.
            unsafe { put(columns, count, CALL, "the number of columns") }
        })
    })
}

/// Describes a column of the results.
///
/// # Safety
/// As the interface says.
#[unsafe(export_name = "GetResultColumn")]
pub unsafe extern "C" fn get_result_column(
    session: Guid,
    task: u16,
    number: u16,
    data_type: *mut i16,
    size: *mut u64,
    decimal_digits: *mut i16,
    nullable: *mut i16,
) -> SqlReturn {
    const CALL: &str = "GetResultColumn";
    with_session((session, task), CALL, |open| {
        open.session.attempt(CALL, |session| {
            let results = session.results(CALL)?;
            let count = results.columns.len();
            let column = results.columns.get(usize::from(number)).ok_or_else(|| {
                wrong(CALL, format!("there are {count} columns, but this is {number} (from 0)"))
            })?;
            // SAFETY: the host's promise, for all four.
            unsafe {
                put(data_type, column.ctype.code(), CALL, "the type")?;
                put(size, column.size, CALL, "the size")?;
                put(decimal_digits, 0, CALL, "the number of digits")?;
                put(nullable, i16::from(column.nullable), CALL, "whether it is nullable")
            }
        })
    })
}

/// Hands out the results; the memory is the session's, until its next `Execute` or its end.
///
/// # Safety
/// As the interface says.
#[unsafe(export_name = "GetResults")]
pub unsafe extern "C" fn get_results(
    session: Guid,
    task: u16,
    rows: *mut u64,
    data: *mut *mut *mut c_void,
    lengths: *mut *mut *mut i32,
) -> SqlReturn {
    const CALL: &str = "GetResults";
    with_session((session, task), CALL, |open| {
        let Open { session, data: data_of, lengths: lengths_of } = open;
        session.attempt(CALL, |session| {
            let results = session.results(CALL)?;
            let columns = &results.columns;
            // the host reads only, though the interface does not say const
            let bytes = columns.iter().map(|column| column.bytes.as_ptr().cast::<c_void>().cast_mut());
            data_of.0 = bytes.collect();
            lengths_of.0 = columns.iter().map(|column| column.lengths.as_ptr().cast_mut()).collect();
            // SAFETY: the host's promise, for all three.
            unsafe {
                put(rows, results.rows as u64, CALL, "the number of rows")?;
                put(data, data_of.0.as_mut_ptr(), CALL, "the place of the data")?;
                put(lengths, lengths_of.0.as_mut_ptr(), CALL, "the place of the lengths")
            }
        })
    })
}

/// Hands out the value of a parameter; the memory is the session's, until its end.
///
/// # Safety
/// As the interface says.
#[unsafe(export_name = "GetOutputParam")]
pub unsafe extern "C" fn get_output_param(
    session: Guid,
    task: u16,
    number: u16,
    value: *mut *mut c_void,
    length: *mut i32,
) -> SqlReturn {
    const CALL: &str = "GetOutputParam";
    with_session((session, task), CALL, |open| {
        open.session.attempt(CALL, |session| {
            let (first, count) = match session.output_param(number)? {
                None => (std::ptr::null_mut(), NULL),
                Some(bytes) => {
                    let count = i32::try_from(bytes.len())
                        .map_err(|_| wrong(CALL, format!("the value has {} bytes", bytes.len())))?;
                    (bytes.as_ptr().cast::<c_void>().cast_mut(), count)
                }
            };
            // SAFETY: the host's promise, for both.
            unsafe {
                put(value, first, CALL, "the place of the value")?;
                put(length, count, CALL, "the place of the length")
            }
        })
    })
}

/// Ends a session and task.
///
/// # Safety
/// As the interface says: nothing that was handed out is used any more.
#[unsafe(export_name = "CleanupSession")]
pub unsafe extern "C" fn cleanup_session(session: Guid, task: u16) -> SqlReturn {
    guarded((session, task), || {
        let open = sessions().as_mut().and_then(|sessions| sessions.remove(&(session, task)));
        let missing = || wrong("CleanupSession", "InitSession was not called for this session and task");
        open.map(drop).ok_or_else(missing)
    })
}

/// Ends all sessions.
///
/// # Safety
/// As the interface says: nothing that was handed out is used any more.
#[unsafe(export_name = "Cleanup")]
pub unsafe extern "C" fn cleanup() -> SqlReturn {
    guarded(Key::default(), || {
        drop(sessions().take());
        log::set_host(None);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    /// Pointers are followed in this file and in no other.
    #[test]
    fn unsafe_code_is_here_only() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let source = std::fs::read_to_string(&path).unwrap();
            let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
            let found = code.filter(|line| line.contains("unsafe ") || line.contains("unsafe(")).count();
            assert_eq!(found > 0, path.ends_with("border.rs"), "{}: {found}", path.display());
        }
    }

    #[test]
    fn panics_become_errors() {
        let key = super::Key::default();
        assert_eq!(super::guarded(key, || panic!("number {}", 7)), super::ERROR);
        assert_eq!(super::guarded(key, || Ok(())), super::SUCCESS);
    }
}
