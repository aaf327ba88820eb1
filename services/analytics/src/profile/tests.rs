use super::*;
use crate::facts::{ActorKind, CustomerSeen, Event, Facts, Opened, Order, Status, Wrote};

const MINUTE: Micros = 60_000_000;

struct Desk {
    facts: Facts,
    seq: i64,
}

impl Desk {
    fn tell(&mut self, minute: i64, event: Event<'_>) {
        self.seq += 1;
        self.facts.apply(minute * MINUTE, Order::new(0, self.seq), event);
    }

    /// A ticket that is answered after some minutes and solved with it.
    fn ticket(&mut self, ticket: &str, customer: &str, minute: i64, answered_after: i64) {
        self.tell(
            minute,
            Event::Opened(Opened {
                ticket,
                customer,
                channel: "email",
                ..Opened::default()
            }),
        );
        for (at, actor) in [
            (minute, ActorKind::Customer),
            (minute + answered_after, ActorKind::Agent),
        ] {
            let message = Wrote {
                actor,
                id: "agents/ann",
                public: true,
                channel: "",
            };
            self.tell(at, Event::Message { ticket, message });
        }
        self.tell(
            minute + answered_after,
            Event::Status {
                ticket,
                status: Status::Solved,
                actor: None,
            },
        );
    }

    fn symbol(&self, text: &str) -> Symbol {
        self.facts.strings().find(text).expect("is known")
    }
}

fn trait_named(profile: &Profile, name: &str) -> Trait {
    let place = TRAITS.iter().position(|known| *known == name).expect("a trait");
    profile.traits[place]
}

#[test]
fn a_customer_unlike_the_others_of_the_tier_is_found_out() {
    let mut desk = Desk {
        facts: Facts::default(),
        seq: 0,
    };
    // Ten wait 9 to 11 minutes, one of another tier an eternity.
    for number in 0..10 {
        desk.ticket(&format!("t{number}"), &format!("c{number}"), 0, 9 + number % 3);
    }
    let vip = CustomerSeen {
        customer: "vip",
        tier: Some("vip"),
        won: true,
        ..CustomerSeen::default()
    };
    desk.tell(0, Event::Customer(vip));
    desk.ticket("tv", "vip", 0, 5_000);
    desk.ticket("t10", "slow", 0, 40);
    let view = View::new(&desk.facts, 10_000 * MINUTE);
    let slow = profile(&view, desk.symbol("slow")).expect("is known");
    let waited = trait_named(&slow, "response_seconds");
    assert_eq!((slow.segment, waited.value, waited.count), (11, Some(2_400.0), 11));
    assert!(waited.is_unusual() && waited.z.is_some_and(|z| z > 2.0), "{waited:?}");
    assert!(
        !trait_named(&slow, "tickets").is_unusual(),
        "as many as everybody: no deviation at all"
    );
    let usual = profile(&view, desk.symbol("c1")).expect("is known");
    assert!(usual.traits.iter().all(|one| !one.is_unusual()), "{:?}", usual.traits);
    // Alone in the tier: nobody to compare with.
    let vip = profile(&view, desk.symbol("vip")).expect("is known");
    assert_eq!((vip.segment, trait_named(&vip, "response_seconds").z), (1, None));
}

#[test]
fn who_helped_and_for_how_long() {
    let mut desk = Desk {
        facts: Facts::default(),
        seq: 0,
    };
    let open = Opened {
        ticket: "t",
        customer: "c",
        channel: "chat",
        queue: "q",
        ..Opened::default()
    };
    desk.tell(0, Event::Opened(open));
    desk.tell(
        0,
        Event::QueueEntered {
            ticket: "t",
            queue: "q",
        },
    );
    let accepted = Event::QueueAccepted {
        ticket: "t",
        queue: "q",
        agent: "agents/ann",
        by_hand: false,
    };
    desk.tell(3, accepted);
    let assigned = Event::Assigned {
        ticket: "t",
        agent: "agents/ann",
        queue: "",
    };
    desk.tell(3, assigned);
    let message = Wrote {
        actor: ActorKind::Agent,
        id: "agents/ann",
        public: true,
        channel: "",
    };
    desk.tell(5, Event::Message { ticket: "t", message });
    let wrapped = Event::WrapUpEnded {
        ticket: "t",
        agent: "agents/ann",
        talk: None,
        hold: None,
    };
    desk.tell(9, wrapped);
    let view = View::new(&desk.facts, 20 * MINUTE);
    let profile = profile(&view, desk.symbol("c")).expect("is known");
    let help = &profile.agents[&desk.symbol("agents/ann")];
    assert_eq!((help.replies, help.tickets.len()), (1, 1));
    assert_eq!((help.handled, help.held), (6 * MINUTE, 17 * MINUTE));
    let waits = profile.queues[&Some(desk.symbol("q"))];
    assert_eq!(
        (waits.stays, waits.accepted, waits.left, waits.waited),
        (1, 1, 0, 3 * MINUTE)
    );
}

#[test]
fn an_erased_customer_and_one_never_heard_of_have_no_profile() {
    let mut desk = Desk {
        facts: Facts::default(),
        seq: 0,
    };
    desk.ticket("t", "c", 0, 1);
    desk.tell(5, Event::CustomerErased { customer: "c" });
    let view = View::new(&desk.facts, 10 * MINUTE);
    assert!(profile(&view, desk.symbol("c")).is_none());
    assert!(profile(&view, desk.symbol("t")).is_none(), "no customer's name");
}
