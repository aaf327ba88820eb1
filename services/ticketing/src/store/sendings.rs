//! Sending surveys: in the transaction of the solve, or when they are due.

mod page;
mod read;

use chrono::{DateTime, TimeDelta, Utc};
use prost::Message;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, Iterable, QueryFilter};
use uuid::Uuid;
use vorrang_database::{Tx, error, micros};
use vorrang_error::{Error, Kind};

use super::answers::About;
use super::entity::{survey_cap, survey_sending};
use super::{Begun, Call, Store, personal, row, surveys, ticket_fields, write};
use crate::action::Asking;
use crate::automation::Cause;
use crate::custom::Definitions;
use crate::customer::Customer;
use crate::event::{Event, Fact, SurveySent};
use crate::filter;
use crate::names::{self, TicketRef};
use crate::survey::answer::solve_of;
use crate::survey::rule::{chosen, triggered};
use crate::survey::{self, Cancelled, Invitation, Sending, State, Survey};
use crate::ticket::{Change, Ticket};
use crate::words::{Actor, ActorKind};

pub use page::Page;
pub use read::{Due, SendingFilter, find, of_solve};

/// Whom a survey is sent to, about what.
#[derive(Debug, Clone, Copy)]
pub(super) enum To<'a> {
    /// About a solve of this ticket; 0 is the last one.
    Solve(&'a Ticket, i32),
    /// This customer, about no ticket.
    Customer(Uuid),
}

impl Store {
    /// What a ticket's changes make us ask: sendings and, where they are sent at once, their events. Called for everything
    /// that may solve or close a ticket, under its lock, after the changes were written. What writes tickets in another way
    /// (contacts, imports) asks nothing.
    pub(super) async fn ask(
        &self,
        tx: &Tx,
        call: &Call,
        ticket: &Ticket,
        changes: &[Change],
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Error> {
        let Some(trigger) = triggered(ticket, changes) else {
            return Ok(Vec::new());
        };
        let surveys = surveys::active(tx.conn(), &call.tenant).await?;
        if surveys.is_empty() {
            return Ok(Vec::new());
        }
        let fields = match surveys.iter().any(|survey| survey.rule.condition.contains(filter::OWN)) {
            true => ticket_fields::all(tx.conn(), &call.tenant).await?,
            false => Definitions::default(),
        };
        let schema = filter::schema(&fields);
        let fits = |survey: &Survey| survey.fits(ticket, &schema);
        let mut events = Vec::new();
        let mut chosen = chosen(&surveys, trigger, &call.tenant, ticket, fits)?;
        // Rows about one customer are locked in the order of their kinds.
        chosen.sort_by_key(|survey| survey.kind.as_str());
        for survey in chosen {
            let solve = ticket.solve_count;
            if of_solve(tx.conn(), &call.tenant, ticket.id, survey.kind, solve)
                .await?
                .is_some()
            {
                continue;
            }
            let mut sending = self.about(tx, &call.tenant, survey, ticket, solve, "", now).await?;
            if survey.rule.delay > TimeDelta::zero() {
                sending.due_at = now + survey.rule.delay;
                save(tx, &call.tenant, &sending).await?;
            } else if claim(tx, &call.tenant, survey, sending.customer, now).await? {
                let sent = self
                    .send(tx, &call.tenant, survey, &mut sending, Some(ticket), now)
                    .await?;
                let fact = Fact::SurveySent(Box::new(sent));
                events.push(self.event(&by_rule(call, survey), fact, now));
            }
        }
        Ok(events)
    }

    /// Sends a survey because somebody asks for it.
    ///
    /// # Errors
    /// NotFound; Precondition `SURVEY_INACTIVE`, `NOT_SOLVED`, `ASKED_LATELY`; AlreadyExists `SURVEY_ALREADY_SENT`.
    pub async fn send_survey<R, A>(
        &self,
        call: &Call,
        id: &str,
        (about, solve, language): (About, i32, &str),
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Sending, &Invitation) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let tenant = call.tenant.as_str();
        let ticket = match about {
            About::Ticket(which) => Some(self.locked(&tx, tenant, which).await?),
            _ => {
                // Customers change under this lock.
                row::lock_tenant(&tx, tenant).await?;
                None
            }
        };
        if ticket.as_ref().is_some_and(|ticket| ticket.erased) {
            return Err(personal::erased());
        }
        let now = self.clock.now();
        let to = match (&ticket, about) {
            (Some(ticket), _) => To::Solve(ticket, solve),
            (None, About::Customer(id)) => To::Customer(id),
            (None, _) => return Err(Error::internal("a survey is sent about a ticket or to a customer")),
        };
        let sent = self.send_now(&tx, call, id, to, language, now).await?;
        let answer = respond(&sent.sending, &sent.invitation);
        let keyring = self
            .personal
            .keyring(tx.conn(), tenant, &[sent.sending.owner()])
            .await?;
        let events = vec![self.event(call, Fact::SurveySent(Box::new(sent)), now)];
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }

