//! What a linear model does beyond numbers: reproducibility, degenerate data, layouts, options, errors.

mod tables;

use std::ops::ControlFlow;
use std::sync::Arc;

use algos::design::{LabelStyle, Weights};
use algos::gram::passes::GramPartial;
use algos::linear::{LinMod, LinModModel, LinModOptions};
use engine::source::MemorySource;
use engine::{Accumulator, BlockSource, Estimator, ScanOptions};
use tables::{Column, Sequence, assert_close, csv, fit, fit_with, numbers, table, try_fit};

fn flights(rows: usize) -> MemorySource {
    let mut next = Sequence(42);
    let mut delay = Vec::new();
    let mut time = Vec::new();
    let mut day = Vec::new();
    for _ in 0..rows {
        let d = next.below(7);
        let t = 24.0 * next.next();
        time.push(Some(t));
        day.push(Some(d as i32));
        let y = (10.0 + d as f64 + 0.9 * t + 30.0 * next.normal()).round();
        delay.push((next.below(40) > 0).then_some(y));
    }
    let days = vec!["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    table(vec![
        ("ArrDelay", Column::Numbers(delay)),
        ("CRSDepTime", Column::Numbers(time)),
        ("DayOfWeek", Column::Factor(day, days)),
    ])
}

#[test]
fn threads_change_nothing_and_block_sizes_only_the_last_digits() {
    let source = flights(700_000);
    let formula = "ArrDelay ~ DayOfWeek * CRSDepTime";
    let run = |threads, block| try_fit(formula, &source, LinModOptions::default(), threads, block).unwrap();
    let one = run(1, 100_000);
    let two = run(2, 100_000);
    let bits = |model: &LinModModel| {
        model.coefficients[0].iter().chain(&model.coef_std_error[0]).map(|x| x.to_bits()).collect::<Vec<_>>()
    };
    assert_eq!(bits(&one), bits(&two));
    for block in [1_000, 1_000_000] {
        let other = run(2, block);
        for (a, b) in one.coefficients[0].iter().zip(&other.coefficients[0]) {
            assert_close(*a, *b, 1e-12);
        }
        for (a, b) in one.coef_std_error[0].iter().zip(&other.coef_std_error[0]) {
            assert_close(*a, *b, 1e-12);
        }
        assert_close(one.residual_squares[0], other.residual_squares[0], 1e-12);
        assert_close(one.r_squared[0], other.r_squared[0], 1e-11);
    }
}

#[test]
fn large_means_lose_nothing() {
    let mut next = Sequence(7);
    let noise: Vec<f64> = (0..5000).map(|_| (next.next() * 1000.0).round()).collect();
    let y: Vec<f64> = noise.iter().map(|x| 3.0 * x + 0.5).collect();
    let source = table(vec![("y", numbers(y)), ("x", numbers(noise.iter().map(|x| x + 1e12)))]);
    let model = try_fit("y ~ x", &source, LinModOptions::default(), 2, 300).unwrap();
    assert_close(model.coefficients[0][1], 3.0, 1e-12);
    assert!(1.0 - model.r_squared[0] < 1e-12);
}

