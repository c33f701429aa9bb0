//! `--help` of every command, against what was printed before.

use super::Folder;

/// All commands.
const COMMANDS: &[&[&str]] = &[
    &[],
    &["import"],
    &["export"],
    &["partition"],
    &["composite"],
    &["composite", "create"],
    &["composite", "append"],
    &["composite", "list"],
    &["composite", "clean"],
    &["info"],
    &["head"],
    &["cat"],
    &["summary"],
    &["quantile"],
    &["cor"],
    &["crosstabs"],
    &["histogram"],
    &["lorenz"],
    &["pca"],
    &["roc"],
    &["fit"],
    &["fit", "linmod"],
    &["fit", "logit"],
    &["fit", "glm"],
    &["fit", "kmeans"],
    &["fit", "naivebayes"],
    &["predict"],
    &["diff"],
    &["layout"],
    &["verify"],
    &["append"],
    &["add-columns"],
    &["compute"],
    &["rename"],
    &["drop"],
    &["set"],
    &["compact"],
    &["repair"],
    &["generate"],
    &["generate", "airline"],
    &["demo"],
    &["completions"],
];

/// Where the texts are kept; run the test with `UPDATE_HELP=1` to accept new ones.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/help.txt");

#[test]
fn every_command_has_help_with_examples_as_it_is_kept() {
    let folder = Folder::new();
    let mut all = String::new();
    for command in COMMANDS {
        let text = folder.xdf(command.iter().chain(&["--help"])).text();
        let groups = [&["fit"][..], &["generate"], &["composite"]];
        assert!(groups.contains(command) || text.contains("Examples:\n  xdf "), "{command:?}: {text}");
        all.push_str(&format!("$ xdf {} --help\n{text}\n", command.join(" ")).replace("xdf  --", "xdf --"));
    }
    if std::env::var_os("UPDATE_HELP").is_some() {
        std::fs::write(KEPT, &all).unwrap();
    }
    let kept = std::fs::read_to_string(KEPT).unwrap();
    assert!(all == kept, "the help has changed; look at it with UPDATE_HELP=1 and git diff");
}

#[test]
fn the_version_is_printed() {
    let text = Folder::new().xdf(["--version"]).text();
    assert_eq!(text, format!("xdf {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = Folder::new();
    for (arguments, text) in [
        (&["frobnicate"][..], "'frobnicate'"),
        (&["import", "a.csv"], "--output"),
        (&["import", "a.csv", "-o", "b.xdf", "--level", "12"], "12 is not in 0..=9"),
        (&["import", "a.csv", "-o", "b.xdf", "--type", "x"], "expected NAME=VALUE"),
        (&["import", "a.csv", "-o", "b.xdf", "--overwite"], "'--overwrite'"),
        (&["info", "a.xdf", "--memory", "much"], "512MiB"),
        (&["generate", "airline", "--rows", "some"], "10M"),
        (&["head", "a.xdf", "--keep", "a", "--drop", "b"], "'--drop <A,B>'"),
        (&["predict", "m", "a.xdf", "-o", "b.xdf", "--confidence-level", "95"], "between 0 and 1"),
    ] {
        folder.xdf(arguments).fails(2, &[text, "; see --help"]);
    }
    let run = folder.xdf(["fit"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("linmod"), "{}", run.stderr);
    assert!(folder.contents().is_empty());
}

#[test]
fn completions_know_the_commands() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish"] {
        let text = folder.xdf(["completions", shell]).text();
        assert!(text.contains("linmod") && text.contains("rows-per-block"), "{shell}");
    }
}
