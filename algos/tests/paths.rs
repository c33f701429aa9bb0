//! The same rows give the same answers, whatever they come from and however they are cut.
//!
//! Equal to the last bit: another file format, another number of threads. Equal to 1e-12: another block size.

use std::path::Path;
use std::sync::Arc;

use algos::glm::{Glm, GlmOptions};
use algos::linear::{LinMod, LinModModel, LinModOptions};
use algos::summary::{Summary, SummaryOptions, summarize};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Float32Array, Float64Array, Int16Array, Int32Array, RecordBatch,
};
use engine::formula::Formula;
use engine::sink::{self, DEFAULT_BLOCKS_PER_PART, SinkOptions};
use engine::source::text::{TextOptions, TextSource};
use engine::source::{ConcatSource, Format, MemorySource, SourceExt, XdfSource, open};
use engine::{BlockSource, Local, Project, ScanOptions, SelectRows, factor, transfer};

/// Enough rows that threads share the work whatever the block size.
const ROWS: usize = 560_000;

type Named = (String, Arc<dyn BlockSource>);

/// A table with effects to find, missing values, and a factor that has rare levels.
fn table() -> RecordBatch {
    let noise = |i: usize| ((i.wrapping_mul(2_654_435_761) >> 7) % 10_007) as f64 / 10_007.0 - 0.5;
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let hour = |i: usize| (noise(i.wrapping_mul(31) + 7) + 0.5) * 24.0;
    let delay = |i: usize| {
        (i % 37 != 5).then(|| 10.0 + hour(i) * 0.97 + (i % 7) as f64 - 3.0 + 40.0 * noise(i) * noise(i + 1))
    };
    let distance = |i: usize| (i % 101 != 9).then(|| ((i * 7919) % 2500) as i16);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("delay", Arc::new((0..ROWS).map(delay).collect::<Float64Array>())),
        ("hour", Arc::new((0..ROWS).map(|i| Some(hour(i) as f32)).collect::<Float32Array>())),
        ("distance", Arc::new((0..ROWS).map(distance).collect::<Int16Array>())),
        ("month", Arc::new((0..ROWS).map(|i| Some((i / 47_000) as i32 + 1)).collect::<Int32Array>())),
        (
            "day",
            Arc::new(
                (0..ROWS)
                    .map(|i| (i % 53 != 3).then(|| days[(i + i / 7) % 7]))
                    .collect::<DictionaryArray<Int32Type>>(),
            ),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap()
}

fn memory(batch: &RecordBatch, rows: usize) -> Arc<dyn BlockSource> {
    let batches =
        (0..batch.num_rows()).step_by(rows).map(|at| batch.slice(at, rows.min(batch.num_rows() - at)));
    Arc::new(MemorySource::try_new(&batch.schema(), batches).unwrap())
}

/// The rows of a source from every kind of file, and put together of parts.
fn everywhere(whole: &Arc<dyn BlockSource>, folder: &Path) -> Vec<Named> {
    let schema = whole.schema();
    let mut text = TextOptions::default();
    for field in schema.fields() {
        if factor::is_factor(field.data_type()) {
            text.factors.insert(field.name().clone(), xdf::metadata::levels(field).unwrap());
        } else {
            text.types.insert(field.name().clone(), field.data_type().clone());
        }
    }
    let mut sources = vec![("memory".to_owned(), Arc::clone(whole))];
    for (name, block_rows) in [
        ("t.xdf", 131_072),
        ("set of three parts", 65_536),
        ("small.xdf", 5000),
        ("t.parquet", 70_000),
        ("t.arrow", 9999),
        ("t.arrows", 1),
        ("t.csv", 1),
    ] {
        let path = folder.join(name);
        // blocks of text and Arrow files are those that are written
        let scan = ScanOptions::default().with_block_rows(block_rows.max(8191));
        let mut options = SinkOptions { block_rows, ..SinkOptions::default() };
        if name.starts_with("set") {
            options.format = Some(Format::Xdf);
            options.blocks_per_part = Some(DEFAULT_BLOCKS_PER_PART);
        }
        transfer(whole.open(&scan).unwrap(), sink::create(&path, &schema, &options).unwrap()).unwrap();
        let source = if name == "t.csv" {
            Arc::new(TextSource::open(vec![path], text.clone()).unwrap()) as Arc<dyn BlockSource>
        } else {
            open(&path).unwrap()
        };
        sources.push((name.to_owned(), source));
    }
    let all: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    sources.push(("projected".into(), Arc::clone(whole).with(Project::new(all)).unwrap()));
    sources
}

fn fit(
    formula: &str,
    cube: bool,
    source: &dyn BlockSource,
    block_rows: usize,
    threads: usize,
) -> LinModModel {
    let options = LinModOptions { cube, cov_coef: !cube, ..LinModOptions::default() };
    let estimator = LinMod::new(formula).unwrap().with_options(options).unwrap();
    let scan = ScanOptions::default().with_block_rows(block_rows);
    engine::fit(&estimator, source, &scan, &Local::new(threads)).unwrap()
}

/// Every number of a model.
fn numbers(model: &LinModModel) -> Vec<f64> {
    let mut numbers = Vec::new();
    for list in [&model.coefficients, &model.coef_std_error, &model.coef_t_value, &model.coef_p_value] {
        numbers.extend(list.iter().flatten());
    }
    for list in
        [&model.residual_squares, &model.total_squares, &model.sigma, &model.r_squared, &model.deviance]
    {
        numbers.extend(list);
    }
    numbers.extend(model.cov_coef.iter().flatten());
    numbers.extend(model.fstatistics.iter().flat_map(|f| &f.value));
    numbers.extend([model.n_valid_obs as f64, model.n_missing_obs as f64, model.condition_number]);
    numbers
}

fn bits(model: &LinModModel) -> (Vec<String>, Vec<u64>) {
    (model.coefficient_names.clone(), numbers(model).into_iter().map(f64::to_bits).collect())
}

fn summary(source: &dyn BlockSource, block_rows: usize, threads: usize, stored: bool) -> Summary {
    let formula = Formula::parse("~ delay + hour + distance + day + delay:day + hour:F(month):day").unwrap();
    let options = SummaryOptions { use_stored_statistics: stored, ..SummaryOptions::default() };
    let scan = ScanOptions::default().with_block_rows(block_rows);
    let mut summary = summarize(&formula, source, &options, &scan, &Local::new(threads)).unwrap();
    // what is asked of, not what is answered
    summary.data = String::new();
    summary.call = String::new();
    summary
}

fn near(found: f64, expected: f64, scale: f64, what: &str) {
    let tolerance = 1e-12 * scale.max(expected.abs());
    let both_missing = found.is_nan() && expected.is_nan();
    assert!(both_missing || (found - expected).abs() <= tolerance, "{what}: {found} is not near {expected}");
}

#[test]
fn the_same_fit_and_summary_from_every_source_with_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let whole = memory(&table(), 100_000);
    let sources = everywhere(&whole, folder.path());
    let formula = "delay ~ day + hour + distance:F(month, 1, 12)";
    for block_rows in [1000, 1_000_000] {
        let expected = bits(&fit(formula, false, whole.as_ref(), block_rows, 1));
        assert!(expected.1.len() > 100);
        let summarized = summary(whole.as_ref(), block_rows, 1, false);
        for (name, source) in &sources {
            for threads in [1, 2] {
                let found = bits(&fit(formula, false, source.as_ref(), block_rows, threads));
                assert!(found == expected, "{name}, {threads} threads, blocks of {block_rows}");
                let found = summary(source.as_ref(), block_rows, threads, false);
                assert!(found == summarized, "summary of {name}, {threads} threads, blocks of {block_rows}");
            }
        }
    }
}

