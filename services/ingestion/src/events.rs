//! What a source pushed: read by its preset, recorded contact by contact, and kept whole when a part of it is not understood.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;
use vorrang_error::{Error, Kind, Violations};

use crate::app::{App, part_delivery_id};
use crate::contact::check;
use crate::convert;
use crate::intake::{CONTACT_TYPE, MAIL_TYPE};
use crate::mails::Mails;
use crate::metrics;
use crate::outcome::{Outcome, PushResult};
use crate::presets::{self, NotUnderstood, Part, Preset};
use crate::recorder::{Answer, Push};
use crate::store::{NOT_A_CONTACT, NewQuarantineItem, NewRaw, QuarantineState};

/// From this size on reading takes milliseconds, which other requests of the thread would wait for.
const LARGE: usize = 256 << 10;

/// How long ticketing is waited for. Vendors give up after five seconds, and some switch a webhook off that is slow.
const PATIENCE: Duration = Duration::from_secs(3);

/// Something that came by HTTP or mail, or is tried again.
pub struct Came<'a> {
    /// Whose source it is.
    pub tenant: &'a str,
    /// Id of this arrival: of its quarantine item, and of what ticketing recognises its contacts by.
    pub arrival: Uuid,
    /// Queue of new tickets; empty: as the payload says, else the default one.
    pub queue: &'a str,
    /// Whether it is a mail whatever the preset reads.
    pub is_mail: bool,
    /// How to read it; none is needed for mails and for contacts that came over gRPC.
    pub preset: Option<&'a Preset>,
    /// What reads it when it is a mail.
    pub mails: &'a Mails,
    /// As it came.
    pub raw: Arc<NewRaw>,
}

/// What was read.
pub struct Read {
    /// The contacts that were understood.
    pub contacts: Vec<Part>,
    /// Why a part was not, if any.
    pub problem: Option<NotUnderstood>,
}

/// Whether a media type is that of a raw mail.
pub fn is_mail(content_type: &str) -> bool {
    content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case(MAIL_TYPE)
}

/// Reads what came; what is large is read beside the threads that serve requests.
///
/// # Errors
/// Internal when reading panicked.
pub async fn read(came: &Came<'_>, now: DateTime<Utc>) -> Result<Read, Error> {
    if came.raw.content.len() < LARGE {
        return Ok(read_now(came, now));
    }
    let (tenant, queue, preset) = (came.tenant.to_owned(), came.queue.to_owned(), came.preset.cloned());
    let (arrival, is_mail, raw) = (came.arrival, came.is_mail, came.raw.clone());
    let mails = came.mails.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let preset = preset.as_ref();
        read_now(
            &Came {
                tenant: &tenant,
                arrival,
                queue: &queue,
                is_mail,
                preset,
                mails: &mails,
                raw,
            },
            now,
        )
    });
    reading
        .await
        .map_err(|why| Error::internal("reading what came panicked").caused_by(why))
}

fn read_now(came: &Came<'_>, now: DateTime<Utc>) -> Read {
    let raw = &came.raw;
    let mail = || {
        let contact = came
            .mails
            .read(came.tenant, &raw.source, came.queue, &raw.content, now)?;
        Ok((vec![Part { position: 0, contact }], None))
    };
    let read = match came.preset {
        _ if came.is_mail => mail(),
        Some(preset) if preset.is_mail() => mail(),
        Some(preset) => presets::map(preset, &raw.source, &raw.content)
            .map(|mapped| (mapped.contacts, mapped.problems.into_iter().next())),
        // It was pushed over gRPC, kept while ticketing was down, and then refused.
        None if raw.content_type == CONTACT_TYPE => {
            convert::read_kept_contact(&raw.content).map(|contact| (vec![Part { position: 0, contact }], None))
        }
        None => Err(NotUnderstood {
            reason: "PRESET_UNKNOWN",
            detail: "nothing says how to read it".to_owned(),
        }),
    };
    let (contacts, mut problem) = match read {
        Ok(read) => read,
        Err(problem) => {
            return Read {
                contacts: Vec::new(),
                problem: Some(problem),
            };
        }
    };
    let mut fine = Vec::with_capacity(contacts.len());
    for mut part in contacts {
        let contact = &mut part.contact;
        if contact.queue.is_empty() {
            contact.queue = came.queue.to_owned();
        }
        let mut violations = Violations::new();
        check(contact, now, "", &mut violations);
        match violations.into_result() {
            Ok(()) => fine.push(part),
            Err(error) => {
                problem.get_or_insert(NotUnderstood {
                    reason: "CONTACT_INVALID",
                    detail: error.message().to_owned(),
                });
            }
        }
    }
    Read {
        contacts: fine,
        problem,
    }
}

