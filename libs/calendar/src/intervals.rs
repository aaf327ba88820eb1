//! Sorted, disjoint stretches of open time with prefix sums: two binary searches, back and forth.

/// One stretch `[start, end)` in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    start: i64,
    end: i64,
    /// Open seconds before it.
    before: i64,
}

/// Open time on an axis of whole seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intervals {
    stretches: Vec<Stretch>,
}

impl Intervals {
    /// The union of `pairs` of start and end; those that end at or before their start are empty.
    pub fn union(mut pairs: Vec<(i64, i64)>) -> Self {
        pairs.retain(|(start, end)| start < end);
        pairs.sort_unstable();
        let mut stretches: Vec<Stretch> = Vec::with_capacity(pairs.len());
        for (start, end) in pairs {
            match stretches.last_mut() {
                Some(last) if start <= last.end => last.end = last.end.max(end),
                _ => {
                    let before = stretches.last().map_or(0, |last| last.before + last.end - last.start);
                    stretches.push(Stretch { start, end, before });
                }
            }
        }
        Self { stretches }
    }

    /// All open seconds.
    pub fn total(&self) -> i64 {
        self.stretches
            .last()
            .map_or(0, |last| last.before + last.end - last.start)
    }

    /// Open seconds before `at`, and whether the second that begins at `at` is open.
    pub fn until(&self, at: i64) -> (i64, bool) {
        let after = self.stretches.partition_point(|stretch| stretch.start <= at);
        let Some(stretch) = after.checked_sub(1).map(|last| self.stretches[last]) else {
            return (0, false);
        };
        (stretch.before + at.min(stretch.end) - stretch.start, at < stretch.end)
    }

    /// The earliest moment with `wanted` open seconds before it; `wanted` is from 1 to the total.
    pub fn reaches(&self, wanted: i64) -> Option<i64> {
        let after = self.stretches.partition_point(|stretch| stretch.before < wanted);
        let stretch = self.stretches[after.checked_sub(1)?];
        let at = stretch.start + wanted - stretch.before;
        (at <= stretch.end).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_count_once_and_both_ways_agree() {
        let open = Intervals::union(vec![(50, 60), (10, 20), (15, 30), (30, 31), (40, 40), (9, 3), (52, 55)]);
        assert_eq!(open.total(), 31);
        for (at, before, is_open) in [
            (0, 0, false),
            (10, 0, true),
            (30, 20, true),
            (31, 21, false),
            (50, 21, true),
            (59, 30, true),
            (60, 31, false),
            (99, 31, false),
        ] {
            assert_eq!(open.until(at), (before, is_open), "{at}");
        }
        for (wanted, at) in [
            (1, Some(11)),
            (21, Some(31)),
            (22, Some(51)),
            (31, Some(60)),
            (32, None),
        ] {
            assert_eq!(open.reaches(wanted), at, "{wanted}");
        }
        assert_eq!(Intervals::default().until(5), (0, false));
        assert_eq!(Intervals::default().reaches(1), None);
    }
}
