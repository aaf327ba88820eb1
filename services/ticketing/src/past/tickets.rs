//! What the lines of a past make of tickets.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_history::{self as history, Line, What};
use vorrang_service::Ids;

use super::{BY_IMPORT, Became, Imported, Past, Solve, words};
use crate::customer::tier;
use crate::message::Draft;
use crate::state::State;
use crate::ticket::link::{LINKS_MAX, Link, LinkKind};
use crate::ticket::{Fields, Opening, QUEUE_DEFAULT, Ticket};
use crate::words::{Actor, ActorKind, Disposition, Visibility};

impl Past {
    pub(super) fn open(&mut self, line: &Line, customer: Uuid, ids: &Ids) -> Uuid {
        let What::TicketOpened {
            ticket,
            channel,
            subject,
            priority,
            tags,
            intent,
            queue,
            opened_by,
            ..
        } = &line.what
        else {
            return customer;
        };
        let id = ids.next(self.now);
        self.last_number += 1;
        let whose = self.customers.get(&customer);
        let opening = Opening {
            id,
            number: self.last_number,
            customer,
            tier: whose
                .map_or(tier::TIER_STANDARD, |one| one.tier_at(line.at).tier)
                .to_owned(),
            organization: whose.and_then(|one| Some(one.organization.as_ref()?.organization)),
            channel: words::channel(channel),
            follow_up_of: None,
            split_from: None,
            automated: *opened_by == Some(history::ActorKind::Automation),
            opened_at: Some(line.at),
            fields: Fields {
                subject: words::cut(subject.as_deref().unwrap_or_default(), words::SUBJECT_MAX),
                priority: words::priority(*priority),
                queue: queue.as_deref().map_or(QUEUE_DEFAULT.to_owned(), words::slug),
                tags: words::tags(tags),
                intent: words::word(intent.as_deref().unwrap_or_default()),
                language: String::new(),
                due_at: None,
                followers: Vec::new(),
                custom_fields: Default::default(),
            },
        };
        let mut opened = Ticket::open(opening, self.now);
        opened.queue_entered_at = None;
        opened.external_id = Some(words::external(&self.source, ticket));
        opened.updated_at = opened.opened_at;
        opened.past = Some(Imported {
            revision: opened.revision,
            ..Imported::default()
        });
        self.numbers.insert(ticket.clone(), id);
        self.tickets.insert(id, opened);
        self.new.push((id, customer));
        self.changed.insert(id);
        id
    }

    /// A ticket for a change that is the past's to make: nobody has worked on it since its last import.
    fn untouched(&mut self, id: Uuid, at: DateTime<Utc>) -> Option<&mut Ticket> {
        let now = self.now;
        let ticket = self.tickets.get_mut(&id)?;
        let past = ticket.past.as_mut().filter(|past| past.revision == ticket.revision)?;
        if self.changed.insert(id) {
            ticket.revision += 1;
            past.revision = ticket.revision;
        }
        // It is as old as what was last done to it, so that rules that count from there count from there.
        ticket.updated_at = ticket.updated_at.max(at.min(now));
        Some(ticket)
    }

    /// The same for what only the newest line decides; `which` says when the newest so far was.
    pub(super) fn newer(
        &mut self,
        id: Uuid,
        at: DateTime<Utc>,
        which: impl Fn(&mut Imported) -> &mut Option<DateTime<Utc>>,
    ) -> Option<&mut Ticket> {
        let newest = which(self.tickets.get_mut(&id)?.past.as_mut()?);
        if newest.is_some_and(|newest| at < newest) {
            return None;
        }
        let before = newest.replace(at);
        if self.untouched(id, at).is_none() {
            *which(self.tickets.get_mut(&id)?.past.as_mut()?) = before;
            return None;
        }
        self.tickets.get_mut(&id)
    }

