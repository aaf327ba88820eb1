//! Between the domain and the generated types of the contracts.

mod event;
mod policy;
mod ticket;

use prost::Message as _;
use vorrang_api::routing::v1 as pb;
use vorrang_api::ticketing::v1 as ticketing;
use vorrang_api::{duration, timestamp};
use vorrang_error::{Error, Violations};
use vorrang_service::etag;

use crate::agent::{Agent, Capacity, Profile};
use crate::contact::Contact;
use crate::decision::Reason;
use crate::names;
use crate::store::Answer;
use crate::words::{Channel, Presence, Priority};

pub(crate) use event::payload;
pub(crate) use policy::{encode_policy, policy, policy_answer, policy_from};
pub(crate) use ticket::{News, abandoned, queued, ticket_news};

/// Most contacts of one channel at once.
const CAPACITY_MAX: i32 = 100;

pub(crate) fn channel(channel: Channel) -> ticketing::Channel {
    match channel {
        Channel::Email => ticketing::Channel::Email,
        Channel::Chat => ticketing::Channel::Chat,
        Channel::Phone => ticketing::Channel::Phone,
        Channel::Social => ticketing::Channel::Social,
        Channel::Sms => ticketing::Channel::Sms,
        Channel::Messaging => ticketing::Channel::Messaging,
        Channel::Web => ticketing::Channel::Web,
        Channel::Api => ticketing::Channel::Api,
    }
}

/// `None` for unspecified and for channels we do not know.
pub(crate) fn channel_from(number: i32) -> Option<Channel> {
    match ticketing::Channel::try_from(number).ok()? {
        ticketing::Channel::Unspecified => None,
        ticketing::Channel::Email => Some(Channel::Email),
        ticketing::Channel::Chat => Some(Channel::Chat),
        ticketing::Channel::Phone => Some(Channel::Phone),
        ticketing::Channel::Social => Some(Channel::Social),
        ticketing::Channel::Sms => Some(Channel::Sms),
        ticketing::Channel::Messaging => Some(Channel::Messaging),
        ticketing::Channel::Web => Some(Channel::Web),
        ticketing::Channel::Api => Some(Channel::Api),
    }
}

/// The channel that a client named.
pub(crate) fn wanted_channel(number: i32, field: String, violations: &mut Violations) -> Option<Channel> {
    let channel = channel_from(number);
    if channel.is_none() {
        violations.add(field, "is not a channel");
    }
    channel
}

pub(crate) fn priority(priority: Priority) -> ticketing::Priority {
    match priority {
        Priority::Low => ticketing::Priority::Low,
        Priority::Normal => ticketing::Priority::Normal,
        Priority::High => ticketing::Priority::High,
        Priority::Urgent => ticketing::Priority::Urgent,
    }
}

/// `None` for unspecified and for priorities we do not know.
pub(crate) fn priority_from(number: i32) -> Option<Priority> {
    match ticketing::Priority::try_from(number).ok()? {
        ticketing::Priority::Unspecified => None,
        ticketing::Priority::Low => Some(Priority::Low),
        ticketing::Priority::Normal => Some(Priority::Normal),
        ticketing::Priority::High => Some(Priority::High),
        ticketing::Priority::Urgent => Some(Priority::Urgent),
    }
}

pub(crate) fn presence(presence: Presence) -> pb::Presence {
    match presence {
        Presence::Available => pb::Presence::Available,
        Presence::Busy => pb::Presence::Busy,
        Presence::Away => pb::Presence::Away,
        Presence::Offline => pb::Presence::Offline,
    }
}

/// The presence that a desktop may ask for: a stream that is there is not offline.
pub(crate) fn wanted_presence(number: i32) -> Option<Presence> {
    match pb::Presence::try_from(number).ok()? {
        pb::Presence::Available => Some(Presence::Available),
        pb::Presence::Busy => Some(Presence::Busy),
        pb::Presence::Away => Some(Presence::Away),
        pb::Presence::Offline | pb::Presence::Unspecified => None,
    }
}

