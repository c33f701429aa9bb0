//! The printed layouts of RevoScaleR, on data whose sufficient statistics are those of the published outputs.

mod tables;

use algos::linear::LinModOptions;
use tables::{csv, fit, fit_with};

#[test]
fn print_of_cars() {
    let source = csv(include_str!("data/cars.csv"));
    let model = fit("dist ~ speed", &source).with_call("rxLinMod(formula = dist ~ speed, data = cars)");
    let expected = "\
Call:
rxLinMod(formula = dist ~ speed, data = cars)

Linear Regression Results for: dist ~ speed
Dependent variable(s): dist
Total independent variables: 2
Number of valid observations: 50
Number of missing observations: 0

Coefficients:
                  dist
(Intercept) -17.579095
speed         3.932409
";
    assert_eq!(model.to_string(), expected);
}

#[test]
fn print_of_fourthgraders() {
    let weights = algos::design::Weights { frequency: Some("reps".into()), probability: None };
    let options = LinModOptions { weights, ..LinModOptions::default() };
    let source = csv(include_str!("data/fourthgraders.csv"));
    let model = fit_with("height ~ eyecolor", &source, options).with_data("fourthgraders.xdf");
    let expected = "\
Linear Regression Results for: height ~ eyecolor
File name: fourthgraders.xdf
Frequency weights: reps
Dependent variable(s): height
Total independent variables: 5 (Including number dropped: 1)
Number of valid observations: 44
Number of missing observations: 0

Coefficients:
                    height
(Intercept)    47.33333333
eyecolor=Blue  -0.01075269
eyecolor=Brown -0.08333333
eyecolor=Green  0.40579710
eyecolor=Hazel     Dropped
";
    assert_eq!(model.to_string(), expected);
}

#[test]
fn summary_of_cars_is_that_of_r() {
    let model = fit("dist ~ speed", &csv(include_str!("data/cars.csv")));
    let summary = model.summary();
    let expected = "\
Coefficients:
            Estimate Std. Error t value Pr(>|t|)    
(Intercept) -17.5791     6.7584  -2.601   0.0123 *  
speed         3.9324     0.4155   9.464 1.49e-12 ***
---
Signif. codes:  0 ‘***’ 0.001 ‘**’ 0.01 ‘*’ 0.05 ‘.’ 0.1 ‘ ’ 1

Residual standard error: 15.38 on 48 degrees of freedom
Multiple R-squared: 0.6511
Adjusted R-squared: 0.6438
F-statistic: 89.57 on 1 and 48 DF,  p-value: 1.49e-12
Condition number: 1
";
    assert!(summary.ends_with(expected), "{summary}");
}

#[test]
fn summary_of_a_cube() {
    let mut text = String::from("income,region,sex\n");
    for (mean, region, sex) in [
        (970.75, "Rural", "Female"),
        (1480.44, "Rural", "Male"),
        (2501.83, "Urban", "Female"),
        (3944.51, "Urban", "Male"),
    ] {
        // a residual standard error of 74.19, so that the standard error is 33.18 as published (the published p value
        // 2.66e-15 is 12 times 2⁻⁵²: a tail by subtraction)
        for deviation in [-1.0, -1.0, 0.0, 1.0, 1.0] {
            text += &(mean + 74.192 * deviation).to_string();
            text += ",";
            text += region;
            text += ",";
            text += sex;
            text += "\n";
        }
    }
    let options = LinModOptions { cube: true, ..LinModOptions::default() };
    let summary = fit_with("income ~ region:sex", &csv(&text), options).summary();
    let expected = "\
Coefficients:
                         Estimate Std. Error t value Pr(>|t|)     | Counts
region=Rural, sex=Female   970.75      33.18   29.26 2.54e-15 *** |      5
region=Urban, sex=Female  2501.83      33.18   75.40 2.22e-16 *** |      5
region=Rural, sex=Male    1480.44      33.18   44.62 2.22e-16 *** |      5
region=Urban, sex=Male    3944.51      33.18  118.88 2.22e-16 *** |      5
---
";
    assert!(summary.contains(expected), "{summary}");
    assert!(summary.contains("(as if intercept included)"));
    assert!(summary.starts_with("Cube Linear Regression Results for: income ~ region:sex\n"), "{summary}");
}
