//! Histories: uploaded in any pieces, applied once, through crashes and outages; strict ones whole or not at all.

use tonic::{Code, Status};
use vorrang_api::ingestion::v1::import::State;
use vorrang_api::ingestion::v1::import_history_request::Request as Part;
use vorrang_api::ingestion::v1::import_service_client::ImportServiceClient;
use vorrang_api::ingestion::v1::{
    DeleteImportRequest, GetImportRequest, Import, ImportError, ImportHistoryRequest, ImportStart,
    ListImportErrorsRequest, ListImportsRequest, Outcome,
};
use vorrang_service::PeerChannel;
use vorrang_testkit::{DEADLINE, wait_for};

use crate::stack::{Stack, TENANT, contact};
use crate::ticketing::Mode;

impl Stack {
    fn imports(&self, tenant: &str) -> ImportServiceClient<PeerChannel> {
        ImportServiceClient::new(self.running.peers().ingestion(Some(tenant)))
    }

    async fn upload(&self, start: ImportStart, chunks: &[&[u8]]) -> Result<Import, Status> {
        let chunks = chunks.iter().map(|chunk| Part::Chunk(chunk.to_vec().into()));
        let parts = [Part::Start(start)].into_iter().chain(chunks);
        let parts: Vec<_> = parts.map(|part| ImportHistoryRequest { request: Some(part) }).collect();
        let answer = self.imports(TENANT).import_history(tokio_stream::iter(parts)).await;
        answer.map(tonic::Response::into_inner)
    }

    async fn get_import(&self, name: &str) -> Import {
        let request = GetImportRequest { name: name.to_owned() };
        self.imports(TENANT)
            .get_import(request)
            .await
            .expect("is there")
            .into_inner()
    }

    async fn ended(&self, import: &Import) -> Import {
        wait_for(DEADLINE, "the import to end", || async {
            let import = self.get_import(&import.name).await;
            (import.state() != State::Running).then_some(import)
        })
        .await
    }

    async fn import_errors(&self, import: &Import) -> Vec<ImportError> {
        let request = ListImportErrorsRequest {
            parent: import.name.clone(),
            ..ListImportErrorsRequest::default()
        };
        let answer = self.imports(TENANT).list_import_errors(request).await;
        answer.expect("a page").into_inner().errors
    }
}

fn start(request_id: &str) -> ImportStart {
    ImportStart {
        request_id: request_id.to_owned(),
        ..ImportStart::default()
    }
}

fn strict(request_id: &str) -> ImportStart {
    ImportStart {
        strict: true,
        ..start(request_id)
    }
}

/// Tickets with a message each, the newest first.
fn history(tickets: usize) -> String {
    let mut lines = String::new();
    for ticket in (0..tickets).rev() {
        let at = format!(
            "2021-03-02T{:02}:{:02}:{:02}Z",
            ticket / 3_600,
            ticket / 60 % 60,
            ticket % 60
        );
        lines += &format!(
            "{{\"at\":\"{at}\",\"type\":\"message\",\"ticket\":\"{ticket}\",\"actor\":{{\"kind\":\"customer\"}}}}\r\n\n"
        );
        lines += &format!(
            "{{\"at\":\"{at}\",\"type\":\"ticket_opened\",\"ticket\":\"{ticket}\",\"customer\":\"c\",\"channel\":\"email\"}}\n"
        );
    }
    lines
}

fn counts(import: &Import) -> (i64, i64, i64, i64) {
    (
        import.line_count,
        import.recorded_count,
        import.duplicate_count,
        import.bad_count,
    )
}

#[tokio::test]
async fn lines_in_any_order_and_pieces_are_applied_in_the_order_in_which_they_count() {
    let stack = Stack::start().await;
    let text = history(300);
    let chunks: Vec<&[u8]> = text.as_bytes().chunks(777).collect();
    let import = stack.upload(start("r1"), &chunks).await.expect("uploaded");
    assert_eq!((import.source.as_str(), import.line_count), ("history", 600));
    let import = stack.ended(&import).await;
    assert_eq!((import.state(), counts(&import)), (State::Done, (600, 600, 0, 0)));
    assert!(import.received_at.is_some() && import.ended_at.is_some());
    let lines = stack.ticketing.lines();
    assert!(
        lines[0].contains("ticket_opened") && lines[0].contains("\"ticket\":\"0\""),
        "{}",
        lines[0]
    );
    assert!(
        lines[599].contains("message") && lines[599].contains("\"ticket\":\"299\""),
        "{}",
        lines[599]
    );

    // The same once more: by its id the answer of the first time, whatever is sent; without one an import of duplicates.
    let again = stack.upload(start("r1"), &[]).await.expect("known");
    assert_eq!(again, import);
    let again = stack.upload(start(""), &[text.as_bytes()]).await.expect("uploaded");
    assert_eq!(counts(&stack.ended(&again).await), (600, 0, 600, 0));
    assert_eq!(stack.ticketing.lines().len(), 600);
    let other = stack.upload(strict("r1"), &[]).await.expect_err("other settings");
    assert_eq!(other.code(), Code::InvalidArgument);
    let request = ListImportsRequest::default();
    let listed = stack
        .imports(TENANT)
        .list_imports(request)
        .await
        .expect("a page")
        .into_inner()
        .imports;
    assert_eq!(
        listed.iter().map(|one| &one.name).collect::<Vec<_>>(),
        [&again.name, &import.name]
    );
}