pub(crate) fn reason(reason: Reason) -> pb::rescinded::Reason {
    match reason {
        Reason::Expired => pb::rescinded::Reason::Expired,
        Reason::Taken => pb::rescinded::Reason::Taken,
        Reason::Declined => pb::rescinded::Reason::Declined,
        Reason::Unavailable => pb::rescinded::Reason::Unavailable,
        Reason::Rebuilt => pb::rescinded::Reason::Rebuilt,
    }
}

pub(crate) fn agent(agent: &Agent) -> pb::Agent {
    pb::Agent {
        name: names::agent_name(&agent.id),
        display_name: agent.profile.display_name.clone(),
        team: agent.profile.team.clone(),
        disabled: agent.profile.disabled,
        presence: presence(agent.presence).into(),
        etag: etag(agent.revision),
        created_at: Some(timestamp(agent.created_at)),
    }
}

/// The answer to a change, as it is kept for a repeat.
pub(crate) fn encode_agent(changed: &Agent) -> Vec<u8> {
    agent(changed).encode_to_vec()
}

pub(crate) fn agent_answer(answer: Answer<Agent>) -> Result<pb::Agent, Error> {
    match answer {
        Answer::Fresh(changed) => Ok(agent(&changed)),
        Answer::Repeated(bytes) => repeated(&bytes),
    }
}

pub(crate) fn repeated<M: prost::Message + Default>(bytes: &[u8]) -> Result<M, Error> {
    M::decode(bytes).map_err(|error| Error::internal("a stored answer cannot be decoded").caused_by(error))
}

/// What a client says of an agent.
pub(crate) fn profile(sent: Option<&pb::Agent>, violations: &mut Violations) -> Profile {
    let Some(sent) = sent else {
        violations.add("agent", "must be set");
        return Profile::default();
    };
    let profile = Profile {
        display_name: sent.display_name.trim().to_owned(),
        team: sent.team.trim().to_owned(),
        disabled: sent.disabled,
    };
    profile.check(violations);
    profile
}

pub(crate) fn capacities(sent: &[pb::ChannelCapacity], field: &str, violations: &mut Violations) -> Vec<Capacity> {
    if sent.is_empty() {
        violations.add(field, "must name at least one channel");
    }
    let mut capacities: Vec<Capacity> = Vec::with_capacity(sent.len());
    for (at, one) in sent.iter().enumerate() {
        let channel = wanted_channel(one.channel, format!("{field}[{at}].channel"), violations);
        if !(1..=CAPACITY_MAX).contains(&one.max_concurrent) {
            violations.add(format!("{field}[{at}].max_concurrent"), "must be 1 to 100");
        }
        if channel.is_some_and(|channel| capacities.iter().any(|capacity| capacity.channel == channel)) {
            violations.add(format!("{field}[{at}].channel"), "is named twice");
        }
        if let Some(channel) = channel {
            capacities.push(Capacity {
                channel,
                max: u32::try_from(one.max_concurrent).unwrap_or(0),
            });
        }
    }
    capacities
}

pub(crate) fn capacity(one: &Capacity) -> pb::ChannelCapacity {
    pb::ChannelCapacity {
        channel: channel(one.channel).into(),
        max_concurrent: i32::try_from(one.max).unwrap_or(CAPACITY_MAX),
    }
}

pub(crate) fn contact(contact: &Contact) -> pb::QueuedContact {
    pb::QueuedContact {
        ticket: names::ticket_name(&contact.ticket),
        ticket_number: contact.number,
        queue: contact.queue.clone(),
        channel: channel(contact.channel).into(),
        tier: contact.tier.clone(),
        priority: priority(contact.priority).into(),
        class: contact.class.clone(),
        class_rank: contact.rank.into(),
        due_at: Some(timestamp(contact.due_at)),
        queue_entered_at: Some(timestamp(contact.queue_entered_at)),
        generation: contact.generation,
        subject: contact.subject.clone(),
    }
}

/// The contact as it is kept in the queue.
pub(crate) fn stored_contact(data: &[u8]) -> Result<Contact, Error> {
    serde_json::from_slice(data).map_err(|error| Error::internal("a queued contact cannot be read").caused_by(error))
}

/// Milliseconds as protobuf writes a length of time.
pub(crate) fn millis(millis: u64) -> prost_types::Duration {
    duration(chrono::TimeDelta::milliseconds(
        i64::try_from(millis).unwrap_or(i64::MAX / 1_000_000),
    ))
}
