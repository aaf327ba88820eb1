//! Organisations: made, changed, removed, found. Whoever writes here holds the tenant's lock.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::{Error, Kind};

use super::entity::{customer, organization, organization_key};
use super::personal::Keyring;
use super::{Begun, Call, Store, row, write};
use crate::customer::{self as people, Belongs};
use crate::event::Fact;
use crate::names;
use crate::organization::{Field, LEAVING_MAX, Organization, Profile};
use crate::words::OrganizationBy;

/// Kind of a mail domain.
const DOMAIN: &str = "DOMAIN";
/// Kind of an id in another system.
const EXTERNAL: &str = "EXTERNAL";

/// Which organisations to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The one with this mail domain.
    pub domain: Option<String>,
    /// The one with this id in another system.
    pub external_id: Option<String>,
}

impl Store {
    /// Makes an organisation known.
    ///
    /// # Errors
    /// AlreadyExists `DOMAIN_TAKEN`, `EXTERNAL_ID_TAKEN`; Invalid when what is given does not fit together.
    pub async fn create_organization<R, A>(&self, call: &Call, profile: Profile, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Organization) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        let organization = Organization::new(self.ids.next(now), profile, now)?;
        check_keys(&tx, &call.tenant, &organization).await?;
        save(&tx, &call.tenant, &organization).await?;
        let answer = respond(&organization);
        let events = vec![self.event(call, Fact::OrganizationCreated(organization), now)];
        let keyring = Keyring::nobody(&call.tenant);
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }

    /// Changes the named fields; a non-empty `etag` must be the present one.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`; AlreadyExists `DOMAIN_TAKEN`, `EXTERNAL_ID_TAKEN`; Invalid.
    pub async fn update_organization<R, A>(
        &self,
        call: &Call,
        id: Uuid,
        etag: &str,
        change: (&Profile, &[Field]),
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Organization) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        let mut organization = one(tx.conn(), &call.tenant, id).await?;
        vorrang_service::check_etag(etag, organization.revision)?;
        let changed = organization.update(change.0, change.1, now)?;
        let answer = respond(&organization);
        let mut events = Vec::new();
        if changed {
            check_keys(&tx, &call.tenant, &organization).await?;
            clear_keys(&tx, &call.tenant, id).await?;
            save(&tx, &call.tenant, &organization).await?;
            events.push(self.event(call, Fact::OrganizationUpdated(organization), now));
        }
        let keyring = Keyring::nobody(&call.tenant);
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }

    /// Removes an organisation. With `force` its customers leave it first.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`; Precondition `ORGANIZATION_NOT_EMPTY`, `TOO_MANY_CUSTOMERS`.
    pub async fn delete_organization(&self, call: &Call, id: Uuid, etag: &str, force: bool) -> Result<(), Error> {
        let tx = match self.begin::<()>(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        let organization = one(tx.conn(), &call.tenant, id).await?;
        vorrang_service::check_etag(etag, organization.revision)?;
        let mut leaving = self.members(&tx, &call.tenant, id).await?;
        if !force && leaving.iter().any(|customer| customer.merged_into.is_none()) {
            return Err(Error::precondition(
                "ORGANIZATION_NOT_EMPTY",
                "customers belong to the organisation: set force, and they leave it first",
            ));
        }
        for customer in &mut leaving {
            customer.leave_organization(now);
        }
        clear_keys(&tx, &call.tenant, id).await?;
        organization::Entity::delete_by_id((call.tenant.clone(), id))
            .exec(tx.conn())
            .await
            .map_err(error)?;
        let ids: Vec<Uuid> = leaving.iter().map(|customer| customer.id).collect();
        let keyring = self.personal.keyring(tx.conn(), &call.tenant, &ids).await?;
        write::customers(&tx, &self.personal, &keyring, &call.tenant, &leaving).await?;
        let mut events: Vec<_> = leaving
            .into_iter()
            .map(|customer| self.event(call, Fact::CustomerUpdated(customer), now))
            .collect();
        events.push(self.event(call, Fact::OrganizationDeleted(organization), now));
        self.commit(tx, call, &keyring, &(), events, now).await
    }

    /// Everybody who belongs to it, tombstones too.
    async fn members(&self, tx: &Tx, tenant: &str, id: Uuid) -> Result<Vec<people::Customer>, Error> {
        let rows = customer::Entity::find()
            .filter(customer::Column::Tenant.eq(tenant))
            .filter(customer::Column::OrganizationId.eq(id))
            .order_by_asc(customer::Column::Id)
            .limit(LEAVING_MAX as u64 + 1)
            .all(tx.conn())
            .await
            .map_err(error)?;
        if rows.len() > LEAVING_MAX {
            return Err(Error::precondition(
                "TOO_MANY_CUSTOMERS",
                format!("more than {LEAVING_MAX} customers belong to the organisation: move them first"),
            ));
        }
        row::with_identities(tx.conn(), &self.personal, tenant, rows).await
    }

    /// One organisation.
    ///
    /// # Errors
    /// NotFound when the tenant has no such organisation.
    pub async fn organization(&self, tenant: &str, id: Uuid) -> Result<Organization, Error> {
        one(self.db.reader(), tenant, id).await
    }

    /// Organisations with ids below `before`, newest first.
    pub async fn organizations(
        &self,
        tenant: &str,
        wanted: &Wanted,
        before: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Organization>, Error> {
        let reader = self.db.reader();
        let mut query = organization::Entity::find().filter(organization::Column::Tenant.eq(tenant));
        for (kind, value) in [(DOMAIN, &wanted.domain), (EXTERNAL, &wanted.external_id)] {
            let Some(value) = value else { continue };
            let owners = key_owners(reader, tenant, kind, [value.clone()]).await?;
            query = query.filter(organization::Column::Id.is_in(owners.into_values()));
        }
        if let Some(id) = before {
            query = query.filter(organization::Column::Id.lt(id));
        }
        let rows = query
            .order_by_desc(organization::Column::Id)
            .limit(limit)
            .all(reader)
            .await
            .map_err(error)?;
        with_keys(reader, tenant, rows).await
    }
}

/// Checks that the organisation of a profile is there, and reads its tier.
///
/// # Errors
/// NotFound.
pub(super) async fn look_up(tx: &Tx, tenant: &str, profile: &mut people::Profile) -> Result<(), Error> {
    if let Some(belongs) = &mut profile.organization {
        let id = belongs.organization;
        let mut tiers = row::organization_tiers(tx.conn(), tenant, std::iter::once(id)).await?;
        belongs.tier = tiers.remove(&id).ok_or_else(|| not_found(id))?;
    }
    Ok(())
}

/// Of these mail domains those by which customers join an organisation.
pub(super) async fn joined_domains(
    tx: &Tx,
    tenant: &str,
    domains: impl Iterator<Item = &str>,
) -> Result<HashMap<String, Belongs>, Error> {
    let domains: HashSet<String> = domains.map(str::to_owned).collect();
    let owners = key_owners(tx.conn(), tenant, DOMAIN, domains).await?;
    if owners.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: HashSet<Uuid> = owners.values().copied().collect();
    let joined: HashMap<Uuid, String> = organization::Entity::find()
        .select_only()
        .column(organization::Column::Id)
        .column(organization::Column::Tier)
        .filter(organization::Column::Tenant.eq(tenant))
        .filter(organization::Column::Id.is_in(ids))
        .filter(organization::Column::JoinedByDomain.eq(true))
        .into_tuple()
        .all(tx.conn())
        .await
        .map_err(error)?
        .into_iter()
        .collect();
    let belongs = |(domain, organization): (String, Uuid)| {
        let tier = joined.get(&organization)?.clone();
        Some((domain, Belongs { organization, tier }))
    };
    Ok(owners.into_iter().filter_map(belongs).collect())
}

fn not_found(id: Uuid) -> Error {
    Error::not_found(names::ORGANIZATION, names::organization(id))
}

async fn one<C: ConnectionTrait>(conn: &C, tenant: &str, id: Uuid) -> Result<Organization, Error> {
    let row = organization::Entity::find_by_id((tenant.to_owned(), id))
        .one(conn)
        .await
        .map_err(error)?;
    with_keys(conn, tenant, row.into_iter().collect())
        .await?
        .pop()
        .ok_or_else(|| not_found(id))
}

/// Which organisations of the tenant these keys belong to.
async fn key_owners<C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    kind: &str,
    values: impl IntoIterator<Item = String>,
) -> Result<HashMap<String, Uuid>, Error> {
    let values: Vec<String> = values.into_iter().collect();
    let mut found = HashMap::new();
    for values in values.chunks(row::IN_MAX) {
        let rows = organization_key::Entity::find()
            .filter(organization_key::Column::Tenant.eq(tenant))
            .filter(organization_key::Column::Kind.eq(kind))
            .filter(organization_key::Column::Value.is_in(values.iter().cloned()))
            .all(conn)
            .await
            .map_err(error)?;
        found.extend(rows.into_iter().map(|row| (row.value, row.organization_id)));
    }
    Ok(found)
}

