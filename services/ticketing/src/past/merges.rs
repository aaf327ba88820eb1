//! Which tickets are part of which, so that what an import merges can be read whole, as what is merged here. Pure.

use std::collections::HashMap;

use uuid::Uuid;

use crate::ticket::merge::{CHAIN_MAX, TOGETHER_MAX};

/// Merges among tickets, as a forest: each leads to at most one other.
#[derive(Debug, Clone, Default)]
pub struct Merges {
    leads: HashMap<Uuid, Uuid>,
    parts: HashMap<Uuid, Vec<Uuid>>,
    /// Nothing may be merged: what there is already is more than can be read.
    pub is_full: bool,
}

impl Merges {
    /// A ticket becomes part of another one, or of none.
    pub fn join(&mut self, ticket: Uuid, into: Option<Uuid>) {
        if let Some(before) = self.leads.remove(&ticket)
            && let Some(parts) = self.parts.get_mut(&before)
        {
            parts.retain(|part| *part != ticket);
        }
        if let Some(into) = into {
            self.leads.insert(ticket, into);
            self.parts.entry(into).or_default().push(ticket);
        }
    }

    /// Whether a chain and a conversation that result are within their bounds, and no circle is closed. What it is part of until then is left.
    pub fn may_join(&self, ticket: Uuid, into: Uuid) -> bool {
        let above: Vec<Uuid> = std::iter::successors(Some(into), |one| self.leads.get(one).copied())
            .take(CHAIN_MAX + 1)
            .collect();
        if self.is_full || above.contains(&ticket) {
            return false;
        }
        let Some(below) = self.tree(ticket) else { return false };
        let end = above.last().copied().unwrap_or(into);
        let Some(together) = self.tree(end) else { return false };
        // One that moves within its conversation is counted once.
        let moves = self.leads_to(ticket, end);
        let size = together.size + if moves { 0 } else { below.size };
        above.len() + below.depth <= CHAIN_MAX && size <= TOGETHER_MAX
    }

    fn leads_to(&self, from: Uuid, end: Uuid) -> bool {
        let mut steps = std::iter::successors(Some(from), |one| self.leads.get(one).copied()).take(CHAIN_MAX + 1);
        steps.any(|one| one == end)
    }

    /// What is part of a ticket, itself included. None: more than may be.
    fn tree(&self, ticket: Uuid) -> Option<Tree> {
        let (mut size, mut depth) = (0, 0);
        let mut level = vec![ticket];
        loop {
            size += level.len();
            if size > TOGETHER_MAX || depth > CHAIN_MAX {
                return None;
            }
            level = level
                .iter()
                .filter_map(|one| self.parts.get(one))
                .flatten()
                .copied()
                .collect();
            if level.is_empty() {
                return Some(Tree { size, depth });
            }
            depth += 1;
        }
    }
}

/// A ticket and what is part of it.
struct Tree {
    /// How many.
    size: usize,
    /// Merges from the farthest one to it.
    depth: usize,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(number: usize) -> Uuid {
        Uuid::from_u128(u128::try_from(number).expect("small"))
    }

    /// `length` tickets from `first` on, each part of the next.
    fn chain(merges: &mut Merges, first: usize, length: usize) {
        for number in first..first + length - 1 {
            assert!(merges.may_join(id(number), id(number + 1)), "{number}");
            merges.join(id(number), Some(id(number + 1)));
        }
    }

    #[test]
    fn a_chain_is_bounded_by_what_is_above_and_below() {
        let mut merges = Merges::default();
        chain(&mut merges, 0, 11);
        chain(&mut merges, 100, 11);
        assert!(!merges.may_join(id(10), id(100)), "ten below, one, ten above");
        assert!(merges.may_join(id(10), id(101)));
        merges.join(id(100), None);
        assert!(!merges.may_join(id(0), id(0)), "into itself");
        assert!(!merges.may_join(id(10), id(3)), "a circle");
    }

    #[test]
    fn a_conversation_is_bounded_however_it_grew() {
        let mut merges = Merges::default();
        for half in [0, 10_000] {
            for number in 1..TOGETHER_MAX / 2 {
                merges.join(id(half + number), Some(id(half)));
            }
        }
        assert!(merges.may_join(id(10_000), id(0)), "as many as may be");
        merges.join(id(10_000), Some(id(0)));
        assert!(!merges.may_join(id(20_000), id(0)));
        assert!(!merges.may_join(id(20_000), id(10_001)), "nor to a part of it");
        assert!(
            merges.may_join(id(1), id(10_001)),
            "one that moves within it is there already"
        );
        merges.join(id(10_000), None);
        assert!(merges.may_join(id(20_000), id(0)));
    }

    proptest! {
        #[test]
        fn whatever_is_merged_can_be_read(pairs in proptest::collection::vec((0..60_usize, 0..60_usize), 0..300)) {
            let mut merges = Merges::default();
            for (one, other) in pairs {
                if merges.may_join(id(one), id(other)) {
                    merges.join(id(one), Some(id(other)));
                }
            }
            for number in 0..60 {
                let steps = std::iter::successors(Some(id(number)), |one| merges.leads.get(one).copied());
                prop_assert!(steps.take(CHAIN_MAX + 2).count() <= CHAIN_MAX + 1);
            }
        }
    }
}
