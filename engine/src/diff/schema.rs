//! What differs before a value is read: columns, types, levels, metadata.

use std::collections::{BTreeSet, HashMap, HashSet};

use arrow_schema::{DataType, Field, Schema};
use xdf::metadata;

use super::DiffOptions;
use crate::factor::is_factor;
use crate::{Error, Result};

/// One difference of two schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaDifference {
    /// A column that the second table does not have.
    OnlyInA {
        /// Its name.
        column: String,
        /// Its type.
        data_type: DataType,
    },
    /// A column that the first table does not have.
    OnlyInB {
        /// Its name.
        column: String,
        /// Its type.
        data_type: DataType,
    },
    /// The columns that both have come in different orders.
    Order {
        /// Their names as the first table has them.
        a: Vec<String>,
        /// Their names as the second table has them.
        b: Vec<String>,
    },
    /// The types of a column.
    Type {
        /// Name of the column.
        column: String,
        /// Type in the first table.
        a: DataType,
        /// Type in the second table.
        b: DataType,
    },
    /// The levels of a factor; where each table has those of the other, it is their order.
    Levels {
        /// Name of the column.
        column: String,
        /// Levels that the second table does not have.
        only_in_a: Vec<String>,
        /// Levels that the first table does not have.
        only_in_b: Vec<String>,
    },
    /// A description, a unit, a label, or a key of the user.
    Metadata {
        /// Name of the column; `None` for the table.
        column: Option<String>,
        /// Key of the entry.
        key: String,
        /// Value in the first table, if it has one.
        a: Option<String>,
        /// Value in the second table, if it has one.
        b: Option<String>,
    },
}

/// The differences, and the names of the columns that both have, in the order of the first.
pub(super) fn compare(
    a: &Schema,
    b: &Schema,
    options: &DiffOptions,
) -> Result<(Vec<SchemaDifference>, Vec<String>)> {
    if let Some(columns) = &options.columns {
        for column in columns {
            if a.index_of(column).is_err() && b.index_of(column).is_err() {
                let all = a.fields().iter().chain(b.fields()).map(|field| field.name().as_str());
                let known: BTreeSet<&str> = all.collect();
                return Err(Error::column_not_found(column, known));
            }
        }
    }
    let wanted =
        |field: &Field| options.columns.as_ref().is_none_or(|columns| columns.contains(field.name()));
    let fields_a: Vec<&Field> = a.fields().iter().map(AsRef::as_ref).filter(|field| wanted(field)).collect();
    let fields_b: Vec<&Field> = b.fields().iter().map(AsRef::as_ref).filter(|field| wanted(field)).collect();
    let of_a: HashMap<&str, &Field> = fields_a.iter().map(|field| (field.name().as_str(), *field)).collect();
    let of_b: HashMap<&str, &Field> = fields_b.iter().map(|field| (field.name().as_str(), *field)).collect();
    let mut differences = Vec::new();
    for field in &fields_a {
        if !of_b.contains_key(field.name().as_str()) {
            let (column, data_type) = (field.name().clone(), field.data_type().clone());
            differences.push(SchemaDifference::OnlyInA { column, data_type });
        }
    }
    for field in &fields_b {
        if !of_a.contains_key(field.name().as_str()) {
            let (column, data_type) = (field.name().clone(), field.data_type().clone());
            differences.push(SchemaDifference::OnlyInB { column, data_type });
        }
    }
    let names = |fields: &[&Field], other: &HashMap<&str, &Field>| -> Vec<String> {
        let names = fields.iter().map(|field| field.name());
        names.filter(|name| other.contains_key(name.as_str())).cloned().collect()
    };
    let (names_a, names_b) = (names(&fields_a, &of_b), names(&fields_b, &of_a));
    if names_a != names_b && !options.ignore_order {
        differences.push(SchemaDifference::Order { a: names_a.clone(), b: names_b });
    }
    for name in &names_a {
        compare_fields(of_a[name.as_str()], of_b[name.as_str()], options, &mut differences);
    }
    if !options.ignore_metadata {
        compare_metadata(None, a.metadata(), b.metadata(), &mut differences);
    }
    Ok((differences, names_a))
}

fn compare_fields(a: &Field, b: &Field, options: &DiffOptions, differences: &mut Vec<SchemaDifference>) {
    let column = a.name();
    if a.data_type() != b.data_type() && !options.ignore_types {
        let (a, b) = (a.data_type().clone(), b.data_type().clone());
        differences.push(SchemaDifference::Type { column: column.clone(), a, b });
    }
    let both_factors = is_factor(a.data_type()) && is_factor(b.data_type());
    if both_factors
        && !options.ignore_levels
        && let (Some(levels_a), Some(levels_b)) = (metadata::levels(a), metadata::levels(b))
        && levels_a != levels_b
    {
        let missing_in = |levels: &[String], other: &[String]| -> Vec<String> {
            let other: HashSet<&String> = other.iter().collect();
            levels.iter().filter(|level| !other.contains(level)).cloned().collect()
        };
        let only_in_a = missing_in(&levels_a, &levels_b);
        let only_in_b = missing_in(&levels_b, &levels_a);
        if !(options.ignore_order && only_in_a.is_empty() && only_in_b.is_empty()) {
            differences.push(SchemaDifference::Levels { column: column.clone(), only_in_a, only_in_b });
        }
    }
    if !options.ignore_metadata {
        compare_metadata(Some(column), a.metadata(), b.metadata(), differences);
    }
}

fn compare_metadata(
    column: Option<&String>,
    a: &HashMap<String, String>,
    b: &HashMap<String, String>,
    differences: &mut Vec<SchemaDifference>,
) {
    let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    for key in keys {
        let (value_a, value_b) = (a.get(key), b.get(key));
        let same = match key.as_str() {
            metadata::LEVELS => true,
            // they follow from the values; a format that does not state them lacks nothing
            metadata::LOW | metadata::HIGH => value_a.is_none() || value_b.is_none() || value_a == value_b,
            _ => value_a == value_b,
        };
        if !same {
            differences.push(SchemaDifference::Metadata {
                column: column.cloned(),
                key: key.clone(),
                a: value_a.cloned(),
                b: value_b.cloned(),
            });
        }
    }
}
