//! The numbers that Microsoft's documentation prints for logistic regression and generalized linear models, each
//! recomputed with R's `glm` and found equal to the printed digits.

use std::path::Path;
use std::sync::Arc;

use algos::glm::{Family, Glm, GlmModel, GlmOptions};
use algos::model;
use engine::source::SourceExt;
use engine::source::text::{TextOptions, TextSource};
use engine::{BlockSource, Compute, Local, ScanOptions};

const SHARED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");

fn small(name: &str) -> Option<TextSource> {
    let path = Path::new(SHARED).join("small").join(name);
    if !path.exists() {
        println!("skipped: needs ../shared");
        return None;
    }
    Some(TextSource::open(vec![path], TextOptions::default()).unwrap())
}

fn fit(estimator: Glm, options: GlmOptions, source: &dyn BlockSource) -> GlmModel {
    let estimator = estimator.with_options(options).unwrap();
    engine::fit(&estimator, source, &ScanOptions::default(), &Local::new(2)).unwrap()
}

#[track_caller]
fn close(got: &[f64], expected: &[f64], half: f64) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() <= half, "{got} {expected}");
    }
}

#[test]
fn kyphosis() {
    let Some(source) = small("kyphosis.csv") else { return };
    let model = fit(Glm::logit("Kyphosis ~ Age + Start + Number").unwrap(), GlmOptions::default(), &source);
    assert_eq!(model.event.as_deref(), Some("present"));
    close(&model.coefficients, &[-2.036_933_54, 0.010_930_48, -0.206_510_05, 0.410_601_19], 5.1e-9);
    close(&[model.deviance, model.null_deviance, model.aic], &[61.38, 83.23, 69.38], 0.0051);
    assert!(model.converged && !model.separated);
    // the iterations end where RevoScaleR's do: the maximum is -1.809351277
    let model = fit(Glm::logit("Kyphosis ~ Age").unwrap(), GlmOptions::default(), &source);
    close(&model.coefficients, &[-1.809_351_230, 0.005_441_758], 5.1e-10);
}

#[test]
fn claims() {
    let Some(source) = small("claims.csv") else { return };
    let options = GlmOptions { family: Family::Gamma, drop_first: true, ..GlmOptions::default() };
    let model = fit(Glm::new("cost ~ age + car.age + type").unwrap(), options, &source);
    let expected = "\
Generalized Linear Model Results for: cost ~ age + car.age + type
Dependent variable(s): cost
Total independent variables: 17 (Including number dropped: 3)
Number of valid observations: 123
Number of missing observations: 5
Family-link: Gamma-inverse

Residual deviance: 15.6397 (on 109 degrees of freedom)

Coefficients:
              Estimate Std. Error t value Pr(>|t|)    
(Intercept)  0.0032807  0.0005126   6.400 4.02e-09 ***
age=17-20      Dropped    Dropped Dropped  Dropped    
age=21-24    0.0006593  0.0005471   1.205 0.230843    
age=25-29    0.0003911  0.0005183   0.755 0.452114    
age=30-34    0.0012388  0.0005982   2.071 0.040720 *  
age=35-39    0.0017152  0.0006514   2.633 0.009685 ** 
age=40-49    0.0012649  0.0006007   2.106 0.037516 *  
age=50-59    0.0002863  0.0005087   0.563 0.574771    
age=60+      0.0013006  0.0006041   2.153 0.033519 *  
car.age=0-3    Dropped    Dropped Dropped  Dropped    
car.age=4-7  0.0003444  0.0003535   0.974 0.332120    
car.age=8-9  0.0011005  0.0004161   2.645 0.009375 ** 
car.age=10+  0.0034437  0.0006107   5.639 1.36e-07 ***
type=A         Dropped    Dropped Dropped  Dropped    
type=B      -0.0004443  0.0004880  -0.911 0.364508    
type=C      -0.0004189  0.0004912  -0.853 0.395668    
type=D      -0.0016209  0.0004344  -3.732 0.000304 ***
---
Signif. codes:  0 ‘***’ 0.001 ‘**’ 0.01 ‘*’ 0.05 ‘.’ 0.1 ‘ ’ 1

(Dispersion parameter for Gamma family taken to be 0.1785316)

Condition number of final variance-covariance matrix: 12.4648
Number of iterations: 4
";
    assert_eq!(model.summary(), expected);
}

/// `AirlineDemoSmall` with what is very late: above two hours, or unknown.
fn airline() -> Option<Arc<dyn BlockSource>> {
    let file = Path::new(SHARED).join("AirlineDemoSmall.csv.gz");
    if !file.exists() {
        println!("skipped: needs ../shared");
        return None;
    }
    let mut options = TextOptions { missing: vec!["M".into()], ..TextOptions::default() };
    options.types.insert("ArrDelay".into(), arrow_schema::DataType::Int32);
    options.types.insert("CRSDepTime".into(), arrow_schema::DataType::Float32);
    let week = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    options.factors.insert("DayOfWeek".into(), week.map(str::to_owned).to_vec());
    let text: Arc<dyn BlockSource> = Arc::new(TextSource::open(vec![file], options).unwrap());
    let late = engine::expr::Expr::parse("is.na(ArrDelay) | ArrDelay > 120").unwrap();
    Some(text.with(Compute::new(vec![("VeryLate".to_owned(), late)])).unwrap())
}

#[test]
fn very_late_flights() {
    let Some(source) = airline() else { return };
    let model = fit(Glm::logit("VeryLate ~ DayOfWeek").unwrap(), GlmOptions::default(), source.as_ref());
    let expected = "\
Logistic Regression Results for: VeryLate ~ DayOfWeek
Dependent variable(s): VeryLate
Total independent variables: 8 (Including number dropped: 1)
Number of valid observations: 600000
Number of missing observations: 0
-2*LogLikelihood: 251244.7201 (Residual deviance on 599993 degrees of freedom)

Coefficients:
                    Estimate Std. Error z value Pr(>|z|)    
(Intercept)         -3.29095    0.01745 -188.64 2.22e-16 ***
DayOfWeek=Monday     0.40086    0.02256   17.77 2.22e-16 ***
DayOfWeek=Tuesday    0.84018    0.02192   38.33 2.22e-16 ***
DayOfWeek=Wednesday  0.36982    0.02378   15.55 2.22e-16 ***
DayOfWeek=Thursday   0.29396    0.02400   12.25 2.22e-16 ***
DayOfWeek=Friday     0.54427    0.02274   23.93 2.22e-16 ***
DayOfWeek=Saturday   0.48319    0.02282   21.18 2.22e-16 ***
DayOfWeek=Sunday     Dropped    Dropped Dropped  Dropped    
---
Signif. codes:  0 ‘***’ 0.001 ‘**’ 0.01 ‘*’ 0.05 ‘.’ 0.1 ‘ ’ 1

Condition number of final variance-covariance matrix: 16.7804
Number of iterations: 3
";
    assert_eq!(model.summary(), expected);
    assert_eq!(model.cells, Some(7));
    // by rows, and through a file, the same
    let options = GlmOptions { cells: 0, ..GlmOptions::default() };
    let by_rows = fit(Glm::logit("VeryLate ~ DayOfWeek").unwrap(), options, source.as_ref());
    assert_eq!(by_rows.cells, None);
    assert_eq!(by_rows.summary(), expected);
    let loaded = model::from_bytes(&model::to_bytes(&model).unwrap(), "memory").unwrap();
    assert_eq!(loaded.summary(), expected);
}
