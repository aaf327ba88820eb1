mod bounds;
mod loading;
mod signatures;
mod vectors;

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::contact::{Channel, IdentityKind, Priority};

/// Read once: properties ask for them thousands of times.
fn presets() -> &'static Presets {
    static BUILT_IN: LazyLock<Presets> = LazyLock::new(|| Presets::load(None).expect("the built-in presets are right"));
    &BUILT_IN
}

fn read(preset: &Preset, content_type: &str, body: &[u8]) -> Result<Mapped, NotUnderstood> {
    let mails = crate::mails::Mails::new(&[]);
    let payload = Payload {
        tenant: "acme",
        mails: &mails,
        source: "sources/s1",
        content_type,
        body,
        now: "2026-03-02T12:00:00Z".parse().expect("a time"),
    };
    map(preset, &payload)
}

fn mapped(preset: &str, body: &str) -> Mapped {
    read(presets().get(preset).expect("built in"), "", body.as_bytes()).expect("JSON")
}

const CHATWOOT: &str = include_str!("../../fixtures/presets/chatwoot/message.json");
const ZENDESK_CREATED: &str = include_str!("../../fixtures/presets/zendesk-event/ticket-created.json");
const ZENDESK_COMMENT: &str = include_str!("../../fixtures/presets/zendesk-event/comment-added.json");
const WHATSAPP: &str = include_str!("../../fixtures/presets/whatsapp-cloud/messages.json");
const WHATSAPP_STATUS: &str = include_str!("../../fixtures/presets/whatsapp-cloud/status.json");
const ZAMMAD: &str = include_str!("../../fixtures/presets/zammad/article.json");

#[test]
fn chatwoot_message_becomes_a_contact() {
    let mapped = mapped("chatwoot", CHATWOOT);
    assert_eq!(
        (mapped.skipped, mapped.problems.len(), mapped.contacts.len()),
        (0, 0, 1)
    );
    let contact = &mapped.contacts[0].contact;
    assert_eq!(contact.external_id, "90210");
    assert_eq!(contact.channel, Channel::Chat);
    assert_eq!(contact.text, "Wo bleibt meine Bestellung?");
    assert_eq!(contact.display_name, "Mara Lindqvist");
    assert_eq!(contact.priority, Priority::High);
    assert_eq!(contact.conversation, "conversation:sources/s1:411");
    assert_eq!(
        contact.occurred_at,
        Some("2026-03-02T09:15:31.250Z".parse().expect("a time"))
    );
    let identities: Vec<(IdentityKind, &str, bool)> = contact
        .identities
        .iter()
        .map(|one| (one.kind, one.value.as_str(), one.verified))
        .collect();
    assert_eq!(
        identities,
        [
            (IdentityKind::External, "chatwoot:77", true),
            (IdentityKind::Email, "mara@example.org", false),
            (IdentityKind::Phone, "+4915112345678", false),
        ]
    );
    assert_eq!(contact.attachments.len(), 1);
    assert_eq!(contact.attachments[0].size_bytes, 48213);
}

#[test]
fn what_our_own_agents_write_in_chatwoot_is_no_contact() {
    for (from, to) in [
        ("\"incoming\"", "\"outgoing\""),
        ("\"message_created\"", "\"message_updated\""),
        ("\"private\": false", "\"private\": true"),
    ] {
        let body = CHATWOOT.replace(from, to);
        assert_ne!(body, CHATWOOT, "the fixture has {from}");
        let mapped = mapped("chatwoot", &body);
        assert_eq!(
            (mapped.skipped, mapped.problems.len(), mapped.contacts.len()),
            (1, 0, 0),
            "{from} → {to}"
        );
    }
}

#[test]
fn zendesk_ticket_and_comment_share_a_conversation() {
    let created = mapped("zendesk-event", ZENDESK_CREATED);
    let comment = mapped("zendesk-event", ZENDESK_COMMENT);
    let (created, comment) = (&created.contacts[0].contact, &comment.contacts[0].contact);
    assert_eq!(created.conversation, "conversation:sources/s1:5158");
    assert_eq!(created.conversation, comment.conversation);
    assert_eq!(created.identities, comment.identities);
    assert_eq!(created.subject, "Rechnung fehlt");
    assert_eq!(created.text, "Ich finde meine Rechnung vom Mai nicht.");
    assert_eq!(created.channel, Channel::Email);
    assert_eq!(created.priority, Priority::Urgent);
    assert_eq!(created.tags, ["billing", "de"]);
    assert_eq!(comment.text, "Gefunden, danke!");
    assert_eq!(comment.external_id, "comment:8812");
    assert_ne!(created.external_id, comment.external_id);
}

