//! Our calls to ticketing about histories.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tonic::{Request, Status};
use vorrang_api::ticketing::v1::history_result::Outcome;
use vorrang_api::ticketing::v1::internal_service_client::InternalServiceClient;
use vorrang_api::ticketing::v1::{FindHistoryRequest, HistoryResult, RecordHistoryRequest, record_history_request};
use vorrang_error::{Error, Kind};
use vorrang_service::{Peers, peer_error};

use crate::convert;
use crate::import::{Import, LineError};
use crate::names;

/// Longer than ticketing needs for its largest batch while it is busy with what is live.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is in the log by this import.
    Recorded,
    /// It was before.
    Duplicate,
    /// It is bad.
    Refused(Vec<LineError>),
}

/// What is known of a past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// For each hash that was asked about.
    pub recorded: Vec<bool>,
    /// Tickets: id at the source, opening, the ticket it is merged into.
    pub tickets: Vec<(String, DateTime<Utc>, Option<String>)>,
}

/// Ticketing, as imports need it.
#[derive(Clone)]
pub struct History(Peers);

impl History {
    /// Reached as all peers are.
    pub fn new(peers: Peers) -> Self {
        Self(peers)
    }

    /// Records lines of an import in this order; one answer each.
    ///
    /// # Errors
    /// When the call failed: what became of them is unknown, and repeating them is safe.
    pub async fn record(&self, import: &Import, lines: Vec<(u64, String)>) -> Result<Vec<Taken>, Error> {
        let numbers: Vec<u64> = lines.iter().map(|(number, _)| *number).collect();
        let lines = lines.into_iter().map(|(number, text)| record_history_request::Line {
            number: i64::try_from(number).unwrap_or(i64::MAX),
            text,
        });
        let mut request = Request::new(RecordHistoryRequest {
            source: import.source.clone(),
            import_name: names::import(import.id),
            lines: lines.collect(),
        });
        request.set_timeout(TIMEOUT);
        let mut client = InternalServiceClient::new(self.0.ticketing(Some(&import.tenant)));
        let results = in_time(client.record_history(request)).await?.results;
        if results.len() != numbers.len() {
            return Err(Error::internal(
                "ticketing answered another number of lines than it was given",
            ));
        }
        numbers
            .into_iter()
            .zip(results)
            .map(|(number, result)| taken(number, result))
            .collect()
    }

    /// What ticketing knows of these lines and tickets.
    ///
    /// # Errors
    /// When the call failed.
    pub async fn find(&self, import: &Import, hashes: Vec<Vec<u8>>, tickets: Vec<String>) -> Result<Found, Error> {
        let asked = hashes.len();
        let mut request = Request::new(FindHistoryRequest {
            source: import.source.clone(),
            hashes: hashes.into_iter().map(Into::into).collect(),
            tickets,
        });
        request.set_timeout(TIMEOUT);
        let mut client = InternalServiceClient::new(self.0.ticketing(Some(&import.tenant)));
        let found = in_time(client.find_history(request)).await?;
        if found.recorded.len() != asked {
            return Err(Error::internal(
                "ticketing answered about another number of lines than it was asked about",
            ));
        }
        let ticket = |one: vorrang_api::ticketing::v1::find_history_response::KnownTicket| {
            let opened_at = convert::instant(one.opened_at.as_ref())?;
            Some((
                one.ticket,
                opened_at,
                (!one.merged_into.is_empty()).then_some(one.merged_into),
            ))
        };
        Ok(Found {
            recorded: found.recorded,
            tickets: found.tickets.into_iter().filter_map(ticket).collect(),
        })
    }
}

async fn in_time<T>(call: impl Future<Output = Result<tonic::Response<T>, Status>>) -> Result<T, Error> {
    match tokio::time::timeout(TIMEOUT, call).await {
        Ok(answer) => Ok(answer.map_err(|status| peer_error("ticketing", status))?.into_inner()),
        Err(_) => Err(Error::new(
            Kind::Timeout,
            "PEER_TIMEOUT",
            "ticketing did not answer in time",
        )),
    }
}

fn taken(number: u64, result: HistoryResult) -> Result<Taken, Error> {
    Ok(match result.outcome() {
        Outcome::Recorded => Taken::Recorded,
        Outcome::Duplicate => Taken::Duplicate,
        Outcome::Refused => Taken::Refused(
            (0..)
                .zip(result.problems)
                .map(|(position, problem)| LineError {
                    line: number,
                    position,
                    reason: problem.reason,
                    field: problem.field,
                    text: problem.text,
                })
                .collect(),
        ),
        Outcome::Unspecified => {
            return Err(Error::internal(
                "ticketing answered an outcome that this build does not know",
            ));
        }
    })
}
