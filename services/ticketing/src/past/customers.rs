//! Whom the lines of a past are about.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_history::{Line, What};
use vorrang_service::Ids;

use super::{Past, words};
use crate::attributes::Attributes;
use crate::customer::{By, Customer, IDENTITIES_MAX, Identity, Profile, Tier, Told, periods, said};
use crate::ticket::Ticket;
use crate::words::IdentityKind;

impl Past {
    /// The customer whom a line names, if known.
    pub(super) fn known(&self, line: &Line) -> Option<Uuid> {
        let own = line.what.customer().and_then(|id| words::identity(&self.source, id));
        let known = own.and_then(|own| self.owners.get(&own.key()).copied());
        known.or_else(|| self.known_by_address(line))
    }

    /// Whoever has an address that the line names, unless the source tells them apart: one who has an id of it already is another.
    fn known_by_address(&self, line: &Line) -> Option<Uuid> {
        let of_source = format!("{}:", self.source);
        let apart = |customer: &Customer| {
            let ids = customer
                .identities
                .iter()
                .filter(|one| one.kind == IdentityKind::External);
            ids.into_iter().any(|one| one.value.starts_with(&of_source))
        };
        let owners = identities(&self.source, line);
        owners
            .iter()
            .filter(|one| one.kind != IdentityKind::External)
            .filter_map(|one| self.owners.get(&one.key()).copied())
            .find(|id| self.customers.get(id).is_some_and(|customer| !apart(customer)))
    }

    /// Whether a line is about somebody who was erased.
    pub(super) fn is_gone(&self, line: &Line) -> bool {
        let own = line.what.customer().and_then(|id| words::identity(&self.source, id));
        own.is_some_and(|own| self.gone.contains(&own.key()))
    }

    /// The customer whom a line names, made when nobody is known by it.
    pub(super) fn customer(&mut self, id: &str, line: &Line, ids: &Ids) -> Uuid {
        let own = words::identity(&self.source, id);
        let known = own.as_ref().and_then(|own| self.owners.get(&own.key()).copied());
        if let Some(known) = known.or_else(|| self.known_by_address(line)) {
            // Found by an address: from now on by the source's id, too.
            if let (Some(own), Some(customer)) = (own, self.customers.get_mut(&known))
                && !self.owners.contains_key(&own.key())
                && customer.identities.len() < IDENTITIES_MAX
            {
                self.owners.insert(own.key(), known);
                customer.identities.push(own);
                self.touch_customer(known);
            }
            return known;
        }
        let made = ids.next(self.now);
        let profile = Profile {
            identities: own.into_iter().collect(),
            ..Profile::default()
        };
        // Without dates there is nothing that could be refused.
        let Ok(customer) = Customer::new(made, profile, self.now) else {
            return made;
        };
        self.owners
            .extend(customer.identities.iter().map(|one| (one.key(), made)));
        self.customers.insert(made, customer);
        self.new.push((made, made));
        self.changed.insert(made);
        made
    }

    /// What a `customer` line says.
    pub(super) fn learn(&mut self, id: Uuid, line: &Line) {
        let What::Customer {
            name,
            tier: given,
            language,
            country,
            attributes,
            ..
        } = &line.what
        else {
            return;
        };
        let Some(customer) = self.customers.get_mut(&id) else {
            return;
        };
        // Before a customer's first line that line holds.
        let is_first = customer.periods.last().is_none();
        let by = By::Import(line.at);
        let is_code = |code: &String| code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase());
        let text = |value: &Option<String>, most| words::cut(value.as_deref().unwrap_or_default().trim(), most);
        let mut told = Told {
            owner: String::new(),
            language: text(language, 35),
            country: country.clone().filter(is_code).unwrap_or_default(),
            attributes: Attributes::new(),
        };
        if let Some(attributes) = attributes {
            words::attributes(attributes, &mut told.attributes);
        }
        let name = (text(name, 200), &mut customer.display_name);
        said::set(&mut customer.said, ("display_name", name.1), &name.0, by);
        customer.tell(&told, by);
        let may = match customer.said.of("tier") {
            Some(before) => by.replaces(before),
            None => customer.tier.is_none(),
        };
        if let Some(given) = given.filter(|_| may) {
            let said = Tier {
                tier: given.as_str().to_owned(),
                source: self.source.clone(),
                valid_until: None,
            };
            customer.say_tier(&said, by, line.at);
            // That there is none is what this source says, too.
            customer.said.note("tier", by);
            if is_first {
                self.first_tiers.push((id, said.tier, line.at));
            }
        }
        for address in words::addresses(attributes.as_ref()) {
            if !self.owners.contains_key(&address.key()) && customer.identities.len() < IDENTITIES_MAX {
                self.owners.insert(address.key(), id);
                customer.identities.push(address);
            }
        }
        self.tier_from_the_beginning(id);
        let Some(customer) = self.customers.get_mut(&id) else {
            return;
        };
        // Won with the first line, and again after having left.
        if customer.periods.last().is_none_or(|last| last.left_at.is_some()) {
            let said = periods::Said {
                won_at: Some(Some(line.at)),
                left_at: None,
            };
            // A day that does not fit what is known is in the log only.
            let _ = customer.periods.say(said);
        }
        self.touch_customer(id);
    }

    /// Tickets that were opened before the first line of their customer count as that line says.
    fn tier_from_the_beginning(&mut self, id: Uuid) {
        let Some((_, tier, at)) = self
            .first_tiers
            .last()
            .filter(|(customer, ..)| *customer == id)
            .cloned()
        else {
            return;
        };
        let earlier = |ticket: &&mut Ticket| ticket.customer == id && ticket.past.is_some() && ticket.opened_at < at;
        for ticket in self.tickets.values_mut().filter(earlier) {
            ticket.tier.clone_from(&tier);
            self.changed.insert(ticket.id);
        }
    }

    pub(super) fn left(&mut self, id: Uuid, at: DateTime<Utc>) {
        let Some(customer) = self.customers.get_mut(&id) else {
            return;
        };
        let said = periods::Said {
            won_at: None,
            left_at: Some(Some(at)),
        };
        if customer.periods.last().is_some_and(|last| last.left_at.is_none()) && customer.periods.say(said).is_ok() {
            self.touch_customer(id);
        }
    }

    fn touch_customer(&mut self, id: Uuid) {
        if self.changed.insert(id)
            && let Some(customer) = self.customers.get_mut(&id)
        {
            customer.revision += 1;
            customer.updated_at = self.now;
        }
    }
}

/// All by which the customer of a line may be known, the source's id first.
pub fn identities(source: &str, line: &Line) -> Vec<Identity> {
    let own = line.what.customer().and_then(|id| words::identity(source, id));
    let addresses = match &line.what {
        What::Customer { attributes, .. } => words::addresses(attributes.as_ref()),
        _ => Vec::new(),
    };
    own.into_iter().chain(addresses).collect()
}
