//! Erasing a customer, with proof, and what is kept for how long. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use vorrang_error::Error;

use crate::names;
use crate::words::{Actor, Channel};

/// Most rules of a policy.
pub const RULES_MAX: usize = 20;
/// Longest time of a rule, in days.
pub const DAYS_MAX: i32 = 36_500;
/// Most characters of a reference.
pub const REFERENCE_MAX: usize = 100;

crate::words::words! {
    /// Why somebody is erased.
    Ground {
        /// The person asked for it.
        Requested = "REQUESTED",
        /// The person withdrew their consent.
        ConsentWithdrawn = "CONSENT_WITHDRAWN",
        /// The data is not needed any more.
        NotNeeded = "NOT_NEEDED",
        /// The data should never have been kept.
        Unlawful = "UNLAWFUL",
    }
}

crate::words::words! {
    /// What a retention rule does.
    Action {
        /// Erases the texts of tickets.
        EraseTexts = "ERASE_TEXTS",
        /// Erases the bytes of attachments.
        EraseAttachments = "ERASE_ATTACHMENTS",
    }
}

/// How much was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Destroyed keys.
    pub keys: i32,
    /// Tickets that lost their texts.
    pub tickets: i32,
    /// Messages that are gone.
    pub messages: i32,
    /// Attachments that are gone.
    pub attachments: i32,
}

/// The proof that a customer was erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Its id.
    pub id: Uuid,
    /// Its place in the tenant's chain, from 1.
    pub position: i64,
    /// Who was erased.
    pub customer: Uuid,
    /// When.
    pub erased_at: DateTime<Utc>,
    /// By whom.
    pub actor: Actor,
    /// Why.
    pub ground: Ground,
    /// The case it belongs to; may be empty.
    pub reference: String,
    /// How much.
    pub counts: Counts,
    /// Hash of the erasure before it; empty: it is the first.
    pub previous: String,
    /// Who had been merged into the customer, sorted: in a copy of before the merge they are somebody still.
    pub merged: Vec<Uuid>,
}

impl Erasure {
    /// The hash that the next erasure is chained to, hex. The contract says how it is made.
    pub fn sha256(&self) -> String {
        let lines = [
            self.previous.clone(),
            names::erasure(self.id),
            self.position.to_string(),
            names::customer(self.customer),
            self.erased_at.timestamp_micros().to_string(),
            self.actor.kind.as_str().to_owned(),
            self.actor.id.clone(),
            self.ground.as_str().to_owned(),
            self.reference.clone(),
            self.counts.keys.to_string(),
            self.counts.tickets.to_string(),
            self.counts.messages.to_string(),
            self.counts.attachments.to_string(),
        ];
        let mut hash = Sha256::new();
        for line in lines
            .into_iter()
            .chain(self.merged.iter().copied().map(names::customer))
        {
            hash.update(line);
            hash.update(b"\n");
        }
        hex::encode(hash.finalize())
    }
}

/// Somebody's data must be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalHold {
    /// Whose.
    pub customer: Uuid,
    /// The case it belongs to; may be empty.
    pub reference: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// The refusal to erase somebody who is under a legal hold.
pub fn held(hold: &LegalHold) -> Error {
    Error::precondition("LEGAL_HOLD", "the customer is under a legal hold: end it first")
        .with("reference", hold.reference.clone())
}

/// One rule of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What it does.
    pub action: Action,
    /// To tickets that have been closed and unchanged for so many days.
    pub days: i32,
    /// Of these channels; empty: of all.
    pub channels: Vec<Channel>,
}

impl Rule {
    /// Tickets that were changed after this are let alone at `now`.
    pub fn unchanged_since(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - TimeDelta::days(i64::from(self.days))
    }
}

/// What a tenant keeps for how long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Each by itself.
    pub rules: Vec<Rule>,
    /// Rises with every change; the etag. 0: never set.
    pub revision: i64,
    /// When it was last changed.
    pub updated_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::ActorKind;

    fn erasure() -> Erasure {
        Erasure {
            id: Uuid::from_u128(1),
            position: 1,
            customer: Uuid::from_u128(2),
            erased_at: DateTime::from_timestamp(1_700_000_000, 5_000).expect("valid"),
            actor: Actor {
                kind: ActorKind::Automation,
                id: "key-1".to_owned(),
            },
            ground: Ground::Requested,
            reference: "DSR-7".to_owned(),
            counts: Counts {
                keys: 3,
                tickets: 2,
                messages: 5,
                attachments: 1,
            },
            previous: String::new(),
            merged: vec![Uuid::from_u128(3)],
        }
    }

    /// As the contract says it, line by line: whoever checks a proof does it like this.
    #[test]
    fn the_proof_is_the_hash_of_what_the_contract_names() {
        let text = "\nerasures/00000000-0000-0000-0000-000000000001\n1\ncustomers/00000000-0000-0000-0000-000000000002\n\
                    1700000000000005\nAUTOMATION\nkey-1\nREQUESTED\nDSR-7\n3\n2\n5\n1\ncustomers/00000000-0000-0000-0000-000000000003\n";
        assert_eq!(erasure().sha256(), hex::encode(Sha256::digest(text)));
    }

    #[test]
    fn nothing_in_a_proof_can_be_changed_unseen() {
        let whole = erasure();
        let changes: [fn(&mut Erasure); 10] = [
            |one| one.id = Uuid::from_u128(9),
            |one| one.position = 9,
            |one| one.customer = Uuid::from_u128(9),
            |one| one.erased_at += TimeDelta::microseconds(1),
            |one| one.actor.id = "key-2".to_owned(),
            |one| one.ground = Ground::NotNeeded,
            |one| one.reference = "DSR-8".to_owned(),
            |one| one.counts.messages = 4,
            |one| one.previous = "00".to_owned(),
            |one| one.merged.clear(),
        ];
        for change in changes {
            let mut other = whole.clone();
            change(&mut other);
            assert_ne!(other.sha256(), whole.sha256(), "{other:?}");
        }
    }
}
