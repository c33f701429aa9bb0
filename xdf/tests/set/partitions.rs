//! Partitioned sets: the order of keys, and each partition as a set.

use xdf::set::{Key, SetMode, SetOptions};
use xdf::{Error, PartWriter, Scalar, Set};

use crate::tables::folder;
use crate::{options, row_numbers, rows};

fn key(factor: Option<&str>, row: Option<i64>) -> Key {
    Key(vec![factor.map(|text| Scalar::Text(text.to_owned())), row.map(Scalar::Int)])
}

fn keyed(mode: SetMode) -> SetOptions {
    SetOptions { keys: vec!["factor".to_owned(), "row".to_owned()], mode, ..options() }
}

/// Writes one row for each key, whose values are not compared with it.
fn write(path: &std::path::Path, mode: SetMode, keys: &[(Key, i32)]) -> Set {
    let token = Set::begin(path, rows(0, 1).schema(), &keyed(mode)).unwrap();
    for (number, (key, row)) in (0..).zip(keys) {
        let mut writer = PartWriter::create_keyed(&token, number, key.clone()).unwrap();
        writer.write(&rows(*row, row + 1)).unwrap();
        writer.finish().unwrap();
    }
    Set::commit(&token).unwrap()
}

#[test]
fn partitions_are_in_the_order_of_their_keys_and_grow() {
    let folder = folder();
    let path = folder.path().join("s");
    // rows 7, 14, 63 find the levels 1, 2, 0 in this order
    let set = write(
        &path,
        SetMode::Create,
        &[
            (key(None, Some(1)), 7),
            (key(Some("level 2"), None), 14),
            (key(Some("level 0"), Some(3)), 63),
            (key(Some("level 1"), Some(10)), 8),
            (key(Some("level 1"), Some(-9)), 9),
            (key(Some("level 1"), Some(10)), 10),
        ],
    );
    assert_eq!(set.keys(), ["factor", "row"]);
    let expected = [
        (key(Some("level 1"), Some(-9)), 1, 0..1),
        (key(Some("level 1"), Some(10)), 2, 1..3),
        (key(Some("level 2"), None), 1, 3..4),
        (key(Some("level 0"), Some(3)), 1, 4..5),
        (key(None, Some(1)), 1, 5..6),
    ];
    let found: Vec<_> = set.partitions().into_iter().map(|p| (p.key, p.rows, p.parts)).collect();
    assert_eq!(found, expected);
    assert_eq!(row_numbers(&set), [9, 8, 10, 14, 63, 7]);
    let one = set.partition(&key(Some("level 1"), Some(10))).unwrap();
    assert_eq!((one.num_rows(), one.num_parts(), row_numbers(&one)), (2, 2, vec![8, 10]));
    assert_eq!(one.partitions().len(), 1);
    assert_eq!(one.schema(), set.schema());
    let error = set.partition(&key(Some("level 1"), None)).unwrap_err();
    assert!(matches!(error, Error::NoSuchPartition { .. }));
    assert!(error.to_string().contains("('level 1', missing)"), "{error}");

    let set = write(&path, SetMode::Append, &[(key(Some("level 1"), Some(-9)), 15)]);
    assert_eq!(row_numbers(&set), [9, 15, 8, 10, 14, 63, 7]);
    assert_eq!(Set::open(&path).unwrap().partitions(), set.partitions());
}

#[test]
fn keys_must_fit_the_columns() {
    let folder = folder();
    let path = folder.path().join("s");
    let begin = |keys: &[&str]| {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Set::begin(&path, rows(0, 1).schema(), &SetOptions { keys, ..options() })
    };
    for (keys, problem) in
        [(["absent"].as_slice(), "'absent'"), (&["float"], "'float' Float64"), (&["row", "row"], "twice")]
    {
        let error = begin(keys).unwrap_err();
        assert!(matches!(error, Error::KeyColumns { .. }), "{error}");
        assert!(error.to_string().contains(problem), "{error}");
    }
    assert!(!path.exists());
    let token = begin(&["factor", "row"]).unwrap();
    for wrong in [
        Key::default(),
        Key(vec![Some(Scalar::Int(1)), Some(Scalar::Int(1))]),
        Key(vec![None, Some(Scalar::Text("1".into()))]),
        Key(vec![None, None, None]),
    ] {
        assert!(matches!(PartWriter::create_keyed(&token, 0, wrong), Err(Error::KeyColumns { .. })));
    }
    assert!(PartWriter::create(&token, 0).is_err());
    write(&folder.path().join("t"), SetMode::Create, &[(key(None, None), 1)]);
    let other = SetOptions { keys: vec!["row".into()], mode: SetMode::Append, ..options() };
    let error = Set::begin(folder.path().join("t"), rows(0, 1).schema(), &other).unwrap_err();
    assert!(error.to_string().contains("factor, row"), "{error}");
}
