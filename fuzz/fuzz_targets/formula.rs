//! Any text either parses or is refused; what parses prints as a formula that parses to the same.
#![no_main]

use engine::formula::Formula;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(formula) = Formula::parse(text) {
        let printed = formula.to_string();
        let again = Formula::parse(&printed).expect("a printed formula parses");
        assert_eq!(again.to_string(), printed);
    }
});
