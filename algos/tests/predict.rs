//! Predictions: numbers, missing values, levels in another order, from source to sink, columns kept.

mod tables;

use std::sync::Arc;

use algos::linear::LinModOptions;
use algos::model::Model;
use algos::predict::{Interval, PredictOptions, run};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch};
use engine::sink::MemorySink;
use engine::source::MemorySource;
use engine::{BlockSource, Local, ScanOptions};
use tables::{Column, assert_close, csv, fit, fit_with, numbers, table};

/// Runs into memory with small blocks and two threads.
fn predict(model: &dyn Model, source: &MemorySource, options: &PredictOptions) -> (RecordBatch, u64) {
    let file = tempfile::Builder::new().suffix(".arrow").tempfile().unwrap();
    let scan = ScanOptions::default().with_block_rows(3);
    let sink = engine::sink::SinkOptions { overwrite: true, ..Default::default() };
    let report = run(model, source, &scan, &Local::new(2), options, |schema| {
        engine::sink::create(file.path(), schema, &sink)
    })
    .unwrap();
    assert_eq!(report.rows, source.info().rows.unwrap());
    let written = engine::source::open(file.path()).unwrap();
    let blocks = written.open(&ScanOptions::default()).unwrap();
    let batches: Vec<RecordBatch> = blocks.map(|block| block.unwrap().batch).collect();
    assert!(batches.len() <= 1);
    let batch = batches.into_iter().next().unwrap_or_else(|| RecordBatch::new_empty(written.schema()));
    assert_eq!(report.written.rows, batch.num_rows() as u64);
    (batch, report.missing)
}

fn column(batch: &RecordBatch, name: &str) -> Vec<Option<f64>> {
    batch.column_by_name(name).unwrap().as_primitive::<Float64Type>().iter().collect()
}

#[test]
fn standard_errors_and_intervals_of_the_guide() {
    let increase = [
        -94.0, -57.0, -29.0, 135.0, 143.0, 151.0, 245.0, 355.0, 392.0, 473.0, 486.0, 535.0, 571.0, 580.0,
        620.0, 690.0,
    ];
    let gain = [4.2, 3.0, 3.7, 2.7, 3.2, 3.6, 2.4, 1.3, 3.8, 1.7, 1.6, 2.2, 1.0, 0.4, 2.3, 1.1];
    let source = table(vec![("neaInc", numbers(increase)), ("fatGain", numbers(gain))]);
    let options = LinModOptions { cov_coef: true, ..LinModOptions::default() };
    let model = fit_with("fatGain ~ neaInc", &source, options);
    let options = PredictOptions {
        std_errors: true,
        interval: Interval::Confidence,
        residuals: true,
        write_model_vars: true,
        ..PredictOptions::default()
    };
    let (batch, missing) = predict(&model, &source, &options);
    assert_eq!(missing, 0);
    let names: Vec<&str> = batch.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(
        names,
        [
            "fatGain",
            "neaInc",
            "fatGain_Pred",
            "fatGain_StdErr",
            "fatGain_Lower",
            "fatGain_Upper",
            "fatGain_Resid"
        ]
    );
    // the tenth is printed as 0.2151169, with a digit that cannot be
    let published = [
        0.361_386_3,
        0.338_111_1,
        0.320_934_4,
        0.232_385_3,
        0.228_843_3,
        0.225_401_8,
        0.194_184_0,
        0.186_318_0,
        0.191_565_6,
        0.215_156_9,
        0.220_236_6,
        0.241_889_2,
        0.259_892_2,
        0.264_622_3,
        0.286_581_8,
        0.327_939_0,
    ];
    let errors = column(&batch, "fatGain_StdErr");
    for (got, expected) in errors.iter().zip(published) {
        assert!((got.unwrap() - expected).abs() < 5e-8, "{got:?} {expected}");
    }
    let (prediction, lower, upper) =
        (column(&batch, "fatGain_Pred"), column(&batch, "fatGain_Lower"), column(&batch, "fatGain_Upper"));
    for i in 0..16 {
        // qt(0.975, 14)
        let half = 2.144_786_687_917_804 * errors[i].unwrap();
        assert_close(upper[i].unwrap() - prediction[i].unwrap(), half, 1e-9);
        assert_close(prediction[i].unwrap() - lower[i].unwrap(), half, 1e-9);
        let residual = column(&batch, "fatGain_Resid")[i].unwrap();
        assert_close(residual, gain[i] - prediction[i].unwrap(), 1e-9);
    }
    let options = PredictOptions { interval: Interval::Prediction, ..PredictOptions::default() };
    let (batch, _) = predict(&model, &source, &options);
    assert!(batch.column_by_name("fatGain_StdErr").is_none());
    let wide = column(&batch, "fatGain_Upper")[0].unwrap();
    let expected = prediction[0].unwrap()
        + 2.144_786_687_917_804 * (errors[0].unwrap().powi(2) + model.residual_variance[0]).sqrt();
    assert_close(wide, expected, 1e-9);
}

