//! Two customers become one, and two again. Pure.
//!
//! Merging is explicit and has a direction. What the target has stays; what it has not, it takes from the source. The
//! source becomes a tombstone that keeps everything it was except its identities, so undoing needs no copy: identities
//! go back if the other one still has them, and what the other one took over it gives back, unless that was changed
//! since.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_error::Error;

use super::{Customer, IDENTITIES_MAX, Periods, too_many_identities};
use crate::names;
use crate::words::{Actor, OrganizationBy};

/// Most conflicts that are named.
pub const CONFLICTS_MAX: usize = 1_000;

/// A merge as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// Its id.
    pub id: Uuid,
    /// Who was merged.
    pub source: Uuid,
    /// Into whom; stays as it was when that one is merged further.
    pub target: Uuid,
    /// When.
    pub merged_at: DateTime<Utc>,
    /// Who did it.
    pub merged_by: Actor,
    /// Fields in which the target's value stayed, although the source had another.
    pub conflicts: Vec<String>,
    /// Fields that the target took from the source.
    pub filled: Vec<String>,
    /// When the target was a customer, before.
    pub periods_before: Periods,
    /// What moved.
    pub moved: Moved,
    /// When it was undone.
    pub undone_at: Option<DateTime<Utc>>,
}

/// How much moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Moved {
    /// Identities.
    pub identities: i32,
    /// Tickets.
    pub tickets: i32,
    /// Orders.
    pub orders: i32,
    /// Milestones.
    pub milestones: i32,
}

/// What the customers say about a merge of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Absorbed {
    /// See [`Merge`].
    pub conflicts: Vec<String>,
    /// See [`Merge`].
    pub filled: Vec<String>,
    /// See [`Merge`].
    pub periods_before: Periods,
    /// Identities that moved.
    pub identities: usize,
}

/// Checks that `source` may be merged into `target`.
///
/// # Errors
/// Precondition `MERGE_CIRCLE` or `CUSTOMER_MERGED`.
pub fn check(source: &Customer, target: &Customer) -> Result<(), Error> {
    if target.merged_into == Some(source.id) {
        return Err(Error::precondition(
            "MERGE_CIRCLE",
            "the target was merged into the source: undo that first",
        ));
    }
    source.check_own()?;
    target.check_own()
}

/// Whether the two are known to be two: each has a verified id in one and the same other system. The ids differ, since an
/// identity belongs to one customer.
pub fn contradict(one: &Customer, other: &Customer) -> bool {
    let systems = |customer: &Customer| -> Vec<String> {
        let systems = customer.identities.iter().filter_map(super::Identity::verified_system);
        systems.map(str::to_owned).collect()
    };
    let theirs = systems(other);
    systems(one).iter().any(|system| theirs.contains(system))
}

impl Customer {
    /// Takes over what `source` is; `source` becomes its tombstone. The caller has [`check`]ed.
    ///
    /// # Errors
    /// Precondition `TOO_MANY_IDENTITIES`; then nothing has changed.
    pub fn absorb(&mut self, source: &mut Self, now: DateTime<Utc>) -> Result<Absorbed, Error> {
        if self.identities.len() + source.identities.len() > IDENTITIES_MAX {
            return Err(too_many_identities());
        }
        let mut absorbed = Absorbed {
            periods_before: self.periods.clone(),
            identities: source.identities.len(),
            ..Absorbed::default()
        };
        self.fill_in(source, &mut absorbed, now);
        for field in &absorbed.filled {
            self.said.take_over(&source.said, field);
        }
        self.periods = self.periods.union(&source.periods);
        source.merged_identities = std::mem::take(&mut source.identities);
        self.identities.extend(source.merged_identities.iter().cloned());
        source.merged_into = Some(self.id);
        source.touch(now);
        self.touch(now);
        Ok(absorbed)
    }

    /// Of a tombstone: the one it was merged into is now this one, since that one was merged or unmerged itself.
    pub fn point_to(&mut self, target: Uuid, now: DateTime<Utc>) {
        self.merged_into = Some(target);
        self.touch(now);
    }

