//! Outlook's own wrapping (`winmail.dat`, MS-OXTNEF): the files in it and its text. Views into the bytes, so that whatever the
//! lengths in it claim costs nothing; what cannot be read ends the reading, and what was found before stays found.

use super::rtf;

const SIGNATURE: u32 = 0x223e_9f78;
/// Files beyond which nobody looks.
const MAX_FILES: usize = 1000;

/// What was found in one.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tnef<'a> {
    /// The text; empty when there is none.
    pub text: String,
    /// The files, in order.
    pub files: Vec<File<'a>>,
    /// Whether it was read to its end.
    pub whole: bool,
}

/// A file in it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct File<'a> {
    /// Its name; empty when it has none.
    pub name: String,
    /// Media type; empty when it does not say.
    pub media_type: String,
    /// Content-ID without angle brackets, of an image that stands in the text; empty when it has none.
    pub content_id: String,
    /// The bytes.
    pub content: &'a [u8],
}

/// What is in it; `None` when this is no TNEF.
pub(super) fn read(bytes: &[u8]) -> Option<Tnef<'_>> {
    let mut input = Input(bytes);
    if input.u32()? != SIGNATURE {
        return None;
    }
    input.take(2)?;
    let mut found = Tnef::default();
    let mut texts = Texts::default();
    while !input.0.is_empty() {
        if attribute(&mut input, &mut found, &mut texts).is_none() || found.files.len() > MAX_FILES {
            found.text = texts.best();
            return Some(found);
        }
    }
    found.whole = true;
    found.text = texts.best();
    Some(found)
}

fn attribute<'a>(input: &mut Input<'a>, found: &mut Tnef<'a>, texts: &mut Texts<'a>) -> Option<()> {
    let level = input.take(1)?[0];
    let id = input.u32()? & 0xffff;
    let length = usize::try_from(input.u32()?).ok()?;
    let data = input.take(length)?;
    input.take(2)?;
    match (level, id) {
        (1, 0x9007) => texts.codepage = Input(data).u32().unwrap_or_default(),
        (1, 0x800c) => texts.plain = data,
        (1, 0x9003) => texts.properties = data,
        // Each file begins with how it is drawn.
        (2, 0x9002) => found.files.push(File::default()),
        (2, 0x8010) => file(found).name = legacy(data, texts.codepage),
        (2, 0x800f) => file(found).content = data,
        (2, 0x9005) => {
            let codepage = texts.codepage;
            let file = file(found);
            properties(data, |id, value| match id {
                // The long name is better than the title, which may be 8.3.
                0x3707 => file.name = value.text(codepage),
                0x3704 if file.name.is_empty() => file.name = value.text(codepage),
                0x370e => file.media_type = value.text(codepage).to_ascii_lowercase(),
                0x3712 => file.content_id = value.text(codepage).trim_matches(['<', '>']).to_owned(),
                // A message in the message has a class id before its own wrapping.
                0x3701 if file.content.is_empty() => {
                    file.content = match value.kind {
                        OBJECT => value.bytes.get(16..).unwrap_or_default(),
                        _ => value.bytes,
                    };
                    if file.media_type.is_empty() && read_signature(file.content) {
                        file.media_type = "application/ms-tnef".to_owned();
                    }
                }
                _ => {}
            });
        }
        _ => {}
    }
    Some(())
}

fn read_signature(bytes: &[u8]) -> bool {
    Input(bytes).u32() == Some(SIGNATURE)
}

/// The file that is being told of; a program that forgot its beginning means a first one all the same.
fn file<'t, 'a>(found: &'t mut Tnef<'a>) -> &'t mut File<'a> {
    if found.files.is_empty() {
        found.files.push(File::default());
    }
    let last = found.files.len() - 1;
    &mut found.files[last]
}

/// The forms in which the text may be there.
#[derive(Default)]
struct Texts<'a> {
    codepage: u32,
    plain: &'a [u8],
    properties: &'a [u8],
}

impl Texts<'_> {
    fn best(&self) -> String {
        let (mut plain, mut html, mut formatted) = (legacy(self.plain, self.codepage), String::new(), String::new());
        properties(self.properties, |id, value| match id {
            0x1000 => plain = value.text(self.codepage),
            0x1013 => html = super::html::to_text(&value.text(self.codepage)),
            0x1009 => {
                formatted = rtf::decompress(value.bytes)
                    .map(|rtf| rtf::to_text(&rtf))
                    .unwrap_or_default()
            }
            _ => {}
        });
        [plain, html, formatted]
            .into_iter()
            .find(|text| !text.trim().is_empty())
            .unwrap_or_default()
    }
}

const TEXT_8: u16 = 0x1e;
const TEXT_16: u16 = 0x1f;
const OBJECT: u16 = 0x0d;
const BINARY: u16 = 0x102;

struct Value<'a> {
    kind: u16,
    bytes: &'a [u8],
}

impl Value<'_> {
    fn text(&self, codepage: u32) -> String {
        if self.kind == TEXT_16 {
            let units: Vec<u16> = self
                .bytes
                .chunks_exact(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
                .collect();
            return String::from_utf16_lossy(&units).trim_end_matches('\0').to_owned();
        }
        legacy(self.bytes, codepage)
    }
}

/// Tells of each property that has one value; ends where the list cannot be read.
fn properties<'a>(bytes: &'a [u8], tell: impl FnMut(u16, Value<'a>)) {
    let _ = read_properties(&mut Input(bytes), tell);
}

fn read_properties<'a>(input: &mut Input<'a>, mut tell: impl FnMut(u16, Value<'a>)) -> Option<()> {
    let count = input.u32()?;
    for _ in 0..count {
        let kind = input.u16()?;
        let id = input.u16()?;
        if id >= 0x8000 {
            input.take(16)?;
            match input.u32()? {
                0 => drop(input.take(4)?),
                _ => drop(input.sized()?),
            }
        }
        let many = kind & 0x1000 != 0;
        let kind = kind & !0x1000;
        let variable = matches!(kind, TEXT_8 | TEXT_16 | OBJECT | BINARY);
        let values = if many || variable { input.u32()? } else { 1 };
        for _ in 0..values {
            let bytes = match kind {
                _ if variable => input.sized()?,
                0x05 | 0x06 | 0x07 | 0x14 | 0x40 => input.take(8)?,
                0x48 => input.take(16)?,
                0x02 | 0x03 | 0x04 | 0x0a | 0x0b => input.take(4)?,
                _ => return None,
            };
            if !many {
                tell(id, Value { kind, bytes });
            }
        }
    }
    Some(())
}

/// Text of an old program: UTF-8 when it is, else by the code page that the message names.
fn legacy(bytes: &[u8], codepage: u32) -> String {
    let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    use mail_parser::decoders::charsets::map::charset_decoder;
    let decoder = charset_decoder(format!("windows-{codepage}").as_bytes())
        .or_else(|| charset_decoder(format!("cp{codepage}").as_bytes()))
        .or_else(|| charset_decoder(b"windows-1252"));
    match decoder {
        Some(decode) => decode(bytes),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Bytes that are read from the front.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// A length and so many bytes, filled up to a multiple of four.
    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        let taken = self.take(length)?;
        let fill = (4 - length % 4) % 4;
        self.take(fill.min(self.0.len()))?;
        Some(taken)
    }
}

#[cfg(test)]
pub(super) mod tests;
