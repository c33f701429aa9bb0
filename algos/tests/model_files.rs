//! Model files: round trips, damage of every kind, later versions, and a file of the first version kept for ever.

mod tables;

use algos::design::Weights;
use algos::glm::{Glm, GlmModel, GlmOptions};
use algos::kmeans::{KMeans, KMeansModel, KMeansOptions};
use algos::linear::{LinModModel, LinModOptions};
use algos::model::{self, FORMAT_VERSION, Model};
use algos::naive_bayes::{NaiveBayes, NaiveBayesModel};
use algos::{Error, Result};
use proptest::prelude::*;
use tables::{csv, fit_with};

const GOLDEN: &[u8] = include_bytes!("golden/lin_mod_v1.xdfmodel");
const GOLDEN_KMEANS: &[u8] = include_bytes!("golden/kmeans_v1.xdfmodel");
const GOLDEN_BAYES: &[u8] = include_bytes!("golden/naive_bayes_v1.xdfmodel");
const GOLDEN_LOGIT: &[u8] = include_bytes!("golden/logit_v1.xdfmodel");

fn example() -> LinModModel {
    let weights = Weights { probability: Some("w".into()), frequency: None };
    let options = LinModOptions { weights, cov_coef: true, cov_data: true, ..LinModOptions::default() };
    let source = csv("y,f,x,w\n1,a,1,1\n2,b,2,2\n4,a,3,1\n3,b,5,0.5\n5,b,7,1\n9,c,8,3\n8,c,9,1\n");
    fit_with("y ~ f + x + log(x) + F(x, 1, 9):f", &source, options)
        .with_call("rxLinMod(...)")
        .with_data("small")
}

fn logistic() -> GlmModel {
    let options = GlmOptions { cov_coef: true, offset: Some("o".into()), ..GlmOptions::default() };
    let estimator = Glm::logit("y ~ f + x + F(x, 1, 9):f").unwrap().with_options(options).unwrap();
    let rows =
        "y,f,x,o\nno,a,1,0\nyes,b,2,0.1\nno,a,3,0\nyes,b,5,0\nno,b,7,0\nyes,a,8,0.2\nyes,a,1,0\nno,b,2,0\n";
    engine::fit(&estimator, &csv(rows), &engine::ScanOptions::default(), &engine::Local::new(1)).unwrap()
}

fn clusters() -> KMeansModel {
    let options = KMeansOptions { clusters: 2, num_starts: 3, ..KMeansOptions::default() };
    let kmeans = KMeans::new("~ x + f").unwrap().with_options(options).unwrap();
    let source = csv("x,f\n1,a\n2,a\n4,b\n30,b\n35,a\nNaN,b\n");
    let mut model = kmeans.fit(&source, &engine::ScanOptions::default(), &engine::Local::new(1)).unwrap();
    model.set_origin("rxKmeans(...)".into(), "small".into());
    model
}

fn bayes() -> NaiveBayesModel {
    let estimator = NaiveBayes::new("y ~ f + x").unwrap().with_smoothing_factor(0.5).unwrap();
    let source = csv("y,f,x\nno,a,1\nyes,b,2\nno,a,NaN\nyes,a,5\nno,b,7\nno,b,8\n");
    let scan = engine::ScanOptions::default();
    let mut model = engine::fit(&estimator, &source, &scan, &engine::Local::new(1)).unwrap();
    model.set_origin("rxNaiveBayes(...)".into(), "small".into());
    model
}

fn lin_mod(loaded: &dyn Model) -> &LinModModel {
    loaded.as_any().downcast_ref().unwrap()
}

#[test]
fn round_trip() {
    let original = example();
    let bytes = model::to_bytes(&original).unwrap();
    let loaded = model::from_bytes(&bytes, "test").unwrap();
    assert_eq!(loaded.kind(), "lin_mod");
    assert_eq!(loaded.summary(), original.summary());
    assert_eq!(loaded.to_json(), original.to_json());
    assert_eq!(lin_mod(loaded.as_ref()).design, original.design);
    assert_eq!(model::to_bytes(loaded.as_ref()).unwrap(), bytes);
}

#[test]
fn files_appear_whole_and_are_not_replaced_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xdfmodel");
    let original = example();
    let bytes = model::save(&original, &path, false).unwrap();
    assert_eq!(bytes, std::fs::metadata(&path).unwrap().len());
    assert!(model::save(&original, &path, false).unwrap_err().to_string().contains("exists"));
    model::save(&original, &path, true).unwrap();
    assert_eq!(model::load(&path).unwrap().summary(), original.summary());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let missing = model::load(folder.path().join("b.xdfmodel")).err().unwrap();
    assert!(matches!(missing, Error::Io { .. }), "{missing}");
}

