//! Rich text as Outlook wraps it: the compression of MS-OXRTFCP, and the words in it. Both in one pass, with a bound on what
//! comes out.

/// Most bytes that come out: a text of that size is no mail that anybody reads.
const MAX_TEXT: usize = 8 << 20;
/// What the window holds before the first byte; the format says so.
const WINDOW_START: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
const WINDOW: usize = 4096;
const HEADER: usize = 16;

/// The rich text in its compressed form; `None` when it is none. What is damaged ends it.
pub(super) fn decompress(bytes: &[u8]) -> Option<Vec<u8>> {
    let (header, packed) = bytes.split_at_checked(HEADER)?;
    match &header[8..12] {
        b"LZFu" => {}
        // Not compressed at all.
        b"MELA" => return Some(packed[..packed.len().min(MAX_TEXT)].to_vec()),
        _ => return None,
    }
    let mut window = [0_u8; WINDOW];
    window[..WINDOW_START.len()].copy_from_slice(WINDOW_START);
    let mut at = WINDOW_START.len();
    let mut out = Vec::new();
    let mut input = packed.iter().copied();
    let mut put = |out: &mut Vec<u8>, window: &mut [u8; WINDOW], byte: u8| {
        out.push(byte);
        window[at] = byte;
        at = (at + 1) % WINDOW;
        at
    };
    let mut next = WINDOW_START.len();
    while let Some(flags) = input.next() {
        for bit in 0..8 {
            let Some(byte) = input.next() else { return Some(out) };
            if flags & (1 << bit) == 0 {
                next = put(&mut out, &mut window, byte);
            } else {
                let Some(low) = input.next() else { return Some(out) };
                let reference = usize::from(u16::from_be_bytes([byte, low]));
                let (from, length) = (reference >> 4, (reference & 0xf) + 2);
                // It ends by pointing to where the next byte would go.
                if from == next {
                    return Some(out);
                }
                for step in 0..length {
                    let byte = window[(from + step) % WINDOW];
                    next = put(&mut out, &mut window, byte);
                }
            }
            if out.len() > MAX_TEXT {
                return Some(out);
            }
        }
    }
    Some(out)
}

/// The words of a rich text, paragraphs as lines. Groups that hold no text (fonts, colours, pictures, HTML tags that the
/// text was made from) are left out.
pub(super) fn to_text(rtf: &[u8]) -> String {
    let mut reader = Reader::new(rtf);
    reader.run();
    reader.flush();
    reader.out.trim_matches('\n').to_owned()
}

#[derive(Clone, Copy)]
struct Group {
    /// Whether what stands in it is not shown.
    hidden: bool,
    /// How many characters stand after a `\u` for programs that do not know it.
    skip: usize,
}

struct Reader<'a> {
    rest: &'a [u8],
    out: String,
    /// Bytes of the code page that are not decoded yet.
    pending: Vec<u8>,
    groups: Vec<Group>,
    now: Group,
    /// Characters to skip after a `\u`.
    skipping: usize,
    charset: Option<fn(&[u8]) -> String>,
}

/// Groups deeper than that are read as one.
const MAX_DEPTH: usize = 1000;

