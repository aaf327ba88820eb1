//! Server-sent events: the wall every two seconds, for as long as an HTTP request may take; the page then asks again.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use chrono_tz::Tz;
use futures::Stream;
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use vorrang_error::{Error, Kind};
use vorrang_identity::{Scope, Tenant};
use vorrang_service::http_error;

use super::Wall;
use crate::kpis::{Direction, Unit};
use crate::peers::{self, Lane};
use crate::rpc::ready;
use crate::wallboard::{Board, Tile, board};

/// How often.
const PERIOD: Duration = Duration::from_secs(2);
/// For how long; less than any HTTP request may take.
const LENGTH: Duration = Duration::from_secs(25);
/// What a key on a wall may open.
const ALLOWED: [Scope; 2] = [Scope::KpisRead, Scope::QueueRead];

/// Where the wall hangs.
#[derive(Deserialize)]
pub struct Place {
    /// IANA time zone: when today begins. Empty: UTC.
    #[serde(default)]
    zone: String,
}

/// The stream, or why there is none.
pub async fn stream(State(wall): State<Wall>, Query(place): Query<Place>, headers: HeaderMap) -> Response {
    match open(wall, &place, &headers).await {
        Ok(response) => response,
        Err(error) => http_error(error),
    }
}

/// Who looks at the wall, and whether the queues may be shown.
struct Viewer {
    tenant: String,
    queues: bool,
}

async fn open(wall: Wall, place: &Place, headers: &HeaderMap) -> Result<Response, Error> {
    let viewer = viewer(&wall, headers).await?;
    let zone: Tz = match place.zone.as_str() {
        "" => Tz::UTC,
        name => name
            .parse()
            .map_err(|_| Error::invalid_field("zone", "is not an IANA time zone, for example Europe/Berlin"))?,
    };
    ready::loaded(&wall.analytics.projection)?;
    let mut response = Sse::new(messages(wall, viewer, zone)).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn viewer(wall: &Wall, headers: &HeaderMap) -> Result<Viewer, Error> {
    let refused = || {
        Error::new(
            Kind::Unauthenticated,
            "CREDENTIAL_INVALID",
            "the key is missing or not valid",
        )
    };
    let credential = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .ok_or_else(refused)?;
    let caller = wall.verifier.verify(credential).await?;
    let Tenant::One(tenant) = &caller.tenant else {
        return Err(refused());
    };
    if !caller.scopes.contains(Scope::KpisRead) {
        return Err(Error::new(
            Kind::Denied,
            "SCOPE_MISSING",
            "the key needs the scope kpis.read",
        ));
    }
    // Whoever passes by can read it off the screen or its computer.
    if caller.scopes.iter().any(|scope| !ALLOWED.contains(&scope)) {
        let message = "a key on a wall must open nothing else: make one with the scopes kpis.read and queue.read only";
        return Err(Error::new(Kind::Denied, "KEY_TOO_STRONG", message));
    }
    wall.rate.check(tenant)?;
    Ok(Viewer {
        tenant: tenant.clone(),
        queues: caller.scopes.contains(Scope::QueueRead),
    })
}

fn messages(wall: Wall, viewer: Viewer, zone: Tz) -> impl Stream<Item = Result<Event, Infallible>> {
    let end = Instant::now() + LENGTH;
    let first = Some((wall, viewer, Instant::now()));
    futures::stream::unfold(first, move |state| async move {
        let (wall, viewer, at) = state?;
        if at >= end {
            return None;
        }
        tokio::time::sleep_until(at).await;
        match message(&wall, &viewer, zone).await {
            Ok(message) => {
                let event = Event::default().event("board").data(message.to_string());
                Some((Ok(event), Some((wall, viewer, at + PERIOD))))
            }
            Err(error) => {
                let told = json!({"reason": error.reason(), "message": error.message()});
                let event = Event::default().event("refused").data(told.to_string());
                // Nothing follows: the page asks again after a while.
                Some((Ok(event), None))
            }
        }
    })
}

async fn message(wall: &Wall, viewer: &Viewer, zone: Tz) -> Result<Value, Error> {
    ready::loaded(&wall.analytics.projection)?;
    let board = ready::read(&wall.analytics, &viewer.tenant, None, move |view| Ok(board(view, zone))).await?;
    let lanes = match viewer.queues {
        false => None,
        // Figures are shown also when nobody can tell of the queues.
        true => peers::lanes(&wall.peers, &viewer.tenant).await.ok(),
    };
    Ok(told(&board, lanes.as_deref()))
}

fn told(board: &Board, lanes: Option<&[Lane]>) -> Value {
    let tile = |tile: &Tile| {
        json!({
            "id": tile.id, "unit": unit(tile.unit), "direction": direction(tile.direction), "value": tile.value,
            "count": tile.count, "open": tile.open, "goal": tile.goal, "met": tile.is_met, "course": tile.course,
        })
    };
    let lane = |lane: &Lane| {
        json!({
            "queue": lane.queue, "channel": lane.channel, "waiting": lane.waiting, "longest": lane.longest,
            "classes": lane.classes,
        })
    };
    json!({
        "at": board.as_of / 1_000,
        "tiles": board.tiles.iter().map(tile).collect::<Vec<_>>(),
        "grade": board.grade.map(|(value, grade)| json!({"value": value, "grade": grade.as_str()})),
        "factors": board.factors.iter().map(|(name, grade)| json!({"name": name, "grade": grade.as_str()})).collect::<Vec<_>>(),
        // Missing: not told.
        "queues": lanes.map(|lanes| lanes.iter().map(lane).collect::<Vec<_>>()),
    })
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "count",
        Unit::Seconds => "seconds",
        Unit::Percent => "percent",
        Unit::Score => "score",
        Unit::Ratio => "ratio",
    }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Higher => "higher",
        Direction::Lower => "lower",
        Direction::Neutral => "neutral",
    }
}