/// Partials of any cut merge to the sums of the whole, an empty one is neutral, and bytes are as good as memory.
#[test]
fn merge_laws() {
    let source = flights(3000);
    let estimator = LinMod::new("ArrDelay ~ DayOfWeek:CRSDepTime + DayOfWeek").unwrap();
    let partial = |rows: std::ops::Range<u64>| {
        let state = estimator.start(&source.schema()).unwrap();
        let mut partial = estimator.partial(&state).unwrap();
        let scan = ScanOptions::default().with_rows(rows).with_block_rows(256).with_prefetch(false);
        for block in source.open(&scan).unwrap() {
            partial.update(&block.unwrap()).unwrap();
        }
        partial
    };
    let model = |partial: GramPartial| {
        let state = estimator.start(&source.schema()).unwrap();
        match estimator.step(state, partial.finish()).unwrap() {
            ControlFlow::Break(model) => model,
            ControlFlow::Continue(_) => panic!("one pass is enough"),
        }
    };
    let merged = |parts: Vec<GramPartial>| {
        let mut parts = parts.into_iter();
        let mut first = parts.next().unwrap();
        parts.for_each(|part| first.merge(part).unwrap());
        first
    };
    let whole = model(partial(0..3000));
    let close = |other: &LinModModel| {
        assert_eq!((whole.n_valid_obs, whole.n_missing_obs), (other.n_valid_obs, other.n_missing_obs));
        for (a, b) in whole.coefficients[0].iter().zip(&other.coefficients[0]) {
            assert_close(*a, *b, 1e-11);
        }
        assert_close(whole.residual_squares[0], other.residual_squares[0], 1e-12);
    };
    for cut in [1, 700, 2999] {
        close(&model(merged(vec![partial(0..cut), partial(cut..3000)])));
    }
    let left = merged(vec![merged(vec![partial(0..500), partial(500..1500)]), partial(1500..3000)]);
    let right = merged(vec![partial(0..500), merged(vec![partial(500..1500), partial(1500..3000)])]);
    close(&model(left));
    close(&model(right));
    for neutral in [vec![partial(0..0), partial(0..3000)], vec![partial(0..3000), partial(0..0)]] {
        let merged = model(merged(neutral));
        for (a, b) in merged.coefficients[0].iter().zip(&whole.coefficients[0]) {
            assert_eq!(a.to_bits(), b.to_bits());
        }
    }
    let travelled = |partial: GramPartial| -> GramPartial {
        rmp_serde::from_slice(&rmp_serde::to_vec(&partial).unwrap()).unwrap()
    };
    let bytes = merged(vec![travelled(partial(0..500)), travelled(partial(500..3000))]);
    close(&model(bytes));
    // partials of different models do not merge
    let other = LinMod::new("ArrDelay ~ CRSDepTime").unwrap();
    let state = other.start(&source.schema()).unwrap();
    assert!(partial(0..10).merge(other.partial(&state).unwrap()).is_err());
}

#[test]
fn degenerate_data() {
    // constant y: no variance to explain
    let model = fit("y ~ x", &table(vec![("y", numbers([2.0; 4])), ("x", numbers([1.0, 2.0, 3.0, 5.0]))]));
    assert_close(model.coefficients[0][0], 2.0, 1e-14);
    assert!(model.coefficients[0][1].abs() < 1e-14);
    assert!(model.r_squared[0].is_nan());
    let f = model.fstatistics.as_ref().unwrap().value[0];
    assert!(f.is_nan() && model.f_pvalue[0].is_nan(), "{f} {}", model.f_pvalue[0]);
    // constant x is the intercept once more
    let y = [1.0, 2.0, 4.0];
    for constant in [0.0, 0.1, 7.0, 1e15] {
        let model = fit("y ~ x", &table(vec![("y", numbers(y)), ("x", numbers([constant; 3]))]));
        assert_eq!(model.aliased, [false, true], "{constant}");
        assert_close(model.coefficients[0][0], 7.0 / 3.0, 1e-14);
        assert!(model.fstatistics.is_none());
    }
    // as many coefficients as rows: exact, without errors
    let model = fit("y ~ x", &table(vec![("y", numbers([1.0, 3.0])), ("x", numbers([0.0, 1.0]))]));
    assert_close(model.coefficients[0][1], 2.0, 1e-14);
    assert!(model.coef_std_error[0][1].is_nan() && model.sigma[0].is_nan());
    let summary = model.summary();
    assert!(summary.contains("on 0 degrees of freedom"), "{summary}");
    // a test that does not exist is not significant
    let row = summary.lines().find(|line| line.starts_with("x ")).unwrap();
    assert_eq!(row.split_whitespace().skip(2).collect::<Vec<_>>(), ["NaN"; 3], "{summary}");
    assert!(!summary.contains('*'), "{summary}");
    // more columns than rows
    let wide = table(vec![
        ("y", numbers([1.0, 3.0])),
        ("a", numbers([0.0, 1.0])),
        ("b", numbers([5.0, 1.0])),
        ("c", numbers([2.0, 4.0])),
    ]);
    assert_eq!(fit("y ~ a + b + c", &wide).aliased, [false, false, true, true]);
    // one level
    let one = table(vec![("y", numbers(y)), ("f", Column::Factor(vec![Some(0); 3], vec!["only"]))]);
    let model = fit("y ~ f", &one);
    assert_eq!(model.aliased, [false, true]);
    assert_close(model.coefficients[0][0], 7.0 / 3.0, 1e-14);
}

