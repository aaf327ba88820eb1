//! Two days of a desk in which everything happens that any figure is about, as ticketing tells an imported history.

use vorrang_api::feed::v1::{Actor, actor};
use vorrang_api::ticketing::v1::history_recorded::Line;
use vorrang_api::ticketing::v1::{
    HistoryAgentPresence, HistoryAssigned, HistoryCustomer, HistoryHours, HistoryMacroApplied, HistoryMessage,
    HistoryOrder, HistoryPoints, HistoryQueueAccepted, HistoryQueueEntered, HistoryQueueLeft, HistoryRecorded,
    HistoryReview, HistorySchedule, HistorySelfService, HistorySlaPolicy, HistoryStatus, HistorySurveyAnswered,
    HistorySurveySent, HistoryTarget, HistoryTicketOpened, HistoryWrapUpEnded,
};

use super::*;

const HOUR: i64 = 3_600;

/// What happened to whom: ticket, customer, line.
struct Told(Vec<(i64, Payload)>);

impl Told {
    fn line(&mut self, second: i64, ticket: &str, customer: &str, line: Line) {
        let name = |kind: &str, id: &str| match id {
            "" => String::new(),
            id => format!("{kind}/{id}"),
        };
        let rank = match &line {
            Line::Schedule(_) | Line::SlaPolicy(_) | Line::CustomerChanged(_) => 0,
            Line::TicketOpened(_) => 1,
            _ => 2,
        };
        let recorded = HistoryRecorded {
            source: "history".to_owned(),
            number: self.0.len() as i64 + 1,
            rank,
            ticket: name("tickets", ticket),
            customer: name("customers", customer),
            line: Some(line),
            ..HistoryRecorded::default()
        };
        self.0.push((DAY + second, Payload::HistoryRecorded(recorded)));
    }

    fn says(&mut self, second: i64, ticket: &str, customer: &str, kind: actor::Kind) {
        let id = if kind == actor::Kind::Agent { "agents/ann" } else { "" };
        let message = HistoryMessage {
            actor: Some(Actor {
                kind: kind.into(),
                id: id.to_owned(),
            }),
            ..HistoryMessage::default()
        };
        self.line(second, ticket, customer, Line::Message(message));
    }

    fn status(&mut self, second: i64, ticket: &str, customer: &str, status: &str) {
        let status = HistoryStatus {
            status: status.to_owned(),
            actor: None,
        };
        self.line(second, ticket, customer, Line::Status(status));
    }
}

fn agent(name: &str) -> String {
    format!("agents/{name}")
}

