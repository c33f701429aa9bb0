//! Parts and manifests that are not what was committed.

use std::fs;
use std::path::{Path, PathBuf};

use xdf::set::{SetMode, SetOptions};
use xdf::{Error, Set};

use crate::tables::folder;
use crate::{begin, hundred, options, rows, write};

fn manifest(path: &Path) -> PathBuf {
    path.join("manifest-00000001.json")
}

/// Changes the manifest and gives it the right checksum, by the rules of the specification.
fn rewrite(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(manifest(path)).unwrap();
    let place = text.find("\"checksum\":\"").unwrap() + "\"checksum\":\"".len();
    let zeros = format!("{}{}{}", &text[..place], "0".repeat(16), &text[place + 16..]);
    assert!(zeros.contains(from), "{zeros}");
    let changed = zeros.replacen(from, to, 1);
    let sum = twox_hash::XxHash3_64::oneshot(changed.as_bytes());
    let place = changed.find("\"checksum\":\"").unwrap() + "\"checksum\":\"".len();
    let text = format!("{}{sum:016x}{}", &changed[..place], &changed[place + 16..]);
    fs::write(manifest(path), text).unwrap();
}

#[test]
fn a_part_that_is_missing_or_another_is_named() {
    let folder = folder();
    let path = folder.path().join("s");
    let set = hundred(&path);
    let parts: Vec<PathBuf> = set.parts().iter().map(|part| path.join("parts").join(&part.file)).collect();
    let bytes = fs::read(&parts[1]).unwrap();
    let expect = |problem: &str| {
        let error = Set::open(&path).unwrap_err();
        assert!(matches!(error, Error::Part { .. }), "{error}");
        let (error, name) = (error.to_string(), &set.parts()[1].file);
        assert!(error.contains(problem) && error.contains(name.as_str()), "{error}");
        let reports = Set::verify(&path).unwrap();
        assert_eq!(reports.iter().map(xdf::set::PartReport::is_ok).collect::<Vec<_>>(), [true, false, true]);
    };
    fs::remove_file(&parts[1]).unwrap();
    expect("is missing");
    fs::copy(&parts[0], &parts[1]).unwrap();
    expect("is not the file that was committed");
    // the same length and the same rows, but other values
    let other = folder.path().join("other");
    let token = begin(&other, &options());
    write(&token, 0, &rows(40, 75));
    let other = Set::commit(&token).unwrap().part(0).unwrap().path().to_owned();
    assert_eq!(fs::metadata(&other).unwrap().len(), bytes.len() as u64);
    fs::copy(&other, &parts[1]).unwrap();
    assert!(Set::open(&path).is_ok(), "the same bytes are the same part");
    let mut wrong = bytes.clone();
    let last = wrong.len() - 100;
    wrong[last] ^= 1;
    fs::write(&parts[1], &wrong).unwrap();
    assert!(Set::open(&path).is_err());
    fs::write(&parts[1], &bytes[..bytes.len() - 1]).unwrap();
    expect("bytes, not");
    // damage in the data shows when they are read
    let mut wrong = bytes.clone();
    wrong[5000] ^= 1;
    fs::write(&parts[1], &wrong).unwrap();
    assert!(Set::open(&path).is_ok());
    let report = Set::verify(&path).unwrap().remove(1).report.unwrap();
    assert_eq!((report.blocks, report.damaged[0].block), (3, Some(0)));
    fs::write(&parts[1], &bytes).unwrap();
    assert_eq!(Set::open(&path).unwrap().num_rows(), 100);
    assert!(Set::verify(&path).unwrap().iter().all(xdf::set::PartReport::is_ok));
}

#[test]
fn every_byte_of_a_manifest_counts() {
    let folder = folder();
    let path = folder.path().join("s");
    hundred(&path);
    let bytes = fs::read(manifest(&path)).unwrap();
    for place in 0..bytes.len() {
        let mut wrong = bytes.clone();
        wrong[place] ^= 4;
        fs::write(manifest(&path), &wrong).unwrap();
        assert!(Set::open(&path).is_err(), "byte {place}");
    }
    for length in [0, 1, 11, 40, bytes.len() - 1] {
        fs::write(manifest(&path), &bytes[..length]).unwrap();
        let error = Set::open(&path).unwrap_err();
        assert!(matches!(error, Error::Damaged { what: "manifest", .. }), "{error}");
    }
    fs::write(manifest(&path), &bytes).unwrap();
    assert!(Set::open(&path).is_ok());
}

