//! Ingestion's door for histories: records lines of another system's past.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{Became, history_result, input};
use crate::past::LINES_MAX;
use crate::store::Taken;

/// See the contract. A line that cannot be read is that line's matter alone.
pub async fn handle(app: &App, request: Request<pb::RecordHistoryRequest>) -> Result<pb::RecordHistoryResponse, Error> {
    let mut violations = Violations::new();
    let call = app::call("RecordHistory", &request, "", &mut violations)?;
    let request = request.into_inner();
    input::history_source("source", &request.source, &mut violations);
    if !request.import_name.starts_with("imports/") || request.import_name.len() > 100 {
        violations.add("import_name", "must be imports/{import}");
    }
    if request.lines.len() > LINES_MAX {
        violations.add("lines", format!("at most {LINES_MAX} lines"));
    }
    violations.into_result()?;
    let mut good = Vec::with_capacity(request.lines.len());
    let mut results: Vec<Option<Became>> = Vec::with_capacity(request.lines.len());
    for line in &request.lines {
        let number = u64::try_from(line.number).unwrap_or_default();
        results.push(match vorrang_history::read(number, &line.text) {
            Ok(read) => {
                good.push(read);
                None
            }
            Err(bad) => Some(Became::Bad(bad)),
        });
    }
    let taken = app
        .store
        .record_history(&call, &request.source, &request.import_name, &good)
        .await?;
    let mut taken = taken.into_iter();
    let results = results
        .into_iter()
        .map(|bad| match bad {
            Some(bad) => Ok(bad),
            None => match taken.next() {
                Some(Taken::Recorded) => Ok(Became::Recorded),
                Some(Taken::Duplicate) => Ok(Became::Duplicate),
                Some(Taken::Refused(refusal)) => Ok(Became::Refused(refusal)),
                None => Err(Error::internal("a line has no result")),
            },
        })
        .map(|became| became.map(history_result))
        .collect::<Result<_, Error>>()?;
    Ok(pb::RecordHistoryResponse { results })
}
