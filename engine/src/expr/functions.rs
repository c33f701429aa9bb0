//! The functions, under all the names that R, Python and SQL give them.
//!
//! One table says which names mean a function, how many arguments it takes, and how they may be named. The first
//! name is the canonical one: it is printed, and it is never the name of another function. Names are looked up in
//! any case, and a leading `np.`, `numpy.`, `math.` or `pd.` is ignored.

use arrow_schema::{DataType, TimeUnit};

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    IsMissing,
    IsNan,
    IsFinite,
    Abs,
    Sqrt,
    Exp,
    Expm1,
    Log,
    Log2,
    Log10,
    Log1p,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Tanh,
    Floor,
    Ceiling,
    Trunc,
    Round,
    Sign,
    Power,
    Modulo,
    Least,
    Greatest,
    Coalesce,
    NullIf,
    Upper,
    Lower,
    Length,
    Substring,
    Left,
    Right,
    Trim,
    TrimLeft,
    TrimRight,
    StartsWith,
    EndsWith,
    Contains,
    Concat,
    Replace,
    Year,
    Quarter,
    Month,
    Day,
    YearDay,
    Weekday,
    Hour,
    Minute,
    Second,
    Factor,
    Codes,
    /// Written as a call, kept as [`Kind::If`](super::ast::Kind::If).
    IfElse,
}

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) function: Function,
    /// Canonical name first, all in lower case.
    pub(crate) names: &'static [&'static str],
    pub(crate) min: usize,
    pub(crate) max: usize,
    /// Names under which arguments may be given, in order.
    pub(crate) parameters: &'static [&'static str],
}

/// No upper bound on the number of arguments.
const MANY: usize = usize::MAX;

const fn row(
    function: Function,
    names: &'static [&'static str],
    min: usize,
    max: usize,
    parameters: &'static [&'static str],
) -> Signature {
    Signature { function, names, min, max, parameters }
}