#[test]
fn standard_errors_with_factors_are_those_of_the_cell_means() {
    let source = csv("y,f\n1,a\n3,a\n4,b\n6,b\n11,b\n2,c\n9,c\n");
    let model = fit_with("y ~ f", &source, LinModOptions { cov_coef: true, ..LinModOptions::default() });
    let cube = fit_with("y ~ f", &source, LinModOptions { cube: true, ..LinModOptions::default() });
    let options = PredictOptions { std_errors: true, ..PredictOptions::default() };
    let (batch, _) = predict(&model, &source, &options);
    for (row, cell) in [(0, 0), (2, 1), (6, 2)] {
        assert_close(column(&batch, "y_Pred")[row].unwrap(), cube.coefficients[0][cell], 1e-12);
        assert_close(column(&batch, "y_StdErr")[row].unwrap(), cube.coef_std_error[0][cell], 1e-12);
    }
}

#[test]
fn levels_are_matched_by_text_and_unknown_ones_are_missing() {
    let model = fit("y ~ f", &csv("y,f\n1,a\n3,a\n4,b\n6,b\n9,c\n"));
    let other = table(vec![(
        "f",
        Column::Factor(vec![Some(0), Some(1), Some(2), None, Some(3)], vec!["c", "new", "b", "a"]),
    )]);
    let (batch, missing) = predict(&model, &other, &PredictOptions::default());
    let got = column(&batch, "y_Pred");
    assert_close(got[0].unwrap(), 9.0, 1e-12);
    assert_eq!((got[1], got[3]), (None, None));
    assert_close(got[2].unwrap(), 5.0, 1e-12);
    assert_close(got[4].unwrap(), 2.0, 1e-12);
    assert_eq!(missing, 2);

    // a level that the data named but never had is as unknown
    let empty =
        table(vec![("y", numbers([1.0, 3.0])), ("f", Column::Factor(vec![Some(0); 2], vec!["a", "b"]))]);
    let model = fit("y ~ f", &empty);
    let both = table(vec![("f", Column::Factor(vec![Some(0), Some(1)], vec!["a", "b"]))]);
    assert_eq!(column(&predict(&model, &both, &PredictOptions::default()).0, "y_Pred"), [Some(2.0), None]);
}

#[test]
fn rows_without_a_response_are_predicted_unless_residuals_are_wanted() {
    let source = table(vec![
        ("y", Column::Numbers(vec![Some(1.0), None, Some(3.0), Some(4.0)])),
        ("x", Column::Numbers(vec![Some(1.0), Some(2.0), Some(3.0), None])),
        ("id", numbers([10.0, 11.0, 12.0, 13.0])),
    ]);
    let model = fit("y ~ x", &source);
    let (batch, missing) = predict(&model, &source, &PredictOptions::default());
    let got = column(&batch, "y_Pred");
    assert_eq!(got.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, true, false]);
    assert_eq!((missing, batch.num_columns()), (1, 1));
    let options =
        PredictOptions { residuals: true, extra_vars: vec!["id".into()], ..PredictOptions::default() };
    let (batch, missing) = predict(&model, &source, &options);
    assert_eq!(missing, 2);
    for name in ["y_Pred", "y_Resid"] {
        assert_eq!(
            column(&batch, name).iter().map(Option::is_some).collect::<Vec<_>>(),
            [true, false, true, false],
            "{name}"
        );
    }
    assert_eq!(column(&batch, "id"), [Some(10.0), Some(11.0), Some(12.0), Some(13.0)]);
    let options = PredictOptions { remove_missings: true, all_vars: true, ..PredictOptions::default() };
    let (batch, _) = predict(&model, &source, &options);
    assert_eq!((batch.num_rows(), batch.num_columns()), (2, 4));
}

