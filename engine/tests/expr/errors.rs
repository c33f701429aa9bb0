//! Errors with their drawings, and texts that mean harm.

use engine::expr::{Expr, ExprError};

use super::{batch, evaluate, rows, show};

#[test]
fn errors_draw_the_place() {
    for (text, drawing) in [
        (
            "arrdelay > 5",
            "there is no column 'arrdelay'\n  arrdelay > 5\n  ^^^^^^^^\n  hint: did you mean 'ArrDelay'? the columns are \
             ArrDelay, CRSDepTime, DayOfWeek, size, name, ... (13 in all)",
        ),
        (
            "ArrDelay > \"5\"",
            "cannot compare a number with text\n  ArrDelay > \"5\"\n  ^^^^^^^^^^^^^^\n  hint: write 5 without quotes",
        ),
        (
            "DayOfWeek == 3",
            "cannot compare a factor with a number\n  DayOfWeek == 3\n  ^^^^^^^^^^^^^^\n  hint: write \"3\" in quotes",
        ),
        (
            "DayOfWeek > 'Monday'",
            "the levels of a factor have no order\n  DayOfWeek > 'Monday'\n  ^^^^^^^^^^^^^^^^^^^^\n  hint: compare \
             as.character(DayOfWeek) by the alphabet, or codes(DayOfWeek) by place",
        ),
        (
            "1 < ArrDelay < 5",
            "comparisons do not chain\n  1 < ArrDelay < 5\n               ^\n  hint: write 1 < ArrDelay & ArrDelay < ...",
        ),
        (
            "ArrDelay == NA",
            "a comparison with a missing value is always missing\n  ArrDelay == NA\n  ^^^^^^^^^^^^^^\n  hint: write \
             is.na(ArrDelay) or ArrDelay is null",
        ),
        (
            "ArrDelay in (1, NA)",
            "a missing value in a list never matches\n  ArrDelay in (1, NA)\n                  ^^\n  hint: leave it out and \
             add | is.na(ArrDelay)",
        ),
        (
            "name + 'x'",
            "'+' needs a number, but this is text\n  name + 'x'\n  ^^^^\n  hint: texts are joined by paste0(a, b)",
        ),
        (
            "ArrDelay & flag",
            "'&' needs a condition, but this is a number\n  ArrDelay & flag\n  ^^^^^^^^\n  hint: compare it, for example \
             ArrDelay != 0",
        ),
        (
            "name || 'x'",
            "'|' needs a condition, but this is text\n  name || 'x'\n  ^^^^\n  hint: texts are joined by paste0(a, b)",
        ),
        (
            "day > '31.1.2024'",
            "this is not a date\n  day > '31.1.2024'\n        ^^^^^^^^^^^\n  hint: write \"2020-01-31\"",
        ),
        (
            "as.numeric(DayOfWeek)",
            "a factor has two numbers: the place of its level and the number in its text\n  as.numeric(DayOfWeek)\n  \
             ^^^^^^^^^^^^^^^^^^^^^\n  hint: write codes(DayOfWeek) or as.numeric(as.character(DayOfWeek))",
        ),
        (
            "factor(name)",
            "the levels must be known before the data is read\n  factor(name)\n  ^^^^^^^^^^^^\n  hint: name them in order: \
             factor(name, \"a\", \"b\")",
        ),
        (
            "ifelse(flag, 1, 'x')",
            "the values must have one type, but there are a number and text\n  ifelse(flag, 1, 'x')\n  \
             ^^^^^^^^^^^^^^^^^^^^\n  hint: convert one of them, for example with as.character(x)",
        ),
        ("hour(day)", "a date has no hour\n  hour(day)\n       ^^^"),
        ("(ArrDelay > 5", "this '(' is never closed\n  (ArrDelay > 5\n  ^\n  hint: add the missing ')'"),
        ("ArrDelay >", "expected a value after '>', found the end of the text\n  ArrDelay >\n            ^"),
        (
            "ArrDelay > 5)",
            "this ')' closes nothing\n  ArrDelay > 5)\n              ^\n  hint: remove it, or open it before",
        ),
        (
            "ArrDelay 5",
            "expected an operator or the end of the text after 'ArrDelay', found '5'\n  ArrDelay 5\n           ^",
        ),
        (
            "and > 3",
            "expected a value, found 'and'\n  and > 3\n  ^^^\n  hint: write `and` in backticks if it is a column",
        ),
        ("sqr(x) > 1", "there is no function 'sqr'\n  sqr(x) > 1\n  ^^^\n  hint: did you mean 'sqrt'?"),
        (
            "name.str.upper() == 'X'",
            "there is no function 'name.str.upper'\n  name.str.upper() == 'X'\n  ^^^^^^^^^^^^^^\n  hint: write upper(name)",
        ),
        (
            "x > max(x)",
            "max is taken over all rows, but an expression sees one row at a time\n  x > max(x)\n      ^^^\n  hint: for the \
             larger of two values write pmax(a, b)",
        ),
        ("substr(name)", "substr takes 2 or 3 arguments, not 1\n  substr(name)\n  ^^^^^^^^^^^^"),
        (
            "cast(x as flaot)",
            "there is no type 'flaot'\n  cast(x as flaot)\n            ^^^^^\n  hint: did you mean 'float'?",
        ),
        (
            "case when flag then 1",
            "expected 'when', 'else' or 'end' after '1', found the end of the text\n  case when flag then 1\n                       ^",
        ),
        ("x in ()", "the list is empty\n  x in ()\n       ^^"),
        ("x ≥ 3", "the character '≥' has no meaning here\n  x ≥ 3\n    ^\n  hint: write >="),
        (
            "data$x > 3",
            "the character '$' has no meaning here\n  data$x > 3\n      ^\n  hint: write the name of the column alone, without the data set",
        ),
        (
            "3x > 3",
            "a number runs into a name\n  3x > 3\n  ^^\n  hint: write `3x` in backticks if it is a column, or put an operator between",
        ),
        (
            "n + 1 > 0",
            "the result does not fit a 64-bit whole number\n  n + 1 > 0\n  ^^^^^\n  hint: compute with fractions: as.numeric(x)",
        ),
    ] {
        let error = evaluate(text).err().unwrap_or_else(|| panic!("{text} should fail"));
        assert_eq!(error, drawing, "{text}");
    }
}

