//! Bad input: each kind gives its one clear error and leaves everything as it was.

use std::process::Command;

use super::{Folder, contents, run};

/// Commands that read a file, with a place for its name.
fn readers(file: &str) -> Vec<Vec<String>> {
    let commands: [&[&str]; 6] = [
        &["info", "FILE"],
        &["head", "FILE"],
        &["import", "FILE", "-o", "out.xdf"],
        &["export", "FILE", "-o", "out.parquet"],
        &["summary", "~ ArrDelay", "FILE"],
        &["fit", "linmod", "ArrDelay ~ DayOfWeek", "FILE", "-o", "out.model"],
    ];
    let fill = |part: &&str| if *part == "FILE" { file.to_owned() } else { (*part).to_owned() };
    commands.iter().map(|command| command.iter().map(fill).collect()).collect()
}

/// Every command that reads the file fails with exit code 1, says this, and changes nothing.
fn unreadable(folder: &Folder, file: &str, texts: &[&str]) {
    let before = folder.contents();
    for command in readers(file) {
        folder.xdf(&command).fails(1, texts);
        assert!(folder.contents() == before, "{command:?} changed something");
    }
}

#[test]
fn a_truncated_file() {
    let folder = Folder::new();
    folder.flights();
    let bytes = folder.read("flights.xdf");
    folder.write("cut.xdf", &bytes[..bytes.len() * 2 / 3]);
    folder.write("stub.xdf", &bytes[..100]);
    unreadable(&folder, "cut.xdf", &["'cut.xdf'", "truncated"]);
    unreadable(&folder, "stub.xdf", &["'stub.xdf'", "truncated"]);
}

#[test]
fn a_flipped_bit() {
    let folder = Folder::new();
    folder.flights();
    let sound = folder.read("flights.xdf");
    // in the header, and in each block: nothing that reads all columns may miss it
    let mut bytes = sound.clone();
    bytes[20] ^= 1;
    folder.write("header.xdf", &bytes);
    unreadable(&folder, "header.xdf", &["'header.xdf'", "damaged", "header"]);
    let mut bytes = sound;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    folder.write("block.xdf", &bytes);
    let before = folder.contents();
    for arguments in [
        ["export", "block.xdf", "-o", "out.csv"],
        ["import", "block.xdf", "-o", "out.xdf"],
        ["export", "block.xdf", "-o", "out.parquet"],
    ] {
        folder.xdf(arguments).fails(1, &["'block.xdf'", "damaged", "column '", "block "]);
        assert!(folder.contents() == before, "{arguments:?} changed something");
    }
}

#[test]
fn an_empty_file() {
    let folder = Folder::new();
    folder.write("empty.xdf", "");
    unreadable(&folder, "empty.xdf", &["empty.xdf", "empty"]);
    folder.write("empty.csv", "");
    unreadable(&folder, "empty.csv", &["empty.csv"]);
}

#[test]
fn a_file_of_a_future_version() {
    let folder = Folder::new();
    folder.flights();
    let mut bytes = folder.read("flights.xdf");
    bytes[8] = 9;
    folder.write("future.xdf", &bytes);
    unreadable(&folder, "future.xdf", &["'future.xdf'", "version 9.", "update the program"]);
}