#[test]
fn terms_of_every_kind_fit_what_was_fitted() {
    let source = csv("y,f,g,x\n1,a,u,1\n2,b,u,2\n4,a,v,3\n3,b,v,5\n5,b,u,7\n9,a,u,8\n2,a,v,1.5\n");
    for formula in
        ["y ~ f * g", "y ~ f:x + g", "y ~ x * f - 1", "y ~ F(x, 1, 9) ", "y ~ N(f) + log(x)", "y ~ f:g:x"]
    {
        let model = fit(formula, &source);
        let options = PredictOptions { residuals: true, ..PredictOptions::default() };
        let (batch, missing) = predict(&model, &source, &options);
        assert_eq!(missing, 0, "{formula}");
        let squares: f64 = column(&batch, "y_Resid").iter().map(|r| r.unwrap().powi(2)).sum();
        assert!((squares - model.residual_squares[0]).abs() < 1e-9, "{formula}: {squares}");
    }
}

#[test]
fn names_and_what_cannot_be_asked_for() {
    let source = csv("y,x\n1,1\n2,2\n4,3\n");
    let model = fit("y ~ x", &source);
    let named = PredictOptions { predict_names: Some(vec!["p".into()]), ..PredictOptions::default() };
    assert_eq!(predict(&model, &source, &named).0.schema_ref().field(0).name(), "p");
    let refused = |options: PredictOptions| {
        run(&model, &source, &ScanOptions::default(), &Local::new(1), &options, |_| {
            Ok(Box::new(MemorySink::default()))
        })
        .unwrap_err()
        .to_string()
    };
    let plain = PredictOptions::default;
    assert!(refused(PredictOptions { std_errors: true, ..plain() }).contains("cov_coef"));
    let names = Some(vec!["p".into(), "q".into()]);
    assert!(refused(PredictOptions { predict_names: names, ..plain() }).contains("1 are needed"));
    let same = Some(vec!["x".into()]);
    let text = refused(PredictOptions { predict_names: same, all_vars: true, ..plain() });
    assert!(text.contains("two columns 'x'"), "{text}");
    assert!(refused(PredictOptions { extra_vars: vec!["z".into()], ..plain() }).contains("no column 'z'"));
    let other = csv("a\n1\n");
    let error = run(&model, &other, &ScanOptions::default(), &Local::new(1), &plain(), |_| {
        Ok(Box::new(MemorySink::default()))
    });
    assert!(error.unwrap_err().to_string().contains("no column 'x'"));
    let text = csv("x\na\nb\n");
    let error = run(&model, &text, &ScanOptions::default(), &Local::new(1), &plain(), |_| {
        Ok(Box::new(MemorySink::default()))
    });
    assert!(error.unwrap_err().to_string().contains("the model was made for numbers"));
}

#[test]
fn one_block_at_a_time() {
    let source = csv("y,x\n1,1\n2,2\n4,3\n");
    let model = fit("y ~ x", &source);
    let block = source.open(&ScanOptions::default()).unwrap().next().unwrap().unwrap();
    let batch = model.predict(&block, &PredictOptions::default()).unwrap();
    assert_eq!(batch.num_rows(), 3);
    assert_eq!(batch.column(0).null_count(), 0);
    assert_eq!(Arc::clone(batch.schema_ref()), model.output_schema(&PredictOptions::default()).unwrap());
}
