//! Commands that end by themselves.

use vorrang_testkit::{data_folder, run as run_test};

use crate::vorrang::{Up, printed, run};

#[test]
fn a_key_is_made_listed_and_revoked() {
    let data = data_folder();
    let create = [
        "key",
        "create",
        "--tenant",
        "acme",
        "--scope",
        "tickets.push,kpis.read",
        "--label",
        "crm",
        "--days",
        "30",
    ];
    let key = printed(data.path(), &create);
    let id = key
        .trim()
        .strip_prefix("vk_")
        .and_then(|rest| rest.split('_').next())
        .expect("vk_<id>_<secret>");
    assert_eq!(1, key.lines().count(), "alone, so that a script can take it");

    let listed = printed(data.path(), &["key", "list", "--tenant", "acme"]);
    assert!(
        listed.contains(id) && listed.contains("crm") && listed.contains("valid until"),
        "{listed}"
    );
    assert!(!listed.contains(key.trim()), "the secret is never shown again");
    assert!(!printed(data.path(), &["key", "list", "--tenant", "other"]).contains(id));

    printed(data.path(), &["key", "revoke", "--tenant", "acme", id]);
    assert!(printed(data.path(), &["key", "list"]).contains("revoked"));
    assert_eq!(
        Some(1),
        run(data.path(), &["key", "revoke", "--tenant", "other", id])
            .status
            .code()
    );
}

#[test]
fn no_key_gets_the_internal_scope() {
    let data = data_folder();
    let output = run(
        data.path(),
        &["key", "create", "--tenant", "acme", "--scope", "internal"],
    );
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("tickets.push"), "says what there is: {said}");
}

#[test]
fn mails_are_printed_a_line_each() {
    let data = data_folder();
    let good = data.path().join("good.eml");
    let bad = data.path().join("bad.eml");
    let mail = "From someone Thu Jan  1 00:00:00 2026\nFrom: Mara <mara@example.org>\nTo: help@example.org\n\
                Subject: Hello\nMessage-ID: <1@example.org>\nDate: Thu, 1 Jan 2026 10:00:00 +0100\n\nWhere is it?\n";
    std::fs::write(&good, mail).expect("writes");
    std::fs::write(&bad, b"\0\x01\x02").expect("writes");
    let (good, bad) = (good.display().to_string(), bad.display().to_string());

    let output = run(data.path(), &["mail", &good, &bad]);
    assert_eq!(Some(1), output.status.code(), "one of them is no mail");
    let text = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(2, lines.len());
    assert_eq!(good, lines[0]["file"]);
    assert_eq!("Hello", lines[0]["subject"]);
    assert_eq!("mara@example.org", lines[0]["from"]["address"]);
    assert_eq!("Mara", lines[0]["from"]["name"]);
    assert_eq!("1@example.org", lines[0]["message_id"]);
    for field in ["to", "date", "text", "reply", "quoted", "attachments", "automated"] {
        assert!(lines[0].get(field).is_some(), "{field} is missing");
    }
    assert_eq!(bad, lines[1]["file"]);
    assert!(lines[1]["error"].is_string());
}

