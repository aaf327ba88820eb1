//! The past of another system, by the command: whole, in spite of a kill, and once.

use vorrang_api::ingestion::v1::ListImportsRequest;
use vorrang_api::ticketing::v1::{ListMessagesRequest, ListTicketsRequest};
use vorrang_testkit::{DEADLINE, data_folder, run, wait_until};

use crate::vorrang::{Up, command, printed};

const TICKETS: usize = 3_000;

/// Tickets with a question and an answer each, solved.
fn history() -> String {
    let mut text = String::new();
    for ticket in 0..TICKETS {
        let at = |second: usize| {
            format!(
                "2021-03-{:02}T{:02}:{:02}:{second:02}Z",
                ticket / 1_440 + 1,
                ticket / 60 % 24,
                ticket % 60
            )
        };
        let id = format!("\"ticket\":\"{ticket}\"");
        let customer = ticket % 500;
        text += &format!(
            "{{\"at\":\"{}\",\"type\":\"ticket_opened\",{id},\"customer\":\"{customer}\",\"channel\":\"email\"}}\n",
            at(0)
        );
        text += &format!(
            "{{\"at\":\"{}\",\"type\":\"message\",{id},\"actor\":{{\"kind\":\"customer\"}},\"body\":\"Where is it?\"}}\n",
            at(0)
        );
        text += &format!(
            "{{\"at\":\"{}\",\"type\":\"message\",{id},\"actor\":{{\"kind\":\"agent\",\"id\":\"anna\"}},\"body\":\"Here\"}}\n",
            at(9)
        );
        text += &format!(
            "{{\"at\":\"{}\",\"type\":\"status\",{id},\"status\":\"solved\"}}\n",
            at(10)
        );
    }
    text
}

fn key(data: &std::path::Path) -> String {
    let key = [
        "key", "create", "--tenant", "acme", "--scope", "admin", "--label", "import",
    ];
    printed(data, &key).trim().to_owned()
}

#[test]
fn an_import_survives_kill_9_and_running_it_again_finds_it_done() {
    run(async {
        let data = data_folder();
        let file = data.path().join("history.jsonl");
        std::fs::write(&file, history()).expect("written");
        let up = Up::start(data.path());
        let key = key(data.path());
        let import = |url: &str| {
            let mut command = command(
                data.path(),
                &["import", file.to_str().expect("a path"), "--strict", "--source", "old"],
            );
            command.env("VORRANG_URL", url).env("VORRANG_KEY", &key);
            command
        };
        let mut first = import(&up.url)
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("starts");
        let client = up.client(data.path()).await;
        wait_until(DEADLINE, "a part to be applied", || async {
            let page = client.imports().list_imports(ListImportsRequest::default()).await;
            page.is_ok_and(|page| {
                page.into_inner()
                    .imports
                    .iter()
                    .any(|import| import.recorded_count >= 1_000)
            })
        })
        .await;
        up.kill();
        assert!(
            !first.wait().expect("ends").success(),
            "the command says that it was cut off"
        );

        let up = Up::start(data.path());
        let again = import(&up.url).output().expect("runs");
        let said = String::from_utf8_lossy(&again.stdout).into_owned();
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
        assert!(
            said.contains("12000 lines, 12000 recorded, 0 duplicates, 0 bad"),
            "{said}"
        );
        let client = up.client(data.path()).await;
        let request = ListTicketsRequest {
            filter: "external_id = \"old:2999\"".to_owned(),
            ..Default::default()
        };
        let mut tickets = client
            .tickets()
            .list_tickets(request)
            .await
            .expect("a page")
            .into_inner()
            .tickets;
        let ticket = tickets.pop().expect("the last one");
        assert_eq!((ticket.number, ticket.solve_count, ticket.message_count), (3_000, 1, 2));
        let request = ListMessagesRequest {
            parent: ticket.name,
            ..Default::default()
        };
        let messages = client
            .tickets()
            .list_messages(request)
            .await
            .expect("a page")
            .into_inner()
            .messages;
        assert_eq!(messages[1].text, "Here");
        assert_eq!(Some(0), up.stop());
    });
}

#[test]
fn a_file_that_refers_to_another_goes_in_when_it_is_run_again_after_it() {
    run(async {
        let data = data_folder();
        let up = Up::start(data.path());
        let key = key(data.path());
        let write = |name: &str, line: &str| {
            let file = data.path().join(name);
            std::fs::write(&file, line).expect("written");
            file
        };
        let messages = write(
            "messages.jsonl",
            "{\"at\":\"2021-01-02T00:00:00Z\",\"type\":\"handoff\",\"ticket\":\"1\"}\n",
        );
        let tickets = write(
            "tickets.jsonl",
            "{\"at\":\"2021-01-01T00:00:00Z\",\"type\":\"ticket_opened\",\"ticket\":\"1\",\"customer\":\"c\",\"channel\":\"email\"}\n",
        );
        for (file, code) in [(&messages, 1), (&tickets, 0), (&messages, 0)] {
            let mut command = command(data.path(), &["import", "--strict", file.to_str().expect("a path")]);
            let output = command
                .env("VORRANG_URL", &up.url)
                .env("VORRANG_KEY", &key)
                .output()
                .expect("runs");
            assert_eq!(
                output.status.code(),
                Some(code),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        assert_eq!(Some(0), up.stop());
    });
}

#[test]
fn bad_lines_are_told_by_number_and_an_export_is_converted() {
    run(async {
        let data = data_folder();
        let up = Up::start(data.path());
        let key = key(data.path());
        let import = |arguments: &[&str]| {
            let mut command = command(data.path(), &[&["import"], arguments].concat());
            command
                .env("VORRANG_URL", &up.url)
                .env("VORRANG_KEY", &key)
                .output()
                .expect("runs")
        };
        let export = concat!(env!("CARGO_MANIFEST_DIR"), "/../../libs/history/fixtures/zendesk.jsonl");
        let output = import(&[export, "--zendesk"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let client = up.client(data.path()).await;
        let request = ListTicketsRequest {
            filter: "external_id = \"zendesk:35436\"".to_owned(),
            ..Default::default()
        };
        let tickets = client
            .tickets()
            .list_tickets(request)
            .await
            .expect("a page")
            .into_inner()
            .tickets;
        assert_eq!(tickets[0].subject, "Parcel is late");

        let file = data.path().join("bad.jsonl");
        std::fs::write(&file, "{\"at\":\"2021-01-01T00:00:00Z\",\"type\":\"agent\",\"id\":\"a\"}\n\n{\"at\":1,\"type\":\"agent\",\"id\":\"b\"}\n").expect("written");
        let output = import(&[file.to_str().expect("a path")]);
        assert_eq!(output.status.code(), Some(1));
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(errors.starts_with("line 3: BAD_TIME: at must be"), "{errors}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("2 lines, 1 recorded, 0 duplicates, 1 bad"));
        assert_eq!(Some(0), up.stop());
    });
}
