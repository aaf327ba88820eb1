//! Answers to surveys.

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::EntityTrait;
use vorrang_database::{error, micros};
use vorrang_error::Error;

use super::entity::{solve, survey_answer};
use super::{Begun, Call, Store, row, write};
use crate::names::{self, TicketRef};
use crate::survey::{Answer, solve_of};
use crate::ticket::{Change, Ticket};

/// An answer before we know what exactly it is about.
#[derive(Debug, Clone)]
pub struct NewAnswer {
    /// Which survey.
    pub survey: &'static str,
    /// The answer.
    pub score: i32,
    /// Which solve; 0 means the last one.
    pub solve: i32,
    /// When; none means now, and so does a time to come.
    pub answered_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Records an answer; a second one about the same solve replaces the first. The ticket itself does not change.
    ///
    /// # Errors
    /// NotFound when the tenant has no such ticket, Precondition `NOT_SOLVED` when it has no such solve, Invalid
    /// `answered_at` when it was answered before that.
    pub async fn answer_survey<R, A>(
        &self,
        call: &Call,
        which: TicketRef,
        new: NewAnswer,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Ticket, &Answer) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let ticket = row::lock_ticket(&tx, &self.personal, &call.tenant, which)
            .await?
            .ok_or_else(|| Error::not_found(names::TICKET, which.name()))?;
        let now = self.clock.now();
        let mut call = call.clone();
        call.actor.id = names::customer(ticket.customer);
        let call = &call;
        let solve = solve_of(&ticket, new.solve)?;
        let tenant = call.tenant.clone();
        let solved = solve::Entity::find_by_id((tenant.clone(), ticket.id, solve))
            .one(tx.conn())
            .await
            .map_err(error)?;
        if let (Some(solved), Some(at)) = (&solved, new.answered_at) {
            check_after(solved.solved_at, at)?;
        }
        let key = (tenant.clone(), ticket.id, new.survey.to_owned(), solve);
        let earlier = survey_answer::Entity::find_by_id(key.clone())
            .one(tx.conn())
            .await
            .map_err(error)?;
        let given = Answer {
            survey: new.survey.to_owned(),
            score: new.score,
            solve,
            agent: solved.and_then(|solved| solved.agent),
            answered_at: new.answered_at.map_or(now, |at| at.min(now)),
        };
        if earlier.is_some() {
            survey_answer::Entity::delete_by_id(key)
                .exec(tx.conn())
                .await
                .map_err(error)?;
        }
        let model = survey_answer::Model {
            tenant,
            ticket_id: ticket.id,
            survey: given.survey.clone(),
            solve,
            score: given.score,
            agent: given.agent.clone(),
            answered_at: micros(given.answered_at),
            recorded_at: micros(now),
        };
        write::insert::<survey_answer::Entity>(&tx, vec![model], None).await?;
        let answer = respond(&ticket, &given);
        let changes = vec![Change::Answered(given, earlier.is_some())];
        let events = self.events(call, &ticket, changes, now);
        let keyring = self.personal.keyring(tx.conn(), &call.tenant, &[ticket.id]).await?;
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }
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
