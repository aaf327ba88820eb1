//! What CRMs and shops tell about a customer: orders, milestones, proactive contacts. Told again, in any order, they come to the same. Pure.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::words::OrderStatus;

/// Most items of a call.
pub const ITEMS_MAX: usize = 500;
/// Most of an amount, in the smallest unit of its currency: a thousand times more than the largest order we can think of.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// Characters of the reason of a proactive contact.
pub const REASON_MAX: usize = 1_000;

/// Something that a customer bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id at the shop.
    pub id: String,
    /// In the smallest unit of the currency.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// How far it is.
    pub status: OrderStatus,
    /// When it was ordered.
    pub ordered_at: DateTime<Utc>,
    /// When the source last changed it, if it says so.
    pub changed_at: Option<DateTime<Utc>>,
    /// For agents; may be empty.
    pub note: String,
    /// Who told it last.
    pub source: String,
    /// When we stored it first.
    pub created_at: DateTime<Utc>,
    /// When it was last changed here.
    pub updated_at: DateTime<Utc>,
}

/// Something that happened to a customer outside of tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Milestone {
    /// What.
    pub name: String,
    /// When.
    pub at: DateTime<Utc>,
    /// For agents; may be empty.
    pub note: String,
    /// Who told it last.
    pub source: String,
    /// When we stored it first.
    pub created_at: DateTime<Utc>,
}

/// That the desk wrote or called before the customer had to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProactiveContact {
    /// Its id where it was made.
    pub id: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The ticket it is about.
    pub ticket: Option<Uuid>,
    /// `agents/{agent}`; empty: a machine, or not said.
    pub agent: String,
    /// Who told it last.
    pub source: String,
    /// When we stored it first.
    pub created_at: DateTime<Utc>,
}

/// What can become of what is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is new.
    Created,
    /// It was there and is changed.
    Updated,
    /// It was there as it is.
    Unchanged,
    /// What is stored is newer.
    Stale,
}

impl Order {
    /// What is to be stored after `given` was told, by a source that says who it is in it. None: nothing is to be written.
    /// Unchanged, it may still have to be written: that the source looked at it later makes older news stale.
    pub fn told(stored: Option<&Self>, mut given: Self) -> (Outcome, Option<Self>) {
        let Some(stored) = stored else {
            return (Outcome::Created, Some(given));
        };
        if matches!((stored.changed_at, given.changed_at), (Some(old), Some(new)) if new < old) {
            return (Outcome::Stale, None);
        }
        given.created_at = stored.created_at;
        given.changed_at = given.changed_at.or(stored.changed_at);
        let same = Self {
            changed_at: given.changed_at,
            source: given.source.clone(),
            updated_at: given.updated_at,
            ..stored.clone()
        };
        if same != given {
            return (Outcome::Updated, Some(given));
        }
        let looked_at_later = given.changed_at != stored.changed_at;
        let kept = Self {
            changed_at: given.changed_at,
            ..stored.clone()
        };
        (Outcome::Unchanged, looked_at_later.then_some(kept))
    }
}

impl Milestone {
    /// What is to be stored after `given` was told. None: nothing is to be written.
    pub fn told(stored: Option<&Self>, mut given: Self) -> (Outcome, Option<Self>) {
        match stored {
            None => (Outcome::Created, Some(given)),
            Some(stored) if stored.note == given.note => (Outcome::Unchanged, None),
            Some(stored) => {
                given.created_at = stored.created_at;
                (Outcome::Updated, Some(given))
            }
        }
    }
}

impl ProactiveContact {
    /// What is to be stored after `given` was told. None: nothing is to be written. When it was made and about which ticket stays as it
    /// was told first: figures counted it there.
    pub fn told(stored: Option<&Self>, given: Self) -> (Outcome, Option<Self>) {
        match stored {
            None => (Outcome::Created, Some(given)),
            Some(stored) if stored.reason == given.reason && stored.agent == given.agent => (Outcome::Unchanged, None),
            Some(stored) => {
                let kept = Self {
                    reason: given.reason,
                    agent: given.agent,
                    source: given.source,
                    ..stored.clone()
                };
                (Outcome::Updated, Some(kept))
            }
        }
    }
}

