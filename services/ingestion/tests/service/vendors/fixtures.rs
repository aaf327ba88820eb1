//! What vendors push, in `fixtures/presets/<preset>/`: one file a case, the way it is sent told by how its name ends.

use std::path::{Path, PathBuf};

/// A push without its signature.
#[derive(Debug, Clone)]
pub struct Fixture {
    pub name: String,
    pub content_type: String,
    /// What comes in headers besides (binary CloudEvents).
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/presets")
}

impl Fixture {
    /// All of a preset, by name; there is at least one.
    pub fn all(preset: &str) -> Vec<Self> {
        let folder = folder().join(preset);
        let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
            .unwrap_or_else(|why| panic!("{preset} has no fixtures in {}: {why}", folder.display()))
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "{preset} has no fixtures");
        files.iter().map(|file| Self::read(preset, file)).collect()
    }

    fn read(preset: &str, file: &Path) -> Self {
        let text = std::fs::read_to_string(file).expect("a fixture is text");
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let (_, kind) = name.rsplit_once('.').expect("an ending");
        // Files are kept with the line ends of the repository; mails and parts of forms are sent with CRLF.
        let wire = || text.replace("\r\n", "\n").replace('\n', "\r\n");
        let mut headers = Vec::new();
        let (content_type, body) = match kind {
            "json" if preset == "cloudevents" => {
                let batch = if text.starts_with('[') { "-batch" } else { "" };
                (format!("application/cloudevents{batch}+json; charset=utf-8"), text)
            }
            "json" => ("application/json".to_owned(), text),
            "jsonl" => ("application/x-ndjson".to_owned(), text),
            "xml" => ("text/xml; charset=utf-8".to_owned(), text),
            "eml" => ("message/rfc822".to_owned(), wire()),
            "form" => ("application/x-www-form-urlencoded".to_owned(), form(&text)),
            "multipart" => {
                let boundary = text.lines().next().expect("a boundary").trim_start_matches("--");
                (format!("multipart/form-data; boundary={boundary}"), wire())
            }
            "http" => {
                let (head, body) = text.split_once("\n\n").expect("an empty line");
                let head = head.lines().map(|line| line.split_once(": ").expect("a header"));
                headers.extend(head.map(|(name, value)| (name.to_owned(), value.to_owned())));
                let media_type = headers.remove(0);
                assert_eq!(media_type.0, "Content-Type", "comes first");
                (media_type.1, body.to_owned())
            }
            other => panic!("{name}: how is .{other} sent?"),
        };
        Self {
            name,
            content_type,
            headers,
            body: body.into_bytes(),
        }
    }
}

/// A field a line, `name=value`, as a browser would send it.
fn form(text: &str) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for line in text.lines() {
        let (name, value) = line.split_once('=').expect("a field");
        form.append_pair(name, &value.replace("\\n", "\n"));
    }
    form.finish()
}