/// Records contacts in their order; one result each, with the position of its contact. What ticketing has not taken within
/// [`PATIENCE`] is kept and answered ACCEPTED.
pub async fn record(app: &App, came: &Came<'_>, parts: Vec<Part>) -> Vec<(usize, Answer)> {
    let until = Instant::now() + PATIENCE;
    let trace_parent = vorrang_service::trace_parent();
    // They share the bytes they came as.
    let share = came.raw.content.len() / parts.len().max(1);
    let mut pushes = Vec::with_capacity(parts.len());
    let mut positions = Vec::with_capacity(parts.len());
    for Part { position, contact } in parts {
        positions.push(position);
        pushes.push(Push {
            request_id: part_delivery_id(came.arrival, position),
            weight: contact.weight() + share,
            contact,
            raw: came.raw.clone(),
            trace_parent: trace_parent.clone(),
        });
    }
    let mut pending = Vec::with_capacity(pushes.len());
    for push in &pushes {
        match timeout_at(until, app.recorder.submit(came.tenant, push.clone())).await {
            Ok(one) => pending.push(one),
            Err(_) => break,
        }
    }
    let mut answers: Vec<Option<Answer>> = pushes.iter().map(|_| None).collect();
    for (answer, one) in answers.iter_mut().zip(pending) {
        *answer = timeout_at(until, one.answer()).await.ok();
    }
    // Recording goes on; whoever is second, that or the delivery of what is kept, gets the answer of the first.
    let late: Vec<usize> = (0..pushes.len()).filter(|&index| answers[index].is_none()).collect();
    if !late.is_empty() {
        let kept: Vec<Push> = late.iter().map(|&index| pushes[index].clone()).collect();
        match app.recorder.keep(came.tenant, &kept).await {
            Ok(kept) => late
                .iter()
                .zip(kept)
                .for_each(|(&index, answer)| answers[index] = Some(answer)),
            Err(error) => {
                let same = || Error::new(error.kind(), error.reason(), error.message());
                late.iter().for_each(|&index| answers[index] = Some(Err(same())));
            }
        }
    }
    let missing = || Err(Error::internal("a contact has no answer"));
    let answers = answers.into_iter().map(|answer| answer.unwrap_or_else(missing));
    positions.into_iter().zip(answers).collect()
}

/// Takes in what came: every contact in it is recorded, and the whole is kept in quarantine when a part of it could not be
/// read, or as discarded when it is known not to be a contact. At least one result.
///
/// # Errors
/// When it could not be kept; the sender must push again.
pub async fn take_in(app: &App, came: &Came<'_>) -> Result<Vec<PushResult>, Error> {
    let now = app.clock.now();
    let Read { contacts, mut problem } = read(came, now).await?;
    let mut results = Vec::new();
    let mut recorded = Vec::new();
    for (position, result) in record(app, came, contacts).await {
        match result {
            Ok(result) => {
                recorded.push(position);
                results.push(result);
            }
            Err(error) if error.kind() == Kind::Invalid => {
                problem.get_or_insert_with(|| refused(&error));
            }
            // Neither recorded nor kept: the sender repeats the whole, and what was recorded is recognised by its id.
            Err(error) => return Err(error),
        }
    }
    if problem.is_none() && !results.is_empty() {
        return Ok(results);
    }
    results.push(PushResult::quarantined(
        quarantine(app, came, problem, recorded, now).await?,
    ));
    Ok(results)
}

/// A contact that was understood here and refused for good by ticketing.
pub fn refused(error: &Error) -> NotUnderstood {
    NotUnderstood {
        reason: "REFUSED_BY_TICKETING",
        detail: error.message().to_owned(),
    }
}

/// Keeps what came whole: waiting for people when there was a problem with it, else as known not to be a contact.
/// `recorded` are the positions of its contacts that were recorded all the same.
pub async fn quarantine(
    app: &App,
    came: &Came<'_>,
    problem: Option<NotUnderstood>,
    recorded: Vec<usize>,
    now: DateTime<Utc>,
) -> Result<Uuid, Error> {
    let (state, reason, detail) = match problem {
        Some(NotUnderstood { reason, detail }) => (QuarantineState::Waiting, reason, detail),
        None => {
            let (reason, detail) = NOT_A_CONTACT;
            (QuarantineState::Discarded, reason, detail.to_owned())
        }
    };
    let item = NewQuarantineItem {
        id: came.arrival,
        state,
        reason,
        detail,
        queue: came.queue.to_owned(),
        recorded,
    };
    let id = app.store.quarantine(came.tenant, item, &came.raw, now).await?;
    metrics::pushed(Outcome::Quarantined);
    Ok(id)
}
