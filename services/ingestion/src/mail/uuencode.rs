//! Files that stand in the text itself, as programs sent them before MIME and some machines still do.

/// A file that stood in a text.
#[derive(Debug, PartialEq)]
pub(super) struct File {
    /// Its name as given.
    pub name: String,
    /// The bytes.
    pub content: Vec<u8>,
}

/// Takes whole blocks out of a text with `\n` line ends; what is damaged or has no end stays text. Each line is read once.
pub(super) fn take_out(text: &str) -> (String, Vec<File>) {
    if !text.starts_with("begin ") && !text.contains("\nbegin ") {
        return (text.to_owned(), Vec::new());
    }
    let lines: Vec<&str> = text.split('\n').collect();
    let mut kept: Vec<&str> = Vec::with_capacity(lines.len());
    let mut files = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        match block(&lines[at..]) {
            Ok((file, length)) => {
                files.push(file);
                at += length;
            }
            Err(read) => {
                // No line of what was read can begin a block, but for the last.
                kept.extend(&lines[at..at + read]);
                at += read;
            }
        }
    }
    (kept.join("\n"), files)
}

/// The block at the beginning, with the number of its lines; or how many lines are none.
fn block(lines: &[&str]) -> Result<(File, usize), usize> {
    let Some(name) = header(lines[0]) else { return Err(1) };
    let mut content = Vec::new();
    for (at, line) in lines.iter().enumerate().skip(1) {
        let line = line.trim_end();
        if matches!(line, "" | "`") {
            // The empty line is the last; the word after it says so.
            let end = lines.get(at + 1).map(|line| line.trim_end());
            return match end {
                Some("end") => Ok((file(name, content), at + 2)),
                _ => Err(at),
            };
        }
        if line == "end" && at > 1 {
            return Ok((file(name, content), at + 1));
        }
        if decode(line, &mut content).is_none() {
            return Err(at);
        }
    }
    Err(lines.len())
}

fn file(name: &str, content: Vec<u8>) -> File {
    File {
        name: name.to_owned(),
        content,
    }
}

/// `begin 644 name`.
fn header(line: &str) -> Option<&str> {
    let (mode, name) = line.strip_prefix("begin ")?.split_once(' ')?;
    let is_mode = (3..=4).contains(&mode.len()) && mode.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    let name = name.trim();
    (is_mode && !name.is_empty()).then_some(name)
}

/// One line: how many bytes, then four characters for each three of them. Blanks at its end may have been cut off.
fn decode(line: &str, content: &mut Vec<u8>) -> Option<()> {
    let bytes = line.as_bytes();
    if bytes.iter().any(|byte| !matches!(byte, 32..=96)) {
        return None;
    }
    let value = |at: usize| bytes.get(at).map_or(0, |byte| (byte - 32) & 0x3f);
    let length = usize::from(value(0));
    let groups = length.div_ceil(3);
    // A checksum may follow. A line that is much too short is a word, not a cut one.
    if bytes.len() > 1 + groups * 4 + 2 || bytes.len() + 4 < 1 + groups * 4 {
        return None;
    }
    let from = content.len();
    for group in 0..groups {
        let [a, b, c, d] = [1, 2, 3, 4].map(|offset| value(group * 4 + offset));
        content.extend([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    content.truncate(from + length);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_files_and_the_rest_stays() {
        let text =
            "Hallo,\nanbei die Datei.\nbegin 644 cat.txt\n#0V%T\n`\nend\nGruß\nbegin 0755 a b.bin\n&AQ8;&QL;\nend\n";
        let (kept, files) = take_out(text);
        assert_eq!(kept, "Hallo,\nanbei die Datei.\nGruß\n");
        assert_eq!(
            (files[0].name.as_str(), files[0].content.as_slice()),
            ("cat.txt", &b"Cat"[..])
        );
        assert_eq!((files[1].name.as_str(), files[1].content.len()), ("a b.bin", 6));
    }

    #[test]
    fn what_is_no_whole_block_stays_text() {
        for text in [
            "begin 644 cat.txt\n#0V%T\n`\n",
            "begin 644 cat.txt\nHallo Welt, das ist ein Satz\n`\nend",
            "begin again at 644\nend",
            "begin 999 x\n#0V%T\n`\nend",
            "Please begin 644 x\n#0V%T\n`\nend",
            "> begin 644 cat.txt\n> #0V%T\n> `\n> end",
            "begin 644 x\nbegin 644 y\nbegin 644 z",
        ] {
            assert_eq!(take_out(text), (text.to_owned(), Vec::new()), "{text}");
        }
    }

    /// A damaged block hides no whole one behind it.
    #[test]
    fn a_block_after_a_damaged_one_is_found() {
        let (kept, files) = take_out("begin 644 a\n#0V%T\nbegin 644 b\n#0V%T\n`\nend");
        assert_eq!((kept.as_str(), files.len()), ("begin 644 a\n#0V%T", 1));
    }
}
