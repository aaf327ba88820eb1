//! What a mail is wrapped in, and what stands in it: each kind that programs send.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Sha256;

use super::*;
use crate::mail::tnef::tests as outlook;

const HEAD: &str = "From: a@x.example\r\nSubject: Wrapped\r\n";

fn part(headers: &str, content: &[u8]) -> String {
    format!(
        "{headers}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        STANDARD.encode(content)
    )
}

fn multipart(kind: &str, parts: &[&str]) -> Mail {
    let parts: String = parts.iter().map(|part| format!("--b\r\n{part}\r\n")).collect();
    fixture(format!("{HEAD}Content-Type: multipart/{kind}; boundary=b\r\n\r\n{parts}--b--\r\n").as_bytes())
}

/// Text, and name and type of each file.
fn seen(mail: &Mail) -> (&str, Vec<(&str, &str)>) {
    let files = mail
        .attachments
        .iter()
        .map(|file| (file.name.as_str(), file.media_type.as_str()))
        .collect();
    (mail.text.as_str(), files)
}

const TEXT: &str = "Content-Type: text/plain; charset=utf-8\r\n\r\nHallo";
const WINMAIL: &str = "Content-Type: application/ms-tnef; name=\"winmail.dat\"";
const IN_WINMAIL: [(&str, &str); 2] = [
    ("Rechnung März.pdf", "application/pdf"),
    ("Größe.png", "application/octet-stream"),
];

#[test]
fn outlooks_wrapping_is_opened() {
    let mail = multipart("mixed", &[TEXT, &part(WINMAIL, &outlook::sample())]);
    assert_eq!(seen(&mail), ("Hallo", IN_WINMAIL.to_vec()));
    assert_eq!(
        mail.attachments[0].sha256,
        hex::encode(<Sha256 as sha2::Digest>::digest(b"%PDF-1.4\n"))
    );
    assert_eq!(mail.attachments[1].content_id, "bild1@x");
    let unnamed = "Content-Type: application/octet-stream; name=WINMAIL.DAT";
    assert_eq!(
        seen(&multipart("mixed", &[TEXT, &part(unnamed, &outlook::sample())])).1,
        IN_WINMAIL
    );
    let alone = fixture(format!("{HEAD}{}", part(WINMAIL, &outlook::sample())).as_bytes());
    assert_eq!(seen(&alone), ("Schöne Grüße", IN_WINMAIL.to_vec()));
}

#[test]
fn a_wrapping_that_cannot_be_read_stays_a_file() {
    let whole = outlook::sample();
    let mail = multipart("mixed", &[TEXT, &part(WINMAIL, &whole[..whole.len() - 8])]);
    assert_eq!(mail.attachments.len(), 3);
    assert_eq!(mail.attachments[2].name, "winmail.dat");
    let mail = multipart("mixed", &[TEXT, &part(WINMAIL, b"no such thing")]);
    assert_eq!(seen(&mail), ("Hallo", vec![("winmail.dat", "application/ms-tnef")]));
}

#[test]
fn what_was_signed_is_read_and_what_is_encrypted_is_kept() {
    let signature = part("Content-Type: application/pkcs7-signature; name=smime.p7s", b"0\x80");
    assert_eq!(
        seen(&multipart(
            "signed; protocol=\"application/pkcs7-signature\"",
            &[TEXT, &signature]
        )),
        ("Hallo", vec![("smime.p7s", "application/pkcs7-signature")])
    );
    let pgp = "Content-Type: application/pgp-signature; name=signature.asc\r\n\r\n-----BEGIN PGP SIGNATURE-----";
    assert_eq!(
        seen(&multipart(
            "signed; protocol=\"application/pgp-signature\"",
            &[TEXT, pgp]
        )),
        ("Hallo", vec![("signature.asc", "application/pgp-signature")])
    );

    let wrapped = |headers: &str, content: &[u8]| fixture(format!("{HEAD}{}", part(headers, content)).as_bytes());
    let p7m = "application/pkcs7-mime";
    for signed in [
        &include_bytes!("../../../fixtures/mail/signed.p7m")[..],
        include_bytes!("../../../fixtures/mail/signed_streamed.p7m"),
    ] {
        let mail = wrapped(
            &format!("Content-Type: {p7m}; smime-type=signed-data; name=smime.p7m"),
            signed,
        );
        assert_eq!(
            seen(&mail),
            (
                "Bitte ändern Sie die Größe.",
                vec![("Rechnung.pdf", "application/pdf"), ("smime.p7m", p7m)]
            )
        );
    }
    let encrypted = include_bytes!("../../../fixtures/mail/encrypted.p7m");
    let mail = wrapped(
        &format!("Content-Type: {p7m}; smime-type=enveloped-data; name=smime.p7m"),
        encrypted,
    );
    assert_eq!(seen(&mail), ("", vec![("smime.p7m", p7m)]));
    assert_eq!(mail.attachments[0].bytes, encrypted.len() as u64);

    let version = "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1";
    let data = "Content-Type: application/octet-stream; name=encrypted.asc\r\n\r\n-----BEGIN PGP MESSAGE-----";
    let mail = multipart("encrypted; protocol=\"application/pgp-encrypted\"", &[version, data]);
    assert_eq!(
        seen(&mail),
        (
            "",
            vec![
                ("", "application/pgp-encrypted"),
                ("encrypted.asc", "application/octet-stream")
            ]
        )
    );
}

