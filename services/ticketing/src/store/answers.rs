//! Answers to surveys.

mod read;

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;
use vorrang_database::{Tx, error, micros};
use vorrang_error::Error;

use super::entity::{answer, solve};
use super::{Begun, Call, Store, personal, row, sendings, surveys, write};
use crate::automation::Cause;
use crate::event::{Fact, SurveyAnswered};
use crate::names::{self, TicketRef};
use crate::survey::answer::{check_repeat, given_at, late, solve_of};
use crate::survey::{Answer, Kind, Repeats, Sending, State, Survey, Token};
use crate::ticket::Ticket;
use crate::words::{Actor, ActorKind};

pub use read::AnswerFilter;
pub(super) use read::read;

/// What an answer, or a sending, is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A solve of this ticket.
    Ticket(TicketRef),
    /// Nothing in particular, by this customer.
    Customer(Uuid),
    /// What this sending is about.
    Sending(Uuid),
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A kind, by whatever means.
    Kind(Kind),
    /// This survey, by id.
    Survey(String),
    /// What the sending asks.
    BySending,
}

/// An answer before we know what exactly it is about.
#[derive(Debug, Clone)]
pub struct NewAnswer {
    /// What it is about.
    pub about: About,
    /// What was asked.
    pub asked: Asked,
    /// The answer.
    pub score: i32,
    /// Which solve; 0 means the last one, or the sending's.
    pub solve: i32,
    /// What the customer adds; none leaves what an earlier answer added.
    pub comment: Option<String>,
    /// Who is rated; none: who had the ticket at the solve.
    pub agent: Option<String>,
    /// When; none means now, and so does a time to come.
    pub answered_at: Option<DateTime<Utc>>,
    /// Whether the very same answer again is nothing new: a page is easily sent twice.
    pub same_is_nothing: bool,
}

/// Everything that decides about an answer, read under locks.
struct Facts {
    ticket: Option<Ticket>,
    customer: Uuid,
    recorded_for: Uuid,
    survey: Option<Survey>,
    sending: Option<Sending>,
    kind: Kind,
    solve: i32,
}

