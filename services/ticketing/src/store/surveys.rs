//! Surveys as they are defined.

use chrono::TimeDelta;
use prost::Message;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use vorrang_database::{error, from_micros, micros};
use vorrang_error::{Error, Kind};

use super::entity::survey;
use super::personal::Keyring;
use super::{Begun, Call, Store, row, write};
use crate::event::Fact;
use crate::names;
use crate::survey::{Field, Rule, SURVEYS_MAX, Survey};

impl Store {
    /// Makes a survey.
    ///
    /// # Errors
    /// AlreadyExists `SURVEY_EXISTS`; Precondition `TOO_MANY_SURVEYS`; whatever [`Survey::check`] says.
    pub async fn create_survey<R, A>(&self, call: &Call, mut new: Survey, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Survey) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        new.check()?;
        row::lock_tenant(&tx, &call.tenant).await?;
        if find(tx.conn(), &call.tenant, &new.id).await?.is_some() {
            return Err(Error::new(
                Kind::AlreadyExists,
                "SURVEY_EXISTS",
                "there is a survey of this name already",
            )
            .with("survey", names::survey(&new.id)));
        }
        let known = survey::Entity::find()
            .filter(survey::Column::Tenant.eq(&call.tenant))
            .count(tx.conn())
            .await
            .map_err(error)?;
        if known >= SURVEYS_MAX {
            let message = format!("a tenant has at most {SURVEYS_MAX} surveys; change one that is not used any more");
            return Err(Error::precondition("TOO_MANY_SURVEYS", message));
        }
        let now = self.clock.now();
        new.created_at = now;
        new.updated_at = now;
        self.define(tx, call, new, respond, now).await
    }

    /// Changes the named fields of a survey; a non-empty `etag` must be the present one.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`; whatever [`Survey::check`] says.
    pub async fn update_survey<R, A>(
        &self,
        call: &Call,
        etag: &str,
        change: (Survey, &[Field]),
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Survey) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let (from, fields) = change;
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        let mut survey = get(tx.conn(), &call.tenant, &from.id).await?;
        vorrang_service::check_etag(etag, survey.revision)?;
        if survey.update(from, fields, now) {
            survey.check()?;
            return self.define(tx, call, survey, respond, now).await;
        }
        let answer = respond(&survey);
        self.commit(tx, call, &Keyring::nobody(&call.tenant), &answer, Vec::new(), now)
            .await?;
        Ok(answer)
    }

    async fn define<R, A>(
        &self,
        tx: vorrang_database::Tx,
        call: &Call,
        survey: Survey,
        respond: A,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Survey) -> R,
    {
        let conflict = OnConflict::columns([survey::Column::Tenant, survey::Column::Id])
            .update_columns([
                survey::Column::DisplayName,
                survey::Column::Texts,
                survey::Column::AskComment,
                survey::Column::Rule,
                survey::Column::Position,
                survey::Column::ValidFor,
                survey::Column::LateFor,
                survey::Column::Repeats,
                survey::Column::Active,
                survey::Column::Revision,
                survey::Column::UpdatedAt,
            ])
            .to_owned();
        write::insert::<survey::Entity>(&tx, vec![written(&call.tenant, &survey)], Some(conflict)).await?;
        let answer = respond(&survey);
        let events = vec![self.event(call, Fact::SurveyDefined(Box::new(survey)), now)];
        self.commit(tx, call, &Keyring::nobody(&call.tenant), &answer, events, now)
            .await?;
        Ok(answer)
    }

    /// One survey.
    ///
    /// # Errors
    /// NotFound when the tenant has no such survey.
    pub async fn survey(&self, tenant: &str, id: &str) -> Result<Survey, Error> {
        get(self.db.reader(), tenant, id).await
    }

    /// Surveys with ids above `after`, by id.
    pub async fn surveys(&self, tenant: &str, after: Option<&str>, limit: u64) -> Result<Vec<Survey>, Error> {
        let mut query = survey::Entity::find().filter(survey::Column::Tenant.eq(tenant));
        if let Some(id) = after {
            query = query.filter(survey::Column::Id.gt(id));
        }
        let rows = query
            .order_by_asc(survey::Column::Id)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        rows.into_iter().map(read).collect()
    }
}

/// All that are active, in the order in which they are looked at.
pub async fn active<C: ConnectionTrait>(conn: &C, tenant: &str) -> Result<Vec<Survey>, Error> {
    let rows = survey::Entity::find()
        .filter(survey::Column::Tenant.eq(tenant))
        .filter(survey::Column::Active.eq(true))
        .order_by_asc(survey::Column::Position)
        .order_by_asc(survey::Column::Id)
        .all(conn)
        .await
        .map_err(error)?;
    rows.into_iter().map(read).collect()
}

/// One survey of a tenant, if there is one.
pub async fn find<C: ConnectionTrait>(conn: &C, tenant: &str, id: &str) -> Result<Option<Survey>, Error> {
    let row = survey::Entity::find_by_id((tenant.to_owned(), id.to_owned()))
        .one(conn)
        .await
        .map_err(error)?;
    row.map(read).transpose()
}

/// One survey of a tenant.
///
/// # Errors
/// NotFound.
pub async fn get<C: ConnectionTrait>(conn: &C, tenant: &str, id: &str) -> Result<Survey, Error> {
    find(conn, tenant, id)
        .await?
        .ok_or_else(|| Error::not_found(names::SURVEY, names::survey(id)))
}

fn written(tenant: &str, survey: &Survey) -> survey::Model {
    survey::Model {
        tenant: tenant.to_owned(),
        id: survey.id.clone(),
        kind: survey.kind.as_str().to_owned(),
        display_name: survey.display_name.clone(),
        texts: row::json(&survey.texts),
        ask_comment: survey.ask_comment,
        rule: row::json(&survey.rule.stored()),
        position: survey.rule.position,
        valid_for: length(survey.valid_for),
        late_for: length(survey.late_for),
        repeats: survey.repeats.as_str().to_owned(),
        active: survey.active,
        revision: survey.revision,
        created_at: micros(survey.created_at),
        updated_at: micros(survey.updated_at),
    }
}

fn read(row: survey::Model) -> Result<Survey, Error> {
    Ok(Survey {
        id: row.id,
        kind: row.kind.parse()?,
        display_name: row.display_name,
        texts: row::read_json(&row.texts)?,
        ask_comment: row.ask_comment,
        rule: Rule::read(row::read_json(&row.rule)?, row.position)?,
        valid_for: TimeDelta::microseconds(row.valid_for),
        late_for: TimeDelta::microseconds(row.late_for),
        repeats: row.repeats.parse()?,
        active: row.active,
        revision: row.revision,
        created_at: from_micros(row.created_at),
        updated_at: from_micros(row.updated_at),
    })
}

fn length(span: TimeDelta) -> i64 {
    span.num_microseconds().unwrap_or(i64::MAX)
}
