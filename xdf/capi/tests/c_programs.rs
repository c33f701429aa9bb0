//! The C examples: compiled without a warning, run, and run again under valgrind where that is installed.
//!
//! Skipped, with a word, where there is no C compiler (`CC`, else `cc`) or the system is not Unix.
#![cfg(unix)]

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::env::{current_exe, var};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The folder of the library, which was built with this test.
fn libraries() -> PathBuf {
    let folder = current_exe().unwrap().parent().unwrap().to_owned();
    assert!(
        folder.join(format!("{DLL_PREFIX}xdf_c{DLL_SUFFIX}")).exists(),
        "no library in {}",
        folder.display()
    );
    folder
}

fn exists(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        println!("skipped: needs {program}");
    }
    found
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}\n{err}", output.status);
    output
}

/// Compiles `examples/NAME.c` into the folder, or nothing where there is no compiler.
fn compile(name: &str, folder: &Path) -> Option<PathBuf> {
    let cc = var("CC").unwrap_or_else(|_| "cc".to_owned());
    if !exists(&cc) {
        return None;
    }
    let (program, libraries) = (folder.join(name), libraries());
    let mut command = Command::new(cc);
    command.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-g", "-I"]);
    command.arg(here("include")).arg(here(&format!("examples/{name}.c"))).arg("-o").arg(&program);
    command.arg("-L").arg(&libraries).arg(format!("-Wl,-rpath,{}", libraries.display())).arg("-lxdf_c");
    run(&mut command);
    Some(program)
}

/// Runs a program, where it is there under valgrind: no bad access, and nothing that is lost.
fn run_clean(program: &Path, arguments: &[&str]) -> String {
    let mut command = if exists("valgrind") {
        let mut command = Command::new("valgrind");
        command.args([
            "--quiet",
            "--error-exitcode=99",
            "--leak-check=full",
            "--errors-for-leak-kinds=definite",
        ]);
        command.arg(program);
        command
    } else {
        Command::new(program)
    };
    String::from_utf8(run(command.args(arguments)).stdout).unwrap()
}

#[test]
fn a_stream_made_in_c_is_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let Some(write) = compile("write", folder.path()) else { return };
    let sum = compile("sum", folder.path()).unwrap();
    let file = folder.path().join("made.xdf");
    let file = file.to_str().unwrap();
    let report = run_clean(&write, &[file]);
    assert!(report.contains(r#""damaged":[]"#) && report.contains("4000 rows"), "{report}");

    // The sums of write.c's table: (0 + ... + 3999) / 4 without the rows 2, 7, ...; 7 row mod 1001.
    let amounts: f64 = (0..4000).filter(|row| row % 5 != 2).map(|row| f64::from(row) / 4.0).sum();
    let ids: i32 = (0..4000).map(|row| row * 7 % 1001).sum();
    let text = run_clean(&sum, &[file, "amount"]);
    let columns = "4000 rows in 3 blocks\n  id: i\n  amount: g\n  town: u\n";
    assert!(
        text.contains(columns) && text.ends_with(&format!("sum of amount: {amounts}, 800 missing\n")),
        "{text}"
    );
    let text = run_clean(&sum, &[file, "id"]);
    assert!(text.ends_with(&format!("sum of id: {ids}, 0 missing\n")), "{text}");

    let output = Command::new(&sum).args([file, "none"]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(message, format!("error 7: '{file}' has no column 'none'\n"));
}

#[test]
fn the_header_is_cpp() {
    let cxx = var("CXX").unwrap_or_else(|_| "c++".to_owned());
    if !exists(&cxx) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("header.cpp");
    let code = "#include \"xdf.h\"\nint main() {\n  xdf_open_options o = XDF_OPEN_OPTIONS_INIT;\n  \
                xdf_write_options w = XDF_WRITE_OPTIONS_INIT;\n  return o.mmap + w.level == 2 ? 0 : 1;\n}\n";
    std::fs::write(&source, code).unwrap();
    let program = folder.path().join("header");
    let mut command = Command::new(cxx);
    command.args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"]).arg(here("include"));
    run(command.arg(&source).arg("-o").arg(&program));
    run(&mut Command::new(program));
}