impl Store {
    /// Records an answer. A second one about the same solve, or to the same sending, replaces the first, unless it was given
    /// before that: then what holds goes on holding. A ticket itself does not change.
    ///
    /// # Errors
    /// NotFound when there is no such ticket, customer, sending or survey; Precondition `NOT_SOLVED`, `SURVEY_NOT_SENT`,
    /// `SURVEY_CLOSED`, `ALREADY_ANSWERED`; Invalid for a score off the scale, a time before what it is about, and a survey
    /// that the sending does not ask.
    pub async fn answer_survey<R, A>(&self, call: &Call, new: NewAnswer, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Answer) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let tenant = call.tenant.as_str();
        let facts = self.facts(&tx, tenant, &new).await?;
        facts.kind.check(new.score)?;
        let now = self.clock.now();
        let solved = match &facts.ticket {
            Some(ticket) => solved(&tx, tenant, ticket.id, facts.solve).await?,
            None => None,
        };
        if let (Some(solved), Some(at)) = (&solved, new.answered_at) {
            check_after(solved.solved_at, at)?;
        }
        let earlier = self.earlier(&tx, tenant, &facts).await?;
        let at = given_at(new.answered_at, now, earlier.as_ref());
        let is_late = match &facts.sending {
            Some(sending) => late(sending, at.unwrap_or(now))?,
            None => false,
        };
        let repeats = facts.survey.as_ref().map_or(Repeats::Replace, |survey| survey.repeats);
        check_repeat(repeats, earlier.as_ref())?;
        let (at, earlier) = match (at, earlier) {
            (Some(at), earlier) => (at, earlier),
            (None, Some(holds)) => return self.answered_already(tx, call, &facts, holds, respond).await,
            (None, None) => return Err(Error::internal("only what holds is later")),
        };
        let same_is_nothing = new.same_is_nothing;
        let given = self.given(&facts, new, solved, earlier.as_ref(), (at, is_late, now));
        if let Some(earlier) = earlier.as_ref().filter(|_| same_is_nothing) {
            let same = Answer {
                answered_at: earlier.answered_at,
                recorded_at: earlier.recorded_at,
                late: earlier.late,
                customer: earlier.customer,
                ..given.clone()
            };
            if same == *earlier {
                let holds = earlier.clone();
                return self.answered_already(tx, call, &facts, holds, respond).await;
            }
        }
        self.record_answer(tx, call, (facts, given, earlier), respond).await
    }

    /// The answer as it is stored.
    fn given(
        &self,
        facts: &Facts,
        new: NewAnswer,
        solved: Option<solve::Model>,
        earlier: Option<&Answer>,
        (at, late, now): (DateTime<Utc>, bool, DateTime<Utc>),
    ) -> Answer {
        let kept = earlier.map_or("", |earlier| earlier.comment.as_str());
        let comment = new.comment.unwrap_or_else(|| kept.to_owned());
        Answer {
            id: earlier.map_or_else(|| self.ids.next(now), |earlier| earlier.id),
            kind: facts.kind,
            scale: (*facts.kind.scale().start(), *facts.kind.scale().end()),
            high_is_good: facts.kind.high_is_good(),
            survey: facts.survey.as_ref().map(|survey| survey.id.clone()),
            customer: facts.customer,
            recorded_for: facts.recorded_for,
            ticket: facts.ticket.as_ref().map(|ticket| ticket.id),
            solve: facts.solve,
            agent: new.agent.or_else(|| solved.and_then(|solved| solved.agent)),
            score: new.score,
            has_comment: !comment.is_empty(),
            comment,
            sending: facts.sending.as_ref().map(|sending| sending.id),
            late,
            answered_at: at,
            recorded_at: now,
        }
    }

    /// The answer that holds, when nothing is to be recorded.
    async fn answered_already<R, A>(
        &self,
        tx: Tx,
        call: &Call,
        facts: &Facts,
        holds: Answer,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Answer) -> R,
    {
        let keyring = self.personal.keyring(tx.conn(), &call.tenant, &[holds.owner()]).await?;
        let holds = Answer {
            customer: facts.customer,
            ..holds
        };
        let answer = respond(&holds);
        self.commit(tx, call, &keyring, &answer, Vec::new(), self.clock.now())
            .await?;
        Ok(answer)
    }

    /// Records an answer that came by a link. The same answer again is nothing new; a comment that is left out stays as it
    /// was.
    ///
    /// # Errors
    /// As [`Store::answer_survey`].
    pub async fn answer_by_link(&self, token: &Token, score: i32, comment: Option<String>) -> Result<(), Error> {
        let call = Call {
            tenant: token.tenant.clone(),
            request_id: String::new(),
            request_hash: [0; 32],
            actor: Actor {
                kind: ActorKind::Customer,
                id: String::new(),
            },
            trace_parent: vorrang_service::trace_parent(),
            cause: Cause::default(),
        };
        let new = NewAnswer {
            about: About::Sending(token.sending),
            asked: Asked::BySending,
            score,
            solve: 0,
            comment,
            agent: None,
            answered_at: None,
            same_is_nothing: true,
        };
        self.answer_survey(&call, new, |_| ()).await
    }

    async fn record_answer<R, A>(
        &self,
        tx: Tx,
        call: &Call,
        (facts, given, earlier): (Facts, Answer, Option<Answer>),
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Answer) -> R,
    {
        let now = given.recorded_at;
        if let Some(earlier) = &earlier {
            answer::Entity::delete_by_id((call.tenant.clone(), earlier.id))
                .exec(tx.conn())
                .await
                .map_err(error)?;
        }
        let keyring = self.personal.keyring(tx.conn(), &call.tenant, &[given.owner()]).await?;
        let row = read::written(&keyring, &call.tenant, &given)?;
        write::insert::<answer::Entity>(&tx, vec![row], None).await?;
        if let Some(mut sending) = facts.sending.filter(|sending| sending.answered_at.is_none()) {
            sending.answered_at = Some(given.answered_at);
            sendings::save(&tx, &call.tenant, &sending).await?;
        }
        let mut call = call.clone();
        if call.actor.kind == ActorKind::Customer {
            call.actor.id = names::customer(given.customer);
        }
        let response = respond(&given);
        let fact = Fact::SurveyAnswered(Box::new(SurveyAnswered {
            ticket: facts.ticket,
            answer: given,
            previous: earlier,
        }));
        let events = vec![self.event(&call, fact, now)];
        self.commit(tx, &call, &keyring, &response, events, now).await?;
        Ok(response)
    }

    /// The answer that this one replaces: about the same solve, or to the same sending of the tenant.
    async fn earlier(&self, tx: &Tx, tenant: &str, facts: &Facts) -> Result<Option<Answer>, Error> {
        let of_tenant = answer::Entity::find().filter(answer::Column::Tenant.eq(tenant));
        let query = match (&facts.ticket, &facts.sending) {
            (Some(ticket), _) => of_tenant
                .filter(answer::Column::TicketId.eq(ticket.id))
                .filter(answer::Column::Kind.eq(facts.kind.as_str()))
                .filter(answer::Column::Solve.eq(facts.solve)),
            (None, Some(sending)) => of_tenant.filter(answer::Column::SendingId.eq(sending.id)),
            (None, None) => return Ok(None),
        };
        let row = query.one(tx.conn()).await.map_err(error)?;
        let mut read = read(tx.conn(), &self.personal, tenant, row.into_iter().collect()).await?;
        Ok(read.pop())
    }

    /// Reads what decides, in the order of locks: the ticket (or the tenant, under whose lock customers change), then the
    /// sending.
    async fn facts(&self, tx: &Tx, tenant: &str, new: &NewAnswer) -> Result<Facts, Error> {
        let sending = match new.about {
            About::Sending(id) => Some(sending(tx, tenant, id, false).await?),
            _ => None,
        };
        let which = match (new.about, &sending) {
            (About::Ticket(which), _) => Some(which),
            (_, Some(sending)) => sending.ticket.map(TicketRef::Id),
            _ => None,
        };
        let ticket = match which {
            Some(which) => Some(self.locked(tx, tenant, which).await?),
            None => {
                row::lock_tenant(tx, tenant).await?;
                None
            }
        };
        let mut survey = match &new.asked {
            Asked::Survey(id) => Some(surveys::get(tx.conn(), tenant, id).await?),
            _ => None,
        };
        let asked = match (&new.asked, &survey, &sending) {
            (Asked::Kind(kind), ..) => *kind,
            (_, Some(survey), _) => survey.kind,
            (_, _, Some(sending)) => sending.kind,
            _ => return Err(Error::invalid_field("survey", "must be given")),
        };
        if let Some(sending) = &sending {
            check_asked(sending, asked, survey.as_ref(), new.solve)?;
        }
        let solve = match (&ticket, &sending) {
            (Some(ticket), Some(sending)) => solve_of(ticket, sending.solve)?,
            (Some(ticket), None) => solve_of(ticket, solve_before(tx, tenant, ticket, new).await?)?,
            (None, _) => 0,
        };
        let sending = match (&sending, &ticket) {
            (Some(known), _) => Some(self::sending(tx, tenant, known.id, true).await?),
            // Who answers about a solve answers what was asked about it, whether they say so or not.
            (None, Some(ticket)) => sendings::of_solve(tx.conn(), tenant, ticket.id, asked, solve)
                .await?
                .filter(|sending| sending.state == State::Sent)
                .filter(|sending| new.answered_at.is_none() || sending.sent_at <= new.answered_at),
            (None, None) => None,
        };
        if let (None, Some(sending)) = (&survey, &sending) {
            survey = surveys::find(tx.conn(), tenant, &sending.survey).await?;
        }
        let (customer, recorded_for) = match (&ticket, &sending, new.about) {
            (Some(ticket), ..) if ticket.erased => return Err(personal::erased()),
            (Some(ticket), ..) => (ticket.customer, ticket.customer),
            (_, Some(sending), _) => (self.asked(tx, tenant, sending.customer).await?.id, sending.customer),
            (_, _, About::Customer(id)) => {
                let id = self.asked(tx, tenant, id).await?.id;
                (id, id)
            }
            _ => return Err(Error::internal("an answer is about something")),
        };
        Ok(Facts {
            ticket,
            customer,
            recorded_for,
            survey,
            sending,
            kind: asked,
            solve,
        })
    }
}

