//! Where one contact stands, and how fast its lane moved lately.

use vorrang_error::Error;

use crate::connection::Queue;
use crate::script;

/// Equally urgent contacts of another lane that are looked at one by one.
const EQUALS_MAX: usize = 100;

/// How a ticket stands with the queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It waits to be offered.
    Waiting,
    /// It is offered to an agent.
    Offered,
    /// It came back too often.
    Parked,
    /// It does not wait.
    None,
}

/// An acceptance in a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// When it was, in server milliseconds.
    pub taken_at_ms: i64,
    /// For how long the contact had been the head of its lane, in milliseconds.
    pub headed_ms: i64,
}

/// Where a ticket stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// How.
    pub standing: Standing,
    /// Contacts of its queue that would be offered before it.
    pub before: u64,
    /// The time of the server, in milliseconds.
    pub now_ms: i64,
    /// The last acceptances in its lane, oldest first.
    pub paces: Vec<Pace>,
}

impl Queue {
    /// Where `ticket` stands; `None`: the queues are not complete.
    pub async fn wait(&self, tenant: &str, ticket: &str) -> Result<Option<Wait>, Error> {
        let mut rows = self
            .call(tenant, &script::WAIT, &[], |_| {
                vec![ticket.as_bytes().to_vec(), EQUALS_MAX.to_string().into_bytes()]
            })
            .await?;
        match rows.status() {
            "NOT_READY" => return Ok(None),
            "OK" => {}
            _ => return Err(rows.unexpected("wait")),
        }
        let Some(mut first) = rows.next() else {
            return Err(Error::internal("script wait said nothing"));
        };
        let standing = match first.text(0)?.as_str() {
            "WAITING" => Standing::Waiting,
            "OFFERED" => Standing::Offered,
            "PARKED" => Standing::Parked,
            _ => Standing::None,
        };
        let (before, now_ms) = (first.number(1)?, first.number(2)?);
        let paces = rows.map(|mut row| {
            Ok(Pace {
                taken_at_ms: row.number(0)?,
                headed_ms: row.number(1)?,
            })
        });
        Ok(Some(Wait {
            standing,
            before,
            now_ms,
            paces: paces.collect::<Result<_, Error>>()?,
        }))
    }
}
