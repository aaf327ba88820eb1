//! Rebuilding a tenant's queues from ticketing's list: begin, load pages, end. Only one process does it at a time.

use vorrang_error::Error;

use crate::BATCH_MAX;
use crate::apply::Operation;
use crate::connection::Queue;
use crate::script;

/// The right to rebuild lapses when no page comes for this long: the rebuilder has died.
const RIGHT_MS: u64 = 10_000;

/// Where a tenant's queues stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The mark of the rebuild that made them; `None`: they are not complete.
    pub complete: Option<String>,
    /// Position in the feed up to which they reflect it.
    pub seq: i64,
    /// Cursor of that position; empty before the first event.
    pub cursor: String,
}

/// Whether a rebuild may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// The queues are empty now and the caller must fill them.
    Yours,
    /// Somebody else rebuilds; their right lapses in this many milliseconds at the latest unless they go on.
    Busy(u64),
    /// Somebody else has rebuilt them already.
    Complete,
}

impl Queue {
    /// Reads where a tenant's queues stand.
    pub async fn state(&self, tenant: &str) -> Result<State, Error> {
        let mut fields = self.meta(tenant, &["complete", "seq", "cursor"]).await?.into_iter();
        let mut next = || fields.next().flatten();
        let complete = next();
        let seq = next().and_then(|text| text.parse().ok()).unwrap_or(0);
        Ok(State {
            complete,
            seq,
            cursor: next().unwrap_or_default(),
        })
    }

    /// Takes the right to rebuild and empties the queues. `token` must be new. `found` is the [`State::complete`] that the caller
    /// found wrong: when another mark stands there by now, somebody else was faster and nothing is touched.
    pub async fn begin_rebuild(&self, tenant: &str, token: &str, found: Option<&str>) -> Result<Begin, Error> {
        let rows = self
            .call(tenant, &script::REBUILD_BEGIN, &[], |_| {
                vec![
                    token.as_bytes().to_vec(),
                    RIGHT_MS.to_string().into_bytes(),
                    found.unwrap_or_default().as_bytes().to_vec(),
                ]
            })
            .await?;
        match rows.status() {
            "OK" => Ok(Begin::Yours),
            "BUSY" => Ok(Begin::Busy(rows.head().number(1)?)),
            "COMPLETE" => Ok(Begin::Complete),
            _ => Err(rows.unexpected("rebuild_begin")),
        }
    }

    /// Loads a page, of any size. Keeps the right to rebuild.
    ///
    /// Errors: `Conflict` (`REBUILD_LOST`) when another process has taken over.
    pub async fn load(&self, tenant: &str, token: &str, operations: &[Operation]) -> Result<(), Error> {
        for chunk in operations.chunks(BATCH_MAX) {
            let head = [
                "rebuild".to_owned(),
                token.to_owned(),
                String::new(),
                String::new(),
                RIGHT_MS.to_string(),
            ];
            let rows = self.apply_chunk(tenant, head, chunk).await?;
            match rows.status() {
                "OK" => {}
                "LOST" => return Err(lost()),
                _ => return Err(rows.unexpected("apply")),
            }
        }
        Ok(())
    }

    /// Ends the rebuild: the queues reflect the feed up to `seq`, and following goes on from `cursor`.
    ///
    /// Errors: as [`Queue::load`].
    pub async fn end_rebuild(&self, tenant: &str, token: &str, seq: i64, cursor: &str) -> Result<(), Error> {
        self.remember_tenant(tenant).await?;
        match self.end(tenant, token, &seq.to_string(), cursor).await? {
            true => Ok(()),
            false => Err(lost()),
        }
    }

    /// Gives the right to rebuild up after a failure, so that nobody has to wait for it to lapse. The queues stay incomplete.
    pub async fn abandon_rebuild(&self, tenant: &str, token: &str) -> Result<(), Error> {
        self.end(tenant, token, "", "").await.map(drop)
    }

    /// Gives waiting contacts the trace of `operations` when they have none: a rebuild cannot know it. Gives how many got one.
    pub async fn recall(&self, tenant: &str, operations: &[Operation]) -> Result<u64, Error> {
        let mut count = 0;
        for chunk in operations.chunks(BATCH_MAX) {
            let rows = self
                .call(tenant, &script::RECALL, &[], |_| {
                    let mut arguments = Vec::new();
                    for operation in chunk {
                        if let Operation::Wait {
                            ticket,
                            generation,
                            waiting,
                            ..
                        } = operation
                        {
                            arguments.push(ticket.clone().into_bytes());
                            arguments.push(generation.to_string().into_bytes());
                            arguments.push(waiting.trace.clone().into_bytes());
                        }
                    }
                    arguments
                })
                .await?;
            count += rows.head().number::<u64>(1)?;
        }
        Ok(count)
    }

    /// Whether the right was still the caller's.
    async fn end(&self, tenant: &str, token: &str, seq: &str, cursor: &str) -> Result<bool, Error> {
        let rows = self
            .call(tenant, &script::REBUILD_END, &[], |_| {
                [token, seq, cursor].map(|text| text.as_bytes().to_vec()).to_vec()
            })
            .await?;
        match rows.status() {
            "OK" => Ok(true),
            "LOST" => Ok(false),
            _ => Err(rows.unexpected("rebuild_end")),
        }
    }
}

fn lost() -> Error {
    Error::conflict("REBUILD_LOST", "another process rebuilds these queues now")
}
