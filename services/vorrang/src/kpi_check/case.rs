//! Cases on disk.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::Value;
use vorrang_error::{Error, Kind};

const HISTORY: &str = "history.jsonl";
const EXPECTATIONS: &str = "expect.json";

/// A history and what must come of it.
pub struct Case {
    /// Name of its folder.
    pub name: String,
    pub history: String,
    /// The moment of asking when a query names none: the time of the last line.
    pub last: Option<DateTime<Utc>>,
    /// Ids of customers that its lines name.
    pub customers: BTreeSet<String>,
    pub expectations: Vec<Value>,
}

/// The cases in `folder`: itself when it is one, else those directly in it, by name.
///
/// Fails when there are none, or one of them cannot be read.
pub fn find(folder: &Path) -> Result<Vec<Case>, Error> {
    if is_case(folder) {
        return Ok(vec![read(folder)?]);
    }
    let entries = std::fs::read_dir(folder).map_err(|why| unreadable(folder, &why))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|why| unreadable(folder, &why))?.path();
        if is_case(&path) {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() {
        let message = format!(
            "{} is no case and has none: one has {HISTORY} and {EXPECTATIONS}",
            folder.display()
        );
        return Err(Error::new(Kind::Invalid, "NO_CASES", message));
    }
    found.iter().map(|path| read(path)).collect()
}

fn is_case(folder: &Path) -> bool {
    folder.join(HISTORY).is_file() && folder.join(EXPECTATIONS).is_file()
}

fn read(folder: &Path) -> Result<Case, Error> {
    let file = |name: &str| -> Result<(PathBuf, String), Error> {
        let path = folder.join(name);
        let text = std::fs::read_to_string(&path).map_err(|why| unreadable(&path, &why))?;
        Ok((path, text))
    };
    let (_, history) = file(HISTORY)?;
    let (path, expectations) = file(EXPECTATIONS)?;
    let expectations: Vec<Value> = serde_json::from_str(&expectations).map_err(|why| {
        let message = format!("{} is no list of queries: {why}", path.display());
        Error::new(Kind::Invalid, "EXPECTATIONS_INVALID", message)
    })?;
    let name = std::path::absolute(folder)
        .ok()
        .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_default();
    let (last, customers) = survey(&history);
    Ok(Case {
        name,
        history,
        last,
        customers,
        expectations,
    })
}

/// The time of the last line, and whom the lines name. A line that is not one says nothing; the import will tell.
fn survey(history: &str) -> (Option<DateTime<Utc>>, BTreeSet<String>) {
    let mut last = None;
    let mut customers = BTreeSet::new();
    for line in history.lines() {
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let text = |field: &str| line.get(field).and_then(Value::as_str);
        let at = text("at").and_then(|at| DateTime::parse_from_rfc3339(at).ok());
        last = last.max(at.map(|at| at.to_utc()));
        let of_customer = text("type").filter(|kind| *kind == "customer").and_then(|_| text("id"));
        customers.extend(text("customer").or(of_customer).map(str::to_owned));
    }
    (last, customers)
}

fn unreadable(path: &Path, why: &std::io::Error) -> Error {
    Error::unavailable("FILE_UNREADABLE", format!("cannot read {}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_time_and_the_customers_are_read_from_all_lines() {
        let history = "{\"at\":\"2026-03-02T10:00:00+01:00\",\"type\":\"customer\",\"id\":\"c1\"}\n\nbroken\n\
                       {\"at\":\"2026-03-02T09:30:00Z\",\"type\":\"ticket_opened\",\"ticket\":\"t\",\"customer\":\"c2\"}\n\
                       {\"at\":\"2026-03-02T08:00:00Z\",\"type\":\"agent\",\"id\":\"a1\"}\n";
        let (last, customers) = survey(history);
        assert_eq!(
            last.map(|at| at.to_rfc3339()),
            Some("2026-03-02T09:30:00+00:00".to_owned())
        );
        assert_eq!(customers, ["c1", "c2"].map(str::to_owned).into());
    }
}