/// The table.
pub(crate) const FUNCTIONS: &[Signature] = &[
    row(
        Function::IsMissing,
        &["is.na", "isna", "is_na", "is_null", "is.null", "isnull", "is_missing"],
        1,
        1,
        &["x"],
    ),
    row(Function::IsNan, &["is.nan", "isnan", "is_nan"], 1, 1, &["x"]),
    row(Function::IsFinite, &["is.finite", "isfinite", "is_finite"], 1, 1, &["x"]),
    row(Function::Abs, &["abs", "fabs"], 1, 1, &["x"]),
    row(Function::Sqrt, &["sqrt"], 1, 1, &["x"]),
    row(Function::Exp, &["exp"], 1, 1, &["x"]),
    row(Function::Expm1, &["expm1"], 1, 1, &["x"]),
    row(Function::Log, &["log", "ln"], 1, 2, &["x", "base"]),
    row(Function::Log2, &["log2"], 1, 1, &["x"]),
    row(Function::Log10, &["log10"], 1, 1, &["x"]),
    row(Function::Log1p, &["log1p"], 1, 1, &["x"]),
    row(Function::Sin, &["sin"], 1, 1, &["x"]),
    row(Function::Cos, &["cos"], 1, 1, &["x"]),
    row(Function::Tan, &["tan"], 1, 1, &["x"]),
    row(Function::Asin, &["asin", "arcsin"], 1, 1, &["x"]),
    row(Function::Acos, &["acos", "arccos"], 1, 1, &["x"]),
    row(Function::Atan, &["atan", "arctan"], 1, 1, &["x"]),
    row(Function::Tanh, &["tanh"], 1, 1, &["x"]),
    row(Function::Floor, &["floor"], 1, 1, &["x"]),
    row(Function::Ceiling, &["ceiling", "ceil"], 1, 1, &["x"]),
    row(Function::Trunc, &["trunc"], 1, 1, &["x"]),
    row(Function::Round, &["round"], 1, 2, &["x", "digits"]),
    row(Function::Sign, &["sign"], 1, 1, &["x"]),
    row(Function::Power, &["pow", "power"], 2, 2, &[]),
    row(Function::Modulo, &["mod"], 2, 2, &[]),
    row(Function::Least, &["pmin", "min2", "least", "minimum"], 2, MANY, &[]),
    row(Function::Greatest, &["pmax", "max2", "greatest", "maximum"], 2, MANY, &[]),
    row(Function::Coalesce, &["coalesce", "ifnull", "nvl", "fillna", "ifna"], 2, MANY, &[]),
    row(Function::NullIf, &["nullif", "na_if"], 2, 2, &[]),
    row(Function::Upper, &["upper", "toupper", "ucase"], 1, 1, &["x"]),
    row(Function::Lower, &["lower", "tolower", "lcase"], 1, 1, &["x"]),
    row(Function::Length, &["nchar", "len", "length", "char_length"], 1, 1, &["x"]),
    row(Function::Substring, &["substr", "substring"], 2, 3, &["x", "start", "stop"]),
    row(Function::Left, &["left"], 2, 2, &[]),
    row(Function::Right, &["right"], 2, 2, &[]),
    row(Function::Trim, &["trim", "trimws", "strip"], 1, 1, &["x"]),
    row(Function::TrimLeft, &["ltrim", "lstrip"], 1, 1, &["x"]),
    row(Function::TrimRight, &["rtrim", "rstrip"], 1, 1, &["x"]),
    row(Function::StartsWith, &["startswith", "starts_with"], 2, 2, &[]),
    row(Function::EndsWith, &["endswith", "ends_with"], 2, 2, &[]),
    row(Function::Contains, &["contains"], 2, 2, &[]),
    row(Function::Concat, &["paste0", "concat"], 1, MANY, &[]),
    row(Function::Replace, &["replace"], 3, 3, &[]),
    row(Function::Year, &["year"], 1, 1, &["x"]),
    row(Function::Quarter, &["quarter"], 1, 1, &["x"]),
    row(Function::Month, &["month"], 1, 1, &["x"]),
    row(Function::Day, &["day", "mday", "dayofmonth"], 1, 1, &["x"]),
    row(Function::YearDay, &["yday", "dayofyear"], 1, 1, &["x"]),
    row(Function::Weekday, &["weekday"], 1, 1, &["x"]),
    row(Function::Hour, &["hour"], 1, 1, &["x"]),
    row(Function::Minute, &["minute"], 1, 1, &["x"]),
    row(Function::Second, &["second"], 1, 1, &["x"]),
    row(Function::Factor, &["factor", "as.factor"], 1, MANY, &["x", "levels"]),
    row(Function::Codes, &["codes"], 1, 1, &["x"]),
    row(Function::IfElse, &["ifelse", "if_else", "iif", "where"], 3, 3, &["test", "yes", "no"]),
];

/// Functions over all rows, which a row-by-row expression cannot have.
const AGGREGATES: &[&str] = &[
    "mean", "sum", "min", "max", "avg", "count", "median", "sd", "std", "stdev", "var", "variance",
    "quantile", "rank", "cumsum", "lag", "lead", "scale", "n",
];

/// Conversions: the name of a call, the type it gives. The first of a type is canonical.
const CONVERSIONS: &[(&str, DataType)] = &[
    ("as.numeric", DataType::Float64),
    ("as.double", DataType::Float64),
    ("float", DataType::Float64),
    ("double", DataType::Float64),
    ("as.integer", DataType::Int64),
    ("int", DataType::Int64),
    ("integer", DataType::Int64),
    ("bigint", DataType::Int64),
    ("as.character", DataType::Utf8),
    ("str", DataType::Utf8),
    ("as.logical", DataType::Boolean),
    ("bool", DataType::Boolean),
    ("as.date", DataType::Date32),
    ("date", DataType::Date32),
    ("to_date", DataType::Date32),
    ("as.posixct", TIMESTAMP),
    ("timestamp", TIMESTAMP),
    ("to_timestamp", TIMESTAMP),
    ("to_datetime", TIMESTAMP),
];