#[test]
fn a_manifest_that_lies_is_refused() {
    let folder = folder();
    for (from, to) in [
        ("\"xdf_set\":\"1.0\"", "\"xdf_set\":\"2.0\""),
        ("\"sequence\":1", "\"sequence\":2"),
        ("\"rows\":100", "\"rows\":101"),
        ("\"rows\":40", "\"rows\":18446744073709551615"),
        ("\"blocks\":3", "\"blocks\":4"),
        ("\"type\":\"int32\"", "\"type\":\"int64\""),
        ("\"type\":\"int32\"", "\"type\":\"int128\""),
        ("\"type\":\"int32\"", "\"type\":\"factor\""),
        ("\"name\":\"row\"", "\"name\":\"float\""),
        ("\"level 8\"", "\"level 9\""),
        ("\"level 8\"", "\"level 8\",\"level 8\""),
        ("\"parts\":[", "\"keys\":[\"row\"],\"parts\":["),
        ("\"parts\":[", "\"keys\":[\"absent\"],\"parts\":["),
        ("\"file\":\"", "\"file\":\"../parts/"),
        ("\"file\":\"", "\"file\":\"/etc/"),
        ("\"footer\":\"", "\"footer\":\"0"),
        ("\"size\":", "\"size\":1"),
    ] {
        let path = folder.path().join("s");
        hundred(&path);
        rewrite(&path, from, to);
        let error = Set::open(&path).map(drop).unwrap_err().to_string();
        assert!(error.contains(&*path.to_string_lossy()), "{from} -> {to}: {error}");
        fs::remove_dir_all(&path).unwrap();
    }
    // what a later minor version adds is stepped over
    let path = folder.path().join("s");
    hundred(&path);
    rewrite(&path, "\"xdf_set\":\"1.0\"", "\"xdf_set\":\"1.7\"");
    rewrite(&path, "\"sequence\":1", "\"sequence\":1,\"later\":{\"a\":[1]}");
    assert_eq!(Set::open(&path).unwrap().num_rows(), 100);
}

#[test]
fn numbers_at_their_ends_do_not_overflow() {
    let folder = folder();
    let path = folder.path().join("s");
    hundred(&path);
    let append = SetOptions { mode: SetMode::Append, ..options() };
    let begun = |number: u64| {
        let token = begin(&path, &append);
        write(&token, number, &rows(0, 10));
        token
    };
    let (last_rows, last_version) = (begun(0), begun(1));
    rewrite(&path, "\"rows\":100", &format!("\"rows\":{}", u64::MAX));
    rewrite(&path, "\"rows\":40", &format!("\"rows\":{}", u64::MAX - 60));
    let error = Set::commit(&last_rows).unwrap_err().to_string();
    assert!(error.contains("fewer than 2^64 rows"), "{error}");
    rewrite(&path, "\"sequence\":1", &format!("\"sequence\":{}", u64::MAX));
    fs::rename(manifest(&path), path.join(format!("manifest-{}.json", u64::MAX))).unwrap();
    let error = Set::commit(&last_version).unwrap_err().to_string();
    assert!(error.contains("fewer than 2^64 versions"), "{error}");
}

#[test]
fn a_session_whose_parts_are_damaged_is_not_committed() {
    let folder = folder();
    let path = folder.path().join("s");
    let token = begin(&path, &options());
    write(&token, 0, &rows(0, 10));
    let part = fs::read_dir(path.join("parts")).unwrap().next().unwrap().unwrap().path();
    let bytes = fs::read(&part).unwrap();
    fs::write(&part, &bytes[..100]).unwrap();
    assert!(matches!(Set::commit(&token), Err(Error::Part { .. })));
    fs::remove_file(&part).unwrap();
    assert!(matches!(Set::commit(&token), Err(Error::Part { .. })));
    assert!(!Set::recognises(&path));
    fs::write(&part, &bytes).unwrap();
    assert_eq!(Set::commit(&token).unwrap().num_rows(), 10);
}

#[test]
fn an_ordered_factor_keeps_one_order() {
    use arrow_array::types::Int32Type;
    use arrow_array::{ArrayRef, DictionaryArray, RecordBatch};
    use arrow_schema::{DataType, Field, Schema};
    use std::sync::Arc;
    let folder = folder();
    let path = folder.path().join("s");
    let data_type = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let field = xdf::metadata::set(Field::new("f", data_type, true), xdf::metadata::ORDERED, "true");
    let schema = Arc::new(Schema::new(vec![field]));
    let token = Set::begin(&path, Arc::clone(&schema), &options()).unwrap();
    for (number, texts) in [(0, ["low", "high"]), (1, ["high", "low"])] {
        let factor: DictionaryArray<Int32Type> = texts.into_iter().collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(factor) as ArrayRef]).unwrap();
        write(&token, number, &batch);
    }
    let error = Set::commit(&token).unwrap_err().to_string();
    assert!(error.contains("ordered factor") && error.contains("'low'"), "{error}");
}
