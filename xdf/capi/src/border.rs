//! What crosses the border between C and Rust, and the only unsafe code: every pointer of a caller is followed here.
//!
//! A C caller cannot be checked, only trusted to do what the header says: a pointer is null or leads to a live value
//! of its type, a string ends with NUL, a list has as many items as its count says. The types of this module *are*
//! that promise. Nobody but a C caller can make one that is not null, since their fields are private and they have no
//! constructor; so what their methods do is sound as long as the promise is kept.

use std::ffi::{CStr, c_char};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Failure, Status};
use crate::statistics::Statistics;

/// A string of the caller, ended by NUL; or null.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Text<'a>(*const c_char, PhantomData<&'a c_char>);

impl<'a> Text<'a> {
    /// The string; `name` says what it is for the error when it is null or not UTF-8.
    pub(crate) fn get(self, name: &str) -> Result<&'a str, Failure> {
        if self.0.is_null() {
            return Err(Failure::argument(format!("{name} is NULL")));
        }
        // SAFETY: not null, and the caller promises that it ends with NUL and lives as long as the call.
        let text = unsafe { CStr::from_ptr(self.0) };
        text.to_str().map_err(|e| Failure::argument(format!("{name} is not UTF-8: {e}")))
    }
}

/// Strings of the caller, as many as another parameter says; or null.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Texts<'a>(*const Text<'a>, PhantomData<&'a Text<'a>>);

impl<'a> Texts<'a> {
    /// The strings.
    pub(crate) fn get(self, count: usize, name: &str) -> Result<&'a [Text<'a>], Failure> {
        // SAFETY: the caller promises `count` strings at a pointer that is not null.
        unsafe { items(self.0, count, name) }
    }
}

/// Numbers of the caller, as many as another parameter says; or null.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Numbers<'a>(*const usize, PhantomData<&'a usize>);

impl<'a> Numbers<'a> {
    /// True where the caller gave no list.
    pub(crate) fn is_null(self) -> bool {
        self.0.is_null()
    }

    /// The numbers.
    pub(crate) fn get(self, count: usize, name: &str) -> Result<&'a [usize], Failure> {
        // SAFETY: the caller promises `count` numbers at a pointer that is not null.
        unsafe { items(self.0, count, name) }
    }
}

/// A list of the caller.
///
/// # Safety
/// A pointer that is not null leads to `count` items that live and stay as they are for `'a`.
unsafe fn items<'a, T>(first: *const T, count: usize, name: &str) -> Result<&'a [T], Failure> {
    if count == 0 {
        return Ok(&[]);
    }
    if first.is_null() {
        return Err(Failure::argument(format!("{name} is NULL, and {count} are announced")));
    }
    if !first.is_aligned() || count > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(Failure::argument(format!("{name} is no list of {count} items")));
    }
    // SAFETY: not null, aligned, of a size that memory can have; the rest is the promise to this function.
    Ok(unsafe { std::slice::from_raw_parts(first, count) })
}

/// Runs the body of an exported function: what fails or panics in it becomes a status and an error.
pub(crate) fn guarded(
    error: Option<&mut *mut Failure>,
    body: impl FnOnce() -> Result<(), Failure>,
) -> Status {
    let result = unwound(body).and_then(|result| result);
    let status = result.as_ref().map_or_else(Failure::status, |()| Status::Ok);
    if let Some(error) = error {
        *error = result.map_or_else(|failure| Box::into_raw(Box::new(failure)), |()| std::ptr::null_mut());
    }
    status
}

/// Runs a body whose panic becomes a failure.
pub(crate) fn unwound<R>(body: impl FnOnce() -> R) -> Result<R, Failure> {
    // A handle whose call panicked holds an open file and tables of constants: nothing that can be half changed.
    catch_unwind(AssertUnwindSafe(body)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Failure::new(Status::Panic, format!("internal error, please report it: {text}"))
    })
}

// SAFETY: its pointers lead to texts and counts that are made with it, kept beside it and never changed.
unsafe impl Send for Statistics {}
// SAFETY: as above.
unsafe impl Sync for Statistics {}

#[cfg(test)]
mod tests {
    use super::*;

    impl<'a> From<&'a CStr> for Text<'a> {
        fn from(text: &'a CStr) -> Self {
            Self(text.as_ptr(), PhantomData)
        }
    }

    impl<'a> From<&'a [Text<'a>]> for Texts<'a> {
        fn from(texts: &'a [Text<'a>]) -> Self {
            Self(texts.as_ptr(), PhantomData)
        }
    }

    impl<'a> From<&'a [usize]> for Numbers<'a> {
        fn from(numbers: &'a [usize]) -> Self {
            Self(numbers.as_ptr(), PhantomData)
        }
    }

    impl Text<'_> {
        pub(crate) const NULL: Self = Self(std::ptr::null(), PhantomData);
    }

    impl Numbers<'_> {
        pub(crate) const NULL: Self = Self(std::ptr::null(), PhantomData);
    }

    #[test]
    fn null_and_bad_text_are_refused() {
        assert_eq!(Text::from(c"a").get("the path").unwrap(), "a");
        let failure = Text::NULL.get("the path").unwrap_err();
        assert_eq!(
            (failure.status(), failure.to_string().as_str()),
            (Status::InvalidArgument, "the path is NULL")
        );
        let failure = Text::from(c"\xff").get("the path").unwrap_err();
        assert!(failure.to_string().starts_with("the path is not UTF-8"), "{failure}");
    }

    #[test]
    fn lists_without_items_need_no_pointer() {
        assert!(Numbers::NULL.get(0, "columns").unwrap().is_empty());
        let failure = Numbers::NULL.get(2, "columns").unwrap_err();
        assert_eq!(failure.to_string(), "columns is NULL, and 2 are announced");
        let numbers = [3, 1];
        assert_eq!(Numbers::from(&numbers[..]).get(2, "columns").unwrap(), numbers);
        assert!(Numbers::from(&numbers[..]).get(usize::MAX, "columns").is_err());
    }

    #[test]
    fn a_panic_becomes_an_error() {
        let mut error = std::ptr::null_mut();
        assert_eq!(guarded(Some(&mut error), || panic!("number {}", 7)), Status::Panic);
        // SAFETY: made by `guarded` from a box.
        let failure = unsafe { Box::from_raw(error) };
        assert_eq!(failure.to_string(), "internal error, please report it: number 7");
        assert_eq!(guarded(None, || panic!("unheard")), Status::Panic);
        assert_eq!(guarded(Some(&mut error), || Ok(())), Status::Ok);
        assert!(error.is_null());
    }

    /// Pointers are followed in this file and in no other.
    #[test]
    fn unsafe_code_is_here_only() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let source = std::fs::read_to_string(&path).unwrap();
            let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
            let found = code.filter(|line| line.contains("unsafe ")).count();
            assert_eq!(found > 0, ["border.rs", "lib.rs", "tests.rs"].contains(&&*name), "{name}: {found}");
        }
    }
}