/// What a time is when nothing else is said.
const TIMESTAMP: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// Types that `cast(x as TYPE)` knows.
const TYPES: &[(&str, DataType)] = &[
    ("int64", DataType::Int64),
    ("int", DataType::Int64),
    ("integer", DataType::Int64),
    ("bigint", DataType::Int64),
    ("int32", DataType::Int32),
    ("int16", DataType::Int16),
    ("smallint", DataType::Int16),
    ("int8", DataType::Int8),
    ("uint64", DataType::UInt64),
    ("uint32", DataType::UInt32),
    ("uint16", DataType::UInt16),
    ("uint8", DataType::UInt8),
    ("tinyint", DataType::UInt8),
    ("float64", DataType::Float64),
    ("float", DataType::Float64),
    ("double", DataType::Float64),
    ("numeric", DataType::Float64),
    ("decimal", DataType::Float64),
    ("float32", DataType::Float32),
    ("real", DataType::Float32),
    ("text", DataType::Utf8),
    ("varchar", DataType::Utf8),
    ("nvarchar", DataType::Utf8),
    ("char", DataType::Utf8),
    ("character", DataType::Utf8),
    ("string", DataType::Utf8),
    ("str", DataType::Utf8),
    ("bool", DataType::Boolean),
    ("boolean", DataType::Boolean),
    ("logical", DataType::Boolean),
    ("bit", DataType::Boolean),
    ("date", DataType::Date32),
    ("timestamp", TIMESTAMP),
    ("datetime", TIMESTAMP),
    ("datetime2", TIMESTAMP),
];

/// The name without the module that Python puts before it, in lower case.
fn plain(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    for module in ["np.", "numpy.", "math.", "pd.", "pandas."] {
        if let Some(rest) = name.strip_prefix(module) {
            return rest.to_owned();
        }
    }
    name
}

impl Function {
    /// The row of the table.
    pub(crate) fn signature(self) -> Option<&'static Signature> {
        FUNCTIONS.iter().find(|row| row.function == self)
    }

    /// The canonical name.
    pub(crate) fn name(self) -> &'static str {
        self.signature().and_then(|row| row.names.first()).copied().unwrap_or("?")
    }
}

/// The function that `name` means.
pub(crate) fn lookup(name: &str) -> Option<&'static Signature> {
    let name = plain(name);
    FUNCTIONS.iter().find(|row| row.names.contains(&name.as_str()))
}

/// The type to which a call of `name` converts.
pub(crate) fn conversion(name: &str) -> Option<DataType> {
    let name = plain(name);
    CONVERSIONS.iter().find(|(known, _)| *known == name).map(|(_, to)| to.clone())
}

/// The canonical call that converts to `to`, when there is one.
pub(crate) fn conversion_name(to: &DataType) -> Option<&'static str> {
    match to {
        DataType::Date32 => Some("as.Date"),
        DataType::Timestamp(..) => (*to == TIMESTAMP).then_some("as.POSIXct"),
        _ => CONVERSIONS.iter().find(|(_, known)| known == to).map(|(name, _)| *name),
    }
}

/// The type that `name` means in `cast(x as name)`.
pub(crate) fn type_named(name: &str) -> Option<DataType> {
    TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, to)| to.clone())
}

/// The name of a type in `cast(x as name)`.
pub(crate) fn type_name(to: &DataType) -> &'static str {
    TYPES.iter().find(|(_, known)| known == to).map_or("text", |(name, _)| name)
}

/// Whether `name` is a function over all rows.
pub(crate) fn is_aggregate(name: &str) -> bool {
    AGGREGATES.contains(&plain(name).as_str())
}

/// All names of types.
pub(crate) fn type_names() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|(name, _)| *name)
}

/// All names that may be called.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let conversions = CONVERSIONS.iter().map(|(name, _)| *name);
    FUNCTIONS.iter().flat_map(|row| row.names.iter().copied()).chain(conversions).chain(["cast"])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_name_means_two_things() {
        let mut seen = HashSet::new();
        for name in names() {
            assert!(seen.insert(name), "{name} occurs twice");
            assert_eq!(name, name.to_ascii_lowercase());
        }
    }

    #[test]
    fn python_modules_are_ignored() {
        assert_eq!(lookup("np.Log10").map(|row| row.function), Some(Function::Log10));
        assert!(lookup("foo.log").is_none());
        assert_eq!(type_name(&DataType::Int32), "int32");
    }
}
