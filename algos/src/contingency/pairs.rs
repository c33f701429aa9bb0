//! Tables of two by two within a larger one: `rxPairwiseCrossTab`.

/// A table of two by two, of two rows and two columns, or of one each and all others.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The rows: `A`, `B`; `(others)` stands for all but the second.
    pub rows: [String; 2],
    /// The columns, likewise.
    pub columns: [String; 2],
    /// a, b; c, d.
    pub table: [f64; 4],
}

/// What stands for all other levels.
const OTHERS: &str = "(others)";

/// The tables of two by two of a table by rows.
///
/// `pooled`: for each row and column a table of that row below all others together, and of that column right of all
/// others together; without `pooled` a table of each two rows and each two columns, in their order. Of a table that has
/// two rows or columns these are not taken apart any further.
pub fn pairs(entries: &[f64], rows: &[String], columns: &[String], pooled: bool) -> Vec<Pair> {
    let n = columns.len();
    let sum = |of: &Group, at: &Group| -> f64 {
        of.levels.iter().flat_map(|i| at.levels.iter().map(move |j| entries.get(i * n + j))).flatten().sum()
    };
    let mut all = Vec::new();
    for [first, second] in splits(rows, pooled) {
        for [left, right] in splits(columns, pooled) {
            let table = [sum(&first, &left), sum(&first, &right), sum(&second, &left), sum(&second, &right)];
            let names = |a: &Group, b: &Group| [a.name.clone(), b.name.clone()];
            all.push(Pair { rows: names(&first, &second), columns: names(&left, &right), table });
        }
    }
    all
}

struct Group {
    name: String,
    levels: Vec<usize>,
}

/// The ways to make two of some levels.
fn splits(names: &[String], pooled: bool) -> Vec<[Group; 2]> {
    let one = |i: usize| Group { name: names[i].clone(), levels: vec![i] };
    let count = names.len();
    if pooled && count > 2 {
        let others =
            |i: usize| Group { name: OTHERS.to_owned(), levels: (0..count).filter(|&j| j != i).collect() };
        return (0..count).map(|i| [others(i), one(i)]).collect();
    }
    (0..count).flat_map(|i| (i + 1..count).map(move |j| (i, j))).map(|(i, j)| [one(i), one(j)]).collect()
}
