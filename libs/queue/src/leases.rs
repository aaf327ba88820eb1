//! The life of a lease: extended, released, expired.

use vorrang_error::Error;

use crate::connection::Queue;
use crate::reply::Row;
use crate::script;

/// Names a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseRef {
    /// The ticket's id.
    pub ticket: String,
    /// The token it was claimed with.
    pub token: String,
}

/// Why a lease is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseKind {
    /// The agent declined: counts, and the agent is passed over for a while.
    Counted,
    /// The agent's stream was lost: as `Counted`, but each agent's lost streams and silence count only once.
    Lost,
    /// Not the contact's fault (we stop, the agent went on a break): does not count.
    Uncounted,
    /// Ticketing refused the generation: it must not be offered again. The feed brings what is true.
    Discard,
}

/// What happens to contacts that come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returns {
    /// After this many returns a contact is parked. At least 1.
    pub max: u32,
    /// For how long it is not offered to the same agent again, in milliseconds.
    pub cooldown_ms: u64,
}

/// Where a contact went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Back to its old place in its lane.
    Requeued,
    /// Parked: it came back too often. [`Queue::stats`] shows it; time ([`Queue::expire`]) or a newer generation sets it free.
    Parked,
    /// Nowhere: the feed will say.
    Discarded,
    /// The lease was no longer the caller's; nothing was changed.
    Gone,
}

/// What a sweep found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Swept {
    /// As many of either as the limit means that there may be more.
    Done {
        /// The leases that were ended.
        expired: Vec<Expired>,
        /// How many parked contacts wait again.
        unparked: usize,
    },
    /// The queues are not complete: rebuild.
    NotReady,
}

/// A lease that ran out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// Where the contact went.
    pub outcome: Outcome,
    /// Which lease.
    pub lease: LeaseRef,
    /// Whose it was.
    pub agent: String,
}

impl Queue {
    /// Extends leases by `lease_ms` from now. For each: how long it holds now, or `None` when it is no longer the caller's.
    pub async fn extend(&self, tenant: &str, lease_ms: u64, leases: &[LeaseRef]) -> Result<Vec<Option<u64>>, Error> {
        self.extend_all(tenant, lease_ms, leases.iter().map(|lease| (lease, None)))
            .await
    }

    /// As [`Queue::extend`], but each lease at most until so many milliseconds after its claim; what is over by then holds for 0 ms.
    pub async fn extend_within(
        &self,
        tenant: &str,
        lease_ms: u64,
        leases: &[(LeaseRef, u64)],
    ) -> Result<Vec<Option<u64>>, Error> {
        let leases = leases.iter().map(|(lease, most_ms)| (lease, Some(*most_ms)));
        self.extend_all(tenant, lease_ms, leases).await
    }

    async fn extend_all(
        &self,
        tenant: &str,
        lease_ms: u64,
        leases: impl Iterator<Item = (&LeaseRef, Option<u64>)> + Clone,
    ) -> Result<Vec<Option<u64>>, Error> {
        let rows = self
            .call(tenant, &script::EXTEND, &[], |_| {
                let mut arguments = vec![lease_ms.to_string().into_bytes()];
                for (lease, most_ms) in leases.clone() {
                    arguments.push(lease.ticket.clone().into_bytes());
                    arguments.push(lease.token.clone().into_bytes());
                    arguments.push(most_ms.map(|ms| ms.to_string()).unwrap_or_default().into_bytes());
                }
                arguments
            })
            .await?;
        let now: u64 = rows.head().number(1)?;
        rows.map(|mut row| {
            let expires: u64 = row.number(0)?;
            Ok((expires > 0).then(|| expires.saturating_sub(now)))
        })
        .collect()
    }

    /// Ends leases before their time; the contacts keep their age. Repeating it answers [`Outcome::Gone`].
    pub async fn release(
        &self,
        tenant: &str,
        kind: ReleaseKind,
        returns: Returns,
        leases: &[LeaseRef],
    ) -> Result<Vec<Outcome>, Error> {
        let how = match kind {
            ReleaseKind::Counted => "counted",
            ReleaseKind::Lost => "once",
            ReleaseKind::Uncounted => "uncounted",
            ReleaseKind::Discard => "discard",
        };
        let rows = self
            .call(tenant, &script::RELEASE, &[], |_| {
                let head = vec![how.to_owned(), returns.max.to_string(), returns.cooldown_ms.to_string()];
                with_leases(head, leases)
            })
            .await?;
        rows.map(|mut row| read_outcome(&row.text(0)?)).collect()
    }

    /// Ends at most `limit` leases that have run out, and lets at most `limit` contacts that are parked for `parked_ms` wait again, in
    /// their old places, as if they had never come back. Any number of processes may sweep: each lease ends once. An agent's silence
    /// counts as [`ReleaseKind::Lost`] does.
    pub async fn expire(&self, tenant: &str, limit: usize, returns: Returns, parked_ms: u64) -> Result<Swept, Error> {
        let rows = self
            .call(tenant, &script::EXPIRE, &[], |_| {
                [limit as u64, u64::from(returns.max), returns.cooldown_ms, parked_ms]
                    .map(|number| number.to_string().into_bytes())
                    .to_vec()
            })
            .await?;
        match rows.status() {
            "NOT_READY" => Ok(Swept::NotReady),
            "OK" => Ok(Swept::Done {
                unparked: rows.head().number(1)?,
                expired: rows.map(read_expired).collect::<Result<_, _>>()?,
            }),
            _ => Err(rows.unexpected("expire")),
        }
    }
}

pub(crate) fn read_expired(mut row: Row) -> Result<Expired, Error> {
    Ok(Expired {
        outcome: read_outcome(&row.text(0)?)?,
        lease: LeaseRef {
            ticket: row.text(1)?,
            token: row.text(2)?,
        },
        agent: row.text(3)?,
    })
}

fn with_leases(mut head: Vec<String>, leases: &[LeaseRef]) -> Vec<Vec<u8>> {
    for lease in leases {
        head.push(lease.ticket.clone());
        head.push(lease.token.clone());
    }
    head.into_iter().map(String::into_bytes).collect()
}

fn read_outcome(word: &str) -> Result<Outcome, Error> {
    match word {
        "REQUEUED" => Ok(Outcome::Requeued),
        "PARKED" => Ok(Outcome::Parked),
        "DISCARDED" => Ok(Outcome::Discarded),
        "GONE" => Ok(Outcome::Gone),
        other => Err(Error::internal(format!("a script returned the outcome {other:?}"))),
    }
}
