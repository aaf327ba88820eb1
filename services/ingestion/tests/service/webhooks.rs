use tonic::Code;
use tonic_types::StatusExt as _;
use vorrang_api::ingestion::v1::quarantine_item::State;
use vorrang_api::ingestion::v1::{
    CreateSourceRequest, GetSourceRequest, ListPresetsRequest, ListSourcesRequest, Outcome, RetryQuarantineItemRequest,
    Source, UpdateSourceRequest,
};
use vorrang_testkit::data_folder;

use crate::stack::{Stack, TENANT, http, sha256};
use crate::ticketing::{FakeTicketing, Mode};

const WHATSAPP: &str = include_str!("../../fixtures/presets/whatsapp-cloud/messages.json");
const STATUS: &str = include_str!("../../fixtures/presets/whatsapp-cloud/status.json");
const CHATWOOT: &str = include_str!("../../fixtures/presets/chatwoot/message.json");

pub fn outcomes(body: &serde_json::Value) -> Vec<&str> {
    body["results"]
        .as_array()
        .expect("results")
        .iter()
        .filter_map(|one| one["outcome"].as_str())
        .collect()
}

#[tokio::test]
async fn a_signed_payload_becomes_tickets_and_its_redelivery_none() {
    let stack = Stack::start().await;
    let source = stack.source("whatsapp-cloud").await;
    let signature = sha256(WHATSAPP);
    let headers = [
        ("X-Hub-Signature-256", signature.as_str()),
        ("content-type", "application/json"),
    ];
    let (status, body) = stack.post(&source, &headers, WHATSAPP).await;
    assert_eq!(
        (status, outcomes(&body)),
        (200, vec!["CREATED", "APPENDED", "APPENDED"])
    );
    assert_eq!(body["results"][0]["ticket"], "tickets/1");
    let (status, body) = stack.post(&source, &headers, WHATSAPP).await;
    assert_eq!(
        (status, outcomes(&body)),
        (200, vec!["DUPLICATE", "DUPLICATE", "DUPLICATE"])
    );
    assert_eq!(stack.ticketing.contacts()[0].source, source.name);
}

#[tokio::test]
async fn a_wrong_signature_leaves_nothing_but_a_count() {
    let stack = Stack::start().await;
    let source = stack.source("whatsapp-cloud").await;
    let wrong = sha256("another body");
    for headers in [
        &[("X-Hub-Signature-256", wrong.as_str())][..],
        &[("X-Hub-Signature-256", "sha256=zz")],
        &[],
    ] {
        let (status, body) = stack.post(&source, headers, WHATSAPP).await;
        assert_eq!(
            (status, body["error"]["reason"].as_str()),
            (401, Some("SIGNATURE_INVALID"))
        );
    }
    let request = GetSourceRequest { name: source.name };
    let read = stack
        .sources(TENANT)
        .get_source(request)
        .await
        .expect("is there")
        .into_inner();
    assert_eq!((read.rejected_count, read.secret.as_str()), (3, ""));
    assert_eq!(stack.ticketing.calls(), 0);
    assert!(stack.quarantined(State::Waiting).await.is_empty() && stack.quarantined(State::Discarded).await.is_empty());
}

#[tokio::test]
async fn the_signature_of_chatwoot_covers_the_time() {
    let stack = Stack::start().await;
    let source = stack.source("chatwoot").await;
    let now = vorrang_clock::system().now().timestamp();
    for (timestamp, expected) in [(now, 200), (now - 3_600, 401)] {
        let signature = sha256(&format!("{timestamp}.{CHATWOOT}"));
        let timestamp = timestamp.to_string();
        let headers = [
            ("X-Chatwoot-Signature", signature.as_str()),
            ("X-Chatwoot-Timestamp", timestamp.as_str()),
        ];
        let (status, body) = stack.post(&source, &headers, CHATWOOT).await;
        assert_eq!(status, expected, "{body}");
    }
}

