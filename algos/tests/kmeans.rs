//! k-means against R's `kmeans(algorithm = "Lloyd")` from the same centers (`golden/kmeans.R`; `golden/kmeans_sklearn.py`
//! has compared the same with scikit-learn) and against a loop over all distances, with rows in memory and in passes.

mod tables;

use algos::kmeans::{KMeans, KMeansModel, KMeansOptions};
use algos::model::{self, Model};
use algos::predict::{PredictOptions, Scale};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use engine::source::MemorySource;
use engine::{BlockSource, Local, ScanOptions};
use proptest::prelude::*;
use serde::Deserialize;
use tables::{Column, Sequence, assert_close, csv, numbers, table};

const GOLDEN: &str = include_str!("golden/kmeans.json");
const POLICIES: &str = include_str!("golden/policies.csv");
const ATTITUDE: &str = include_str!("data/attitude.csv");

#[derive(Deserialize)]
struct Case {
    file: String,
    formula: String,
    start: Vec<f64>,
    centers: Vec<f64>,
    withinss: Vec<f64>,
    totss: f64,
    betweenss: f64,
    size: Vec<u64>,
    iterations: u32,
    early: Vec<f64>,
    cluster: Vec<i32>,
}

fn fit(
    formula: &str,
    source: &dyn BlockSource,
    options: KMeansOptions,
    threads: usize,
    rows: usize,
) -> algos::Result<KMeansModel> {
    let scan = ScanOptions::default().with_block_rows(rows);
    KMeans::new(formula)?.with_options(options)?.fit(source, &scan, &Local::new(threads))
}

fn clusters(model: &KMeansModel, source: &dyn BlockSource) -> Vec<Option<i32>> {
    let blocks = source.open(&ScanOptions::default()).unwrap();
    let predicted = blocks.map(|block| model.predict(&block.unwrap(), &PredictOptions::default()).unwrap());
    predicted
        .flat_map(|batch| batch.column(0).as_primitive::<Int32Type>().iter().collect::<Vec<_>>())
        .collect()
}

#[track_caller]
fn assert_all_close(got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    let scale = expected.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() <= tolerance * scale, "got {got}, expected {expected}");
    }
}

#[test]
fn r_and_scikit_learn() {
    for case in serde_json::from_str::<Vec<Case>>(GOLDEN).unwrap() {
        let source = csv(if case.file == "policies" { POLICIES } else { ATTITUDE });
        let k = case.size.len();
        for (memory, threads, rows) in [(1 << 20, 1, 1000), (1 << 20, 2, 7), (0, 2, 7), (0, 1, 1000)] {
            let options = KMeansOptions {
                clusters: k,
                centers: Some(case.start.clone()),
                memory,
                ..KMeansOptions::default()
            };
            let model = fit(&case.formula, &source, options.clone(), threads, rows).unwrap();
            assert_all_close(&model.centers, &case.centers, 1e-14);
            assert_all_close(&model.withinss, &case.withinss, 1e-13);
            assert_close(model.totss, case.totss, 1e-13);
            assert_close(model.tot_withinss, case.withinss.iter().sum(), 1e-13);
            assert!((model.betweenss - case.betweenss).abs() <= 1e-12 * case.totss);
            assert_eq!((&model.size, model.converged), (&case.size, true));
            // R treats a single cluster aside
            assert!(k == 1 || model.iterations == case.iterations, "{} {}", case.formula, model.iterations);
            let found: Vec<i32> = clusters(&model, &source).into_iter().map(Option::unwrap).collect();
            assert_eq!(found, case.cluster);

            let early = KMeansOptions { max_iterations: 2, ..options };
            let early = fit(&case.formula, &source, early, threads, rows).unwrap();
            assert_all_close(&early.centers, &case.early, 1e-14);
            assert_eq!((early.iterations, early.converged), (2, k == 1));
        }
    }
}

