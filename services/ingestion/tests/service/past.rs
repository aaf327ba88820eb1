//! How the stand-in for ticketing takes histories: by the rules of the format, which are a library's.

use std::collections::HashMap;

use vorrang_api::ticketing::v1::find_history_response::KnownTicket;
use vorrang_api::ticketing::v1::history_result::Outcome;
use vorrang_api::ticketing::v1::{
    FindHistoryRequest, FindHistoryResponse, HistoryProblem, HistoryResult, RecordHistoryRequest,
};
use vorrang_history::{Problem, References, What, read};

#[derive(Default)]
pub struct Past {
    pub lines: Vec<String>,
    recorded: HashMap<(String, String, [u8; 32]), (String, i64)>,
    opened: HashMap<(String, String, String), chrono::DateTime<chrono::Utc>>,
    references: HashMap<(String, String), References>,
}

impl Past {
    pub fn record(&mut self, tenant: &str, request: RecordHistoryRequest) -> Vec<HistoryResult> {
        let desk = (tenant.to_owned(), request.source.clone());
        let mut results = Vec::new();
        for line in request.lines {
            let number = u64::try_from(line.number).expect("from 1");
            let read = match read(number, &line.text) {
                Ok(read) => read,
                Err(bad) => {
                    results.push(refused(&bad.problems));
                    continue;
                }
            };
            let whose = (request.import_name.clone(), line.number);
            let key = (desk.0.clone(), desk.1.clone(), read.hash);
            let outcome = match self.recorded.get(&key) {
                Some(first) if *first == whose => Outcome::Recorded,
                Some(_) => Outcome::Duplicate,
                None => match self.references.entry(desk.clone()).or_default().see(&read.line) {
                    Ok(()) => {
                        if let What::TicketOpened { ticket, .. } = &read.line.what {
                            let key = (desk.0.clone(), desk.1.clone(), ticket.clone());
                            self.opened.insert(key, read.line.at);
                        }
                        self.recorded.insert(key, whose);
                        self.lines.push(line.text);
                        Outcome::Recorded
                    }
                    Err(problem) => {
                        results.push(refused(&[problem]));
                        continue;
                    }
                },
            };
            results.push(HistoryResult {
                outcome: outcome.into(),
                problems: Vec::new(),
            });
        }
        results
    }

    pub fn find(&self, tenant: &str, request: FindHistoryRequest) -> FindHistoryResponse {
        let (tenant, source) = (tenant.to_owned(), request.source);
        let recorded = request.hashes.iter().map(|hash| {
            let hash = <[u8; 32]>::try_from(&hash[..]).expect("32 bytes");
            self.recorded.contains_key(&(tenant.clone(), source.clone(), hash))
        });
        let known = request.tickets.iter().filter_map(|ticket| {
            let at = self.opened.get(&(tenant.clone(), source.clone(), ticket.clone()))?;
            Some(KnownTicket {
                ticket: ticket.clone(),
                opened_at: Some(vorrang_api::timestamp(*at)),
                merged_into: String::new(),
            })
        });
        FindHistoryResponse {
            recorded: recorded.collect(),
            tickets: known.collect(),
        }
    }
}

fn refused(problems: &[Problem]) -> HistoryResult {
    let problems = problems.iter().map(|problem| HistoryProblem {
        reason: problem.reason.as_str().to_owned(),
        field: problem.field.clone(),
        text: problem.text.clone(),
    });
    HistoryResult {
        outcome: Outcome::Refused.into(),
        problems: problems.collect(),
    }
}
