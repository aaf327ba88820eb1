//! What the words of another system are among ours. Never fails: a word that we do not have becomes the nearest that we have.

use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use vorrang_history as history;

use crate::attributes::{self, Attributes, Value};
use crate::customer::Identity;
use crate::state::State;
use crate::words::{ActorKind, Channel, Disposition, IdentityKind, Priority};

/// Characters of a tag, an intent and the like.
const WORD_MAX: usize = 100;
/// Characters of a subject.
pub const SUBJECT_MAX: usize = 500;
/// Bytes of a slug without its mark.
const SLUG_MAX: usize = 50;

/// How a ticket of another system is found again: `zendesk:35436`.
pub fn external(source: &str, id: &str) -> String {
    format!("{source}:{id}")
}

/// How a customer of another system is found again. None when the id is longer than an identity may be.
pub fn identity(source: &str, id: &str) -> Option<Identity> {
    Identity::parse(IdentityKind::External, &external(source, id), true).ok()
}

/// Where else a customer is known: addresses that the other system kept as attributes.
pub fn addresses(attributes: Option<&serde_json::Map<String, Json>>) -> Vec<Identity> {
    let kinds = [("email", IdentityKind::Email), ("phone", IdentityKind::Phone)];
    let value = |key: &str| attributes?.get(key)?.as_str();
    kinds
        .into_iter()
        .filter_map(|(key, kind)| Identity::parse(kind, value(key)?, true).ok())
        .filter(|one| one.kind != IdentityKind::Email || one.value.contains('@'))
        .collect()
}

/// An id as ours are made. One that fits stays; any other becomes readable and stays apart from all others.
pub fn slug(id: &str) -> String {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=63).contains(&id.len()) && id.bytes().all(fits) {
        return id.to_owned();
    }
    let mut slug = String::new();
    for letter in id.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii_lowercase() || letter.is_ascii_digit() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= SLUG_MAX {
            break;
        }
    }
    let mark = hex::encode(&Sha256::digest(id.as_bytes())[..4]);
    match slug.trim_end_matches('-') {
        "" => mark,
        readable => format!("{readable}-{mark}"),
    }
}

/// `agents/{agent}`.
pub fn agent(id: &str) -> String {
    format!("agents/{}", slug(id))
}

pub fn channel(word: &str) -> Channel {
    match word.to_lowercase().as_str() {
        "email" | "mail" | "e-mail" => Channel::Email,
        "chat" | "live_chat" | "native_messaging" => Channel::Chat,
        "phone" | "voice" | "voicemail" => Channel::Phone,
        "social" | "facebook" | "instagram" | "twitter" | "x" | "linkedin" => Channel::Social,
        "sms" => Channel::Sms,
        "whatsapp" | "messenger" | "telegram" | "messaging" => Channel::Messaging,
        "web" | "web_form" | "app" => Channel::Web,
        _ => Channel::Api,
    }
}

pub fn priority(priority: Option<history::Priority>) -> Priority {
    match priority {
        Some(history::Priority::Low) => Priority::Low,
        None | Some(history::Priority::Normal) => Priority::Normal,
        Some(history::Priority::High) => Priority::High,
        Some(history::Priority::Urgent) => Priority::Urgent,
    }
}

pub fn actor_kind(kind: history::ActorKind) -> ActorKind {
    match kind {
        history::ActorKind::Customer => ActorKind::Customer,
        history::ActorKind::Agent => ActorKind::Agent,
        history::ActorKind::Automation => ActorKind::Automation,
    }
}

/// What a status makes of a ticket: a state, or that it counts for nothing.
pub fn status(status: history::Status) -> Result<State, Disposition> {
    match status {
        history::Status::Open => Ok(State::Open),
        history::Status::Pending => Ok(State::Pending),
        history::Status::OnHold => Ok(State::OnHold),
        history::Status::Solved => Ok(State::Solved),
        history::Status::Closed => Ok(State::Closed),
        history::Status::Spam => Err(Disposition::Spam),
        history::Status::Deleted => Err(Disposition::Deleted),
    }
}

