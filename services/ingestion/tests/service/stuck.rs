//! Mails that do not come through, on a real Dovecot: people get to know of them, and the folder goes on.

use std::os::unix::fs::PermissionsExt as _;

use sea_orm::{ConnectionTrait as _, Statement};
use vorrang_api::ingestion::v1::QuarantineItem;
use vorrang_api::ingestion::v1::quarantine_item::State;
use vorrang_database::Database;
use vorrang_testkit::{DEADLINE, MAIL_PASSWORD, MailServer, data_folder, wait_for};

use crate::mailboxes::{configure, imaps};
use crate::stack::Stack;
use crate::ticketing::FakeTicketing;

fn mail(n: usize) -> String {
    format!("From: mara@x.example\r\nSubject: Frage {n}\r\nMessage-ID: <{n}@x.example>\r\n\r\nText {n}\r\n")
}

async fn reading(server: &MailServer) -> Stack {
    let folder = data_folder();
    configure(&folder, server, MAIL_PASSWORD, &imaps(server));
    Stack::on(folder, FakeTicketing::new()).await
}

async fn recorded(stack: &Stack, text: &str) {
    wait_for(DEADLINE * 3, "a mail to be recorded", || async {
        stack.ticketing.texts().iter().any(|one| one == text).then_some(())
    })
    .await;
}

/// The one that people have to look at.
async fn kept(stack: &Stack) -> QuarantineItem {
    let mut kept = wait_for(DEADLINE * 3, "a mail to be kept for people", || async {
        Some(stack.quarantined(State::Waiting).await).filter(|kept| !kept.is_empty())
    })
    .await;
    assert_eq!(kept.len(), 1);
    kept.remove(0)
}

#[tokio::test]
async fn a_mail_that_the_server_does_not_give_is_named_and_the_next_ones_are_taken() {
    let server = MailServer::start().await;
    server.deliver("support", mail(1).as_bytes());
    // The server knows how large it is, and cannot read it: what a disk that fails looks like.
    let (file, raw) = server.mails("support").remove(0);
    let sized = format!("{},S={size},W={size}", file.display(), size = raw.len());
    std::fs::rename(&file, &sized).expect("is renamed");
    std::fs::set_permissions(&sized, std::fs::Permissions::from_mode(0o0)).expect("is its owner's");
    server.deliver("support", mail(2).as_bytes());
    let stack = reading(&server).await;
    recorded(&stack, "Text 2").await;
    let item = kept(&stack).await;
    assert_eq!(item.reason, "MAIL_NOT_GIVEN", "{}", server.logs());
    assert!(item.detail.contains("as UID 1 ("), "{}", item.detail);
}

#[tokio::test]
async fn a_mail_that_cannot_be_recorded_is_kept_whole_and_the_next_ones_are_taken() {
    let server = MailServer::start().await;
    let stack = reading(&server).await;
    server.deliver("support", mail(1).as_bytes());
    recorded(&stack, "Text 1").await;
    // Something in this mail makes our own database fail.
    let url = format!("sqlite://{}", stack.folder.path().join("ingestion.db").display());
    let database = Database::connect(&url).await.expect("connects");
    let backend = database.reader().get_database_backend();
    let trigger = "CREATE TRIGGER fails BEFORE INSERT ON raw WHEN NEW.external_id = '2@x.example' BEGIN SELECT RAISE(ABORT, 'fails'); END";
    let transaction = database.begin().await.expect("begins");
    let made = transaction
        .conn()
        .execute_raw(Statement::from_string(backend, trigger))
        .await;
    made.expect("is made");
    transaction.commit().await.expect("is kept");
    server.deliver("support", mail(2).as_bytes());
    let item = kept(&stack).await;
    assert_eq!(item.reason, "MAIL_NOT_RECORDED");
    assert_eq!(
        item.size_bytes,
        i64::try_from(mail(2).len()).expect("small"),
        "all of it"
    );
    server.deliver("support", mail(3).as_bytes());
    recorded(&stack, "Text 3").await;
}
