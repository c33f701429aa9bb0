//! Expressions: the same meaning in the spellings of R, Python and SQL, types, missing values, factors, errors with
//! their drawings, and that no text brings them down.

mod errors;
mod properties;

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float32Array, Float64Array, Int16Array,
    Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, Field, Schema};
use engine::expr::{Expr, ExprError, parse_assignment};

const LEVELS: [&str; 3] = ["Monday", "Tuesday", "Friday"];

/// Six rows with a column of each type, and something missing in most.
fn batch() -> RecordBatch {
    let days = DictionaryArray::<Int32Type>::new(
        Int32Array::from(vec![Some(0), Some(1), None, Some(2), Some(0), Some(1)]),
        Arc::new(StringArray::from(LEVELS.to_vec())),
    );
    let sizes = DictionaryArray::<Int32Type>::new(
        Int32Array::from(vec![Some(0), Some(1), Some(2), None, Some(2), Some(1)]),
        Arc::new(StringArray::from(vec!["small", "middle", "large"])),
    );
    let columns: Vec<(Field, ArrayRef)> = vec![
        (
            Field::new("ArrDelay", DataType::Int32, true),
            Arc::new(Int32Array::from(vec![Some(6), Some(-8), None, Some(16), Some(0), Some(120)])),
        ),
        (
            Field::new("CRSDepTime", DataType::Float32, true),
            Arc::new(Float32Array::from(vec![
                Some(9.5),
                Some(0.1),
                Some(13.75),
                None,
                Some(23.9),
                Some(0.0),
            ])),
        ),
        (Field::new("DayOfWeek", days.data_type().clone(), true), Arc::new(days)),
        (
            xdf::metadata::set(
                Field::new("size", sizes.data_type().clone(), true),
                xdf::metadata::ORDERED,
                "true",
            ),
            Arc::new(sizes),
        ),
        (
            Field::new("name", DataType::Utf8, true),
            Arc::new(StringArray::from(vec![
                Some("Zoë"),
                Some(" ann "),
                None,
                Some("Bob"),
                Some(""),
                Some("50%"),
            ])),
        ),
        (
            Field::new("flag", DataType::Boolean, true),
            Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true), Some(false), None])),
        ),
        (
            Field::new("x", DataType::Float64, true),
            Arc::new(Float64Array::from(vec![
                Some(1.5),
                Some(f64::NAN),
                None,
                Some(-0.0),
                Some(-2.5),
                Some(100.0),
            ])),
        ),
        (Field::new("small", DataType::Int16, false), Arc::new(Int16Array::from(vec![1, 2, 3, 4, 5, 6]))),
        (Field::new("big", DataType::UInt64, false), Arc::new(UInt64Array::from(vec![0, 1, 2, 3, 4, 5]))),
        (Field::new("n", DataType::Int64, false), Arc::new(Int64Array::from(vec![7, -7, i64::MAX, 0, 3, 2]))),
        (
            Field::new("day", DataType::Date32, true),
            Arc::new(Date32Array::from(vec![Some(0), Some(19_753), None, Some(19_754), Some(-1), Some(365)])),
        ),
        (
            Field::new("at", DataType::Timestamp(arrow_schema::TimeUnit::Microsecond, None), true),
            Arc::new(TimestampMicrosecondArray::from(vec![
                Some(0),
                Some(1_706_745_599_500_000),
                None,
                Some(3_600_000_000),
                Some(1),
                Some(2),
            ])),
        ),
        (
            Field::new("sepal length (cm)", DataType::Float64, false),
            Arc::new(Float64Array::from(vec![5.1, 4.9, 4.7, 4.6, 5.0, 5.4])),
        ),
    ];
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn evaluate(text: &str) -> Result<ArrayRef, String> {
    let batch = batch();
    let expr = Expr::parse(text).map_err(|error| error.to_string())?;
    let bound = expr.bind(&batch.schema()).map_err(|error| error.to_string())?;
    let array = bound.evaluate(&batch).map_err(|error| error.to_string())?;
    assert_eq!(array.data_type(), bound.data_type(), "{text}");
    assert_eq!(array.len(), batch.num_rows(), "{text}");
    // The canonical text means the same.
    let again =
        Expr::parse(&expr.to_string()).unwrap_or_else(|error| panic!("{text} became {expr}: {error}"));
    assert_eq!(again, expr, "{text} became {expr}");
    Ok(array)
}