#[test]
fn no_rows_and_only_missing_rows_are_errors() {
    let empty = table(vec![("y", numbers([])), ("x", numbers([]))]);
    let missing = table(vec![
        ("y", Column::Numbers(vec![None, Some(1.0)])),
        ("x", Column::Numbers(vec![Some(1.0), None])),
    ]);
    let nan = table(vec![("y", numbers([f64::NAN])), ("x", numbers([1.0]))]);
    for source in [empty, missing, nan] {
        let error = try_fit("y ~ x", &source, LinModOptions::default(), 1, 10).unwrap_err();
        assert!(error.to_string().starts_with("no valid observations"), "{error}");
    }
    let factor = table(vec![("y", numbers([])), ("f", Column::Factor(vec![], vec![]))]);
    assert!(try_fit("y ~ f", &factor, LinModOptions::default(), 1, 10).is_err());
}

#[test]
fn only_the_first_level_was_seen() {
    // the first ten rows of AirlineDemoSmall are all Mondays
    let delays = [6.0, -8.0, -2.0, 1.0, -2.0, -14.0, 20.0, -2.0, -2.0, -15.0];
    let days = vec!["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let source =
        table(vec![("ArrDelay", numbers(delays)), ("DayOfWeek", Column::Factor(vec![Some(0); 10], days))]);
    let model = fit("ArrDelay ~ DayOfWeek", &source);
    assert_eq!(model.dropped(), 7);
    assert_close(model.coefficients[0][0], -1.8, 1e-14);
    let cube =
        fit_with("ArrDelay ~ DayOfWeek", &source, LinModOptions { cube: true, ..LinModOptions::default() });
    assert_close(cube.coefficients[0][0], -1.8, 1e-14);
    assert_eq!(cube.dropped(), 6);
    assert!(model.summary().contains("(Including number dropped: 7)"));
}

#[test]
fn infinite_values_are_named() {
    let source = table(vec![("y", numbers([1.0, 2.0, 3.0])), ("x", numbers([1.0, f64::INFINITY, 2.0]))]);
    let error = try_fit("y ~ x", &source, LinModOptions::default(), 1, 10).unwrap_err().to_string();
    assert!(error.contains("'x' has infinite values"), "{error}");
}

#[test]
fn weights_that_are_none() {
    let source = |weight: f64| {
        table(vec![
            ("y", numbers([1.0, 2.0, 4.0])),
            ("x", numbers([1.0, 2.0, 3.0])),
            ("w", numbers([1.0, weight, 2.0])),
        ])
    };
    let fit = |weight, frequency: bool| {
        let w = Some("w".to_owned());
        let weights = if frequency {
            Weights { frequency: w, probability: None }
        } else {
            Weights { probability: w, frequency: None }
        };
        let options = LinModOptions { weights, ..LinModOptions::default() };
        try_fit("y ~ x", &source(weight), options, 1, 10)
    };
    assert!(fit(-1.0, false).unwrap_err().to_string().contains("0 or more"));
    assert!(fit(1.5, true).unwrap_err().to_string().contains("whole numbers"));
    assert_eq!(fit(f64::NAN, false).unwrap().n_missing_obs, 1);
    let zero = fit(0.0, false).unwrap();
    assert_eq!((zero.n_valid_obs, zero.n_observations), (3, 2.0));
    assert_close(zero.coefficients[0][1], 1.5, 1e-14);
    assert_eq!(fit(2.0, true).unwrap().n_observations, 5.0);
}

#[test]
fn factors_of_integers_and_codes_of_factors() {
    let ages = [20.0, 20.9, 21.0, 22.5, 22.0, 30.0];
    let source = table(vec![("y", numbers([1.0, 3.0, 5.0, 7.0, 9.0, 100.0])), ("age", numbers(ages))]);
    let cube = LinModOptions { cube: true, ..LinModOptions::default() };
    let model = fit_with("y ~ F(age)", &source, cube.clone());
    assert_eq!(model.coefficient_names.len(), 11);
    assert_eq!(model.coefficient("F_age=20"), Some(2.0));
    assert_eq!(model.coefficient("F_age=22"), Some(8.0));
    assert_eq!(model.coefficient("F_age=25"), None);
    let model = fit_with("y ~ F(age, 20, 22)", &source, cube);
    assert_eq!(model.coefficients[0], [2.0, 5.0, 8.0]);
    assert_eq!((model.n_valid_obs, model.n_missing_obs), (5, 1));

    let source = csv("y,f\n1,b\n2,a\n4,b\n3,c\n");
    let codes = fit("y ~ N(f)", &source);
    let plain = fit("y ~ x", &csv("y,x\n1,1\n2,2\n4,1\n3,3\n"));
    assert_eq!(codes.coefficients, plain.coefficients);
    assert_eq!(codes.coefficient_names[1], "N_f");
}

#[test]
fn narrow_types_are_numbers() {
    use arrow_array::{
        ArrayRef, BooleanArray, Date32Array, Float32Array, Float64Array, Int16Array, Int64Array, RecordBatch,
        TimestampMillisecondArray, UInt8Array,
    };
    use arrow_schema::{Field, Schema};
    let mut next = Sequence(5);
    let values: Vec<i16> = (0..3000).map(|_| next.below(100) as i16).collect();
    let y: Vec<f64> = values.iter().map(|&x| f64::from(x) + next.normal()).collect();
    let one = |x: ArrayRef| {
        let y: ArrayRef = Arc::new(Float64Array::from(y.clone()));
        let fields =
            vec![Field::new("y", y.data_type().clone(), true), Field::new("x", x.data_type().clone(), true)];
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![y, x]).unwrap();
        try_fit("y ~ x", &MemorySource::try_new(&schema, [batch]).unwrap(), LinModOptions::default(), 2, 700)
            .unwrap()
    };
    let expected =
        one(Arc::new(values.iter().map(|&x| Some(f64::from(x))).collect::<Float64Array>())).coefficients;
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(Int16Array::from(values.clone())),
        Arc::new(values.iter().map(|&x| Some(x as u8)).collect::<UInt8Array>()),
        Arc::new(values.iter().map(|&x| Some(i64::from(x))).collect::<Int64Array>()),
        Arc::new(values.iter().map(|&x| Some(f32::from(x))).collect::<Float32Array>()),
        Arc::new(values.iter().map(|&x| Some(i32::from(x))).collect::<Date32Array>()),
        Arc::new(values.iter().map(|&x| Some(1000 * i64::from(x))).collect::<TimestampMillisecondArray>()),
    ];
    for array in arrays {
        let name = array.data_type().to_string();
        assert_eq!(one(array).coefficients, expected, "{name}");
    }
    let odd: BooleanArray = values.iter().map(|x| Some(x % 2 == 1)).collect();
    let number: Float64Array = values.iter().map(|x| Some(f64::from(x % 2))).collect();
    assert_eq!(one(Arc::new(odd)).coefficients, one(Arc::new(number)).coefficients);
}

