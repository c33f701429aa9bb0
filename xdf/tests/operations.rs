//! Any sequence of changes does to a file what it does to a table in memory, and any damage is repaired or refused.

mod support;

use std::fs;

use proptest::prelude::*;
use support::folder;
use support::operations::{Run, operations};
use xdf::{Error, File, repair};

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_follows_its_model(bytes in proptest::collection::vec(any::<u8>(), 20..160)) {
        let folder = folder();
        let (kinds, draw, operations) = operations(&bytes);
        let mut run = Run::begin(&folder.path().join("t.xdf"), kinds, draw).unwrap();
        for operation in &operations {
            run.step(operation).unwrap();
        }
        run.finish();
    }

    #[test]
    fn whatever_is_damaged_what_is_repaired_is_sound(
        bytes in proptest::collection::vec(any::<u8>(), 20..160),
        flips in proptest::collection::vec(any::<(u32, u8)>(), 1..6),
        cut in any::<Option<u32>>(),
    ) {
        let folder = folder();
        let path = folder.path().join("t.xdf");
        let (kinds, draw, operations) = operations(&bytes);
        let mut run = Run::begin(&path, kinds, draw).unwrap();
        for operation in &operations {
            run.step(operation).unwrap();
        }
        drop(run);
        let mut damaged = fs::read(&path).unwrap();
        for (place, bits) in flips {
            let place = place as usize % damaged.len();
            damaged[place] ^= bits;
        }
        if let Some(cut) = cut {
            damaged.truncate(cut as usize % damaged.len() + 1);
        }
        fs::write(&path, &damaged).unwrap();
        let target = folder.path().join("saved.xdf");
        match repair(&path, &target, false) {
            Ok(report) => {
                let file = File::open(&target).unwrap();
                prop_assert_eq!(file.verify().unwrap().damaged, vec![]);
                prop_assert_eq!(file.num_rows(), report.rows);
            }
            Err(error) => prop_assert!(matches!(error, Error::Irreparable { .. }), "{}", error),
        }
        prop_assert!(fs::read(&path).unwrap() == damaged);
    }
}
