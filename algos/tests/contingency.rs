//! Rank correlations, ratios and tests of pairs against R (`golden/tables.R`: `cor.test`, and the formulas of the ratios)
//! and the numbers that Microsoft's guide to cross tabulations prints.

mod tables;

use algos::contingency::{Alternative, Tau, Test, kendall, odds_ratio, pairs, risk_ratio};
use algos::cube::{CellTable, CrossTab, Cube, Sections, Statistic, test_all, test_pairs};
use engine::{Local, ScanOptions};
use proptest::prelude::*;
use tables::{assert_close, csv};

const ADMISSIONS: &str = include_str!("data/UCBAdmissions.csv");
/// Gender by admission, over all departments, and in department A.
const ALL: [f64; 4] = [1198.0, 1493.0, 557.0, 1278.0];
const A: [f64; 4] = [512.0, 313.0, 89.0, 19.0];

fn admissions(formula: &str) -> (CellTable, Vec<CrossTab>) {
    let cube = Cube::new(formula).unwrap();
    let cells = engine::fit(&cube, &csv(ADMISSIONS), &ScanOptions::default(), &Local::new(1)).unwrap();
    let tables = cells.cross_tabs().unwrap();
    (cells, tables)
}

#[test]
fn rank_correlations() {
    let wide = [10.0, 4.0, 0.0, 7.0, 12.0, 3.0, 2.0, 0.0, 1.0, 5.0, 9.0, 8.0];
    for (table, width, expected) in [
        (
            &ALL[..],
            2,
            [
                6.830_448_019_179_547e-2,
                1.427_317_602_060_81e-1,
                1.365_787_772_284_023e-1,
                9.601_297_206_948_45,
                7.894_452_056_190_323e-22,
            ],
        ),
        (
            &A,
            2,
            [
                -4.169_714_198_970_509e-2,
                -1.359_654_984_326_388_6e-1,
                -8.330_490_103_838_188e-2,
                -4.150_846_518_974_35,
                3.312_478_474_502_76e-5,
            ],
        ),
        (
            &wide,
            4,
            [
                2.109_289_617_486_338_8e-1,
                2.993_164_624_064_598e-1,
                3.112_066_648_750_335_6e-1,
                2.674_907_745_144_933,
                7.474_981_660_418_954e-3,
            ],
        ),
    ] {
        let found = kendall(table, width);
        let found = [found.tau_a, found.tau_b, found.tau_c, found.z, found.p_value];
        for (got, expected) in found.iter().zip(expected) {
            assert_close(*got, expected, 1e-11);
        }
    }
}

#[test]
fn ratios() {
    let close = |got: [f64; 5], expected: [f64; 5]| {
        for (got, expected) in got.into_iter().zip(expected) {
            assert!(got == expected || (got / expected - 1.0).abs() < 1e-11, "{got} {expected}");
        }
    };
    let all = |r: algos::contingency::Ratio| [r.estimate, r.interval.0, r.interval.1, r.log, r.p_value];
    let both = Alternative::TwoSided;
    close(
        all(odds_ratio(&ALL, 0.95, both)),
        [
            1.841_080_037_181_292,
            1.624_376_909_745_005,
            2.086_692_862_335_481,
            6.103_523_761_464_003e-1,
            1.263_354_882_603_213e-21,
        ],
    );
    close(
        all(risk_ratio(&ALL, 0.95, both)),
        [
            1.255_303_313_738_409,
            1.199_630_529_661_624,
            1.313_559_775_714_533,
            2.273_772_276_365_249e-1,
            8.876_850_812_919_067e-23,
        ],
    );
    close(
        all(risk_ratio(&A, 0.95, both)),
        [
            0.463_702_520_411_785_6,
            0.305_464_911_577_685_2,
            0.703_910_725_214_535_8,
            -0.768_512_052_163_251_4,
            3.078_643_237_278_861e-4,
        ],
    );
    close(
        all(odds_ratio(&A, 0.95, Alternative::Less)),
        [
            0.349_212_047_241_267_9,
            0.0,
            0.537_966_181_403_194,
            -1.052_075_956_066_345,
            3.104_370_993_787_824e-5,
        ],
    );
    close(
        all(odds_ratio(&A, 0.95, Alternative::Greater)),
        [
            0.349_212_047_241_267_9,
            0.226_685_353_381_050_8,
            f64::INFINITY,
            -1.052_075_956_066_345,
            9.999_689_562_900_621e-1,
        ],
    );
}

#[test]
fn tests_of_several_tables_have_a_row_each() {
    let (cells, tables) = admissions("Freq ~ Gender:Admit:Dept");
    let tests = vec![Test::ChiSquared, Test::Kendall(Tau::B), Test::OddsRatio];
    let sections = Sections { tests, ..Sections::default() };
    let text = cells.render_cross_tabs("a", &tables, Statistic::Sums, &sections);
    // the guide prints these, but for Kendall's p values, which it samples, and the odds ratios
    let expected = "
Chi-squared test of independence between Gender and Admit
          X-squared df      p-value
Dept==A 16.37177373  1 5.205468e-05
Dept==B  0.08509801  1 7.705041e-01
Dept==C  0.63322380  1 4.261753e-01
Dept==D  0.22159370  1 6.378283e-01
Dept==E  0.80804765  1 3.686981e-01
Dept==F  0.21824336  1 6.403817e-01

Kendall's rank correlation
               taub";
    assert!(text.contains(expected), "{text}");
    for taub in ["-0.13596550", "-0.02082575", " 0.02865045", "-0.01939676", " 0.04140240", "-0.02319366"] {
        assert!(text.contains(taub), "{text}");
    }
    assert!(text.ends_with("  HA: two.sided\n  H0: odds ratio = 1\n"), "{text}");
    let json = test_all(&tables, Statistic::Sums, Test::RiskRatio, 0.9, Alternative::Less).to_json();
    assert_eq!(json["names"][2], "90% CI Upper");
    assert_eq!(json["columns"]["90% CI Lower"][5], 0.0);
}

