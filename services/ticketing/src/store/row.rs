//! Between rows and the domain, and the reads that decisions need.

mod messages;
mod tickets;

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::Error;

use super::entity::{customer, identity, number, organization, ticket};
use super::personal::{Keyring, Lookup, Personal, Place};
use super::sealed::{self, CustomerTexts, TicketTexts};
use crate::attributes::Attributes;
use crate::contact::ContactKey;
use crate::custom::{CustomFields, CustomValue};
use crate::customer::{Belongs, Customer, Identity, IdentityKey, Sayings, TIER_VIP, Tier};
use crate::names::TicketRef;
use crate::ticket::Ticket;

pub use messages::{message_row, messages};
use tickets::read_ticket;
pub use tickets::ticket_row;

/// Values of one `IN (…)`: far below what either engine takes.
pub const IN_MAX: usize = 2_000;

/// Locks the tenant's number row until the commit; gives the last number.
pub async fn lock_tenant(tx: &Tx, tenant: &str) -> Result<i64, Error> {
    Ok(lock_tenant_row(tx, tenant).await?.last)
}

/// What the tenant's number row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tenant {
    /// The last number given to a ticket.
    pub last: i64,
    /// Rises with every change of what tickets are promised when they are opened. 0: they never were promised anything.
    pub sla_revision: i64,
}

/// Locks the tenant's number row until the commit.
pub async fn lock_tenant_row(tx: &Tx, tenant: &str) -> Result<Tenant, Error> {
    for _ in 0..2 {
        let row = number::Entity::find_by_id(tenant.to_owned())
            .lock_exclusive()
            .one(tx.conn())
            .await
            .map_err(error)?;
        if let Some(row) = row {
            return Ok(Tenant {
                last: row.last,
                sla_revision: row.sla_revision,
            });
        }
        // The tenant's first ticket. Two at once: the second waits here and finds the row of the first.
        let first = number::ActiveModel::from(number::Model {
            tenant: tenant.to_owned(),
            last: 0,
            sla_revision: 0,
        });
        number::Entity::insert(first)
            .on_conflict_do_nothing_on([number::Column::Tenant])
            .exec_without_returning(tx.conn())
            .await
            .map_err(error)?;
    }
    Err(Error::internal("the tenant's number row vanished"))
}

/// Says that tickets are promised something else from now on. The caller holds the tenant's lock.
pub async fn raise_sla_revision(tx: &Tx, tenant: &str) -> Result<(), Error> {
    number::Entity::update_many()
        .col_expr(
            number::Column::SlaRevision,
            Expr::col(number::Column::SlaRevision).add(1),
        )
        .filter(number::Column::Tenant.eq(tenant))
        .exec(tx.conn())
        .await
        .map_err(error)?;
    Ok(())
}

/// The ticket, locked until the commit.
pub async fn lock_ticket(
    tx: &Tx,
    personal: &Personal,
    tenant: &str,
    which: TicketRef,
) -> Result<Option<Ticket>, Error> {
    let row = find(tenant, which)
        .lock_exclusive()
        .one(tx.conn())
        .await
        .map_err(error)?;
    Ok(tickets(tx.conn(), personal, tenant, row.into_iter().collect())
        .await?
        .pop())
}

/// The query for one ticket of a tenant.
pub fn find(tenant: &str, which: TicketRef) -> sea_orm::Select<ticket::Entity> {
    let query = ticket::Entity::find().filter(ticket::Column::Tenant.eq(tenant));
    match which {
        TicketRef::Id(id) => query.filter(ticket::Column::Id.eq(id)),
        TicketRef::Number(number) => query.filter(ticket::Column::Number.eq(number)),
    }
}

