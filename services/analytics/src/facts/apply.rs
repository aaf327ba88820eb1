//! Events become facts.

use super::event::{Event, Opened, Wrote};
use super::{
    About, ActorKind, Answered, Benchmark, BenchmarkSeen, Change, Entry, Facts, Given, NORMAL_PRIORITY, Opening, Order,
    PEC, Person, Review, ReviewIndex, ReviewItem, Step, Symbol, Ticket, TicketIndex, Visit,
};
use crate::buckets::Micros;

impl Facts {
    /// Adds what happened at `at`. Each event must be given once; the follower's cursor sees to that.
    pub fn apply(&mut self, at: Micros, order: Order, event: Event<'_>) {
        self.last = self.last.max(Some(at));
        match event {
            Event::Customer(seen) => {
                if let Some(customer) = self.put(seen.customer) {
                    let person = self.people.entry(customer).or_default();
                    let names = self.strings.len();
                    person.see(at, order, &seen, &mut self.strings);
                    self.touched.names(names, self.strings.len());
                    self.touched.symbol(customer);
                    self.changes.note(Change::Customer(customer));
                }
            }
            Event::CustomerPeriods { customer, periods } => {
                if let Some(person) = self.person_mut(customer) {
                    person.there(at, order, periods);
                }
            }
            Event::CustomerLeft { customer } => {
                if let Some(person) = self.person_mut(customer) {
                    person.leave(at, order);
                }
            }
            Event::CustomersMerged { customer, into } => {
                if let Some(into) = self.put(into) {
                    self.merge_customer(at, order, customer, Some(into));
                }
            }
            Event::CustomersUnmerged { customer } => {
                self.merge_customer(at, order, customer, None);
            }
            Event::CustomerErased { customer } => {
                if let Some(customer) = self.put(customer) {
                    self.erased.insert(customer);
                    self.touched.symbol(customer);
                    self.changes.note(Change::Customer(customer));
                }
            }
            Event::ProactiveContact { customer, id } => {
                let id = self.put(id);
                if let Some(person) = self.person_mut(customer) {
                    person.reached.set(at, order, id);
                }
            }
            Event::Ordered { customer, id } => {
                if let (Some(id), Some(person)) = (self.put(id), self.person_mut(customer)) {
                    person.order(at, order, id);
                }
            }
            Event::Agent { agent, team } => {
                if let Some(agent) = self.put(agent) {
                    let team = team.map(|team| self.put(team));
                    let teams = self.teams.entry(agent).or_default();
                    let before = teams.until(Micros::MAX).last();
                    // Most of what is told of agents leaves their team as it is.
                    let is_news = before.is_none_or(|(told_at, _, known)| at < *told_at || team != *known);
                    teams.set(at, order, team);
                    self.touched.symbol(agent);
                    if is_news {
                        self.changes.note(Change::Agent(agent));
                    }
                }
            }
            Event::Presence {
                agent,
                presence,
                channels,
            } => {
                let channels = channels.map(|channels| self.put_all(channels));
                if let Some(agent) = self.put(agent) {
                    let duties = self.duties.entry(agent).or_default();
                    duties.set(at, order, (presence, channels));
                    self.touched.symbol(agent);
                }
            }
            Event::Schedule { schedule, version } => {
                if let Some(id) = self.put(schedule) {
                    self.desk.write_schedule(at, order, id, version);
                    self.touched.rest();
                    self.changes.note(Change::Desk(at));
                }
            }
            Event::Policy { policy, terms } => {
                // A channel that nothing has come over yet is promised all the same.
                for channel in terms.iter().flat_map(|terms| &terms.matching.channels) {
                    self.put(channel);
                }
                if let Some(id) = self.put(policy) {
                    self.desk.write_policy(at, order, id, terms);
                    self.touched.rest();
                    self.changes.note(Change::Desk(at));
                }
            }
            Event::Benchmark(seen) => self.benchmark(at, order, &seen),
            Event::Opened(opened) => self.open(at, order, opened),
            Event::Session {
                session,
                step,
                customer,
                ticket,
            } => {
                let ticket = self.ticket(ticket);
                let customer = self.put(customer);
                if let Some(session) = self.put(session) {
                    let visit = Visit { step, customer, ticket };
                    self.sessions.entry(session).or_default().add(at, order, visit);
                    self.touched.symbol(session);
                }
            }
            Event::SurveySent { about, survey } => {
                self.surveyed(at, order, about, Step::SurveySent { survey });
            }
            Event::SurveyAnswered(answered) => {
                let step = self.answer(&answered);
                self.surveyed(at, order, answered.about, step);
            }
            Event::AnswerTakenBack(answered) => {
                let step = self.answer(&answered);
                self.take_back(at, answered.about, step);
            }
            of_a_ticket => self.apply_to_ticket(at, order, of_a_ticket),
        }
    }

