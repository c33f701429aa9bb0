//! Any sequence of changes does to a file what it does to a table in memory.

mod support;

use proptest::prelude::*;
use support::folder;
use support::operations::{Run, operations};

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

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
}
