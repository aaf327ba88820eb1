//! Attachments: stored once, opened for their customer only, never lost and never left behind.

use futures::StreamExt as _;
use vorrang_error::Kind;
use vorrang_testkit::{TestDatabase, both_engines};

use super::*;
use crate::retention;

/// In pieces of `size` bytes.
fn pieces(customer: &str, content: &[u8], size: usize) -> Vec<Result<pb::UploadAttachmentRequest, tonic::Status>> {
    let mut pieces: Vec<_> = content
        .chunks(size)
        .map(|data| {
            Ok(pb::UploadAttachmentRequest {
                data: data.to_vec().into(),
                ..pb::UploadAttachmentRequest::default()
            })
        })
        .collect();
    let first = pb::UploadAttachmentRequest {
        parent: customer.into(),
        file_name: "../../etc/passwd".into(),
        content_type: "text/plain".into(),
        ..pb::UploadAttachmentRequest::default()
    };
    pieces.insert(0, Ok(first));
    pieces
}

pub async fn upload(desk: &Fixture, customer: &str, content: &[u8]) -> Result<pb::Attachment, Error> {
    let pieces = futures::stream::iter(pieces(customer, content, 100_000));
    upload_attachment::upload(&desk.app, "acme", pieces).await
}

pub async fn download(desk: &Fixture, name: &str, offset: i64, length: i64) -> Result<Vec<u8>, Error> {
    let request = pb::DownloadAttachmentRequest {
        name: name.into(),
        offset,
        length,
    };
    let mut pieces = download_attachment::handle(&desk.app, acme(request)).await?;
    let mut content = Vec::new();
    while let Some(piece) = pieces.next().await {
        content.extend(piece.expect("a piece").data);
    }
    Ok(content)
}

/// Content that tells where each byte of it is from.
fn content(size: usize) -> Vec<u8> {
    (0..size).map(|index| (index / 7 % 251) as u8).collect()
}

fn with_file(ticket: &str, file: &pb::Attachment) -> pb::CreateMessageRequest {
    let message = pb::Message {
        attachments: vec![file.clone()],
        ..agents_message("see the file")
    };
    pb::CreateMessageRequest {
        parent: ticket.into(),
        message: Some(message),
        ..pb::CreateMessageRequest::default()
    }
}

