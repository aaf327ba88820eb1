//! Pairs of customers that may be one person: noted with contacts, listed, dismissed, and merged where a source vouched.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::{Error, Kind};

use super::entity::merge_suggestion;
use super::personal::Keyring;
use super::{Begun, Call, MergeRequest, Store, row, write};
use crate::automation::Cause;
use crate::customer::merge;
use crate::desk::Suggested;
use crate::names;
use crate::suggestion::{Evidence, Pair, Suggestion};
use crate::words::{Actor, ActorKind, SuggestionState};

/// Pairs that are merged in one go.
const VOUCHED_MAX: u64 = 100;
/// What acts when a source vouched.
const ACTOR: &str = "merge_suggestions";

impl Store {
    /// Notes what contacts said about pairs. True when a source vouched for one of them.
    pub(super) async fn write_suggestions(
        &self,
        tx: &Tx,
        tenant: &str,
        suggestions: BTreeMap<Pair, Suggested>,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let vouched = suggestions.values().any(|one| one.evidence == Evidence::SamePerson);
        let rows = suggestions
            .into_iter()
            .map(|(pair, one)| merge_suggestion::Model {
                tenant: tenant.to_owned(),
                id: self.ids.next(now),
                older_id: pair.older,
                younger_id: pair.younger,
                evidence: one.evidence.rank(),
                source: one.source,
                state: SuggestionState::Open.as_str().to_owned(),
                contacts: one.contacts,
                first_seen_at: micros(now),
                last_seen_at: micros(now),
            })
            .collect();
        let better = "excluded.evidence > merge_suggestions.evidence";
        let best = |column: &str| {
            Expr::cust(format!(
                "CASE WHEN {better} THEN excluded.{column} ELSE merge_suggestions.{column} END"
            ))
        };
        // The state is not among them: what people decided stays decided, whatever comes later.
        let conflict = on_pair()
            .value(merge_suggestion::Column::Evidence, best("evidence"))
            .value(merge_suggestion::Column::Source, best("source"))
            .value(
                merge_suggestion::Column::Contacts,
                Expr::cust("merge_suggestions.contacts + excluded.contacts"),
            )
            .update_column(merge_suggestion::Column::LastSeenAt)
            .to_owned();
        write::insert::<merge_suggestion::Entity>(tx, rows, Some(conflict)).await?;
        Ok(vouched)
    }

    /// Decides about pairs, also about those that no contact has named yet.
    pub(super) async fn decide_suggestions(
        &self,
        tx: &Tx,
        tenant: &str,
        pairs: impl IntoIterator<Item = Pair>,
        state: SuggestionState,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut pairs: Vec<Pair> = pairs.into_iter().collect();
        pairs.sort_unstable();
        pairs.dedup();
        let rows = pairs
            .into_iter()
            .map(|pair| merge_suggestion::Model {
                tenant: tenant.to_owned(),
                id: self.ids.next(now),
                older_id: pair.older,
                younger_id: pair.younger,
                evidence: Evidence::Linked.rank(),
                source: String::new(),
                state: state.as_str().to_owned(),
                contacts: 0,
                first_seen_at: micros(now),
                last_seen_at: micros(now),
            })
            .collect();
        let conflict = on_pair().update_column(merge_suggestion::Column::State).to_owned();
        write::insert::<merge_suggestion::Entity>(tx, rows, Some(conflict)).await
    }

    /// Pairs that nobody has decided about and that are both there, newest first.
    pub async fn suggestions(
        &self,
        tenant: &str,
        customer: Option<Uuid>,
        before: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Suggestion>, Error> {
        let with = |id: Uuid| {
            Condition::any()
                .add(merge_suggestion::Column::OlderId.eq(id))
                .add(merge_suggestion::Column::YoungerId.eq(id))
        };
        // Merged or erased: nothing is left to decide.
        let both_there = "NOT EXISTS (SELECT 1 FROM customers WHERE customers.tenant = merge_suggestions.tenant \
                          AND customers.id IN (merge_suggestions.older_id, merge_suggestions.younger_id) \
                          AND (customers.merged_into IS NOT NULL OR customers.erased_at IS NOT NULL))";
        let condition = Condition::all()
            .add(merge_suggestion::Column::Tenant.eq(tenant))
            .add(merge_suggestion::Column::State.eq(SuggestionState::Open.as_str()))
            .add_option(before.map(|id| merge_suggestion::Column::Id.lt(id)))
            .add_option(customer.map(with))
            .add(Expr::cust(both_there));
        merge_suggestion::Entity::find()
            .filter(condition)
            .order_by_desc(merge_suggestion::Column::Id)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?
            .into_iter()
            .map(read)
            .collect()
    }

    /// Decides that the two are not one person.
    ///
    /// # Errors
    /// NotFound; Precondition `ALREADY_MERGED`.
    pub async fn dismiss_suggestion<R, A>(&self, call: &Call, id: Uuid, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Suggestion) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        let mut suggestion = find(&tx, &call.tenant, id).await?;
        if suggestion.state == SuggestionState::Merged {
            return Err(Error::precondition(
                "ALREADY_MERGED",
                "the two were merged: undo that, and they are not suggested again",
            ));
        }
        suggestion.state = SuggestionState::Dismissed;
        let pair = [suggestion.pair];
        self.decide_suggestions(&tx, &call.tenant, pair, suggestion.state, now)
            .await?;
        let answer = respond(&suggestion);
        let keyring = Keyring::nobody(&call.tenant);
        self.commit(tx, call, &keyring, &answer, Vec::new(), now).await?;
        Ok(answer)
    }

