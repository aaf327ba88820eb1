//! Recording contacts: any number in one transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;
use vorrang_database::idempotency::{self, Begin};
use vorrang_database::{Tx, error};
use vorrang_error::Error;

use super::entity::{contact_key, message, personal_key, thread_key};
use super::merge_customers::give_keys;
use super::organizations::joined_domains;
use super::personal::{Keyring, Lookup, Owner};
use super::{Store, asked, attachments, ids, kin, row, write};
use crate::contact::{self, Contact, ContactKey, Outcome, Recorded, TicketMark};
use crate::customer::{Customer, IdentityKey};
use crate::desk::{Desk, Known, Thread, Written};

/// The result of each contact, in their order.
pub type Results = Vec<Result<Recorded, Error>>;

impl Store {
    /// Records contacts in their order, in one transaction: all of those that can be recorded, or none.
    ///
    /// An item's error is about its request id; everything else that can be wrong with one was checked before.
    ///
    /// # Errors
    /// When the database fails; then nothing was recorded, unless the error is `OUTCOME_UNKNOWN`.
    pub async fn record(&self, tenant: &str, contacts: Vec<Contact>) -> Result<Results, Error> {
        let mut tx = self.db.begin().await?;
        let mut slots = self.begin_contacts(&mut tx, tenant, contacts).await?;
        let new: Vec<&Contact> = slots.iter().filter_map(Slot::contact).collect();
        if new.is_empty() {
            tx.rollback().await?;
            return Ok(results(slots, &[]));
        }
        let (known, sla_revision) = self.known(&tx, tenant, &new).await?;
        // Read under the locks: no ticket's change is dated before the one it follows.
        let now = self.clock.now();
        let mut desk = Desk::new(known, &self.ids, now);
        let mut recorded = Vec::with_capacity(new.len());
        let mut answers = Vec::new();
        for slot in &mut slots {
            let Slot::New(contact) = slot else { continue };
            let request_id = contact.request_id.clone();
            let taken = match std::mem::replace(slot, Slot::Taken(recorded.len())) {
                Slot::New(contact) => desk.take(*contact),
                _ => return Err(Error::internal("a contact vanished from its slot")),
            };
            if !request_id.is_empty() {
                answers.push((request_id, encode(&taken)));
            }
            recorded.push(taken);
        }
        let mut written = desk.finish();
        self.follow_written(&tx, tenant, &mut written, (sla_revision, now))
            .await?;
        let keyring = self.keyring_of(&tx, tenant, &written, now).await?;
        for (ticket, customer) in &written.given {
            // Whoever erases the customer erases it, too.
            give_keys(&tx, tenant, personal_key::Column::Id.eq(*ticket), *customer).await?;
            asked::follow(&tx, tenant, &[*ticket], *customer).await?;
        }
        write::last_number(&tx, tenant, written.last_number).await?;
        write::customers(&tx, &self.personal, &keyring, tenant, written.customers.values()).await?;
        write::tickets(&tx, &keyring, tenant, written.tickets.values()).await?;
        write::messages(&tx, &keyring, tenant, &written.messages).await?;
        let vouched = self.write_suggestions(&tx, tenant, written.suggestions, now).await?;
        let lookup = self.personal.lookup(tenant);
        write::contact_keys(&tx, &lookup, tenant, &written.seen).await?;
        let referring: Vec<_> = written
            .messages
            .iter()
            .filter_map(|message| Some((written.tickets.get(&message.ticket)?.customer, message)))
            .collect();
        attachments::refer(&tx, &lookup, tenant, &referring).await?;
        write::thread_keys(&tx, &lookup, tenant, &written.threads).await?;
        // They hold names of resources only, and need no sealing.
        idempotency::finish_many(&mut tx, tenant, answers).await?;
        write::append(&mut tx, &keyring, tenant, written.events, now).await?;
        tx.commit().await?;
        if vouched {
            self.vouched.notify_one();
        }
        Ok(results(slots, &recorded))
    }