    fn apply_to_ticket(&mut self, at: Micros, order: Order, event: Event<'_>) {
        match event {
            Event::Message { ticket, message } => {
                let message = self.message(&message);
                self.step(ticket, at, order, message);
            }
            Event::Status { ticket, status, actor } => {
                self.step(ticket, at, order, Step::Status { status, actor });
            }
            Event::Counts { ticket, counts, actor } => {
                self.step(ticket, at, order, Step::Counts { counts, actor });
            }
            Event::Assigned { ticket, agent, queue } => {
                let (agent, queue) = (self.put(agent), self.put(queue));
                self.step(ticket, at, order, Step::Assigned { agent, queue });
            }
            Event::QueueEntered { ticket, queue } => {
                let queue = self.put(queue);
                self.step(ticket, at, order, Step::QueueEntered { queue });
            }
            Event::QueueMoved { ticket, queue } => {
                let queue = self.put(queue);
                self.step(ticket, at, order, Step::QueueMoved { queue });
            }
            Event::QueueAccepted {
                ticket,
                queue,
                agent,
                by_hand,
            } => {
                let (agent, queue) = (self.put(agent), self.put(queue));
                self.step(ticket, at, order, Step::QueueAccepted { queue, agent, by_hand });
            }
            Event::QueueLeft { ticket } => self.step(ticket, at, order, Step::QueueLeft),
            Event::Handoff { ticket } => self.step(ticket, at, order, Step::Handoff),
            Event::WrapUpEnded {
                ticket,
                agent,
                talk,
                hold,
            } => {
                let agent = self.put(agent);
                let (talk, hold) = (Given::new(talk), Given::new(hold));
                self.step(ticket, at, order, Step::WrapUpEnded { agent, talk, hold });
            }
            Event::Promised { ticket, policy } => {
                let policy = self.put(policy);
                self.step(ticket, at, order, Step::Promised { policy });
            }
            Event::Applied { ticket, workflow, id } => {
                if let Some(id) = self.put(id) {
                    self.step(ticket, at, order, Step::Applied { workflow, id });
                }
            }
            Event::Linked { ticket, to } => {
                if let Some(to) = self.ticket(to) {
                    self.step(ticket, at, order, Step::Linked { to });
                }
            }
            Event::Unlinked { ticket, to } => {
                if let Some(to) = self.ticket(to) {
                    self.step(ticket, at, order, Step::Unlinked { to });
                }
            }
            Event::Reviewed {
                ticket,
                id,
                agent,
                items,
            } => self.review_told(at, order, (ticket, id), agent, items),
            Event::Moved { from, to, message } => {
                let message = self.message(&message);
                let told = self
                    .ticket_mut(from)
                    .and_then(|ticket| ticket.timeline.remove(at, message));
                self.step(to, at, told.unwrap_or(order), message);
            }
            Event::Merged { ticket, into } => {
                if let (Some(source), Some(into)) = (self.ticket(ticket), self.ticket(into)) {
                    let is_merge = |entry: &Entry| matches!(entry.step, Step::Merged { .. });
                    let known = self.tickets.get(source as usize);
                    if !known.is_some_and(|known| known.timeline.all().iter().any(is_merge)) {
                        self.merged.push(source);
                    }
                    self.step(ticket, at, order, Step::Merged { into });
                    self.merges += 1;
                }
            }
            Event::Unmerged { ticket } => {
                self.step(ticket, at, order, Step::Unmerged);
                self.merges += 1;
            }
            // Everything else is about something apart from a ticket.
            _ => {}
        }
    }