/// The values as text, separated by blanks, `_` for missing.
fn show(text: &str) -> String {
    let array = evaluate(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let options = FormatOptions::default().with_null("_");
    let format = ArrayFormatter::try_new(&array, &options).unwrap();
    let values: Vec<String> = (0..array.len()).map(|row| format.value(row).to_string()).collect();
    values.join(" ")
}

/// The selected rows, from 1.
fn rows(text: &str) -> Vec<usize> {
    let batch = batch();
    let bound = Expr::parse(text).unwrap_or_else(|error| panic!("{error}")).bind(&batch.schema());
    let mask = bound.unwrap_or_else(|error| panic!("{error}")).select(&batch).unwrap();
    assert_eq!(mask.null_count(), 0);
    (0..mask.len()).filter(|&row| mask.value(row)).map(|row| row + 1).collect()
}

#[test]
fn one_selection_in_many_spellings() {
    let table: &[(&[&str], &[usize])] = &[
        (
            &[
                "ArrDelay > 5",
                "ArrDelay>5",
                "5 < ArrDelay",
                "not ArrDelay <= 5",
                "!(ArrDelay<=5)",
                "ArrDelay > 5.5",
            ],
            &[1, 4, 6],
        ),
        (
            &[
                "ArrDelay > 5 & DayOfWeek == \"Monday\"",
                "ArrDelay > 5 && DayOfWeek == 'Monday'",
                "ArrDelay > 5 and DayOfWeek == 'Monday'",
                "ArrDelay > 5 AND DayOfWeek = 'Monday'",
                "(ArrDelay > 5) & (DayOfWeek == 'Monday')",
            ],
            &[1],
        ),
        (
            &[
                "DayOfWeek %in% c(\"Monday\", \"Friday\")",
                "DayOfWeek in [\"Monday\", \"Friday\"]",
                "DayOfWeek in ('Monday', 'Friday')",
                "DayOfWeek IN ('Monday', 'Friday', 'Nonday')",
                "DayOfWeek == 'Monday' | DayOfWeek == 'Friday'",
                "DayOfWeek = 'Monday' or DayOfWeek = 'Friday'",
                "upper(DayOfWeek) in ('MONDAY', 'FRIDAY')",
                "as.character(DayOfWeek) %in% c('Monday', 'Friday')",
                "[DayOfWeek] in ['Monday', 'Friday',]",
                "DayOfWeek != 'Tuesday'",
                "DayOfWeek <> 'Tuesday'",
                "DayOfWeek not in ('Tuesday')",
                "!DayOfWeek %in% 'Tuesday'",
                "not DayOfWeek in ['Tuesday']",
                "codes(DayOfWeek) in (1, 3)",
            ],
            &[1, 4, 5],
        ),
        (
            &[
                "is.na(ArrDelay)",
                "ArrDelay is null",
                "ArrDelay IS NULL",
                "isnull(ArrDelay)",
                "ArrDelay is None",
                "isna(ArrDelay)",
            ],
            &[3],
        ),
        (
            &[
                "!is.na(ArrDelay)",
                "ArrDelay is not null",
                "not isnull(ArrDelay)",
                "not ArrDelay is null",
                "ArrDelay is not NA",
            ],
            &[1, 2, 4, 5, 6],
        ),
        (&["is.na(DayOfWeek)", "DayOfWeek is null", "coalesce(DayOfWeek, 'none') == 'none'"], &[3]),
        (&["is.na(x)", "x is null", "isna(x)"], &[2, 3]),
        (
            &[
                "ArrDelay between 0 and 16",
                "ArrDelay >= 0 & ArrDelay <= 16",
                "not ArrDelay not between 0 and 16",
            ],
            &[1, 4, 5],
        ),
        (&["ArrDelay not between 0 and 16", "ArrDelay < 0 or ArrDelay > 16"], &[2, 6]),
        (&["ArrDelay in (6, 16)", "ArrDelay %in% c(6, 16.0)", "ArrDelay in [6, 16, 16.5]"], &[1, 4]),
        (
            &[
                "small in (1,2,3,4,9,10,11,12,13,14,15)",
                "small < 5",
                "small <= 4.5",
                "x is null or small < 5",
            ],
            &[1, 2, 3, 4],
        ),
        (&["flag", "flag == TRUE", "flag = true", "flag == True", "flag != FALSE", "flag == 1"], &[1, 4]),
        (&["!flag", "not flag", "NOT flag", "flag == FALSE"], &[2, 5]),
        (
            &[
                "name like 'B%'",
                "startswith(name, 'B')",
                "startsWith(name, 'B')",
                "starts_with(name, 'B')",
                "name ilike 'b%'",
            ],
            &[4],
        ),
        (&["name like '%\\%'", "endswith(name, '%')", "contains(name, '%')"], &[6]),
        (&["name not like 'B%'", "not (name like 'B%')"], &[1, 2, 5, 6]),
        (
            &[
                "ArrDelay % 2 = 0",
                "ArrDelay %% 2 == 0",
                "mod(ArrDelay, 2) == 0",
                "ArrDelay // 2 * 2 == ArrDelay",
            ],
            &[1, 2, 4, 5, 6],
        ),
        (
            &["ArrDelay^2 > 200", "ArrDelay ** 2 > 200", "pow(ArrDelay, 2) > 200", "ArrDelay*ArrDelay>200"],
            &[4, 6],
        ),
        (
            &[
                "day >= '2024-01-31'",
                "day >= date '2024-01-31'",
                "day >= as.Date('2024-01-31')",
                "year(day) = 2024",
            ],
            &[2, 4],
        ),
        (
            &["at < '1970-01-01 00:00:01'", "at < timestamp '1970-01-01 00:00:01'", "as.integer(at) == 0"],
            &[1, 5, 6],
        ),
        (&["size >= 'middle'", "size > 'small'", "'small' < size", "codes(size) > 1"], &[2, 3, 5, 6]),
        (&["CRSDepTime == 0.1", "CRSDepTime in (0.1)", "CRSDepTime = .1"], &[2]),
        (&["`sepal length (cm)` > 5", "[sepal length (cm)] > 5"], &[1, 6]),
        (&["x == 0", "x == -0.0", "x in (0)", "x in (0,1,2,3,4,5,6,7,8,9,10)"], &[4]),
        (&["TRUE", "1 < 2", "not false", "TRUE or NA"], &[1, 2, 3, 4, 5, 6]),
        (&["FALSE", "NA", "null", "is.na(1)"], &[]),
        (
            &[
                "ifelse(small > 3, ArrDelay > 0, FALSE)",
                "ArrDelay > 0 if small > 3 else False",
                "where(small > 3, ArrDelay > 0, false)",
            ],
            &[4, 6],
        ),
    ];
    for (spellings, expected) in table {
        for text in *spellings {
            assert_eq!(rows(text), *expected, "{text}");
        }
    }
}

#[test]
fn values() {
    for (text, expected) in [
        ("ArrDelay", "6 -8 _ 16 0 120"),
        ("ArrDelay + 1", "7 -7 _ 17 1 121"),
        ("1 - ArrDelay", "-5 9 _ -15 1 -119"),
        ("-ArrDelay", "-6 8 _ -16 0 -120"),
        ("ArrDelay / 4", "1.5 -2.0 _ 4.0 0.0 30.0"),
        ("ArrDelay // 4", "1 -2 _ 4 0 30"),
        ("ArrDelay %/% small", "6 -4 _ 4 0 20"),
        ("n % 4", "3 1 3 0 3 2"),
        ("7 % n", "0 0 7 _ 1 1"),
        ("n %/% 0", "_ _ _ _ _ _"),
        ("small / 0", "inf inf inf inf inf inf"),
        ("x // 1", "1.0 NaN _ 0.0 -3.0 100.0"),
        ("x %% 2", "1.5 NaN _ -0.0 1.5 0.0"),
        ("flag + flag", "2 0 _ 2 0 _"),
        ("2^3^0 + -2^2", "-2.0 -2.0 -2.0 -2.0 -2.0 -2.0"),
        ("2 * 7 %% 4", "6 6 6 6 6 6"),
        ("2 * 7 % 4", "2 2 2 2 2 2"),
        ("2^-1", "0.5 0.5 0.5 0.5 0.5 0.5"),
        ("CRSDepTime * 2 > 19", "false false true _ true false"),
        ("abs(ArrDelay)", "6 8 _ 16 0 120"),
        ("sign(x)", "1.0 NaN _ -0.0 -1.0 1.0"),
        ("sqrt(small * small)", "1.0 2.0 3.0 4.0 5.0 6.0"),
        ("round(x)", "2.0 NaN _ -0.0 -2.0 100.0"),
        ("round(`sepal length (cm)` / 3, 2)", "1.7 1.63 1.57 1.53 1.67 1.8"),
        ("round(1234.5, -2)", "1200.0 1200.0 1200.0 1200.0 1200.0 1200.0"),
        ("floor(x) + ceiling(x) + trunc(x)", "4.0 NaN _ -0.0 -7.0 300.0"),
        ("floor(small)", "1 2 3 4 5 6"),
        ("log(8, base = 2) + log10(100) + log(exp(1)) + log2(4) + ln(1)", "8.0 8.0 8.0 8.0 8.0 8.0"),
        ("log1p(0) + expm1(0) + sin(0) + cos(0) + tan(0)", "1.0 1.0 1.0 1.0 1.0 1.0"),
        ("pi > 3.14 and pi < 3.15", "true true true true true true"),
        ("pmin(ArrDelay, 5)", "5 -8 _ 5 0 5"),
        ("pmax(small, 2.5, x)", "2.5 NaN _ 4.0 5.0 100.0"),
        ("coalesce(ArrDelay, -1)", "6 -8 -1 16 0 120"),
        ("coalesce(x, ArrDelay, 9)", "1.5 -8.0 9.0 -0.0 -2.5 100.0"),
        ("isnull(ArrDelay, 0)", "6 -8 0 16 0 120"),
        ("nullif(ArrDelay, 0)", "6 -8 _ 16 _ 120"),
        ("ifelse(ArrDelay > 5, 'late', 'ok')", "late ok _ late ok late"),
        ("case when ArrDelay > 5 then 'late' else 'ok' end", "late ok ok late ok late"),
        ("case when ArrDelay > 100 then 3 when ArrDelay > 5 then 2.5 end", "2.5 _ _ 2.5 _ 3.0"),
        ("case DayOfWeek when 'Monday' then 1 when 'Friday' then 5 else 0 end", "1 0 0 5 1 0"),
        ("1 if flag else 2 if small > 4 else 3", "1 3 _ 1 2 _"),
        ("upper(name)", "ZOË  ANN  _ BOB  50%"),
        ("nchar(name)", "3 5 _ 3 0 3"),
        ("len(DayOfWeek)", "6 7 _ 6 6 7"),
        ("trim(name)", "Zoë ann _ Bob  50%"),
        ("ltrim(name) == 'ann ' or rtrim(name) == ' ann'", "false true _ false false false"),
        ("substr(DayOfWeek, 1, 3)", "Mon Tue _ Fri Mon Tue"),
        ("substr(name, 2, 3)", "oë an _ ob  0%"),
        ("substring(name, 3)", "ë nn  _ b  %"),
        ("substr(name, start = 2, stop = 2)", "o a _ o  0"),
        ("left(name, 2)", "Zo  a _ Bo  50"),
        ("right(name, 2)", "oë n  _ ob  0%"),
        ("replace(DayOfWeek, 'day', '')", "Mon Tues _ Fri Mon Tues"),
        ("paste0(DayOfWeek, ':', small)", "Monday:1 Tuesday:2 _ Friday:4 Monday:5 Tuesday:6"),
        ("concat(name, '!')", "Zoë!  ann ! _ Bob! ! 50%!"),
        ("year(day) * 10000 + month(day) * 100 + day(day)", "19700101 20240131 _ 20240201 19691231 19710101"),
        ("weekday(day)", "3 2 _ 3 2 4"),
        ("quarter(day) + yday(day)", "2 32 _ 33 369 2"),
        ("hour(at) * 3600 + minute(at) * 60 + second(at)", "0 86399 _ 3600 0 0"),
        ("day + 1", "1970-01-02 2024-02-01 _ 2024-02-02 1970-01-01 1971-01-02"),
        ("day - as.Date('1970-01-01')", "0 19753 _ 19754 -1 365"),
        ("as.numeric(day)", "0.0 19753.0 _ 19754.0 -1.0 365.0"),
        ("as.Date(small)", "1970-01-02 1970-01-03 1970-01-04 1970-01-05 1970-01-06 1970-01-07"),
        ("as.Date(at)", "1970-01-01 2024-01-31 _ 1970-01-01 1970-01-01 1970-01-01"),
        ("float(small) / 2", "0.5 1.0 1.5 2.0 2.5 3.0"),
        ("as.integer(x)", "1 _ _ 0 -2 100"),
        ("int('12') + as.integer(' ') ", "_ _ _ _ _ _"),
        ("str(small)", "1 2 3 4 5 6"),
        ("cast(x as int32)", "1 _ _ 0 -2 100"),
        ("CAST(small AS VARCHAR(20))", "1 2 3 4 5 6"),
        ("cast(small as double precision)", "1.0 2.0 3.0 4.0 5.0 6.0"),
        ("as.logical(ArrDelay)", "true true _ true false true"),
        ("bool(0)", "false false false false false false"),
        ("codes(DayOfWeek)", "1 2 _ 3 1 2"),
        ("factor(DayOfWeek, levels = c('Friday', 'Monday'))", "Monday _ _ Friday Monday _"),
        ("as.factor(small, 1, 2, 3)", "1 2 3 _ _ _"),
        ("codes(factor(small, 3, 2, 1))", "3 2 1 _ _ _"),
        ("factor(flag)", "true false _ true false _"),
        ("factor(name, 'Bob') == 'Bob'", "_ _ _ true _ _"),
        ("is.nan(x)", "false true false false false false"),
        ("is.finite(x)", "true false false true true true"),
        ("np.log10(np.where(small > 1, 100, 10))", "1.0 2.0 2.0 2.0 2.0 2.0"),
        ("'a'", "a a a a a a"),
        ("NA", "_ _ _ _ _ _"),
    ] {
        assert_eq!(show(text), expected, "{text}");
    }
}

#[test]
fn types() {
    for (text, expected) in [
        ("ArrDelay", DataType::Int32),
        ("CRSDepTime", DataType::Float32),
        ("ArrDelay + small", DataType::Int64),
        ("ArrDelay / small", DataType::Float64),
        ("CRSDepTime + small", DataType::Float64),
        ("CRSDepTime + CRSDepTime", DataType::Float64),
        ("flag + 1", DataType::Int64),
        ("flag", DataType::Boolean),
        ("ifelse(flag, 1, 2.5)", DataType::Float64),
        ("ifelse(flag, DayOfWeek, 'x')", DataType::Utf8),
        ("ifelse(flag, small, small)", DataType::Int16),
        ("lower(DayOfWeek)", DataType::Utf8),
        ("cast(n as float32)", DataType::Float32),
        ("as.factor(DayOfWeek)", batch().column_by_name("DayOfWeek").unwrap().data_type().clone()),
    ] {
        assert_eq!(*evaluate(text).unwrap().data_type(), expected, "{text}");
    }
}

#[test]
fn every_conversion_works_or_says_that_there_is_none() {
    let batch = batch();
    for field in batch.schema().fields() {
        for to in ["int", "int8", "uint64", "float", "real", "text", "bool", "date", "timestamp"] {
            let text = format!("cast([{}] as {to})", field.name());
            if let Err(error) = evaluate(&text) {
                let clear =
                    ["cannot become", "a factor has two numbers"].iter().any(|part| error.contains(part));
                assert!(clear, "{error}");
            }
            let constant = format!("cast(null as {to})");
            assert_eq!(show(&constant), "_ _ _ _ _ _", "{constant}");
        }
    }
}

#[test]
fn a_factor_keeps_its_dictionary_and_names_its_levels() {
    let batch = batch();
    let bound = Expr::parse("DayOfWeek").unwrap().bind(&batch.schema()).unwrap();
    assert!(Arc::ptr_eq(&bound.evaluate(&batch).unwrap(), batch.column_by_name("DayOfWeek").unwrap()));
    let bound = Expr::parse("size").unwrap().bind(&batch.schema()).unwrap();
    assert!(xdf::metadata::is_ordered(&bound.field("other")));
    assert_eq!(bound.field("other").name(), "other");
    let bound = Expr::parse("factor(name, 'Bob', 'Zoë')").unwrap().bind(&batch.schema()).unwrap();
    assert_eq!(xdf::metadata::levels(&bound.field("who")), Some(vec!["Bob".to_owned(), "Zoë".to_owned()]));
}

#[test]
fn three_valued_logic() {
    for (text, expected) in [
        ("flag & NA", "_ false _ _ false _"),
        ("flag | NA", "true _ _ true _ _"),
        ("flag and TRUE", "true false _ true false _"),
        ("flag or TRUE", "true true true true true true"),
        ("flag and FALSE", "false false false false false false"),
        ("!flag", "false true _ false true _"),
        ("flag == flag", "true true _ true true _"),
        ("x == x", "true _ _ true true true"),
        ("x != 5", "true _ _ true true true"),
        ("x > 1e308", "false _ _ false false false"),
        ("!(x > 0)", "false _ _ true true false"),
        ("x > NaN", "_ _ _ _ _ _"),
        ("x in (1.5, 2)", "true _ _ false false false"),
        ("DayOfWeek == 'Monday'", "true false _ false true false"),
        ("DayOfWeek == 'Nonday'", "false false _ false false false"),
        ("DayOfWeek %in% c('Monday')", "true false _ false true false"),
        ("DayOfWeek == 'Monday' & is.na(ArrDelay)", "false false _ false false false"),
        ("DayOfWeek == 'Monday' | is.na(DayOfWeek)", "true false true false true false"),
        ("size > 'none'", "_ _ _ _ _ _"),
        ("ArrDelay between 0 and NULL", "_ false _ _ _ _"),
    ] {
        assert_eq!(show(text), expected, "{text}");
    }
}

#[test]
fn factors_with_more_levels_than_rows_are_the_same() {
    let mut levels: Vec<String> = (0..100).map(|i| format!("level {i}")).collect();
    levels[42] = "Monday".to_owned();
    let codes = Int32Array::from(vec![Some(42), None, Some(7)]);
    let factor = DictionaryArray::<Int32Type>::new(codes, Arc::new(StringArray::from(levels)));
    let schema = Arc::new(Schema::new(vec![Field::new("f", factor.data_type().clone(), true)]));
    let batch = RecordBatch::try_new(schema, vec![Arc::new(factor)]).unwrap();
    let show = |text: &str| {
        let array = Expr::parse(text).unwrap().bind(&batch.schema()).unwrap().evaluate(&batch).unwrap();
        format!("{:?}", array.as_any().downcast_ref::<BooleanArray>().unwrap().iter().collect::<Vec<_>>())
    };
    assert_eq!(show("f == 'Monday'"), "[Some(true), None, Some(false)]");
    assert_eq!(show("is.na(f)"), "[Some(false), Some(true), Some(false)]");
    assert_eq!(show("upper(f) == 'MONDAY' or f is null"), "[Some(true), Some(true), Some(false)]");
}

#[test]
fn empty_batches_and_other_column_orders() {
    let batch = batch();
    let bound = Expr::parse("DayOfWeek == 'Monday' & x > 0 & upper(name) != 'A'")
        .unwrap()
        .bind(&batch.schema())
        .unwrap();
    assert_eq!(bound.select(&batch.slice(0, 0)).unwrap().len(), 0);
    assert_eq!(bound.select(&batch.slice(4, 2)).unwrap().len(), 2);
    let order: Vec<usize> = (0..batch.num_columns()).rev().collect();
    let reversed = batch.project(&order).unwrap();
    assert_eq!(bound.select(&reversed).unwrap(), bound.select(&batch).unwrap());
    let without = batch.project(&[0, 1, 2]).unwrap();
    let error = bound.select(&without).unwrap_err();
    assert!(matches!(&error, ExprError::Batch { column, .. } if column == "x"), "{error}");
}

#[test]
fn foreign_types_are_taken() {
    use arrow_array::{Decimal128Array, LargeStringArray, StringViewArray};
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("large", Arc::new(LargeStringArray::from(vec!["a", "b"]))),
        ("view", Arc::new(StringViewArray::from(vec!["a", "b"]))),
        ("price", Arc::new(Decimal128Array::from(vec![150, 250]).with_precision_and_scale(10, 2).unwrap())),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let count = |text: &str| {
        let bound = Expr::parse(text).unwrap().bind(&batch.schema()).unwrap();
        bound.select(&batch).unwrap().true_count()
    };
    assert_eq!(count("large == 'a'"), 1);
    assert_eq!(count("view in ('b', 'c')"), 1);
    assert_eq!(count("price > 1.4"), 2);
    let bound = Expr::parse("price").unwrap().bind(&batch.schema()).unwrap();
    assert_eq!(*bound.data_type(), DataType::Decimal128(10, 2));
}

#[test]
fn whole_numbers_do_not_wrap() {
    for text in ["n + 1", "n * 2", "abs(n * 1) + n", "-n - n - 10"] {
        let error = evaluate(text).unwrap_err();
        assert!(error.contains("does not fit a 64-bit whole number"), "{text}: {error}");
        assert!(error.contains('^'));
    }
    assert!(evaluate("9223372036854775807 + 1").unwrap_err().contains("does not fit"));
    assert_eq!(show("as.numeric(n) + 1 > 0"), "true false true true true true");
    assert_eq!(rows("n == 9223372036854775807"), [3]);
    assert_eq!(rows("big == -1"), [0usize; 0]);
    assert_eq!(rows("small == 1000000"), [0usize; 0]);
    assert_eq!(rows("small != 2.5"), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn canonical_text() {
    for (text, canonical) in [
        ("a AND not b or c", "a & !b | c"),
        ("(a or b) and c", "(a | b) & c"),
        ("a and b and c and (d and e)", "a & b & c & (d & e)"),
        ("x in ('a', 'b')", "x %in% c(\"a\", \"b\")"),
        ("x NOT IN (1)", "!x %in% c(1)"),
        ("x is not null", "!is.na(x)"),
        ("a if b else c", "ifelse(b, a, c)"),
        ("x ** 2 // 3 % 4", "x^2 %/% 3 %% 4"),
        ("(-2) ^ 2 - -x", "(-2)^2 - -x"),
        ("-2^2", "-2^2"),
        ("a - (b - c) - d", "a - (b - c) - d"),
        ("log( x+1 )", "log(x + 1)"),
        ("ln(x) + .5e1", "log(x) + 5.0"),
        ("`a b` = 'it''s'", "`a b` == \"it's\""),
        ("cast(x as bigint)", "as.integer(x)"),
        ("cast(x as smallint)", "cast(x as int16)"),
        ("a between 1+1 and 2", "a between 1 + 1 and 2"),
        ("`end` + `TRUE`", "`end` + `TRUE`"),
        ("pi * inf", "pi * Inf"),
        ("CASE x WHEN 1 THEN 'a' END", "case x when 1 then \"a\" end"),
    ] {
        assert_eq!(Expr::parse(text).unwrap().to_string(), canonical);
    }
}

#[test]
fn columns_and_assignments() {
    let expr = Expr::parse("case when a > b then `c d` else a end + log(e)").unwrap();
    assert_eq!(expr.columns(), ["a", "b", "c d", "e"]);
    assert_eq!(Expr::parse("`a b`").unwrap().as_column(), Some("a b"));
    let (name, expr) = parse_assignment("late = ArrDelay > 15").unwrap();
    assert_eq!((name.as_str(), expr.to_string().as_str()), ("late", "ArrDelay > 15"));
    let (name, expr) = parse_assignment("`a b`=x==1").unwrap();
    assert_eq!((name.as_str(), expr.to_string().as_str()), ("a b", "x == 1"));
    for text in ["x == 1", "x", "", "1 = x", "x ="] {
        assert!(parse_assignment(text).is_err(), "{text}");
    }
    let error = parse_assignment("late: x").unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected '=' after 'late', found ':'\n  late: x\n      ^\n  hint: write name = expression, for example late = \
         ArrDelay > 15"
    );
}