/// Refuses an answer that says something else about its sending than the sending itself.
fn check_asked(sending: &Sending, kind: Kind, survey: Option<&Survey>, solve: i32) -> Result<(), Error> {
    if kind != sending.kind || survey.is_some_and(|survey| survey.id != sending.survey) {
        return Err(Error::invalid_field("survey", "is not what the sending asks"));
    }
    if solve != 0 && solve != sending.solve {
        return Err(Error::invalid_field(
            "solve",
            "is not the one that the sending is about",
        ));
    }
    Ok(())
}

async fn sending(tx: &Tx, tenant: &str, id: Uuid, locked: bool) -> Result<Sending, Error> {
    sendings::find(tx, tenant, id, locked)
        .await?
        .ok_or_else(|| Error::not_found(names::SENDING, names::sending(id)))
}

/// One solve of a tenant's ticket.
pub(super) async fn solved(tx: &Tx, tenant: &str, ticket: Uuid, number: i32) -> Result<Option<solve::Model>, Error> {
    solve::Entity::find_by_id((tenant.to_owned(), ticket, number))
        .one(tx.conn())
        .await
        .map_err(error)
}

/// The solve that an answer names, else the last one before it; 0 is the last one. A time before all of them is refused later, as
/// one before the first.
async fn solve_before(tx: &Tx, tenant: &str, ticket: &Ticket, new: &NewAnswer) -> Result<i32, Error> {
    let at = match new.answered_at {
        Some(at) if new.solve == 0 && ticket.solve_count > 1 => at,
        _ => return Ok(new.solve),
    };
    let known = solve::Entity::find()
        .filter(solve::Column::Tenant.eq(tenant))
        .filter(solve::Column::TicketId.eq(ticket.id))
        .filter(solve::Column::SolvedAt.lte(micros(at)))
        .order_by_desc(solve::Column::Solve)
        .one(tx.conn())
        .await
        .map_err(error)?;
    Ok(known.map_or(1, |known| known.solve))
}

/// Nobody rates what is not done yet.
fn check_after(solved_at: i64, answered_at: DateTime<Utc>) -> Result<(), Error> {
    if micros(answered_at) < solved_at {
        return Err(Error::invalid_field(
            "answered_at",
            "must not be before the solve it is about",
        ));
    }
    Ok(())
}
