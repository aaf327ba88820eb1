//! From typed events to figures: what each kind of event counts for.

use chrono_tz::Tz;
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_api::ticketing::v1::ticket::State;
use vorrang_api::ticketing::v1::ticket_assigned::Source;
use vorrang_api::{knowledge::v1 as knowledge, routing::v1 as routing};

use super::*;
use crate::dimensions::Dimension;
use crate::kpis::{self, Clock};
use crate::query::{self, Query};
use crate::view::View;

/// One tenant whose owners' logs are written event by event.
#[derive(Default)]
struct Desk {
    facts: TenantFacts,
    ticket: ticketing::Ticket,
}

impl Desk {
    fn new() -> Self {
        let ticket = ticketing::Ticket {
            name: "tickets/t".to_owned(),
            customer: "customers/mara".to_owned(),
            channel: ticketing::Channel::Email.into(),
            tier: "vip".to_owned(),
            queue: "default".to_owned(),
            state: State::New.into(),
            opened_at: time(100),
            queue_entered_at: time(100),
            ..ticketing::Ticket::default()
        };
        Self {
            facts: TenantFacts::default(),
            ticket,
        }
    }

    fn ticketing(&mut self, second: i64, actor: Option<Actor>, payload: Payload) {
        let seq = self.facts.position(Owner::Ticketing).seq + 1;
        let event = ticketing::Event {
            cause: None,
            head: Some(head(seq, second, actor)),
            payload: Some(payload),
        };
        self.facts.apply(Owner::Ticketing, &[event]).expect("in order");
    }

    fn ticket(&self) -> Option<ticketing::Ticket> {
        Some(self.ticket.clone())
    }

    fn created(&mut self) {
        let ticket = self.ticket();
        self.ticketing(100, None, Payload::TicketCreated(ticketing::TicketCreated { ticket }));
    }

    fn message(&mut self, second: i64, actor: Actor, visibility: ticketing::message::Visibility, automated: bool) {
        let message = ticketing::Message {
            actor: Some(actor),
            visibility: visibility.into(),
            occurred_at: time(second),
            automated,
            ..ticketing::Message::default()
        };
        let created = ticketing::MessageCreated {
            ticket: self.ticket(),
            message: Some(message),
        };
        // Stored later than written: figures go by when it was written.
        self.ticketing(second + 5_000, None, Payload::MessageCreated(created));
    }

    fn state(&mut self, second: i64, actor: Option<Actor>, state: State) {
        self.ticket.state = state.into();
        let changed = ticketing::TicketStateChanged {
            ticket: self.ticket(),
            ..Default::default()
        };
        self.ticketing(second, actor, Payload::TicketStateChanged(changed));
    }

    fn assigned(&mut self, second: i64, to: &str, source: Source) {
        self.ticket.assignee = to.to_owned();
        let assigned = ticketing::TicketAssigned {
            queue_entered_at: self.ticket.queue_entered_at.take(),
            ticket: self.ticket(),
            source: source.into(),
            accepted_at: time(second),
            ..Default::default()
        };
        self.ticketing(second, None, Payload::TicketAssigned(assigned));
    }

    /// The only row of a figure split by one dimension: key and value.
    fn row(&self, id: &str, by: Dimension) -> (Option<String>, Option<f64>) {
        self.variant(id, "", by)
    }

    fn variant(&self, id: &str, variant: &str, by: Dimension) -> (Option<String>, Option<f64>) {
        let kpi = kpis::find(id).expect("served");
        let query = Query {
            kpi,
            variant: kpi.variant(variant).expect("one of it"),
            clock: Clock::Elapsed,
            from: 0,
            to: 1_000_000 * SECOND,
            zone: Tz::UTC,
            grain: None,
            by: &[by],
            filters: &[],
        };
        let answer = query::run(&View::new(self.facts.facts(), 1_000_000 * SECOND), &query);
        assert_eq!(answer.rows.len(), 1, "{id}: {:?}", answer.rows);
        (answer.rows[0].key[0].clone(), answer.rows[0].figures.value)
    }

    fn value(&self, id: &str) -> Option<f64> {
        self.row(id, Dimension::Channel).1
    }
}

