//! Who wrote: found, made known, and what the contact tells about them. Pure.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Desk, Suggested};
use crate::contact::Contact;
use crate::customer::{By, Customer, Identity, Learnt, Profile, Told};
use crate::event::Fact;
use crate::suggestion::{self, Pair};
use crate::words::{Actor, ActorKind};

impl Desk<'_> {
    /// Finds who wrote, or makes them known.
    pub(super) fn customer_of(&mut self, contact: &Contact) -> Uuid {
        let known = self.owner_of(contact).or_else(|| self.nameless_caller(contact));
        let id = known.unwrap_or_else(|| self.ids.next(self.now));
        self.suggest(contact, id);
        // An identity of somebody else stays theirs: only a merge or a move by hand takes it away.
        let mut ours: Vec<_> = contact.identities.clone();
        ours.retain(|identity| self.known.owners.get(&identity.key()).is_none_or(|other| *other == id));
        let vouched = ours.iter().any(|identity| identity.verified);
        let learnt = Learnt {
            display_name: &contact.display_name,
            tier: contact.tier.as_ref(),
            told: &contact.told,
            by: if vouched { By::Vouching } else { By::Source },
            identities: &ours,
            domains: &self.known.domains,
        };
        let fact = match self.known.customers.get_mut(&id) {
            Some(customer) => {
                if !customer.learn(learnt, self.now) {
                    return id;
                }
                Fact::CustomerUpdated(customer.clone())
            }
            None => {
                let profile = Profile::default();
                let mut customer = Customer::new(id, profile, self.now).expect("nothing is said that could not be");
                customer.learn(learnt, self.now);
                // In what they wrote first, unless more is known.
                let language = Told {
                    language: contact.fields.language.clone(),
                    ..Told::default()
                };
                if customer.language.is_empty() {
                    customer.tell(&language, By::Source);
                }
                customer.revision = 1;
                self.known.customers.insert(id, customer.clone());
                self.written.new.push((id, id));
                Fact::CustomerCreated(customer)
            }
        };
        if let Fact::CustomerCreated(customer) | Fact::CustomerUpdated(customer) = &fact {
            for identity in &customer.identities {
                self.known.owners.insert(identity.key(), id);
            }
        }
        self.changed_customers.insert(id);
        let actor = Actor {
            kind: ActorKind::Automation,
            id: contact.key.source.clone(),
        };
        self.happened(fact, actor, contact);
        id
    }

    /// Who has one of the identities: what the source vouches for finds somebody before what it only was told.
    fn owner_of(&self, contact: &Contact) -> Option<Uuid> {
        let owner = |identity: &Identity| {
            let id = self.known.owners.get(&identity.key()).copied();
            id.filter(|id| self.known.customers.contains_key(id))
        };
        let mut verified = contact.identities.iter().filter(|identity| identity.verified);
        verified
            .find_map(owner)
            .or_else(|| contact.identities.iter().find_map(owner))
    }

    /// Notes whom else the contact names.
    fn suggest(&mut self, contact: &Contact, id: Uuid) {
        let Some(mine) = self.known.customers.get(&id) else {
            return;
        };
        let others: BTreeSet<Uuid> = contact
            .identities
            .iter()
            .filter_map(|identity| self.known.owners.get(&identity.key()).copied())
            .filter(|other| *other != id)
            .collect();
        for theirs in others.iter().filter_map(|other| self.known.customers.get(other)) {
            let evidence = suggestion::evidence(&contact.identities, contact.same_person, mine, theirs);
            let suggested = self
                .written
                .suggestions
                .entry(Pair::of(id, theirs.id))
                .or_insert(Suggested {
                    evidence,
                    source: contact.key.source.clone(),
                    contacts: 0,
                });
            suggested.contacts += 1;
            if evidence > suggested.evidence {
                suggested.evidence = evidence;
                suggested.source.clone_from(&contact.key.source);
            }
        }
    }
}