    /// The keys of all customers and tickets that are written, new ones made.
    async fn keyring_of(&self, tx: &Tx, tenant: &str, written: &Written, now: DateTime<Utc>) -> Result<Keyring, Error> {
        let new = written.new.iter().map(|(id, customer)| Owner {
            id: *id,
            customer: *customer,
        });
        self.personal.create(tx, tenant, new, now).await?;
        let ids: Vec<Uuid> = written
            .customers
            .keys()
            .chain(written.tickets.keys())
            .copied()
            .collect();
        self.personal.keyring(tx.conn(), tenant, &ids).await
    }

    /// Sorts out repeats: by what is stored, and within the batch.
    async fn begin_contacts(&self, tx: &mut Tx, tenant: &str, contacts: Vec<Contact>) -> Result<Vec<Slot>, Error> {
        // The second of two equal items in one batch is a repeat like any other, only that its answer is not stored yet.
        let mut first: HashMap<(String, [u8; 32]), usize> = HashMap::new();
        let mut slots: Vec<Slot> = Vec::with_capacity(contacts.len());
        let mut begins = Vec::new();
        for contact in contacts {
            let id = (contact.request_id.clone(), contact.request_hash);
            if !id.0.is_empty() {
                if let Some(index) = first.get(&id) {
                    slots.push(Slot::SameAs(*index));
                    continue;
                }
                first.insert(id.clone(), slots.len());
            }
            begins.push(id);
            slots.push(Slot::New(Box::new(contact)));
        }
        let begun = idempotency::begin_many(tx, tenant, &begins, self.clock.now()).await?;
        let mut begun = begun.into_iter();
        for slot in slots.iter_mut().filter(|slot| matches!(slot, Slot::New(_))) {
            match begun.next() {
                Some(Ok(Begin::New)) => {}
                Some(Ok(Begin::Same(bytes))) => *slot = Slot::Done(decode(&bytes)),
                Some(Err(error)) => *slot = Slot::Done(Err(error)),
                None => return Err(Error::internal("one call has one answer")),
            }
        }
        Ok(slots)
    }

    /// Reads what the desk has to know, in as many statements for five hundred contacts as for one; and the revision of what
    /// tickets are promised.
    async fn known(&self, tx: &Tx, tenant: &str, contacts: &[&Contact]) -> Result<(Known, i64), Error> {
        let locked = row::lock_tenant_row(tx, tenant).await?;
        let mut known = Known {
            last_number: locked.last,
            ..Known::default()
        };
        let lookup = self.personal.lookup(tenant);
        known.seen = seen(tx, &lookup, tenant, contacts).await?;
        let keys: HashSet<IdentityKey> = contacts
            .iter()
            .flat_map(|contact| &contact.identities)
            .map(|identity| identity.key())
            .collect();
        known.owners = row::owners(tx.conn(), &self.personal, tenant, &keys.into_iter().collect::<Vec<_>>()).await?;
        let mut ids: Vec<_> = known.owners.values().copied().collect();
        ids.sort_unstable();
        ids.dedup();
        known.customers = row::customers(tx.conn(), &self.personal, tenant, &ids).await?;
        let verified = contacts.iter().flat_map(|contact| &contact.identities);
        let domains = verified
            .filter_map(|identity| identity.verified_domain())
            .chain(known.customers.values().flat_map(Customer::joining_domains));
        known.domains = joined_domains(tx, tenant, domains).await?;
        known.threads = threads(tx, &lookup, tenant, contacts).await?;
        // Nothing leads anywhere else until the commit: whoever merges holds the tenant's lock, too.
        let led = known.threads.values().map(|thread| thread.ticket);
        known.leads = kin::leads(tx.conn(), tenant, led).await?;
        let references = contacts.iter().flat_map(|contact| &contact.reference_keys);
        let mut named: HashSet<Uuid> = HashSet::new();
        let mut ends_of_public: HashSet<Uuid> = HashSet::new();
        for key in references {
            if let Some(thread) = known.threads.get(key) {
                let end = kin::end(&known.leads, thread.ticket);
                named.extend([thread.ticket, end]);
                if contact::is_public(key) {
                    ends_of_public.insert(end);
                }
            }
        }
        let ends: Vec<Uuid> = ends_of_public.into_iter().collect();
        known.guests = kin::guests(tx.conn(), tenant, &ends).await?;
        known.tickets = row::lock_tickets(tx, &self.personal, tenant, named.into_iter().collect()).await?;
        // Who calls may be found out later.
        let callers = known.tickets.values().filter(|ticket| ticket.call.is_some());
        let callers = callers
            .map(|ticket| ticket.customer)
            .filter(|id| !known.customers.contains_key(id));
        let callers: Vec<Uuid> = callers.collect();
        let callers = row::customers(tx.conn(), &self.personal, tenant, &callers).await?;
        known.customers.extend(callers);
        Ok((known, locked.sla_revision))
    }
}