#[test]
fn json_has_the_names_of_revoscalepy() {
    let source = csv("y,f\n1,a\n3,a\n4,b\n6,b\n");
    let json = fit("y ~ f", &source).to_json();
    for key in [
        "coefficients",
        "coef_std_error",
        "coef_t_value",
        "coef_p_value",
        "cov_coef",
        "cov_data",
        "condition_number",
        "rank",
        "aliased",
        "residual_squares",
        "total_squares",
        "y_var",
        "sigma",
        "residual_variance",
        "r_squared",
        "adj_r_squared",
        "fstatistics",
        "f_pvalue",
        "df",
        "y_names",
        "partitions",
        "params",
        "formula",
        "call",
        "count_df",
        "n_valid_obs",
        "n_missing_obs",
        "deviance",
    ] {
        assert!(json.get(key).is_some(), "{key}");
    }
    assert_eq!(json["coefficients"]["(Intercept)"], 5.0);
    assert_eq!(json["coefficients"]["f=a"], -3.0);
    assert!(json["coefficients"]["f=b"].is_null());
    assert_eq!(json["aliased"]["f=b"], true);
    assert_eq!(json["df"], serde_json::json!([2, 2, 3]));
    let cube = fit_with("y ~ f", &source, LinModOptions { cube: true, ..LinModOptions::default() }).to_json();
    assert_eq!(cube["count_df"], serde_json::json!({ "f": ["a", "b"], "y": [2.0, 5.0], "Counts": [2, 2] }));
}