#[test]
fn a_preset_is_checked_and_tried_on_a_payload() {
    let data = data_folder();
    let file = |name: &str, text: &str| {
        let path = data.path().join(name);
        std::fs::write(&path, text).expect("writes");
        path.display().to_string()
    };
    let lines = |arguments: &[&str], code: i32| -> Vec<serde_json::Value> {
        let output = run(data.path(), arguments);
        let text = String::from_utf8(output.stdout).expect("text");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(Some(code), output.status.code(), "{arguments:?}: {text}{said}");
        let lines = text.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        lines.collect()
    };
    let payload = file("one.json", r#"{"email":"mara@example.org","text":"Hello"}"#);
    let key = ["--secret", "geheim-4711", "--header", "X-Vorrang-Key: geheim-4711"];
    let tried = lines(&[&["preset", "try", "flow", &payload], &key[..]].concat(), 0);
    assert_eq!("Hello", tried[0]["contact"]["text"]);
    assert_eq!("right", tried[1]["signature"]);
    let wrong = lines(&["preset", "try", "flow", &payload, "--secret", "another"], 1);
    assert_eq!("wrong", wrong[1]["signature"]);
    let nobody = file("two.json", r#"{"text":"Hello"}"#);
    let problem = lines(&["preset", "try", "json", &nobody], 1);
    assert_eq!("PAYLOAD_WITHOUT_SENDER", problem[0]["problem"]);

    let own = "id = \"own\"\ndescription = \"Ours\"\n[signature]\nheader = \"X-Key\"\nalgorithm = \"secret\"\n\
               [contact]\ntext = \"/text\"\n[[identity]]\nkind = \"email\"\nvalue = \"/email\"\n";
    let right = file("own.toml", own);
    assert_eq!(
        "Hello",
        lines(&["preset", "try", &right, &payload], 0)[0]["contact"]["text"]
    );
    let folder = data.path().display().to_string();
    assert!(printed(data.path(), &["preset", "list", "--folder", &folder]).contains("Ours"));
    assert!(printed(data.path(), &["preset", "check", &right]).contains("own is right"));
    let wrong = file("wrong.toml", &own.replace("\"/text\"", "\"text\""));
    let output = run(data.path(), &["preset", "check", &right, &wrong]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(Some(1), output.status.code());
    assert!(
        said.contains("wrong.toml") && said.contains("line 7") && said.contains("is no pointer"),
        "{said}"
    );
}

#[test]
fn the_configuration_is_shown_without_secrets() {
    let data = data_folder();
    let secret = "0123456789abcdef0123456789abcdef";
    let output = crate::vorrang::command(data.path(), &["up", "--print-config"])
        .env("VORRANG_SECRETS__INTERNAL_KEY", secret)
        .env(
            "VORRANG_TICKETING__DATABASE_URL",
            "postgres://vorrang:geheim@db/tickets",
        )
        .output()
        .expect("starts");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && shown.contains("max_concurrent_requests"),
        "{shown}"
    );
    assert!(!shown.contains(secret) && !shown.contains("geheim"), "{shown}");
}

#[test]
fn postgresql_is_migrated_by_command_and_refused_before() {
    run_test(async {
        let data = data_folder();
        let mut databases = Vec::new();
        let command = |arguments: &[&str]| crate::vorrang::command(data.path(), arguments);
        let mut settings = Vec::new();
        for service in ["IDENTITY", "TICKETING", "INGESTION", "ROUTING", "KNOWLEDGE"] {
            let database = vorrang_testkit::postgres().await;
            settings.push((format!("VORRANG_{service}__DATABASE_URL"), database.url().to_owned()));
            databases.push(database);
        }
        let refused = command(&["up"]).envs(settings.clone()).output().expect("starts");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(
            (Some(1), true),
            (refused.status.code(), said.contains("vorrang migrate")),
            "{said}"
        );

        for _ in 0..2 {
            let migrated = command(&["migrate"]).envs(settings.clone()).output().expect("starts");
            assert!(
                migrated.status.success(),
                "{}",
                String::from_utf8_lossy(&migrated.stderr)
            );
        }
        let listed = command(&["key", "list"]).envs(settings).output().expect("starts");
        assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    });
}

#[test]
fn changed_secrets_are_refused_until_they_are_accepted_and_the_data_key_always() {
    let data = data_folder();
    let change = |secret: &str| {
        let file = data.path().join("secrets").join(secret);
        assert!(file.exists(), "{}", file.display());
        std::fs::write(file, "another one of at least 32 characters, as it must be").expect("is ours");
    };
    let refused = |secret: &str| {
        let output = crate::vorrang::run(data.path(), &["up"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains(secret) && said.contains("vorrang migrate --new-secrets"),
            "{said}"
        );
    };
    assert_eq!(Some(0), Up::start(data.path()).stop());
    change("cursor_key");
    refused("secrets.cursor_key");
    crate::vorrang::printed(data.path(), &["migrate", "--new-secrets"]);
    assert_eq!(Some(0), Up::start(data.path()).stop());
    change("data_key");
    refused("secrets.data_key");
    crate::vorrang::printed(data.path(), &["migrate", "--new-secrets"]);
    refused("secrets.data_key");
    // Nobody could be erased again with it; nothing was done.
    let output = crate::vorrang::run(data.path(), &["migrate", "--restored"]);
    let (said, done) = (
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout),
    );
    assert!(
        output.status.code() == Some(1) && said.contains("secrets.data_key"),
        "{said}"
    );
    assert!(!done.contains("will start again"), "{done}");
}

#[test]
fn the_suite_ends_in_order_when_it_is_told_to() {
    let data = data_folder();
    assert_eq!(Some(0), Up::start(data.path()).stop());
    // And starts again on what it left.
    assert_eq!(Some(0), Up::start(data.path()).stop());
}
