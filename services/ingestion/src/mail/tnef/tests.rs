use super::*;

/// Writes what Outlook writes.
pub(in crate::mail) fn attribute(level: u8, id: u32, data: &[u8]) -> Vec<u8> {
    let sum = data.iter().fold(0_u16, |sum, &byte| sum.wrapping_add(u16::from(byte)));
    [
        &[level][..],
        &id.to_le_bytes(),
        &u32::try_from(data.len()).expect("short").to_le_bytes(),
        data,
        &sum.to_le_bytes(),
    ]
    .concat()
}

fn property(kind: u16, id: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = [&kind.to_le_bytes()[..], &id.to_le_bytes()].concat();
    bytes.extend_from_slice(&1_u32.to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(data.len()).expect("short").to_le_bytes());
    bytes.extend_from_slice(data);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn properties_of(all: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(all.len()).expect("few").to_le_bytes();
    [&count[..], &all.concat()].concat()
}

pub(in crate::mail) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

pub(in crate::mail) fn tnef(attributes: &[Vec<u8>]) -> Vec<u8> {
    [&SIGNATURE.to_le_bytes()[..], &[1, 0], &attributes.concat()].concat()
}

/// A message with two files, as Outlook wraps it.
pub(in crate::mail) fn sample() -> Vec<u8> {
    let number = [
        &3_u16.to_le_bytes()[..],
        &0x3ffd_u16.to_le_bytes(),
        &1252_u32.to_le_bytes(),
    ]
    .concat();
    let named = [
        &TEXT_16.to_le_bytes()[..],
        &0x8001_u16.to_le_bytes(),
        &[7; 16],
        &1_u32.to_le_bytes(),
        &4_u32.to_le_bytes(),
        &[b'a', 0, 0, 0],
        &1_u32.to_le_bytes(),
        &4_u32.to_le_bytes(),
        &[b'b', 0, 0, 0],
    ]
    .concat();
    let rtf = [&[0_u8; 8][..], b"MELA", &[0; 4], b"{\\rtf1 Sch\\'f6ne Gr\\'fc\\'dfe}"].concat();
    tnef(&[
        attribute(1, 0x0006_9007, &[0xe4, 0x04, 0, 0, 0, 0, 0, 0]),
        attribute(
            1,
            0x0006_9003,
            &properties_of(&[number, named, property(BINARY, 0x1009, &rtf)]),
        ),
        attribute(2, 0x0006_9002, &[0; 14]),
        attribute(2, 0x0001_8010, b"RECHNU~1.PDF\0"),
        attribute(2, 0x0006_800f, b"%PDF-1.4\n"),
        attribute(
            2,
            0x0006_9005,
            &properties_of(&[
                property(TEXT_16, 0x3707, &utf16("Rechnung März.pdf")),
                property(TEXT_8, 0x370e, b"Application/PDF\0"),
            ]),
        ),
        attribute(2, 0x0006_9002, &[0; 14]),
        attribute(2, 0x0001_8010, b"Gr\xf6\xdfe.png\0"),
        attribute(2, 0x0006_800f, b"\x89PNG"),
        attribute(
            2,
            0x0006_9005,
            &properties_of(&[property(TEXT_8, 0x3712, b"<bild1@x>\0")]),
        ),
    ])
}

#[test]
fn text_and_files_are_taken_out() {
    let bytes = sample();
    let found = read(&bytes).expect("is one");
    assert_eq!(found.text, "Schöne Grüße");
    assert!(found.whole);
    let files: Vec<_> = found
        .files
        .iter()
        .map(|file| {
            (
                file.name.as_str(),
                file.media_type.as_str(),
                file.content_id.as_str(),
                file.content,
            )
        })
        .collect();
    assert_eq!(
        files,
        [
            ("Rechnung März.pdf", "application/pdf", "", &b"%PDF-1.4\n"[..]),
            ("Größe.png", "", "bild1@x", b"\x89PNG"),
        ]
    );
}

#[test]
fn the_plain_text_comes_before_the_others() {
    let html = property(BINARY, 0x1013, b"<p>Hallo <b>Welt</b></p>");
    let body = |attributes: &[Vec<u8>]| read(&tnef(attributes)).expect("is one").text;
    assert_eq!(
        body(&[attribute(1, 0x0006_9003, &properties_of(std::slice::from_ref(&html)))]),
        "Hallo Welt"
    );
    let plain = attribute(1, 0x0002_800c, b"Gr\xfc\xdfe\0");
    assert_eq!(
        body(&[plain.clone(), attribute(1, 0x0006_9003, &properties_of(&[html]))]),
        "Grüße"
    );
    assert_eq!(body(&[]), "");
}

#[test]
fn a_message_in_the_message_is_a_file() {
    let inner = [&[9_u8; 16][..], &sample()].concat();
    let bytes = tnef(&[
        attribute(2, 0x0006_9002, &[0; 14]),
        attribute(2, 0x0006_9005, &properties_of(&[property(OBJECT, 0x3701, &inner)])),
    ]);
    let found = read(&bytes).expect("is one");
    assert_eq!(found.files[0].media_type, "application/ms-tnef");
    assert_eq!(found.files[0].content, sample());
}

#[test]
fn what_is_cut_keeps_what_was_found_and_nothing_panics() {
    let bytes = sample();
    assert_eq!(read(b"no such thing"), None);
    let cut = read(&bytes[..bytes.len() - 8]).expect("is one");
    assert_eq!((cut.files.len(), cut.whole), (2, false));
    for length in 0..bytes.len() {
        let _ = read(&bytes[..length]);
    }
    for at in 6..bytes.len() {
        for value in [0, 0x7f, 0xff] {
            let mut changed = bytes.clone();
            changed[at] = value;
            let _ = read(&changed);
        }
    }
    // Lengths and counts that claim everything.
    let claims = [
        &u32::MAX.to_le_bytes()[..],
        &0x101e_u16.to_le_bytes(),
        &[0, 0],
        &u32::MAX.to_le_bytes(),
        &[0; 64],
    ]
    .concat();
    let _ = read(&tnef(&[attribute(1, 0x0006_9003, &claims)]));
}
