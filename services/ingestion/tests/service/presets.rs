//! A team's own presets, and what a corrected one makes of what came before.

use vorrang_api::ingestion::v1::quarantine_item::State;
use vorrang_api::ingestion::v1::{DiscardQuarantineItemRequest, Outcome};
use vorrang_testkit::{DataFolder, data_folder};

use crate::stack::{Stack, TENANT, sha256};
use crate::ticketing::{FakeTicketing, Mode};
use crate::webhooks::outcomes;

const README: &str = include_str!("../../presets/README.md");

fn write(folder: &DataFolder, text: &str) {
    let presets = folder.path().join("ingestion/presets");
    std::fs::create_dir_all(&presets).expect("a folder");
    std::fs::write(presets.join("own.toml"), text).expect("written");
}

/// Events with a body each; `fields` say where the rest is.
fn own(fields: &str) -> String {
    format!(
        "id = \"own\"\ndescription = \"Our shop\"\nitems = [\"/events/*\"]\n[signature]\nheader = \"X-Key\"\nalgorithm = \"secret\"\n\
         [contact]\ntext = \"/body\"\n{fields}\n"
    )
}

async fn post(stack: &Stack, body: &str) -> (Vec<String>, String) {
    let source = stack.source("own").await;
    let (status, answer) = stack.post(&source, &[("X-Key", "s3cret-key")], body).await;
    assert_eq!(status, 200, "{answer}");
    let item = answer["results"]
        .as_array()
        .and_then(|results| results.last())
        .and_then(|last| last["quarantineItem"].as_str())
        .expect("an item");
    (
        outcomes(&answer).into_iter().map(str::to_owned).collect(),
        item.to_owned(),
    )
}

#[tokio::test]
async fn a_corrected_preset_releases_the_bad_item_and_leaves_the_good_one_alone() {
    let folder = data_folder();
    write(&folder, &own("[[identity]]\nkind = \"email\"\nvalue = \"/who\""));
    let stack = Stack::on(folder, FakeTicketing::new()).await;
    let body = r#"{"events":[
        {"from":"b@x.example","body":"bad"},
        {"who":"a@x.example","body":"good","title":"Was not read at first"}
    ]}"#;
    let (told, item) = post(&stack, body).await;
    assert_eq!(told, ["CREATED", "QUARANTINED"]);

    // Somebody takes it for spam, and somebody else tries it in vain: the decision stands.
    let discard = DiscardQuarantineItemRequest { name: item.clone() };
    stack
        .quarantine(TENANT)
        .discard_quarantine_item(discard)
        .await
        .expect("discarded");
    assert_eq!(stack.retry(&item).await.outcome(), Outcome::Quarantined);
    assert_eq!(stack.quarantined(State::Discarded).await.len(), 1);

    // The good one reads differently now, too.
    let corrected = "subject = \"/title\"\n[[identity]]\nkind = \"email\"\nvalue = [\"/who\", \"/from\"]";
    write(&stack.folder, &own(corrected));
    let stack = stack.restart().await;
    let released = stack.retry(&item).await;
    assert_eq!(
        (released.outcome(), released.ticket.as_str()),
        (Outcome::Created, "tickets/2")
    );
    assert_eq!(stack.retry(&item).await, released, "it was released once");
    assert_eq!(stack.ticketing.texts(), ["good", "bad"]);
    assert_eq!(stack.quarantined(State::Released).await.len(), 1);
}

/// The folder is the operator's to name, and a wrong file in it stops the start, with file, line and reason.
#[tokio::test]
async fn a_wrong_preset_refuses_the_start() {
    let (data, presets) = (data_folder(), data_folder());
    std::fs::write(presets.path().join("team.toml"), own("subjekt = \"/title\"")).expect("written");
    let mut config = vorrang_service::Config::local(data.path());
    config.ingestion.presets = presets.path().display().to_string();
    let start = |config: &vorrang_service::Config| {
        let services = vec![vorrang_service::Bind::new("ingestion", vorrang_ingestion::bind)];
        vorrang_service::Suite::start(config.clone(), vorrang_clock::system(), services)
    };
    let Err(refused) = start(&config).await else {
        panic!("it starts")
    };
    for part in ["team.toml", "line 9", "subjekt"] {
        assert!(refused.chain().contains(part), "{part} is not in: {}", refused.chain());
    }
    std::fs::write(
        presets.path().join("team.toml"),
        own("[[identity]]\nkind = \"email\"\nvalue = \"/who\""),
    )
    .expect("written");
    start(&config).await.expect("it is right now");
}

#[tokio::test]
async fn an_item_is_released_only_when_all_of_it_is_recorded() {
    let folder = data_folder();
    write(&folder, &own("[[identity]]\nkind = \"email\"\nvalue = \"/who\""));
    let stack = Stack::on(folder, FakeTicketing::new()).await;
    stack.ticketing.set(Mode::Refuses);
    let body = r#"{"events":[{"who":"a@x.example","body":"one"},{"who":"a@x.example","body":"refuse"}]}"#;
    let (told, item) = post(&stack, body).await;
    assert_eq!(told, ["CREATED", "QUARANTINED"]);
    assert_eq!(stack.retry(&item).await.outcome(), Outcome::Quarantined);
    let waiting = stack.quarantined(State::Waiting).await;
    assert_eq!((waiting.len(), waiting[0].reason.as_str()), (1, "REFUSED_BY_TICKETING"));
    stack.ticketing.set(Mode::Up);
    let released = stack.retry(&item).await;
    assert_eq!(
        (released.outcome(), released.ticket.as_str()),
        (Outcome::Created, "tickets/2")
    );
    assert_eq!(stack.ticketing.texts(), ["one", "refuse"]);
}

/// What presets/README.md shows works as it stands there.
#[tokio::test]
async fn the_example_of_the_readme_works() {
    let between = |start: &str, end: &str| {
        let (_, rest) = README.split_once(start).expect(start);
        rest.split_once(end).expect(end).0.to_owned()
    };
    let folder = data_folder();
    write(&folder, &between("```toml\n", "\n```"));
    let stack = Stack::on(folder, FakeTicketing::new()).await;
    let source = stack.source("our-shop").await;
    let body = between("body='", "'");
    let time = vorrang_clock::system().now().timestamp().to_string();
    let signature = sha256(&format!("{time}.{body}"));
    // As curl sends it.
    let headers = [
        ("X-Shop-Time", time.as_str()),
        ("X-Shop-Signature", signature.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let (status, answer) = stack.post(&source, &headers, &body).await;
    assert_eq!((status, outcomes(&answer)), (200, vec!["CREATED"]), "{answer}");
    assert_eq!(stack.ticketing.texts(), ["Hello"]);
}