/// The summary of Microsoft's guide.
#[test]
fn percentages_stand_below_the_cells() {
    let (cells, tables) = admissions("Freq ~ Gender:Admit:Dept");
    let sections = Sections { percentages: true, ..Sections::default() };
    let text = cells.render_cross_tabs("a", &tables, Statistic::Sums, &sections);
    let expected = "Freq, Dept = F (sums):
             Admitted  Rejected Row Total
Male        22.000000 351.00000  373.0000
   Row%      5.898123  94.10188          
   Col%     47.826087  52.54491          
   Tot%      3.081232  49.15966   52.2409
Female      24.000000 317.00000  341.0000
   Row%      7.038123  92.96188          
   Col%     52.173913  47.45509          
   Tot%      3.361345  44.39776   47.7591
Col Total   46.000000 668.00000          
Grand Total 714.000000                    
";
    let lines = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    assert!(text.contains("Freq, Dept = F (sums):"), "{text}");
    let from = text.find("Freq, Dept = F (sums):").unwrap();
    assert_eq!(lines(&text[from..]), lines(expected));
}

#[test]
fn pairs_are_of_levels_or_of_a_level_and_all_others() {
    let names = |text: &str| -> Vec<String> { text.chars().map(String::from).collect() };
    let entries = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
    let found = pairs(&entries, &names("abc"), &names("xy"), true);
    assert_eq!(found.len(), 3);
    assert_eq!((found[0].rows[0].as_str(), found[0].rows[1].as_str()), ("(others)", "a"));
    assert_eq!(found[0].table, [20.0, 40.0, 1.0, 2.0]);
    let found = pairs(&entries, &names("abc"), &names("xy"), false);
    let tables: Vec<[f64; 4]> = found.iter().map(|pair| pair.table).collect();
    assert_eq!(tables, [[1.0, 2.0, 4.0, 8.0], [1.0, 2.0, 16.0, 32.0], [4.0, 8.0, 16.0, 32.0]]);
    assert!(pairs(&[1.0, 2.0], &names("a"), &names("xy"), true).is_empty());

    let (_, tables) = admissions("Freq ~ Dept:Admit");
    let found = test_pairs(&tables, Statistic::Sums, Test::RiskRatio, false, 0.95, Alternative::TwoSided);
    assert_eq!((found.tables.len(), found.tables[0].as_str()), (15, "B vs. A: Rejected vs. Admitted"));
    assert_close(found.columns[0].1[0], (215.0 / 585.0) / (332.0 / 933.0), 1e-14);
}

#[test]
fn what_does_not_exist() {
    let nothing = kendall(&[0.0; 4], 2);
    assert!(nothing.tau_b.is_nan() && nothing.p_value.is_nan());
    let one_row = kendall(&[3.0, 4.0, 0.0, 0.0], 2);
    assert_eq!(one_row.tau_a, 0.0);
    assert!(one_row.tau_b.is_nan() && one_row.tau_c.is_nan() && one_row.z.is_nan());
    for bad in [[-1.0, 2.0, 3.0, 4.0], [1.0, f64::INFINITY, 3.0, 4.0]] {
        assert!(kendall(&bad, 2).tau_a.is_nan());
    }
    let zero = odds_ratio(&[3.0, 0.0, 2.0, 5.0], 0.95, Alternative::TwoSided);
    assert!(zero.estimate.is_infinite() && zero.p_value.is_nan());
    // of a table that is not two by two there is no ratio
    let (_, tables) = admissions("Freq ~ Dept:Admit");
    let found = test_all(&tables, Statistic::Sums, Test::OddsRatio, 0.95, Alternative::TwoSided);
    assert!(found.columns.iter().all(|(_, values)| values[0].is_nan()));
    assert!(found.to_json()["columns"]["oddsRatio"][0].is_null());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn concordant_pairs_are_counted(entries in prop::collection::vec(0..5u32, 6)) {
        let entries: Vec<f64> = entries.into_iter().map(f64::from).collect();
        let n: f64 = entries.iter().sum();
        prop_assume!(n >= 2.0);
        let mut s = 0.0;
        for (p, a) in entries.iter().enumerate() {
            for (q, b) in entries.iter().enumerate().skip(p + 1) {
                let (down, right) = (q / 3 - p / 3, (q % 3) as f64 - (p % 3) as f64);
                s += a * b * if down > 0 && right != 0.0 { right.signum() } else { 0.0 };
            }
        }
        let found = kendall(&entries, 3);
        prop_assert!((found.tau_a - s / (0.5 * n * (n - 1.0))).abs() < 1e-12);
        let turned: Vec<f64> = (0..3).flat_map(|j| [entries[j], entries[3 + j]]).collect();
        let turned = kendall(&turned, 2);
        prop_assert!((turned.tau_a - found.tau_a).abs() < 1e-12);
        let both_none = turned.z.is_nan() && found.z.is_nan();
        prop_assert!(both_none || (turned.z - found.z).abs() <= 1e-10);
    }
}