async fn check_keys(tx: &Tx, tenant: &str, organization: &Organization) -> Result<(), Error> {
    let profile = &organization.profile;
    for (kind, values, reason, what) in [
        (DOMAIN, &profile.domains, "DOMAIN_TAKEN", "domain"),
        (EXTERNAL, &profile.external_ids, "EXTERNAL_ID_TAKEN", "external_id"),
    ] {
        let owners = key_owners(tx.conn(), tenant, kind, values.iter().cloned()).await?;
        if let Some((value, owner)) = owners.into_iter().find(|(_, owner)| *owner != organization.id) {
            return Err(Error::new(
                Kind::AlreadyExists,
                reason,
                format!("{value} belongs to another organisation"),
            )
            .with(what, value)
            .with("organization", names::organization(owner)));
        }
    }
    Ok(())
}

async fn clear_keys(tx: &Tx, tenant: &str, id: Uuid) -> Result<(), Error> {
    organization_key::Entity::delete_many()
        .filter(organization_key::Column::Tenant.eq(tenant))
        .filter(organization_key::Column::OrganizationId.eq(id))
        .exec(tx.conn())
        .await
        .map_err(error)?;
    Ok(())
}

/// Inserts or replaces an organisation, and inserts its keys.
async fn save(tx: &Tx, tenant: &str, organization: &Organization) -> Result<(), Error> {
    let profile = &organization.profile;
    let row = organization::Model {
        tenant: tenant.to_owned(),
        id: organization.id,
        display_name: profile.display_name.clone(),
        tier: profile.tier.clone(),
        attributes: row::json(&profile.attributes),
        joined_by_domain: profile.joined_by_domain,
        revision: organization.revision,
        created_at: micros(organization.created_at),
        updated_at: micros(organization.updated_at),
    };
    let conflict = OnConflict::columns([organization::Column::Tenant, organization::Column::Id])
        .update_columns([
            organization::Column::DisplayName,
            organization::Column::Tier,
            organization::Column::Attributes,
            organization::Column::JoinedByDomain,
            organization::Column::Revision,
            organization::Column::UpdatedAt,
        ])
        .to_owned();
    write::insert::<organization::Entity>(tx, vec![row], Some(conflict)).await?;
    let key = |kind: &str, value: &String| organization_key::Model {
        tenant: tenant.to_owned(),
        kind: kind.to_owned(),
        value: value.clone(),
        organization_id: organization.id,
    };
    let domains = profile.domains.iter().map(|domain| key(DOMAIN, domain));
    let external_ids = profile.external_ids.iter().map(|id| key(EXTERNAL, id));
    write::insert::<organization_key::Entity>(tx, domains.chain(external_ids).collect(), None).await
}

