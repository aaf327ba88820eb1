//! Ticketing's events as facts.

use vorrang_api::feed::v1::{Actor, EventHead, actor};
use vorrang_api::ticketing::v1::call_event::Kind;
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_api::ticketing::v1::message::Visibility;
use vorrang_api::ticketing::v1::ticket::{Disposition, Handling, State};
use vorrang_api::ticketing::v1::ticket_assigned::Source;
use vorrang_api::ticketing::v1::{
    CallEventRecorded, Channel, Event as Told, Message, Priority, SurveyAnswer, SurveyKind, SurveySending, Ticket,
    TicketAssigned, TicketSplit, TicketUpdated,
};

use super::{FeedEvent, history, micros, promises, records};
use crate::buckets::Micros;
use crate::facts::{About, ActorKind, Answered, Event, Opened, Status, Survey, Workflow, Wrote};

impl FeedEvent for Told {
    fn head(&self) -> Option<&EventHead> {
        self.head.as_ref()
    }

    fn tell(&self, at: Micros, tell: &mut dyn FnMut(Micros, Event<'_>)) {
        let by = self.head.as_ref().and_then(|head| head.actor.as_ref());
        let actor = by.and_then(|actor| actor_kind(actor.kind()));
        match &self.payload {
            Some(Payload::CustomerCreated(created)) => records::customer(at, created.customer.as_ref(), tell),
            Some(Payload::CustomerUpdated(updated)) => records::customer(at, updated.customer.as_ref(), tell),
            Some(Payload::CustomersMerged(merged)) => {
                if let Some(target) = &merged.target {
                    let (customer, into) = (&merged.source, &target.name);
                    tell(at, Event::CustomersMerged { customer, into });
                }
            }
            Some(Payload::CustomersUnmerged(unmerged)) => {
                if let Some(customer) = &unmerged.customer {
                    let customer = &customer.name;
                    tell(at, Event::CustomersUnmerged { customer });
                }
            }
            Some(Payload::CustomerErased(erased)) => {
                if let Some(customer) = &erased.customer {
                    let customer = &customer.name;
                    tell(at, Event::CustomerErased { customer });
                }
            }
            Some(Payload::TicketCreated(created)) => {
                let agent = by
                    .filter(|_| actor == Some(ActorKind::Agent))
                    .map_or("", |actor| &actor.id);
                if let Some(ticket) = &created.ticket {
                    opened(at, ticket, actor, agent, tell);
                }
            }
            Some(Payload::TicketUpdated(updated)) => moved(at, updated, tell),
            Some(Payload::TicketStateChanged(changed)) => {
                if let Some(ticket) = &changed.ticket {
                    state(at, ticket, actor, tell);
                }
            }
            Some(Payload::TicketDispositionChanged(changed)) => {
                if let Some(ticket) = &changed.ticket {
                    let counts = matches!(ticket.disposition(), Disposition::Unspecified | Disposition::Normal);
                    let ticket = &ticket.name;
                    tell(at, Event::Counts { ticket, counts, actor });
                }
            }
            Some(Payload::TicketQueued(queued)) => {
                if let Some(ticket) = &queued.ticket {
                    assignment(at, ticket, tell);
                    waits(at, ticket, tell);
                }
            }
            Some(Payload::TicketAssigned(assigned)) => taken(at, assigned, tell),
            Some(Payload::TicketQueueLeft(left)) => {
                if let Some(ticket) = &left.ticket {
                    let ticket = &ticket.name;
                    tell(micros(left.left_at.as_ref()).unwrap_or(at), Event::QueueLeft { ticket });
                }
            }
            Some(Payload::CallEventRecorded(recorded)) => call(at, recorded, tell),
            Some(Payload::HistoryRecorded(recorded)) => history::recorded(at, recorded, tell),
            Some(Payload::MessageCreated(created)) => {
                if let (Some(ticket), Some(message)) = (&created.ticket, &created.message) {
                    wrote(at, ticket, message, tell);
                }
            }
            Some(Payload::SurveyAnswered(answered)) => {
                if let Some(answer) = &answered.answer {
                    let ticket = answered.ticket.as_ref();
                    rated(at, ticket, answered.previous.as_ref(), answer, tell);
                }
            }
            Some(Payload::TicketMerged(merged)) => {
                if let Some(ticket) = &merged.ticket {
                    let into = ticket.merged_into.as_str();
                    tell(
                        at,
                        Event::Merged {
                            ticket: &ticket.name,
                            into,
                        },
                    );
                }
            }
            Some(Payload::TicketUnmerged(unmerged)) => {
                if let Some(ticket) = &unmerged.ticket {
                    tell(at, Event::Unmerged { ticket: &ticket.name });
                }
            }
            Some(Payload::TicketSplit(split)) => moved_messages(split, tell),
            Some(Payload::SurveySent(sent)) => {
                if let Some(sending) = &sent.sending {
                    asked(at, sent.ticket.as_ref(), sending, tell);
                }
            }
            Some(Payload::TicketLinked(linked)) => records::linked(at, linked, tell),
            Some(Payload::TicketUnlinked(unlinked)) => records::unlinked(at, unlinked, tell),
            Some(Payload::OrderRecorded(recorded)) => records::order(at, recorded, tell),
            Some(Payload::ProactiveContactRecorded(recorded)) => records::proactive_contact(at, recorded, tell),
            Some(Payload::ReviewRecorded(recorded)) => records::review(at, recorded, tell),
            Some(Payload::MacroApplied(applied)) => records::macro_applied(at, applied, tell),
            Some(Payload::AutomationApplied(applied)) => records::automation_applied(at, applied, tell),
            Some(Payload::ScheduleUpdated(updated)) => promises::schedule(at, updated, tell),
            Some(Payload::SlaPolicyChanged(changed)) => promises::policy(at, changed, tell),
            Some(Payload::SlaApplied(applied)) => {
                if let Some(ticket) = &applied.ticket {
                    let ticket = &ticket.name;
                    promises::promised(at, ticket, applied.policy.as_ref(), tell);
                    if let Some(policy) = &applied.policy {
                        let workflow = Workflow::SlaPolicy;
                        let id = &policy.name;
                        tell(at, Event::Applied { ticket, workflow, id });
                    }
                }
            }
            Some(Payload::SlaRecalculated(again)) => {
                if let Some(ticket) = &again.ticket {
                    promises::promised(at, &ticket.name, again.policy.as_ref(), tell);
                }
            }
            // Everything else is no fact yet: kinds of events will be added.
            _ => {}
        }
    }
}

fn opened(at: Micros, ticket: &Ticket, by: Option<ActorKind>, agent: &str, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    let at = micros(ticket.opened_at.as_ref()).unwrap_or(at);
    let channel = word(ticket.channel().as_str_name(), "CHANNEL_");
    let priority = word(ticket.priority().as_str_name(), "PRIORITY_");
    let tags: Vec<&str> = ticket.tags.iter().map(String::as_str).collect();
    let opened = Opened {
        ticket: &ticket.name,
        customer: &ticket.customer,
        channel: if ticket.channel() == Channel::Unspecified {
            ""
        } else {
            &channel
        },
        tier: &ticket.tier,
        priority: if ticket.priority() == Priority::Unspecified {
            "normal"
        } else {
            &priority
        },
        queue: &ticket.queue,
        agent,
        opened_by: by,
        intent: &ticket.intent,
        tags: &tags,
        organization: &ticket.organization,
        told_promise: true,
    };
    tell(at, Event::Opened(opened));
    // The ticket is told as it is after the whole operation; that it changed state or was given to somebody in the
    // same operation is told by events of their own, with their times.
    waits(at, ticket, tell);
}

/// `CHANNEL_EMAIL` → `email`.
pub(super) fn word(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_ascii_lowercase()
}

/// Moved to another queue, or taken from an agent while nobody has to act. If it waits, an event of its own says so.
fn moved(at: Micros, updated: &TicketUpdated, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    let matters = updated
        .changed_fields
        .iter()
        .any(|field| field == "queue" || field == "assignee");
    if let Some(ticket) = updated.ticket.as_ref().filter(|_| matters) {
        assignment(at, ticket, tell);
    }
}

fn state(at: Micros, ticket: &Ticket, actor: Option<ActorKind>, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    let status = match ticket.state() {
        State::Unspecified => return,
        State::New => Status::New,
        State::Open => Status::Open,
        State::Pending => Status::Pending,
        State::OnHold => Status::OnHold,
        State::Solved => Status::Solved,
        State::Closed => Status::Closed,
    };
    tell(
        at,
        Event::Status {
            ticket: &ticket.name,
            status,
            actor,
        },
    );
}

fn assignment(at: Micros, ticket: &Ticket, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    tell(
        at,
        Event::Assigned {
            ticket: &ticket.name,
            agent: &ticket.assignee,
            queue: &ticket.queue,
        },
    );
}

/// Waits in its queue since `queue_entered_at`; when that was earlier, it came to this queue at `at`. What waits after its customer
/// left is work, and nobody who stands in a queue: no wait is told.
fn waits(at: Micros, ticket: &Ticket, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    if ticket.handling() == Handling::Asynchronous {
        return;
    }
    if let Some(since) = micros(ticket.queue_entered_at.as_ref()) {
        let entered = Event::QueueEntered {
            ticket: &ticket.name,
            queue: &ticket.queue,
        };
        tell(since, entered);
        if at > since {
            tell(
                at,
                Event::QueueMoved {
                    ticket: &ticket.name,
                    queue: &ticket.queue,
                },
            );
        }
    }
}

/// Given to an agent. If it had waited, that ends the wait, whether the agent accepted it or somebody assigned it.
fn taken(at: Micros, assigned: &TicketAssigned, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    let Some(ticket) = &assigned.ticket else { return };
    // Of a call the phone system's own events say when it was taken.
    let since = micros(assigned.queue_entered_at.as_ref()).filter(|_| assigned.source() != Source::Call);
    if let Some(since) = since {
        // No queue is named: the wait counts for the queue it was in, wherever the assignment moved it.
        if ticket.handling() != Handling::Asynchronous {
            tell(
                since,
                Event::QueueEntered {
                    ticket: &ticket.name,
                    queue: "",
                },
            );
        }
        let accepted = Event::QueueAccepted {
            ticket: &ticket.name,
            queue: &ticket.queue,
            agent: &ticket.assignee,
            by_hand: assigned.source() == Source::Manual,
        };
        tell(micros(assigned.accepted_at.as_ref()).unwrap_or(at), accepted);
    }
    assignment(at, ticket, tell);
}

/// What the phone system tells, each at its own time: facts are in the order of their times, whatever the order of telling. Hanging up ends
/// a wait that nobody has answered, and nothing else.
fn call(at: Micros, recorded: &CallEventRecorded, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    let (Some(ticket), Some(event)) = (&recorded.ticket, &recorded.call_event) else {
        return;
    };
    let at = micros(event.occurred_at.as_ref()).unwrap_or(at);
    let queue = match event.queue.as_str() {
        "" => &ticket.queue,
        named => named,
    };
    let (ticket, agent) = (&ticket.name, &event.agent);
    match event.kind() {
        Kind::Queued => tell(at, Event::QueueEntered { ticket, queue }),
        Kind::Answered => tell(
            at,
            Event::QueueAccepted {
                ticket,
                queue,
                agent,
                by_hand: false,
            },
        ),
        Kind::HungUp => tell(at, Event::QueueLeft { ticket }),
        Kind::WrapUpEnded => tell(
            at,
            Event::WrapUpEnded {
                ticket,
                agent,
                talk: seconds(event.talk_time.as_ref()),
                hold: seconds(event.hold_time.as_ref()),
            },
        ),
        Kind::Unspecified | Kind::HoldBegan | Kind::HoldEnded => {}
    }
}

fn seconds(duration: Option<&prost_types::Duration>) -> Option<f64> {
    duration.map(|duration| duration.seconds as f64 + f64::from(duration.nanos) / 1e9)
}

fn wrote(at: Micros, ticket: &Ticket, message: &Message, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    let actor = message.actor.as_ref();
    let event = Event::Message {
        ticket: &ticket.name,
        message: Wrote {
            actor: author_of(actor, message.automated),
            id: actor.map_or("", |actor| &actor.id),
            public: message.visibility() != Visibility::Internal,
            channel: "",
        },
    };
    tell(micros(message.occurred_at.as_ref()).unwrap_or(at), event);
}

/// The messages are the new ticket's from the beginning: its opening was told before.
fn moved_messages(split: &TicketSplit, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    let (Some(from), Some(to)) = (&split.ticket, &split.new_ticket) else {
        return;
    };
    for message in &split.messages {
        let author = message.actor.as_ref();
        let moved = Event::Moved {
            from: &from.name,
            to: &to.name,
            message: Wrote {
                actor: author_of(author, message.automated),
                id: author.map_or("", |actor| &actor.id),
                public: message.visibility() != Visibility::Internal,
                channel: "",
            },
        };
        if let Some(at) = micros(message.occurred_at.as_ref()) {
            tell(at, moved);
        }
    }
}

/// What a machine wrote in a customer's name (a bounce, an out-of-office note) is no customer's message.
fn author_of(actor: Option<&Actor>, automated: bool) -> ActorKind {
    match actor.and_then(|actor| actor_kind(actor.kind())) {
        Some(kind) if !automated => kind,
        _ => ActorKind::Automation,
    }
}

fn asked(at: Micros, ticket: Option<&Ticket>, sending: &SurveySending, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    let survey = match sending.kind() {
        SurveyKind::Csat => Survey::Csat,
        SurveyKind::CesEffort => Survey::CesEffort,
        SurveyKind::CesEase => Survey::CesEase,
        SurveyKind::Nps => Survey::Nps,
        SurveyKind::OneContact => Survey::OneContact,
        SurveyKind::Pec => Survey::Pec,
        SurveyKind::Unspecified => return,
    };
    let about = about(ticket, &sending.customer);
    let event = Event::SurveySent { about, survey };
    tell(micros(sending.sent_at.as_ref()).unwrap_or(at), event);
}

fn about<'a>(ticket: Option<&'a Ticket>, customer: &'a str) -> About<'a> {
    ticket.map_or(About::Customer(customer), |ticket| About::Ticket(&ticket.name))
}

fn rated(
    at: Micros,
    ticket: Option<&Ticket>,
    previous: Option<&SurveyAnswer>,
    answer: &SurveyAnswer,
    tell: &mut dyn FnMut(Micros, Event<'_>),
) {
    // What is replaced is taken back: the correction may be told with an earlier time than what it corrects.
    if let Some(previous) = previous
        && let Some(given) = given(ticket, previous)
    {
        let at = micros(previous.answered_at.as_ref()).unwrap_or(at);
        tell(at, Event::AnswerTakenBack(given));
    }
    if let Some(given) = given(ticket, answer) {
        let at = micros(answer.answered_at.as_ref()).unwrap_or(at);
        tell(at, Event::SurveyAnswered(given));
    }
}

fn given<'a>(ticket: Option<&'a Ticket>, answer: &'a SurveyAnswer) -> Option<Answered<'a>> {
    let survey = match answer.survey.as_str() {
        "csat" => Survey::Csat,
        "ces_effort" => Survey::CesEffort,
        "ces_ease" => Survey::CesEase,
        "nps" => Survey::Nps,
        "one_contact" => Survey::OneContact,
        "pec" => Survey::Pec,
        _ => return None,
    };
    // The customer in an answer's name never changes, whoever is merged into whom.
    let (customer, _) = answer
        .name
        .split_once("/surveyAnswers/")
        .unwrap_or((&answer.customer, ""));
    let score = f64::from(answer.score);
    survey.accepts(score).then(|| Answered {
        about: about(ticket, customer),
        survey,
        score,
        agent: &answer.agent,
        solve: u32::try_from(answer.solve).unwrap_or(0),
    })
}

fn actor_kind(kind: actor::Kind) -> Option<ActorKind> {
    match kind {
        actor::Kind::Unspecified => None,
        actor::Kind::Customer => Some(ActorKind::Customer),
        actor::Kind::Agent => Some(ActorKind::Agent),
        actor::Kind::Automation => Some(ActorKind::Automation),
    }
}
