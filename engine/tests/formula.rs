//! Formulas: what they multiply out to, their canonical text, their errors, and that no text brings them down.

use engine::formula::{Formula, Term, Variable};
use proptest::prelude::*;

/// The labels of the terms.
fn terms(text: &str) -> Vec<String> {
    Formula::parse(text).unwrap_or_else(|error| panic!("{error}")).terms.iter().map(Term::label).collect()
}

/// Formula, response labels, term labels, intercept.
type Case = (&'static str, &'static [&'static str], &'static [&'static str], bool);

const CASES: &[Case] = &[
    ("ArrDelay ~ DayOfWeek + CRSDepTime", &["ArrDelay"], &["DayOfWeek", "CRSDepTime"], true),
    ("~ a + b", &[], &["a", "b"], true),
    ("a + b", &[], &["a", "b"], true),
    ("y ~ 1", &["y"], &[], true),
    ("y ~ a - 1", &["y"], &["a"], false),
    ("y ~ -1 + a", &["y"], &["a"], false),
    ("y ~ a + -1", &["y"], &["a"], false),
    ("y ~ a + 0", &["y"], &["a"], false),
    ("y ~ 0 + a + 1", &["y"], &["a"], true),
    ("y ~ (a + b - 1)", &["y"], &["a", "b"], false),
    ("y ~ a:b", &["y"], &["a:b"], true),
    ("ArrDelay:DayOfWeek", &[], &["ArrDelay:DayOfWeek"], true),
    ("y ~ a*b", &["y"], &["a", "b", "a:b"], true),
    ("y ~ a*b*c", &["y"], &["a", "b", "a:b", "c", "a:c", "b:c", "a:b:c"], true),
    ("y ~ a*b - b", &["y"], &["a", "a:b"], true),
    ("y ~ a*(b + c)", &["y"], &["a", "b", "c", "a:b", "a:c"], true),
    ("y ~ a:(b + c)", &["y"], &["a:b", "a:c"], true),
    ("y ~ (a + b)^2", &["y"], &["a", "b", "a:b"], true),
    ("y ~ (a + b + c)**2", &["y"], &["a", "b", "c", "a:b", "a:c", "b:c"], true),
    ("y ~ (a + b + c)^7", &["y"], &["a", "b", "c", "a:b", "a:c", "b:c", "a:b:c"], true),
    ("y ~ (a + b)^2 - a:b", &["y"], &["a", "b"], true),
    ("y ~ a + b - (b + a) + c", &["y"], &["c"], true),
    ("y ~ x^2", &["y"], &["x"], true),
    ("y ~ x + I(x^2)", &["y"], &["x", "I(x^2)"], true),
    ("y ~ x + pow(x,2)", &["y"], &["x", "pow(x, 2)"], true),
    ("y ~ a:b + c + b:a + c", &["y"], &["a:b", "c"], true),
    ("y ~ a:b:a", &["y"], &["a:b"], true),
    ("y ~ a:b + a", &["y"], &["a:b", "a"], true),
    ("log(y) ~ log(x) + exp( x ) + log10(x+1)", &["log(y)"], &["log(x)", "exp(x)", "log10(x + 1)"], true),
    ("cbind(y1, log(y2)) ~ x", &["y1", "log(y2)"], &["x"], true),
    ("ArrDelay > 15 ~ Origin", &["ArrDelay > 15"], &["Origin"], true),
    ("(ArrDelay>15) ~ Origin", &["ArrDelay > 15"], &["Origin"], true),
    ("I(a + b) ~ x", &["I(a + b)"], &["x"], true),
    ("y ~ F(age) + N(sex)", &["y"], &["F_age", "N_sex"], true),
    ("y ~ F(age, 30, 39)", &["y"], &["F_age_30_39_T"], true),
    ("y ~ F(age, low=30, high = 39, exclude=FALSE)", &["y"], &["F_age_30_39_F"], true),
    ("y ~ F(age, high = -2)", &["y"], &["F_age_NA_-2_T"], true),
    ("y ~ F(a):F(b) + F(a)", &["y"], &["F_a:F_b", "F_a"], true),
    (
        "target ~ `sepal length (cm)` + [petal width (cm)]",
        &["target"],
        &["sepal length (cm)", "petal width (cm)"],
        true,
    ),
    ("y ~ .rxRowNames + größe + F", &["y"], &[".rxRowNames", "größe", "F"], true),
    ("y ~ as.factor(x)", &["y"], &["factor(x)"], true),
];

#[test]
fn multiplies_out_in_written_order() {
    for (text, response, terms, intercept) in CASES {
        let formula = Formula::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let labels: Vec<String> = formula.terms.iter().map(Term::label).collect();
        let responses: Vec<String> = formula.response.iter().map(Variable::label).collect();
        assert_eq!(responses, *response, "{text}");
        assert_eq!(labels, *terms, "{text}");
        assert_eq!(formula.intercept, *intercept, "{text}");
        assert_eq!(formula.text, *text);
        assert!(!formula.dot);
        let again = Formula::parse(&formula.to_string()).unwrap_or_else(|error| panic!("{formula}: {error}"));
        assert_eq!(again, formula, "{text} became {formula}");
    }
}

#[test]
fn canonical_text() {
    for (text, canonical) in [
        ("y~a*b-1", "y ~ a + b + a:b - 1"),
        ("a", "~ a"),
        ("y~1", "y ~ 1"),
        ("y~0", "y ~ 0"),
        ("cbind( y , z )~F(x,1,3)", "cbind(y, z) ~ F(x, low = 1, high = 3)"),
        ("y~`a b`:`in`+c", "y ~ `a b`:`in` + c"),
        ("y ~ .^2-a", "y ~ .^2 - a"),
        ("y ~ (. - a)*b", "y ~ (. - a) * b"),
    ] {
        assert_eq!(Formula::parse(text).unwrap().to_string(), canonical);
    }
}

#[test]
fn columns_are_listed_once() {
    let formula = Formula::parse("cbind(y, log(z)) ~ F(a) + a:b + I(b^2 + c) + N(d) + y").unwrap();
    assert_eq!(formula.columns(), ["y", "z", "a", "b", "c", "d"]);
}

#[test]
fn factor_arguments() {
    let formula = Formula::parse("~ F(age, low = 20, exclude = FALSE)").unwrap();
    assert_eq!(
        formula.terms[0].variables,
        [Variable::Factor { column: "age".into(), low: Some(20.0), high: None, exclude: false }]
    );
}

#[test]
fn dot_waits_for_the_columns() {
    let names = ["y", "a", "b c", "d"];
    let expanded = |text: &str| {
        let formula = Formula::parse(text).unwrap();
        assert!(formula.dot);
        let again = Formula::parse(&formula.to_string()).unwrap();
        assert_eq!(again, formula, "{text} became {formula}");
        let expanded = formula.expand(&names).unwrap();
        assert!(!expanded.dot);
        assert_eq!(expanded, again.expand(&names).unwrap());
        expanded.to_string()
    };
    assert_eq!(expanded("y ~ ."), "y ~ a + `b c` + d");
    assert_eq!(expanded("~ ."), "~ y + a + `b c` + d");
    assert_eq!(expanded("log(y) ~ d + . - a"), "log(y) ~ d + `b c`");
    assert_eq!(expanded("y ~ a:. - 1"), "y ~ a + a:`b c` + a:d - 1");
    assert_eq!(expanded("y ~ (. - d)^2"), "y ~ a + `b c` + a:`b c`");
    assert_eq!(expanded("cbind(y, a) ~ . * d"), "cbind(y, a) ~ `b c` + d + `b c`:d");
}

#[test]
fn errors_point_at_the_place() {
    for (text, drawing) in [
        ("y ~ a +", "expected a term after '+', found the end of the text\n  y ~ a +\n         ^"),
        ("y ~ a + * b", "expected a term after '+', found '*'\n  y ~ a + * b\n          ^"),
        ("y ~", "expected a term after '~', found the end of the text\n  y ~\n     ^"),
        ("", "the formula is empty\n  \n  ^\n  hint: write response ~ terms"),
        ("y ~ (a + b", "this '(' is never closed\n  y ~ (a + b\n      ^\n  hint: add the missing ')'"),
        (
            "y ~ a + b)",
            "this ')' closes nothing\n  y ~ a + b)\n           ^\n  hint: remove it, or open it before",
        ),
        ("y ~ lgo(x)", "there is no function 'lgo'\n  y ~ lgo(x)\n      ^^^\n  hint: did you mean 'log'?"),
        (
            "y ~ a ~ b",
            "a formula has only one '~'\n  y ~ a ~ b\n        ^\n  hint: write several responses as cbind(y1, y2) ~ terms",
        ),
        (
            "y1 + y2 ~ x",
            "a response is one variable\n  y1 + y2 ~ x\n  ^^^^^^^\n  hint: write cbind(y1, y2) for several responses, \
             or I(y1 + y2) to compute one",
        ),
        ("y ~ a b", "expected '+' or another operator after 'a', found 'b'\n  y ~ a b\n        ^"),
        (
            "y ~ a / b",
            "'/' is not an operator of formulas\n  y ~ a / b\n        ^\n  hint: write a + a:b for b within a, or \
             I(a / b) for the quotient",
        ),
        (
            "y ~ a * (b - 1)",
            "the intercept cannot be part of an interaction\n  y ~ a * (b - 1)\n          ^^^^^^^\n  hint: write + 0 or \
             - 1 at the end of the formula",
        ),
        (
            "y ~ (a + b)^x",
            "'^' takes a whole number from 1: it is the highest order of interaction\n  y ~ (a + b)^x\n              ^\n  \
             hint: write I((a + b)^...) to compute a power",
        ),
        (
            "y ~ 2 * x",
            "a number is not a term; only 1 and 0 are, for the intercept\n  y ~ 2 * x\n      ^\n  hint: write I(...) \
             around a computation",
        ),
        (
            "y ~ 'day of week'",
            "a text is not a term\n  y ~ 'day of week'\n      ^^^^^^^^^^^^^\n  hint: write `day of week` for the column",
        ),
        (
            "y ~ F(x, lwo = 1)",
            "F() has no argument 'lwo'\n  y ~ F(x, lwo = 1)\n           ^^^\n  hint: it takes F(x, low, high, exclude)",
        ),
        (
            "y ~ F(x, 9, 1)",
            "F() has no levels from 9 to 1\n  y ~ F(x, 9, 1)\n      ^^^^^^^^^^\n  hint: write the lower bound first",
        ),
        (
            "y ~ F(log(x))",
            "F() takes a column, not a computation\n  y ~ F(log(x))\n        ^^^\n  hint: compute the column first, then \
             use its name",
        ),
        ("y ~ log(x", "this '(' is never closed\n  y ~ log(x\n         ^\n  hint: add the missing ')'"),
        ("y ~ log(x, 1, 2)", "log takes 1 or 2 arguments, not 3\n  y ~ log(x, 1, 2)\n      ^^^^^^^^^^^^"),
        (
            "y ~ mean(x)",
            "mean is taken over all rows, but an expression sees one row at a time\n  y ~ mean(x)\n      ^^^^\n  hint: \
             compute it first with a summary, then write the number",
        ),
        ("y ~ `a", "the quoted name is not closed\n  y ~ `a\n      ^\n  hint: add the closing `"),
    ] {
        let error = Formula::parse(text).expect_err(text);
        assert_eq!(error.to_string(), drawing, "{text}");
    }
}

#[test]
fn hostile_formulas_are_refused_quickly() {
    let deep = format!("y ~ {}a{}", "(".repeat(5000), ")".repeat(5000));
    assert!(Formula::parse(&deep).unwrap_err().message.contains("nested more than 200 levels"));
    let deep = format!("y ~ {}x{}", "log(".repeat(5000), ")".repeat(5000));
    assert!(Formula::parse(&deep).unwrap_err().message.contains("nested more than 200 levels"));
    let power = format!("y ~ ({})^30", (0..40).map(|i| format!("x{i}")).collect::<Vec<_>>().join(" + "));
    assert!(Formula::parse(&power).unwrap_err().message.contains("too many terms"));
    let cross = (0..40).map(|i| format!("x{i}")).collect::<Vec<_>>().join("*");
    assert!(Formula::parse(&cross).unwrap_err().message.contains("too many terms"));
    let dot = Formula::parse("y ~ .^3").unwrap();
    let names: Vec<String> = (0..300).map(|i| format!("x{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(dot.expand(&names).unwrap_err().message.contains("too many terms"));
    assert!(Formula::parse(&"x".repeat(2 << 20)).unwrap_err().message.contains("too long"));
}

#[test]
fn wide_formulas_are_fine() {
    let names: Vec<String> = (0..10_000).map(|i| format!("x{i}")).collect();
    assert_eq!(terms(&format!("y ~ {}", names.join(" + "))).len(), 10_000);
    let hundred = names[..100].join(" + ");
    assert_eq!(terms(&format!("y ~ ({hundred})^2")).len(), 5050);
    let nested = format!("y ~ {}a{}", "(".repeat(190), ")".repeat(190));
    assert_eq!(terms(&nested), ["a"]);
}

/// Texts that look like formulas often enough to reach deep into the parser.
fn formula_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("y"),
        Just("a"),
        Just("b"),
        Just("x1"),
        Just("`a b`"),
        Just("["),
        Just("]"),
        Just("."),
        Just("~"),
        Just("+"),
        Just("-"),
        Just("*"),
        Just(":"),
        Just("^"),
        Just("2"),
        Just("1"),
        Just("0"),
        Just("("),
        Just(")"),
        Just(","),
        Just("F("),
        Just("N("),
        Just("I("),
        Just("log("),
        Just("cbind("),
        Just("low ="),
        Just("'t'"),
        Just(">"),
        Just("not"),
        Just("in"),
        Just("case"),
        Just("end"),
        Just("%in%"),
        Just("1e-3"),
        Just("é"),
        Just("\\"),
        Just("'"),
        Just("`"),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.join(" "))
}

/// Formulas that are correct.
fn correct_formula() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-e]",
        Just("`sepal length (cm)`".to_owned()),
        Just("F(a, 1, 5)".to_owned()),
        Just("N(b)".to_owned()),
        Just("log(c)".to_owned()),
        Just("I(a^2 + b / 3)".to_owned()),
        Just(".".to_owned()),
    ];
    let terms = leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}:{b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})*{b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} + {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} - {b})")),
            inner.prop_map(|a| format!("({a})^2")),
        ]
    });
    (
        prop_oneof![Just("y ~ "), Just("~ "), Just("cbind(y, z) ~ "), Just("y > 3 ~ ")],
        terms,
        prop_oneof![Just(""), Just(" - 1"), Just(" + 0")],
    )
        .prop_map(|(response, terms, intercept)| format!("{response}{terms}{intercept}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        if let Err(error) = Formula::parse(&text) {
            prop_assert!(error.to_string().contains('^'));
        }
    }

    #[test]
    fn no_formula_like_text_panics(text in formula_like()) {
        match Formula::parse(&text) {
            Ok(formula) => prop_assert_eq!(Formula::parse(&formula.to_string()).unwrap(), formula),
            Err(error) => prop_assert!(error.to_string().contains('^')),
        }
    }

    #[test]
    fn canonical_text_is_read_back(text in correct_formula()) {
        let formula = Formula::parse(&text).unwrap();
        let again = Formula::parse(&formula.to_string());
        prop_assert!(again.is_ok(), "{} became {}", text, formula);
        prop_assert_eq!(again.unwrap(), formula.clone());
        let expanded = formula.expand(&["y", "a", "b", "p q"]).unwrap();
        prop_assert_eq!(Formula::parse(&expanded.to_string()).unwrap(), expanded);
    }
}
