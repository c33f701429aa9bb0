//! `AirlineDemoSmall`: the numbers that Microsoft's documentation prints, from the text file and from XDF.

use std::path::Path;
use std::sync::Arc;

use algos::summary::{Layout, Summary, SummaryOptions, rx_summary};
use engine::source::text::{TextOptions, TextSource};
use engine::source::{MemorySource, XdfSource};
use engine::{BlockSource, ScanOptions};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/AirlineDemoSmall.csv.gz");

/// The three columns as the documentation reads them: `M` is missing, the levels in the order of the week.
fn airline() -> Option<Arc<dyn BlockSource>> {
    if !Path::new(FILE).exists() {
        println!("skipped: needs ../shared");
        return None;
    }
    let mut options = TextOptions { missing: vec!["M".into()], ..TextOptions::default() };
    options.types.insert("ArrDelay".into(), arrow_schema::DataType::Int32);
    options.types.insert("CRSDepTime".into(), arrow_schema::DataType::Float32);
    let week = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    options.factors.insert("DayOfWeek".into(), week.map(str::to_owned).to_vec());
    let source = TextSource::open(vec![FILE.into()], options).unwrap();
    let blocks = source.open(&ScanOptions::default().with_block_rows(200_000)).unwrap();
    let schema = blocks.schema();
    let batches: Vec<_> = blocks.map(|block| block.unwrap().batch).collect();
    Some(Arc::new(MemorySource::try_new(&schema, batches).unwrap()))
}

fn check(result: &Summary) {
    let r = result.render(Layout::R);
    let tables = r.split_once("observations: 0\n").unwrap().1;
    let expected = "
 Name       Mean     StdDev    Min        Max        ValidObs MissingObs
 ArrDelay   11.31794 40.688536 -86.000000 1490.00000 582628   17372     
 CRSDepTime 13.48227  4.697566   0.016667   23.98333 600000       0     

Category Counts for DayOfWeek
Number of categories: 7
Number of valid observations: 600000
Number of missing observations: 0

 DayOfWeek Counts
 Monday    97975 
 Tuesday   77725 
 Wednesday 78875 
 Thursday  81304 
 Friday    82987 
 Saturday  86159 
 Sunday    94975 
";
    assert_eq!(tables, expected);
    assert_eq!((result.nobs_valid, result.nobs_missing), (600_000.0, 0.0));
}

#[test]
fn numbers_and_factors() {
    let Some(source) = airline() else { return };
    let formula = "~ ArrDelay + CRSDepTime + DayOfWeek";
    let result = rx_summary(formula, source.as_ref(), &SummaryOptions::default()).unwrap();
    check(&result);
    let json = result.to_json();
    assert_eq!(json["sDataFrame"][0]["MissingObs"], 17372);
    assert_eq!(json["categorical"][0][4]["Counts"], 82987);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("AirlineDemoSmall.xdf");
    let sink = engine::sink::create(&path, &source.schema(), &engine::sink::SinkOptions::default()).unwrap();
    engine::transfer(source.open(&ScanOptions::default()).unwrap(), sink).unwrap();
    let xdf = XdfSource::open(&path).unwrap();
    for use_stored_statistics in [true, false] {
        let options = SummaryOptions { use_stored_statistics, ..SummaryOptions::default() };
        check(&rx_summary(formula, &xdf, &options).unwrap());
    }
}

#[test]
fn delays_by_day_of_the_week() {
    let Some(source) = airline() else { return };
    for formula in ["~ArrDelay:DayOfWeek", "ArrDelay ~ DayOfWeek"] {
        let result = rx_summary(formula, source.as_ref(), &SummaryOptions::default()).unwrap();
        let r = result.render(Layout::R);
        let tables = r.split_once("observations: 0\n").unwrap().1;
        let expected = "
 Name               Mean     StdDev   Min Max  ValidObs MissingObs
 ArrDelay:DayOfWeek 11.31794 40.68854 -86 1490 582628   17372     

Statistics by category (7 categories):

 Category                         DayOfWeek Means     StdDev   Min Max  ValidObs
 ArrDelay for DayOfWeek=Monday    Monday    12.025604 40.02463 -76 1017 95298   
 ArrDelay for DayOfWeek=Tuesday   Tuesday   11.293808 43.66269 -70 1143 74011   
 ArrDelay for DayOfWeek=Wednesday Wednesday 10.156539 39.58803 -81 1166 76786   
 ArrDelay for DayOfWeek=Thursday  Thursday   8.658007 36.74724 -58 1053 79145   
 ArrDelay for DayOfWeek=Friday    Friday    14.804335 41.79260 -78 1490 80142   
 ArrDelay for DayOfWeek=Saturday  Saturday  11.875326 45.24540 -73 1370 83851   
 ArrDelay for DayOfWeek=Sunday    Sunday    10.331806 37.33348 -86 1202 93395   
";
        assert_eq!(tables, expected);
    }
}
