use lettre::transport::smtp::client::Tls;

use super::*;

const SMTP: &str = "[[mailbox]]\ntenant = \"acme\"\naddress = \"support@firma.example\"\ndisplay_name = \"Firma\"\nsmtp = \"smtp://127.0.0.1:25\"\n";

fn read(text: &str) -> Result<Mailboxes, String> {
    Mailboxes::read(text, Path::new("/nonexistent"))
}

/// An entry with these fields, or without those that are empty.
fn entry(changes: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("tenant", "acme"),
        ("address", "support@firma.example"),
        ("imap", "imap://127.0.0.1:143?tls=none"),
        ("user", "support"),
        ("password_file", "support.password"),
    ];
    for (name, value) in changes {
        fields.retain(|(field, _)| field != name);
        fields.push((name, value));
    }
    let lines = fields.iter().map(|(field, value)| format!("{field} = {value:?}\n"));
    format!("[[mailbox]]\n{}", lines.collect::<String>())
}

fn in_folder(text: &str) -> Result<Mailboxes, String> {
    let folder = vorrang_testkit::data_folder();
    std::fs::write(folder.path().join("support.password"), " geheim \n").expect("is written");
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    std::fs::write(folder.path().join("ca.pem"), made.cert.pem()).expect("is written");
    std::fs::write(folder.path().join("empty.pem"), "").expect("is written");
    Mailboxes::read(text, folder.path())
}

#[test]
fn a_mailbox_that_sends_is_read() {
    let mailboxes = read(SMTP).expect("is one");
    assert_eq!(mailboxes.tenants().collect::<Vec<_>>(), ["acme"]);
    let from = &mailboxes.of("acme").expect("is there").from;
    assert_eq!(from.to_string(), "Firma <support@firma.example>");
    assert!(mailboxes.of("rival").is_none());
    assert!(mailboxes.incoming().is_empty());
    assert!(read(&SMTP.repeat(2)).expect_err("two").contains("there are two"));
}

#[test]
fn a_mailbox_that_is_read_is_read() {
    let mailboxes = in_folder(&entry(&[("address", "Support@Firma.example"), ("queue", "mail")])).expect("is one");
    assert_eq!(mailboxes.tenants().count(), 0, "it sends nothing");
    let incoming = &mailboxes.incoming()[0];
    assert_eq!(incoming.address, "support@firma.example");
    assert_eq!((incoming.folder.as_str(), incoming.since), ("INBOX", Since::New));
    assert_eq!((incoming.every.as_secs(), incoming.mark_seen), (30, false));
    let Login::Password(password) = &incoming.server.login else {
        panic!("a password is given");
    };
    assert_eq!(password, " geheim", "a space in front may belong to a password");
    assert_eq!(incoming.server.identity(), "support@127.0.0.1:143");
    assert!(!format!("{incoming:?}").contains("geheim"));
    // A tenant reads as many as it likes; only the sender is one.
    let other = entry(&[("address", "billing@firma.example"), ("since", "2026-01-31")]);
    let both = in_folder(&format!("{}{other}", entry(&[]))).expect("are two");
    let date = "2026-01-31T00:00:00Z".parse().expect("a time");
    assert_eq!(both.incoming()[1].since, Since::Date(date));
    assert!(
        in_folder(&entry(&[]).repeat(2))
            .expect_err("twice")
            .contains("read twice")
    );
}

#[test]
fn a_connection_is_protected_unless_the_file_says_otherwise() {
    let of = |changes: &[(&str, &str)]| {
        let read = in_folder(&entry(changes)).expect("is one");
        read.incoming()[0].server.protection.clone()
    };
    let own = ("ca_file", "ca.pem");
    assert!(matches!(of(&[own, ("imap", "imaps://localhost")]), Protection::Tls(_)));
    assert!(matches!(
        of(&[own, ("imap", "imap://localhost?tls=required")]),
        Protection::StartTls(_)
    ));
    assert!(matches!(of(&[]), Protection::None));
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let tls = |smtp: &str| entry::smtp_tls(smtp, made.cert.pem().as_bytes()).expect("is read");
    assert!(matches!(tls("smtps://localhost"), Tls::Wrapper(_)));
    assert!(matches!(tls("smtp://localhost?tls=required"), Tls::Required(_)));
    assert!(matches!(tls("smtp://localhost?x=y&tls=required"), Tls::Required(_)));
    assert!(matches!(tls("smtp://localhost"), Tls::None));
    assert!(entry::smtp_tls("smtp://localhost?tls=maybe", made.cert.pem().as_bytes()).is_err());
    for smtp in ["smtps://localhost", "smtp://localhost?tls=required", "smtp://localhost"] {
        assert!(in_folder(&entry(&[own, ("smtp", smtp)])).is_ok(), "{smtp}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    for (field, value, why) in [
        ("tenant", "", "tenant must be given"),
        ("address", "nobody", "must be an e-mail address"),
        ("smtp", "http://x", "smtp:"),
        ("colour", "red", "unknown field"),
        ("user", "", "user and password_file must be given with imap"),
        ("password_file", "nowhere", "nowhere"),
        ("imap", "imap://localhost", "?tls=required"),
        ("imap", "imap://localhost?tls=perhaps", "must be imaps://"),
        (
            "imap",
            "imaps://support:geheim@localhost",
            "do not belong in the address",
        ),
        (
            "imap",
            "imap://localhost/INBOX?tls=none",
            "does not belong in the address",
        ),
        ("imap", "http://localhost", "must be imaps://"),
        ("folder", "Gelöscht", "in ASCII"),
        ("since", "yesterday", "since must be"),
        ("queue", "A B", "queue must be"),
        ("ca_file", "nowhere.pem", "nowhere.pem"),
    ] {
        let found = in_folder(&entry(&[(field, value)])).expect_err(field);
        assert!(found.contains(why), "{field}: {found}");
        assert!(!found.contains("geheim"), "{found}");
    }
    let empty = entry(&[("ca_file", "empty.pem"), ("imap", "imaps://localhost")]);
    assert!(in_folder(&empty).expect_err("empty").contains("holds no certificate"));
    let polled = format!("{}poll_seconds = 0\n", entry(&[]));
    assert!(in_folder(&polled).expect_err("zero").contains("poll_seconds must be"));
    let neither = "[[mailbox]]\ntenant = \"acme\"\naddress = \"support@firma.example\"\n";
    assert!(
        read(neither)
            .expect_err("neither")
            .contains("smtp or imap must be given")
    );
    let no_password = format!("{SMTP}user = \"support\"\n");
    assert!(
        read(&no_password)
            .expect_err("none")
            .contains("password_file must be given")
    );
    assert!(read("").expect("none").tenants().next().is_none());
}