#[test]
fn files_in_the_text_are_taken_out_of_it() {
    let plain = |text: &str| fixture(format!("{HEAD}\r\n{}", text.replace('\n', "\r\n")).as_bytes());
    let mail = plain("Anbei.\n\nbegin 644 C:\\cat.txt\n#0V%T\n`\nend\n\nGruß\n");
    assert_eq!(
        seen(&mail),
        ("Anbei.\n\n\nGruß", vec![("cat.txt", "application/octet-stream")])
    );
    assert_eq!((mail.attachments[0].bytes, mail.reply.as_str()), (3, "Anbei.\n\nGruß"));
    let mail = plain(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA1\n\nHallo\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n",
    );
    assert_eq!(
        seen(&mail),
        ("Hallo", vec![("signature.asc", "application/pgp-signature")])
    );
    let mail = plain("-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\n");
    assert_eq!(seen(&mail), ("", vec![("encrypted.asc", "application/pgp-encrypted")]));
}

#[test]
fn a_calendar_is_a_file_and_speaks_only_for_a_mail_that_says_nothing() {
    let calendar = "Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Rückruf\r\nDTSTART:20260302T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let file = vec![("", "text/calendar")];
    assert_eq!(
        seen(&multipart("alternative", &[TEXT, calendar])),
        ("Hallo", file.clone())
    );
    assert_eq!(seen(&multipart("mixed", &[TEXT, calendar])), ("Hallo", file.clone()));
    let says = "Rückruf | 2026-03-02 10:00 (UTC)";
    assert_eq!(
        seen(&fixture(format!("{HEAD}{calendar}").as_bytes())),
        (says, file.clone())
    );
    assert_eq!(seen(&multipart("alternative", &[calendar])), (says, file));
}

#[test]
fn a_mail_in_the_mail_is_a_file_called_by_its_subject() {
    let inner = "From: b@x.example\r\nSubject: Alt/Neu =?utf-8?Q?=C3=A4?=\r\n\r\nInnen\r\n";
    let plain = format!("Content-Type: message/rfc822\r\n\r\n{inner}");
    let encoded = part("Content-Type: message/rfc822", inner.as_bytes());
    let named = part(
        "Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=\"x.eml\"",
        inner.as_bytes(),
    );
    let mail = multipart("mixed", &[TEXT, &plain, &encoded, &named]);
    let kind = "message/rfc822";
    assert_eq!(
        seen(&mail),
        (
            "Hallo",
            vec![("Alt_Neu ä.eml", kind), ("Alt_Neu ä.eml", kind), ("x.eml", kind)]
        )
    );
    assert_eq!(mail.attachments[1].bytes, inner.len() as u64);
}

#[test]
fn an_image_in_the_text_is_a_file_that_the_text_names() {
    let html =
        "Content-Type: text/html\r\n\r\n<p>Siehe <img src=\"cid:bild1@x\"> oder <img alt=\"Logo\" src=\"cid:b@x\"></p>";
    let image = part(
        "Content-Type: image/png; name=bild.png\r\nContent-ID: <bild1@x>\r\nContent-Disposition: inline",
        b"\x89PNG",
    );
    let mail = multipart("related", &[html, &image]);
    assert_eq!(
        seen(&mail),
        ("Siehe [cid:bild1@x] oder [Logo]", vec![("bild.png", "image/png")])
    );
    assert_eq!(mail.attachments[0].content_id, "bild1@x");
}
