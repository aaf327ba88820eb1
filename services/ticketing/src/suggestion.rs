//! Pairs of customers that may be one person. Pure.
//!
//! A false merge shows one customer's words to another, so nothing is merged on a guess: what a contact names together is
//! noted with what speaks for it, and people decide. Only where a source says that it *is* one person, and every identity
//! that says so was verified before, two become one by themselves.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::customer::{Customer, Identity};
use crate::words::SuggestionState;

/// What speaks for it, from weak to strong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// They were named together.
    Linked = 1,
    /// By verified identities.
    Verified = 2,
    /// And the source says that it is one person.
    SamePerson = 3,
}

impl Evidence {
    /// As it is stored.
    pub fn rank(self) -> i32 {
        self as i32
    }

    /// From how it is stored.
    pub fn from_rank(rank: i32) -> Option<Self> {
        [Self::Linked, Self::Verified, Self::SamePerson]
            .into_iter()
            .find(|one| one.rank() == rank)
    }
}

/// Two customers, the older one first. Ids are in the order of their making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// Made first.
    pub older: Uuid,
    /// Made later.
    pub younger: Uuid,
}

impl Pair {
    /// The two in their order.
    pub fn of(one: Uuid, other: Uuid) -> Self {
        Self {
            older: one.min(other),
            younger: one.max(other),
        }
    }
}

/// A suggestion as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// Its id.
    pub id: Uuid,
    /// Which two.
    pub pair: Pair,
    /// The best that was seen.
    pub evidence: Evidence,
    /// Of the contact that gave it.
    pub source: String,
    /// What became of it.
    pub state: SuggestionState,
    /// Contacts that named both.
    pub contacts: i32,
    /// The first of them.
    pub first_seen_at: DateTime<Utc>,
    /// The last of them.
    pub last_seen_at: DateTime<Utc>,
}

/// What a contact says that names identities of `mine` and of `theirs`. The customers are as they were before it: what it
/// vouches for itself proves nothing about what was known.
pub fn evidence(named: &[Identity], same_person: bool, mine: &Customer, theirs: &Customer) -> Evidence {
    let verified = |of: &Customer| {
        named
            .iter()
            .any(|one| one.verified && of.identity(&one.key()).is_some_and(|known| known.verified))
    };
    match (verified(mine) && verified(theirs), same_person) {
        (true, true) => Evidence::SamePerson,
        (true, false) => Evidence::Verified,
        (false, _) => Evidence::Linked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::Profile;
    use crate::words::IdentityKind;

    fn mail(value: &str, verified: bool) -> Identity {
        Identity::parse(IdentityKind::Email, value, verified).expect("valid")
    }

    fn customer(id: u128, identity: Identity) -> Customer {
        let profile = Profile {
            identities: vec![identity],
            ..Profile::default()
        };
        Customer::new(Uuid::from_u128(id), profile, DateTime::UNIX_EPOCH).expect("valid")
    }

    #[test]
    fn only_what_was_verified_before_and_is_now_speaks_for_one_person() {
        for (stored, named, same_person, expected) in [
            ((true, true), (true, true), true, Evidence::SamePerson),
            ((true, true), (true, true), false, Evidence::Verified),
            ((true, false), (true, true), true, Evidence::Linked),
            ((false, true), (true, true), true, Evidence::Linked),
            ((true, true), (true, false), true, Evidence::Linked),
            ((true, true), (false, true), false, Evidence::Linked),
            ((false, false), (false, false), true, Evidence::Linked),
        ] {
            let mara = customer(1, mail("mara@example.org", stored.0));
            let ben = customer(2, mail("ben@example.org", stored.1));
            let named = [mail("mara@example.org", named.0), mail("ben@example.org", named.1)];
            assert_eq!(
                evidence(&named, same_person, &mara, &ben),
                expected,
                "{stored:?} {named:?}"
            );
        }
    }

    #[test]
    fn a_pair_is_one_pair_whichever_is_named_first() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(Pair::of(one, two), Pair::of(two, one));
        assert_eq!(Evidence::from_rank(Evidence::Verified.rank()), Some(Evidence::Verified));
        assert_eq!(Evidence::from_rank(0), None);
    }
}
