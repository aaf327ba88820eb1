//! Order statistics over many runs that are sorted each: exact, without merging them. Pure.

use crate::statistics;

/// Runs of values, each in ascending order.
pub struct Sorted<'a> {
    runs: Vec<&'a [i64]>,
    len: usize,
}

/// So few values are put together and searched directly.
const FEW: usize = 2_048;

impl<'a> Sorted<'a> {
    /// Values of all `runs`.
    pub fn new(runs: Vec<&'a [i64]>) -> Self {
        let len = runs.iter().map(|run| run.len()).sum();
        Self { runs, len }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many are less than `value`.
    pub fn below(&self, value: i64) -> usize {
        self.runs
            .iter()
            .map(|run| run.partition_point(|one| *one < value))
            .sum()
    }

    /// How many are not more than `value`.
    pub fn at_most(&self, value: i64) -> usize {
        self.runs
            .iter()
            .map(|run| run.partition_point(|one| *one <= value))
            .sum()
    }

    /// The type-7 quantiles: linear between neighbours, as [`statistics::quantile`].
    pub fn quantiles<const N: usize>(&self, at: [f64; N]) -> [Option<f64>; N] {
        if let [run] = self.runs.as_slice() {
            return at.map(|p| between(run.len(), p, |rank| run.get(rank).copied()));
        }
        if self.len <= FEW {
            let mut values: Vec<i64> = self.runs.concat();
            values.sort();
            return at.map(|p| between(values.len(), p, |rank| values.get(rank).copied()));
        }
        at.map(|p| between(self.len, p, |rank| self.nth(rank)))
    }

    /// The value with `rank` others before it.
    fn nth(&self, mut rank: usize) -> Option<i64> {
        let mut windows: Vec<&[i64]> = self.runs.clone();
        let mut balanced = false;
        loop {
            windows.retain(|window| !window.is_empty());
            let total: usize = windows.iter().map(|window| window.len()).sum();
            if rank >= total {
                return None;
            }
            if total <= FEW {
                let mut values = windows.concat();
                let (_, value, _) = values.select_nth_unstable(rank);
                return Some(*value);
            }
            // Runs resemble each other, so what stands at this place in most of them is near. Should they not, every second
            // pivot is the median of medians, which halves what is left often enough.
            let (above, below) = if balanced { (1, 2) } else { (rank, total) };
            let pivot = pivot(&windows, above, below, total)?;
            balanced = !balanced;
            let split = |window: &&[i64]| {
                let less = window.partition_point(|value| *value < pivot);
                let same = window.partition_point(|value| *value <= pivot);
                (less, same)
            };
            let splits: Vec<(usize, usize)> = windows.iter().map(split).collect();
            let less: usize = splits.iter().map(|(less, _)| less).sum();
            let same: usize = splits.iter().map(|(_, same)| same).sum();
            if (less..same).contains(&rank) {
                return Some(pivot);
            }
            let before = rank < less;
            for (window, (less, same)) in windows.iter_mut().zip(splits) {
                let rest = if before { window.get(..less) } else { window.get(same..) };
                *window = rest.unwrap_or(&[]);
            }
            if !before {
                rank -= same;
            }
        }
    }
}

/// Of the values that stand at `above / below` of each window, the one in the middle by the length of the windows.
fn pivot(windows: &[&[i64]], above: usize, below: usize, total: usize) -> Option<i64> {
    let at = |window: &&[i64]| {
        let place = (window.len() as u128 * above as u128 / below as u128) as usize;
        let value = window.get(place.min(window.len() - 1)).copied();
        value.map(|value| (value, window.len()))
    };
    let mut candidates: Vec<(i64, usize)> = windows.iter().filter_map(at).collect();
    candidates.sort_unstable();
    let mut passed = 0;
    candidates
        .into_iter()
        .find(|(_, weight)| {
            passed += weight;
            passed * 2 >= total
        })
        .map(|(value, _)| value)
}

/// The type-7 quantile of `len` values, of which `nth` gives the one at a rank.
fn between(len: usize, p: f64, nth: impl Fn(usize) -> Option<i64>) -> Option<f64> {
    let (below, above, part) = statistics::place(len, p)?;
    let low = nth(below)? as f64;
    if part == 0.0 {
        return Some(low);
    }
    let high = nth(above)? as f64;
    Some(low + (high - low) * part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn quantiles_of_many_runs_are_those_of_all_values_together(
            runs in prop::collection::vec(prop::collection::vec(0..500_i64, 0..600), 0..30),
            far in any::<i64>(),
        ) {
            let mut runs = runs;
            // Runs that do not resemble each other at all.
            if let Some(run) = runs.first_mut() {
                run.extend((0..2_000).map(|n| far / 4 + n));
            }
            for run in &mut runs {
                run.sort_unstable();
            }
            let mut all = runs.concat();
            all.sort_unstable();
            let floats: Vec<f64> = all.iter().map(|value| *value as f64).collect();
            let sorted = Sorted::new(runs.iter().map(Vec::as_slice).collect());
            let at = [0.0, 0.5, 0.9, 0.95, 0.99, 1.0];
            prop_assert_eq!(sorted.quantiles(at), at.map(|p| statistics::quantile(&floats, p)));
            for value in [0, 7, 250, 499, far / 4] {
                prop_assert_eq!(sorted.below(value), all.iter().filter(|one| **one < value).count());
                prop_assert_eq!(sorted.at_most(value), all.iter().filter(|one| **one <= value).count());
            }
        }
    }
}