fn error_of(result: Result<Box<dyn Model>>) -> String {
    result.err().expect("the bytes are damaged").to_string()
}

#[test]
fn truncated_and_flipped_files_are_named_as_such() {
    let bytes = model::to_bytes(&example()).unwrap();
    for length in 0..bytes.len() {
        error_of(model::from_bytes(&bytes[..length], "cut.xdfmodel"));
    }
    assert!(error_of(model::from_bytes(&bytes[..bytes.len() - 1], "cut.xdfmodel")).contains("truncated"));
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        error_of(model::from_bytes(&flipped, "flipped.xdfmodel"));
    }
    let mut longer = bytes;
    longer.push(0);
    error_of(model::from_bytes(&longer, "longer.xdfmodel"));
    let foreign = error_of(model::from_bytes(b"a text that is no model at all, but long enough", "foreign"));
    assert!(foreign.contains("foreign") && foreign.contains("XDFMODEL"), "{foreign}");
}

#[derive(serde::Serialize)]
struct Other {
    kind: &'static str,
    writer: &'static str,
    model: u8,
}

#[test]
fn later_versions_and_unknown_kinds() {
    let mut bytes = model::to_bytes(&example()).unwrap();
    bytes[8] = 2;
    let error = error_of(model::from_bytes(&bytes, "next.xdfmodel"));
    assert!(error.contains("format version 2") && error.contains("newer release"), "{error}");
    assert_eq!(FORMAT_VERSION, 1);

    let payload = rmp_serde::to_vec_named(&Other { kind: "perceptron", writer: "test", model: 0 }).unwrap();
    let error = error_of(model::from_bytes(&sealed(&payload), "other.xdfmodel"));
    assert!(error.contains("'perceptron'"), "{error}");
}

