//! How many mails a sender sent in the last hour. Beyond what a person writes two machines talk, and their mails are taken
//! in as automated: they are kept, and nothing answers them.
//!
//! Counted in memory, so each process has its own count and a restart begins a new one: it bounds a loop, it need not be
//! exact. What is kept is hashes of addresses, for an hour.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

/// Mails of one sender within [`WINDOW`] that may be a person's.
const MOST: usize = 60;
/// Of them, answers to mails that a machine of ours wrote.
const MOST_ANSWERS: usize = 5;
/// How long a mail counts.
const WINDOW: TimeDelta = TimeDelta::hours(1);
/// Senders that are counted at once. Those beyond are not, until others have gone.
const MAX_SENDERS: usize = 100_000;

type Hash = [u8; 16];

/// The count. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Pace(Arc<Mutex<HashMap<Hash, Vec<Seen>>>>);

#[derive(Debug)]
struct Seen {
    at: DateTime<Utc>,
    mail: Hash,
    answer: bool,
}

/// A mail that came.
pub struct Arrived<'a> {
    /// Whose.
    pub tenant: &'a str,
    /// Who sent it.
    pub sender: &'a str,
    /// What makes it the same when it comes again.
    pub id: &'a str,
    /// Whether it answers a mail that a machine of ours wrote.
    pub answers_machine: bool,
}

impl Pace {
    /// Counts a mail, and says whether it is one too many. The same mail again is the same, and gets the same answer as long
    /// as it is counted.
    pub fn too_many(&self, arrived: &Arrived<'_>, now: DateTime<Utc>) -> bool {
        let sender = hash(&[arrived.tenant, &arrived.sender.to_lowercase()]);
        let mail = hash(&[arrived.id]);
        let mut senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if senders.len() >= MAX_SENDERS && !senders.contains_key(&sender) {
            senders.retain(|_, seen| seen.iter().any(|seen| seen.at > now - WINDOW));
            if senders.len() >= MAX_SENDERS {
                return false;
            }
        }
        let seen = senders.entry(sender).or_default();
        seen.retain(|seen| seen.at > now - WINDOW);
        let at = match seen.iter().position(|seen| seen.mail == mail) {
            Some(at) => at,
            // All beyond are too many; there is no need to know them.
            None if seen.len() > MOST => return true,
            None => {
                seen.push(Seen {
                    at: now,
                    mail,
                    answer: arrived.answers_machine,
                });
                seen.len() - 1
            }
        };
        let answers = seen[..=at].iter().filter(|seen| seen.answer).count();
        at >= MOST || (seen[at].answer && answers > MOST_ANSWERS)
    }
}

fn hash(parts: &[&str]) -> Hash {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut short = Hash::default();
    short.copy_from_slice(&hash.finalize()[..16]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + minutes * 60, 0).expect("valid")
    }

    fn mail<'a>(id: &'a str, answers_machine: bool) -> Arrived<'a> {
        Arrived {
            tenant: "acme",
            sender: "robot@x.example",
            id,
            answers_machine,
        }
    }

    #[test]
    fn two_machines_that_talk_are_stopped_at_five() {
        let pace = Pace::default();
        let verdicts: Vec<bool> = (0..8)
            .map(|n| pace.too_many(&mail(&n.to_string(), true), at(n)))
            .collect();
        assert_eq!(verdicts, [false, false, false, false, false, true, true, true]);
        // The same mails again: the same answers.
        for (n, verdict) in verdicts.iter().enumerate() {
            assert_eq!(pace.too_many(&mail(&n.to_string(), true), at(9)), *verdict);
        }
        // Nobody else is meant, nor the same one an hour later.
        let other = Arrived {
            tenant: "rival",
            ..mail("9", true)
        };
        assert!(!pace.too_many(&other, at(10)));
        assert!(
            !pace.too_many(&mail("10", false), at(10)),
            "the person behind the machine"
        );
        assert!(!pace.too_many(&mail("11", true), at(120)));
    }

    #[test]
    fn one_who_writes_all_the_time_is_a_machine() {
        let pace = Pace::default();
        let shout = "ROBOT@x.example";
        let count = (0..200)
            .filter(|n| {
                let id = n.to_string();
                let sender = if n % 2 == 0 { shout } else { "robot@x.example" };
                !pace.too_many(
                    &Arrived {
                        sender,
                        ..mail(&id, false)
                    },
                    at(n / 10),
                )
            })
            .count();
        assert_eq!(count, MOST);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let pace = Pace::default();
        for n in 0..MAX_SENDERS + 10 {
            let sender = format!("{n}@x.example");
            assert!(!pace.too_many(
                &Arrived {
                    sender: &sender,
                    ..mail("1", false)
                },
                at(0)
            ));
        }
        assert_eq!(pace.0.lock().expect("no panic").len(), MAX_SENDERS);
        assert!(!pace.too_many(&mail("1", false), at(120)));
        assert_eq!(pace.0.lock().expect("no panic").len(), 1);
    }
}
