//! `AirlineDemoSmall`: the linear models that Microsoft's documentation prints, from text, memory and XDF.

mod tables;

use std::path::Path;
use std::sync::Arc;

use algos::linear::{LinModModel, LinModOptions};
use algos::predict::{PredictOptions, run};
use algos::summary::{SummaryOptions, rx_summary};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use engine::source::text::{TextOptions, TextSource};
use engine::source::{MemorySource, XdfSource};
use engine::{BlockSource, Local, ScanOptions};
use tables::try_fit;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/AirlineDemoSmall.csv.gz");

fn text() -> Option<TextSource> {
    if !Path::new(FILE).exists() {
        println!("skipped: needs ../shared");
        return None;
    }
    let mut options = TextOptions { missing: vec!["M".into()], ..TextOptions::default() };
    options.types.insert("ArrDelay".into(), arrow_schema::DataType::Int32);
    options.types.insert("CRSDepTime".into(), arrow_schema::DataType::Float32);
    let week = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    options.factors.insert("DayOfWeek".into(), week.map(str::to_owned).to_vec());
    Some(TextSource::open(vec![FILE.into()], options).unwrap())
}

fn memory(source: &dyn BlockSource) -> MemorySource {
    let blocks = source.open(&ScanOptions::default()).unwrap();
    let schema = blocks.schema();
    MemorySource::try_new(&schema, blocks.map(|block| block.unwrap().batch)).unwrap()
}

fn fit(formula: &str, source: &dyn BlockSource, options: LinModOptions) -> LinModModel {
    try_fit(formula, source, options, 2, engine::DEFAULT_BLOCK_ROWS).unwrap()
}

fn cube() -> LinModOptions {
    LinModOptions { cube: true, ..LinModOptions::default() }
}

#[test]
fn the_printed_models() {
    let Some(source) = text() else { return };
    let source = memory(&source);
    let model = fit("ArrDelay ~ DayOfWeek", &source, LinModOptions::default())
        .with_call("rxLinMod(formula = ArrDelay ~ DayOfWeek, data = airDS)")
        .with_data("ADS.xdf");
    let expected = "\
Call:
rxLinMod(formula = ArrDelay ~ DayOfWeek, data = airDS)

Linear Regression Results for: ArrDelay ~ DayOfWeek
File name: ADS.xdf
Dependent variable(s): ArrDelay
Total independent variables: 8 (Including number dropped: 1)
Number of valid observations: 582628
Number of missing observations: 17372

Coefficients: (1 not defined because of singularities)
                    Estimate Std. Error t value Pr(>|t|)    
(Intercept)          10.3318     0.1330  77.673 2.22e-16 ***
DayOfWeek=Monday      1.6938     0.1872   9.049 2.22e-16 ***
DayOfWeek=Tuesday     0.9620     0.2001   4.809 1.52e-06 ***
DayOfWeek=Wednesday  -0.1753     0.1980  -0.885    0.376    
DayOfWeek=Thursday   -1.6738     0.1964  -8.522 2.22e-16 ***
DayOfWeek=Friday      4.4725     0.1957  22.850 2.22e-16 ***
DayOfWeek=Saturday    1.5435     0.1934   7.981 2.22e-16 ***
DayOfWeek=Sunday     Dropped    Dropped Dropped  Dropped    
---
Signif. codes:  0 ‘***’ 0.001 ‘**’ 0.01 ‘*’ 0.05 ‘.’ 0.1 ‘ ’ 1

Residual standard error: 40.65 on 582621 degrees of freedom
Multiple R-squared: 0.001869
Adjusted R-squared: 0.001858
F-statistic: 181.8 on 6 and 582621 DF,  p-value: < 2.2e-16
Condition number: 10.5595
";
    // 7.981 has a p value of 1.45e-15, which a tail by subtraction prints as 2.22e-16 or near it
    let shown = model.summary().replace("7.981 1.45e-15", "7.981 2.22e-16");
    assert_eq!(shown, expected);
    let print = model.to_string();
    let table = print.split_once("Coefficients:\n").unwrap().1;
    let expected = "                      ArrDelay
(Intercept)         10.3318058
DayOfWeek=Monday     1.6937981
DayOfWeek=Tuesday    0.9620019
DayOfWeek=Wednesday -0.1752668
DayOfWeek=Thursday  -1.6737983
DayOfWeek=Friday     4.4725290
DayOfWeek=Saturday   1.5435207
DayOfWeek=Sunday       Dropped
";
    assert_eq!(table, expected);

    let summary = fit("ArrDelay ~ DayOfWeek", &source, cube()).summary();
    let expected = "\
Cube Linear Regression Results for: ArrDelay ~ DayOfWeek
Dependent variable(s): ArrDelay
Total independent variables: 7
Number of valid observations: 582628
Number of missing observations: 17372

Coefficients:
                    Estimate Std. Error t value Pr(>|t|)     | Counts
DayOfWeek=Monday     12.0256     0.1317   91.32 2.22e-16 *** |  95298
DayOfWeek=Tuesday    11.2938     0.1494   75.58 2.22e-16 *** |  74011
DayOfWeek=Wednesday  10.1565     0.1467   69.23 2.22e-16 *** |  76786
DayOfWeek=Thursday    8.6580     0.1445   59.92 2.22e-16 *** |  79145
DayOfWeek=Friday     14.8043     0.1436  103.10 2.22e-16 *** |  80142
DayOfWeek=Saturday   11.8753     0.1404   84.59 2.22e-16 *** |  83851
DayOfWeek=Sunday     10.3318     0.1330   77.67 2.22e-16 *** |  93395
---
Signif. codes:  0 ‘***’ 0.001 ‘**’ 0.01 ‘*’ 0.05 ‘.’ 0.1 ‘ ’ 1

Residual standard error: 40.65 on 582621 degrees of freedom
Multiple R-squared: 0.001869 (as if intercept included)
Adjusted R-squared: 0.001858
F-statistic: 181.8 on 6 and 582621 DF,  p-value: < 2.2e-16
Condition number: 1
";
    assert_eq!(summary, expected);
}