/// What is known about an item's result so far.
enum Slot {
    /// To be taken.
    New(Box<Contact>),
    /// Taken as this one.
    Taken(usize),
    /// A repeat of this item of the same batch.
    SameAs(usize),
    /// Decided before.
    Done(Result<Recorded, Error>),
}

impl Slot {
    fn contact(&self) -> Option<&Contact> {
        match self {
            Self::New(contact) => Some(contact),
            _ => None,
        }
    }
}

fn results(slots: Vec<Slot>, recorded: &[Recorded]) -> Results {
    let mut results: Results = Vec::with_capacity(slots.len());
    for slot in slots {
        results.push(match slot {
            Slot::Taken(index) => Ok(recorded[index]),
            Slot::Done(result) => result,
            Slot::SameAs(index) => match &results[index] {
                Ok(first) => Ok(*first),
                Err(error) => Err(crate::intake::again(error)),
            },
            Slot::New(_) => Err(Error::internal("a contact was not taken")),
        });
    }
    results
}

async fn seen(
    tx: &Tx,
    lookup: &Lookup,
    tenant: &str,
    contacts: &[&Contact],
) -> Result<HashMap<ContactKey, Recorded>, Error> {
    let mut by_source: BTreeMap<&str, HashMap<(String, [u8; 32]), &ContactKey>> = BTreeMap::new();
    for key in contacts
        .iter()
        .map(|contact| &contact.key)
        .filter(|key| key.identifies())
    {
        let hashes = row::contact_hashes(lookup, key);
        by_source.entry(&key.source).or_default().insert(hashes, key);
    }
    let mut found = HashMap::new();
    for (source, keys) in by_source {
        let ids: BTreeSet<&String> = keys.keys().map(|(id, _)| id).collect();
        let rows = contact_key::Entity::find()
            .filter(contact_key::Column::Tenant.eq(tenant))
            .filter(contact_key::Column::Source.eq(source))
            .filter(contact_key::Column::ExternalId.is_in(ids))
            .all(tx.conn())
            .await
            .map_err(error)?;
        for row in rows {
            let content_hash = <[u8; 32]>::try_from(row.content_hash)
                .map_err(|_| Error::internal("a stored content hash has not 32 bytes"))?;
            let Some(key) = keys.get(&(row.external_id, content_hash)) else {
                continue;
            };
            let recorded = Recorded {
                outcome: Outcome::Duplicate,
                ticket: row.ticket_id,
                number: row.number,
                message: row.message_id,
                customer: row.customer_id,
            };
            found.insert((*key).clone(), recorded);
        }
    }
    where_they_are(tx, tenant, &mut found).await?;
    Ok(found)
}