    /// Sends a survey as part of a transaction that holds the ticket's lock, or the tenant's for a customer. What is returned
    /// is still to be told: [`Fact::SurveySent`].
    ///
    /// # Errors
    /// As [`Store::send_survey`].
    pub(super) async fn send_now(
        &self,
        tx: &Tx,
        call: &Call,
        id: &str,
        to: To<'_>,
        language: &str,
        now: DateTime<Utc>,
    ) -> Result<SurveySent, Error> {
        let tenant = call.tenant.as_str();
        // Read under the lock: whoever switched it off before we send is heard.
        let survey = surveys::get(tx.conn(), tenant, id).await?;
        if !survey.active {
            return Err(Error::precondition("SURVEY_INACTIVE", "the survey is switched off"));
        }
        let (mut sending, ticket) = match to {
            To::Solve(ticket, solve) => {
                let solve = solve_of(ticket, solve)?;
                let known = of_solve(tx.conn(), tenant, ticket.id, survey.kind, solve).await?;
                if let Some(sent) = known.as_ref().filter(|known| known.state == State::Sent) {
                    return Err(already_sent(sent));
                }
                let fresh = self.about(tx, tenant, &survey, ticket, solve, language, now).await?;
                // What was planned, or given up, is sent now, under its own name.
                let (id, created_at) = known.map_or((fresh.id, now), |known| (known.id, known.created_at));
                let sending = Sending {
                    id,
                    created_at,
                    ..fresh
                };
                (sending, Some(ticket))
            }
            To::Customer(id) => {
                let customer = self.asked(tx, tenant, id).await?;
                let language = survey.language_for([language, &customer.language]);
                (self.fresh(&survey, customer.id, language, now), None)
            }
        };
        if !claim(tx, tenant, &survey, sending.customer, now).await? {
            return Err(Error::precondition(
                "ASKED_LATELY",
                "the customer was asked too short a time ago for this survey's rule",
            ));
        }
        self.send(tx, tenant, &survey, &mut sending, ticket, now).await
    }

    /// Sends a planned sending that is due, or gives it up. Nothing happens when another process was faster.
    pub async fn send_due(&self, tenant: &str, id: Uuid) -> Result<(), Error> {
        let tx = self.db.begin().await?;
        let planned = |sending: &Sending| sending.state == State::Planned;
        let Some(known) = find(&tx, tenant, id, false).await?.filter(planned) else {
            return tx.rollback().await;
        };
        let ticket = match known.ticket {
            Some(ticket) => Some(self.locked(&tx, tenant, TicketRef::Id(ticket)).await?),
            None => None,
        };
        let now = self.clock.now();
        let still = find(&tx, tenant, id, true).await?;
        let Some(mut sending) = still.filter(|sending| planned(sending) && sending.due_at <= now) else {
            return tx.rollback().await;
        };
        let survey = surveys::get(tx.conn(), tenant, &sending.survey).await?;
        let mut obstacle = sending.obstacle(&survey, ticket.as_ref());
        if obstacle.is_none() && !claim(&tx, tenant, &survey, sending.customer, now).await? {
            obstacle = Some(Cancelled::AskedLately);
        }
        let call = by_rule(
            &Call {
                tenant: tenant.to_owned(),
                request_id: String::new(),
                request_hash: [0; 32],
                actor: Actor {
                    kind: ActorKind::Automation,
                    id: String::new(),
                },
                trace_parent: String::new(),
                cause: Cause::default(),
            },
            &survey,
        );
        let mut events = Vec::new();
        match obstacle {
            Some(why) => {
                sending.cancel(why);
                save(&tx, tenant, &sending).await?;
            }
            None => {
                let sent = self
                    .send(&tx, tenant, &survey, &mut sending, ticket.as_ref(), now)
                    .await?;
                events.push(self.event(&call, Fact::SurveySent(Box::new(sent)), now));
            }
        }
        let keyring = self.personal.keyring(tx.conn(), tenant, &[sending.owner()]).await?;
        self.commit(tx, &call, &keyring, &(), events, now).await
    }

    /// Sends and writes; what was sent is still to be told.
    async fn send(
        &self,
        tx: &Tx,
        tenant: &str,
        survey: &Survey,
        sending: &mut Sending,
        ticket: Option<&Ticket>,
        now: DateTime<Utc>,
    ) -> Result<SurveySent, Error> {
        sending.send(survey, now);
        save(tx, tenant, sending).await?;
        Ok(SurveySent {
            ticket: ticket.cloned(),
            sending: sending.clone(),
            invitation: sending.invitation(tenant, survey, &self.links),
        })
    }

    /// A sending about a solve, in the language that fits best.
    #[expect(clippy::too_many_arguments, reason = "each says one thing, and nothing groups them")]
    async fn about(
        &self,
        tx: &Tx,
        tenant: &str,
        survey: &Survey,
        ticket: &Ticket,
        solve: i32,
        language: &str,
        now: DateTime<Utc>,
    ) -> Result<Sending, Error> {
        let customer = match ticket.language.as_str() {
            "" => self.asked(tx, tenant, ticket.customer).await?.language,
            _ => String::new(),
        };
        let language = survey.language_for([language, &ticket.language, &customer]);
        let solved = super::answers::solved(tx, tenant, ticket.id, solve).await?;
        Ok(Sending {
            ticket: Some(ticket.id),
            solve,
            agent: solved.and_then(|solved| solved.agent),
            ..self.fresh(survey, ticket.customer, language, now)
        })
    }