#[test]
fn an_agents_comment_in_zendesk_is_no_contact() {
    let body = ZENDESK_COMMENT.replace("\"is_staff\": false", "\"is_staff\": true");
    assert_eq!(mapped("zendesk-event", &body).skipped, 1);
}

#[test]
fn whatsapp_payload_with_several_messages() {
    let mapped = mapped("whatsapp-cloud", WHATSAPP);
    assert_eq!(
        (mapped.skipped, mapped.problems.len()),
        (1, 0),
        "a reaction is no contact"
    );
    let texts: Vec<&str> = mapped.contacts.iter().map(|part| part.contact.text.as_str()).collect();
    assert_eq!(texts, ["Hallo, mein Router blinkt rot", "[audio]", "Foto vom Router"]);
    let positions = |mapped: &Mapped| -> Vec<usize> { mapped.contacts.iter().map(|part| part.position).collect() };
    assert_eq!(positions(&mapped), [0, 1, 2]);
    let first_skipped = WHATSAPP.replacen("\"type\": \"text\"", "\"type\": \"system\"", 1);
    assert_eq!(
        positions(&self::mapped("whatsapp-cloud", &first_skipped)),
        [1, 2],
        "what is skipped counts"
    );
    for Part { contact, .. } in &mapped.contacts {
        assert_eq!(contact.channel, Channel::Messaging);
        assert_eq!(contact.display_name, "Jonas Weber");
        assert_eq!(contact.conversation, "conversation:sources/s1:100200:4915199887766");
        assert_eq!(contact.identities[0].value, "+4915199887766");
    }
    assert_eq!(mapped.contacts[2].contact.attachments[0].content_type, "image/jpeg");
    assert_eq!(
        mapped.contacts[2].contact.reference_keys[0],
        "contact:sources/s1:wamid.A1"
    );
    assert_eq!(
        mapped.contacts[0].contact.thread_keys.last().map(String::as_str),
        Some("contact:sources/s1:wamid.A1")
    );
}

#[test]
fn whatsapp_delivery_states_are_known_and_no_contacts() {
    let mapped = mapped("whatsapp-cloud", WHATSAPP_STATUS);
    assert_eq!(
        (mapped.skipped, mapped.problems.len(), mapped.contacts.len()),
        (1, 0, 0)
    );
}

#[test]
fn zammad_article_with_html() {
    let mapped = mapped("zammad", ZAMMAD);
    let contact = &mapped.contacts[0].contact;
    assert_eq!(contact.text, "Guten Tag,\nder Link geht nicht.");
    assert_eq!(contact.display_name, "Petra Klein");
    assert_eq!(contact.priority, Priority::High);
}

#[test]
fn own_json_takes_lists_and_words_with_commas() {
    let json = mapped(
        "json",
        r#"{"text":"Hi","email":"A@B.example","tags":"x, y,","priority":"high","channel":"web","tier":"vip"}"#,
    );
    let contact = &json.contacts[0].contact;
    assert_eq!(contact.tags, ["x", "y"]);
    assert_eq!(
        (contact.priority, contact.channel, contact.tier.as_str()),
        (Priority::High, Channel::Web, "vip")
    );
    assert_eq!(contact.identities[0].value, "a@b.example");
}