/// A split may have moved the message of a contact since: its names are those of now.
async fn where_they_are(tx: &Tx, tenant: &str, seen: &mut HashMap<ContactKey, Recorded>) -> Result<(), Error> {
    let ids: Vec<Uuid> = seen.values().map(|recorded| recorded.message).collect();
    let mut now: HashMap<Uuid, Uuid> = HashMap::new();
    for ids in ids.chunks(row::IN_MAX) {
        let rows: Vec<(Uuid, Uuid)> = message::Entity::find()
            .select_only()
            .column(message::Column::Id)
            .column(message::Column::TicketId)
            .filter(message::Column::Tenant.eq(tenant))
            .filter(message::Column::Id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(tx.conn())
            .await
            .map_err(error)?;
        now.extend(rows);
    }
    let mut elsewhere: Vec<&mut Recorded> = seen
        .values_mut()
        .filter(|recorded| {
            now.get(&recorded.message)
                .is_some_and(|ticket| *ticket != recorded.ticket)
        })
        .collect();
    let tickets: HashSet<Uuid> = elsewhere
        .iter()
        .filter_map(|one| now.get(&one.message).copied())
        .collect();
    let numbers = ids::numbers(tx.conn(), tenant, &tickets.into_iter().collect::<Vec<_>>()).await?;
    for recorded in &mut elsewhere {
        if let Some((ticket, number)) = now
            .get(&recorded.message)
            .and_then(|ticket| numbers.get_key_value(ticket))
        {
            recorded.ticket = *ticket;
            recorded.number = *number;
        }
    }
    Ok(())
}

/// Where keys lead: those by which contacts look for their conversation, and those that they bring.
async fn threads(
    tx: &Tx,
    lookup: &Lookup,
    tenant: &str,
    contacts: &[&Contact],
) -> Result<HashMap<String, Thread>, Error> {
    let keys: HashMap<String, &String> = contacts
        .iter()
        .flat_map(|contact| contact.reference_keys.iter().chain(&contact.thread_keys))
        .map(|key| (row::thread_hash(lookup, key), key))
        .collect();
    let hashes: Vec<&String> = keys.keys().collect();
    let mut found = HashMap::new();
    for hashes in hashes.chunks(row::IN_MAX) {
        let rows = thread_key::Entity::find()
            .filter(thread_key::Column::Tenant.eq(tenant))
            .filter(thread_key::Column::Key.is_in(hashes.iter().copied()))
            .all(tx.conn())
            .await
            .map_err(error)?;
        found.extend(rows.into_iter().filter_map(|row| {
            let thread = Thread {
                ticket: row.ticket_id,
                message: row.message_id,
                home: row.home,
            };
            Some(((*keys.get(&row.key)?).clone(), thread))
        }));
    }
    let marks = keys.into_values().filter(|key| !found.contains_key(*key));
    let marks: Vec<(&String, TicketMark)> = marks.filter_map(|key| Some((key, TicketMark::read(key)?))).collect();
    found.extend(marked(tx, tenant, &marks).await?);
    Ok(found)
}

impl Store {
    /// The ticket that the key of a conversation leads to; a merged one, if it does.
    ///
    /// # Errors
    /// NotFound when it leads nowhere.
    pub async fn ticket_of(&self, tenant: &str, key: &str) -> Result<Uuid, Error> {
        let hash = row::thread_hash(&self.personal.lookup(tenant), key);
        let found: Option<Uuid> = thread_key::Entity::find()
            .select_only()
            .column(thread_key::Column::TicketId)
            .filter(thread_key::Column::Tenant.eq(tenant))
            .filter(thread_key::Column::Key.eq(hash))
            .into_tuple()
            .one(self.db.reader())
            .await
            .map_err(error)?;
        found.ok_or_else(|| Error::not_found(crate::names::TICKET, "a ticket of this conversation"))
    }
}

/// Where keys lead that name a ticket itself. Nothing is stored for them.
async fn marked(tx: &Tx, tenant: &str, marks: &[(&String, TicketMark)]) -> Result<HashMap<String, Thread>, Error> {
    let numbers: HashSet<i64> = marks.iter().map(|(_, mark)| mark.number).collect();
    let ids = ids::by_number(tx.conn(), tenant, &numbers.into_iter().collect::<Vec<_>>()).await?;
    let leads = marks.iter().filter_map(|(key, mark)| {
        let ticket = ids.get(&mark.number).copied().filter(|id| mark.is_of(*id))?;
        let thread = Thread {
            ticket,
            message: None,
            home: None,
        };
        Some(((*key).clone(), thread))
    });
    Ok(leads.collect())
}

fn encode(recorded: &Recorded) -> Vec<u8> {
    serde_json::to_vec(recorded).expect("plain values are always JSON")
}

fn decode(bytes: &[u8]) -> Result<Recorded, Error> {
    serde_json::from_slice(bytes)
        .map_err(|cause| Error::internal("the stored answer of a contact cannot be read").caused_by(cause))
}
