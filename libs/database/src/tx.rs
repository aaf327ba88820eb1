//! A write transaction.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use tokio::sync::watch;
use uuid::Uuid;
use vorrang_error::{Error, Kind};

use crate::event_log::Known;
use crate::{Engine, error};

/// A write transaction of one tenant. Dropping it rolls it back.
pub struct Tx {
    inner: DatabaseTransaction,
    engine: Engine,
    bell: watch::Sender<u64>,
    known: Arc<Known>,
    tenant: Option<String>,
    /// Something about the log has changed, and followers should look.
    rings: bool,
    /// The last position that was appended.
    appended: Option<i64>,
    new_epoch: Option<Uuid>,
    pending: Vec<PendingCall>,
}

/// A call that was begun with [`crate::idempotency::begin`] and has no stored answer yet.
pub(crate) struct PendingCall {
    pub request_id: String,
    pub request_hash: [u8; 32],
    pub now: DateTime<Utc>,
}

impl Tx {
    pub(crate) fn new(inner: DatabaseTransaction, engine: Engine, bell: watch::Sender<u64>, known: Arc<Known>) -> Self {
        Self {
            inner,
            engine,
            bell,
            known,
            tenant: None,
            rings: false,
            appended: None,
            new_epoch: None,
            pending: Vec::new(),
        }
    }

    /// What statements run on.
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.inner
    }

    /// What the data lie on.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Makes everything true at once and durable, then rings the doorbell if the log has changed.
    ///
    /// # Errors
    /// Timeout `OUTCOME_UNKNOWN` when the connection broke during the commit: it may have happened, so repeat the call
    /// with its request id. Conflict when another transaction was faster. Internal when a call begun with
    /// `idempotency::begin` was not finished: its answer would be lost.
    pub async fn commit(self) -> Result<(), Error> {
        if let Some(call) = self.pending.first() {
            return Err(Error::internal(format!(
                "request id {} was begun but not finished before the commit",
                call.request_id
            )));
        }
        // Rings when dropped: also if this future is dropped while the server is already committing.
        let ring = self.rings.then(|| Ring(self.bell));
        let result = self.inner.commit().await;
        if result.is_ok() {
            if let Some(epoch) = self.new_epoch {
                self.known.adopt(epoch);
            }
            if let (Some(tenant), Some(last)) = (&self.tenant, self.appended) {
                self.known.committed(tenant, last);
            }
        }
        drop(ring);
        result.map_err(|cause| {
            let error = error(cause);
            if error.kind() == Kind::Unavailable {
                Error::new(
                    Kind::Timeout,
                    "OUTCOME_UNKNOWN",
                    "the connection to the database broke during the commit: repeat the call with the same request_id to learn \
                     what happened",
                )
                .caused_by(error)
            } else {
                error
            }
        })
    }

    /// Undoes everything now. Dropping does the same a moment later.
    ///
    /// # Errors
    /// When the database is down; then nothing was written either.
    pub async fn rollback(self) -> Result<(), Error> {
        self.inner.rollback().await.map_err(error)
    }

    /// Notes whose transaction this is, and refuses a second tenant: two counter rows in one transaction can deadlock.
    pub(crate) fn claim(&mut self, tenant: &str) -> Result<(), Error> {
        match &self.tenant {
            None => {
                self.tenant = Some(tenant.to_owned());
                Ok(())
            }
            Some(owner) if owner == tenant => Ok(()),
            Some(_) => Err(Error::internal("one transaction must not write for two tenants")),
        }
    }

    pub(crate) fn mark_appended(&mut self, last: i64) {
        self.rings = true;
        self.appended = Some(last);
    }

    /// The log has lost its beginning.
    pub(crate) fn mark_trimmed(&mut self) {
        self.rings = true;
    }

    pub(crate) fn mark_new_epoch(&mut self, epoch: Uuid) {
        self.rings = true;
        self.new_epoch = Some(epoch);
    }

    pub(crate) fn known(&self) -> &Known {
        &self.known
    }

    pub(crate) fn pending(&mut self) -> &mut Vec<PendingCall> {
        &mut self.pending
    }
}

struct Ring(watch::Sender<u64>);

impl Drop for Ring {
    fn drop(&mut self) {
        self.0.send_modify(|rings| *rings = rings.wrapping_add(1));
    }
}
