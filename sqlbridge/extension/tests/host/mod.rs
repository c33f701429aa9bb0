//! SQL Server's part: it loads the library and calls its functions as the host of extensions does.

use std::ffi::c_void;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};

use libloading::{Library, Symbol};
use rxdf_ext::border::{ERROR, Guid, HostCallbacks, LogFunction, SUCCESS, SqlReturn};
use rxdf_ext::input::NULL;
use rxdf_ext::types::CType;

type Init = unsafe extern "C" fn(
    *const u8, u64, *const u8, u64, *const u8, u64, *const u8, u64,
) -> SqlReturn;
type InitSession = unsafe extern "C" fn(
    Guid, u16, u16, *const u8, u64, u16, u16, *const u8, u16, *const u8, u16,
) -> SqlReturn;
type InitColumn = unsafe extern "C" fn(
    Guid, u16, u16, *const u8, i16, i16, u64, i16, i16, i16, i16,
) -> SqlReturn;
type InitParam = unsafe extern "C" fn(
    Guid, u16, u16, *const u8, i16, i16, u64, i16, *const c_void, i32, i16,
) -> SqlReturn;
type Execute =
    unsafe extern "C" fn(Guid, u16, u64, *const *const c_void, *const *const i32, *mut u16) -> SqlReturn;
type GetResultColumn =
    unsafe extern "C" fn(Guid, u16, u16, *mut i16, *mut u64, *mut i16, *mut i16) -> SqlReturn;
type GetResults =
    unsafe extern "C" fn(Guid, u16, *mut u64, *mut *mut *mut c_void, *mut *mut *mut i32) -> SqlReturn;
type GetOutputParam = unsafe extern "C" fn(Guid, u16, u16, *mut *mut c_void, *mut i32) -> SqlReturn;

/// The loaded library.
pub(crate) struct Host {
    library: Library,
}

/// What the extension has told the host's log, by session.
static LOG: Mutex<Vec<(Guid, u16, String)>> = Mutex::new(Vec::new());

static HOST: LazyLock<Host> = LazyLock::new(Host::load);

unsafe extern "C" fn log(
    name: *const u8, name_length: u64, session: Guid, task: u16, level: u16, code: i32, message: *const u8,
    length: u64,
) {
    let text = |first: *const u8, length: u64| {
        let bytes = unsafe { std::slice::from_raw_parts(first, usize::try_from(length).unwrap()) };
        std::str::from_utf8(bytes).unwrap().to_owned()
    };
    assert_eq!((text(name, name_length).as_str(), level, code), ("rxdf", 2, 0));
    LOG.lock().unwrap().push((session, task, text(message, length)));
}

/// The library that was built with this test.
pub(crate) fn library() -> PathBuf {
    let folder = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    folder.join(libloading::library_filename("rxdf_ext"))
}

impl Host {
    fn load() -> Self {
        // SAFETY: the library has no initialisers of its own.
        let library = unsafe { Library::new(library()) }.unwrap();
        let host = Self { library };
        host.init();
        let callbacks = callbacks(Some(log));
        assert_eq!(host.callbacks(&raw const callbacks), SUCCESS);
        host
    }

    fn init(&self) {
        let version: Symbol<extern "C" fn() -> u16> = self.get("GetInterfaceVersion");
        assert_eq!(version(), 3);
        let init: Symbol<Init> = self.get("Init");
        let path = "/opt/mssql";
        let (first, length) = (path.as_ptr(), path.len() as u64);
        let null = std::ptr::null();
        assert_eq!(unsafe { init(null, 0, first, length, first, length, null, 0) }, SUCCESS);
    }

    fn get<T>(&self, name: &str) -> Symbol<'_, T> {
        // SAFETY: the types are those of the header.
        unsafe { self.library.get(name) }.unwrap()
    }

    pub(crate) fn callbacks(&self, callbacks: *const HostCallbacks) -> SqlReturn {
        let set: Symbol<unsafe extern "C" fn(*const HostCallbacks) -> SqlReturn> = self.get("SetHostCallbacks");
        unsafe { set(callbacks) }
    }
}

pub(crate) fn callbacks(log: Option<LogFunction>) -> HostCallbacks {
    HostCallbacks {
        version: 1,
        reserved0: 0,
        size_in_bytes: u32::try_from(size_of::<HostCallbacks>()).unwrap(),
        log,
        reserved1: std::ptr::null_mut(),
        reserved2: std::ptr::null_mut(),
    }
}

/// The library, loaded once.
pub(crate) fn host() -> &'static Host {
    &HOST
}

/// A column of the input as the host has it in memory.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) ctype: CType,
    pub(crate) partition: i16,
    pub(crate) values: Vec<Option<Vec<u8>>>,
}

impl Input {
    pub(crate) fn new<T>(
        name: &str,
        ctype: CType,
        values: impl IntoIterator<Item = Option<T>>,
        bytes: impl Fn(T) -> Vec<u8>,
    ) -> Self {
        let values = values.into_iter().map(|value| value.map(&bytes)).collect();
        Self { name: name.to_owned(), ctype, partition: -1, values }
    }