#[test]
fn the_same_chances_from_every_source_with_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let whole = memory(&table(), 100_000);
    let sources = everywhere(&whole, folder.path());
    let fit = |formula: &str, source: &dyn BlockSource, cells: bool, threads: usize| -> Vec<u64> {
        let options =
            if cells { GlmOptions::default() } else { GlmOptions { cells: 0, ..Default::default() } };
        let estimator = Glm::logit(formula).unwrap().with_options(options).unwrap();
        let scan = ScanOptions::default().with_block_rows(5000);
        let model = engine::fit(&estimator, source, &scan, &Local::new(threads)).unwrap();
        assert_eq!(model.cells.is_some(), cells, "{formula}");
        let lists = [&model.coefficients, &model.coef_std_error, &model.df.to_vec()];
        let numbers = [model.deviance, model.null_deviance, model.condition_number, model.pearson];
        lists.into_iter().flatten().chain(&numbers).map(|x| x.to_bits()).collect()
    };
    for (formula, cells) in [("delay > 15 ~ day + month", true), ("delay > 15 ~ day + hour", false)] {
        let expected = fit(formula, whole.as_ref(), cells, 1);
        // a fit by rows is one pass for each iteration: one source of each way to read is enough
        for (name, source) in
            sources.iter().filter(|(name, _)| cells || ["t.xdf", "t.csv"].contains(&name.as_str()))
        {
            assert!(fit(formula, source.as_ref(), cells, 2) == expected, "{formula} from {name}");
        }
    }
}

#[test]
fn the_same_fit_and_summary_of_selected_rows_whether_blocks_are_left_out_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let whole = memory(&table(), 100_000);
    let select = |source: &Arc<dyn BlockSource>| {
        let selection = engine::expr::Expr::parse("month in (3, 4, 11) & hour > 6").unwrap();
        Arc::clone(source).with(SelectRows::new(selection)).unwrap()
    };
    let formula = "delay ~ day + hour + distance:F(month, 1, 12)";
    let sources = everywhere(&whole, folder.path());
    for (name, source) in sources.iter().filter(|(name, _)| name == "small.xdf" || name.starts_with("set")) {
        for block_rows in [1000, 200_000] {
            let (found, expected) = (select(source), select(&whole));
            let fitted =
                |source: &Arc<dyn BlockSource>| bits(&fit(formula, false, source.as_ref(), block_rows, 2));
            assert!(fitted(&found) == fitted(&expected), "{name}, blocks of {block_rows}");
            let summed = |source: &Arc<dyn BlockSource>| summary(source.as_ref(), block_rows, 2, true);
            assert!(summed(&found) == summed(&expected), "summary of {name}, blocks of {block_rows}");
        }
    }
}

