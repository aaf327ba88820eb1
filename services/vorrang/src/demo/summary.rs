//! The last line of the demo: counts that were counted, not assumed.

use std::fmt;

/// What became of everything that was pushed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Contacts handed to a door of the suite.
    pub pushed: usize,
    pub created: usize,
    pub appended: usize,
    pub duplicate: usize,
    pub quarantined: usize,
    /// Tickets that an agent got and that ticketing recorded.
    pub served: usize,
    /// Contacts that were offered before a more urgent one that was waiting.
    pub out_of_order: usize,
    /// Pushes without an answer, and tickets that could neither be read nor served.
    pub lost: usize,
}

impl Summary {
    /// Pushes that were answered with what became of them.
    pub fn answered(&self) -> usize {
        self.created + self.appended + self.duplicate + self.quarantined
    }

    /// Whether everything that is promised was kept.
    pub fn is_clean(&self) -> bool {
        self.out_of_order == 0 && self.lost == 0 && self.answered() == self.pushed
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "demo: pushed {}, created {}, appended {}, duplicate {}, quarantined {}, served {}, out of order {}, lost {}",
            self.pushed,
            self.created,
            self.appended,
            self.duplicate,
            self.quarantined,
            self.served,
            self.out_of_order,
            self.lost
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_read_by_programs() {
        let summary = Summary {
            pushed: 4,
            created: 1,
            appended: 1,
            duplicate: 1,
            quarantined: 1,
            served: 1,
            out_of_order: 0,
            lost: 0,
        };
        assert_eq!(
            "demo: pushed 4, created 1, appended 1, duplicate 1, quarantined 1, served 1, out of order 0, lost 0",
            summary.to_string()
        );
        assert!(summary.is_clean());
        assert!(!Summary { pushed: 5, ..summary }.is_clean());
        assert!(!Summary { lost: 1, ..summary }.is_clean());
    }
}