    pub(crate) fn doubles(name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        // the server has no NaN
        let values = values.into_iter().map(|value| (!value.is_nan()).then_some(value));
        Self::new(name, CType::Double, values, |value| value.to_le_bytes().to_vec())
    }

    pub(crate) fn texts(name: &str, values: impl IntoIterator<Item = Option<&'static str>>) -> Self {
        Self::new(name, CType::WChar, values, |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect())
    }

    pub(crate) fn slice(&self, rows: std::ops::Range<usize>) -> Self {
        Self { values: self.values[rows].to_vec(), ..self.clone() }
    }

    pub(crate) fn rows(&self) -> usize {
        self.values.len()
    }

    /// Values one behind the other, and their lengths: none for values of one width that are all there.
    fn memory(&self) -> (Vec<u8>, Option<Vec<i32>>) {
        let mut data = Vec::new();
        for value in &self.values {
            match (value, self.ctype.width()) {
                (Some(value), _) => data.extend(value),
                (None, Some(width)) => data.extend(vec![0xEE; width]),
                (None, None) => {}
            }
        }
        let complete = self.ctype.width().is_some() && self.values.iter().all(Option::is_some);
        let length = |value: &Option<Vec<u8>>| value.as_ref().map_or(NULL, |v| i32::try_from(v.len()).unwrap());
        (data, (!complete).then(|| self.values.iter().map(length).collect()))
    }
}

/// A column of results.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Output {
    pub(crate) ctype: CType,
    pub(crate) size: u64,
    pub(crate) nullable: bool,
    pub(crate) values: Vec<Option<Vec<u8>>>,
}

impl Output {
    pub(crate) fn doubles(&self) -> Vec<f64> {
        assert_eq!(self.ctype, CType::Double);
        let number = |value: &Option<Vec<u8>>| {
            value.as_ref().map_or(f64::NAN, |value| f64::from_le_bytes(value.as_slice().try_into().unwrap()))
        };
        self.values.iter().map(number).collect()
    }

    pub(crate) fn texts(&self) -> Vec<Option<String>> {
        assert_eq!(self.ctype, CType::Char);
        self.values.iter().map(|value| value.clone().map(|text| String::from_utf8(text).unwrap())).collect()
    }
}

/// A session and task, cleaned up when it is dropped.
pub(crate) struct Session {
    pub(crate) id: Guid,
    pub(crate) task: u16,
    open: bool,
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.open {
            self.cleanup().unwrap();
        }
    }
}

pub(crate) fn fresh_id() -> Guid {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    Guid { data1: NEXT.fetch_add(1, Ordering::Relaxed), data2: 7, data3: 8, data4: *b"a server" }
}

impl Session {
    /// A handle of a session that is cleaned up by another one.
    pub(crate) fn handle(id: Guid, task: u16) -> Self {
        Self { id, task, open: false }
    }

    /// Begins a session of one task.
    pub(crate) fn begin(script: &str, columns: &[Input], params: u16) -> Result<Self, String> {
        Self::begin_task(fresh_id(), (0, 1), script, columns, params)
    }

    pub(crate) fn begin_task(
        id: Guid,
        (task, tasks): (u16, u16),
        script: &str,
        columns: &[Input],
        params: u16,
    ) -> Result<Self, String> {
        let mut session = Self { id, task, open: false };
        session.init(tasks, script.as_bytes(), u16::try_from(columns.len()).unwrap(), params)?;
        for (number, column) in columns.iter().enumerate() {
            let partition = column.partition;
            session.column(u16::try_from(number).unwrap(), &column.name, column.ctype.code(), partition)?;
        }
        Ok(session)
    }

    pub(crate) fn init(&mut self, tasks: u16, script: &[u8], columns: u16, params: u16) -> Result<(), String> {
        let call: Symbol<InitSession> = host().get("InitSession");
        let (input, output) = ("InputDataSet", "OutputDataSet");
        let code = unsafe {
            call(
                self.id, self.task, tasks, script.as_ptr(), script.len() as u64, columns, params, input.as_ptr(), 12,
                output.as_ptr(), 13,
            )
        };
        let result = self.result(code);
        self.open |= result.is_ok();
        result
    }

    /// The message of a failed call.
    fn result(&self, code: SqlReturn) -> Result<(), String> {
        if code == SUCCESS {
            return Ok(());
        }
        assert_eq!(code, ERROR);
        let log = LOG.lock().unwrap();
        let own = log.iter().rev().find(|(id, task, _)| (*id, *task) == (self.id, self.task));
        Err(own.expect("a message").2.clone())
    }

    pub(crate) fn column(&self, number: u16, name: &str, ctype: i16, partition: i16) -> Result<(), String> {
        let call: Symbol<InitColumn> = host().get("InitColumn");
        let length = i16::try_from(name.len()).unwrap();
        self.result(unsafe {
            call(self.id, self.task, number, name.as_ptr(), length, ctype, 8, 0, 1, partition, -1)
        })
    }