#[tokio::test]
async fn unknown_sources_and_switched_off_ones_are_not_found() {
    let stack = Stack::start().await;
    let never = Source {
        events_path: "/v1/sources/0123456789abcdef/events".to_owned(),
        ..Source::default()
    };
    assert_eq!(stack.post(&never, &[], "{}").await.0, 404);
    let mut source = stack.source("json").await;
    source.disabled = true;
    let request = UpdateSourceRequest {
        source: Some(source.clone()),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["disabled".to_owned()],
        }),
        ..UpdateSourceRequest::default()
    };
    let updated = stack
        .sources(TENANT)
        .update_source(request)
        .await
        .expect("changed")
        .into_inner();
    assert!(updated.disabled && updated.secret.is_empty() && updated.etag != source.etag);
    let signature = sha256("{}");
    assert_eq!(
        stack
            .post(&source, &[("X-Vorrang-Signature", &signature)], "{}")
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn what_is_not_understood_is_kept_and_acknowledged() {
    let stack = Stack::start().await;
    let source = stack.source("json").await;
    for (body, reason) in [
        ("not json", "PAYLOAD_NOT_JSON"),
        (r#"{"text":"Hi"}"#, "PAYLOAD_WITHOUT_SENDER"),
    ] {
        let (status, answer) = stack
            .post(&source, &[("X-Vorrang-Signature", &sha256(body))], body)
            .await;
        assert_eq!((status, outcomes(&answer)), (200, vec!["QUARANTINED"]));
        let items = stack.quarantined(State::Waiting).await;
        assert_eq!((items[0].reason.as_str(), &items[0].source), (reason, &source.name));
        assert_eq!(
            answer["results"][0]["quarantineItem"].as_str(),
            Some(items[0].name.as_str())
        );
    }
    let (status, answer) = stack.post(&source, &[("X-Vorrang-Signature", &sha256(""))], "").await;
    assert_eq!(
        (status, answer["error"]["reason"].as_str()),
        (400, Some("INVALID_REQUEST"))
    );
}

#[tokio::test]
async fn what_is_known_not_to_be_a_contact_is_kept_out_of_the_way() {
    let stack = Stack::start().await;
    let source = stack.source("whatsapp-cloud").await;
    let (status, body) = stack
        .post(&source, &[("X-Hub-Signature-256", &sha256(STATUS))], STATUS)
        .await;
    assert_eq!((status, outcomes(&body)), (200, vec!["QUARANTINED"]));
    assert!(stack.quarantined(State::Waiting).await.is_empty());
    let kept = stack.quarantined(State::Discarded).await;
    assert_eq!(kept[0].reason, "NOT_A_CONTACT");
}

#[tokio::test]
async fn a_raw_mail_can_be_posted_to_any_source() {
    let stack = Stack::start().await;
    let mail = "From: a@x.example\r\nSubject: Hi\r\nMessage-ID: <1@x>\r\n\r\nHallo\r\n";
    let signature = sha256(mail);
    for (preset, content_type) in [
        ("email", "application/octet-stream"),
        ("json", "Message/RFC822; charset=x"),
    ] {
        let source = stack.source(preset).await;
        let headers = [
            ("X-Vorrang-Signature", signature.as_str()),
            ("content-type", content_type),
        ];
        let (status, body) = stack.post(&source, &headers, mail).await;
        assert_eq!((status, outcomes(&body)), (200, vec!["CREATED"]), "{preset}");
    }
}

#[tokio::test]
async fn while_ticketing_is_down_webhooks_are_accepted() {
    let stack = Stack::start().await;
    let source = stack.source("whatsapp-cloud").await;
    stack.ticketing.set(Mode::Down);
    let (status, body) = stack
        .post(&source, &[("X-Hub-Signature-256", &sha256(WHATSAPP))], WHATSAPP)
        .await;
    assert_eq!(
        (status, outcomes(&body)),
        (200, vec!["ACCEPTED", "ACCEPTED", "ACCEPTED"])
    );
    stack.ticketing.set(Mode::Up);
    for result in body["results"].as_array().expect("results") {
        stack.delivered(result["receipt"].as_str().expect("a receipt")).await;
    }
    assert_eq!(stack.ticketing.tickets(), 1);
    assert_eq!(stack.ticketing.texts()[0], "Hallo, mein Router blinkt rot");
}

/// Vendors give up after five seconds.
#[tokio::test]
async fn while_ticketing_hangs_webhooks_are_accepted_in_time() {
    let stack = Stack::start().await;
    let source = stack.source("whatsapp-cloud").await;
    stack.ticketing.set(Mode::Hangs);
    let signature = sha256(WHATSAPP);
    let headers = [("X-Hub-Signature-256", signature.as_str())];
    let answer = stack.post(&source, &headers, WHATSAPP);
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(5), answer).await;
    let (status, body) = in_time.expect("an answer in time");
    assert_eq!(
        (status, outcomes(&body)),
        (200, vec!["ACCEPTED", "ACCEPTED", "ACCEPTED"])
    );
    stack.ticketing.set(Mode::Up);
    for result in body["results"].as_array().expect("results") {
        stack.delivered(result["receipt"].as_str().expect("a receipt")).await;
    }
    let expected = ["Hallo, mein Router blinkt rot", "[audio]", "Foto vom Router"];
    assert_eq!(stack.ticketing.texts(), expected, "each once, in order");
}

#[tokio::test]
async fn the_handshake_of_meta() {
    let stack = Stack::start().await;
    let source = stack.source("whatsapp-cloud").await;
    let id = source.name.trim_start_matches("sources/");
    let ask = |token: &str| {
        format!(
            "{}?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444",
            source.events_path
        )
    };
    let addr = stack.running.addr();
    assert_eq!(
        http(addr, "GET", &ask(id), &[], "").await,
        (200, "1158201444".to_owned())
    );
    assert_eq!(http(addr, "GET", &ask("guess"), &[], "").await.0, 401);
}

#[tokio::test]
async fn a_source_shows_its_secret_once_and_belongs_to_its_tenant() {
    let stack = Stack::start().await;
    let create = |request_id: &str, preset: &str| CreateSourceRequest {
        request_id: request_id.to_owned(),
        source: Some(Source {
            preset: preset.to_owned(),
            display_name: "Shop".to_owned(),
            ..Source::default()
        }),
    };
    let mut client = stack.sources(TENANT);
    let made = client
        .create_source(create("r1", "chatwoot"))
        .await
        .expect("made")
        .into_inner();
    assert_eq!(made.secret.len(), 64, "we make one when none is given");
    let again = client
        .create_source(create("r1", "chatwoot"))
        .await
        .expect("made before")
        .into_inner();
    assert_eq!((&again.name, &again.secret), (&made.name, &made.secret));
    let listed = client
        .list_sources(ListSourcesRequest::default())
        .await
        .expect("lists")
        .into_inner()
        .sources;
    assert_eq!(listed.len(), 1);
    assert!(listed[0].secret.is_empty());

    let unknown = client.create_source(create("", "nonsense")).await.expect_err("unknown");
    assert_eq!(unknown.code(), Code::NotFound);
    assert_eq!(vorrang_service::reason(&unknown).as_deref(), Some("PRESET_UNKNOWN"));
    let reused = client
        .create_source(create("r1", "json"))
        .await
        .expect_err("another body");
    assert_eq!(vorrang_service::reason(&reused).as_deref(), Some("REQUEST_ID_REUSED"));
    let mut wrong = create(" ", "");
    wrong.source.as_mut().expect("set").secret = "short".to_owned();
    let status = client.create_source(wrong).await.expect_err("malformed");
    let details = status.get_error_details();
    assert_eq!(details.bad_request().expect("violations").field_violations.len(), 3);

    let mut rival = stack.sources("rival");
    let get = GetSourceRequest {
        name: made.name.clone(),
    };
    assert_eq!(
        rival.get_source(get).await.expect_err("another tenant's").code(),
        Code::NotFound
    );
    assert!(
        rival
            .list_sources(ListSourcesRequest::default())
            .await
            .expect("lists")
            .into_inner()
            .sources
            .is_empty()
    );
    let update = UpdateSourceRequest {
        source: Some(Source {
            etag: "\"99\"".to_owned(),
            ..made.clone()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["queue".to_owned()],
        }),
        ..UpdateSourceRequest::default()
    };
    assert_eq!(
        rival
            .update_source(update.clone())
            .await
            .expect_err("another tenant's")
            .code(),
        Code::NotFound
    );
    assert_eq!(
        client.update_source(update).await.expect_err("another revision").code(),
        Code::Aborted
    );
}

#[tokio::test]
async fn a_team_adds_and_corrects_its_own_preset() {
    let folder = data_folder();
    let presets = folder.path().join("ingestion/presets");
    std::fs::create_dir_all(&presets).expect("a folder");
    let own = |text: &str| {
        format!(
            "id = \"own\"\ndescription = \"Our shop\"\n[signature]\nheader = \"X-Key\"\nalgorithm = \"secret\"\n\
             [contact]\ntext = \"{text}\"\n[[identity]]\nkind = \"email\"\nvalue = \"/who\"\n"
        )
    };
    std::fs::write(presets.join("own.toml"), own("/wrong")).expect("written");
    let stack = Stack::on(folder, FakeTicketing::new()).await;
    let listed = stack
        .sources(TENANT)
        .list_presets(ListPresetsRequest {})
        .await
        .expect("lists")
        .into_inner()
        .presets;
    assert!(listed.iter().any(|preset| preset.id == "own"));
    assert!(
        ["chatwoot", "whatsapp-cloud", "zendesk-event"]
            .iter()
            .all(|id| listed.iter().any(|preset| preset.id == *id))
    );

    let source = stack.source("own").await;
    let body = r#"{"who":"a@x.example","body":"Hallo"}"#;
    let (status, answer) = stack.post(&source, &[("X-Key", "s3cret-key")], body).await;
    assert_eq!((status, outcomes(&answer)), (200, vec!["QUARANTINED"]));
    let item = answer["results"][0]["quarantineItem"]
        .as_str()
        .expect("an item")
        .to_owned();

    std::fs::write(stack.folder.path().join("ingestion/presets/own.toml"), own("/body")).expect("written");
    let stack = stack.restart().await;
    let retry = RetryQuarantineItemRequest { name: item };
    let mut client = stack.quarantine(TENANT);
    let released = client
        .retry_quarantine_item(retry.clone())
        .await
        .expect("tried")
        .into_inner()
        .result
        .expect("a result");
    assert_eq!(released.outcome(), Outcome::Created);
    let again = client
        .retry_quarantine_item(retry)
        .await
        .expect("tried")
        .into_inner()
        .result
        .expect("a result");
    assert_eq!(again, released);
    assert_eq!(stack.ticketing.tickets(), 1);
    assert_eq!(stack.quarantined(State::Released).await.len(), 1);
}