/// The beginning of a text.
pub fn cut(text: &str, most: usize) -> String {
    text.chars().filter(|one| *one != '\0').take(most).collect()
}

/// A tag, an intent, a language.
pub fn word(text: &str) -> String {
    cut(text.trim(), WORD_MAX)
}

/// Tags as ours are: sorted, each once, no more than a ticket may have.
pub fn tags(given: &[String]) -> Vec<String> {
    let mut tags: Vec<String> = given
        .iter()
        .map(|tag| word(tag))
        .filter(|tag| !tag.is_empty())
        .collect();
    tags.sort_unstable();
    tags.dedup();
    tags.truncate(crate::ticket::TAGS_MAX);
    tags
}

/// Attributes as ours are: keys in lower case, values that are texts, numbers or truths; what does not fit is in the log only.
pub fn attributes(given: &serde_json::Map<String, Json>, into: &mut Attributes) {
    for (key, value) in given {
        let key: String = key
            .to_lowercase()
            .chars()
            .map(|one| if one.is_ascii_alphanumeric() { one } else { '_' })
            .collect();
        if attributes::check_key(&key).is_err() {
            continue;
        }
        let value = match value {
            Json::String(text) => Value::Text(cut(text, attributes::TEXT_MAX)),
            Json::Number(number) => match number.as_f64() {
                Some(number) => Value::Number(number),
                None => continue,
            },
            Json::Bool(truth) => Value::Boolean(*truth),
            Json::Null | Json::Array(_) | Json::Object(_) => continue,
        };
        let before = into.insert(key.clone(), value);
        if attributes::check_size(into).is_err() {
            match before {
                Some(before) => into.insert(key, before),
                None => into.remove(&key),
            };
        }
    }
}

/// An amount in the smallest unit of its currency; none when it has none of ours.
pub fn amount(amount: f64, currency: &str) -> Option<i64> {
    let digits = match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
        | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    };
    let smallest = (amount * 10_f64.powi(digits)).round();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "within the bound, which is far below 2^53"
    )]
    let whole = smallest as i64;
    (smallest >= 0.0 && smallest <= crate::record::AMOUNT_MAX as f64 && crate::record::is_currency(currency))
        .then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_become_ours_and_stay_apart() {
        assert_eq!(slug("anna-7"), "anna-7");
        assert!(slug("Anna Müller").starts_with("anna-m-ller-"));
        assert_ne!(slug("Anna"), slug("anna"));
        assert_ne!(slug("ä"), slug("ö"));
        for id in ["", "Anna Müller", "日本", &"x".repeat(200), "a b", "-"] {
            assert!(crate::names::check_agent(&agent(id)).is_ok(), "{id}");
            assert_eq!(slug(id), slug(&slug(id)), "{id}");
        }
    }

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        assert_eq!(amount(20.0, "EUR"), Some(2_000));
        assert_eq!(amount(19.99, "EUR"), Some(1_999));
        assert_eq!(amount(500.0, "JPY"), Some(500));
        assert_eq!(amount(1.5, "KWD"), Some(1_500));
        assert_eq!(amount(-1.0, "EUR"), None);
        assert_eq!(amount(1e30, "EUR"), None);
        assert_eq!(amount(1.0, "QQQ"), None);
    }

    #[test]
    fn what_does_not_fit_an_attribute_is_left_out() {
        let given = serde_json::json!({"Größe": 3, "plan name": "gold", "list": [1], "ok": true, "9": 1});
        let mut found = Attributes::new();
        attributes(given.as_object().expect("an object"), &mut found);
        let keys: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(keys, ["gr__e", "ok", "plan_name"]);
        attributes(
            serde_json::json!({"big": "x".repeat(60_000)})
                .as_object()
                .expect("an object"),
            &mut found,
        );
        assert!(attributes::check_size(&found).is_ok());
    }
}
