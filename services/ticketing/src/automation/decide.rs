//! What an automation that was set off does to a ticket. The one place that decides: the dry run asks it, too.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_error::Error;
use vorrang_filter::{Expr, Filter};
use vorrang_service::Ids;

use super::cause::{Cause, REPLIES_PER_HOUR, RUNS_PER_HOUR, Stop};
use super::definition::{Automation, Ready};
use super::trigger::Outcome;
use crate::action::{Action, Doer, Surroundings};
use crate::names;
use crate::state::State;
use crate::ticket::{Change, Ticket};
use crate::words::{Actor, ActorKind, Visibility};

/// What happened lately, that bounds what may happen now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Guard {
    /// Applications to the ticket within the last hour.
    pub runs: u64,
    /// Automatic replies to the customer within the last hour.
    pub replies: u64,
    /// Whether the last that came from the customer's side was written by a machine (RFC 3834).
    pub answers_machine: bool,
}

/// What sets an automation off.
#[derive(Debug, Clone)]
pub struct SetOff<'a> {
    /// The automation.
    pub ready: &'a Ready,
    /// The word for it: of an event kind, or of an anchor.
    pub trigger: &'static str,
    /// What led to it.
    pub cause: Cause,
    /// The event that told it; none: time passed.
    pub event: Option<Uuid>,
}

/// Everything else that is known when it is decided.
pub struct Setting<'a> {
    /// What the actions have to know.
    pub around: &'a Surroundings,
    /// Makes ids of messages.
    pub ids: &'a Ids,
    /// The time.
    pub now: DateTime<Utc>,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// Nothing, since automations do not touch such a ticket; why.
    Untouched(&'static str),
    /// Nothing: these parts of the condition are not true.
    NotSo(Vec<String>),
    /// Nothing, since everything is so already.
    AlreadySo,
    /// What it says, with the ticket and all that happened to it. Of one that was stopped or failed: nothing.
    Run(Box<Done>),
}

/// What was done by one automation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The ticket after it.
    pub ticket: Ticket,
    /// What happened to it.
    pub changes: Vec<Change>,
    /// What is recorded.
    pub run: Run,
}

/// What is recorded of an automation that was set off and had something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: Uuid,
    /// Which automation.
    pub automation: Uuid,
    /// Which version of it.
    pub version: i64,
    /// The chain, itself the last; of one that was stopped without itself.
    pub cause: Cause,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was stopped, or why all of it failed; empty when it was applied.
    pub reason: String,
    /// What it did, an entry for each action.
    pub steps: Vec<Step>,
    /// The event that set it off.
    pub event: Option<Uuid>,
    /// What of it, or which time: the word of an event kind or of an anchor.
    pub trigger: String,
    /// Surveys to be sent about the last solve, each once, with the place of its step.
    pub surveys: Vec<(usize, String)>,
    /// Webhooks to be told of it. Sorted, each once.
    pub webhooks: Vec<Uuid>,
}

/// What became of one action.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Step {
    /// Its name in the contract.
    pub kind: String,
    /// What became of it.
    pub outcome: StepOutcome,
}

/// What can become of an action.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum StepOutcome {
    /// It was done.
    Done,
    /// Everything was so already.
    AlreadySo,
    /// It was refused: reason and sentence.
    Refused(String, String),
}

impl Run {
    /// Notes that a step was refused after all, since something came between. When nothing else was done, all of it has failed.
    pub fn refuse(&mut self, step: usize, refusal: &Error) {
        if let Some(step) = self.steps.get_mut(step) {
            step.outcome = StepOutcome::Refused(refusal.reason().to_owned(), refusal.message().to_owned());
        }
        if !self.steps.iter().any(|step| step.outcome == StepOutcome::Done) {
            self.outcome = Outcome::Failed;
            "ALL_REFUSED".clone_into(&mut self.reason);
            self.cause.0.pop();
        }
    }

    /// How many messages it sent to the customer.
    pub fn replies(changes: &[Change]) -> u64 {
        let sent = |change: &&Change| matches!(change, Change::Message(one) if one.visibility == Visibility::Public);
        changes.iter().filter(sent).count() as u64
    }
}

/// Why automations leave a ticket alone.
pub fn untouched(ticket: &Ticket) -> Option<&'static str> {
    if ticket.erased {
        Some("ERASED")
    } else if ticket.merged_into.is_some() {
        Some("TICKET_MERGED")
    } else if ticket.check_in_use().is_err() {
        Some("TICKET_SET_ASIDE")
    } else if ticket.state == State::Closed {
        Some("TICKET_CLOSED")
    } else {
        None
    }
}

/// The parts of a condition that are not true of a ticket. Empty: all of it is.
pub fn not_so(filter: &Filter, ticket: &Ticket) -> Vec<String> {
    let mut parts = Vec::new();
    if let Some(expr) = filter.expr() {
        collect(expr, ticket, &mut parts);
    }
    parts
}

fn collect(expr: &Expr, ticket: &Ticket, parts: &mut Vec<String>) {
    match expr {
        Expr::And(all) => all.iter().for_each(|one| collect(one, ticket, parts)),
        other if Filter::from(other.clone()).matches(ticket) => {}
        other => parts.push(other.to_string()),
    }
}

/// Who acts when an automation does.
pub fn actor(automation: Uuid) -> Actor {
    Actor {
        kind: ActorKind::Automation,
        id: names::automation(automation),
    }
}