#[test]
fn designs_that_do_not_fit_into_memory_are_refused() {
    let source = table(vec![("y", numbers([1.0, 2.0])), ("x", numbers([0.0, 50_000.0]))]);
    let whole = LinModOptions { cov_coef: true, ..LinModOptions::default() };
    let error = try_fit("y ~ F(x)", &source, whole, 1, 10).unwrap_err().to_string();
    assert!(error.contains("50001 levels") && error.contains("without covariances"), "{error}");
    for cube in [false, true] {
        let options = LinModOptions { cube, ..LinModOptions::default() };
        assert_eq!(try_fit("y ~ F(x)", &source, options, 1, 10).unwrap().rank, 2);
    }
    let error =
        try_fit("y ~ F(x, 1, 1e9)", &source, LinModOptions::default(), 1, 10).unwrap_err().to_string();
    assert!(error.contains("narrower low and high"), "{error}");
}

#[test]
fn texts_are_factors_in_order_of_appearance() {
    use arrow_array::{Float64Array, RecordBatch, StringArray};
    use arrow_schema::{DataType, Field, Schema};
    let schema = Arc::new(Schema::new(vec![
        Field::new("y", DataType::Float64, true),
        Field::new("text", DataType::Utf8, true),
    ]));
    let y = Float64Array::from(vec![1.0, 2.0, 3.0, 4.0, 5.0]);
    let text = StringArray::from(vec![Some("z"), Some("b"), None, Some("z"), Some("a")]);
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(y), Arc::new(text)]).unwrap();
    let source = MemorySource::try_new(&schema, [batch]).unwrap();
    let options = LinModOptions { cube: true, ..LinModOptions::default() };
    let model = try_fit("y ~ text", &source, options, 2, 2).unwrap();
    assert_eq!(model.coefficient_names, ["text=z", "text=b", "text=a"]);
    assert_eq!(model.coefficients[0], [2.5, 2.0, 5.0]);
    assert_eq!(model.n_missing_obs, 1);
}

#[test]
fn several_responses() {
    let source = csv("y,z,x\n1,5,1\n2,4,2\n4,9,3\n3,1,5\n");
    let both = fit("cbind(y, z) ~ x", &source);
    assert_eq!(both.y_names, ["y", "z"]);
    for (i, single) in ["y ~ x", "z ~ x"].iter().enumerate() {
        let single = fit(single, &source);
        for (a, b) in both.coefficients[i].iter().zip(&single.coefficients[0]) {
            assert_close(*a, *b, 1e-13);
        }
        assert_close(both.sigma[i], single.sigma[0], 1e-13);
    }
    assert!(both.summary().contains("Response: z"));
}