    fn put(&mut self, text: &str) -> Option<Symbol> {
        let known = self.strings.len();
        let symbol = self.strings.put(text)?;
        if self.strings.len() > known {
            self.touched.symbol(symbol);
        }
        Some(symbol)
    }

    /// Symbols of `texts`, each once, in the order of the texts.
    fn put_all(&mut self, texts: &[&str]) -> Box<[Symbol]> {
        let mut found = Vec::with_capacity(texts.len());
        for text in texts {
            if let Some(symbol) = self.put(text)
                && !found.contains(&symbol)
            {
                found.push(symbol);
            }
        }
        found.into_boxed_slice()
    }

    fn person_mut(&mut self, customer: &str) -> Option<&mut Person> {
        let customer = self.put(customer)?;
        self.touched.symbol(customer);
        Some(self.people.entry(customer).or_default())
    }

    /// The ticket named `id`, made when it is new: routing's feed may be ahead of ticketing's.
    fn ticket(&mut self, id: &str) -> Option<TicketIndex> {
        let symbol = self.put(id)?;
        if let Some(index) = self.ticket_ids.get(&symbol) {
            return Some(*index);
        }
        let index =
            TicketIndex::try_from(self.tickets.len()).expect("one process never holds 2^32 tickets of one tenant");
        self.tickets.push(Ticket {
            id: Some(symbol),
            ..Ticket::default()
        });
        self.ticket_ids.insert(symbol, index);
        self.touched.ticket(index);
        Some(index)
    }

    fn ticket_mut(&mut self, id: &str) -> Option<&mut Ticket> {
        let index = self.ticket(id)?;
        self.changes.note(Change::Ticket(index));
        self.touched.ticket(index);
        self.tickets.get_mut(index as usize)
    }

    fn merge_customer(&mut self, at: Micros, order: Order, customer: &str, into: Option<Symbol>) {
        let Some(customer) = self.put(customer) else { return };
        let merged = &mut self.people.entry(customer).or_default().merged;
        if merged.first().is_none() {
            self.merged_people.push(customer);
        }
        merged.set(at, order, into);
        self.merges += 1;
        self.touched.symbol(customer);
        self.changes.note(Change::Customer(customer));
    }

    fn message(&mut self, message: &Wrote<'_>) -> Step {
        Step::Message {
            actor: message.actor,
            id: if message.actor == ActorKind::Agent {
                self.put(message.id)
            } else {
                None
            },
            // A customer has no internal notes, whatever a source says.
            public: message.public || message.actor == ActorKind::Customer,
            channel: self.put(message.channel),
        }
    }

    fn step(&mut self, ticket: &str, at: Micros, order: Order, step: Step) {
        if let Some(ticket) = self.ticket_mut(ticket) {
            ticket.timeline.insert(at, order, step);
        }
    }

    fn open(&mut self, at: Micros, order: Order, opened: Opened<'_>) {
        let by_agent = ActorKind::Agent;
        let named = |agent: &str| {
            if agent.is_empty() {
                ActorKind::Customer
            } else {
                by_agent
            }
        };
        let priority = if opened.priority.is_empty() {
            NORMAL_PRIORITY
        } else {
            opened.priority
        };
        let opening = Opening {
            at,
            order,
            customer: self.put(opened.customer),
            channel: self.put(opened.channel),
            tier: self.put(opened.tier),
            priority: self.put(priority),
            queue: self.put(opened.queue),
            agent: self.put(opened.agent),
            opened_by: opened.opened_by.unwrap_or_else(|| named(opened.agent)),
            intent: self.put(opened.intent),
            organization: self.put(opened.organization),
            tags: self.put_all(opened.tags),
            told_promise: opened.told_promise,
        };
        let Some(index) = self.ticket(opened.ticket) else {
            return;
        };
        let known = self
            .tickets
            .get(index as usize)
            .is_some_and(|ticket| ticket.opening.is_some());
        if let Some(customer) = opening.customer {
            self.touched.symbol(customer);
            let tickets = &mut self.people.entry(customer).or_default().tickets;
            if !known || !tickets.contains(&index) {
                tickets.push(index);
            }
        }
        if let Some(ticket) = self.tickets.get_mut(index as usize) {
            // A ticket is opened once: of two openings the earlier holds, whichever arrived first.
            let earlier = ticket
                .opening
                .take()
                .filter(|known| (known.at, known.order) <= (at, order));
            ticket.opening = earlier.or(Some(opening));
            self.touched.ticket(index);
            self.changes.note(Change::Ticket(index));
        }
    }

