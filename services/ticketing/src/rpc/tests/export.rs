//! ExportCustomer: everything about one customer and nothing about anybody else.

use std::collections::BTreeMap;

use futures::StreamExt as _;
use vorrang_testkit::{TestDatabase, both_engines};

use super::attachments::upload;
use super::privacy::{canary_mail, holds};
use super::*;

pub async fn export(desk: &Fixture, customer: &str) -> BTreeMap<String, Vec<u8>> {
    let request = pb::ExportCustomerRequest { name: customer.into() };
    let mut pieces = export_customer::handle(&desk.app, acme(request)).await.expect("begins");
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut last = String::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.expect("a piece");
        files.entry(piece.file.clone()).or_default().extend(&piece.data);
        last = piece.file;
    }
    assert_eq!(last, "manifest.json", "the archive is whole");
    files
}

fn lines(bytes: &[u8]) -> Vec<serde_json::Value> {
    let text = std::str::from_utf8(bytes).expect("JSON is text");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

both_engines! {
    async fn an_archive_has_everything_about_the_customer(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let first = desk.record(vec![canary_mail("1"), canary_mail("2")]).await;
        let customer = first[0].customer.clone();
        desk.record(vec![mail("ben@example.org", "<ben>")]).await;
        let file = upload(&desk, &customer, b"a letter").await.expect("stored");
        let ticket = desk.get(&first[0].ticket).await;
        desk.state(&ticket, pb::ticket::State::Solved).await.expect("solves");
        let answer = pb::AnswerSurveyRequest { ticket: ticket.name.clone(), survey: "csat".into(), score: 4, ..pb::AnswerSurveyRequest::default() };
        answer_survey::handle(&desk.app, acme(answer)).await.expect("answered");
        let hold = pb::LegalHold { name: format!("{customer}/legalHold"), reference: "AZ 12".into(), created_at: None };
        set_legal_hold::handle(&desk.app, acme(pb::SetLegalHoldRequest { legal_hold: Some(hold), ..pb::SetLegalHoldRequest::default() }))
            .await
            .expect("held");

        let files = export(&desk, &customer).await;
        let people = lines(&files["customers.jsonl"]);
        assert_eq!((&people[0]["name"], &people[0]["displayName"]), (&customer.as_str().into(), &"kanarienvogel-name".into()));
        assert_eq!(lines(&files["tickets.jsonl"])[0]["subject"], "kanarienvogel-subject");
        let messages = lines(&files["messages.jsonl"]);
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[1]["externalId"], "kanarienvogel-message-2");
        assert_eq!(lines(&files["survey_answers.jsonl"])[0]["score"], 4);
        assert_eq!(lines(&files["legal_hold.jsonl"])[0]["reference"], "AZ 12");
        let ours = desk.events("acme").await;
        let ours = ours.iter().filter_map(|event| event.head.as_ref()).filter(|head| head.subject == customer || head.subject == ticket.name);
        let events = lines(&files["events.jsonl"]);
        assert_eq!(
            events.iter().map(|event| event["head"]["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>(),
            ours.map(|head| head.id.clone()).collect::<Vec<_>>()
        );
        assert_eq!(files[&format!("attachments/{}", file.sha256)], b"a letter");
        assert!(files.values().all(|bytes| !holds(bytes, "ben@example.org")), "nobody else's");
        let manifest: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).expect("JSON");
        assert_eq!(manifest["files"].as_array().map(Vec::len), Some(files.len() - 2));
        for named in manifest["files"].as_array().expect("files") {
            let bytes = &files[named["name"].as_str().expect("a name")];
            assert_eq!(named["sha256"], hex::encode(<sha2::Sha256 as sha2::Digest>::digest(bytes)));
        }
    }

    async fn nobody_exports_who_is_not_theirs_or_not_there(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let request = || pb::ExportCustomerRequest { name: mara.name.clone() };
        let theirs = export_customer::handle(&desk.app, by(Tenant::One("globex".into()), request())).await;
        assert_eq!(theirs.err().expect("not theirs").kind(), vorrang_error::Kind::NotFound);
        desk.erase(&mara.name).await.expect("erased");
        let gone = export_customer::handle(&desk.app, acme(request())).await;
        assert_eq!(gone.err().expect("gone").reason(), "ERASED");
    }

    /// A file that is lost ends the archive with an error: a part is never taken for the whole.
    async fn a_broken_archive_has_no_manifest(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        upload(&desk, &mara.name, b"a letter").await.expect("stored");
        desk.disk.set_down(true);
        let mut pieces = export_customer::handle(&desk.app, acme(pb::ExportCustomerRequest { name: mara.name }))
            .await
            .expect("begins");
        let mut result = Vec::new();
        while let Some(piece) = pieces.next().await {
            result.push(piece.map(|piece| piece.file));
        }
        let status = result.pop().expect("an end").expect_err("broken");
        assert_eq!(status.code(), tonic::Code::Unavailable);
        assert!(result.iter().all(|file| file.as_ref().is_ok_and(|file| file != "manifest.json")));
    }
}