/// A file of any payload, with the right length and checksum.
fn sealed(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::from(model::MAGIC);
    bytes.extend(FORMAT_VERSION.to_le_bytes());
    bytes.extend((payload.len() as u64).to_le_bytes());
    bytes.extend(payload);
    let checksum = twox_hash::XxHash3_64::oneshot(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

#[test]
fn inconsistent_models_are_refused() {
    let bytes = model::to_bytes(&example()).unwrap();
    let payload = &bytes[20..bytes.len() - 8];
    let tampered = |change: &dyn Fn(&mut serde_json::Value)| {
        // through JSON, where NaN would be lost, so only lengths are looked at
        let mut value: serde_json::Value = rmp_serde::from_slice(payload).unwrap();
        change(&mut value);
        error_of(model::from_bytes(&sealed(&rmp_serde::to_vec_named(&value).unwrap()), "tampered"))
    };
    for change in [
        &(|v: &mut serde_json::Value| v["model"]["design"]["terms"][0]["variables"][0] = 99.into())
            as &dyn Fn(&mut serde_json::Value),
        &|v| v["model"]["aliased"] = serde_json::json!([true]),
        &|v| v["model"]["coefficient_names"] = serde_json::json!(["x"]),
        &|v| v["model"]["y_names"] = serde_json::json!([]),
        &|v| v["model"]["design"]["intercept"] = false.into(),
        &|v| v["model"]["design"] = 1.into(),
    ] {
        let error = tampered(change);
        assert!(error.contains("not a readable model"), "{error}");
    }
}

#[test]
fn the_first_version_is_read_for_ever() {
    let loaded = model::from_bytes(GOLDEN, "lin_mod_v1.xdfmodel").unwrap();
    let golden = lin_mod(loaded.as_ref());
    assert_eq!(golden.design.formula, "y ~ f + x + log(x) + F(x, 1, 9):f");
    assert_eq!(golden.coefficient_names, example().coefficient_names);
    for (a, b) in golden.coefficients[0].iter().zip(&example().coefficients[0]) {
        tables::assert_close(*a, *b, 1e-9);
    }
    assert_eq!(golden.call.as_deref(), Some("rxLinMod(...)"));
}

#[test]
fn a_logistic_regression_goes_through_bytes_and_time() {
    let original = logistic();
    let bytes = model::to_bytes(&original).unwrap();
    let loaded = model::from_bytes(&bytes, "test").unwrap();
    assert_eq!(loaded.kind(), "logit");
    assert_eq!(loaded.to_json(), original.to_json());
    assert_eq!(model::to_bytes(loaded.as_ref()).unwrap(), bytes);
    let golden = model::from_bytes(GOLDEN_LOGIT, "logit_v1.xdfmodel").unwrap();
    let golden: &GlmModel = golden.as_any().downcast_ref().unwrap();
    assert_eq!(golden.event.as_deref(), Some("yes"));
    assert_eq!(golden.coefficient_names, original.coefficient_names);
    for (a, b) in golden.coefficients.iter().zip(&original.coefficients) {
        // some cells are predicted without fault, so that only what is finite has digits
        assert!(
            a.is_nan() == b.is_nan() && (a.is_nan() || (a - b).abs() < 1e-6 * (1.0 + b.abs())),
            "{a} {b}"
        );
    }
}

#[test]
fn clusters_go_through_bytes_and_time() {
    let original = clusters();
    let bytes = model::to_bytes(&original).unwrap();
    let loaded = model::from_bytes(&bytes, "test").unwrap();
    assert_eq!((loaded.kind(), loaded.to_json()), ("kmeans", original.to_json()));
    let golden = model::from_bytes(GOLDEN_KMEANS, "kmeans_v1.xdfmodel").unwrap();
    let golden: &KMeansModel = golden.as_any().downcast_ref().unwrap();
    assert_eq!((&golden.names, &golden.size), (&original.names, &original.size));
    for (a, b) in golden.centers.iter().zip(&original.centers) {
        tables::assert_close(*a, *b, 1e-9);
    }
    assert_eq!(golden.data.as_deref(), Some("small"));
}

#[test]
fn classes_go_through_bytes_and_time() {
    let original = bayes();
    let bytes = model::to_bytes(&original).unwrap();
    let loaded = model::from_bytes(&bytes, "test").unwrap();
    assert_eq!((loaded.kind(), loaded.to_json()), ("naive_bayes", original.to_json()));
    let golden = model::from_bytes(GOLDEN_BAYES, "naive_bayes_v1.xdfmodel").unwrap();
    let golden: &NaiveBayesModel = golden.as_any().downcast_ref().unwrap();
    assert_eq!((&golden.levels, &golden.counts), (&original.levels, &original.counts));
    assert_eq!(golden.tables[0], original.tables[0]);
}

/// Writes the golden file anew: `cargo test -p rxdf-algos --test model_files write_golden -- --ignored --exact`.
#[test]
#[ignore = "writes the golden file of a new format version"]
fn write_golden() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/lin_mod_v1.xdfmodel");
    std::fs::write(path, model::to_bytes(&example()).unwrap()).unwrap();
}

/// As [`write_golden`], of a logistic regression.
#[test]
#[ignore = "writes the golden file of a new format version"]
fn write_golden_logit() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/logit_v1.xdfmodel");
    std::fs::write(path, model::to_bytes(&logistic()).unwrap()).unwrap();
}

/// As [`write_golden`], of clusters.
#[test]
#[ignore = "writes the golden file of a new format version"]
fn write_golden_kmeans() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/kmeans_v1.xdfmodel");
    std::fs::write(path, model::to_bytes(&clusters()).unwrap()).unwrap();
}

/// As [`write_golden`], of classes.
#[test]
#[ignore = "writes the golden file of a new format version"]
fn write_golden_bayes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/naive_bayes_v1.xdfmodel");
    std::fs::write(path, model::to_bytes(&bayes()).unwrap()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = model::from_bytes(&bytes, "random");
        let _ = model::from_bytes(&sealed(&bytes), "random");
    }

    #[test]
    fn damaged_payloads_under_a_right_checksum_never_panic(
        at in 0usize..3000, byte in any::<u8>(), drop in 0usize..50, kind in 0..4
    ) {
        let bytes = match kind {
            0 => GOLDEN_LOGIT.to_vec(),
            1 => GOLDEN_KMEANS.to_vec(),
            2 => GOLDEN_BAYES.to_vec(),
            _ => model::to_bytes(&example()).unwrap(),
        };
        let mut payload = bytes[20..bytes.len() - 8].to_vec();
        let at = at % payload.len();
        payload[at] = byte;
        payload.truncate(payload.len() - drop);
        if let Ok(loaded) = model::from_bytes(&sealed(&payload), "damaged") {
            let _ = (loaded.summary(), loaded.to_json());
            let source = csv("y,f,x,w,o\n1,a,1,1,0\n2,b,2,2,1\n");
            let block = engine::BlockSource::open(&source, &engine::ScanOptions::default()).unwrap().next();
            let _ = loaded.predict(&block.unwrap().unwrap(), &algos::predict::PredictOptions::default());
        }
    }
}
