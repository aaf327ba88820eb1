//! The queues as they should be, in memory and without any cleverness; and a check of what Redis really holds.

use std::collections::{BTreeMap, BTreeSet};

use vorrang_queue::Place;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Leased { expired: bool },
    Held,
    Finished,
}

#[derive(Debug, Clone)]
pub struct Item {
    pub generation: i64,
    pub channel: String,
    pub place: Place,
    pub returns: u32,
    /// Whose silence or lost stream has counted.
    pub once: BTreeSet<String>,
    pub skip: BTreeSet<String>,
    pub parked: bool,
}

impl Item {
    fn new(place: Place) -> Self {
        Self {
            generation: 0,
            channel: String::new(),
            place,
            returns: 0,
            once: BTreeSet::new(),
            skip: BTreeSet::new(),
            parked: false,
        }
    }
}

/// How a return counts towards parking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    Always,
    /// The first time of each agent.
    Once,
    Never,
}

#[derive(Debug, Clone)]
pub struct Holder {
    pub kind: Kind,
    pub generation: i64,
    pub agent: String,
    pub channel: String,
    pub token: String,
}

#[derive(Debug, Default)]
pub struct Model {
    pub items: BTreeMap<String, Item>,
    pub holders: BTreeMap<String, Holder>,
}

/// What a batch does to those who hold something: what, ticket, agent.
pub type Event = (&'static str, String, String);

impl Model {
    pub fn load(&self, agent: &str, channel: &str) -> u32 {
        let mine =
            |holder: &&Holder| holder.agent == agent && holder.channel == channel && holder.kind != Kind::Finished;
        self.holders.values().filter(mine).count() as u32
    }

    fn leased(&self, ticket: &str) -> bool {
        matches!(
            self.holders.get(ticket),
            Some(Holder {
                kind: Kind::Leased { .. },
                ..
            })
        )
    }

    pub fn waiting(&self) -> Vec<(&String, &Item)> {
        let mut waiting: Vec<_> = self
            .items
            .iter()
            .filter(|(ticket, item)| !item.parked && !self.leased(ticket))
            .collect();
        waiting.sort_by_key(|(ticket, item)| (item.place, (*ticket).clone()));
        waiting
    }

    fn end(&mut self, ticket: &str, events: &mut Vec<Event>) {
        if let Some(holder) = self.holders.remove(ticket) {
            match holder.kind {
                Kind::Leased { .. } => events.push(("revoked", ticket.to_owned(), holder.agent)),
                Kind::Held => events.push(("freed", ticket.to_owned(), holder.agent)),
                Kind::Finished => {}
            }
        }
    }

    pub fn wait(&mut self, ticket: &str, generation: i64, channel: &str, place: Place) -> Vec<Event> {
        let mut events = Vec::new();
        if self.items.get(ticket).is_some_and(|item| generation < item.generation) {
            return events;
        }
        if let Some(holder) = self.holders.get(ticket) {
            let older = generation <= holder.generation;
            if older && !self.leased(ticket) {
                return events;
            }
            if !older {
                self.end(ticket, &mut events);
            }
        }
        let same = self.items.remove(ticket).filter(|item| item.generation == generation);
        let item = Item {
            generation,
            channel: channel.to_owned(),
            place,
            ..same.unwrap_or_else(|| Item::new(place))
        };
        self.items.insert(ticket.to_owned(), item);
        events
    }

    pub fn leave(&mut self, ticket: &str, generation: i64, agent: Option<&str>, slot: Option<&str>) -> Vec<Event> {
        let mut events = Vec::new();
        let newer_item = self.items.get(ticket).is_some_and(|item| item.generation > generation);
        let newer_holder = self
            .holders
            .get(ticket)
            .is_some_and(|holder| holder.generation > generation);
        if newer_item || newer_holder {
            return events;
        }
        self.items.remove(ticket);
        match (self.holders.get_mut(ticket), agent) {
            (Some(holder), Some(agent)) if holder.agent == agent => {
                holder.generation = generation;
                if matches!(holder.kind, Kind::Leased { .. }) {
                    holder.kind = Kind::Held;
                    events.push(("assigned", ticket.to_owned(), agent.to_owned()));
                }
                return events;
            }
            _ => self.end(ticket, &mut events),
        }
        if let (Some(agent), Some(channel)) = (agent, slot) {
            self.hold(ticket, generation, agent, channel, "");
        }
        events
    }

    fn hold(&mut self, ticket: &str, generation: i64, agent: &str, channel: &str, token: &str) {
        let holder = Holder {
            kind: Kind::Held,
            generation,
            agent: agent.to_owned(),
            channel: channel.to_owned(),
            token: token.to_owned(),
        };
        self.holders.insert(ticket.to_owned(), holder);
    }

    /// The next contact an agent may have.
    pub fn next(&self, agent: &str, capacities: &[(String, u32)]) -> Option<String> {
        let fits = |item: &Item| {
            !item.skip.contains(agent)
                && capacities
                    .iter()
                    .any(|(channel, max)| *channel == item.channel && self.load(agent, channel) < *max)
        };
        self.waiting()
            .into_iter()
            .find(|(_, item)| fits(item))
            .map(|(ticket, _)| ticket.clone())
    }

    pub fn lease(&mut self, ticket: &str, agent: &str, token: &str, expired: bool) {
        let item = &self.items[ticket];
        let holder = Holder {
            kind: Kind::Leased { expired },
            generation: item.generation,
            agent: agent.to_owned(),
            channel: item.channel.clone(),
            token: token.to_owned(),
        };
        self.holders.insert(ticket.to_owned(), holder);
    }

    pub fn holds_lease(&self, ticket: &str, token: &str) -> bool {
        self.leased(ticket) && self.holders[ticket].token == token
    }

    pub fn extend(&mut self, ticket: &str) {
        if let Some(holder) = self.holders.get_mut(ticket) {
            holder.kind = Kind::Leased { expired: false };
        }
    }

    /// Ends a lease; gives whether the contact is parked now, `None` when it does not wait any more.
    pub fn give_back(&mut self, ticket: &str, counted: Counted, max: u32, passed_over: bool) -> Option<bool> {
        let holder = self.holders.remove(ticket)?;
        let item = self.items.get_mut(ticket)?;
        if counted != Counted::Never {
            if counted == Counted::Always || item.once.insert(holder.agent.clone()) {
                item.returns += 1;
            }
            item.skip.remove(&holder.agent);
            if passed_over {
                item.skip.insert(holder.agent);
            }
        }
        item.parked = item.returns >= max;
        Some(item.parked)
    }

    /// Everything that is parked waits again; gives how many.
    pub fn unpark(&mut self) -> usize {
        let parked = self.items.values_mut().filter(|item| item.parked);
        parked
            .map(|item| {
                (item.parked, item.returns) = (false, 0);
                item.once.clear();
            })
            .count()
    }

    pub fn discard(&mut self, ticket: &str) {
        if let Some(holder) = self.holders.remove(ticket)
            && self
                .items
                .get(ticket)
                .is_some_and(|item| item.generation == holder.generation)
        {
            self.items.remove(ticket);
        }
    }

    /// `None`: stale. Else the agent whose lease was ended, if any.
    pub fn confirm(
        &mut self,
        ticket: &str,
        token: &str,
        agent: &str,
        channel: &str,
        generation: i64,
    ) -> Option<Option<String>> {
        if self
            .holders
            .get(ticket)
            .is_some_and(|holder| holder.generation > generation)
            || self.items.get(ticket).is_some_and(|item| item.generation >= generation)
        {
            return None;
        }
        self.items.remove(ticket);
        if let Some(holder) = self.holders.get_mut(ticket)
            && holder.agent == agent
        {
            if matches!(holder.kind, Kind::Leased { .. }) {
                holder.kind = Kind::Held;
                holder.generation = generation;
            }
            return Some(None);
        }
        let ended = self.leased(ticket).then(|| self.holders[ticket].agent.clone());
        self.hold(ticket, generation, agent, channel, token);
        Some(ended)
    }

    pub fn finish(&mut self, agent: &str, ticket: &str) -> bool {
        match self.holders.get_mut(ticket) {
            Some(holder) if holder.agent == agent && holder.kind == Kind::Held => {
                holder.kind = Kind::Finished;
                true
            }
            _ => false,
        }
    }

    pub fn expired(&self) -> BTreeSet<String> {
        let is_expired = |(_, holder): &(&String, &Holder)| holder.kind == Kind::Leased { expired: true };
        self.holders
            .iter()
            .filter(is_expired)
            .map(|(ticket, _)| ticket.clone())
            .collect()
    }
}

/// What Redis holds, read around the scripts of the library.
#[derive(Debug, PartialEq, Eq)]
pub struct Raw {
    pub waiting: BTreeSet<String>,
    pub leased: BTreeSet<String>,
    pub parked: BTreeSet<String>,
    pub items: BTreeSet<String>,
    pub loads: BTreeMap<String, u32>,
}

/// Counts slots by holder, since holders are packed.
const LOADS_BY_HOLDER: &str = r"
local counts = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 2, #all, 2 do
  local holder = cmsgpack.unpack(all[i])
  if holder[1] ~= 'F' then
    local field = holder[3] .. '\n' .. holder[4]
    counts[field] = (counts[field] or 0) + 1
  end
end
local out = {}
for field, count in pairs(counts) do
  out[#out + 1] = field
  out[#out + 1] = tostring(count)
end
return out";

pub async fn raw(connection: &mut redis::aio::MultiplexedConnection, tenant: &str) -> (Raw, BTreeMap<String, u32>) {
    let key = |name: &str| format!("vorrang:q1:{{{tenant}}}:{name}");
    let lanes: Option<String> = redis::cmd("HGET")
        .arg(key("meta"))
        .arg("lanes")
        .query_async(connection)
        .await
        .expect("reads");
    let mut waiting = BTreeSet::new();
    for lane in lanes.unwrap_or_default().split('\n').filter(|lane| !lane.is_empty()) {
        let members: Vec<String> = redis::cmd("ZRANGE")
            .arg(key(&format!("lane:{lane}")))
            .arg(0)
            .arg(-1)
            .query_async(connection)
            .await
            .expect("reads");
        for member in members {
            assert!(waiting.insert(member[21..].to_owned()), "{member} waits in two lanes");
        }
    }
    let mut members = BTreeMap::new();
    for name in ["leases", "parked"] {
        let found: BTreeSet<String> = redis::cmd("ZRANGE")
            .arg(key(name))
            .arg(0)
            .arg(-1)
            .query_async(connection)
            .await
            .expect("reads");
        members.insert(name, found);
    }
    let raw = Raw {
        waiting,
        leased: members.remove("leases").unwrap_or_default(),
        parked: members.remove("parked").unwrap_or_default(),
        items: redis::cmd("HKEYS")
            .arg(key("items"))
            .query_async(connection)
            .await
            .expect("reads"),
        loads: redis::cmd("HGETALL")
            .arg(key("loads"))
            .query_async(connection)
            .await
            .expect("reads"),
    };
    let by_holder: BTreeMap<String, u32> = redis::Script::new(LOADS_BY_HOLDER)
        .key(key("holders"))
        .invoke_async(connection)
        .await
        .expect("reads");
    (raw, by_holder)
}

/// Every item is in exactly one of waiting, leased and parked, and every slot taken has its holder.
pub async fn assert_consistent(url: &str, tenant: &str) {
    let client = redis::Client::open(url).expect("a URL");
    let mut connection = client.get_multiplexed_async_connection().await.expect("connects");
    let (raw, by_holder) = raw(&mut connection, tenant).await;
    assert_places_disjoint(&raw);
    assert_eq!(raw.loads, by_holder, "slots and holders agree");
}

pub fn assert_places_disjoint(raw: &Raw) {
    assert!(raw.waiting.is_disjoint(&raw.leased), "waiting and leased: {raw:?}");
    assert!(raw.waiting.is_disjoint(&raw.parked), "waiting and parked: {raw:?}");
    assert!(raw.leased.is_disjoint(&raw.parked), "leased and parked: {raw:?}");
    let all: BTreeSet<String> = raw
        .waiting
        .iter()
        .chain(&raw.leased)
        .chain(&raw.parked)
        .cloned()
        .collect();
    assert_eq!(all, raw.items, "every item is somewhere: {raw:?}");
}
