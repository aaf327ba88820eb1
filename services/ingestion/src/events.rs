//! What a source pushed: read by its preset, recorded contact by contact, and kept whole when a part of it is not understood.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;
use vorrang_error::{Error, Kind};

use crate::app::{App, part_delivery_id};
use crate::intake::MAIL_TYPE;
use crate::mails::Mails;
use crate::metrics;
use crate::outcome::{Outcome, PushResult};
use crate::presets::{NotUnderstood, Part, Payload, Preset, cloudevents};
use crate::reading;
use crate::recorder::{Answer, Push};
use crate::store::{NEEDS_ENRICHMENT, NOT_A_CONTACT, Named, NewQuarantineItem, NewRaw, QuarantineState};

/// From this size on reading takes milliseconds, which other requests of the thread would wait for.
pub const LARGE: usize = 256 << 10;

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
    /// External ids of what is only named, each once.
    pub names: Vec<String>,
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

/// Whether a media type is that of a structured CloudEvent, or of a batch of them.
pub fn is_cloudevents(content_type: &str) -> bool {
    content_type
        .trim_start()
        .to_ascii_lowercase()
        .starts_with("application/cloudevents")
}

/// A binary CloudEvent as the structured one that means the same: it is in the headers, and may have no body. `None` when it is
/// none, or when the preset reads something else.
pub fn structured<'h>(
    preset: &Preset,
    headers: impl Iterator<Item = (&'h str, &'h str)>,
    content_type: &str,
    body: &[u8],
) -> Option<Vec<u8>> {
    let may_be = preset.is_cloudevents() && !is_cloudevents(content_type);
    may_be
        .then(|| cloudevents::structured(headers, content_type, body))
        .flatten()
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
    let payload = Payload {
        tenant: came.tenant,
        mails: came.mails,
        source: &came.raw.source,
        content_type: &came.raw.content_type,
        body: &came.raw.content,
        now,
    };
    let mapped = reading::read(came.preset, came.is_mail, &payload, came.queue);
    let mut seen = HashSet::new();
    let names = mapped.thin.into_iter().map(|thin| thin.external_id);
    Read {
        contacts: mapped.contacts,
        names: names.filter(|name| seen.insert(name.clone())).collect(),
        problem: mapped.problems.into_iter().next(),
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
/// read, until it is completed when it only names something, or as discarded when it is known not to be a contact. At least one
/// result.
///
/// # Errors
/// When it could not be kept; the sender must push again.
pub async fn take_in(app: &App, came: &Came<'_>) -> Result<Vec<PushResult>, Error> {
    let now = app.clock.now();
    let Read {
        contacts,
        names,
        mut problem,
    } = read(came, now).await?;
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
    if problem.is_none() && names.is_empty() && !results.is_empty() {
        return Ok(results);
    }
    let understood = problem.is_none() && !(names.is_empty() && results.is_empty());
    let (item, named) = quarantine(app, came, problem, recorded, &names, now).await?;
    for one in named {
        let result = waiting_or_there(one);
        metrics::pushed(result.outcome);
        results.push(result);
    }
    if !understood {
        metrics::pushed(Outcome::Quarantined);
        results.push(PushResult::quarantined(item));
    }
    Ok(results)
}

/// What is said of something that was named.
pub fn waiting_or_there(named: Named) -> PushResult {
    match named {
        Named::Waits(item) => PushResult::needs_enrichment(item),
        Named::Complete(result) => result,
    }
}

/// A contact that was understood here and refused for good by ticketing.
pub fn refused(error: &Error) -> NotUnderstood {
    NotUnderstood {
        reason: "REFUSED_BY_TICKETING",
        detail: error.message().to_owned(),
    }
}

/// Keeps what came whole: waiting for people when there was a problem with it, else for what it `names`, else as known not to be a
/// contact. `recorded` are the positions of its contacts that were recorded all the same. Gives the item and what became of the
/// names.
pub async fn quarantine(
    app: &App,
    came: &Came<'_>,
    problem: Option<NotUnderstood>,
    recorded: Vec<usize>,
    names: &[String],
    now: DateTime<Utc>,
) -> Result<(Uuid, Vec<Named>), Error> {
    let (state, reason, detail) = match problem {
        Some(NotUnderstood { reason, detail }) => (QuarantineState::Waiting, reason, detail),
        None if !names.is_empty() => {
            let (reason, detail) = NEEDS_ENRICHMENT;
            (QuarantineState::NeedsEnrichment, reason, detail.to_owned())
        }
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
    app.store
        .quarantine_naming(came.tenant, item, names, &came.raw, now)
        .await
}