/// The tickets with these ids, locked in the order of their ids.
pub async fn lock_tickets(
    tx: &Tx,
    personal: &Personal,
    tenant: &str,
    mut ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, Ticket>, Error> {
    ids.sort_unstable();
    ids.dedup();
    let mut found = HashMap::new();
    for ids in ids.chunks(IN_MAX) {
        let rows = ticket::Entity::find()
            .filter(ticket::Column::Tenant.eq(tenant))
            .filter(ticket::Column::Id.is_in(ids.iter().copied()))
            .order_by_asc(ticket::Column::Id)
            .lock_exclusive()
            .all(tx.conn())
            .await
            .map_err(error)?;
        let tickets = tickets(tx.conn(), personal, tenant, rows).await?;
        found.extend(tickets.into_iter().map(|ticket| (ticket.id, ticket)));
    }
    Ok(found)
}

/// Who has which of these identities.
pub async fn owners<C: ConnectionTrait>(
    conn: &C,
    personal: &Personal,
    tenant: &str,
    keys: &[IdentityKey],
) -> Result<HashMap<IdentityKey, Uuid>, Error> {
    let lookup = personal.lookup(tenant);
    let mut found = HashMap::new();
    for keys in keys.chunks(IN_MAX) {
        let mut by_kind: BTreeMap<&str, HashMap<String, &IdentityKey>> = BTreeMap::new();
        for key in keys {
            by_kind
                .entry(key.kind)
                .or_default()
                .insert(identity_hash(&lookup, key), key);
        }
        for (kind, hashes) in by_kind {
            let rows: Vec<(String, Uuid)> = identity::Entity::find()
                .select_only()
                .column(identity::Column::Value)
                .column(identity::Column::CustomerId)
                .filter(identity::Column::Tenant.eq(tenant))
                .filter(identity::Column::Kind.eq(kind))
                .filter(identity::Column::Value.is_in(hashes.keys()))
                .into_tuple()
                .all(conn)
                .await
                .map_err(error)?;
            found.extend(
                rows.into_iter()
                    .filter_map(|(hash, customer)| Some(((*hashes.get(&hash)?).clone(), customer))),
            );
        }
    }
    Ok(found)
}

/// How an identity is found without being stored.
pub fn identity_hash(lookup: &Lookup, key: &IdentityKey) -> String {
    lookup.hash(key.kind, &key.value)
}

/// The stored form of a contact's external id and content hash: neither can be read or tried, both are found again.
pub fn contact_hashes(lookup: &Lookup, key: &ContactKey) -> (String, [u8; 32]) {
    (
        lookup.hash("contact", &key.external_id),
        lookup.digest("content", &key.content_hash),
    )
}

/// The stored form of a thread key.
pub fn thread_hash(lookup: &Lookup, key: &str) -> String {
    lookup.hash("thread", key)
}

/// The customer and everybody who was merged into it.
pub async fn family<C: ConnectionTrait>(conn: &C, tenant: &str, customer: Uuid) -> Result<Vec<Uuid>, Error> {
    let merged: Vec<Uuid> = customer::Entity::find()
        .select_only()
        .column(customer::Column::Id)
        .filter(customer::Column::Tenant.eq(tenant))
        .filter(customer::Column::MergedInto.eq(customer))
        .order_by_asc(customer::Column::Id)
        .into_tuple()
        .all(conn)
        .await
        .map_err(error)?;
    Ok(std::iter::once(customer).chain(merged).collect())
}

/// The customers with these ids, with all their identities.
pub async fn customers<C: ConnectionTrait>(
    conn: &C,
    personal: &Personal,
    tenant: &str,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Customer>, Error> {
    let mut found = HashMap::new();
    for ids in ids.chunks(IN_MAX) {
        let rows = customer::Entity::find()
            .filter(customer::Column::Tenant.eq(tenant))
            .filter(customer::Column::Id.is_in(ids.iter().copied()))
            .all(conn)
            .await
            .map_err(error)?;
        found.extend(
            with_identities(conn, personal, tenant, rows)
                .await?
                .into_iter()
                .map(|customer| (customer.id, customer)),
        );
    }
    Ok(found)
}

/// Rows of customers with their identities; keeps the order.
pub async fn with_identities<C: ConnectionTrait>(
    conn: &C,
    personal: &Personal,
    tenant: &str,
    rows: Vec<customer::Model>,
) -> Result<Vec<Customer>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let all = identity::Entity::find()
        .filter(identity::Column::Tenant.eq(tenant))
        .filter(identity::Column::CustomerId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(identity::Column::Position)
        .all(conn)
        .await
        .map_err(error)?;
    let sealed = rows.iter().filter_map(|row| row.sealed.as_deref());
    let sealed = sealed.chain(all.iter().filter_map(|row| row.sealed.as_deref()));
    let keyring = personal.keyring_for(conn, tenant, sealed).await?;
    let mut by_customer: HashMap<Uuid, Vec<Identity>> = HashMap::new();
    for row in all {
        let identity = read_identity(&keyring, &row)?;
        by_customer.entry(row.customer_id).or_default().extend(identity);
    }
    let tiers = organization_tiers(conn, tenant, rows.iter().filter_map(|row| row.organization_id)).await?;
    rows.into_iter()
        .map(|row| {
            let identities = by_customer.remove(&row.id).unwrap_or_default();
            read_customer(&keyring, &tiers, identities, row)
        })
        .collect()
}

fn read_customer(
    keyring: &Keyring,
    tiers: &HashMap<Uuid, String>,
    identities: Vec<Identity>,
    row: customer::Model,
) -> Result<Customer, Error> {
    let place = Place("customers", row.id.as_bytes());
    let (texts, _) = sealed::open::<CustomerTexts>(keyring, place, row.sealed.as_deref())?;
    let attributes = match texts.attributes.as_str() {
        "" => Attributes::new(),
        text => read_json(text)?,
    };
    let said = match texts.said.as_str() {
        "" => Sayings::default(),
        text => read_json(text)?,
    };
    let merged_identities = texts.merged_identities.into_iter().map(|one| {
        Ok(Identity {
            kind: one.kind.parse()?,
            value: one.value,
            verified: one.verified,
        })
    });
    let tier = Tier {
        tier: row.tier,
        source: row.tier_source,
        valid_until: time(row.tier_valid_until),
    };
    Ok(Customer {
        identities,
        merged_identities: merged_identities.collect::<Result<_, Error>>()?,
        id: row.id,
        display_name: texts.display_name,
        // Rows from before tiers had a source say standard for none.
        tier: (!tier.source.is_empty()).then_some(tier),
        language: row.language,
        country: row.country,
        organization: row.organization_id.map(|organization| Belongs {
            organization,
            tier: tiers.get(&organization).cloned().unwrap_or_default(),
        }),
        organization_by: row.organization_by.parse()?,
        attributes,
        owner: row.owner,
        said,
        periods: read_json(&row.periods)?,
        merged_into: row.merged_into,
        revision: row.revision,
        created_at: from_micros(row.created_at),
        updated_at: from_micros(row.updated_at),
        erased_at: time(row.erased_at),
    })
}

/// The tiers of these organisations of a tenant; those that are gone are not in it.
pub async fn organization_tiers<C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, String>, Error> {
    let ids: HashSet<Uuid> = ids.collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut found = HashMap::new();
    for ids in ids.chunks(IN_MAX) {
        let rows: Vec<(Uuid, String)> = organization::Entity::find()
            .select_only()
            .column(organization::Column::Id)
            .column(organization::Column::Tier)
            .filter(organization::Column::Tenant.eq(tenant))
            .filter(organization::Column::Id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(conn)
            .await
            .map_err(error)?;
        found.extend(rows);
    }
    Ok(found)
}

/// None: it is erased.
fn read_identity(keyring: &Keyring, row: &identity::Model) -> Result<Option<Identity>, Error> {
    let place = Place("customer_identities", row.value.as_bytes());
    let sealed = row.sealed.as_deref().unwrap_or_default();
    let Some(value) = keyring.open(place, sealed)? else {
        return Ok(None);
    };
    Ok(Some(Identity {
        kind: row.kind.parse()?,
        value: String::from_utf8(value)
            .map_err(|cause| Error::internal("a stored identity is no text").caused_by(cause))?,
        verified: row.verified,
    }))
}

/// Rows as tickets; keeps the order.
pub async fn tickets<C: ConnectionTrait>(
    conn: &C,
    personal: &Personal,
    tenant: &str,
    rows: Vec<ticket::Model>,
) -> Result<Vec<Ticket>, Error> {
    let sealed = rows.iter().filter_map(|row| row.sealed.as_deref());
    let keyring = personal.keyring_for(conn, tenant, sealed).await?;
    rows.into_iter().map(|row| read_ticket(&keyring, row)).collect()
}

pub fn time(stored: Option<i64>) -> Option<DateTime<Utc>> {
    stored.map(from_micros)
}

pub fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain lists are always JSON")
}

pub fn read_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|cause| Error::internal("a stored list cannot be read").caused_by(cause))
}
