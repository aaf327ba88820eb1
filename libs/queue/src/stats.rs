//! What waits, for people to see: counts, what comes next, what is parked.

use vorrang_error::Error;

use crate::claim::read_place;
use crate::connection::Queue;
use crate::keys;
use crate::lane::{self, Lane, Place};
use crate::reply::Row;
use crate::script;

/// Counts of a tenant's queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Whether the queues are complete; while they are rebuilt, the counts are too low.
    pub complete: bool,
    /// Offered and not yet accepted.
    pub offered: u64,
    /// Parked altogether.
    pub parked: u64,
    /// Every lane that ever had anything, sorted.
    pub lanes: Vec<LaneCounts>,
    /// The contacts parked first, at most as many as asked for.
    pub parked_contacts: Vec<Stored>,
}

/// Counts of one lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneCounts {
    /// The lane.
    pub lane: Lane,
    /// How many wait.
    pub waiting: u64,
    /// Arrival of the one that is next, in unix microseconds.
    pub head_arrival_us: Option<i64>,
    /// How many wait in each class, class 0 first.
    pub by_class: Vec<u64>,
}

/// A contact as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The ticket's id.
    pub ticket: String,
    /// Its generation.
    pub generation: i64,
    /// Its lane.
    pub lane: Lane,
    /// Its place in the order.
    pub place: Place,
    /// How often it came back in this generation.
    pub returns: u32,
    /// W3C traceparent of what brought it in; may be empty.
    pub trace: String,
    /// The owner's description.
    pub data: Vec<u8>,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peeked {
    /// In the order in which it would be offered.
    Contacts(Vec<Stored>),
    /// The queues are not complete.
    NotReady,
}

impl Queue {
    /// Counts what waits in the first `classes` classes, and shows at most `parked_max` parked contacts.
    pub async fn stats(&self, tenant: &str, classes: u8, parked_max: usize) -> Result<Counts, Error> {
        let rows = self
            .call(tenant, &script::STATS, &[], |_| {
                vec![classes.to_string().into_bytes(), parked_max.to_string().into_bytes()]
            })
            .await?;
        let mut head = rows.head();
        let mut counts = Counts {
            complete: rows.status() == "OK",
            offered: head.number(1)?,
            parked: head.number(2)?,
            lanes: Vec::new(),
            parked_contacts: Vec::new(),
        };
        for mut row in rows {
            match row.text(0)?.as_str() {
                "LANE" => counts.lanes.push(LaneCounts {
                    lane: Lane::from_name(&row.text(1)?),
                    waiting: row.number(2)?,
                    head_arrival_us: lane::arrival(&row.text(3)?),
                    by_class: (4..row.len()).map(|at| row.number(at)).collect::<Result<_, _>>()?,
                }),
                _ => counts.parked_contacts.push(read_stored(&mut row, 1)?),
            }
        }
        counts.lanes.sort_by(|a, b| a.lane.cmp(&b.lane));
        Ok(counts)
    }

    /// Shows at most `limit` contacts of a queue that would be offered next, over `channels` (empty: all).
    pub async fn peek(&self, tenant: &str, queue: &str, channels: &[String], limit: usize) -> Result<Peeked, Error> {
        let rows = self
            .call(tenant, &script::PEEK, &[], |known| {
                let lanes = keys::lanes(known)
                    .filter(|lane| lane.queue() == queue)
                    .filter(|lane| channels.is_empty() || channels.iter().any(|channel| channel == lane.channel()));
                std::iter::once(limit.to_string())
                    .chain(lanes.map(|lane| lane.name().to_owned()))
                    .map(String::into_bytes)
                    .collect()
            })
            .await?;
        match rows.status() {
            "NOT_READY" => Ok(Peeked::NotReady),
            "OK" => rows
                .map(|mut row| read_stored(&mut row, 0))
                .collect::<Result<_, _>>()
                .map(Peeked::Contacts),
            _ => Err(rows.unexpected("peek")),
        }
    }
}

fn read_stored(row: &mut Row, at: usize) -> Result<Stored, Error> {
    let (score, member) = (row.text(at + 3)?, row.text(at + 4)?);
    Ok(Stored {
        ticket: row.text(at)?,
        generation: row.number(at + 1)?,
        lane: Lane::from_name(&row.text(at + 2)?),
        place: read_place(&score, &member)?,
        returns: row.number(at + 5)?,
        trace: row.text(at + 6)?,
        data: row.bytes(at + 7)?,
    })
}