#[test]
fn tiers_are_lower_case_and_zeros_of_clocks_are_no_times() {
    for zero in [
        "0001-01-01T00:00:00",
        "1970-01-01T00:00:00Z",
        "0",
        "1899-12-30 00:00:00",
    ] {
        let body =
            format!(r#"{{"text":"Hi","email":"a@b.example","tier":" VIP ","occurred_at":"{zero}","due_at":"{zero}"}}"#);
        let contact = mapped("json", &body).contacts.remove(0).contact;
        assert_eq!(
            (contact.tier.as_str(), contact.occurred_at, contact.due_at),
            ("vip", None, None),
            "{zero}"
        );
    }
}

#[test]
fn nul_characters_are_no_text() {
    let json = mapped(
        "json",
        r#"{"text":"a\u0000b","subject":"\u0000","email":"a@b.example","tags":["x\u0000"]}"#,
    );
    let contact = &json.contacts[0].contact;
    assert_eq!(
        (
            contact.text.as_str(),
            contact.subject.as_str(),
            contact.tags[0].as_str()
        ),
        ("ab", "", "x")
    );
}

#[test]
fn what_is_not_understood_says_why_without_the_text() {
    let cases = [
        ("json", r#"{"text":"Hi"}"#, "PAYLOAD_WITHOUT_SENDER"),
        ("json", r#"{"email":"a@b.example"}"#, "PAYLOAD_WITHOUT_CONTENT"),
        (
            "json",
            r#"{"email":"a@b.example","text":"Hi","priority":"asap"}"#,
            "PAYLOAD_WORD_UNKNOWN",
        ),
        (
            "json",
            r#"{"email":"a@b.example","text":"Hi","occurred_at":"yesterday"}"#,
            "PAYLOAD_TIME_UNREADABLE",
        ),
        ("whatsapp-cloud", r#"{"hello":"world"}"#, "PAYLOAD_UNKNOWN"),
    ];
    for (preset, body, reason) in cases {
        let mapped = mapped(preset, body);
        assert_eq!(mapped.contacts.len(), 0, "{body}");
        assert_eq!(mapped.problems[0].reason, reason, "{body}");
    }
    let all = presets();
    let broken = read(all.get("json").expect("built in"), "", b"{\"text\": secret words");
    assert_eq!(
        broken.as_ref().map_err(|problem| problem.reason),
        Err("PAYLOAD_NOT_JSON")
    );
    assert!(!broken.expect_err("not JSON").detail.contains("secret"));
}

#[test]
fn too_many_items_are_refused_before_they_cost_memory() {
    let message = r#"{"id":"1","from":"4915199887766","type":"text","text":{"body":"x"}}"#;
    let messages = vec![message; 1001].join(",");
    let body = format!(r#"{{"entry":[{{"changes":[{{"value":{{"messages":[{messages}]}}}}]}}]}}"#);
    let all = presets();
    let problem = read(all.get("whatsapp-cloud").expect("built in"), "", body.as_bytes()).expect_err("too many");
    assert_eq!(problem.reason, "PAYLOAD_TOO_MANY_ITEMS");
}

#[test]
fn a_wrong_preset_file_names_file_and_mistake() {
    let json = include_str!("../../presets/json.toml");
    let cases = [
        (json.replace("subject =", "subjekt ="), "subjekt"),
        (json.replace("\"/text\"", "\"text\""), "`text` is no pointer"),
        (json.replace("\"json\"", "\"JSON\""), "`id` must be"),
        (json.replace("{body}", "{timestamp}{body}"), "timestamp_header"),
        (json.replace("{body}", "x"), "must hold {body}"),
        (json.replace("{body}", "{/token}"), "must be at most 86400"),
        (json.replace("hmac-sha256", "md5"), "md5"),
        (
            json.replace("\"X-Vorrang-Signature\"", "\"X Signature\""),
            "`signature.header`",
        ),
        (json.replace("\"X-Vorrang-Signature\"", "\"\""), "`signature.header`"),
        (
            json.replace("signed = ", "timestamp_header = \"X-Time:\"\nsigned = "),
            "`signature.timestamp_header`",
        ),
    ];
    for (text, expected) in cases {
        let error = Preset::parse("team.toml", &text).expect_err(expected);
        assert!(error.message().contains("team.toml"), "{}", error.message());
        assert!(error.message().contains(expected), "{expected}: {}", error.message());
    }
}

#[test]
fn an_unknown_preset_names_those_there_are() {
    let error = presets().get("zendesk").expect_err("no such preset");
    assert_eq!(
        (error.kind(), error.reason()),
        (vorrang_error::Kind::NotFound, "PRESET_UNKNOWN")
    );
    assert!(error.message().contains("zendesk-event"));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        for preset in presets().iter().filter(|preset| !preset.is_mail()) {
            let _ = read(preset, "", &body);
        }
    }

    /// Payloads of the right shape with wrong values everywhere.
    #[test]
    fn a_payload_with_one_value_replaced_never_panics(
        which in 0_usize..6,
        pick in 0_usize..200,
        value in prop_oneof![Just("null"), Just("[]"), Just("{}"), Just("-1e308"), Just("\"\\u0000\""), Just("\"99999999999999999999\"")],
    ) {
        let (preset, text) = [
            ("chatwoot", CHATWOOT), ("zendesk-event", ZENDESK_CREATED), ("zendesk-event", ZENDESK_COMMENT),
            ("whatsapp-cloud", WHATSAPP), ("whatsapp-cloud", WHATSAPP_STATUS), ("zammad", ZAMMAD),
        ][which];
        let mut json: serde_json::Value = serde_json::from_str(text).expect("a fixture");
        let mut left = pick;
        replace(&mut json, &mut left, &serde_json::from_str(value).expect("JSON"));
        let body = serde_json::to_vec(&json).expect("JSON");
        let _ = read(presets().get(preset).expect("built in"), "", &body);
    }
}

fn replace(json: &mut serde_json::Value, left: &mut usize, value: &serde_json::Value) {
    if *left == 0 {
        *json = value.clone();
        *left = usize::MAX;
        return;
    }
    *left -= 1;
    match json {
        serde_json::Value::Object(fields) => fields.values_mut().for_each(|field| replace(field, left, value)),
        serde_json::Value::Array(values) => values.iter_mut().for_each(|field| replace(field, left, value)),
        _ => {}
    }
}