    /// A parameter; directions are 1 in, 2 in and out, 4 out.
    pub(crate) fn param(
        &self,
        number: u16,
        name: &str,
        ctype: CType,
        value: Option<&[u8]>,
        direction: i16,
    ) -> Result<(), String> {
        let call: Symbol<InitParam> = host().get("InitParam");
        let (first, length) = value.map_or((std::ptr::null(), NULL), |value| {
            (value.as_ptr().cast::<c_void>(), i32::try_from(value.len()).unwrap())
        });
        let name_length = i16::try_from(name.len()).unwrap();
        let size = ctype.width().map_or(0x7fff_ffff, |width| width as u64);
        self.result(unsafe {
            call(
                self.id, self.task, number, name.as_ptr(), name_length, ctype.code(), size, 0, first, length,
                direction,
            )
        })
    }

    /// Hands over rows; returns how many columns the results have.
    pub(crate) fn execute(&self, columns: &[Input]) -> Result<u16, String> {
        let memory: Vec<_> = columns.iter().map(Input::memory).collect();
        let data: Vec<*const c_void> = memory.iter().map(|(data, _)| data.as_ptr().cast()).collect();
        let lengths: Vec<*const i32> =
            memory.iter().map(|(_, lengths)| lengths.as_ref().map_or(std::ptr::null(), Vec::as_ptr).cast()).collect();
        self.execute_raw(columns.first().map_or(0, Input::rows) as u64, &data, &lengths)
    }

    pub(crate) fn execute_raw(
        &self,
        rows: u64,
        data: &[*const c_void],
        lengths: &[*const i32],
    ) -> Result<u16, String> {
        let call: Symbol<Execute> = host().get("Execute");
        let mut count = 0;
        let code = unsafe { call(self.id, self.task, rows, data.as_ptr(), lengths.as_ptr(), &raw mut count) };
        self.result(code).map(|()| count)
    }

    pub(crate) fn result_column(&self, number: u16) -> Result<(CType, u64, bool), String> {
        let call: Symbol<GetResultColumn> = host().get("GetResultColumn");
        let (mut code, mut size, mut digits, mut nullable) = (0, 0, 7, 7);
        let result = unsafe {
            call(
                self.id, self.task, number, &raw mut code, &raw mut size, &raw mut digits, &raw mut nullable,
            )
        };
        self.result(result)?;
        assert_eq!(digits, 0);
        Ok((CType::of_code(code).unwrap(), size, nullable == 1))
    }

    /// The results of the last chunk, column by column.
    pub(crate) fn results(&self, columns: u16) -> Result<Vec<Output>, String> {
        let described = (0..columns).map(|number| self.result_column(number)).collect::<Result<Vec<_>, _>>()?;
        let call: Symbol<GetResults> = host().get("GetResults");
        let (mut rows, mut data, mut lengths) = (0, std::ptr::null_mut(), std::ptr::null_mut());
        let code = unsafe { call(self.id, self.task, &raw mut rows, &raw mut data, &raw mut lengths) };
        self.result(code)?;
        let rows = usize::try_from(rows).unwrap();
        let output = |(number, (ctype, size, nullable)): (usize, (CType, u64, bool))| {
            let lengths =
                if rows == 0 { &[][..] } else { unsafe { std::slice::from_raw_parts(*lengths.add(number), rows) } };
            let mut next = unsafe { *data.add(number) }.cast::<u8>().cast_const();
            let value = |&length: &i32| {
                let width = ctype.width().unwrap_or_else(|| usize::try_from(length).unwrap_or(0));
                let value = unsafe { std::slice::from_raw_parts(next, width) }.to_vec();
                next = unsafe { next.add(width) };
                assert!(length == NULL || length as usize == width && width as u64 <= size, "{length} {size}");
                (length != NULL).then_some(value)
            };
            let values: Vec<_> = lengths.iter().map(value).collect();
            assert!(nullable || values.iter().all(Option::is_some));
            Output { ctype, size, nullable, values }
        };
        Ok(described.into_iter().enumerate().map(output).collect())
    }

    /// Hands over rows and takes the results.
    pub(crate) fn run(&self, columns: &[Input]) -> Result<Vec<Output>, String> {
        let count = self.execute(columns)?;
        self.results(count)
    }

    pub(crate) fn output_param(&self, number: u16) -> Result<Option<Vec<u8>>, String> {
        let call: Symbol<GetOutputParam> = host().get("GetOutputParam");
        let (mut value, mut length) = (std::ptr::null_mut(), 0);
        let code = unsafe { call(self.id, self.task, number, &raw mut value, &raw mut length) };
        self.result(code)?;
        let bytes = || unsafe { std::slice::from_raw_parts(value.cast::<u8>(), usize::try_from(length).unwrap()) };
        Ok((length != NULL).then(|| bytes().to_vec()))
    }

    pub(crate) fn cleanup(&mut self) -> Result<(), String> {
        let call: Symbol<unsafe extern "C" fn(Guid, u16) -> SqlReturn> = host().get("CleanupSession");
        self.open = false;
        let code = unsafe { call(self.id, self.task) };
        self.result(code)
    }
}