impl<'a> Reader<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Self {
            rest,
            out: String::new(),
            pending: Vec::new(),
            groups: Vec::new(),
            now: Group { hidden: false, skip: 1 },
            skipping: 0,
            charset: mail_parser::decoders::charsets::map::charset_decoder(b"windows-1252"),
        }
    }

    fn run(&mut self) {
        while let Some((&byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            match byte {
                b'{' if self.groups.len() < MAX_DEPTH => self.groups.push(self.now),
                b'}' => {
                    if let Some(group) = self.groups.pop() {
                        self.now = group;
                    }
                }
                b'\\' => self.control(),
                b'\r' | b'\n' | b'{' => {}
                byte => self.byte(byte),
            }
        }
    }

    fn control(&mut self) {
        let Some((&first, rest)) = self.rest.split_first() else {
            return;
        };
        if !first.is_ascii_alphabetic() {
            self.rest = rest;
            match first {
                b'\'' => {
                    let hex = rest.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
                    if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                        self.rest = &rest[2..];
                        self.byte(byte);
                    }
                }
                b'*' => self.now.hidden = true,
                b'~' => self.byte(b' '),
                b'\r' | b'\n' => self.character('\n'),
                b'\\' | b'{' | b'}' => self.byte(first),
                _ => {}
            }
            return;
        }
        let letters = self.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = self.rest.split_at(letters);
        let digits = rest
            .iter()
            .enumerate()
            .take_while(|(at, byte)| byte.is_ascii_digit() || (*at == 0 && **byte == b'-'))
            .count();
        let number = std::str::from_utf8(&rest[..digits])
            .ok()
            .and_then(|text| text.parse::<i32>().ok());
        let rest = &rest[digits..];
        self.rest = rest.strip_prefix(b" ").unwrap_or(rest);
        self.word(word, number);
    }

    fn word(&mut self, word: &[u8], number: Option<i32>) {
        match word {
            b"par" | b"line" | b"row" | b"page" | b"sect" => self.character('\n'),
            b"tab" | b"cell" => self.character('\t'),
            b"emdash" => self.character('—'),
            b"endash" => self.character('–'),
            b"lquote" => self.character('‘'),
            b"rquote" => self.character('’'),
            b"ldblquote" => self.character('“'),
            b"rdblquote" => self.character('”'),
            b"bullet" => self.character('•'),
            b"u" => {
                // Negative above 32767: the number is signed.
                let code = number.unwrap_or_default();
                let code = u32::try_from(if code < 0 { code + 0x1_0000 } else { code }).unwrap_or_default();
                self.character(char::from_u32(code).unwrap_or('\u{fffd}'));
                self.skipping = self.now.skip;
            }
            b"uc" => self.now.skip = number.and_then(|count| usize::try_from(count).ok()).unwrap_or(1).min(8),
            b"ansicpg" => {
                let name = format!("windows-{}", number.unwrap_or(1252));
                let known = mail_parser::decoders::charsets::map::charset_decoder(name.as_bytes());
                self.charset = known.or(self.charset);
            }
            // What only exists in the rich text and not in the HTML that it was made from; the line ends of it are among it.
            b"fonttbl" | b"colortbl" | b"stylesheet" | b"info" | b"pict" | b"object" | b"header" | b"footer" => {
                self.now.hidden = true;
            }
            b"bin" => {
                let length = number
                    .and_then(|length| usize::try_from(length).ok())
                    .unwrap_or_default();
                self.rest = self.rest.get(length..).unwrap_or_default();
            }
            _ => {}
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.skipping > 0 {
            self.skipping -= 1;
        } else if !self.now.hidden {
            self.pending.push(byte);
        }
    }

    fn character(&mut self, character: char) {
        if !self.now.hidden {
            self.flush();
            self.out.push(character);
        }
    }

    fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.pending);
        match self.charset {
            Some(decode) if !bytes.is_ascii() => self.out.push_str(&decode(&bytes)),
            _ => self.out.push_str(&String::from_utf8_lossy(&bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the format's own description.
    #[test]
    fn the_compressed_example_is_read() {
        assert_eq!(WINDOW_START.len(), 207);
        let packed = hex::decode(
            "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0",
        )
        .expect("hex");
        let rtf = decompress(&packed).expect("is one");
        assert_eq!(rtf, b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
        assert_eq!(to_text(&rtf), "hello world");
    }

    #[test]
    fn what_is_cut_or_no_such_text_is_harmless() {
        let packed = [&[0_u8; 8][..], b"LZFu", &[0; 4], &[0xff; 999]].concat();
        for length in 0..packed.len() {
            let _ = decompress(&packed[..length]);
        }
        assert_eq!(decompress(b"0123456789abcdef"), None);
        let plain = [&[0_u8; 8][..], b"MELA", &[0; 4], b"{\\rtf1 Hi}"].concat();
        assert_eq!(to_text(&decompress(&plain).expect("is one")), "Hi");
        assert_eq!(to_text(&b"{".repeat(100_000)), "");
        assert_eq!(to_text(b"{\\rtf1 a\\bin99999999 b"), "a");
    }

    #[test]
    fn words_are_read_and_what_is_no_text_is_not() {
        for (rtf, text) in [
            ("{\\rtf1{\\fonttbl{\\f0 Arial;}}Gr\\'f6\\'dfe\\par L}", "Größe\nL"),
            ("{\\rtf1\\ansicpg1251 \\'cf\\'f0\\'e8}", "При"),
            ("{\\rtf1 \\u8364? 5 \\{x\\} \\'80}", "€ 5 {x} €"),
            (
                "{\\rtf1 {\\*\\htmltag84 <b>}Hallo{\\*\\htmltag92 </b>}\\line Welt}",
                "Hallo\nWelt",
            ),
            ("{\\rtf1 a\\u-10179?\\u-8704?b}", "a\u{fffd}\u{fffd}b"),
        ] {
            assert_eq!(to_text(rtf.as_bytes()), text, "{rtf}");
        }
    }
}
