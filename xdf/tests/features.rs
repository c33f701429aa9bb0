//! What every choice of cargo features promises; run with none and with each alone by `make features`.

mod tables;

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use tables::{assert_same, folder, read_all, write};
use xdf::{Error, File, WriteOptions};

/// The first bytes of Microsoft's containers.
const MICROSOFT: [u8; 4] = [0xf4, 0xd3, 0xd2, 0xd1];

#[test]
fn every_generation_is_known_by_its_first_bytes() {
    assert!(File::recognises(&MICROSOFT));
    assert!(File::recognises(&std::fs::read(golden()).unwrap()));
    assert!(!File::recognises(b"PAR1"));
}

#[test]
fn a_file_that_needs_zstd() {
    let verified = File::open(golden()).and_then(|file| file.verify());
    if cfg!(feature = "zstd") {
        assert_eq!(verified.unwrap().damaged, []);
    } else {
        let error = verified.unwrap_err();
        assert!(
            matches!(&error, Error::FeatureOff { feature: "zstd", path } if *path == golden()),
            "{error}"
        );
    }
}

#[test]
fn a_file_that_needs_microsoft() {
    let folder = folder();
    let path = folder.path().join("old.xdf");
    std::fs::write(&path, MICROSOFT).unwrap();
    let error = File::open(&path).unwrap_err();
    let off = matches!(error, Error::FeatureOff { feature: "microsoft", .. });
    assert_eq!(off, !cfg!(feature = "microsoft"), "{error}");
}

/// Any level may be asked for; without zstd each is level 0, and the file says so.
#[test]
fn levels_without_zstd() {
    let column: ArrayRef = Arc::new((0..5000_i64).map(|i| Some(i * i % 1000)).collect::<Int64Array>());
    let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
    let folder = folder();
    for level in 0..=9 {
        let file = write(&folder, std::slice::from_ref(&batch), WriteOptions::default().with_level(level));
        let zstd = cfg!(feature = "zstd") && level > 0;
        assert_eq!(file.compression(), if zstd { "zstd" } else { "none" });
        assert_same(std::slice::from_ref(&batch), &read_all(&file));
    }
}

fn golden() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/xdf-5.0.xdf")
}
