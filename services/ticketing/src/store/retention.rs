//! Retention: what a tenant keeps for how long, applied in small steps.

use std::collections::HashSet;

use prost::Message;
use sea_orm::sea_query::{CommonTableExpression, Expr, ExprTrait, OnConflict, Query, UnionType, WithClause};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vorrang_database::{error, from_micros, micros};
use vorrang_error::Error;

use super::entity::{attachment_ref, personal_key, retention_policy, ticket};
use super::personal::Keyring;
use super::{Begun, Call, Store, attachments, erase, kin, row, values, write};
use crate::event::Event;
use crate::privacy::{Action, Policy, Rule};
use crate::state::State;
use crate::ticket::{Change, Ticket};

/// Tickets of one step: its locks are held for some tens of milliseconds.
pub const STEP: u64 = 100;
/// A preview counts no further.
pub const PREVIEW_MAX: u64 = 10_000;

/// A rule as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredRule {
    action: String,
    days: i32,
    channels: Vec<String>,
}

impl Store {
    /// The tenant's policy; the empty one when it was never set.
    pub async fn policy(&self, tenant: &str) -> Result<Policy, Error> {
        let row = retention_policy::Entity::find_by_id(tenant.to_owned())
            .one(self.db.reader())
            .await
            .map_err(error)?;
        row.map(read).transpose().map(Option::unwrap_or_default)
    }

    /// All tenants that have rules, with their policies.
    pub async fn policies(&self) -> Result<Vec<(String, Policy)>, Error> {
        let rows = retention_policy::Entity::find()
            .order_by_asc(retention_policy::Column::Tenant)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        rows.into_iter()
            .map(|row| Ok((row.tenant.clone(), read(row)?)))
            .collect()
    }

    /// Sets the rules; a non-empty `etag` must be the present one.
    ///
    /// # Errors
    /// Conflict `ETAG_MISMATCH`.
    pub async fn set_policy<R, A>(&self, call: &Call, etag: &str, rules: Vec<Rule>, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Policy) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let row = retention_policy::Entity::find_by_id(call.tenant.clone())
            .one(tx.conn())
            .await
            .map_err(error)?;
        let mut policy = row.map(read).transpose()?.unwrap_or_default();
        vorrang_service::check_etag(etag, policy.revision)?;
        let now = self.clock.now();
        if policy.rules != rules || policy.revision == 0 {
            policy = Policy {
                rules,
                revision: policy.revision + 1,
                updated_at: Some(now),
            };
            let columns = [
                retention_policy::Column::Rules,
                retention_policy::Column::Revision,
                retention_policy::Column::UpdatedAt,
            ];
            let conflict = OnConflict::column(retention_policy::Column::Tenant)
                .update_columns(columns)
                .to_owned();
            let model = retention_policy::Model {
                tenant: call.tenant.clone(),
                rules: json(&policy.rules),
                revision: policy.revision,
                updated_at: micros(now),
            };
            write::insert::<retention_policy::Entity>(&tx, vec![model], Some(conflict)).await?;
        }
        let answer = respond(&policy);
        self.commit(tx, call, &Keyring::nobody(&call.tenant), &answer, Vec::new(), now)
            .await?;
        Ok(answer)
    }

    /// How many tickets a rule would treat now, [`PREVIEW_MAX`] at most.
    pub async fn preview(&self, tenant: &str, rule: &Rule) -> Result<u64, Error> {
        let ids = self.candidates(tenant, rule, PREVIEW_MAX).await?;
        Ok(ids.len() as u64)
    }

    /// Applies a rule to the next few tickets; gives to how many. Call it again while it gives more than 0.
    pub async fn retain(&self, tenant: &str, rule: &Rule) -> Result<usize, Error> {
        let ids = self.candidates(tenant, rule, STEP).await?;
        if ids.is_empty() {
            return Ok(0);
        }
        let call = Call::of_ours(tenant, "retention");
        let mut tx = self.db.begin().await?;
        // No merge and no hold comes in between.
        row::lock_tenant(&tx, tenant).await?;
        let held = held(tx.conn(), tenant).await?;
        let parts = kin::parts(tx.conn(), tenant, &ids).await?;
        let leads = parts.iter().map(|part| (part.id, part.target)).collect();
        let with_parts = ids.into_iter().chain(parts.iter().map(|part| part.id)).collect();
        let mut tickets: Vec<Ticket> = row::lock_tickets(&tx, &self.personal, tenant, with_parts)
            .await?
            .into_values()
            .collect();
        let now = self.clock.now();
        // They may have changed since they were looked for.
        let due: HashSet<Uuid> = tickets
            .iter()
            .filter(|ticket| ticket.state == State::Closed && ticket.updated_at <= rule.unchanged_since(now))
            .map(|ticket| ticket.id)
            .collect();
        tickets.retain(|ticket| {
            due.contains(&kin::end(&leads, ticket.id)) && !ticket.erased && !held.contains(&ticket.customer)
        });
        tickets.sort_by_key(|ticket| ticket.number);
        let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.id).collect();
        let doomed = attachments::doom_those_of(&tx, tenant, &ids, now).await?;
        let treated = match rule.action {
            Action::EraseTexts => tickets.len(),
            Action::EraseAttachments => doomed.len(),
        };
        let nobody = Keyring::nobody(tenant);
        let mut keys = Vec::new();
        let mut events: Vec<Event> = Vec::new();
        match rule.action {
            Action::EraseTexts => {
                erase::texts_left(&tx, tenant, &ids).await?;
                keys = erase::destroy_keys(
                    &tx,
                    tenant,
                    Condition::all().add(personal_key::Column::Id.is_in(ids.iter().copied())),
                )
                .await?;
                for ticket in &mut tickets {
                    ticket.erase(now);
                    events.extend(self.events(&call, ticket, vec![Change::TextsErased], now));
                }
                write::tickets(&tx, &nobody, tenant, &tickets).await?;
                values::erase(&tx, tenant, &ids).await?;
                write::append(&mut tx, &nobody, tenant, events, now).await?;
            }
            Action::EraseAttachments => {
                for (ticket, count) in tickets
                    .iter()
                    .filter_map(|ticket| Some((ticket, *doomed.get(&ticket.id)?)))
                {
                    events.extend(self.events(&call, ticket, vec![Change::AttachmentsErased(count)], now));
                }
                let keyring = self.personal.keyring(tx.conn(), tenant, &ids).await?;
                write::append(&mut tx, &keyring, tenant, events, now).await?;
            }
        }
        tx.commit().await?;
        self.personal.forget(tenant, keys);
        Ok(treated)
    }

    /// Tickets that a rule treats now, the longest closed first.
    async fn candidates(&self, tenant: &str, rule: &Rule, limit: u64) -> Result<Vec<Uuid>, Error> {
        let now = self.clock.now();
        let held = held(self.db.reader(), tenant).await?;
        let channels = rule.channels.iter().map(|channel| channel.as_str());
        let condition = Condition::all()
            .add(ticket::Column::Tenant.eq(tenant))
            .add(ticket::Column::UpdatedAt.lte(micros(rule.unchanged_since(now))))
            // As the index has it: a parameter would not be matched with it.
            .add(Expr::cust("state = 'CLOSED' AND erased = FALSE"))
            // What is part of another ticket goes with it.
            .add(ticket::Column::MergedInto.is_null())
            .add(ticket::Column::CustomerId.is_not_in(held.iter().copied()))
            .add_option((!rule.channels.is_empty()).then(|| ticket::Column::Channel.is_in(channels)))
            .add_option((rule.action == Action::EraseAttachments).then(|| with_files(tenant, &held)));
        ticket::Entity::find()
            .select_only()
            .column(ticket::Column::Id)
            .filter(condition)
            .order_by_asc(ticket::Column::UpdatedAt)
            .limit(limit)
            .into_tuple()
            .all(self.db.reader())
            .await
            .map_err(error)
    }
}

