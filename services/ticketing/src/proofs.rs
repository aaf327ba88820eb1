//! Proofs of erasures outside of the database, so that the restore of an older copy does not bring anybody back.
//!
//! After each erasure its proof is written to the object store before the call is answered; what could not be written is
//! tried again by the loop. After a restore, and whenever a process starts, proofs that the database does not know are
//! carried out again before anybody is served.

use std::time::Duration;

use chrono::DateTime;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vorrang_error::Error;

use crate::objects::Objects;
use crate::privacy::{Counts, Erasure};
use crate::store::Store;
use crate::words::Actor;

const EVERY: Duration = Duration::from_secs(60);
/// Proofs read from the database at once.
const BATCH: u64 = 100;

/// A proof as it is kept. Fields are added, never changed.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: Uuid,
    position: i64,
    customer: Uuid,
    erased_at_micros: i64,
    actor_kind: String,
    actor_id: String,
    ground: String,
    reference: String,
    keys: i32,
    tickets: i32,
    messages: i32,
    attachments: i32,
    previous_sha256: String,
    sha256: String,
    #[serde(default)]
    merged_customers: Vec<Uuid>,
}

/// Goes on until `shutdown`.
pub async fn run(store: Store, objects: Objects, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = keep(&store, &objects).await {
            tracing::warn!(
                error = error.chain(),
                "proofs of erasures lie only in the database so far"
            );
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

/// Writes every proof that lies only in the database.
///
/// # Errors
/// When database or object store fail; it is safe to try again.
pub async fn keep(store: &Store, objects: &Objects) -> Result<(), Error> {
    loop {
        let batch = store.erasures_not_kept(BATCH).await?;
        if batch.is_empty() {
            return Ok(());
        }
        for (tenant, proof) in batch {
            objects.keep_proof(&tenant, proof.id, write(&proof)).await?;
            store.erasure_is_kept(&tenant, proof.id).await?;
        }
    }
}

/// Carries out again what the database does not know; gives how many customers or proofs that were.
///
/// # Errors
/// When database or object store fail, or a proof was changed; it is safe to try again.
pub async fn carry_out_again(store: &Store, objects: &Objects) -> Result<usize, Error> {
    let mut proofs = Vec::new();
    for (tenant, id) in objects.proofs().await? {
        if !store.has_erasure(&tenant, id).await? {
            let proof = read(&objects.proof(&tenant, id).await?)?;
            proofs.push((tenant, proof));
        }
    }
    // In the order of their chain.
    proofs.sort_by_key(|(tenant, proof)| (tenant.clone(), proof.position));
    let mut done = 0;
    for (tenant, proof) in proofs {
        done += usize::from(store.erase_again(&tenant, proof).await?);
    }
    Ok(done)
}

fn write(proof: &Erasure) -> Vec<u8> {
    let kept = Kept {
        id: proof.id,
        position: proof.position,
        customer: proof.customer,
        erased_at_micros: proof.erased_at.timestamp_micros(),
        actor_kind: proof.actor.kind.as_str().to_owned(),
        actor_id: proof.actor.id.clone(),
        ground: proof.ground.as_str().to_owned(),
        reference: proof.reference.clone(),
        keys: proof.counts.keys,
        tickets: proof.counts.tickets,
        messages: proof.counts.messages,
        attachments: proof.counts.attachments,
        previous_sha256: proof.previous.clone(),
        sha256: proof.sha256(),
        merged_customers: proof.merged.clone(),
    };
    serde_json::to_vec(&kept).expect("plain values are always JSON")
}

fn read(json: &[u8]) -> Result<Erasure, Error> {
    let damaged = || Error::internal("the kept proof of an erasure cannot be read");
    let kept: Kept = serde_json::from_slice(json).map_err(|cause| damaged().caused_by(cause))?;
    let proof = Erasure {
        id: kept.id,
        position: kept.position,
        customer: kept.customer,
        erased_at: DateTime::from_timestamp_micros(kept.erased_at_micros).ok_or_else(damaged)?,
        actor: Actor {
            kind: kept.actor_kind.parse()?,
            id: kept.actor_id,
        },
        ground: kept.ground.parse()?,
        reference: kept.reference,
        counts: Counts {
            keys: kept.keys,
            tickets: kept.tickets,
            messages: kept.messages,
            attachments: kept.attachments,
        },
        previous: kept.previous_sha256,
        merged: kept.merged_customers,
    };
    if proof.sha256() != kept.sha256 {
        return Err(Error::internal(format!(
            "the kept proof of erasure {} was changed",
            proof.id
        )));
    }
    Ok(proof)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::Ground;
    use crate::words::ActorKind;

    #[test]
    fn a_proof_is_read_as_it_was_written_and_not_when_it_was_changed() {
        let proof = Erasure {
            id: Uuid::from_u128(1),
            position: 3,
            customer: Uuid::from_u128(2),
            erased_at: DateTime::from_timestamp_micros(1_700_000_000_000_005).expect("valid"),
            actor: Actor {
                kind: ActorKind::Automation,
                id: "key-1".to_owned(),
            },
            ground: Ground::Unlawful,
            reference: "DSR-7".to_owned(),
            counts: Counts {
                keys: 3,
                tickets: 2,
                messages: 5,
                attachments: 1,
            },
            previous: "ab".to_owned(),
            merged: vec![Uuid::from_u128(3), Uuid::from_u128(4)],
        };
        let json = write(&proof);
        assert_eq!(read(&json).expect("unchanged"), proof);
        let text = String::from_utf8(json).expect("JSON");
        assert!(read(text.replace("DSR-7", "DSR-8").as_bytes()).is_err());
        assert!(read(b"{}").is_err());
    }
}