#[test]
fn departure_times() {
    let Some(source) = text() else { return };
    let source = memory(&source);
    let close = |got: &[f64], expected: &[f64]| {
        for (got, expected) in got.iter().zip(expected) {
            assert!((got - expected).abs() < 5.1e-8, "{got} {expected}");
        }
    };
    let model = fit("ArrDelay ~ CRSDepTime", &source, LinModOptions::default());
    close(&model.coefficients[0], &[-1.800_722_8, 0.973_608_43]);
    let model = fit("ArrDelay ~ CRSDepTime + DayOfWeek", &source, LinModOptions::default());
    let expected = [
        -3.194_578_91,
        0.978_621_13,
        2.080_996_61,
        1.340_154_25,
        0.151_547_9,
        -1.323_014_39,
        4.800_421_77,
        2.189_649_42,
    ];
    close(&model.coefficients[0], &expected);
    // the cube of days by hours: the first row of the printed counts
    let model = fit("ArrDelay ~ DayOfWeek:F(CRSDepTime)", &source, cube());
    let table = model.count_df.unwrap();
    assert_eq!(table.factors, ["DayOfWeek", "F_CRSDepTime"]);
    let means = &table.means.unwrap()[0];
    close(&means[..3], &[7.436_090_2, 7.0, 3.785_714_3]);
    assert_eq!(
        table.counts[..15].iter().map(|&c| c as u64).collect::<Vec<_>>(),
        [133, 107, 98, 103, 101, 141, 119, 44, 35, 33, 35, 32, 44, 38, 15]
    );
    assert_eq!(table.levels[14], ["Monday", "2"]);
}

#[test]
fn every_source_gives_the_same_bits() {
    let Some(text) = text() else { return };
    let memory = memory(&text);
    let folder = tempfile::tempdir().unwrap();
    let mut sources: Vec<Arc<dyn BlockSource>> = vec![Arc::new(memory.clone()), Arc::new(text)];
    for name in ["a.xdf", "a.parquet", "a.arrow", "a.arrows"] {
        let path = folder.path().join(name);
        let reader = memory.open(&ScanOptions::default().with_block_rows(200_000)).unwrap();
        let options = engine::sink::SinkOptions { block_rows: 200_000, ..Default::default() };
        let sink = engine::sink::create(&path, &memory.schema(), &options).unwrap();
        engine::transfer(reader, sink).unwrap();
        sources.push(engine::source::open(&path).unwrap());
    }
    let formula = "ArrDelay ~ DayOfWeek * CRSDepTime";
    let bits = |source: &dyn BlockSource, threads, block_rows| -> Vec<u64> {
        let model = try_fit(formula, source, LinModOptions::default(), threads, block_rows).unwrap();
        model.coefficients[0].iter().chain(&model.coef_std_error[0]).map(|x| x.to_bits()).collect()
    };
    for block_rows in [1_000, 131_072] {
        let expected = bits(&memory, 1, block_rows);
        for source in &sources {
            for threads in [1, 2] {
                assert_eq!(bits(source.as_ref(), threads, block_rows), expected, "{}", source.info().name);
            }
        }
    }
}

#[test]
fn predictions_file_to_file() {
    let Some(text) = text() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.xdf"), folder.path().join("out.xdf"));
    let sink = engine::sink::create(&input, &text.schema(), &engine::sink::SinkOptions::default()).unwrap();
    engine::transfer(text.open(&ScanOptions::default()).unwrap(), sink).unwrap();
    let source = XdfSource::open(&input).unwrap();
    let model = fit("ArrDelay ~ DayOfWeek", &source, LinModOptions::default());
    let options = PredictOptions { write_model_vars: true, ..PredictOptions::default() };
    let report = run(&model, &source, &ScanOptions::default(), &Local::new(2), &options, |schema| {
        engine::sink::create(&output, schema, &engine::sink::SinkOptions::default())
    })
    .unwrap();
    assert_eq!((report.rows, report.missing, report.written.rows), (600_000, 0, 600_000));
    let written = XdfSource::open(&output).unwrap();
    let mut moments = (0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY);
    for block in written.open(&ScanOptions::default().with_columns(["ArrDelay_Pred"])).unwrap() {
        for x in block.unwrap().batch.column(0).as_primitive::<Float64Type>().values() {
            moments =
                (moments.0 + x, moments.1 + (x - 11.323_407).powi(2), moments.2.min(*x), moments.3.max(*x));
        }
    }
    assert!((moments.0 / 600_000.0 - 11.323_407).abs() < 5e-7);
    assert!(((moments.1 / 599_999.0).sqrt() - 1.760_001).abs() < 5e-7);
    assert!((moments.2 - 8.658_007).abs() < 5e-7 && (moments.3 - 14.804_335).abs() < 5e-7);
    let summary = rx_summary("~ ArrDelay_Pred", &written, &SummaryOptions::default());
    assert!(summary.is_ok());
}
