use super::*;
use crate::import::{Import, ImportState, LineError, NewImport};

fn new(request_id: Option<&str>, strict: bool) -> NewImport {
    NewImport {
        request_id: request_id.map(str::to_owned),
        source: "old".to_owned(),
        strict,
        display_name: String::new(),
    }
}

/// Lines `second, rank, number`, and a bad one.
fn part(lines: &[(i64, u8, u64)], read: u64, bad: bool) -> Part {
    let line = |(second, rank, number): &(i64, u8, u64)| NewLine {
        at: now() + TimeDelta::seconds(*second),
        rank: *rank,
        number: *number,
        hash: [0; 32],
        sealed: number.to_string().into_bytes(),
    };
    let error = |position| LineError {
        line: read,
        position,
        reason: "BAD_TIME".to_owned(),
        field: "at".to_owned(),
        text: "is wrong".to_owned(),
    };
    Part {
        lines: lines.iter().map(line).collect(),
        errors: if bad { vec![error(0), error(1)] } else { Vec::new() },
        bad: i64::from(bad),
        read,
        chain: [7; 32],
    }
}

async fn numbers(store: &Store, import: &Import, after: Option<(i64, i32, i64)>) -> Vec<i64> {
    let lines = store
        .pending_lines(import.id, after, (10, 1 << 20))
        .await
        .expect("reads");
    lines.into_iter().map(|line| line.key.2).collect()
}

both_engines! {
    async fn an_import_is_uploaded_applied_and_forgotten(db: TestDatabase) {
        let store = store(&db).await;
        let import = store.begin_import("acme", &new(Some("r"), false), now()).await.expect("begun");
        let same = store.begin_import("acme", &new(Some("r"), false), now()).await.expect("known");
        assert_eq!(same, import);
        let other = store.begin_import("acme", &new(Some("r"), true), now()).await.expect_err("other settings");
        assert_eq!(other.reason(), "REQUEST_ID_REUSED");
        assert_ne!(store.begin_import("other", &new(Some("r"), true), now()).await.expect("another tenant's").id, import.id);

        let first = part(&[(5, 2, 1), (5, 1, 2), (4, 2, 3)], 4, true);
        let after = store.keep_part(&import, first).await.expect("kept");
        assert_eq!((after.read_lines, after.line_count, after.bad, after.chain), (4, 4, 1, [7; 32]));
        let stale = store.keep_part(&import, part(&[(9, 2, 4)], 1, false)).await.expect_err("is elsewhere");
        assert_eq!(stale.reason(), "UPLOAD_ELSEWHERE");
        assert_eq!(store.running_imports().await.expect("reads"), []);
        let running = store.end_upload(&after, now()).await.expect("ended");
        assert_eq!(running.state, ImportState::Running);
        assert_eq!(store.running_imports().await.expect("reads"), std::slice::from_ref(&running));
        assert_eq!(numbers(&store, &running, None).await, [3, 2, 1]);
        let second = store.pending_lines(running.id, None, (2, 1 << 20)).await.expect("reads").pop().expect("two").key;
        assert_eq!(numbers(&store, &running, Some(second)).await, [1]);
        for (bytes, count) in [(0, 1), (1, 1), (2, 2), (9, 3)] {
            let lines = store.pending_lines(running.id, None, (10, bytes)).await.expect("reads");
            assert_eq!(lines.len(), count, "{bytes} bytes, but never none");
        }

        let applied = Applied { recorded: 1, duplicates: 1, ..Applied::default() };
        assert!(!store.applied(&running, second, 3, applied.clone(), now()).await.expect("tried"), "not the batch that is there");
        assert!(store.applied(&running, second, 2, applied.clone(), now()).await.expect("applied"));
        assert!(!store.applied(&running, second, 2, applied, now()).await.expect("tried"), "somebody was faster");
        let error = LineError { line: 1, position: 0, reason: "ERASED".to_owned(), field: String::new(), text: String::new() };
        let rest = Applied { bad: 1, errors: vec![error], ..Applied::default() };
        let last = store.pending_lines(running.id, None, (9, 1 << 20)).await.expect("reads").pop().expect("one").key;
        assert!(store.applied(&running, last, 1, rest, now()).await.expect("applied"));
        let done = store.import("acme", running.id).await.expect("is there");
        assert_eq!((done.state, done.recorded, done.duplicates, done.bad), (ImportState::Done, 1, 1, 2));
        let errors = store.import_errors("acme", done.id, None, 10).await.expect("reads");
        let places: Vec<(u64, i32)> = errors.iter().map(|one| (one.line, one.position)).collect();
        assert_eq!(places, [(1, 0), (4, 0), (4, 1)]);
        assert_eq!(store.import_errors("acme", done.id, Some((4, 0)), 10).await.expect("reads").len(), 1);
        assert_eq!(store.import_errors("other", done.id, None, 10).await.expect_err("theirs").kind(), Kind::NotFound);

        assert_eq!(store.forget_imports(now()).await.expect("looks"), 0);
        assert_eq!(store.forget_imports(now() + TimeDelta::seconds(1)).await.expect("forgets"), 2, "also what was given up");
        assert_eq!(store.imports("acme", None, 10).await.expect("reads"), []);
    }

    async fn a_strict_import_is_refused_whole(db: TestDatabase) {
        let store = store(&db).await;
        let import = store.begin_import("acme", &new(None, true), now()).await.expect("begun");
        let bad = store.keep_part(&import, part(&[(1, 2, 1)], 2, true)).await.expect("kept");
        let refused = store.end_upload(&bad, now()).await.expect("ended");
        assert_eq!((refused.state, refused.ended_at), (ImportState::Refused, Some(now())));
        assert_eq!(store.forget_imports(now() - TimeDelta::days(1)).await.expect("forgets"), 1, "its lines go at once");
        assert_eq!(numbers(&store, &refused, None).await, Vec::<i64>::new());

        let import = store.begin_import("acme", &new(None, true), now()).await.expect("begun");
        let good = store.keep_part(&import, part(&[(1, 2, 1), (2, 2, 2)], 2, false)).await.expect("kept");
        let running = store.end_upload(&good, now()).await.expect("ended");
        let error = LineError { line: 2, position: 0, reason: "TICKET_NOT_OPEN".to_owned(), field: "ticket".to_owned(), text: String::new() };
        store.judged(&running, (1, vec![error.clone()]), now()).await.expect("judged");
        store.judged(&running, (1, vec![error]), now()).await.expect("judged by another one, too");
        let refused = store.import("acme", running.id).await.expect("is there");
        assert_eq!((refused.state, refused.bad, refused.checked), (ImportState::Refused, 1, true));
    }
}