fn customer() -> Actor {
    Actor {
        kind: actor::Kind::Customer.into(),
        id: "customers/mara".to_owned(),
    }
}

const PUBLIC: ticketing::message::Visibility = ticketing::message::Visibility::Public;
const INTERNAL: ticketing::message::Visibility = ticketing::message::Visibility::Internal;

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_ticket_from_opening_to_rating() {
    let mut desk = Desk::new();
    desk.created();
    desk.message(100, customer(), PUBLIC, false);
    desk.message(110, agent("agents/eve"), INTERNAL, false);
    desk.assigned(130, "agents/ada", Source::Routing);
    desk.message(160, agent("agents/ada"), PUBLIC, false);
    desk.state(200, Some(agent("agents/ada")), State::Solved);
    let answer = ticketing::SurveyAnswer {
        survey: "csat".to_owned(),
        score: 5,
        solve: 1,
        agent: "agents/ada".to_owned(),
        answered_at: time(300),
        ..Default::default()
    };
    let rated = ticketing::SurveyAnswered {
        ticket: desk.ticket(),
        answer: Some(answer),
        ..Default::default()
    };
    desk.ticketing(300, None, Payload::SurveyAnswered(rated));

    assert_eq!(
        desk.row("tickets_created", Dimension::Channel),
        (some("email"), Some(1.0))
    );
    assert_eq!(desk.row("tickets_created", Dimension::Tier), (some("vip"), Some(1.0)));
    assert_eq!(
        desk.row("tickets_created", Dimension::Priority),
        (some("normal"), Some(1.0))
    );
    assert_eq!(
        desk.row("first_response_time", Dimension::Agent),
        (some("agents/ada"), Some(60.0))
    );
    assert_eq!(
        desk.row("queue_wait_time", Dimension::Agent),
        (some("agents/ada"), Some(30.0))
    );
    assert_eq!(
        desk.row("full_resolution_time", Dimension::Agent),
        (some("agents/ada"), Some(100.0))
    );
    assert_eq!(
        desk.row("tickets_solved", Dimension::Queue),
        (some("default"), Some(1.0))
    );
    assert_eq!(desk.row("csat", Dimension::Agent), (some("agents/ada"), Some(100.0)));
    assert_eq!(desk.value("self_service_rate"), Some(0.0));
}

impl Desk {
    fn updated(&mut self, second: i64, fields: &[&str]) {
        let updated = ticketing::TicketUpdated {
            ticket: self.ticket(),
            changed_fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        };
        self.ticketing(second, None, Payload::TicketUpdated(updated));
    }

    fn queued(&mut self, second: i64) {
        let queued = ticketing::TicketQueued { ticket: self.ticket() };
        self.ticketing(second, None, Payload::TicketQueued(queued));
    }
}

#[test]
fn moving_to_another_queue_keeps_the_wait_and_changes_the_queue() {
    let mut desk = Desk::new();
    desk.created();
    desk.ticket.queue = "returns".to_owned();
    desk.updated(110, &["subject", "queue"]);
    desk.queued(110);
    desk.assigned(150, "agents/ada", Source::Routing);
    assert_eq!(
        desk.row("queue_wait_time", Dimension::Queue),
        (some("returns"), Some(50.0))
    );
}

#[test]
fn an_assignment_into_another_queue_leaves_the_wait_with_the_one_it_was_in() {
    let mut desk = Desk::new();
    desk.created();
    desk.ticket.queue = "returns".to_owned();
    desk.updated(150, &["queue"]);
    desk.assigned(150, "agents/ada", Source::Manual);
    desk.state(200, None, State::Solved);
    assert_eq!(
        desk.row("queue_wait_time", Dimension::Queue),
        (some("default"), Some(50.0))
    );
    assert_eq!(
        desk.row("tickets_solved", Dimension::Queue),
        (some("returns"), Some(1.0))
    );
    // To be given a ticket is not to handle it.
    assert_eq!(desk.value("self_service_rate"), Some(100.0));
}

