//! A customer's chains of related contacts over all channels (D39, D40). Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::buckets::Micros;
use crate::facts::{Order, Symbol, TicketIndex};
use crate::rows::{Contact, TicketRows};
use crate::view::View;

const DAY: Micros = 24 * 3_600 * 1_000_000;
/// How long after the last contact nothing more is expected.
const WINDOW: Micros = 7 * DAY;
/// The same after an e-mail.
const EMAIL_WINDOW: Micros = 5 * DAY;
const EMAIL: &str = "email";

/// A chain of related contacts of one customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// The ticket of its first contact.
    pub ticket: TicketIndex,
    /// Its first contact.
    pub first: Contact,
    /// How many contacts there are.
    pub contacts: u32,
    /// Consecutive contacts on different channels.
    pub switches: u32,
    /// Transfers of its tickets from the first contact to the close, or to now.
    pub transfers: u32,
    /// When it closed, and whether every ticket was solved then; None: it is open.
    pub closed: Option<(Micros, bool)>,
    /// Its tickets, those merged into others as what they are merged into.
    pub tickets: Vec<TicketIndex>,
    /// The channels of its contacts in order, several in a row once.
    pub path: Vec<Option<Symbol>>,
}

/// All episodes as of the moment of `view`, by their first contact.
pub fn all(view: &View<'_>) -> Vec<Episode> {
    let mut tickets: BTreeMap<Symbol, Vec<&TicketRows>> = BTreeMap::new();
    for ticket in view.contacts().filter(|ticket| !ticket.contacts.is_empty()) {
        if let Some(customer) = ticket.base.customer {
            let survivor = view.moment().survivor(customer, Micros::MAX);
            tickets.entry(survivor).or_default().push(ticket);
        }
    }
    let mut found: Vec<Episode> = tickets
        .into_values()
        .flat_map(|tickets| of_customer(view, &tickets))
        .collect();
    found.sort_by_key(|episode| (episode.first.at, episode.first.order));
    found
}

/// Linked tickets, each pair in both directions.
type Links = HashSet<(TicketIndex, TicketIndex)>;

/// An episode that goes on.
#[derive(Default)]
struct Alive<'a> {
    /// By time.
    contacts: Vec<(&'a TicketRows, Contact)>,
    tickets: BTreeSet<TicketIndex>,
    /// Of its contacts: what else belongs to it.
    intents: BTreeSet<Symbol>,
    tags: BTreeSet<Symbol>,
    /// When it will close, if nothing happens.
    ends_at: Option<Micros>,
}

enum What<'a> {
    Contact(&'a TicketRows, Contact),
    Changed {
        ticket: TicketIndex,
        over: bool,
        solved: bool,
    },
}

#[derive(Default)]
struct Reader<'a> {
    email: Option<Symbol>,
    /// Over and solved, by ticket.
    lives: HashMap<TicketIndex, (bool, bool)>,
    alive: Vec<Alive<'a>>,
    closed: Vec<(Alive<'a>, Option<(Micros, bool)>)>,
}