#[test]
fn block_sizes_change_only_the_last_digits() {
    let whole = memory(&table(), 100_000);
    for (formula, cube) in [("delay ~ hour + day", false), ("delay ~ day:F(month, 1, 12) + hour", true)] {
        let small = fit(formula, cube, whole.as_ref(), 1000, 2);
        let large = fit(formula, cube, whole.as_ref(), 1_000_000, 2);
        assert_eq!(small.coefficient_names, large.coefficient_names);
        let scale = large.coefficients[0].iter().fold(0.0_f64, |scale, value| scale.max(value.abs()));
        for (at, name) in small.coefficient_names.iter().enumerate() {
            near(small.coefficients[0][at], large.coefficients[0][at], scale, name);
            near(small.coef_std_error[0][at], large.coef_std_error[0][at], 0.0, name);
        }
        near(small.sigma[0], large.sigma[0], 0.0, "sigma");
        near(small.r_squared[0], large.r_squared[0], 1.0, "r squared");
        assert_eq!((small.n_valid_obs, small.n_missing_obs), (large.n_valid_obs, large.n_missing_obs));
    }
    let (small, large) =
        (summary(whole.as_ref(), 1000, 2, false), summary(whole.as_ref(), 1_000_000, 2, false));
    for (small, large) in small.s_data_frame.iter().zip(&large.s_data_frame) {
        if let (Some(mean), Some(std_dev)) = (large.mean, large.std_dev) {
            near(small.mean.unwrap(), mean, 0.0, &large.name);
            near(small.std_dev.unwrap(), std_dev, 0.0, &large.name);
        }
        assert_eq!((small.min, small.max, small.valid_obs), (large.min, large.max, large.valid_obs));
    }
}

#[test]
fn stored_statistics_and_parts_agree_with_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let batch = table();
    let whole = memory(&batch, 100_000);
    let sources = everywhere(&whole, folder.path());
    let expected = summary(whole.as_ref(), 100_000, 2, false);
    let (_, stored) = sources.iter().find(|(name, _)| name == "small.xdf").unwrap();
    let half = ROWS / 2;
    let parts: Vec<Arc<dyn BlockSource>> =
        vec![memory(&batch.slice(0, half), 3333), memory(&batch.slice(half, ROWS - half), 50_000)];
    let parts = ConcatSource::try_new(parts).unwrap();
    for (name, found) in [
        ("stored", summary(stored.as_ref(), 100_000, 2, true)),
        ("parts", summary(&parts, 100_000, 2, true)),
        ("parts, other blocks", summary(&parts, 7777, 2, true)),
    ] {
        for (found, expected) in found.s_data_frame.iter().zip(&expected.s_data_frame) {
            assert_eq!(
                (found.valid_obs, found.missing_obs),
                (expected.valid_obs, expected.missing_obs),
                "{name}"
            );
            if let (Some(mean), Some(std_dev)) = (expected.mean, expected.std_dev) {
                near(found.mean.unwrap(), mean, 0.0, name);
                near(found.std_dev.unwrap(), std_dev, 0.0, name);
            }
        }
        for (found, expected) in found.categorical.iter().zip(&expected.categorical) {
            let counts = |table: &algos::summary::Categorical| -> Vec<(Vec<String>, f64)> {
                table.rows.iter().map(|row| (row.levels.clone(), row.counts)).collect()
            };
            assert_eq!(counts(found), counts(expected), "{name}");
        }
    }
}

#[test]
fn microsofts_files_fit_as_their_copies_do() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/xdf-microsoft/mtcars.xdf");
    if !Path::new(path).exists() {
        println!("skipped: needs ../shared");
        return;
    }
    let microsoft: Arc<dyn BlockSource> = Arc::new(XdfSource::open(path).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let blocks = microsoft.open(&ScanOptions::default()).unwrap();
    let schema = blocks.schema();
    let batches: Vec<RecordBatch> = blocks.map(|block| block.unwrap().batch).collect();
    let copy: Arc<dyn BlockSource> = Arc::new(MemorySource::try_new(&schema, batches).unwrap());
    let expected = fit("mpg ~ wt + hp", false, microsoft.as_ref(), 7, 1);
    // R: lm(mpg ~ wt + hp, mtcars)
    for (name, value) in [("(Intercept)", 37.227_27), ("wt", -3.877_831), ("hp", -0.031_772_95)] {
        let found = expected.coefficient(name).unwrap();
        assert!((found - value).abs() < 1e-6 * value.abs(), "{name}: {found}");
    }
    for (name, source) in everywhere(&copy, folder.path()) {
        for threads in [1, 2] {
            let found = fit("mpg ~ wt + hp", false, source.as_ref(), 7, threads);
            assert!(bits(&found) == bits(&expected), "{name}, {threads} threads");
        }
    }
}
