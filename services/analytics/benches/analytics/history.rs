//! Two years of a help desk, made up from a seed: tenants of very different size, seasons of the day and the week, answers, reopens.

use vorrang_analytics::buckets::Micros;
use vorrang_analytics::facts::{
    About, ActorKind, Answered, CustomerSeen, Event, Facts, Opened, Order, Status, Survey, Wrote,
};

pub const DAY: Micros = 24 * 3_600 * 1_000_000;
/// 1 January 2024.
pub const BEGIN: Micros = 1_704_067_200_000_000;
pub const END: Micros = BEGIN + 731 * DAY;
const MINUTE: Micros = 60_000_000;

const CHANNELS: [&str; 6] = ["email", "email", "chat", "web_form", "phone", "whatsapp"];
const QUEUES: [&str; 8] = ["billing", "orders", "returns", "tech", "sales", "vip", "spare", "shop"];
const PRIORITIES: [&str; 4] = ["normal", "normal", "high", "urgent"];
const INTENTS: [&str; 12] = [
    "invoice", "refund", "delivery", "login", "password", "defect", "exchange", "quote", "cancel", "address",
    "upgrade", "other",
];
const TAGS: [&str; 5] = ["fair", "press", "legal", "campaign", "trial"];

/// Numbers that look random and are the same for the same seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn of<'a>(&mut self, values: &[&'a str]) -> &'a str {
        values[self.below(values.len() as u64) as usize]
    }

    /// Mostly short, sometimes very long.
    fn wait(&mut self) -> Micros {
        let minutes = 1 << self.below(12);
        (1 + self.below(60 * minutes) as i64) * 1_000_000
    }
}

/// Facts being made up, with a count of the events told.
pub struct Desk {
    pub facts: Facts,
    pub events: u64,
    pub tickets: u64,
    dice: Dice,
    customers: u64,
}

impl Desk {
    /// Nothing has happened; about `tickets` will.
    pub fn new(seed: u64, tickets: u64) -> Self {
        let mut desk = Self {
            facts: Facts::default(),
            events: 0,
            tickets: 0,
            dice: Dice::new(seed),
            customers: tickets / 3 + 1,
        };
        for agent in 0..60 {
            let (name, team) = (format!("agents/{agent}"), format!("teams/{}", agent % 7));
            desk.tell(
                BEGIN,
                Event::Agent {
                    agent: &name,
                    team: Some(&team),
                },
            );
        }
        desk
    }

    pub fn tell(&mut self, at: Micros, event: Event<'_>) {
        self.events += 1;
        let order = Order::new(0, self.events as i64);
        self.facts.apply(at, order, event);
    }

    /// A ticket and all that becomes of it, begun at a random time before `now`.
    pub fn ticket(&mut self, now: Micros) {
        let day = BEGIN + self.dice.below(((now - BEGIN) / DAY).max(1) as u64) as i64 * DAY;
        // Most of it in working hours.
        let minute = 7 * 60 + self.dice.below(700) as i64 + self.dice.below(4) as i64 * 60;
        let within = self.dice.below(60_000_000) as i64;
        self.ticket_at(day + minute * MINUTE + within);
    }

    /// As [`Desk::ticket`], begun at `at`.
    pub fn ticket_at(&mut self, at: Micros) {
        let number = self.tickets;
        self.tickets += 1;
        let ticket = ticket_name(number);
        let customer = format!("customers/{:032x}", self.dice.below(self.customers));
        if self.dice.below(3) == 0 {
            let seen = CustomerSeen {
                customer: &customer,
                tier: Some(["standard", "standard", "vip"][self.dice.below(3) as usize]),
                language: Some(["de", "en", "fr"][self.dice.below(3) as usize]),
                country: Some(["DE", "AT", "GB"][self.dice.below(3) as usize]),
                won: true,
                ..CustomerSeen::default()
            };
            self.tell(at, Event::Customer(seen));
        }
        let (channel, queue) = (self.dice.of(&CHANNELS), self.dice.of(&QUEUES));
        let tag = [self.dice.of(&TAGS)];
        let opened = Opened {
            ticket: &ticket,
            customer: &customer,
            channel,
            priority: self.dice.of(&PRIORITIES),
            queue,
            intent: self.dice.of(&INTENTS),
            tags: &tag[..self.dice.below(2) as usize],
            ..Opened::default()
        };
        self.tell(at, Event::Opened(opened));
        self.says(at, &ticket, ActorKind::Customer, "");
        let agent = format!("agents/{}", self.dice.below(60));
        let mut now = at;
        for turn in 0..=self.dice.below(2) {
            if turn > 0 {
                now += self.dice.wait();
                self.says(now, &ticket, ActorKind::Customer, "");
            }
            now += self.dice.wait();
            if turn == 0 {
                self.tell(
                    now,
                    Event::Assigned {
                        ticket: &ticket,
                        agent: &agent,
                        queue: "",
                    },
                );
            }
            self.says(now, &ticket, ActorKind::Agent, &agent);
        }
        // Some are never solved: there is a backlog.
        if self.dice.below(25) == 0 {
            return;
        }
        now += self.dice.wait();
        self.becomes(now, &ticket, Status::Solved);
        if self.dice.below(5) == 0 {
            let score = 1.0 + self.dice.below(5) as f64;
            let at = now + self.dice.wait();
            self.answers(at, &ticket, score);
        }
    }

    /// An old ticket is reopened and solved again, or rated late: what it counted is taken back.
    pub fn correct(&mut self, at: Micros) {
        let ticket = ticket_name(self.dice.below(self.tickets.max(1)));
        if self.dice.below(2) == 0 {
            self.becomes(at, &ticket, Status::Open);
            let again = at + self.dice.wait();
            self.becomes(again, &ticket, Status::Solved);
        } else {
            let score = 1.0 + self.dice.below(5) as f64;
            self.answers(at, &ticket, score);
        }
    }

    fn says(&mut self, at: Micros, ticket: &str, actor: ActorKind, id: &str) {
        let message = Wrote {
            actor,
            id,
            public: true,
            channel: "",
        };
        self.tell(at, Event::Message { ticket, message });
    }

    fn becomes(&mut self, at: Micros, ticket: &str, status: Status) {
        self.tell(
            at,
            Event::Status {
                ticket,
                status,
                actor: Some(ActorKind::Agent),
            },
        );
    }

    fn answers(&mut self, at: Micros, ticket: &str, score: f64) {
        self.tell(
            at,
            Event::SurveyAnswered(Answered {
                about: About::Ticket(ticket),
                survey: Survey::Csat,
                score,
                agent: "",
                solve: 0,
            }),
        );
    }
}

fn ticket_name(number: u64) -> String {
    format!("tickets/{number:032x}")
}