#[test]
fn rxkmeans_layout() {
    // from the heading of clusters to the sums of squares what R 4.2 prints
    let options = KMeansOptions {
        clusters: 3,
        centers: Some(vec![43.0, 51.0, 67.0, 61.0, 50.0, 58.0]),
        ..KMeansOptions::default()
    };
    let mut model = fit("~ rating + complaints", &csv(ATTITUDE), options, 1, 7).unwrap();
    model.set_origin("rxKmeans(...)".into(), "attitude.csv".into());
    let expected = "\
Call:
rxKmeans(...)

K-means Clustering Results for: ~ rating + complaints
File name: attitude.csv
Number of valid observations: 30
Number of missing observations: 0

K-means clustering with 3 clusters of sizes 6, 12, 12

Cluster means:
    rating complaints
1 45.66667   49.66667
2 75.50000   79.91667
3 63.25000   61.75000

Within cluster sum of squares by cluster:
[1] 496.6667 741.9167 470.5000
 (between_SS / total_SS =  81.9 %)

Number of iterations: 6
";
    assert_eq!(model.to_string(), expected);
}

fn blobs(rows: usize, seed: u64) -> MemorySource {
    let mut random = Sequence(seed);
    let (mut x, mut y, mut f) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rows {
        let blob = random.below(4);
        x.push((random.next() > 0.02).then(|| blob as f64 * 3.0 + random.normal()));
        y.push((random.next() > 0.02).then(|| (blob % 2) as f64 * 5.0 + random.normal()));
        f.push((random.next() > 0.02).then_some((blob / 2) as i32));
    }
    table(vec![
        ("x", Column::Numbers(x)),
        ("y", Column::Numbers(y)),
        ("f", Column::Factor(f, vec!["a", "b"])),
    ])
}

#[test]
fn a_result_depends_neither_on_threads_nor_on_where_rows_are() {
    let source = blobs(10_000, 1);
    let options = |memory| KMeansOptions { clusters: 6, num_starts: 3, memory, ..KMeansOptions::default() };
    let one = fit("~ x + y + f", &source, options(1 << 30), 1, 3000).unwrap();
    assert_eq!(fit("~ x + y + f", &source, options(1 << 30), 3, 3000).unwrap(), one);
    let passes = fit("~ x + y + f", &source, options(0), 1, 3000).unwrap();
    assert_eq!(fit("~ x + y + f", &source, options(0), 3, 3000).unwrap().centers, passes.centers);
    assert_all_close(&passes.centers, &one.centers, 1e-11);
    assert_eq!((&passes.size, passes.iterations), (&one.size, one.iterations));
    assert_all_close(&[passes.tot_withinss, passes.totss], &[one.tot_withinss, one.totss], 1e-12);
    // every row is with its nearest center, and those that lack a value are with none
    let found = clusters(&one, &source);
    let counted = |cluster| found.iter().filter(|&&found| found == Some(cluster)).count() as u64;
    assert_eq!((1..=6).map(counted).collect::<Vec<_>>(), one.size);
    assert_eq!(found.iter().filter(|found| found.is_none()).count() as u64, one.n_missing_obs);
    assert!(one.n_missing_obs > 300 && one.n_missing_obs + one.n_valid_obs == 10_000);
}

#[test]
fn more_starts_are_no_worse_and_the_first_rows_can_be_one() {
    let source = blobs(2000, 2);
    let ends = |num_starts, seed| {
        let options = KMeansOptions { clusters: 5, num_starts, seed, ..KMeansOptions::default() };
        fit("~ x + y", &source, options, 2, 500).unwrap()
    };
    let one = ends(1, 1);
    assert!(ends(8, 1).tot_withinss <= one.tot_withinss);
    assert_ne!(ends(1, 2).centers, one.centers);
    let first = KMeansOptions { clusters: 2, num_starts: 0, max_iterations: 0, ..KMeansOptions::default() };
    let source = csv("x\n5\n9\n1\n8\n");
    let first = fit("~ x", &source, first, 1, 2).unwrap();
    assert_eq!((first.centers, first.size, first.withinss), (vec![5.0, 9.0], vec![2, 2], vec![16.0, 1.0]));
}

