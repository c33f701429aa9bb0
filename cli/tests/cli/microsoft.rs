//! Microsoft's container 4.2 in and out.

use std::path::{Path, PathBuf};

use super::Folder;

fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/xdf-microsoft").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: needs ../shared ({name})");
    None
}

#[test]
fn an_unchanged_file_has_the_same_bytes_again_also_through_other_formats() {
    for name in ["airports.xdf", "hr-attrition.xdf", "mtcars.xdf", "mtcars-filtered.xdf"] {
        let Some(path) = shared(name) else { continue };
        let folder = Folder::new();
        let original = std::fs::read(&path).unwrap();
        let input = path.to_str().unwrap();
        for through in ["again.xdf", "five.xdf", "five.parquet", "five.arrow"] {
            if through != "again.xdf" {
                folder.xdf(["export", input, "-o", through, "--quiet"]).text();
            }
            let from = if through == "again.xdf" { input } else { through };
            folder.xdf(["export", from, "-o", "out.xdf", "--format", "4.2", "--overwrite", "--quiet"]).text();
            assert!(folder.read("out.xdf") == original, "{name} through {through}");
        }
    }
}

#[test]
fn a_selection_is_the_file_that_microsoft_made_of_it() {
    let (Some(all), Some(selected)) = (shared("mtcars.xdf"), shared("mtcars-filtered.xdf")) else { return };
    let folder = Folder::new();
    let options = ["--where", "cyl < 8", "--format", "4.2", "--quiet"];
    folder.xdf(["export", all.to_str().unwrap(), "-o", "out.xdf"].iter().chain(&options)).text();
    assert!(folder.read("out.xdf") == std::fs::read(selected).unwrap());
}

#[test]
fn text_is_imported_into_it_and_types_without_a_public_file_are_refused() {
    let folder = Folder::new();
    folder.write("in.csv", "when,x,late,g\n2001-02-03,1,true,a\n2001-02-04,,false,b\n");
    let import = ["import", "in.csv", "-o", "out.xdf", "--format", "4.2"];
    folder.xdf(import).fails(1, &["column 'when'", "Date32", "cast it to float64, or allow inferred types"]);
    assert!(!folder.path("out.xdf").exists());
    let drop = ["--drop", "late,when", "--type", "x=int32", "--factor", "g", "--rows-per-block", "1"];
    folder.xdf(import.iter().chain(&drop).chain(&["--quiet"])).text();
    let info = folder.xdf(["info", "out.xdf", "--vars", "--blocks", "--json"]).json();
    assert_eq!((&info["numRows"], &info["numBlocks"]), (&2.into(), &2.into()));
    assert_eq!(folder.xdf(["export", "out.xdf", "-o", "-"]).text(), "x,g\n1,a\n,b\n");

    let allowed = ["--allow-inferred", "--overwrite", "--quiet"];
    let wide = folder.xdf(import.iter().chain(&allowed).chain(&["--type", "x=int64"]));
    let said = [
        "column 'x', row 2",
        "--compute 'x = as.numeric(x)' casts",
        "how int64 marks them is not known; cast the column to float64",
    ];
    wide.fails(1, &said);
    folder.xdf(import.iter().chain(&allowed)).text();
    let text = folder.xdf(["export", "out.xdf", "-o", "-"]).text();
    assert_eq!(text, "when,x,late,g\n11356,1,1,a\n11357,,0,b\n");
    // What the file had already may be written again.
    folder.xdf(["export", "out.xdf", "-o", "again.xdf", "--format", "4.2", "--quiet"]).text();
    assert!(folder.read("again.xdf") == folder.read("out.xdf"));
}