#[test]
fn a_foreign_file() {
    let folder = Folder::new();
    folder.write("picture.xdf", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01");
    unreadable(&folder, "picture.xdf", &["'picture.xdf'", "not an XDF file"]);
    folder.write("picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01");
    unreadable(&folder, "picture", &["picture"]);
    folder.write("no.parquet", b"PAR1 is only how it begins");
    unreadable(&folder, "no.parquet", &["no.parquet", "Parquet"]);
    folder.write("text.model", "not a model");
    folder.flights();
    let before = folder.contents();
    folder.xdf(["predict", "text.model", "flights.xdf", "-o", "out.xdf"]).fails(1, &["text.model", "model"]);
    folder
        .xdf(["predict", "flights.xdf", "flights.xdf", "-o", "out.xdf"])
        .fails(1, &["flights.xdf", "model"]);
    assert!(folder.contents() == before);
}

#[test]
fn a_missing_file_and_a_folder() {
    let folder = Folder::new();
    unreadable(&folder, "nowhere.xdf", &["nowhere.xdf", "No such file"]);
    unreadable(&folder, "no*.csv", &["no file matches 'no*.csv'"]);
    unreadable(&folder, ".", &["folder"]);
}

#[test]
fn formulas_and_expressions() {
    let folder = Folder::new();
    folder.flights();
    let before = folder.contents();
    let fit = |formula: &str| folder.xdf(["fit", "linmod", formula, "flights.xdf", "-o", "out.model"]);
    fit("ArrDelay ~ DayOfWeke").fails(1, &["'DayOfWeke'", "'DayOfWeek'"]);
    fit("ArrDelay ~ DayOfWeek + * 2").fails(2, &["in 'ArrDelay ~ DayOfWeek + * 2', at character 24: "]);
    fit("ArrDelay ~").fails(2, &["'ArrDelay ~'"]);
    fit("~ DayOfWeek").fails(2, &["response"]);
    fit("TailNum ~ DayOfWeek").fails(1, &["'TailNum'"]);
    let summary = |formula: &str| folder.xdf(["summary", formula, "flights.xdf"]);
    summary("~ Arrdelay").fails(1, &["'Arrdelay'", "'ArrDelay'"]);
    summary("~ ArrDelay:(").fails(2, &["at character 13"]);
    let export =
        |option: &str, value: &str| folder.xdf(["export", "flights.xdf", "-o", "out.csv", option, value]);
    export("--where", "ArrDelay >").fails(2, &["in 'ArrDelay >', at character 11: "]);
    export("--where", "ArrDelay > 'late'").fails(1, &["ArrDelay"]);
    export("--where", "Delay > 0").fails(1, &["Delay"]);
    export("--compute", "x = Delay + 1").fails(1, &["Delay"]);
    export("--keep", "ArrDelay,DepDelya").fails(1, &["'DepDelya'", "'DepDelay'"]);
    export("--drop", "Delay").fails(1, &["'Delay'"]);
    export("--compute", "x = ArrDelay +").fails(2, &["at character "]);
    assert!(folder.contents() == before);
}

#[test]
fn a_wrong_cell() {
    let folder = Folder::new();
    folder.write("in.csv", "x,y\n1,2\n3,four\n");
    let before = folder.contents();
    let import = ["import", "in.csv", "-o", "out.xdf", "--type", "y=integer"];
    folder.xdf(import).fails(1, &["in.csv, line 3, column 'y': 'four' is not an integer"]);
    assert!(folder.contents() == before);
    folder.write("ragged.csv", "x,y\n1,2\n3,4,5\n");
    let before = folder.contents();
    folder.xdf(["import", "ragged.csv", "-o", "out.xdf"]).fails(1, &["ragged.csv, line 3: 3 fields"]);
    folder.xdf(["import", "in.csv", "-o", "out.xdf", "--type", "z=integer"]).fails(1, &["'z'"]);
    folder.xdf(["import", "in.csv", "-o", "out.xdf", "--type", "y=complex"]).fails(2, &["'complex'"]);
    folder.xdf(["import", "in.csv", "-o", "out.xdf", "--encoding", "klingon"]).fails(2, &["'klingon'"]);
    assert!(folder.contents() == before);
}

#[test]
fn decimals_are_not_cut_off() {
    let folder = Folder::new();
    folder.write("in.csv", "x,y\n1.5,2\n,3\n");
    folder.xdf(["import", "in.csv", "-o", "in.xdf", "--type", "y=float64", "--quiet"]).text();
    let before = folder.contents();
    for name in ["in.csv", "in.xdf"] {
        let import = ["import", name, "-o", "out.xdf", "--type", "x=int32"];
        folder.xdf(import).fails(1, &["column 'x'", "1.5", "is not an integer"]);
    }
    assert!(folder.contents() == before);
    let whole = folder.xdf(["export", "in.xdf", "-o", "-", "--type", "y=int32"]).text();
    assert_eq!(whole, "x,y\n1.5,2\n,3\n");
}

#[test]
fn options_for_text_where_there_is_none() {
    let folder = Folder::new();
    folder.flights();
    folder.write("in.csv", "x;y\nM;2\n");
    folder.xdf(["export", "in.csv", "-o", "in.parquet", "--quiet"]).text();
    for option in [
        "--missing=M",
        "--missing-in=x=M",
        "--float32",
        "--delimiter=;",
        "--quote=none",
        "--decimal=,",
        "--encoding=latin1",
        "--header",
        "--no-header",
        "--skip-lines=1",
        "--sniff-rows=5",
        "--bad-cells=missing",
    ] {
        let name = option.split('=').next().unwrap();
        for file in ["flights.xdf", "in.parquet"] {
            folder.xdf(["head", file, option]).fails(2, &[name, file, "is not text"]);
        }
    }
    // one of two is text
    let both = ["diff", "in.parquet", "in.csv", "--delimiter", ";", "--missing", "M"];
    assert_eq!(folder.xdf(both).code, 1);
    folder.xdf(["head", "in.parquet", "--bad-cells", "error"]).text();
}

#[test]
fn data_that_do_not_fit_the_model_write_nothing() {
    let folder = Folder::new();
    folder.write("in.csv", "x,y\n1,2\n2,3\n3,5\n");
    folder.xdf(["fit", "linmod", "y ~ x", "in.csv", "-o", "a.model", "--quiet"]).text();
    folder.write("texts.csv", "x\none\ntwo\n");
    let before = folder.contents();
    for output in ["-", "out.csv", "out.xdf"] {
        folder.xdf(["predict", "a.model", "texts.csv", "-o", output]).fails(1, &["'x'"]);
        assert!(folder.contents() == before);
    }
}

#[test]
fn data_without_a_column_of_the_model() {
    let folder = Folder::new();
    folder.flights();
    folder.xdf(["fit", "linmod", "ArrDelay ~ CRSDepTime", "flights.xdf", "-o", "a.model", "--quiet"]).text();
    folder.write("in.csv", "CRSDepTime\n9.5\n");
    // before anything is written, the header included
    for (option, column) in [("--residuals", "'ArrDelay'"), ("--extra-vars=no", "'no'")] {
        folder.xdf(["predict", "a.model", "in.csv", "-o", "-", option]).fails(1, &[column]);
    }
}

#[test]
fn an_output_that_exists_or_has_no_format() {
    let folder = Folder::new();
    folder.flights();
    folder.xdf(["import", "flights.xdf", "-o", "-"]).fails(2, &["standard output", "export"]);
    folder.xdf(["import", "flights.xdf", "-o", "flights.csv"]).fails(2, &["flights.csv", ".xdf", "export"]);
    let keep = ["head", "flights.xdf", "--keep", "Year,Year"];
    folder.xdf(keep).fails(2, &["'Year' is named twice"]);
    let fit = ["fit", "linmod", "ArrDelay ~ Year", "flights.xdf", "-o", "flights.xdf", "--overwrite"];
    folder.xdf(fit).fails(2, &["its own data", "flights.xdf"]);
    for name in ["out.xdf", "out.parquet", "out.arrow", "out.csv", "out.csv.gz", "out.model"] {
        folder.write(name, "precious");
    }
    let before = folder.contents();
    for name in ["out.xdf", "out.parquet", "out.arrow", "out.csv", "out.csv.gz"] {
        folder.xdf(["export", "flights.xdf", "-o", name]).fails(1, &[name, "exists", "overwrit"]);
        folder.xdf(["generate", "airline", "--rows", "9", "-o", name]).fails(1, &[name, "exists"]);
    }
    folder.xdf(["import", "flights.xdf", "-o", "out.xdf"]).fails(1, &["out.xdf", "exists"]);
    let fit = ["fit", "linmod", "ArrDelay ~ DayOfWeek", "flights.xdf", "-o", "out.model"];
    folder.xdf(fit).fails(1, &["out.model", "exists"]);
    folder.xdf(["export", "flights.xdf", "-o", "out.docx"]).fails(1, &["out.docx", ".parquet"]);
    assert!(folder.contents() == before);
    folder.xdf(["export", "flights.xdf", "-o", "out.csv", "--overwrite", "--quiet"]).text();
    assert!(folder.read("out.csv").starts_with(b"Year,Month"));
    folder.xdf(fit.iter().chain(&["--overwrite", "--quiet"])).text();
    assert_ne!(folder.read("out.model"), b"precious");
}

#[test]
fn a_folder_that_cannot_be_written() {
    let folder = Folder::new();
    folder.flights();
    let model = ["fit", "linmod", "ArrDelay ~ DayOfWeek", "flights.xdf", "-o", "a.model", "--quiet"];
    folder.xdf(model).text();
    let Some(mount) = Mount::new(&folder, "ro") else { return };
    for arguments in [
        &["import", "flights.xdf", "-o", "mount/out.xdf"][..],
        &["export", "flights.xdf", "-o", "mount/out.parquet"],
        &["export", "flights.xdf", "-o", "mount/out.csv"],
        &["fit", "linmod", "ArrDelay ~ DayOfWeek", "flights.xdf", "-o", "mount/out.model"],
        &["predict", "a.model", "flights.xdf", "-o", "mount/out.xdf"],
    ] {
        folder.xdf(arguments).fails(1, &["mount/out.", "ead-only file"]);
    }
    drop(mount);
}

#[test]
fn a_folder_that_is_not_there() {
    let folder = Folder::new();
    folder.flights();
    for name in ["out.xdf", "out.csv", "out.parquet", "out.arrow"] {
        let output = format!("nowhere/{name}");
        let export = folder.xdf(["export", "flights.xdf", "-o", &output]);
        export.fails(1, &[&output, "the folder 'nowhere' does not exist; create it first"]);
    }
}

#[test]
fn a_full_disk() {
    let folder = Folder::new();
    folder.xdf(["generate", "airline", "--rows", "300k", "-o", "flights.xdf", "--quiet"]).text();
    let Some(mount) = Mount::new(&folder, "size=256k") else { return };
    std::fs::write(folder.path("mount/old.xdf"), "precious").unwrap();
    let before = contents(&folder.path("mount"));
    for arguments in [
        &["import", "flights.xdf", "-o", "mount/out.xdf"][..],
        &["import", "flights.xdf", "-o", "mount/old.xdf", "--overwrite"],
        &["export", "flights.xdf", "-o", "mount/out.parquet"],
        &["export", "flights.xdf", "-o", "mount/out.arrow"],
        &["export", "flights.xdf", "-o", "mount/out.csv"],
        &["export", "flights.xdf", "-o", "mount/out.csv.gz"],
        &["generate", "airline", "--rows", "300k", "-o", "mount/out.xdf"],
    ] {
        folder.xdf(arguments).fails(1, &["mount/", "No space left on device"]);
        assert!(contents(&folder.path("mount")) == before, "{arguments:?} left something behind");
    }
    drop(mount);
}

/// A small file system in the folder's `mount`, where mounting is permitted.
struct Mount(std::path::PathBuf);

impl Mount {
    fn new(folder: &Folder, options: &str) -> Option<Self> {
        let path = folder.path("mount");
        std::fs::create_dir(&path).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&path).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(path));
        }
        eprintln!("skipped: mounting a small file system is not permitted here");
        None
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

#[test]
fn ctrl_c_leaves_no_half_file() {
    let folder = Folder::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_xdf"))
        .args(["generate", "airline", "--rows", "1G", "-o", "out.xdf"])
        .current_dir(folder.path("."))
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // as soon as the temporary file is there, the work is under way
    for _ in 0..600 {
        if !folder.contents().is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let killed = run_kill(child.id());
    assert!(killed, "the signal was not sent");
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    assert!(folder.contents().is_empty(), "{:?}", folder.contents().keys());
}

fn run_kill(id: u32) -> bool {
    Command::new("kill").args(["-INT", &id.to_string()]).status().is_ok_and(|status| status.success())
}

#[test]
fn too_little_memory_is_refused_before_reading() {
    let folder = Folder::new();
    folder.flights();
    let fit = ["fit", "linmod", "ArrDelay ~ DayOfWeek", "flights.xdf", "--memory", "1k"];
    run(&folder.path("."), fit).fails(1, &["bytes", "memory"]);
}
