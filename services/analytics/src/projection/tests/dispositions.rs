//! Spam and deletion: what counts in no figure, from when on, and what counts again.

use vorrang_api::ticketing::v1::event::Payload;
use vorrang_api::ticketing::v1::ticket::{Disposition, State};
use vorrang_api::ticketing::v1::ticket_assigned::Source;

use super::relations::{Desk, customer, ticket};
use super::*;
use crate::kpis;

/// A figure's id, value, number and open.
type Figure = (&'static str, (Option<f64>, u64, u64));

impl Desk {
    fn state(&mut self, name: &str, second: i64, state: State) {
        let ticket = Some(ticketing::Ticket {
            state: state.into(),
            ..ticket(name)
        });
        let changed = ticketing::TicketStateChanged {
            ticket,
            ..Default::default()
        };
        self.happened(second, Payload::TicketStateChanged(changed));
    }

    fn marked(&mut self, name: &str, second: i64, disposition: Disposition) {
        let ticket = Some(ticketing::Ticket {
            disposition: disposition.into(),
            ..ticket(name)
        });
        let changed = ticketing::TicketDispositionChanged {
            ticket,
            ..Default::default()
        };
        self.happened(second, Payload::TicketDispositionChanged(changed));
    }

    fn rated(&mut self, name: &str, second: i64) {
        let answered = ticketing::SurveyAnswered {
            ticket: Some(ticket(name)),
            answer: Some(ticketing::SurveyAnswer {
                survey: "csat".to_owned(),
                score: 5,
                answered_at: time(second),
                ..Default::default()
            }),
            ..Default::default()
        };
        self.happened(second, Payload::SurveyAnswered(answered));
    }

    /// Waits from `since` and is accepted at `second`.
    fn accepted(&mut self, name: &str, since: i64, second: i64) {
        let assigned = ticketing::TicketAssigned {
            ticket: Some(ticketing::Ticket {
                assignee: "agents/ada".to_owned(),
                ..ticket(name)
            }),
            source: Source::Routing.into(),
            queue_entered_at: time(since),
            accepted_at: time(second),
            ..Default::default()
        };
        self.happened(second, Payload::TicketAssigned(assigned));
    }

    fn queued(&mut self, name: &str, second: i64) {
        let ticket = Some(ticketing::Ticket {
            queue_entered_at: time(second),
            ..ticket(name)
        });
        self.happened(second, Payload::TicketQueued(ticketing::TicketQueued { ticket }));
    }

    /// Every figure as it read at `second`: value, number, open.
    fn everything(&self, second: i64) -> Vec<Figure> {
        kpis::ALL.iter().map(|kpi| (kpi.id, self.at(kpi.id, second))).collect()
    }
}

/// A ticket with something for every figure of tickets.
fn busy() -> Desk {
    let mut desk = Desk::default();
    desk.opened("tickets/t", 0);
    desk.wrote("tickets/t", 0, customer());
    desk.accepted("tickets/t", 0, 20);
    desk.wrote("tickets/t", 30, agent("agents/ada"));
    desk.state("tickets/t", 40, State::Solved);
    desk.rated("tickets/t", 50);
    desk
}

/// D7: in no figure at any time, also of the past; asked as of before it, everything is as it was.
#[test]
fn what_is_marked_is_in_no_figure_and_what_is_restored_is_in_all() {
    let nothing = |figures: Vec<Figure>| figures.iter().all(|(_, (_, count, open))| (*count, *open) == (0, 0));
    for disposition in [Disposition::Spam, Disposition::Deleted] {
        let mut desk = busy();
        let before = desk.everything(60);
        for id in [
            "tickets_created",
            "tickets_solved",
            "contacts",
            "messages",
            "csat",
            "queue_wait_time",
            "first_response_time",
        ] {
            assert!(
                before.iter().any(|(kpi, (_, count, _))| *kpi == id && *count > 0),
                "{id}: {before:?}"
            );
        }
        desk.marked("tickets/t", 100, disposition);
        assert!(nothing(desk.everything(100)), "{:?}", desk.everything(100));
        assert_eq!(desk.everything(99), before, "asked as of before it");
        // Whatever becomes of it meanwhile: erasing its customer closes it, a late reply arrives.
        desk.state("tickets/t", 110, State::Closed);
        desk.wrote("tickets/t", 120, agent("agents/ada"));
        assert!(nothing(desk.everything(200)), "its status is another matter");
        desk.marked("tickets/t", 300, Disposition::Normal);
        let mut never_marked = busy();
        never_marked.state("tickets/t", 110, State::Closed);
        never_marked.wrote("tickets/t", 120, agent("agents/ada"));
        assert_eq!(
            desk.everything(1_000),
            never_marked.everything(1_000),
            "it counts like any other"
        );
    }
}

/// D7 with D8: everything merged into it goes with it, and comes back with it or by the unmerge.
#[test]
fn what_is_merged_into_spam_goes_with_it() {
    let mut desk = busy();
    desk.opened("tickets/s", 5);
    desk.wrote("tickets/s", 5, customer());
    let merged = ticketing::TicketMerged {
        ticket: Some(ticketing::Ticket {
            merged_into: "tickets/t".to_owned(),
            ..ticket("tickets/s")
        }),
        target: Some(ticket("tickets/t")),
    };
    desk.rated("tickets/s", 60);
    desk.happened(70, Payload::TicketMerged(merged));
    assert_eq!(desk.value("csat").1, 2, "answers of the source stay answers");
    assert_eq!(desk.value("tickets_created").0, Some(1.0));
    desk.marked("tickets/t", 100, Disposition::Spam);
    assert_eq!((desk.value("csat").1, desk.value("tickets_created").0), (0, Some(0.0)));
    let unmerged = ticketing::TicketUnmerged {
        ticket: Some(ticket("tickets/s")),
        target: Some(ticket("tickets/t")),
        merged_into: "tickets/t".to_owned(),
    };
    desk.happened(110, Payload::TicketUnmerged(unmerged));
    assert_eq!((desk.value("csat").1, desk.value("tickets_created").0), (1, Some(1.0)));
}

/// It leaves its queue when it is marked; restored it waits anew, as ticketing says.
#[test]
fn a_restored_ticket_waits_anew() {
    let mut desk = Desk::default();
    desk.opened("tickets/t", 0);
    desk.queued("tickets/t", 0);
    assert_eq!(desk.at("queue_wait_time", 50), (None, 0, 1));
    desk.marked("tickets/t", 100, Disposition::Spam);
    desk.marked("tickets/t", 1_000, Disposition::Normal);
    desk.queued("tickets/t", 1_000);
    desk.accepted("tickets/t", 1_000, 1_030);
    assert_eq!(desk.at("queue_wait_time", 2_000), (Some(30.0), 1, 0));
}

/// D41: whoever marked it has handled it, as in a history, where it is a status.
#[test]
fn marking_is_handling() {
    for (by, expected) in [
        (agent("agents/ada"), Some(0.0)),
        (
            Actor {
                kind: actor::Kind::Automation.into(),
                id: "filter".to_owned(),
            },
            Some(100.0),
        ),
    ] {
        let mut desk = Desk::default();
        desk.opened("tickets/t", 0);
        for (second, disposition) in [(10, Disposition::Spam), (20, Disposition::Normal)] {
            let changed = ticketing::TicketDispositionChanged {
                ticket: Some(ticketing::Ticket {
                    disposition: disposition.into(),
                    ..ticket("tickets/t")
                }),
                ..Default::default()
            };
            let seq = desk.facts.position(Owner::Ticketing).seq + 1;
            let event = ticketing::Event {
                cause: None,
                head: Some(head(seq, second, Some(by.clone()))),
                payload: Some(Payload::TicketDispositionChanged(changed)),
            };
            desk.facts.apply(Owner::Ticketing, &[event]).expect("in order");
        }
        desk.state("tickets/t", 30, State::Solved);
        assert_eq!(desk.value("self_service_rate").0, expected);
    }
}
