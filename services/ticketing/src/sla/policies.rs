//! All that was ever promised by a tenant, and what of it a ticket gets.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_calendar::Schedule;
use vorrang_sla::{Subject, Terms, Watch, pick};

use super::Sla;
use super::policy::SlaPolicy;
use super::terms::KeyedTerms;
use crate::ticket::Ticket;

/// When something became of a policy, and what; none: it was removed.
type Version = (DateTime<Utc>, Option<SlaPolicy>);

/// Policies and schedules of a tenant with all their versions: a ticket gets what was known when it was opened, also when
/// it is recorded later.
#[derive(Debug, Default)]
pub struct PolicySet {
    /// Versions of each policy, the oldest first.
    policies: BTreeMap<Uuid, Vec<Version>>,
    schedules: HashMap<String, Schedule>,
    /// Compiling a calendar costs more than everything else here.
    compiled: Mutex<HashMap<(Uuid, i64, usize), KeyedTerms>>,
}

/// What a ticket gets.
#[derive(Debug, Clone)]
pub struct Agreed {
    /// The policy.
    pub policy: SlaPolicy,
    /// The schedule of its business clocks; none: it has none, or that was not written yet.
    pub schedule: Option<String>,
    /// Both as terms.
    pub terms: KeyedTerms,
}

impl Agreed {
    /// As a ticket keeps it.
    pub fn sla(&self, watch: Watch) -> Sla {
        Sla {
            policy: self.policy.id,
            schedule: self.schedule.clone(),
            terms: self.terms.key.clone(),
            watch,
        }
    }
}

impl PolicySet {
    /// All versions of policies, in the order in which they were written, and all schedules that they name.
    pub fn new(
        versions: impl IntoIterator<Item = (Uuid, DateTime<Utc>, Option<SlaPolicy>)>,
        schedules: HashMap<String, Schedule>,
    ) -> Self {
        let mut policies: BTreeMap<Uuid, Vec<_>> = BTreeMap::new();
        for (id, at, policy) in versions {
            policies.entry(id).or_default().push((at, policy));
        }
        Self {
            policies,
            schedules,
            compiled: Mutex::default(),
        }
    }

    /// What `ticket` gets by what was known at `known_at`: the first policy that fits it as it is.
    pub fn agree(&self, ticket: &Ticket, known_at: DateTime<Utc>) -> Option<Agreed> {
        let subject = Subject {
            tier: &ticket.tier,
            channel: ticket.channel.as_str(),
            priority: ticket.priority.as_str(),
        };
        let fitting: Vec<&SlaPolicy> = self
            .policies
            .values()
            .filter_map(|versions| latest(versions, known_at))
            .filter(|policy| policy.rules.matching.fits(&subject) && policy.condition.fits(ticket))
            .collect();
        let rules = pick(fitting.iter().map(|policy| &policy.rules), |_| true)?;
        let policy = fitting.into_iter().find(|policy| policy.rules.id == rules.id)?;
        let schedule = policy
            .rules
            .schedule
            .as_ref()
            .and_then(|name| Some((name, self.schedules.get(name)?.known_at(known_at)?)));
        let key = (
            policy.id,
            policy.revision,
            schedule.as_ref().map_or(0, |(_, known)| known.versions().len()),
        );
        let name = schedule.as_ref().map(|(name, _)| (*name).clone());
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let terms = compiled.entry(key).or_insert_with(|| {
            KeyedTerms::new(Terms::new(policy.rules.goals.clone(), schedule.map(|(_, known)| known)))
        });
        Some(Agreed {
            policy: policy.clone(),
            schedule: name,
            terms: terms.clone(),
        })
    }
}

fn latest(versions: &[Version], known_at: DateTime<Utc>) -> Option<&SlaPolicy> {
    let version = versions.iter().rev().find(|(at, _)| *at <= known_at)?;
    version.1.as_ref()
}