#[test]
fn a_ticket_taken_in_the_operation_that_opened_it_waited_not_at_all() {
    let mut desk = Desk::new();
    let entered = desk.ticket.queue_entered_at.take();
    desk.created();
    desk.ticket.queue_entered_at = entered;
    desk.assigned(100, "agents/ada", Source::Routing);
    assert_eq!(
        desk.row("queue_wait_time", Dimension::Queue),
        (some("default"), Some(0.0))
    );
}

#[test]
fn taken_from_an_agent_without_waiting_it_is_nobodys() {
    let mut desk = Desk::new();
    desk.created();
    desk.assigned(120, "agents/ada", Source::Manual);
    desk.state(130, None, State::Pending);
    desk.ticket.assignee.clear();
    desk.updated(140, &["assignee"]);
    desk.state(150, None, State::Solved);
    assert_eq!(desk.row("tickets_solved", Dimension::Agent), (None, Some(1.0)));
}

#[test]
fn a_ticket_given_back_waits_anew() {
    let mut desk = Desk::new();
    desk.created();
    desk.assigned(120, "agents/ada", Source::Routing);
    desk.ticket.assignee.clear();
    desk.ticket.queue_entered_at = time(200);
    desk.queued(200);
    desk.assigned(260, "agents/ben", Source::Routing);
    // 20 and 60 seconds.
    assert_eq!(desk.value("queue_wait_time"), Some(40.0));
}

#[test]
fn a_machine_in_a_customers_name_asks_nothing() {
    let mut desk = Desk::new();
    desk.created();
    desk.message(100, customer(), PUBLIC, true);
    desk.message(160, agent("agents/ada"), PUBLIC, false);
    desk.message(200, customer(), PUBLIC, false);
    desk.message(210, agent("agents/ada"), PUBLIC, false);
    assert_eq!(desk.value("first_response_time"), Some(10.0));
}

#[test]
fn a_reopened_ticket_leaves_and_returns() {
    let mut desk = Desk::new();
    desk.created();
    desk.state(200, None, State::Solved);
    assert_eq!(desk.value("full_resolution_time"), Some(100.0));
    desk.state(300, Some(customer()), State::Open);
    assert_eq!(desk.value("full_resolution_time"), None);
    desk.state(400, None, State::Solved);
    desk.state(500, None, State::Closed);
    assert_eq!(desk.value("full_resolution_time"), Some(300.0));
    assert_eq!(desk.value("self_service_rate"), Some(100.0), "no agent did anything");
}

/// Of two questions about solves the first was answered; a question about something else is another figure's.
#[test]
fn what_was_sent_counts_as_asked() {
    let mut desk = Desk::new();
    desk.created();
    for (second, kind) in [
        (200, ticketing::SurveyKind::Csat),
        (210, ticketing::SurveyKind::Nps),
        (400, ticketing::SurveyKind::Csat),
    ] {
        let sending = ticketing::SurveySending {
            kind: kind.into(),
            sent_at: time(second),
            ..Default::default()
        };
        let sent = ticketing::SurveySent {
            ticket: desk.ticket(),
            sending: Some(sending),
        };
        desk.ticketing(second, None, Payload::SurveySent(sent));
        if second == 200 {
            let answer = ticketing::SurveyAnswer {
                survey: "csat".to_owned(),
                score: 4,
                solve: 1,
                answered_at: time(300),
                ..Default::default()
            };
            let rated = ticketing::SurveyAnswered {
                ticket: desk.ticket(),
                answer: Some(answer),
                ..Default::default()
            };
            desk.ticketing(300, None, Payload::SurveyAnswered(rated));
        }
    }
    let (_, rate) = desk.variant("csat", "response_rate", Dimension::Channel);
    assert_eq!(rate, Some(50.0));
}