    /// Comes back when a source has vouched for a pair in this process.
    pub async fn somebody_vouched(&self) {
        self.vouched.notified().await;
    }

    /// Merges pairs, of any tenant, for which a source vouched, the younger into the older; gives how many it looked at.
    /// What cannot be merged stays as a suggestion for people.
    ///
    /// # Errors
    /// When the database fails; what was merged stays merged.
    pub async fn merge_vouched(&self) -> Result<usize, Error> {
        let rows = merge_suggestion::Entity::find()
            .filter(merge_suggestion::Column::State.eq(SuggestionState::Open.as_str()))
            .filter(merge_suggestion::Column::Evidence.eq(Evidence::SamePerson.rank()))
            .order_by_asc(merge_suggestion::Column::Tenant)
            .order_by_asc(merge_suggestion::Column::Id)
            .limit(VOUCHED_MAX)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let count = rows.len();
        for row in rows {
            let call = Call {
                tenant: row.tenant.clone(),
                request_id: String::new(),
                request_hash: [0; 32],
                actor: Actor {
                    kind: ActorKind::Automation,
                    id: ACTOR.to_owned(),
                },
                trace_parent: String::new(),
                cause: Cause::default(),
            };
            self.merge_pair(&call, row.id).await?;
        }
        Ok(count)
    }

    async fn merge_pair(&self, call: &Call, id: Uuid) -> Result<(), Error> {
        let tx = self.db.begin().await?;
        row::lock_tenant(&tx, &call.tenant).await?;
        let suggestion = find(&tx, &call.tenant, id).await?;
        // Another process, or people, may have been faster.
        if suggestion.state != SuggestionState::Open || suggestion.evidence != Evidence::SamePerson {
            return Ok(());
        }
        let Pair { older, younger } = suggestion.pair;
        let target = self.locked_customer(&tx, &call.tenant, older).await?;
        let source = self.locked_customer(&tx, &call.tenant, younger).await?;
        let two = merge::contradict(&source, &target) || source.erased_at.is_some() || target.erased_at.is_some();
        if !two {
            let wanted = MergeRequest {
                source: (younger, String::new()),
                target: (older, String::new()),
            };
            match self.merge_locked(tx, call, &wanted, |_, _| ()).await {
                Ok(()) => return Ok(()),
                // Merged already, or too large to be merged by itself.
                Err(error) if error.kind() == Kind::Precondition => {
                    tracing::info!(reason = error.reason(), "two customers are left for people to merge");
                }
                Err(error) => return Err(error),
            }
        } else {
            tx.rollback().await?;
        }
        // A suggestion like any other from now on, or it would be tried for ever.
        let tx = self.db.begin().await?;
        merge_suggestion::Entity::update_many()
            .col_expr(
                merge_suggestion::Column::Evidence,
                Expr::value(Evidence::Verified.rank()),
            )
            .filter(merge_suggestion::Column::Tenant.eq(&call.tenant))
            .filter(merge_suggestion::Column::Id.eq(id))
            .exec(tx.conn())
            .await
            .map_err(error)?;
        tx.commit().await
    }
}

fn on_pair() -> OnConflict {
    OnConflict::columns([
        merge_suggestion::Column::Tenant,
        merge_suggestion::Column::OlderId,
        merge_suggestion::Column::YoungerId,
    ])
}

async fn find(tx: &Tx, tenant: &str, id: Uuid) -> Result<Suggestion, Error> {
    let row = merge_suggestion::Entity::find_by_id((tenant.to_owned(), id))
        .one(tx.conn())
        .await
        .map_err(error)?;
    row.map(read)
        .transpose()?
        .ok_or_else(|| Error::not_found(names::MERGE_SUGGESTION, names::merge_suggestion(id)))
}

fn read(row: merge_suggestion::Model) -> Result<Suggestion, Error> {
    Ok(Suggestion {
        id: row.id,
        pair: Pair {
            older: row.older_id,
            younger: row.younger_id,
        },
        evidence: Evidence::from_rank(row.evidence)
            .ok_or_else(|| Error::internal("a stored suggestion has no evidence that we know"))?,
        source: row.source,
        state: row.state.parse()?,
        contacts: row.contacts,
        first_seen_at: from_micros(row.first_seen_at),
        last_seen_at: from_micros(row.last_seen_at),
    })
}
