//! A mail that does not come through, and how often it was tried. Pure.
//!
//! It is given up only when others come through: a server that gives nothing is down, and its mails are worth waiting for.

/// How often a mail is tried.
const TRIES: u32 = 5;

/// The mail that failed last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stuck {
    uid: u32,
    failures: u32,
}

impl Stuck {
    /// It failed once more.
    pub fn failed(&mut self, uid: u32) {
        let failures = if self.uid == uid { self.failures } else { 0 };
        *self = Self {
            uid,
            failures: failures.saturating_add(1),
        };
    }

    /// Whether it was tried often enough.
    pub fn is_over(&self, uid: u32) -> bool {
        self.uid == uid && self.failures >= TRIES
    }
}

/// Another mail than `uid` near it, by which is seen whether the server gives any.
pub fn neighbour(uids: &[u32], uid: u32) -> Option<u32> {
    let at = uids.binary_search(&uid).ok()?;
    uids.get(at + 1).or_else(|| uids.get(at.checked_sub(1)?)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_tried_five_times_in_a_row() {
        let mut stuck = Stuck::default();
        for _ in 0..4 {
            stuck.failed(7);
            assert!(!stuck.is_over(7));
        }
        stuck.failed(7);
        assert!(stuck.is_over(7) && !stuck.is_over(8));
        stuck.failed(8);
        assert!(!stuck.is_over(7) && !stuck.is_over(8));
    }

    #[test]
    fn the_next_mail_shows_whether_the_server_gives_any() {
        assert_eq!(neighbour(&[3, 5, 9], 5), Some(9));
        assert_eq!(neighbour(&[3, 5, 9], 9), Some(5));
        assert_eq!(neighbour(&[3], 3), None);
        assert_eq!(neighbour(&[3], 4), None);
    }
}