/// Messages of the ticket, or of one that was merged into it at whatever remove, refer to files.
fn with_files(tenant: &str, held: &HashSet<Uuid>) -> Condition {
    const FOUND: &str = "with_files";
    let targets = Query::select()
        .column((ticket::Entity, ticket::Column::MergedInto))
        .from(ticket::Entity)
        .inner_join(
            FOUND,
            Expr::col((ticket::Entity, ticket::Column::Id)).equals((FOUND, "id")),
        )
        .and_where(ticket::Column::Tenant.eq(tenant))
        .and_where(ticket::Column::MergedInto.is_not_null())
        .take();
    let found = Query::select()
        .column(attachment_ref::Column::TicketId)
        .from(attachment_ref::Entity)
        .and_where(attachment_ref::Column::Tenant.eq(tenant))
        .and_where(attachment_ref::Column::CustomerId.is_not_in(held.iter().copied()))
        .union(UnionType::Distinct, targets)
        .take();
    let mut named = CommonTableExpression::new();
    named.table_name(FOUND).column("id").query(found);
    let ids = Query::select()
        .column("id")
        .from(FOUND)
        .with_cte(WithClause::new().recursive(true).cte(named).to_owned())
        .take();
    Condition::all().add(ticket::Column::Id.in_subquery(ids))
}

/// Customers under a hold, and those they were merged into: what was theirs is the target's now.
async fn held<C: ConnectionTrait>(conn: &C, tenant: &str) -> Result<HashSet<Uuid>, Error> {
    let statement = Statement::from_sql_and_values(
        conn.get_database_backend(),
        "WITH RECURSIVE held(id) AS (SELECT customer_id FROM legal_holds WHERE tenant = $1 UNION \
         SELECT c.merged_into FROM customers c JOIN held h ON c.id = h.id WHERE c.tenant = $1 AND c.merged_into IS NOT NULL) \
         SELECT id FROM held",
        [tenant.into()],
    );
    let rows = conn.query_all_raw(statement).await.map_err(error)?;
    rows.iter().map(|row| row.try_get_by_index(0).map_err(error)).collect()
}

fn json(rules: &[Rule]) -> String {
    let rules: Vec<StoredRule> = rules
        .iter()
        .map(|rule| StoredRule {
            action: rule.action.as_str().to_owned(),
            days: rule.days,
            channels: rule
                .channels
                .iter()
                .map(|channel| channel.as_str().to_owned())
                .collect(),
        })
        .collect();
    serde_json::to_string(&rules).expect("plain lists are always JSON")
}

fn read(row: retention_policy::Model) -> Result<Policy, Error> {
    let stored: Vec<StoredRule> = serde_json::from_str(&row.rules)
        .map_err(|cause| Error::internal("a stored retention policy cannot be read").caused_by(cause))?;
    let rules = stored
        .into_iter()
        .map(|rule| {
            Ok(Rule {
                action: rule.action.parse()?,
                days: rule.days,
                channels: rule
                    .channels
                    .iter()
                    .map(|word| word.parse())
                    .collect::<Result<_, Error>>()?,
            })
        })
        .collect::<Result<_, Error>>()?;
    Ok(Policy {
        rules,
        revision: row.revision,
        updated_at: Some(from_micros(row.updated_at)),
    })
}
