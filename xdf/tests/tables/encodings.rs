//! Which encodings of the specification a file uses.

use xdf::File;

/// The names of section 7 of the specification, as [`File::segments`] spells them.
fn specified() -> Vec<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/spec/xdf5.md")).unwrap();
    let table = text.split("\n## 7.").nth(1).unwrap().split("Which node").next().unwrap();
    let rows = table.lines().filter_map(|line| {
        let mut cells = line.split('|').skip(1).map(str::trim);
        cells.next()?.parse::<u8>().ok()?;
        cells.next()
    });
    rows.map(|name| match name {
        "PLAIN" => "8 bit".to_owned(),
        "BIT_PACKED" => "bits packed".to_owned(),
        "ALP" | "FSST" => name.to_owned(),
        _ => name.to_lowercase().replace('_', " "),
    })
    .collect()
}

/// How the segments of all blocks are encoded.
pub(crate) fn used(file: &File) -> Vec<String> {
    (0..file.num_blocks())
        .flat_map(|block| file.segments(block).into_iter().map(|segment| segment.encoding))
        .collect()
}

/// Panics unless each encoding of the specification is in one of these.
pub(crate) fn assert_all(used: &[String]) {
    let names = specified();
    assert!(names.len() >= 16, "{names:?}");
    for name in names {
        let node = |part: &str| {
            let part = part.trim_end_matches(" zstd");
            part.strip_suffix(&name).is_some_and(|before| before.is_empty() || before.ends_with(' '))
                || part.strip_prefix(&name).is_some_and(|behind| behind.starts_with(' '))
        };
        assert!(used.iter().any(|text| text.split(" + ").any(node)), "{name} is nowhere in {used:#?}");
    }
}
