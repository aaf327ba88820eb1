//! Offers: the most urgent contacts an agent may take now.

use vorrang_error::Error;

use crate::connection::Queue;
use crate::keys;
use crate::lane::{Lane, Place};
use crate::reply::Row;
use crate::script;

/// Most contacts that one call passes over because the agent let them go lately.
const PASSES_MAX: usize = 50;

/// Who asks for contacts, and what they can take.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// The agent.
    pub agent: &'a str,
    /// The queues they serve.
    pub queues: &'a [String],
    /// How many contacts at once of each channel, offered and held ones together.
    pub capacities: &'a [(String, u32)],
    /// How long an offer is held, in milliseconds.
    pub lease_ms: u64,
    /// One token for each contact that may be taken; each must be new.
    pub tokens: &'a [String],
}

/// What there was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The offers, the most urgent first; empty when nothing waits for this agent or they are full.
    Offers(Vec<Offer>),
    /// The queues are not complete: rebuild.
    NotReady,
}

/// A contact leased to an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Names the lease.
    pub token: String,
    /// The ticket's id.
    pub ticket: String,
    /// The generation that ticketing must still find.
    pub generation: i64,
    /// Where it waited.
    pub lane: Lane,
    /// Its place in the order.
    pub place: Place,
    /// How often it came back in this generation.
    pub returns: u32,
    /// How long from now the lease holds, in milliseconds by the server's clock.
    pub lease_ms: u64,
    /// W3C traceparent of what brought it in; may be empty.
    pub trace: String,
    /// The owner's description.
    pub data: Vec<u8>,
}

impl Queue {
    /// Leases the most urgent contacts over the agent's lanes, taking a slot for each. Cost grows with lanes and contacts taken,
    /// not with what waits. A lost reply leaves leases that nobody knows of; they end by themselves.
    pub async fn claim(&self, tenant: &str, claim: &Claim<'_>) -> Result<Claimed, Error> {
        let rows = self
            .call(tenant, &script::CLAIM, &[], |known| arguments(claim, known))
            .await?;
        match rows.status() {
            "NOT_READY" => Ok(Claimed::NotReady),
            "OK" => rows.map(read_offer).collect::<Result<_, _>>().map(Claimed::Offers),
            _ => Err(rows.unexpected("claim")),
        }
    }
}

fn arguments(claim: &Claim<'_>, known: &str) -> Vec<Vec<u8>> {
    let lanes: Vec<Lane> = keys::lanes(known)
        .filter(|lane| claim.queues.iter().any(|queue| queue == lane.queue()))
        .filter(|lane| claim.capacities.iter().any(|(channel, _)| channel == lane.channel()))
        .collect();
    let mut out = vec![
        claim.agent.to_owned(),
        claim.lease_ms.to_string(),
        claim.tokens.len().to_string(),
        PASSES_MAX.to_string(),
        lanes.len().to_string(),
    ];
    for lane in &lanes {
        out.push(lane.name().to_owned());
        out.push(lane.channel().to_owned());
    }
    out.push(claim.capacities.len().to_string());
    for (channel, capacity) in claim.capacities {
        out.push(channel.clone());
        out.push(capacity.to_string());
    }
    out.extend(claim.tokens.iter().cloned());
    out.into_iter().map(String::into_bytes).collect()
}

fn read_offer(mut row: Row) -> Result<Offer, Error> {
    let (score, member) = (row.text(4)?, row.text(5)?);
    let (expires, now): (u64, u64) = (row.number(7)?, row.number(8)?);
    Ok(Offer {
        token: row.text(0)?,
        ticket: row.text(1)?,
        generation: row.number(2)?,
        lane: Lane::from_name(&row.text(3)?),
        place: read_place(&score, &member)?,
        returns: row.number(6)?,
        lease_ms: expires.saturating_sub(now),
        trace: row.text(9)?,
        data: row.bytes(10)?,
    })
}

pub(crate) fn read_place(score: &str, member: &str) -> Result<Place, Error> {
    Place::read(score, member).ok_or_else(|| {
        Error::internal(format!(
            "a lane holds score {score:?} and member {member:?}, which is no place"
        ))
    })
}