    fn review_told(
        &mut self,
        at: Micros,
        order: Order,
        (ticket, id): (&str, &str),
        agent: &str,
        items: &[ReviewItem<'_>],
    ) {
        let agent = self.put(agent);
        let review = u32::try_from(self.reviews.len()).expect("one process never holds 2^32 reviews");
        self.reviews.push(review_of(agent, items));
        if let (Some(id), Some(index)) = (self.put(id), self.ticket(ticket))
            && let Some((index, at, review)) = self.remember_review(id, (index, at, review))
            && let Some(ticket) = self.tickets.get_mut(index as usize)
        {
            ticket.timeline.remove(at, Step::Reviewed { review });
            self.changes.note(Change::Ticket(index));
            self.touched.ticket(index);
        }
        self.step(ticket, at, order, Step::Reviewed { review });
    }

    /// The review told last under an id; gives the one before.
    fn remember_review(
        &mut self,
        id: Symbol,
        review: (TicketIndex, Micros, ReviewIndex),
    ) -> Option<(TicketIndex, Micros, ReviewIndex)> {
        self.touched.symbol(id);
        self.review_ids.insert(id, review)
    }

    fn benchmark(&mut self, at: Micros, order: Order, seen: &BenchmarkSeen<'_>) {
        if let (Some(kpi), Some(label)) = (self.put(seen.kpi), self.put(seen.label)) {
            let benchmark = Benchmark {
                kpi,
                label,
                value: seen.value,
                valid_from: seen.valid_from,
            };
            self.benchmarks.push((at, order, benchmark));
            self.touched.rest();
        }
    }

    fn answer(&mut self, answered: &Answered<'_>) -> Step {
        Step::Answered {
            survey: answered.survey,
            solve: u16::try_from(answered.solve).unwrap_or(u16::MAX),
            score: answered.score as f32,
            agent: self.put(answered.agent),
        }
    }

    fn take_back(&mut self, at: Micros, about: About<'_>, step: Step) {
        let timeline = match about {
            About::Ticket(ticket) => self.ticket_mut(ticket).map(|ticket| &mut ticket.timeline),
            About::Customer(customer) => match self.put(customer) {
                Some(customer) => {
                    self.changes.note(Change::Customer(customer));
                    self.touched.symbol(customer);
                    self.surveys.get_mut(&customer)
                }
                None => None,
            },
        };
        if let Some(timeline) = timeline {
            timeline.remove(at, step);
        }
    }

    fn surveyed(&mut self, at: Micros, order: Order, about: About<'_>, step: Step) {
        match about {
            About::Ticket(ticket) => self.step(ticket, at, order, step),
            About::Customer(customer) => {
                if let Some(customer) = self.put(customer) {
                    self.surveys.entry(customer).or_default().insert(at, order, step);
                    self.touched.symbol(customer);
                    self.changes.note(Change::Customer(customer));
                }
            }
        }
    }
}

fn review_of(agent: Option<Symbol>, items: &[ReviewItem<'_>]) -> Review {
    let rated = || items.iter().filter(|item| item.of > 0.0);
    let weight: f64 = rated().map(|item| item.weight).sum();
    let points: f64 = rated().map(|item| item.weight * item.points / item.of).sum();
    let (id, of) = PEC;
    Review {
        agent,
        quality: (weight > 0.0).then(|| 100.0 * points / weight),
        connection: items
            .iter()
            .find(|item| item.id == id && item.of == of)
            .map(|item| item.points),
    }
}
