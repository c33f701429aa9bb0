//! Of any bytes that decode, the answers of kernels are those of the decoded values.
#![no_main]

use std::io::Write;

use arrow_array::Array;
use libfuzzer_sys::fuzz_target;
use xdf::Scalar;
use xdf::encoded::{Predicate, Sum};

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::Builder::new().suffix(".xdf").tempfile().expect("a temporary file");
    file.write_all(bytes).expect("written");
    // checksums off: the kernels themselves are to be reached
    let mut options = xdf::OpenOptions::default();
    options.verify_checksums = false;
    let Ok(file) = xdf::File::open_with(file.path(), &options) else { return };
    for block in 0..file.num_blocks().min(16) {
        for column in 0..file.schema().fields().len().min(64) {
            let Ok(column) = file.read_encoded(block, column) else { continue };
            let answers = (column.sum(), column.min_max(), column.group_codes());
            let Ok(array) = column.to_array() else { continue };
            assert_eq!(column.rows(), array.len());
            let missing = column.missing().expect("values decode");
            assert_eq!(column.count(&Predicate::Missing).expect("values decode"), missing);
            let (sum, extremes, groups) = answers;
            assert!(groups.expect("values decode").is_none_or(|groups| groups.codes.len() == array.len()));
            let Some((min, max)) = extremes.expect("values decode") else { continue };
            let count = |predicate| column.count(&predicate).expect("values decode");
            let present = array.len() - missing;
            assert_eq!(count(Predicate::Between(min.clone(), max.clone())), present);
            assert_eq!(count(Predicate::Less(min.clone())) + count(Predicate::Greater(max.clone())), 0);
            assert!(count(Predicate::Equal(min.clone())) > 0 && count(Predicate::Equal(max.clone())) > 0);
            if let (Ok(Some(Sum::Integer(sum))), Some(low), Some(high)) = (sum, whole(&min), whole(&max)) {
                assert!((low * present as i128..=high * present as i128).contains(&sum));
            }
        }
    }
});

fn whole(scalar: &Scalar) -> Option<i128> {
    match scalar {
        Scalar::Int(value) => Some(i128::from(*value)),
        Scalar::UInt(value) => Some(i128::from(*value)),
        _ => None,
    }
}
