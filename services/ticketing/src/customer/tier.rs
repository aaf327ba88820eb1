//! Who is served first: a customer's own tier with its source and its end, else the organisation's, else standard.
//!
//! Decided by the time at which it is used, never by when something ran. What people say stands above what systems say:
//! a source never replaces a tier that was given by hand and still holds. Among sources the later one wins, but one that
//! knows of no tier takes back only what it said itself, so that two systems do not undo each other's in turn.

use chrono::{DateTime, Utc};

/// The tier of who has none.
pub const TIER_STANDARD: &str = "standard";
/// The tier that is served first.
pub const TIER_VIP: &str = "vip";
/// The source of what people say.
pub const BY_HAND: &str = "manual";
/// What is told as the source of the organisation's tier.
pub const BY_ORGANIZATION: &str = "organization";
/// What is told as the source of the tier of who has none.
pub const BY_DEFAULT: &str = "default";

/// A tier as somebody says it. An empty tier says that there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// As [`normal`] gives it.
    pub tier: String,
    /// [`BY_HAND`] or the name of a source.
    pub source: String,
    /// From when on it holds no longer.
    pub valid_until: Option<DateTime<Utc>>,
}

impl Tier {
    /// What somebody says who takes a customer's own tier away.
    pub fn none_by_hand() -> Self {
        Self {
            tier: String::new(),
            source: BY_HAND.to_owned(),
            valid_until: None,
        }
    }

    /// Whether it holds at this time.
    pub fn holds_at(&self, at: DateTime<Utc>) -> bool {
        self.valid_until.is_none_or(|until| at < until)
    }

    /// Whether people said it.
    pub fn is_by_hand(&self) -> bool {
        self.source == BY_HAND
    }
}

/// The tier that holds: what is told to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding<'a> {
    /// Never empty.
    pub tier: &'a str,
    /// Where it comes from.
    pub source: &'a str,
    /// Until when, if it is the customer's own and ends.
    pub valid_until: Option<DateTime<Utc>>,
}

/// The tier that holds at `at`; `organization` is the organisation's, empty when it has none.
pub fn holding<'a>(own: Option<&'a Tier>, organization: &'a str, at: DateTime<Utc>) -> Holding<'a> {
    match own.filter(|own| own.holds_at(at)) {
        Some(own) => Holding {
            tier: &own.tier,
            source: &own.source,
            valid_until: own.valid_until,
        },
        None if organization.is_empty() => Holding {
            tier: TIER_STANDARD,
            source: BY_DEFAULT,
            valid_until: None,
        },
        None => Holding {
            tier: organization,
            source: BY_ORGANIZATION,
            valid_until: None,
        },
    }
}

/// What is the customer's own after somebody `said` something at `now`.
pub fn after(own: Option<Tier>, said: &Tier, now: DateTime<Utc>) -> Option<Tier> {
    let holds = own.as_ref().is_some_and(|own| own.holds_at(now));
    let held_by_hand = holds && own.as_ref().is_some_and(Tier::is_by_hand);
    if !said.is_by_hand() && held_by_hand {
        return own;
    }
    // A person may hold somebody at standard whatever the organisation has; a system that says so only knows of nothing.
    let none = said.tier.is_empty() || (!said.is_by_hand() && said.tier == TIER_STANDARD);
    if !none {
        return Some(said.clone());
    }
    let anothers = holds && own.as_ref().is_some_and(|own| own.source != said.source);
    if said.is_by_hand() || !anothers { None } else { own }
}

/// A tier in the one form in which tiers are compared: routing knows `vip`, whoever writes `VIP ` means it.
pub fn normal(given: &str) -> String {
    given.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).expect("valid")
    }

    fn said(tier: &str, source: &str, until: Option<i64>) -> Tier {
        Tier {
            tier: tier.to_owned(),
            source: source.to_owned(),
            valid_until: until.map(at),
        }
    }

    #[test]
    fn a_tier_ends_by_the_clock_and_falls_back() {
        let own = said("vip", "crm", Some(10));
        let told = |organization: &'static str, second: i64| {
            let holding = holding(Some(&own), organization, at(second));
            (holding.tier.to_owned(), holding.source.to_owned(), holding.valid_until)
        };
        assert_eq!(told("gold", 9), ("vip".into(), "crm".into(), Some(at(10))));
        assert_eq!(told("gold", 10), ("gold".into(), "organization".into(), None));
        assert_eq!(told("", 10), ("standard".into(), "default".into(), None));
        assert_eq!(holding(None, "", at(0)).tier, TIER_STANDARD);
    }

    #[test]
    fn what_people_say_stands_above_what_systems_say() {
        let hand = |tier: &str, until| Some(said(tier, BY_HAND, until));
        let table = [
            // present, said, then
            (None, said("vip", "crm", None), Some(said("vip", "crm", None))),
            (hand("gold", None), said("vip", "crm", None), hand("gold", None)),
            (hand("gold", None), said("", "crm", None), hand("gold", None)),
            // Its time is over: the source may say something again.
            (
                hand("gold", Some(5)),
                said("vip", "crm", None),
                Some(said("vip", "crm", None)),
            ),
            (hand("gold", Some(11)), said("vip", "crm", None), hand("gold", Some(11))),
            (
                Some(said("vip", "crm", None)),
                said("gold", BY_HAND, None),
                hand("gold", None),
            ),
            (Some(said("vip", "crm", None)), said("", BY_HAND, None), None),
            // Held at standard by a person, whatever the organisation has.
            (
                Some(said("vip", "crm", None)),
                said("standard", BY_HAND, None),
                hand("standard", None),
            ),
            // Among sources.
            (
                Some(said("vip", "crm", None)),
                said("gold", "shop", None),
                Some(said("gold", "shop", None)),
            ),
            (
                Some(said("vip", "crm", None)),
                said("standard", "shop", None),
                Some(said("vip", "crm", None)),
            ),
            (Some(said("vip", "crm", Some(5))), said("standard", "shop", None), None),
            (Some(said("vip", "crm", None)), said("standard", "crm", None), None),
            (None, said("standard", "crm", None), None),
        ];
        for (own, said, then) in table {
            assert_eq!(after(own.clone(), &said, at(10)), then, "{own:?} then {said:?}");
        }
    }
}
