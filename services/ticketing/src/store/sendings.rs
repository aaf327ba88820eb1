//! Sending surveys: in the transaction of the solve, or when they are due.

mod page;
mod read;

use chrono::{DateTime, TimeDelta, Utc};
use prost::Message;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{EntityTrait, Iterable};
use uuid::Uuid;
use vorrang_database::{Tx, error, micros};
use vorrang_error::{Error, Kind};

use super::answers::About;
use super::entity::{survey_cap, survey_sending};
use super::{Begun, Call, Store, personal, row, surveys, write};
use crate::automation::Cause;
use crate::customer::Customer;
use crate::event::{Event, Fact, SurveySent};
use crate::names::{self, TicketRef};
use crate::survey::answer::solve_of;
use crate::survey::rule::{chosen, triggered};
use crate::survey::{self, Cancelled, Invitation, Sending, State, Survey};
use crate::ticket::{Change, Ticket};
use crate::words::{Actor, ActorKind};

pub use page::Page;
pub use read::{Due, SendingFilter, find, of_solve};

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
        let mut events = Vec::new();
        let mut chosen = chosen(&surveys, trigger, &call.tenant, ticket, |survey| survey.fits(ticket))?;
        // Rows about one customer are locked in the order of their kinds.
        chosen.sort_by_key(|survey| survey.kind.as_str());
        for survey in chosen {
            let solve = ticket.solve_count;
            if of_solve(tx, &call.tenant, ticket.id, survey.kind, solve)
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
                let call = by_rule(call, survey);
                events.push(self.send(tx, &call, survey, &mut sending, Some(ticket), now).await?);
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
        // Read under the ticket's lock: whoever switched it off before we send is heard.
        let survey = surveys::get(tx.conn(), tenant, id).await?;
        if !survey.active {
            return Err(Error::precondition("SURVEY_INACTIVE", "the survey is switched off"));
        }
        let now = self.clock.now();
        let mut sending = match (&ticket, about) {
            (Some(ticket), _) => {
                let solve = solve_of(ticket, solve)?;
                let known = of_solve(&tx, tenant, ticket.id, survey.kind, solve).await?;
                if let Some(sent) = known.as_ref().filter(|known| known.state == State::Sent) {
                    return Err(already_sent(sent));
                }
                let fresh = self.about(&tx, tenant, &survey, ticket, solve, language, now).await?;
                // What was planned, or given up, is sent now, under its own name.
                let (id, created_at) = known.map_or((fresh.id, now), |known| (known.id, known.created_at));
                Sending {
                    id,
                    created_at,
                    ..fresh
                }
            }
            (None, About::Customer(id)) => {
                let customer = self.asked(&tx, tenant, id).await?.language;
                self.fresh(&survey, id, survey.language_for([language, &customer]), now)
            }
            (None, _) => return Err(Error::internal("a survey is sent about a ticket or to a customer")),
        };
        if !claim(&tx, tenant, &survey, sending.customer, now).await? {
            return Err(Error::precondition(
                "ASKED_LATELY",
                "the customer was asked too short a time ago for this survey's rule",
            ));
        }
        let event = self
            .send(&tx, call, &survey, &mut sending, ticket.as_ref(), now)
            .await?;
        let answer = match &event.fact {
            Fact::SurveySent(sent) => respond(&sent.sending, &sent.invitation),
            _ => return Err(Error::internal("a sending is told as one")),
        };
        let keyring = self.personal.keyring(tx.conn(), tenant, &[sending.owner()]).await?;
        self.commit(tx, call, &keyring, &answer, vec![event], now).await?;
        Ok(answer)
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
            None => events.push(
                self.send(&tx, &call, &survey, &mut sending, ticket.as_ref(), now)
                    .await?,
            ),
        }
        let keyring = self.personal.keyring(tx.conn(), tenant, &[sending.owner()]).await?;
        self.commit(tx, &call, &keyring, &(), events, now).await
    }

    /// Sends, writes, and says so.
    async fn send(
        &self,
        tx: &Tx,
        call: &Call,
        survey: &Survey,
        sending: &mut Sending,
        ticket: Option<&Ticket>,
        now: DateTime<Utc>,
    ) -> Result<Event, Error> {
        sending.send(survey, now);
        save(tx, &call.tenant, sending).await?;
        let sent = SurveySent {
            ticket: ticket.cloned(),
            sending: sending.clone(),
            invitation: sending.invitation(&call.tenant, survey, &self.links),
        };
        Ok(self.event(call, Fact::SurveySent(Box::new(sent)), now))
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

/// Takes the customer's turn to be asked, unless it was taken too short a time ago. Two sendings to one customer at once:
/// the second waits here for the first.
async fn claim(tx: &Tx, tenant: &str, survey: &Survey, customer: Uuid, now: DateTime<Utc>) -> Result<bool, Error> {
    if survey.kind == survey::Kind::Csat {
        // It is about each solve and never capped, so nobody asks when the last one was.
        return Ok(true);
    }
    let latest = survey.rule.every.map_or(i64::MAX, |every| micros(now - every));
    let turn = survey_cap::Model {
        tenant: tenant.to_owned(),
        customer_id: customer,
        kind: survey.kind.as_str().to_owned(),
        last_at: micros(now),
    };
    let conflict = OnConflict::columns([
        survey_cap::Column::Tenant,
        survey_cap::Column::CustomerId,
        survey_cap::Column::Kind,
    ])
    .update_column(survey_cap::Column::LastAt)
    .action_and_where(Expr::col((survey_cap::Entity, survey_cap::Column::LastAt)).lte(latest))
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