/// What an automation that was set off does to the ticket.
pub fn decide(set_off: &SetOff<'_>, ticket: &Ticket, guard: &Guard, setting: &Setting<'_>) -> Decided {
    let automation = &set_off.ready.automation;
    if let Some(why) = untouched(ticket) {
        return Decided::Untouched(why);
    }
    let run = |outcome, cause: Cause, reason: &str, steps| Run {
        id: setting.ids.next(setting.now),
        automation: automation.id,
        version: automation.revision,
        cause,
        outcome,
        reason: reason.to_owned(),
        steps,
        event: set_off.event,
        trigger: set_off.trigger.to_owned(),
        surveys: Vec::new(),
        webhooks: Vec::new(),
    };
    let nothing = |run: Run| {
        Decided::Run(Box::new(Done {
            ticket: ticket.clone(),
            changes: Vec::new(),
            run,
        }))
    };
    match &set_off.ready.filter {
        Ok(filter) => {
            let parts = not_so(filter, ticket);
            if !parts.is_empty() {
                return Decided::NotSo(parts);
            }
        }
        Err(_) => {
            return nothing(run(
                Outcome::Failed,
                set_off.cause.clone(),
                "CONDITION_UNREADABLE",
                Vec::new(),
            ));
        }
    }
    let mut after = ticket.clone();
    let Acts {
        changes,
        surveys,
        webhooks,
        steps,
    } = act(automation, &mut after, guard, setting);
    let is_refused = |step: &Step| matches!(step.outcome, StepOutcome::Refused(..));
    if changes.is_empty() && surveys.is_empty() && webhooks.is_empty() {
        // What could not be done is told; what was so already is not.
        return match steps.iter().find(|step| is_refused(step)) {
            None => Decided::AlreadySo,
            Some(_) => nothing(run(Outcome::Failed, set_off.cause.clone(), "ALL_REFUSED", steps)),
        };
    }
    let stop = match set_off.cause.then(automation.id) {
        Ok(cause) if guard.runs < RUNS_PER_HOUR => {
            return Decided::Run(Box::new(Done {
                ticket: after,
                changes,
                run: Run {
                    surveys,
                    webhooks,
                    ..run(Outcome::Applied, cause, "", steps)
                },
            }));
        }
        Ok(_) => Stop::TooOften,
        Err(stop) => stop,
    };
    nothing(run(Outcome::Stopped, set_off.cause.clone(), stop.reason(), Vec::new()))
}

/// What actions came to.
#[derive(Default)]
struct Acts {
    changes: Vec<Change>,
    surveys: Vec<(usize, String)>,
    webhooks: Vec<Uuid>,
    steps: Vec<Step>,
}

fn act(automation: &Automation, ticket: &mut Ticket, guard: &Guard, setting: &Setting<'_>) -> Acts {
    let doer = Doer {
        actor: actor(automation.id),
        automated: true,
        language: None,
        from_macro: None,
    };
    let mut acts = Acts::default();
    for action in &automation.profile.actions {
        let outcome = match may_write(action, guard, &acts.changes, setting.around) {
            Err(reason) => StepOutcome::Refused(reason.to_owned(), String::new()),
            Ok(()) => match action.apply(ticket, &doer, setting.around, setting.ids, setting.now) {
                Ok(done) if done.is_empty() => tell(action, ticket, &mut acts, setting.around),
                Ok(done) => {
                    acts.changes.extend(done);
                    StepOutcome::Done
                }
                Err(refusal) => StepOutcome::Refused(refusal.reason().to_owned(), refusal.message().to_owned()),
            },
        };
        acts.steps.push(Step {
            kind: action.kind().to_owned(),
            outcome,
        });
    }
    acts.webhooks.sort_unstable();
    acts
}

/// Notes whom outside an action tells, once in a run. It changes nothing of the ticket, so one that tells nobody finds everything so
/// already.
fn tell(action: &Action, ticket: &Ticket, acts: &mut Acts, around: &Surroundings) -> StepOutcome {
    let refused = match action {
        Action::SendSurvey(id) if !acts.surveys.iter().any(|(_, sent)| sent == id) => {
            let refused = match around.surveys.get(id) {
                None => Some("NOT_FOUND"),
                Some(asking) if !asking.active => Some("SURVEY_INACTIVE"),
                Some(_) if ticket.solve_count == 0 => Some("NOT_SOLVED"),
                Some(asking) if asking.sent == ticket.solve_count => Some("SURVEY_ALREADY_SENT"),
                Some(asking) if asking.lately => Some("ASKED_LATELY"),
                Some(_) => None,
            };
            if refused.is_none() {
                acts.surveys.push((acts.steps.len(), id.clone()));
            }
            refused
        }
        Action::SendToWebhook(id) if !acts.webhooks.contains(id) => match around.webhooks.get(id) {
            None => Some("NOT_FOUND"),
            Some(false) => Some("WEBHOOK_DISABLED"),
            Some(true) => {
                acts.webhooks.push(*id);
                None
            }
        },
        _ => return StepOutcome::AlreadySo,
    };
    refused.map_or(StepOutcome::Done, |reason| {
        StepOutcome::Refused(reason.to_owned(), String::new())
    })
}

/// Refuses to write to the customer where a machine must not.
fn may_write(action: &Action, guard: &Guard, changes: &[Change], around: &Surroundings) -> Result<(), &'static str> {
    let replies = match action {
        Action::Reply(_) => 1,
        Action::ApplyMacro(id) => around.macros.get(id).map_or(0, |one| {
            let replies = one.profile.actions.iter().filter(|one| matches!(one, Action::Reply(_)));
            replies.count() as u64
        }),
        _ => 0,
    };
    if replies == 0 {
        Ok(())
    } else if guard.answers_machine {
        Err("ANSWERS_AUTOMATED")
    } else if guard.replies + Run::replies(changes) + replies > REPLIES_PER_HOUR {
        Err("TOO_MANY_REPLIES")
    } else {
        Ok(())
    }
}
