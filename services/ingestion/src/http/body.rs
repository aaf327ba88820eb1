//! Bodies of strangers, read within bounds: of size, of memory over all of them, and of time.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What bodies that are being read or worked on may hold in memory together, in KiB.
const MEMORY_KIB: usize = 64 << 10;
/// A body that takes longer holds memory for nothing.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// The memory for bodies. Clones share it.
#[derive(Clone)]
pub struct Budget(Arc<Semaphore>);

impl Default for Budget {
    fn default() -> Self {
        Self::of(MEMORY_KIB)
    }
}

impl Budget {
    fn of(kib: usize) -> Self {
        Self(Arc::new(Semaphore::new(kib)))
    }
}

/// A body. Its part of the memory is free again when this is dropped.
#[derive(Debug)]
pub struct Held {
    /// The body.
    pub bytes: Bytes,
    _memory: Option<OwnedSemaphorePermit>,
}

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It is, or says that it will be, larger than `most`.
    TooLarge,
    /// There is no memory for it now.
    Full,
    /// It took too long.
    TooSlow,
    /// The sender hung up.
    Broken,
}

/// Reads a body of at most `most` bytes. Memory is taken as bytes come in, not as they are promised: who promises much and
/// sends nothing keeps nobody out.
///
/// # Errors
/// [`Refused`].
pub async fn read(body: Body, most: usize, budget: &Budget, timeout: Duration) -> Result<Held, Refused> {
    if body.size_hint().lower() > most as u64 {
        return Err(Refused::TooLarge);
    }
    tokio::time::timeout(timeout, gather(body, most, budget))
        .await
        .unwrap_or(Err(Refused::TooSlow))
}

async fn gather(body: Body, most: usize, budget: &Budget) -> Result<Held, Refused> {
    let mut chunks = body.into_data_stream();
    let mut bytes = BytesMut::new();
    let mut memory: Option<OwnedSemaphorePermit> = None;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refused::Broken)?;
        let size = bytes.len() + chunk.len();
        if size > most {
            return Err(Refused::TooLarge);
        }
        let held = memory.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let wanted = size.div_ceil(1024).saturating_sub(held);
        if wanted > 0 {
            let wanted = u32::try_from(wanted).map_err(|_| Refused::TooLarge)?;
            let more = budget.0.clone().try_acquire_many_owned(wanted);
            let more = more.map_err(|_| Refused::Full)?;
            match &mut memory {
                Some(memory) => memory.merge(more),
                None => memory = Some(more),
            }
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Held {
        bytes: bytes.freeze(),
        _memory: memory,
    })
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// Of unknown size, as with chunked encoding.
    fn chunked(chunks: usize) -> Body {
        let chunk = || Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 1024]));
        Body::from_stream(stream::iter((0..chunks).map(move |_| chunk())))
    }

    #[tokio::test]
    async fn what_is_too_large_is_refused_by_what_it_says_and_by_what_it_is() {
        let budget = Budget::of(8);
        let said = read(Body::from(vec![0; 4_097]), 4_096, &budget, LONG).await;
        assert_eq!(said.expect_err("too large"), Refused::TooLarge);
        let found = read(chunked(5), 4_096, &budget, LONG).await;
        assert_eq!(found.expect_err("too large"), Refused::TooLarge);
        let fits = read(chunked(4), 4_096, &budget, LONG).await.expect("fits");
        assert_eq!(fits.bytes.len(), 4_096);
    }

    #[tokio::test]
    async fn all_bodies_together_stay_within_the_budget() {
        let budget = Budget::of(8);
        let first = read(chunked(6), 1 << 20, &budget, LONG).await.expect("fits");
        let second = read(chunked(6), 1 << 20, &budget, LONG).await;
        assert_eq!(second.expect_err("no memory left"), Refused::Full);
        drop(first);
        read(chunked(6), 1 << 20, &budget, LONG).await.expect("fits again");
    }

    #[tokio::test]
    async fn a_body_that_does_not_end_is_given_up_and_its_memory_is_free_again() {
        let budget = Budget::of(1);
        let endless = || {
            let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"x"))]);
            Body::from_stream(first.chain(stream::pending()))
        };
        for _ in 0..2 {
            let slow = read(endless(), 1_024, &budget, Duration::from_millis(1)).await;
            assert_eq!(slow.expect_err("too slow"), Refused::TooSlow);
        }
    }
}