#[tokio::test]
async fn bad_lines_are_named_and_strict_ones_apply_nothing() {
    let stack = Stack::start().await;
    let bad = "{\"at\":\"2021-03-02T00:00:00Z\",\"type\":\"handoff\",\"ticket\":\"nobodys\"}\n\nno json\n{\"at\":\"yesterday\",\"type\":\"agent\",\"id\":\"a\",\"mood\":1}\n";
    let text = format!("{bad}{}", history(2));
    let refused = stack.upload(strict("s"), &[text.as_bytes()]).await.expect("answered");
    assert_eq!((refused.state(), counts(&refused)), (State::Refused, (7, 0, 0, 2)));
    let import = stack.upload(start("s2"), &[text.as_bytes()]).await.expect("uploaded");
    let import = stack.ended(&import).await;
    assert_eq!((import.state(), counts(&import)), (State::Done, (7, 4, 0, 3)));
    let errors: Vec<(i64, String, String)> = stack
        .import_errors(&import)
        .await
        .into_iter()
        .map(|one| (one.line, one.reason, one.field))
        .collect();
    let expected = [
        (1, "TICKET_NOT_OPEN", "ticket"),
        (3, "NOT_JSON", ""),
        (4, "BAD_TIME", "at"),
        (4, "UNKNOWN_FIELD", "mood"),
    ];
    assert_eq!(
        errors,
        expected.map(|(line, reason, field)| (line, reason.to_owned(), field.to_owned()))
    );

    // References of a strict one are judged before anything is applied, also with what is there already.
    let before = stack.ticketing.lines().len();
    let dangling = format!("{}{}", history(3), bad.lines().next().expect("a line"));
    let refused = stack
        .upload(strict("s3"), &[dangling.as_bytes()])
        .await
        .expect("uploaded");
    let refused = stack.ended(&refused).await;
    assert_eq!(
        (refused.state(), counts(&refused), stack.ticketing.lines().len()),
        (State::Refused, (7, 0, 0, 1), before)
    );
    assert_eq!(stack.import_errors(&refused).await[0].reason, "TICKET_NOT_OPEN");
    let later = "{\"at\":\"2021-03-03T00:00:00Z\",\"type\":\"handoff\",\"ticket\":\"1\"}";
    let whole = stack
        .upload(strict("s4"), &[history(2).as_bytes(), later.as_bytes()])
        .await
        .expect("uploaded");
    assert_eq!(
        counts(&stack.ended(&whole).await),
        (5, 1, 4, 0),
        "what it refers to was imported before"
    );
}

#[tokio::test]
async fn an_upload_that_broke_goes_on_and_a_restart_changes_nothing() {
    let stack = Stack::start().await;
    let text = history(1_500);
    let (first, rest) = text.split_at(text.len() / 2);
    // The stream breaks in the middle of a line.
    let (send, parts) = tokio::sync::mpsc::channel(4);
    for part in [Part::Start(start("r")), Part::Chunk(first.as_bytes().to_vec().into())] {
        send.send(ImportHistoryRequest { request: Some(part) })
            .await
            .expect("taken");
    }
    let mut client = stack.imports(TENANT);
    let call = tokio::spawn(async move {
        client
            .import_history(tokio_stream::wrappers::ReceiverStream::new(parts))
            .await
    });
    let import = wait_for(DEADLINE, "a part to be durable", || async {
        let page = stack.imports(TENANT).list_imports(ListImportsRequest::default()).await;
        page.expect("a page")
            .into_inner()
            .imports
            .pop()
            .filter(|import| import.line_count >= 1_000)
    })
    .await;
    assert_eq!(import.state(), State::Receiving);
    call.abort();
    drop(send);
    let stack = stack.restart().await;
    assert_eq!(
        stack.ticketing.lines(),
        Vec::<String>::new(),
        "nothing is applied before all is there"
    );

    // Another file is none of it.
    let other = text.replace("customer", "agent");
    let error = stack
        .upload(start("r"), &[other.as_bytes()])
        .await
        .expect_err("another file");
    assert_eq!(error.code(), Code::InvalidArgument);
    let shorter = text.lines().next().expect("a line");
    let error = stack
        .upload(start("r"), &[shorter.as_bytes()])
        .await
        .expect_err("a shorter file");
    assert_eq!(error.code(), Code::InvalidArgument);
    // Applying is cut off again and again: answers are lost, and the process dies.
    stack.ticketing.set(Mode::LosesAnswers);
    let continued = stack
        .upload(start("r"), &[first.as_bytes(), rest.as_bytes()])
        .await
        .expect("goes on");
    assert_eq!((&continued.name, continued.line_count), (&import.name, 3_000));
    wait_for(DEADLINE, "a batch", || async {
        (!stack.ticketing.lines().is_empty()).then_some(())
    })
    .await;
    let stack = stack.restart().await;
    stack.ticketing.set(Mode::Up);
    let import = stack.ended(&continued).await;
    assert_eq!(
        counts(&import),
        (3_000, 3_000, 0, 0),
        "an answer that was lost is no duplicate"
    );
    assert_eq!(stack.ticketing.lines().len(), 3_000);
}