    /// The customer who is asked, or answers; of one that was merged, the one it was merged into.
    ///
    /// # Errors
    /// NotFound; Precondition `ERASED`.
    pub(super) async fn asked(&self, tx: &Tx, tenant: &str, id: Uuid) -> Result<Customer, Error> {
        let customer = self.present_customer(tx, tenant, id).await?;
        customer.check_not_erased()?;
        Ok(customer)
    }

    fn fresh(&self, survey: &Survey, customer: Uuid, language: String, now: DateTime<Utc>) -> Sending {
        Sending {
            id: self.ids.next(now),
            survey: survey.id.clone(),
            kind: survey.kind,
            customer,
            ticket: None,
            solve: 0,
            agent: None,
            language,
            state: State::Planned,
            cancelled: None,
            due_at: now,
            sent_at: None,
            expires_at: None,
            closes_at: None,
            answered_at: None,
            created_at: now,
        }
    }
}

/// What speaks against sending a survey about the ticket's last solve now. Decides nothing: whoever sends it takes the turn.
pub(super) async fn asking<C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    survey: &Survey,
    ticket: &Ticket,
    now: DateTime<Utc>,
) -> Result<Asking, Error> {
    let known = of_solve(conn, tenant, ticket.id, survey.kind, ticket.solve_count).await?;
    let sent = known.filter(|known| known.state == State::Sent);
    let lately = match (survey.kind, survey.rule.every) {
        (survey::Kind::Csat, _) | (_, None) => false,
        (kind, Some(every)) => survey_cap::Entity::find()
            .filter(survey_cap::Column::Tenant.eq(tenant))
            .filter(survey_cap::Column::CustomerId.eq(ticket.customer))
            .filter(survey_cap::Column::Kind.eq(kind.as_str()))
            .filter(survey_cap::Column::LastAt.gt(micros(now - every)))
            .one(conn)
            .await
            .map_err(error)?
            .is_some(),
    };
    Ok(Asking {
        active: survey.active,
        lately,
        sent: sent.map_or(0, |sent| sent.solve),
    })
}

/// Takes the customer's turn to be asked, unless it was taken too short a time ago. Two sendings to one customer at once:
/// the second waits here for the first.
async fn claim(tx: &Tx, tenant: &str, survey: &Survey, customer: Uuid, now: DateTime<Utc>) -> Result<bool, Error> {
    if survey.kind == survey::Kind::Csat {
        // It is about each solve and never capped, so nobody asks when the last one was.
        return Ok(true);
    }
    let latest = survey.rule.every.map_or(DateTime::<Utc>::MAX_UTC, |every| now - every);
    take_turn(tx, tenant, (customer, survey.kind.as_str()), now, latest).await
}

/// Notes that a customer was asked at `at`, if that had not happened, or not after `latest`. True when it was noted.
pub(super) async fn take_turn(
    tx: &Tx,
    tenant: &str,
    (customer, kind): (Uuid, &str),
    at: DateTime<Utc>,
    latest: DateTime<Utc>,
) -> Result<bool, Error> {
    let turn = survey_cap::Model {
        tenant: tenant.to_owned(),
        customer_id: customer,
        kind: kind.to_owned(),
        last_at: micros(at),
    };
    let conflict = OnConflict::columns([
        survey_cap::Column::Tenant,
        survey_cap::Column::CustomerId,
        survey_cap::Column::Kind,
    ])
    .update_column(survey_cap::Column::LastAt)
    .action_and_where(Expr::col((survey_cap::Entity, survey_cap::Column::LastAt)).lte(micros(latest)))
    .to_owned();
    let taken = survey_cap::Entity::insert(survey_cap::ActiveModel::from(turn))
        .on_conflict(conflict)
        .exec_without_returning(tx.conn())
        .await
        .map_err(error)?;
    Ok(taken > 0)
}

/// Inserts or replaces a sending.
pub(super) async fn save(tx: &Tx, tenant: &str, sending: &Sending) -> Result<(), Error> {
    let keys = [survey_sending::Column::Tenant, survey_sending::Column::Id];
    let others = survey_sending::Column::iter()
        .filter(|column| !matches!(column, survey_sending::Column::Tenant | survey_sending::Column::Id));
    let conflict = OnConflict::columns(keys).update_columns(others).to_owned();
    write::insert::<survey_sending::Entity>(tx, vec![read::written(tenant, sending)], Some(conflict)).await
}

/// The same call, done by the rule of a survey.
fn by_rule(call: &Call, survey: &Survey) -> Call {
    Call {
        actor: Actor {
            kind: ActorKind::Automation,
            id: names::survey(&survey.id),
        },
        ..call.clone()
    }
}

fn already_sent(sent: &Sending) -> Error {
    Error::new(
        Kind::AlreadyExists,
        "SURVEY_ALREADY_SENT",
        "the customer was asked this about the solve already",
    )
    .with("sending", names::sending(sent.id))
}