both_engines! {
    async fn a_file_comes_back_whole_and_in_parts(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let customer = desk.customer("mara@example.org").await;
        let chunk = crate::file::CHUNK as usize;
        for size in [0, 1, chunk - 1, chunk, chunk + 1, 10 * chunk + 5] {
            let sent = content(size);
            let file = upload(&desk, &customer.name, &sent).await.expect("stored");
            assert_eq!(file.name, format!("{}/attachments/{}", customer.name, file.sha256));
            assert_eq!((file.size_bytes, file.file_name.as_str()), (size as i64, "../../etc/passwd"));
            assert_eq!(download(&desk, &file.name, 0, 0).await.expect("read"), sent, "{size} bytes");
            for (offset, length) in [(0, 1), (size / 2, 3), (size / 3, chunk + 7), (size, 0), (size.saturating_sub(1), 9)] {
                let part = download(&desk, &file.name, offset as i64, length as i64).await.expect("read");
                let end = if length == 0 { size } else { size.min(offset + length) };
                assert_eq!(part, sent[offset..end], "{offset}+{length} of {size}");
            }
            let beyond = download(&desk, &file.name, size as i64 + 1, 0).await.expect_err("beyond");
            assert_eq!(beyond.kind(), Kind::OutOfRange);
        }
        let all = desk.disk.all().await;
        assert!(all.iter().all(|(path, _)| path.starts_with("attachments/acme/") && !path.contains("passwd")));
        let plain = &content(10 * chunk)[..1_000];
        assert!(all.iter().all(|(_, bytes)| !bytes.windows(plain.len()).any(|window| window == plain)), "sealed");
    }

    async fn the_same_file_is_stored_once_a_customer(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (mara, ben) = (desk.customer("mara@example.org").await, desk.customer("ben@example.org").await);
        let first = upload(&desk, &mara.name, b"a letter").await.expect("stored");
        assert_eq!(upload(&desk, &mara.name, b"a letter").await.expect("again"), first);
        retention::sweep(&desk.app.store, &desk.app.objects).await.expect("swept");
        assert_eq!(desk.disk.all().await.len(), 1);
        let theirs = upload(&desk, &ben.name, b"a letter").await.expect("stored");
        assert_ne!(theirs.name, first.name);
        desk.erase(&mara.name).await.expect("erased");
        assert_eq!(download(&desk, &theirs.name, 0, 0).await.expect("his own"), b"a letter");
    }

    async fn messages_refer_to_files_of_their_own_customer(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (mara, ben) = (desk.customer("mara@example.org").await, desk.customer("ben@example.org").await);
        let ticket = desk.ticket_of(&mara).await;
        let mut file = upload(&desk, &mara.name, b"a letter").await.expect("stored");
        file.file_name = "letter.txt".into();
        file.size_bytes = 99;
        let written = create_message::handle(&desk.app, acme(with_file(&ticket.name, &file))).await.expect("written");
        file.size_bytes = 8;
        assert_eq!(written.message.expect("the message").attachments, [file.clone()]);
        let list = pb::ListMessagesRequest { parent: ticket.name.clone(), ..pb::ListMessagesRequest::default() };
        let listed = list_messages::handle(&desk.app, acme(list)).await.expect("listed").messages;
        assert_eq!(listed[0].attachments, [file]);

        let theirs = upload(&desk, &ben.name, b"his").await.expect("stored");
        let unknown = pb::Attachment { name: format!("{}/attachments/{}", mara.name, "0".repeat(64)), ..pb::Attachment::default() };
        for wrong in [theirs, unknown] {
            let refused = create_message::handle(&desk.app, acme(with_file(&ticket.name, &wrong))).await.expect_err("not hers");
            assert_eq!(refused.kind(), Kind::NotFound);
        }
        let odd = pb::Attachment { name: "customers/../attachments/x".into(), ..pb::Attachment::default() };
        let refused = create_message::handle(&desk.app, acme(with_file(&ticket.name, &odd))).await.expect_err("no name");
        assert_eq!(refused.violations()[0].field, "message.attachments[0].name");
        assert_eq!(desk.get(&ticket.name).await.message_count, 1);
    }

    /// Mails are recorded before their files are uploaded: the name appears when the bytes are there.
    async fn a_file_may_come_after_its_message(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut contact = mail("mara@example.org", "<1>");
        let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(b"a letter"));
        let file = pb::Attachment { file_name: "letter.txt".into(), sha256, size_bytes: 8, ..pb::Attachment::default() };
        contact.message.as_mut().expect("a message").attachments = vec![file];
        let recorded = desk.record(vec![contact]).await.remove(0);
        let named = async || {
            let list = pb::ListMessagesRequest { parent: recorded.ticket.clone(), ..pb::ListMessagesRequest::default() };
            let listed = list_messages::handle(&desk.app, acme(list)).await.expect("listed");
            listed.messages[0].attachments[0].name.clone()
        };
        assert_eq!(named().await, "");
        let stored = upload(&desk, &recorded.customer, b"a letter").await.expect("stored");
        assert_eq!(named().await, stored.name);
        desk.wait(2 * 86_400);
        retention::tick(&desk.app.store, &desk.app.objects).await.expect("swept");
        assert_eq!(download(&desk, &stored.name, 0, 0).await.expect("referred to"), b"a letter");
    }

    async fn what_nobody_refers_to_goes_after_a_day(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let file = upload(&desk, &mara.name, b"a letter").await.expect("stored");
        retention::tick(&desk.app.store, &desk.app.objects).await.expect("swept");
        assert_eq!(desk.disk.all().await.len(), 1);
        desk.wait(86_400);
        retention::tick(&desk.app.store, &desk.app.objects).await.expect("swept");
        assert_eq!(desk.disk.all().await.len(), 0);
        assert_eq!(download(&desk, &file.name, 0, 0).await.expect_err("gone").kind(), Kind::NotFound);
    }

    async fn what_is_not_as_announced_is_refused(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let send = async |change: &dyn Fn(&mut pb::UploadAttachmentRequest), size: usize| {
            let mut sent = pieces(&mara.name, &content(size), 50_000);
            change(sent[0].as_mut().expect("the first"));
            upload_attachment::upload(&desk.app, "acme", futures::stream::iter(sent)).await.expect_err("refused")
        };
        let field = |error: &Error| error.violations()[0].field.clone();
        assert_eq!(field(&send(&|first| first.sha256 = "0".repeat(64), 10).await), "sha256");
        assert_eq!(field(&send(&|first| first.sha256 = "XYZ".into(), 10).await), "sha256");
        assert_eq!(field(&send(&|first| first.size_bytes = 11, 10).await), "size_bytes");
        assert_eq!(field(&send(&|first| first.size_bytes = -1, 10).await), "size_bytes");
        assert_eq!(field(&send(&|first| first.size_bytes = (1 << 20) + 1, 10).await), "size_bytes");
        assert_eq!(field(&send(&|_| {}, (1 << 20) + 1).await), "data");
        assert_eq!(field(&send(&|first| first.parent = "customers/x".into(), 10).await), "parent");
        assert_eq!(field(&send(&|first| first.file_name = "a\nb".into(), 10).await), "file_name");
        assert_eq!(send(&|first| first.parent = format!("customers/{}", uuid::Uuid::nil()), 10).await.kind(), Kind::NotFound);
        let nothing = futures::stream::iter(Vec::new());
        assert_eq!(field(&upload_attachment::upload(&desk.app, "acme", nothing).await.expect_err("nothing")), "parent");
        let mut broken = pieces(&mara.name, &content(10), 5);
        broken[2] = Err(tonic::Status::cancelled("gone"));
        let broken = upload_attachment::upload(&desk.app, "acme", futures::stream::iter(broken)).await.expect_err("broken");
        assert_eq!(broken.reason(), "UPLOAD_BROKEN");
        assert_eq!(desk.disk.all().await.len(), 0, "nothing is left of any of them");
        let theirs = upload_attachment::upload(&desk.app, "globex", futures::stream::iter(pieces(&mara.name, b"x", 5))).await;
        assert_eq!(theirs.expect_err("not theirs").kind(), Kind::NotFound);
    }

    /// Messages are kept whatever the object store does; what it lost or changed is said, not invented.
    async fn an_object_store_that_fails_loses_no_message(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let ticket = desk.ticket_of(&mara).await;
        let file = upload(&desk, &mara.name, &content(200_000)).await.expect("stored");
        desk.disk.set_down(true);
        let down = upload(&desk, &mara.name, b"another").await.expect_err("down");
        assert_eq!((down.kind(), down.reason()), (Kind::Unavailable, "ATTACHMENTS_UNAVAILABLE"));
        create_message::handle(&desk.app, acme(with_file(&ticket.name, &file))).await.expect("kept");
        assert_eq!(download(&desk, &file.name, 0, 0).await.expect_err("down").reason(), "ATTACHMENTS_UNAVAILABLE");
        desk.disk.set_down(false);
        let (path, bytes) = desk.disk.all().await.remove(0);
        let mut changed = bytes.clone();
        changed[70_000] ^= 1;
        desk.disk.tamper(&path, Some(changed)).await;
        assert_eq!(download(&desk, &file.name, 0, 0).await.expect_err("changed").kind(), Kind::Internal);
        assert_eq!(download(&desk, &file.name, 0, 10).await.expect("its first chunk is whole"), content(200_000)[..10]);
        desk.disk.tamper(&path, None).await;
        let lost = download(&desk, &file.name, 0, 0).await.expect_err("lost");
        assert_eq!((lost.kind(), lost.reason()), (Kind::NotFound, "ATTACHMENT_BYTES_MISSING"));
        let foreign = pb::DownloadAttachmentRequest { name: file.name.clone(), ..pb::DownloadAttachmentRequest::default() };
        let Err(theirs) = download_attachment::handle(&desk.app, by(Tenant::One("globex".into()), foreign)).await else {
            panic!("it is not theirs")
        };
        assert_eq!((theirs.kind(), theirs.reason()), (Kind::NotFound, "RESOURCE_NOT_FOUND"));
    }
}