#[tokio::test]
async fn an_outage_is_waited_for_and_live_contacts_do_not_wait_for_imports() {
    let stack = Stack::start().await;
    stack.ticketing.set(Mode::Down);
    let import = stack
        .upload(start(""), &[history(50).as_bytes()])
        .await
        .expect("taken while ticketing is down");
    assert_eq!(import.state(), State::Running);
    stack.ticketing.set(Mode::Up);
    let pushed = stack.push("live", contact("Hallo")).await.expect("taken");
    assert_eq!(pushed.outcome(), Outcome::Created);
    assert_eq!(counts(&stack.ended(&import).await), (100, 100, 0, 0));

    let request = DeleteImportRequest {
        name: import.name.clone(),
    };
    for _ in 0..2 {
        stack
            .imports(TENANT)
            .delete_import(request.clone())
            .await
            .expect("gone");
    }
    let gone = stack
        .imports(TENANT)
        .get_import(GetImportRequest { name: import.name })
        .await
        .expect_err("gone");
    assert_eq!(gone.code(), Code::NotFound);
}

#[tokio::test]
async fn what_is_wrong_with_an_upload_is_said() {
    let stack = Stack::start().await;
    let parts = vec![ImportHistoryRequest {
        request: Some(Part::Chunk(b"x".to_vec().into())),
    }];
    let error = stack
        .imports(TENANT)
        .import_history(tokio_stream::iter(parts))
        .await
        .expect_err("no start");
    assert_eq!(error.code(), Code::InvalidArgument);
    let bad = ImportStart {
        source: "Zendesk!".to_owned(),
        request_id: "a b".to_owned(),
        ..ImportStart::default()
    };
    let error = stack.upload(bad, &[]).await.expect_err("refused");
    assert_eq!(
        tonic_types::StatusExt::get_details_bad_request(&error)
            .expect("details")
            .field_violations
            .len(),
        2
    );
    let empty = stack.upload(start(""), &[b"\n\n"]).await.expect("nothing to do");
    assert_eq!((empty.state(), counts(&empty)), (State::Done, (0, 0, 0, 0)));
    let other = stack
        .imports("other")
        .get_import(GetImportRequest { name: empty.name })
        .await
        .expect_err("another tenant's");
    assert_eq!(other.code(), Code::NotFound);
}

/// The worked cases of the KPI definitions, when the folder is named.
#[tokio::test]
async fn the_worked_cases_go_in_whole_and_once() {
    let Ok(folder) = std::env::var("VORRANG_KPI_CASES") else {
        return;
    };
    let stack = Stack::start().await;
    for case in std::fs::read_dir(folder).expect("a folder") {
        let case = case.expect("an entry");
        let Ok(text) = std::fs::read(case.path().join("history.jsonl")) else {
            continue;
        };
        let named = |request_id: &str| ImportStart {
            source: case.file_name().to_string_lossy().into_owned(),
            ..strict(request_id)
        };
        let import = stack.upload(named(""), &[&text]).await.expect("uploaded");
        let import = stack.ended(&import).await;
        assert_eq!(
            (import.state(), import.bad_count, import.duplicate_count),
            (State::Done, 0, 0),
            "{:?}",
            case.path()
        );
        let again = stack.upload(named(""), &[&text]).await.expect("uploaded");
        let again = stack.ended(&again).await;
        assert_eq!(
            (again.recorded_count, again.duplicate_count),
            (0, import.recorded_count),
            "{:?}",
            case.path()
        );
    }
}
