//! "Did you mean": the closest of the known names.
//!
//! The distance is the optimal string alignment (insert, delete, replace, swap of neighbours) over lower-cased
//! characters; a name is close when at most a third of its characters differ. A difference of case alone is closest.

/// Known names that are worth trying before giving up on a very wide table.
const MAX_CANDIDATES: usize = 20_000;

/// Longest name that is compared; a longer one is not a typing error.
const MAX_LENGTH: usize = 64;

/// Up to three of `known` that resemble `name`, closest first.
pub(crate) fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted: Vec<char> = name.to_lowercase().chars().take(MAX_LENGTH + 1).collect();
    if wanted.is_empty() || wanted.len() > MAX_LENGTH {
        return Vec::new();
    }
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .take(MAX_CANDIDATES)
        .filter(|candidate| candidate.len() <= 4 * MAX_LENGTH)
        .filter_map(|candidate| {
            let other: Vec<char> = candidate.to_lowercase().chars().collect();
            let longest = wanted.len().max(other.len());
            let allowed = (longest / 3).max(1);
            if wanted.len().abs_diff(other.len()) > allowed {
                return None;
            }
            let distance = distance(&wanted, &other);
            (distance <= allowed && distance < longest).then_some((distance, candidate))
        })
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.dedup_by_key(|(_, candidate)| *candidate);
    found.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// Optimal string alignment distance.
fn distance(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut table = vec![0usize; (a.len() + 1) * width];
    for (j, cell) in table.iter_mut().take(width).enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        table[i * width] = i;
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (table[(i - 1) * width + j] + 1)
                .min(table[i * width + j - 1] + 1)
                .min(table[(i - 1) * width + j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(table[(i - 2) * width + j - 2] + 1);
            }
            table[i * width + j] = best;
        }
    }
    table[a.len() * width + b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_case_swaps_and_misses_strangers() {
        let known = ["ArrDelay", "CRSDepTime", "DayOfWeek"];
        assert_eq!(closest("arrdelay", known), ["ArrDelay"]);
        assert_eq!(closest("DayOfWeke", known), ["DayOfWeek"]);
        assert_eq!(closest("CRSDepTme", known), ["CRSDepTime"]);
        assert!(closest("weight", known).is_empty());
        assert!(closest("", known).is_empty());
        assert!(closest("x", ["y"]).is_empty());
    }
}