/// Two days of a desk in which everything happens that any figure is about.
pub fn history() -> Vec<(i64, Payload)> {
    use actor::Kind::{Agent, Automation, Customer};
    let mut told = Told(Vec::new());
    let hours = |_| HistoryHours {
        spans: vec!["00:00-24:00".to_owned()],
    };
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let schedule = HistorySchedule {
        id: "s".to_owned(),
        time_zone: "UTC".to_owned(),
        weekly: week.map(|day| (day.to_owned(), hours(day))).into(),
        ..HistorySchedule::default()
    };
    told.line(0, "", "", Line::Schedule(schedule));
    let target = |metric: &str, seconds| HistoryTarget {
        metric: metric.to_owned(),
        seconds,
        business: false,
    };
    let policy = HistorySlaPolicy {
        id: "p".to_owned(),
        schedule: "s".to_owned(),
        targets: vec![
            target("first_response", 1_200),
            target("next_response", 600),
            target("resolution", 7_200),
        ],
        ..HistorySlaPolicy::default()
    };
    told.line(0, "", "", Line::SlaPolicy(policy));
    for customer in ["c0", "c1", "c2"] {
        let changed = HistoryCustomer {
            tier: "vip".to_owned(),
            ..HistoryCustomer::default()
        };
        told.line(0, "", customer, Line::CustomerChanged(changed));
    }
    let presence = HistoryAgentPresence {
        agent: agent("ann"),
        state: "available".to_owned(),
        channels: Vec::new(),
    };
    told.line(HOUR, "", "", Line::AgentPresence(presence));
    let busy = HistoryAgentPresence {
        agent: agent("ann"),
        state: "busy".to_owned(),
        channels: Vec::new(),
    };
    told.line(30 * HOUR, "", "", Line::AgentPresence(busy));
    for number in 0..9_i64 {
        let ticket = format!("t{number}");
        let customer = format!("c{}", number % 3);
        let (ticket, customer) = (ticket.as_str(), customer.as_str());
        let at = number * 4 * HOUR + 7_200;
        let opened = HistoryTicketOpened {
            channel: ["email", "chat", "phone"][number as usize % 3].to_owned(),
            intent: ["late", "broken"][number as usize % 2].to_owned(),
            tags: vec!["x".to_owned(); number as usize % 2],
            queue: "q".to_owned(),
            ..HistoryTicketOpened::default()
        };
        told.line(at, ticket, customer, Line::TicketOpened(opened));
        told.says(at, ticket, customer, Customer);
        told.says(at + 1, ticket, customer, Automation);
        told.line(
            at + 2,
            ticket,
            customer,
            Line::QueueEntered(HistoryQueueEntered {
                queue: "q".to_owned(),
                ..HistoryQueueEntered::default()
            }),
        );
        if number == 4 {
            told.line(
                at + 300,
                ticket,
                customer,
                Line::QueueLeft(HistoryQueueLeft {
                    queue: "q".to_owned(),
                    ..HistoryQueueLeft::default()
                }),
            );
            continue;
        }
        told.line(
            at + 400,
            ticket,
            customer,
            Line::QueueAccepted(HistoryQueueAccepted {
                queue: "q".to_owned(),
                agent: agent("ann"),
            }),
        );
        let assigned = HistoryAssigned {
            agent: agent(["ann", "bob"][number as usize % 2]),
            queue: "q".to_owned(),
        };
        told.line(at + 400, ticket, customer, Line::Assigned(assigned));
        if number == 8 {
            continue;
        }
        let used = HistoryMacroApplied { id: "m".to_owned() };
        told.line(at + 500, ticket, customer, Line::MacroApplied(used));
        told.says(at + 600 + number * 200, ticket, customer, Agent);
        told.status(at + 3_000, ticket, customer, "solved");
        told.line(
            at + 3_100,
            ticket,
            customer,
            Line::WrapUpEnded(HistoryWrapUpEnded {
                agent: agent("ann"),
                talk_seconds: Some(60.0),
                hold_seconds: Some(5.0),
            }),
        );
        for (survey, score) in [
            ("csat", number % 5 + 1),
            ("nps", number + 2),
            ("ces_effort", 2),
            ("ces_ease", 6),
            ("one_contact", number % 2),
            ("pec", 4),
        ] {
            let sent = HistorySurveySent {
                survey: survey.to_owned(),
            };
            told.line(at + 3_200, ticket, customer, Line::SurveySent(sent));
            let answered = HistorySurveyAnswered {
                survey: survey.to_owned(),
                score: score.min(10) as f64,
                ..HistorySurveyAnswered::default()
            };
            told.line(at + 3_300, ticket, customer, Line::SurveyAnswered(answered));
        }
        let points = |points| HistoryPoints {
            points,
            of: 5.0,
            weight: 1.0,
        };
        let review = HistoryReview {
            agent: agent("ann"),
            rubric: [("tone".to_owned(), points(4.0)), ("pec".to_owned(), points(3.0))].into(),
        };
        told.line(at + 3_400, ticket, customer, Line::Review(review));
        if number == 2 {
            told.says(at + 3_500, ticket, customer, Customer);
            told.status(at + 3_600, ticket, customer, "open");
            told.says(at + 3_700, ticket, customer, Agent);
            told.status(at + 4_000, ticket, customer, "solved");
        }
    }
    let answered = HistorySurveyAnswered {
        survey: "nps".to_owned(),
        score: 9.0,
        ..HistorySurveyAnswered::default()
    };
    told.line(10 * HOUR, "", "c1", Line::SurveyAnswered(answered));
    for (hour, id) in [(3, "o1"), (30, "o2")] {
        let order = HistoryOrder {
            id: id.to_owned(),
            ..HistoryOrder::default()
        };
        told.line(hour * HOUR, "", "c0", Line::Order(order));
    }
    for (hour, session, step) in [
        (5, "s1", "viewed"),
        (6, "s1", "solved"),
        (7, "s2", "viewed"),
        (8, "s2", "escalated"),
    ] {
        let step = HistorySelfService {
            session: session.to_owned(),
            step: step.to_owned(),
            ..HistorySelfService::default()
        };
        told.line(hour * HOUR, "", "c2", Line::SelfService(step));
    }
    told.0
}
