//! What the directory knows of a column, as a structure that C reads in place.

use std::ffi::{CString, c_char};

use xdf::{ColumnStatistics, Scalar};

use crate::error::c_text;
use crate::file::FileHandle;

/// What an xdf_scalar holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum ScalarKind {
    /// Nothing.
    None = 0,
    /// 0 or 1, in `integer`.
    Bool = 1,
    /// A signed integer, in `integer`; dates and timestamps in their own unit.
    Int = 2,
    /// An unsigned integer, in `natural`.
    Uint = 3,
    /// A float, in `number`.
    Float = 4,
    /// A text.
    Text = 5,
    /// A value of a type of a later version, written out in `text`.
    Other = 6,
}

/// One value of a column.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ScalarValue {
    /// Which of the others holds the value.
    pub kind: ScalarKind,
    /// The value of booleans and signed integers.
    pub integer: i64,
    /// The value of unsigned integers.
    pub natural: u64,
    /// The value of every kind of number, rounded where 53 bits are not enough; NaN for the others.
    pub number: f64,
    /// The value of texts, else NULL.
    pub text: *const c_char,
}

/// Statistics of a column over the whole file. Only the library makes them; later versions may add fields at the end.
#[derive(Debug)]
#[repr(C)]
pub struct Statistics {
    /// Number of rows, missing ones included.
    pub rows: u64,
    /// Number of missing values: nulls, and NaN in float columns.
    pub missing: u64,
    /// Smallest value; of kind XDF_SCALAR_KIND_NONE for factors, when all are missing, and for long texts.
    pub min: ScalarValue,
    /// Largest value; as `min`.
    pub max: ScalarValue,
    /// Mean of the values that are there; NaN when there are none, or for text and factors.
    pub mean: f64,
    /// Sum of squared deviations from the mean, NaN as `mean`; the variance is m2 / (rows - missing - 1).
    pub m2: f64,
    /// How often each level of a factor occurs, in level order; NULL for other columns.
    pub level_counts: *const u64,
    /// Number of `level_counts`.
    pub num_levels: usize,
}

/// The structure beside what its pointers lead to.
#[derive(Debug)]
pub(crate) struct Known {
    view: Statistics,
    _texts: [Option<CString>; 2],
    _counts: Option<Vec<u64>>,
}

impl Known {
    fn new(statistics: ColumnStatistics) -> Self {
        let text = |scalar: &Option<Scalar>| match scalar {
            Some(Scalar::Bool(_) | Scalar::Int(_) | Scalar::UInt(_) | Scalar::Float(_)) | None => None,
            Some(other) => Some(c_text(&other.to_string())),
        };
        let texts = [text(&statistics.min), text(&statistics.max)];
        let [min, max] = &texts;
        let counts = statistics.level_counts;
        let view = Statistics {
            rows: statistics.rows,
            missing: statistics.missing,
            min: value(statistics.min.as_ref(), min.as_ref()),
            max: value(statistics.max.as_ref(), max.as_ref()),
            mean: statistics.mean.unwrap_or(f64::NAN),
            m2: statistics.m2.unwrap_or(f64::NAN),
            level_counts: counts.as_ref().map_or(std::ptr::null(), Vec::as_ptr),
            num_levels: counts.as_ref().map_or(0, Vec::len),
        };
        Self { view, _texts: texts, _counts: counts }
    }
}

fn value(scalar: Option<&Scalar>, text: Option<&CString>) -> ScalarValue {
    let (kind, integer, natural) = match scalar {
        None => (ScalarKind::None, 0, 0),
        Some(Scalar::Bool(v)) => (ScalarKind::Bool, i64::from(*v), 0),
        Some(Scalar::Int(v)) => (ScalarKind::Int, *v, 0),
        Some(Scalar::UInt(v)) => (ScalarKind::Uint, 0, *v),
        Some(Scalar::Float(_)) => (ScalarKind::Float, 0, 0),
        Some(Scalar::Text(_)) => (ScalarKind::Text, 0, 0),
        Some(_) => (ScalarKind::Other, 0, 0),
    };
    let number = scalar.and_then(Scalar::as_f64).unwrap_or(f64::NAN);
    ScalarValue { kind, integer, natural, number, text: text.map_or(std::ptr::null(), |text| text.as_ptr()) }
}

/// Statistics of a column over the whole file, from its directory: no data are read. The file's. NULL when nothing is
/// stored (Microsoft's files) or there is no such column.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_column_statistics(file: Option<&FileHandle>, column: usize) -> Option<&Statistics> {
    let handle = file?;
    let known = crate::border::unwound(|| {
        let place = handle.statistics.get(column)?;
        place.get_or_init(|| handle.file.column_statistics(column).map(Known::new)).as_ref()
    });
    known.ok().flatten().map(|known| &known.view)
}