fn of_customer(view: &View<'_>, tickets: &[&TicketRows]) -> Vec<Episode> {
    let mut happened: Vec<(Micros, Order, What<'_>)> = Vec::new();
    let mut roots: Vec<TicketIndex> = tickets.iter().map(|ticket| ticket.root).collect();
    roots.sort_unstable();
    roots.dedup();
    for root in roots.iter().copied() {
        for change in view.row(root).map_or(&[][..], |root| &root.life.turns) {
            let (over, solved) = (change.over, change.solved);
            let what = What::Changed {
                ticket: root,
                over,
                solved,
            };
            happened.push((change.at, change.order, what));
        }
    }
    for ticket in tickets {
        for contact in &ticket.contacts {
            happened.push((contact.at, contact.order, What::Contact(ticket, *contact)));
        }
    }
    happened.sort_by_key(|(at, order, _)| (*at, *order));
    let links = links(view, &roots);
    let mut reader = Reader {
        email: view.facts().strings().find(EMAIL),
        ..Reader::default()
    };
    for (at, _, what) in happened {
        reader.close(|ends_at| ends_at < at);
        match what {
            What::Contact(ticket, contact) => reader.contact(ticket, contact, &links),
            What::Changed { ticket, over, solved } => reader.change(at, ticket, over, solved),
        }
    }
    let as_of = view.as_of();
    reader.close(|ends_at| ends_at <= as_of);
    let open = reader.alive.into_iter().map(|alive| (alive, None));
    reader
        .closed
        .into_iter()
        .chain(open)
        .filter_map(|(alive, closed)| finish(view, alive, closed))
        .collect()
}

/// Pairs of linked tickets, those merged into others as what they are merged into. `roots` are the tickets that contacts belong to; a
/// link may have been told of any ticket merged into one of them, or of one that has no contact of its own.
fn links(view: &View<'_>, roots: &[TicketIndex]) -> Links {
    let mut found = Links::new();
    for root in roots {
        let sources = view.moment().sources(*root).iter();
        for ticket in std::iter::once(root)
            .chain(sources)
            .filter_map(|index| view.row(*index))
        {
            for to in &ticket.linked {
                let to = view.moment().root(*to);
                found.insert((*root, to));
                found.insert((to, *root));
            }
        }
    }
    found
}

impl<'a> Reader<'a> {
    fn close(&mut self, is_over: impl Fn(Micros) -> bool) {
        let (over, alive): (Vec<_>, Vec<_>) = std::mem::take(&mut self.alive)
            .into_iter()
            .partition(|episode| episode.ends_at.is_some_and(&is_over));
        self.alive = alive;
        for episode in over {
            let solved = episode.tickets.iter().all(|ticket| self.life(*ticket).1);
            let closed = episode.ends_at.map(|at| (at, solved));
            self.closed.push((episode, closed));
        }
    }

    fn life(&self, ticket: TicketIndex) -> (bool, bool) {
        self.lives.get(&ticket).copied().unwrap_or_default()
    }

    fn contact(&mut self, ticket: &'a TicketRows, contact: Contact, links: &Links) {
        let (related, mut others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.alive)
            .into_iter()
            .partition(|episode| episode.fits(ticket, links));
        let mut one = Alive::default();
        let several = related.len() > 1;
        // If it fits several, they become one.
        for episode in related {
            if one.contacts.is_empty() {
                one = episode;
                continue;
            }
            one.contacts.extend(episode.contacts);
            one.tickets.extend(episode.tickets);
            one.intents.extend(episode.intents);
            one.tags.extend(episode.tags);
        }
        if several {
            one.contacts.sort_by_key(|(_, contact)| (contact.at, contact.order));
        }
        // Contacts come by time: this one is the last.
        one.contacts.push((ticket, contact));
        one.tickets.insert(ticket.root);
        one.intents.extend(ticket.base.intent);
        one.tags.extend(ticket.base.tags.iter());
        // The last contact has been made: the window begins now, or when all is solved.
        let over = one.tickets.iter().all(|ticket| self.life(*ticket).0);
        one.ends_at = over.then(|| contact.at.saturating_add(self.window(&one)));
        others.push(one);
        self.alive = others;
    }

    fn change(&mut self, at: Micros, ticket: TicketIndex, over: bool, solved: bool) {
        self.lives.insert(ticket, (over, solved));
        let mut alive = std::mem::take(&mut self.alive);
        for episode in alive.iter_mut().filter(|episode| episode.tickets.contains(&ticket)) {
            let over = episode.tickets.iter().all(|ticket| self.life(*ticket).0);
            episode.ends_at = match (over, episode.ends_at) {
                (false, _) => None,
                (true, Some(running)) => Some(running),
                (true, None) => Some(at.saturating_add(self.window(episode))),
            };
        }
        self.alive = alive;
    }

    fn window(&self, episode: &Alive<'_>) -> Micros {
        let last = episode.contacts.last().and_then(|(_, contact)| contact.channel);
        if last.is_some() && last == self.email {
            EMAIL_WINDOW
        } else {
            WINDOW
        }
    }
}

impl Alive<'_> {
    fn fits(&self, ticket: &TicketRows, links: &Links) -> bool {
        let linked = |other: TicketIndex| links.contains(&(ticket.root, other));
        let same_intent = || ticket.base.intent.is_some_and(|intent| self.intents.contains(&intent));
        let common_tag = || ticket.base.tags.iter().any(|tag| self.tags.contains(tag));
        self.tickets.contains(&ticket.root)
            || same_intent()
            || common_tag()
            || (!links.is_empty() && self.tickets.iter().any(|other| linked(*other)))
    }
}

fn finish(view: &View<'_>, episode: Alive<'_>, closed: Option<(Micros, bool)>) -> Option<Episode> {
    let (ticket, first) = *episode.contacts.first()?;
    let until = closed.map_or(Micros::MAX, |(at, _)| at);
    let transfers = episode.tickets.iter().filter_map(|ticket| view.row(*ticket));
    let transfers = transfers
        .flat_map(|ticket| &ticket.transfers)
        .filter(|at| (first.at..=until).contains(*at));
    let pairs = episode.contacts.windows(2);
    let switches = pairs.filter(|pair| matches!(pair, [(_, a), (_, b)] if a.channel != b.channel));
    let mut path: Vec<Option<Symbol>> = episode.contacts.iter().map(|(_, contact)| contact.channel).collect();
    path.dedup();
    let count = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
    Some(Episode {
        ticket: ticket.index,
        first,
        contacts: count(episode.contacts.len()),
        switches: count(switches.count()),
        transfers: count(transfers.count()),
        closed,
        tickets: episode.tickets.into_iter().collect(),
        path,
    })
}
