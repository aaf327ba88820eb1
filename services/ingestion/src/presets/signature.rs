//! The shape of `[signature]`: how a vendor proves that a push is its own.

use serde::Deserialize;

use super::find::Pointer;
use super::time::TimeFormat;

/// Longest time for which a signature that covers no body may be good.
const MAX_UNSIGNED_SECONDS: u32 = 86_400;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signature {
    /// Header that holds it. One of `header`, `parameter` and `at` is needed.
    #[serde(default)]
    pub header: String,
    /// Parameter of the query that holds it.
    #[serde(default)]
    pub parameter: String,
    /// Where in the payload it is.
    pub at: Option<Pointer>,
    #[serde(default)]
    pub algorithm: Algorithm,
    #[serde(default)]
    pub encoding: Encoding,
    #[serde(default)]
    pub prefix: String,
    /// What stands between several signatures in one header; one that is right is enough.
    #[serde(default)]
    pub separator: String,
    /// What is signed.
    #[serde(default)]
    pub signed: Template,
    #[serde(default)]
    pub timestamp_header: String,
    /// Where in the payload the timestamp is, when no header holds it.
    pub timestamp_at: Option<Pointer>,
    #[serde(default)]
    pub timestamp_format: TimeFormat,
    /// How old or how far ahead a signed timestamp may be.
    pub tolerance_seconds: Option<u32>,
    /// What stands before a secret. With it a source may hold several secrets, a space between them, while one is replaced.
    #[serde(default)]
    pub secret_prefix: String,
    #[serde(default)]
    pub secret_encoding: SecretEncoding,
    /// Other ways in which the sender may sign, each told by the `secret_prefix` that its secrets have.
    #[serde(default)]
    pub also: Vec<Signature>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(super) enum Algorithm {
    #[default]
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
    #[serde(rename = "hmac-sha1")]
    HmacSha1,
    /// The secret is the vendor's public key: base64 of its SubjectPublicKeyInfo.
    #[serde(rename = "ecdsa-p256-sha256")]
    EcdsaP256,
    /// The secret is the sender's public key: base64 of its 32 bytes.
    #[serde(rename = "ed25519")]
    Ed25519,
    /// The secret itself is sent: for senders that cannot sign. Use it over TLS only.
    #[serde(rename = "secret")]
    Secret,
    /// HTTP basic authentication; the secret is `user:password`, or the password alone for any user. Over TLS only.
    #[serde(rename = "basic")]
    Basic,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    #[default]
    Hex,
    Base64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SecretEncoding {
    /// The text itself is the key.
    #[default]
    Text,
    /// The text is base64 of the key.
    Base64,
}

/// What is signed: literal text and, in braces, what is put in.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Template(pub Vec<Signed>);

impl Default for Template {
    fn default() -> Self {
        Self(vec![Signed::Body])
    }
}

/// A piece of what is signed.
#[derive(Debug, Clone)]
pub(super) enum Signed {
    Literal(String),
    Body,
    Timestamp,
    Method,
    /// Path and query.
    Path,
    /// The whole address, as the sender knows it.
    Url,
    /// The fields of a form, sorted, each name followed by its value.
    Form,
    /// The value of a header.
    Header(String),
    /// A value of the payload.
    Value(Pointer),
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        while let Some(open) = rest.find('{') {
            if open > 0 {
                pieces.push(Signed::Literal(rest[..open].to_owned()));
            }
            let close = rest[open..]
                .find('}')
                .ok_or_else(|| format!("`{text}` opens a brace and does not close it"))?;
            pieces.push(match &rest[open + 1..open + close] {
                "body" => Signed::Body,
                "timestamp" => Signed::Timestamp,
                "method" => Signed::Method,
                "path" => Signed::Path,
                "url" => Signed::Url,
                "form" => Signed::Form,
                pointer if pointer.starts_with('/') => Signed::Value(Pointer::try_from(pointer.to_owned())?),
                other => match other.strip_prefix("header:") {
                    Some(name) if is_header(name) => Signed::Header(name.to_owned()),
                    _ => {
                        return Err(format!(
                            "`{{{other}}}` cannot be signed: there are body, timestamp, method, path, url, form, \
                             header:name and pointers"
                        ));
                    }
                },
            });
            rest = &rest[open + close + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Signed::Literal(rest.to_owned()));
        }
        Ok(Self(pieces))
    }
}

fn is_header(name: &str) -> bool {
    http::HeaderName::from_bytes(name.as_bytes()).is_ok()
}

impl Signature {
    /// Whether the payload must be read before it is known who sent it.
    pub(super) fn reads_payload(&self) -> bool {
        self.at.is_some()
            || self.timestamp_at.is_some()
            || self.signed.0.iter().any(|piece| matches!(piece, Signed::Value(_)))
    }

    /// Whether it proves nothing about the body: then it is good for one body only, the first that comes with it.
    pub(super) fn signs_no_body(&self) -> bool {
        let signs = !matches!(self.algorithm, Algorithm::Secret | Algorithm::Basic);
        signs
            && !self
                .signed
                .0
                .iter()
                .any(|piece| matches!(piece, Signed::Body | Signed::Form))
    }

    pub(super) fn check(&self) -> Result<(), String> {
        for other in &self.also {
            if other.secret_prefix.is_empty() || other.secret_prefix == self.secret_prefix {
                return Err(
                    "`signature.also` needs a `secret_prefix` of its own, by which its secrets are known".to_owned(),
                );
            }
            if !other.also.is_empty() {
                return Err("`signature.also` must not hold another `also`".to_owned());
            }
            other.check()?;
        }
        let places = [!self.header.is_empty(), !self.parameter.is_empty(), self.at.is_some()];
        if places.into_iter().filter(|place| *place).count() != 1 {
            return Err(
                "`signature.header` must name the header of the signature, or `parameter` or `at` instead".to_owned(),
            );
        }
        for (key, name) in [("header", &self.header), ("timestamp_header", &self.timestamp_header)] {
            if !name.is_empty() && !is_header(name) {
                return Err(format!(
                    "`signature.{key}` must name a header, and `{name}` cannot be one"
                ));
            }
        }
        if matches!(self.algorithm, Algorithm::Secret | Algorithm::Basic) {
            return Ok(());
        }
        if self.algorithm == Algorithm::Ed25519 && self.secret_encoding != SecretEncoding::Base64 {
            return Err("`signature.secret_encoding` must be base64 for ed25519: a public key is no text".to_owned());
        }
        let signs = |is: fn(&Signed) -> bool| self.signed.0.iter().any(is);
        let has_timestamp = !self.timestamp_header.is_empty() || self.timestamp_at.is_some();
        let signs_timestamp = signs(|piece| matches!(piece, Signed::Timestamp));
        if signs_timestamp && !has_timestamp {
            return Err("`signature.signed` uses {timestamp}: set `timestamp_header` or `timestamp_at`".to_owned());
        }
        if self.tolerance_seconds.is_some() && !signs_timestamp {
            return Err(
                "`signature.tolerance_seconds` needs {timestamp} in `signature.signed`: \
                        a timestamp that is not signed proves nothing"
                    .to_owned(),
            );
        }
        // A vendor that signs values of its own and not the body (Mailgun) says so by naming them.
        if !signs(|piece| matches!(piece, Signed::Body | Signed::Form | Signed::Value(_))) {
            return Err("`signature.signed` must hold {body}, or {form}, or a value of the payload".to_owned());
        }
        if self.signs_no_body()
            && self
                .tolerance_seconds
                .is_none_or(|seconds| seconds > MAX_UNSIGNED_SECONDS)
        {
            return Err(
                "`signature.tolerance_seconds` must be at most 86400 where {body} is not signed: for so long it is remembered what \
                 came with a signature"
                    .to_owned(),
            );
        }
        Ok(())
    }
}
