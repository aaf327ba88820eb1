//! What the desk promises: schedules and policies over time.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use vorrang_calendar::{Schedule, Version};
use vorrang_sla::{Policy, Subject};

use super::attribute::Attribute;
use super::bytes::{Broken, Keep, keep_fields, read_json, write_json};
use super::{Order, Symbol};
use crate::buckets::Micros;

/// All schedules and policies of a tenant, as they were written.
#[derive(Debug, Default)]
pub struct Desk {
    schedules: HashMap<Symbol, Attribute<Version>>,
    policies: HashMap<Symbol, Attribute<Option<Policy>>>,
    revision: u32,
}

/// The policy that a ticket was opened under.
#[derive(Debug, Clone, Copy)]
pub struct Promise<'a> {
    /// Its id.
    pub id: Symbol,
    /// What it promises.
    pub policy: &'a Policy,
}

impl Desk {
    pub(super) fn write_schedule(&mut self, at: Micros, order: Order, id: Symbol, version: &Version) {
        self.revision += 1;
        self.schedules.entry(id).or_default().set(at, order, version.clone());
    }

    pub(super) fn write_policy(&mut self, at: Micros, order: Order, id: Symbol, policy: Option<&Policy>) {
        self.revision += 1;
        self.policies.entry(id).or_default().set(at, order, policy.cloned());
    }

    /// The policy of a ticket opened at `at`: of those written by then, each in its latest form, the first that fits; by
    /// position, those without one last, then by when it was written.
    pub fn promise(&self, subject: &Subject<'_>, at: Micros) -> Option<Promise<'_>> {
        self.policies
            .iter()
            .filter_map(|(id, written)| {
                let (at, order, policy) = written.at(at)?;
                Some((*at, *order, *id, policy.as_ref()?))
            })
            .filter(|(_, _, _, policy)| policy.matching.fits(subject))
            .min_by_key(|(at, order, _, policy)| (policy.position.is_none(), policy.position, *at, *order))
            .map(|(_, _, id, policy)| Promise { id, policy })
    }

    /// The policy `id` as it was written last by `at`.
    pub fn policy(&self, id: Symbol, at: Micros) -> Option<Promise<'_>> {
        let (_, _, policy) = self.policies.get(&id)?.at(at)?;
        Some(Promise {
            id,
            policy: policy.as_ref()?,
        })
    }

    /// The hours of a schedule with the versions that were known at `at`.
    pub fn schedule(&self, id: Symbol, at: Micros) -> Option<Schedule> {
        let versions = self.schedules.get(&id)?.until(at);
        let known: Vec<Version> = versions.iter().map(|(_, _, version)| version.clone()).collect();
        // More versions than a schedule may have: the newest count.
        let skip = known.len().saturating_sub(vorrang_calendar::VERSIONS_MAX);
        Schedule::new(known.into_iter().skip(skip).collect()).ok()
    }

    /// From when until when every policy held in which form, by `as_of`; the last forms hold to the end of time.
    pub fn policies(&self, as_of: Micros) -> impl Iterator<Item = (Micros, Micros, &Policy)> {
        self.policies.values().flat_map(move |written| {
            let forms = written.until(as_of);
            forms.iter().enumerate().filter_map(|(place, (from, _, policy))| {
                let to = forms.get(place + 1).map_or(Micros::MAX, |(to, _, _)| *to);
                Some((*from, to, policy.as_ref()?))
            })
        })
    }

    /// Rises whenever something was written.
    pub fn revision(&self) -> u32 {
        self.revision
    }
}

/// The instant of `at`; the ends of time for what no calendar has.
pub fn instant(at: Micros) -> DateTime<Utc> {
    let end = if at < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    };
    DateTime::from_timestamp_micros(at).unwrap_or(end)
}

impl Keep for Version {
    fn write(&self, out: &mut Vec<u8>) {
        write_json(self, out);
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        read_json(input)
    }
}

impl Keep for Policy {
    fn write(&self, out: &mut Vec<u8>) {
        write_json(self, out);
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        read_json(input)
    }
}

impl<T: Keep> Keep for HashMap<Symbol, T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.len().write(out);
        for (symbol, value) in self {
            symbol.write(out);
            value.write(out);
        }
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        Ok(Vec::read(input)?.into_iter().collect())
    }
}

keep_fields!(Desk: schedules, policies, revision);
