//! Real input from a folder.

use std::path::Path;

use serde_json::Value;
use vorrang_error::Error;

/// Every file of `folder` and below, in the order of their names.
///
/// Fails when the folder cannot be read or holds no file.
pub fn files(folder: &Path) -> Result<Vec<Vec<u8>>, Error> {
    let unreadable = |path: &Path, error: std::io::Error| {
        Error::invalid_field(path.display().to_string(), "cannot be read").caused_by(error)
    };
    let mut paths = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).map_err(|error| unreadable(&next, error))? {
            let path = entry.map_err(|error| unreadable(&next, error))?.path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                paths.push(path);
            }
        }
    }
    if paths.is_empty() {
        return Err(Error::invalid_field(
            folder.display().to_string(),
            "there is no file in this folder",
        ));
    }
    paths.sort();
    paths
        .iter()
        .map(|path| std::fs::read(path).map_err(|error| unreadable(path, error)))
        .collect()
}

/// The payloads in one file: usually the file itself. An array holds several, and so does a collection of named
/// payloads, as test data of libraries often is: an object of objects that all have the same keys.
pub fn payloads(file: Vec<u8>) -> Vec<Vec<u8>> {
    let several: Vec<Value> = match serde_json::from_slice(&file) {
        Ok(Value::Array(items)) => items,
        Ok(Value::Object(named)) if is_collection(&named) => named.into_iter().map(|(_, payload)| payload).collect(),
        _ => return vec![file],
    };
    several.iter().map(|payload| payload.to_string().into_bytes()).collect()
}

fn is_collection(named: &serde_json::Map<String, Value>) -> bool {
    let keys = |value: &Value| {
        value
            .as_object()
            .map(|object| object.keys().cloned().collect::<Vec<_>>())
    };
    let mut payloads = named.values().map(keys);
    match payloads.next() {
        Some(Some(first)) => first.len() > 1 && payloads.all(|next| next.as_ref() == Some(&first)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_left_as_it_is() {
        for file in [
            r#"{"a": 1,  "b": {"c": 2}}"#,
            r#"{"ticket": {"id": 1}, "article": {"body": "x"}}"#,
            "no json",
            "",
        ] {
            assert_eq!(vec![file.as_bytes().to_vec()], payloads(file.into()), "{file}");
        }
    }

    #[test]
    fn collections_are_taken_apart() {
        let named = r#"{"text": {"object": "o", "entry": [1]}, "image": {"object": "o", "entry": [2]}}"#;
        assert_eq!(2, payloads(named.into()).len());
        assert_eq!(2, payloads("[{}, {}]".into()).len());
    }
}