/// Labels by a loop over all distances, and how many iterations it took.
fn brute(rows: &[[f64; 2]], mut centers: Vec<[f64; 2]>) -> (Vec<usize>, u32) {
    let mut labels = vec![usize::MAX; rows.len()];
    for iteration in 1.. {
        let mut moved = false;
        for (row, label) in rows.iter().zip(&mut labels) {
            let distance = |center: &[f64; 2]| (row[0] - center[0]).powi(2) + (row[1] - center[1]).powi(2);
            let (mut best, mut least) = (0, f64::INFINITY);
            for (number, center) in centers.iter().enumerate() {
                if distance(center) < least {
                    (best, least) = (number, distance(center));
                }
            }
            moved |= *label != best;
            *label = best;
        }
        if !moved {
            return (labels, iteration);
        }
        for (number, center) in centers.iter_mut().enumerate() {
            let own: Vec<&[f64; 2]> =
                rows.iter().zip(&labels).filter(|(_, l)| **l == number).map(|(r, _)| r).collect();
            if !own.is_empty() {
                *center = [0, 1].map(|j| own.iter().map(|row| row[j]).sum::<f64>() / own.len() as f64);
            }
        }
    }
    unreachable!()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Ties between whole numbers may go either way by rounding about the means; without ties labels are equal.
    #[test]
    fn bounds_never_change_an_assignment(
        points in proptest::collection::vec((-8_i32..8, -8_i32..8), 4..200),
        k in 1_usize..6,
        memory in any::<bool>(),
        ties in any::<bool>(),
    ) {
        let mut random = Sequence(points.len() as u64);
        let mut number = |x: i32| f64::from(x) + if ties { 0.0 } else { random.next() };
        let rows: Vec<[f64; 2]> = points.iter().map(|&(x, y)| [number(x), number(y)]).collect();
        let start: Vec<[f64; 2]> = rows[..k.min(4)].to_vec();
        let (labels, iterations) = brute(&rows, start.clone());
        let source = table(vec![
            ("x", numbers(rows.iter().map(|row| row[0]))),
            ("y", numbers(rows.iter().map(|row| row[1]))),
        ]);
        let options = KMeansOptions {
            clusters: start.len(),
            centers: Some(start.concat()),
            memory: if memory { 1 << 20 } else { 0 },
            ..KMeansOptions::default()
        };
        let model = fit("~ x + y", &source, options, 2, 50).unwrap();
        prop_assert!(model.converged);
        let found: Vec<usize> =
            clusters(&model, &source).into_iter().map(|cluster| cluster.unwrap() as usize - 1).collect();
        if !ties {
            prop_assert_eq!(&found, &labels);
            prop_assert_eq!(model.iterations, iterations);
        }
        let square = |(row, &label): (&[f64; 2], &usize)| {
            let center = model.center(label);
            (row[0] - center[0]).powi(2) + (row[1] - center[1]).powi(2)
        };
        let squares: f64 = rows.iter().zip(&found).map(square).sum();
        prop_assert!((squares - model.tot_withinss).abs() <= 1e-9 * (1.0 + squares));
    }
}

#[test]
fn a_cluster_without_rows_keeps_its_center() {
    for memory in [0, 1 << 20] {
        let options = KMeansOptions {
            clusters: 3,
            centers: Some(vec![0.0, 1000.0, 11.0]),
            memory,
            ..KMeansOptions::default()
        };
        let model = fit("~ x", &csv("x\n1\n2\n10\n12\n"), options, 1, 2).unwrap();
        assert_eq!(model.size, [2, 0, 2]);
        assert_all_close(&model.centers, &[1.5, 1000.0, 11.0], 1e-15);
        assert_eq!(model.withinss, [0.5, 0.0, 2.0]);
        assert!(model.to_string().contains("1 of the clusters have no rows"));
    }
}

#[test]
fn large_means_cost_no_digits() {
    let near = csv("x\n1\n2\n10\n12\n33\n35\n");
    let far = table(vec![("x", numbers([1.0, 2.0, 10.0, 12.0, 33.0, 35.0].map(|x| 1e15 + x)))]);
    for memory in [0, 1 << 20] {
        let options = |shift: f64| KMeansOptions {
            clusters: 3,
            centers: Some([1.0, 10.0, 33.0].map(|x| shift + x).to_vec()),
            memory,
            ..KMeansOptions::default()
        };
        let expected = fit("~ x", &near, options(0.0), 1, 4).unwrap();
        let model = fit("~ x", &far, options(1e15), 1, 4).unwrap();
        assert_eq!((&model.size, model.iterations), (&expected.size, expected.iterations));
        assert_all_close(&model.withinss, &expected.withinss, 1e-12);
        assert_close(model.totss, expected.totss, 1e-12);
    }
}

