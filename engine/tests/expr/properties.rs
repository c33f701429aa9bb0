//! What holds for every text and every expression.

use arrow_array::{Array, ArrayRef};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use engine::expr::{Expr, ExprError, parse_assignment};
use proptest::prelude::*;

use super::batch;

/// Texts that look like expressions often enough to reach deep into the parser.
fn expression_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("x"),
        Just("ArrDelay"),
        Just("DayOfWeek"),
        Just("name"),
        Just("day"),
        Just("flag"),
        Just("1"),
        Just("2.5"),
        Just("'Monday'"),
        Just("("),
        Just(")"),
        Just("["),
        Just("]"),
        Just(","),
        Just("+"),
        Just("-"),
        Just("*"),
        Just("/"),
        Just("%"),
        Just("%%"),
        Just("^"),
        Just("=="),
        Just("<"),
        Just("="),
        Just("&"),
        Just("or"),
        Just("!"),
        Just("not"),
        Just("in"),
        Just("%in%"),
        Just("is"),
        Just("null"),
        Just("between"),
        Just("and"),
        Just("like"),
        Just("if"),
        Just("else"),
        Just("case"),
        Just("when"),
        Just("then"),
        Just("end"),
        Just("abs("),
        Just("substr("),
        Just("cast("),
        Just("as"),
        Just("int"),
        Just("c("),
        Just("NA"),
        Just("~"),
        Just("digits ="),
        Just("'"),
        Just("`"),
        Just("é"),
    ];
    proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.join(" "))
}

/// Expressions that are correct, though not always of fitting types.
fn correct_expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("x"),
        Just("ArrDelay"),
        Just("small"),
        Just("n"),
        Just("flag"),
        Just("DayOfWeek"),
        Just("name"),
        Just("day"),
        Just("`sepal length (cm)`"),
        Just("1"),
        Just("0"),
        Just("2.5"),
        Just("1e-3"),
        Just("'Monday'"),
        Just("TRUE"),
        Just("NA"),
        Just("pi"),
        Just("NaN"),
    ]
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        let three = (inner.clone(), inner.clone(), inner.clone());
        let operator = prop_oneof![
            Just("+"),
            Just("-"),
            Just("*"),
            Just("/"),
            Just("%"),
            Just("//"),
            Just("%%"),
            Just("%/%"),
            Just("^"),
            Just("=="),
            Just("!="),
            Just("<"),
            Just(">="),
            Just("&"),
            Just("|"),
        ];
        prop_oneof![
            (two.clone(), operator).prop_map(|((a, b), operator)| format!("({a}) {operator} ({b})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            inner.clone().prop_map(|a| format!("is.na({a})")),
            inner.clone().prop_map(|a| format!("abs({a})")),
            inner.clone().prop_map(|a| format!("upper({a})")),
            inner.clone().prop_map(|a| format!("round({a}, 2)")),
            inner.clone().prop_map(|a| format!("as.character({a})")),
            inner.clone().prop_map(|a| format!("cast({a} as int32)")),
            inner.clone().prop_map(|a| format!("({a}) not in (1, 2)")),
            inner.clone().prop_map(|a| format!("({a}) in ('Monday', 'x')")),
            inner.clone().prop_map(|a| format!("({a}) like '%a_'")),
            two.clone().prop_map(|(a, b)| format!("coalesce({a}, {b})")),
            two.clone().prop_map(|(a, b)| format!("pmin({a}, {b})")),
            two.prop_map(|(a, b)| format!("nullif({a}, {b})")),
            three.clone().prop_map(|(a, b, c)| format!("({a}) between ({b}) and ({c})")),
            three.clone().prop_map(|(a, b, c)| format!("ifelse({a}, {b}, {c})")),
            three.prop_map(|(a, b, c)| format!("case when {a} then {b} else {c} end")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        if let Err(error) = Expr::parse(&text) {
            prop_assert!(error.to_string().contains('^'));
        }
        let _ = parse_assignment(&text);
    }

    #[test]
    fn no_expression_like_text_panics(text in expression_like()) {
        match Expr::parse(&text) {
            Ok(expr) => prop_assert_eq!(Expr::parse(&expr.to_string()).unwrap(), expr),
            Err(error) => prop_assert!(error.to_string().contains('^')),
        }
    }

    /// What binds evaluates to the promised type, slice by slice as a whole, and its canonical text does the same.
    #[test]
    fn evaluation_is_total_and_row_by_row(text in correct_expression()) {
        let parsed = Expr::parse(&text);
        let expr = match parsed {
            Ok(expr) => expr,
            Err(error) => {
                prop_assert!(error.message.contains("missing value"), "{}", error);
                return Ok(());
            }
        };
        let again = Expr::parse(&expr.to_string());
        prop_assert!(again.is_ok(), "{} became {}", text, expr);
        let again = again.unwrap();
        prop_assert_eq!(&again, &expr);
        let batch = batch();
        let (Ok(bound), Ok(again)) = (expr.bind(&batch.schema()), again.bind(&batch.schema())) else { return Ok(()) };
        let whole = match bound.evaluate(&batch) {
            Ok(whole) => whole,
            Err(ExprError::Compute { .. }) => return Ok(()),
            Err(error) => panic!("{text}: {error}"),
        };
        prop_assert_eq!(whole.data_type(), bound.data_type());
        let other = again.evaluate(&batch).unwrap();
        prop_assert_eq!(&shown(&whole), &shown(&other));
        let mut parts = Vec::new();
        for row in 0..batch.num_rows() {
            parts.extend(shown(&bound.evaluate(&batch.slice(row, 1)).unwrap()));
        }
        prop_assert_eq!(shown(&whole), parts, "{}", text);
    }
}

fn shown(array: &ArrayRef) -> Vec<String> {
    let options = FormatOptions::default().with_null("_");
    let format = ArrayFormatter::try_new(array, &options).unwrap();
    (0..array.len()).map(|row| format.value(row).to_string()).collect()
}