#[test]
fn a_selection_is_true_or_false() {
    let batch = batch();
    let bound = Expr::parse("ArrDelay + 1").unwrap().bind(&batch.schema()).unwrap();
    let error = bound.select(&batch).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a row selection must be true or false, but this is of type Int64\n  ArrDelay + 1\n  ^^^^^^^^^^^^\n  hint: compare it, \
         for example ArrDelay + 1 > 0"
    );
    assert_eq!(error.place().map(|at| at.span.end), Some(12));
    assert!(bound.check_selection().is_err());
    let error = Expr::parse("nothing > 0").unwrap().bind(&batch.schema()).unwrap_err();
    assert!(matches!(error, ExprError::UnknownColumn { column, .. } if column == "nothing"));
}

#[test]
fn hostile_texts_are_refused_and_long_ones_are_not() {
    for text in [
        format!("{}x{}", "(".repeat(10_000), ")".repeat(10_000)),
        "-".repeat(10_000) + "x",
        "!".repeat(10_000) + "x",
        "not ".repeat(10_000) + "x",
        "x^".repeat(10_000) + "x",
        "x + ".repeat(10_000) + "x",
        "abs(".repeat(10_000),
        "case when ".repeat(10_000),
        "1 if x else ".repeat(10_000) + "1",
        "x in (".repeat(10_000),
    ] {
        let error = Expr::parse(&text).unwrap_err();
        assert!(error.message.contains("nested more than 200 levels"), "{error}");
    }
    let chain = (0..5_000).map(|i| format!("small == {i}")).collect::<Vec<_>>().join(" | ");
    assert_eq!(rows(&chain).len(), 6);
    let list = (0..20_000).map(|i| i.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(rows(&format!("small in ({list})")).len(), 6);
    let deep = "(".repeat(150) + "small" + &" + 1)".repeat(150);
    assert_eq!(show(&deep), "151 152 153 154 155 156");
}

#[test]
fn nested_copies_and_growing_texts_are_bounded() {
    let between = "(".repeat(100) + "small" + &" between 0 and 1)".repeat(100);
    assert!(evaluate(&between).unwrap_err().contains("becomes too large"));
    let case = "case ".repeat(60) + "small" + &" when 1 then 1 when 0 then 0 else 2 end".repeat(60);
    assert!(evaluate(&case).unwrap_err().contains("becomes too large"));
    let replace = "replace(".repeat(100) + "DayOfWeek" + &", 'a', 'aaaaaaaaaa')".repeat(100);
    assert!(evaluate(&replace).unwrap_err().contains("too long"));
    let paste = "paste0(".repeat(100) + "name" + &", 'xyz')".repeat(100);
    assert!(show(&paste).starts_with("Zoëxyzxyz"));
}

fn shared_between_threads<T: Send + Sync>() {}

#[test]
fn the_deepest_expressions_fit_a_small_stack() {
    let deepest = [
        "abs(".repeat(198) + "small" + &")".repeat(198),
        "-".repeat(198) + "small",
        "small ^ ".repeat(98) + "1",
    ];
    let sum = "small".to_owned() + &" + 1".repeat(198);
    for text in deepest.into_iter().chain([sum]) {
        let work = move || evaluate(&text).map(|array| array.len());
        let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap();
        assert_eq!(thread.join().unwrap(), Ok(6));
    }
    shared_between_threads::<engine::expr::BoundExpr>();
    shared_between_threads::<engine::formula::Formula>();
}