#[test]
fn covariances() {
    let source = csv(include_str!("data/attitude.csv"));
    let options = LinModOptions { cov_coef: true, cov_data: true, ..LinModOptions::default() };
    let model = fit_with("rating ~ complaints + learning", &source, options);
    let cov = model.cov_coef.as_ref().unwrap();
    for i in 0..3 {
        assert_close(cov[i * 3 + i].sqrt(), model.coef_std_error[0][i], 1e-12);
        for j in 0..3 {
            assert_eq!(cov[i * 3 + j], cov[j * 3 + i]);
        }
    }
    // R: cov(attitude[, c("complaints", "learning")])
    let data = model.cov_data.as_ref().unwrap();
    assert_close(data[0], 177.282_758_620_69, 1e-12);
    assert_close(data[1], 93.255_172_413_793, 1e-12);
    assert_close(data[3], 137.757_471_264_37, 1e-12);
}

#[test]
fn cube_predictions_are_at_the_means_of_the_others() {
    // the guide's example: the condition is the coefficient plus the weighted others
    let source = csv(
        "y,f,g\n3,a,p\n4,a,p\n5,a,p\n6,a,p\n7,b,p\n8,b,p\n9,b,q\n10,b,q\n11,c,q\n12,c,r\n13,c,r\n15,c,r\n",
    );
    let options = LinModOptions { cube: true, cube_predictions: true, ..LinModOptions::default() };
    let model = fit_with("y ~ f + g", &source, options);
    let b = &model.coefficients[0];
    let means = &model.count_df.as_ref().unwrap().means.as_ref().unwrap()[0];
    assert_close(means[0], b[0] + 0.5 * b[3] + 0.25 * b[4], 1e-12);
    assert!(b[5].is_nan());
}

#[test]
fn labels() {
    let source = csv("y,f,g,x\n1,a,u,1\n2,b,u,2\n4,a,v,3\n3,b,v,5\n5,b,u,7\n");
    let names = |formula: &str, labels| {
        let options = LinModOptions { labels, ..LinModOptions::default() };
        try_fit(formula, &source, options, 1, 10).unwrap().coefficient_names
    };
    assert_eq!(names("y ~ f:x", LabelStyle::Revo), ["(Intercept)", "x for f=a", "x for f=b"]);
    assert_eq!(names("y ~ x:f", LabelStyle::R), ["(Intercept)", "x:fa", "x:fb"]);
    assert_eq!(
        names("y ~ f:g", LabelStyle::Revo),
        ["(Intercept)", "f=a, g=u", "f=b, g=u", "f=a, g=v", "f=b, g=v"]
    );
    assert_eq!(names("y ~ f:g", LabelStyle::R)[1], "fa:gu");
}

#[test]
fn what_cannot_be_fitted_says_why() {
    let source = csv("y,f,x\n1,a,1\n2,b,2\n");
    let error = |formula: &str, options| try_fit(formula, &source, options, 1, 10).unwrap_err().to_string();
    let plain = LinModOptions::default;
    assert!(error("y ~ xx", plain()).contains("did you mean 'x'"), "{}", error("y ~ xx", plain()));
    assert!(error("~ x", plain()).contains("needs a response"));
    assert!(error("f ~ x", plain()).contains("not numeric"));
    let cube = LinModOptions { cube: true, ..plain() };
    assert!(error("y ~ x", cube.clone()).contains("must be a factor"));
    let predictions = LinModOptions { cube_predictions: true, ..plain() };
    assert!(error("y ~ f", predictions).contains("needs cube"));
    let weights = Weights { probability: Some("f".into()), frequency: None };
    assert!(error("y ~ x", LinModOptions { weights, ..plain() }).contains("a weight"));
}
