//! Reads what scripts return: rows of strings, the first row starting with a status word.

use redis::Value;
use vorrang_error::Error;

pub(crate) struct Rows {
    status: Vec<Vec<u8>>,
    rest: std::vec::IntoIter<Vec<Vec<u8>>>,
}

impl Rows {
    pub(crate) fn read(script: &'static str, value: Value) -> Result<Self, Error> {
        let bad = || Error::internal(format!("script {script} gave an unexpected reply"));
        let Value::Array(rows) = value else {
            return Err(bad());
        };
        let mut rows = rows
            .into_iter()
            .map(|row| match row {
                Value::Array(cells) => cells
                    .into_iter()
                    .map(|cell| match cell {
                        Value::BulkString(bytes) => Some(bytes),
                        Value::SimpleString(text) => Some(text.into_bytes()),
                        Value::Int(number) => Some(number.to_string().into_bytes()),
                        _ => None,
                    })
                    .collect::<Option<Vec<_>>>(),
                _ => None,
            })
            .collect::<Option<Vec<_>>>()
            .ok_or_else(bad)?
            .into_iter();
        let status = rows.next().ok_or_else(bad)?;
        Ok(Self { status, rest: rows })
    }

    /// The word that says how it went.
    pub(crate) fn status(&self) -> &str {
        self.status
            .first()
            .and_then(|word| std::str::from_utf8(word).ok())
            .unwrap_or_default()
    }

    /// The row of the status word.
    pub(crate) fn head(&self) -> Row {
        Row(self.status.clone())
    }

    /// A status that this script never returns: script and caller have come apart.
    pub(crate) fn unexpected(&self, script: &'static str) -> Error {
        Error::internal(format!("script {script} returned {:?}", self.status()))
    }
}

impl Iterator for Rows {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        self.rest.next().map(Row)
    }
}

pub(crate) struct Row(Vec<Vec<u8>>);

impl Row {
    pub(crate) fn bytes(&mut self, at: usize) -> Result<Vec<u8>, Error> {
        self.0
            .get_mut(at)
            .map(std::mem::take)
            .ok_or_else(|| Error::internal(format!("a script's row has no column {at}")))
    }

    pub(crate) fn text(&mut self, at: usize) -> Result<String, Error> {
        String::from_utf8(self.bytes(at)?)
            .map_err(|_| Error::internal(format!("column {at} of a script's row is not text")))
    }

    pub(crate) fn number<T: std::str::FromStr>(&mut self, at: usize) -> Result<T, Error> {
        let text = self.text(at)?;
        text.parse()
            .map_err(|_| Error::internal(format!("column {at} of a script's row is no number: {text:?}")))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
