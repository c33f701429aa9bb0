//! The example of the specification is a set that opens.

use std::fs;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use xdf::{File, Set};

use crate::read_all;
use crate::tables::{assert_same, folder};

#[test]
fn the_example_opens_and_its_codes_are_those_of_the_manifest() {
    let text = include_str!("../../../docs/spec/xdf5-set.md");
    let manifest = text.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/xdf-5.0.xdf");
    let folder = folder();
    fs::create_dir(folder.path().join("parts")).unwrap();
    fs::copy(golden, folder.path().join("parts/part-00000.xdf")).unwrap();
    fs::write(folder.path().join("manifest-00000001.json"), manifest).unwrap();
    let set = Set::open(folder.path()).unwrap();
    assert_same(&crate::tables::read_all(&File::open(golden).unwrap()), &read_all(&set));
    assert_eq!(set.schema().metadata()["made by"], "hand");
    let factor = set.read_block(0, &[15]).unwrap();
    let factor = factor.column(0).as_dictionary::<Int32Type>();
    assert_eq!(factor.values().as_string::<i32>().iter().flatten().next(), Some("Stufe 4"));
    let own = File::open(golden).unwrap().read_block(0, &[15]).unwrap();
    let own = own.column(0).as_dictionary::<Int32Type>();
    let codes = [1, 2, 0];
    let translated = own.keys().iter().map(|code| code.map(|code| codes[code as usize]));
    assert_eq!(factor.keys().iter().collect::<Vec<_>>(), translated.collect::<Vec<_>>());
}