    fn fill_in(&mut self, source: &Self, absorbed: &mut Absorbed, now: DateTime<Utc>) {
        let mut texts = [
            ("display_name", &mut self.display_name, &source.display_name),
            ("language", &mut self.language, &source.language),
            ("country", &mut self.country, &source.country),
            ("owner", &mut self.owner, &source.owner),
        ];
        for (field, mine, theirs) in &mut texts {
            if theirs.is_empty() || **mine == **theirs {
                continue;
            }
            if mine.is_empty() {
                mine.clone_from(theirs);
                absorbed.filled.push((*field).to_owned());
            } else {
                absorbed.conflicts.push((*field).to_owned());
            }
        }
        if let Some(theirs) = source.tier.as_ref().filter(|tier| tier.holds_at(now)) {
            match self.tier.as_ref().filter(|tier| tier.holds_at(now)) {
                None => {
                    self.tier = Some(theirs.clone());
                    absorbed.filled.push("tier".to_owned());
                }
                Some(mine) if mine.tier != theirs.tier => absorbed.conflicts.push("tier".to_owned()),
                Some(_) => {}
            }
        }
        if let Some(theirs) = &source.organization {
            match &self.organization {
                None if self.organization_by != OrganizationBy::Hand => {
                    self.organization = Some(theirs.clone());
                    self.organization_by = source.organization_by;
                    absorbed.filled.push("organization".to_owned());
                }
                Some(mine) if mine.organization == theirs.organization => {}
                // To belong to nobody is a decision, too, once somebody made it.
                _ => absorbed.conflicts.push("organization".to_owned()),
            }
        }
        for (key, theirs) in &source.attributes {
            match self.attributes.get(key) {
                None => {
                    self.attributes.insert(key.clone(), theirs.clone());
                    let fits = crate::attributes::check_size(&self.attributes).is_ok();
                    if fits {
                        absorbed.filled.push(format!("attributes.{key}"));
                    } else {
                        // There is no room for it: it stays with the tombstone, and the merge says so.
                        self.attributes.remove(key);
                        absorbed.conflicts.push(format!("attributes.{key}"));
                    }
                }
                Some(mine) if mine != theirs => absorbed.conflicts.push(format!("attributes.{key}")),
                Some(_) => {}
            }
        }
    }

    /// Gives back what came from `source` in these `fields`, unless it was changed since; names what was given back.
    fn give_back(&mut self, source: &Self, fields: &[String]) -> Vec<String> {
        let mut given = Vec::new();
        for field in fields {
            let same = match field.as_str() {
                "display_name" => clear(&mut self.display_name, &source.display_name),
                "language" => clear(&mut self.language, &source.language),
                "country" => clear(&mut self.country, &source.country),
                "owner" => clear(&mut self.owner, &source.owner),
                "tier" if self.tier == source.tier => {
                    self.tier = None;
                    true
                }
                "organization" if self.organization == source.organization => {
                    self.organization = None;
                    self.organization_by = OrganizationBy::Nobody;
                    true
                }
                field => match field.strip_prefix("attributes.") {
                    Some(key) if self.attributes.get(key) == source.attributes.get(key) => {
                        self.attributes.remove(key).is_some()
                    }
                    _ => false,
                },
            };
            if same {
                self.said.forget(field);
                given.push(field.clone());
            }
        }
        given
    }
}

fn clear(mine: &mut String, theirs: &str) -> bool {
    let same = mine == theirs;
    if same {
        mine.clear();
    }
    same
}

/// Undoes the merge of `source`. `path` leads from the one it was merged into to the one at the end, each with the merge
/// by which the one before came: further merges may have followed, and each took over what came before.
///
/// # Errors
/// Precondition `NOT_MERGED`; Internal when the path does not lead to where the tombstone points.
pub fn undo(source: &mut Customer, path: &mut [(Merge, Customer)], now: DateTime<Utc>) -> Result<(), Error> {
    let Some(end) = source.merged_into else {
        return Err(not_merged(source.id));
    };
    if path.last().map(|(_, customer)| customer.id) != Some(end) {
        return Err(Error::internal("a tombstone does not point to the end of its chain"));
    }
    let mut fields = path.first().map(|(merge, _)| merge.filled.clone()).unwrap_or_default();
    let (mut old, mut new) = (source.periods.clone(), Periods::default());
    let last = path.len() - 1;
    for (index, (merge, customer)) in path.iter_mut().enumerate() {
        let before = customer.clone();
        fields.retain(|field| merge.filled.contains(field));
        fields = customer.give_back(source, &fields);
        let untouched = customer.periods == merge.periods_before.union(&old);
        old = customer.periods.clone();
        if untouched {
            customer.periods = merge.periods_before.union(&new);
        }
        new = customer.periods.clone();
        if index == last {
            take_back(source, customer);
        }
        customer.touch_if_changed(&before, now);
    }
    source.merged_into = None;
    source.merged_identities.clear();
    source.touch(now);
    Ok(())
}

/// The identities that `source` had and that `holder` still has, verified as they are now.
fn take_back(source: &mut Customer, holder: &mut Customer) {
    let wanted: Vec<_> = source.merged_identities.iter().map(super::Identity::key).collect();
    let (back, kept) = holder
        .identities
        .drain(..)
        .partition(|identity| wanted.contains(&identity.key()));
    source.identities = back;
    holder.identities = kept;
}

/// The error for undoing what was not done.
pub fn not_merged(customer: Uuid) -> Error {
    Error::precondition("NOT_MERGED", "the customer was not merged into another one")
        .with("customer", names::customer(customer))
}

#[cfg(test)]
mod tests;