/// Answers about no ticket count, and one that is given again in the place of the one before.
#[test]
fn answers_about_no_ticket_count_once_each() {
    let mut desk = Desk::new();
    let answer = |id: &str, score: i32, second: i64| ticketing::SurveyAnswer {
        name: format!("customers/mara/surveyAnswers/{id}"),
        survey: "csat".to_owned(),
        score,
        customer: "customers/mara".to_owned(),
        answered_at: time(second),
        ..Default::default()
    };
    let given = |answer: &ticketing::SurveyAnswer, previous: Option<&ticketing::SurveyAnswer>| {
        Payload::SurveyAnswered(ticketing::SurveyAnswered {
            answer: Some(answer.clone()),
            replaced: previous.is_some(),
            previous: previous.cloned(),
            ..Default::default()
        })
    };
    let sent = ticketing::SurveySending {
        kind: ticketing::SurveyKind::Csat.into(),
        customer: "customers/mara".to_owned(),
        sent_at: time(100),
        ..Default::default()
    };
    let sent = ticketing::SurveySent {
        sending: Some(sent),
        ..Default::default()
    };
    desk.ticketing(100, None, Payload::SurveySent(sent));
    let (first, other) = (answer("1", 2, 200), answer("2", 1, 210));
    desk.ticketing(200, None, given(&first, None));
    desk.ticketing(210, None, given(&other, None));
    assert_eq!(desk.value("csat"), Some(0.0));
    // Merged meanwhile; the name stays.
    let again = ticketing::SurveyAnswer {
        customer: "customers/ben".to_owned(),
        ..answer("1", 5, 300)
    };
    desk.ticketing(300, None, given(&again, Some(&first)));
    assert_eq!(desk.value("csat"), Some(50.0), "one of two, not one of three");
    let (_, rate) = desk.variant("csat", "response_rate", Dimension::Channel);
    assert_eq!(rate, Some(100.0));
}

#[test]
fn answers_off_the_scale_and_unknown_surveys_are_no_answers() {
    let mut desk = Desk::new();
    desk.created();
    for (survey, score) in [("csat", 0), ("csat", 6), ("mood", 3)] {
        let answer = ticketing::SurveyAnswer {
            survey: survey.to_owned(),
            score,
            ..Default::default()
        };
        let rated = ticketing::SurveyAnswered {
            ticket: desk.ticket(),
            answer: Some(answer),
            ..Default::default()
        };
        desk.ticketing(300, None, Payload::SurveyAnswered(rated));
    }
    assert!(
        desk.facts.facts().tickets()[0]
            .timeline
            .until(Micros::MAX)
            .iter()
            .all(|entry| { !matches!(entry.step, crate::facts::Step::Answered { .. }) })
    );
}

#[test]
fn sessions_and_teams_come_from_their_owners() {
    let mut desk = Desk::new();
    let session = |name: &str| {
        Some(knowledge::Session {
            name: format!("sessions/{name}"),
            customer: "customers/mara".to_owned(),
            ..Default::default()
        })
    };
    let payloads = [
        knowledge::event::Payload::SessionStarted(knowledge::SessionStarted { session: session("a") }),
        knowledge::event::Payload::SessionSolved(knowledge::SessionSolved { session: session("a") }),
        knowledge::event::Payload::SessionStarted(knowledge::SessionStarted { session: session("b") }),
        knowledge::event::Payload::SessionEscalated(knowledge::SessionEscalated { session: session("b") }),
    ];
    for (place, payload) in payloads.into_iter().enumerate() {
        let head = Some(head(place as i64 + 1, 100 + place as i64, None));
        let event = knowledge::Event {
            head,
            payload: Some(payload),
        };
        desk.facts.apply(Owner::Knowledge, &[event]).expect("in order");
    }
    let known = ticketing::Customer {
        name: "customers/mara".to_owned(),
        tier: "vip".to_owned(),
        ..Default::default()
    };
    desk.ticketing(
        50,
        None,
        Payload::CustomerCreated(ticketing::CustomerCreated { customer: Some(known) }),
    );
    assert_eq!(
        desk.row("self_service_rate", Dimension::Tier),
        (some("vip"), Some(100.0))
    );

    let ada = routing::Agent {
        name: "agents/ada".to_owned(),
        team: "north".to_owned(),
        ..Default::default()
    };
    let created = routing::event::Payload::AgentCreated(routing::AgentCreated { agent: Some(ada) });
    let event = routing::Event {
        head: Some(head(1, 60, None)),
        payload: Some(created),
    };
    desk.facts.apply(Owner::Routing, &[event]).expect("in order");
    desk.created();
    desk.assigned(150, "agents/ada", Source::Routing);
    assert_eq!(
        desk.row("queue_wait_time", Dimension::Team),
        (some("north"), Some(50.0))
    );
}