/// Whether this is a currency of ISO 4217, or was one since 2010: orders of the past keep theirs.
pub fn is_currency(code: &str) -> bool {
    CURRENCIES.split_ascii_whitespace().any(|known| known == code)
}

const CURRENCIES: &str = "
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CLF
    CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT
    MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD
    SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS
    VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    ANG BGN BYR CUC EEK HRK LTL LVL MRO SLL STD VEF ZMK ZWL";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).expect("valid")
    }

    fn order(amount: i64, changed: Option<i64>) -> Order {
        Order {
            id: "1001".to_owned(),
            amount,
            currency: "EUR".to_owned(),
            status: OrderStatus::Placed,
            ordered_at: at(0),
            changed_at: changed.map(at),
            note: String::new(),
            source: "shop".to_owned(),
            created_at: at(100),
            updated_at: at(100),
        }
    }

    #[test]
    fn the_same_again_changes_nothing() {
        let stored = order(5, Some(1));
        let again = Order {
            created_at: at(200),
            updated_at: at(200),
            source: "crm".to_owned(),
            ..order(5, Some(1))
        };
        assert_eq!(Order::told(Some(&stored), again), (Outcome::Unchanged, None));
        assert_eq!(Order::told(Some(&stored), order(5, None)), (Outcome::Unchanged, None));
        let (outcome, kept) = Order::told(Some(&stored), order(6, None));
        let kept = kept.expect("written");
        assert_eq!(
            (outcome, kept.amount, kept.changed_at),
            (Outcome::Updated, 6, Some(at(1)))
        );
    }

    #[test]
    fn old_news_are_passed_over_also_when_the_last_news_were_none() {
        let (_, stored) = Order::told(Some(&order(5, Some(1))), order(5, Some(3)));
        let stored = stored.expect("looked at later");
        assert_eq!(Order::told(Some(&stored), order(7, Some(2))), (Outcome::Stale, None));
    }

    proptest! {
        /// Updates that say when they were made come to the last one, in whichever order they arrive, however often.
        #[test]
        fn updates_may_come_in_any_order(order_of in proptest::collection::vec(0_i64..6, 1..20)) {
            let mut stored: Option<Order> = None;
            for n in &order_of {
                // Version n and the one before it look alike now and then.
                if let (_, Some(next)) = Order::told(stored.as_ref(), order(n / 2, Some(*n))) {
                    stored = Some(next);
                }
            }
            let last = order_of.iter().max().expect("one");
            prop_assert_eq!(stored.expect("stored").amount, last / 2);
        }
    }

    #[test]
    fn a_milestone_is_one_by_name_and_time() {
        let one = Milestone {
            name: "renewed".to_owned(),
            at: at(0),
            note: String::new(),
            source: "crm".to_owned(),
            created_at: at(1),
        };
        assert_eq!(Milestone::told(None, one.clone()).0, Outcome::Created);
        let again = Milestone {
            source: "other".to_owned(),
            created_at: at(2),
            ..one.clone()
        };
        assert_eq!(Milestone::told(Some(&one), again.clone()), (Outcome::Unchanged, None));
        let (outcome, kept) = Milestone::told(
            Some(&one),
            Milestone {
                note: "by phone".to_owned(),
                ..again
            },
        );
        assert_eq!(
            (outcome, kept.map(|kept| kept.created_at)),
            (Outcome::Updated, Some(at(1)))
        );
    }

    #[test]
    fn currencies_are_those_of_the_standard() {
        assert!(["EUR", "JPY", "XOF", "HRK"].into_iter().all(is_currency));
        assert!(
            !["", "eur", "EU", concat!("XX", "X"), "BTC", "EUR USD", "XAU"]
                .into_iter()
                .any(is_currency)
        );
        assert!(CURRENCIES.split_ascii_whitespace().all(|code| code.len() == 3));
    }
}
