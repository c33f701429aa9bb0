//! The program as its users meet it: arguments in; texts, files and exit codes out.

#[path = "cli/airline.rs"]
mod airline;
#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/cat.rs"]
mod cat;
#[path = "cli/classes.rs"]
mod classes;
#[path = "cli/clusters.rs"]
mod clusters;
#[path = "cli/composite.rs"]
mod composite;
#[path = "cli/databases.rs"]
mod databases;
#[path = "cli/diff.rs"]
mod diff;
#[path = "cli/docs.rs"]
mod docs;
#[path = "cli/editing.rs"]
mod editing;
#[path = "cli/files.rs"]
mod files;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/layout.rs"]
mod layout;
#[path = "cli/likelihood.rs"]
mod likelihood;
#[path = "cli/microsoft.rs"]
mod microsoft;
#[path = "cli/models.rs"]
mod models;
#[path = "cli/statistics.rs"]
mod statistics;
#[path = "cli/stepping.rs"]
mod stepping;
#[path = "cli/verify.rs"]
mod verify;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// What a run of the program left behind.
struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Run {
    /// The standard output of a run that succeeded and said nothing else.
    fn text(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        self.stdout
    }

    /// The standard output of a run that succeeded, as JSON.
    fn json(self) -> Value {
        let text = self.text();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Checks a failure: the exit code, one line on the standard error with these texts in it, nothing else printed.
    fn fails(&self, code: i32, texts: &[&str]) {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        assert!(self.stderr.starts_with("xdf: ") && self.stderr.ends_with('\n'), "{}", self.stderr);
        assert_eq!(self.stderr.lines().count(), 1, "{}", self.stderr);
        for text in texts {
            assert!(self.stderr.contains(text), "'{text}' is not in: {}", self.stderr);
        }
        assert_eq!(self.stdout, "");
    }
}

/// A folder of its own for a test.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the program in the folder.
    fn xdf<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        run(self.0.path(), arguments)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Everything that is in the folder.
    fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        contents(self.0.path())
    }

    /// A small table of flights as an XDF file with several blocks.
    fn flights(&self) {
        self.xdf([
            "generate",
            "airline",
            "--rows",
            "5000",
            "-o",
            "flights.xdf",
            "--rows-per-block",
            "1000",
            "--quiet",
        ])
        .text();
    }
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.clone(), std::fs::read(path).unwrap_or_default())).collect()
}

fn run<S: AsRef<std::ffi::OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_xdf"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("COLUMNS")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run {
        code: output.status.code().expect("ended by a signal"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// A number in a JSON document.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

/// Checks a number to a relative error.
fn near(value: &Value, expected: f64, error: f64) {
    let value = number(value);
    assert!((value - expected).abs() <= error * expected.abs().max(1e-300), "{value} instead of {expected}");
}