/// Rows with their keys; keeps the order.
async fn with_keys<C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    rows: Vec<organization::Model>,
) -> Result<Vec<Organization>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let keys = organization_key::Entity::find()
        .filter(organization_key::Column::Tenant.eq(tenant))
        .filter(organization_key::Column::OrganizationId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(organization_key::Column::Value)
        .all(conn)
        .await
        .map_err(error)?;
    let mut by_owner: HashMap<Uuid, (Vec<String>, Vec<String>)> = HashMap::new();
    for key in keys {
        let (domains, external_ids) = by_owner.entry(key.organization_id).or_default();
        if key.kind == DOMAIN {
            domains.push(key.value);
        } else {
            external_ids.push(key.value);
        }
    }
    rows.into_iter()
        .map(|row| {
            let (mut domains, mut external_ids) = by_owner.remove(&row.id).unwrap_or_default();
            // The engines sort texts each in its own way.
            domains.sort_unstable();
            external_ids.sort_unstable();
            Ok(Organization {
                id: row.id,
                profile: Profile {
                    display_name: row.display_name,
                    domains,
                    external_ids,
                    tier: row.tier,
                    attributes: row::read_json(&row.attributes)?,
                    joined_by_domain: row.joined_by_domain,
                },
                revision: row.revision,
                created_at: from_micros(row.created_at),
                updated_at: from_micros(row.updated_at),
            })
        })
        .collect()
}

impl people::Customer {
    /// Belongs to nobody any more; a mail domain may decide again.
    fn leave_organization(&mut self, now: DateTime<Utc>) {
        self.organization = None;
        self.organization_by = OrganizationBy::Nobody;
        self.revision += 1;
        self.updated_at = now;
    }
}
