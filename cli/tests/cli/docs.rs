//! The examples of docs/tools.md: what it says that is printed is printed.

use std::process::Command;

use super::Folder;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/tools.md");

/// The outputs of the commands of a console block, each after its command.
fn run(folder: &Folder, block: &str) -> String {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_xdf")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut text = String::new();
    for command in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let mut shell = Command::new("sh");
        let output =
            shell.args(["-c", command]).current_dir(folder.path(".")).env("PATH", &path).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command}");
        text = format!("{text}$ {command}\n{}", String::from_utf8(output.stdout).unwrap());
    }
    text
}

/// Blocks marked `console` are exact; with `UPDATE_DOCS=1` their outputs are written anew. Blocks marked `text` show
/// sizes and encodings, which may change with every version of the encoders.
#[cfg(unix)]
#[test]
fn the_examples_of_the_tools_are_true() {
    let folder = Folder::new();
    folder.xdf(["generate", "airline", "--rows", "100k", "-o", "flights.xdf", "--quiet"]).text();
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut parts = page.split("```console\n");
    let mut made = parts.next().unwrap().to_owned();
    for part in parts {
        let (block, rest) = part.split_once("```").unwrap();
        made = format!("{made}```console\n{}```{rest}", run(&folder, block));
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, &made).unwrap();
    }
    let kept = std::fs::read_to_string(PAGE).unwrap();
    assert!(made == kept, "docs/tools.md says otherwise; look at it with UPDATE_DOCS=1 and git diff");
}