#[test]
fn degenerate_data() {
    let with = |k| KMeansOptions { clusters: k, ..KMeansOptions::default() };
    let error = |formula: &str, text: &str, options: KMeansOptions| {
        fit(formula, &csv(text), options, 2, 3).unwrap_err().to_string()
    };
    assert!(error("~ x", "x\n", with(1)).contains("no valid observations"));
    assert!(error("~ x", "x\nNaN\nNaN\n", with(1)).contains("of 2 rows"));
    assert!(error("~ x", "x\n1\n", with(2)).contains("only 1 complete"));
    assert!(error("~ x", "x\n1\n1\n1\n", with(2)).contains("1 different"));
    assert!(error("~ x", "x\n1\ninf\n3\n", with(2)).contains("infinite"));
    assert!(error("~ x", "x\n1\n1e200\n3\n", with(2)).contains("'x'"));
    assert!(error("y ~ x", "x,y\n1,2\n", with(1)).contains("no response"));
    assert!(error("~ 1", "x\n1\n", with(1)).contains("no variables"));
    assert!(error("~ x", "x\n1\n", with(0)).contains("clusters"));
    assert!(
        error("~ x", "x\n1\n2\n", KMeansOptions { num_start_rows: 1, ..with(2) }).contains("num_start_rows")
    );
    assert!(
        error("~ x", "x\n1\n2\n", KMeansOptions { centers: Some(vec![1.0]), ..with(2) })
            .contains("take 2 numbers")
    );
    assert!(
        error("~ x", "x\n1\n", KMeansOptions { centers: Some(vec![f64::NAN]), ..with(1) }).contains("NaN")
    );
    let one = fit("~ x", &csv("x\n4\n"), with(1), 1, 1).unwrap();
    assert_eq!((one.centers, one.withinss, one.totss), (vec![4.0], vec![0.0], 0.0));
    let constant = fit("~ x + y", &csv("x,y\n4,1\n4,2\n4,9\n"), with(2), 1, 1).unwrap();
    assert_eq!(constant.size.iter().sum::<u64>(), 3);
    let unknown = fit("~ x", &table(vec![("x", Column::Numbers(vec![None; 3]))]), with(1), 1, 2).unwrap_err();
    assert!(unknown.to_string().contains("of 3 rows"), "{unknown}");
}

#[test]
fn distances_and_model_files() {
    let source = csv("x,g\n1,a\n2,a\n10,b\n12,b\n");
    let options = KMeansOptions {
        clusters: 2,
        centers: Some(vec![1.0, 1.0, 0.0, 10.0, 0.0, 1.0]),
        ..KMeansOptions::default()
    };
    let model = fit("~ x + g", &source, options, 1, 4).unwrap();
    assert_eq!(model.names, ["x", "g=a", "g=b"]);
    let loaded = model::from_bytes(&model::to_bytes(&model).unwrap(), "test").unwrap();
    assert_eq!((loaded.kind(), loaded.to_json()), ("kmeans", model.to_json()));
    let options = PredictOptions { scale: Scale::Distance, ..PredictOptions::default() };
    let new = table(vec![
        ("x", Column::Numbers(vec![Some(3.0), None, Some(f64::INFINITY), Some(11.0)])),
        ("g", Column::Factor(vec![Some(0), Some(0), Some(0), Some(1)], vec!["b", "unknown"])),
    ]);
    let block = new.open(&ScanOptions::default()).unwrap().next().unwrap().unwrap();
    let batch = loaded.predict(&block, &options).unwrap();
    let names: Vec<_> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, [".rxCluster", ".rxDistance1", ".rxDistance2"]);
    let labels: Vec<_> = batch.column(0).as_primitive::<Int32Type>().iter().collect();
    assert_eq!(labels, [Some(1), None, None, None]);
    let to = |column: usize| batch.column(column).as_primitive::<Float64Type>().value(0);
    assert_close(to(1), (1.5_f64 * 1.5 + 2.0).sqrt(), 1e-15);
    assert_close(to(2), 8.0, 1e-15);
    assert!(batch.column(2).is_null(3));
    let refused = PredictOptions { residuals: true, ..PredictOptions::default() };
    assert!(loaded.output_schema(&refused).unwrap_err().to_string().contains("clusters have none"));
    let refused = PredictOptions { scale: Scale::Link, ..PredictOptions::default() };
    assert!(loaded.output_schema(&refused).unwrap_err().to_string().contains("scale"));
}