    pub(super) fn write(&mut self, id: Uuid, line: &Line, ids: &Ids) -> Option<Uuid> {
        let What::Message {
            actor,
            visibility,
            body,
            channel,
            ..
        } = &line.what
        else {
            return None;
        };
        let author = self.actor(actor, id);
        let public = *visibility == history::Visibility::Public;
        let draft = Draft {
            visibility: if public {
                Visibility::Public
            } else {
                Visibility::Internal
            },
            text: words::cut(body.as_deref().unwrap_or_default(), crate::message::TEXT_BYTES_MAX / 4),
            quoted_text: String::new(),
            channel: channel.as_deref().map(words::channel),
            attachments: Vec::new(),
            occurred_at: Some(line.at),
            external_id: String::new(),
            automated: author.kind == ActorKind::Automation,
            from_macro: None,
            failed_recipients: Vec::new(),
            actor: author,
        };
        let (now, replied) = (self.now, draft.is_reply());
        // In a conversation that goes on here it would be the newest message: it is in the log only.
        let ticket = self.untouched(id, line.at)?;
        if draft.actor.kind == ActorKind::Customer {
            ticket.contacted_at = Some(ticket.contacted_at.map_or(line.at, |at| at.min(line.at)));
        } else if replied && ticket.contacted_at.is_some_and(|at| at <= line.at) {
            ticket.first_replied_at = Some(ticket.first_replied_at.map_or(line.at, |at| at.min(line.at)));
        }
        let message = ids.next(now);
        ticket.message_count += 1;
        ticket.last_position += 1;
        ticket.last_message = Some(message);
        let (position, channel) = (ticket.last_position, ticket.channel);
        self.messages.push(draft.place(message, id, position, channel, now));
        Some(message)
    }

    /// Who did something, by the names that they have here.
    pub fn actor(&self, actor: &history::Actor, ticket: Uuid) -> Actor {
        let kind = words::actor_kind(actor.kind);
        let id = match (kind, actor.id.as_deref()) {
            (ActorKind::Customer, id) => {
                let named = id.and_then(|id| words::identity(&self.source, id));
                let named = named.and_then(|one| self.owners.get(&one.key()).copied());
                let own = self.tickets.get(&ticket).map(|ticket| ticket.customer);
                named.or(own).map(crate::names::customer).unwrap_or_default()
            }
            (ActorKind::Agent, Some(id)) => words::agent(id),
            (ActorKind::Agent, None) => String::new(),
            (ActorKind::Automation, id) => words::word(id.unwrap_or(BY_IMPORT)),
        };
        Actor { kind, id }
    }

    pub(super) fn become_status(&mut self, id: Uuid, status: history::Status, at: DateTime<Utc>, ids: &Ids) {
        let now = self.now;
        let Some(ticket) = self.newer(id, at, |past| &mut past.status_at) else {
            return;
        };
        let state = match words::status(status) {
            Ok(state) => state,
            Err(disposition) => {
                ticket.disposition = disposition;
                return;
            }
        };
        ticket.disposition = Disposition::Normal;
        let mut solve = None;
        match state {
            State::Solved if ticket.solved_at.is_none() => {
                ticket.solve_count += 1;
                ticket.solved_at = Some(at);
                solve = Some((ticket.solve_count, ticket.assignee.clone()));
            }
            State::Open | State::Pending | State::OnHold => ticket.solved_at = None,
            State::New | State::Solved | State::Closed => {}
        }
        ticket.state = state;
        self.states.push(Became {
            id: ids.next(now),
            ticket: id,
            state,
            at,
        });
        self.solves.extend(solve.map(|(number, agent)| Solve {
            ticket: id,
            number,
            agent,
            at,
        }));
    }

    pub(super) fn merge(
        &mut self,
        ticket: Option<Uuid>,
        into: Option<Uuid>,
        named: Option<&String>,
        at: DateTime<Utc>,
    ) {
        let Some(id) = ticket else { return };
        // Longer chains and larger conversations than ours may be are in the log only.
        let fits = into.is_none_or(|into| self.merges.may_join(id, into));
        if let Some(ticket) = self.newer(id, at, |past| &mut past.merged_at)
            && fits
        {
            ticket.merged_into = into;
            self.merges.join(id, into);
        }
        if let Some(past) = self.tickets.get_mut(&id).and_then(|ticket| ticket.past.as_mut()) {
            past.merged_into = named.cloned();
            self.changed.insert(id);
        }
    }

    pub(super) fn link(&mut self, from: Option<Uuid>, to: Option<Uuid>, at: DateTime<Utc>) {
        let (Some(id), Some(to)) = (from, to) else { return };
        let Some(ticket) = self.untouched(id, at) else {
            return;
        };
        let there = ticket.linked(LinkKind::RelatesTo).any(|other| other == to);
        if id == to || there || ticket.links.len() >= LINKS_MAX {
            return;
        }
        ticket.links.push(Link {
            kind: LinkKind::RelatesTo,
            ticket: to,
            at,
        });
    }
}
