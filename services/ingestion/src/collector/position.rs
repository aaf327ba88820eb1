//! Where reading a folder goes on. Pure.
//!
//! A UID names a mail as long as the folder's UIDVALIDITY stays. When that changes, or the mailbox moves to another server,
//! or a server that was restored counts backwards, the folder is read anew: what is known already is told by its content.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use crate::mailboxes::Since;
use crate::store::Position;

/// How far the clock of a mail server may be behind ours.
const SKEW: TimeDelta = TimeDelta::hours(1);

/// A folder as its server describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folder {
    /// The life of its UIDs.
    pub validity: u32,
    /// The UID that the next mail will have, at least.
    pub next: u32,
}

/// From where this folder is read, given how far it was.
pub fn resume(known: &Position, server: &str, folder: Folder, since: Since, now: DateTime<Utc>) -> Position {
    let newest = folder.next.saturating_sub(1);
    let from = |last, since| Position {
        server: server.to_owned(),
        validity: folder.validity,
        last,
        since,
    };
    if known.server.is_empty() {
        return match since {
            Since::New => from(newest, Some(now)),
            Since::All => from(0, None),
            Since::Date(date) => from(0, Some(date)),
        };
    }
    let same = known.server == server && known.validity == folder.validity && known.last <= newest;
    match same {
        true => known.clone(),
        false => from(0, known.since),
    }
}

/// The day from which on the server is asked for mails. Its days may begin up to one before or after ours.
pub fn first_day(position: &Position) -> Option<NaiveDate> {
    let since = position.since?.date_naive();
    Some(since.checked_sub_days(Days::new(1)).unwrap_or(since))
}

/// Whether a mail that arrived then is to be taken in. When it is not known when it arrived, it is.
pub fn is_wanted(position: &Position, arrived: Option<DateTime<Utc>>) -> bool {
    match (position.since, arrived) {
        (Some(since), Some(arrived)) => arrived.checked_add_signed(SKEW).is_none_or(|arrived| arrived >= since),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SERVER: &str = "support@mail.firma.example:993";

    fn now() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().expect("a time")
    }

    fn never() -> Position {
        Position {
            server: String::new(),
            validity: 0,
            last: 0,
            since: None,
        }
    }

    fn at(last: u32) -> Position {
        Position {
            server: SERVER.to_owned(),
            validity: 7,
            last,
            since: Some(now()),
        }
    }

    fn folder(validity: u32, next: u32) -> Folder {
        Folder { validity, next }
    }

    #[test]
    fn a_mailbox_that_was_never_read_begins_as_the_file_says() {
        let begin = |since| {
            let position = resume(&never(), SERVER, folder(7, 100), since, now());
            assert_eq!((position.server.as_str(), position.validity), (SERVER, 7));
            (position.last, position.since)
        };
        let date = now() - TimeDelta::days(90);
        assert_eq!(begin(Since::New), (99, Some(now())));
        assert_eq!(begin(Since::All), (0, None));
        assert_eq!(begin(Since::Date(date)), (0, Some(date)));
        assert_eq!(
            resume(&never(), SERVER, folder(7, 1), Since::New, now()).last,
            0,
            "an empty one"
        );
    }

    #[test]
    fn what_counts_later_is_how_far_it_was_read() {
        let later = now() + TimeDelta::days(1);
        for since in [Since::New, Since::All, Since::Date(later)] {
            assert_eq!(resume(&at(50), SERVER, folder(7, 100), since, later), at(50));
            assert_eq!(resume(&at(99), SERVER, folder(7, 100), since, later), at(99));
        }
    }

    /// The first boundary stays: what was there before the mailbox was read is not taken in because it is read anew.
    #[test]
    fn uids_that_mean_something_else_are_read_anew() {
        let later = now() + TimeDelta::days(1);
        for (server, folder) in [
            (SERVER, folder(8, 100)),
            ("support@other.firma.example:993", folder(7, 100)),
            // Restored from a copy, without saying so.
            (SERVER, folder(7, 50)),
        ] {
            let position = resume(&at(50), server, folder, Since::New, later);
            assert_eq!((position.last, position.since), (0, Some(now())));
            assert_eq!((position.server.as_str(), position.validity), (server, folder.validity));
        }
    }

    #[test]
    fn what_arrived_before_is_not_wanted() {
        let wanted = |minutes| is_wanted(&at(0), Some(now() + TimeDelta::minutes(minutes)));
        assert!(wanted(0) && wanted(1) && wanted(-59));
        assert!(!wanted(-61));
        assert!(is_wanted(&at(0), None) && is_wanted(&never(), Some(DateTime::UNIX_EPOCH)));
        assert_eq!(first_day(&at(0)), NaiveDate::from_ymd_opt(2026, 3, 1));
        assert_eq!(first_day(&never()), None);
    }

    proptest! {
        /// However a server numbers: nothing that it will give a higher number is passed over.
        #[test]
        fn nothing_new_is_passed_over(last in 0u32.., validity in 1u32..9, next in 1u32.., since in 0..3) {
            let since = [Since::New, Since::All, Since::Date(now())][since as usize];
            let position = resume(&at(last), SERVER, folder(validity, next), since, now());
            prop_assert!(position.last < next);
            prop_assert_eq!(position.since, Some(now()));
        }
    }
}
