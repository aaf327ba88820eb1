//! From the bytes of a file to its lines, wherever the chunks of the upload end.

use sha2::{Digest as _, Sha256};
use vorrang_history::{BYTES_MAX, Bad, Problem, Read, Reason};

/// Cuts bytes into lines.
#[derive(Debug, Default)]
pub struct Cutter {
    /// The beginning of a line whose end has not come yet; no longer than a line may be, and a byte.
    rest: Vec<u8>,
    /// Lines so far.
    number: u64,
}

/// A line as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawLine {
    /// Its number, from 1.
    pub number: u64,
    /// Without its end. What is longer than a line may be is cut.
    pub bytes: Vec<u8>,
}

impl Cutter {
    /// The next line that ends in `chunk`, which is moved behind it; none: all of it is taken, and no more line ends in it.
    pub fn next(&mut self, chunk: &mut &[u8]) -> Option<RawLine> {
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        // One byte too many is enough to know that it is too long, and bounds what a file without any line costs.
        let room = (BYTES_MAX + 1).saturating_sub(self.rest.len());
        self.rest.extend_from_slice(&part[..part.len().min(room)]);
        *chunk = &chunk[end.map_or(chunk.len(), |end| end + 1)..];
        end.map(|_| self.cut())
    }

    /// The last line, when the file does not end with a line's end.
    pub fn finish(mut self) -> Option<RawLine> {
        (!self.rest.is_empty()).then(|| self.cut())
    }

    fn cut(&mut self) -> RawLine {
        self.number += 1;
        let mut bytes = std::mem::take(&mut self.rest);
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        RawLine {
            number: self.number,
            bytes,
        }
    }
}

/// A hash over all lines of a file up to one, made of that over the lines before it: an upload that is continued is the same file.
pub fn chain(before: &[u8; 32], line: &RawLine) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(&line.bytes);
    hash.finalize().into()
}

/// Reads a line; none when it is empty.
pub fn read(line: &RawLine) -> Option<Result<(Read, &str), Bad>> {
    let Ok(text) = std::str::from_utf8(&line.bytes) else {
        let problem = Problem {
            field: String::new(),
            reason: Reason::NotJson,
            text: "is no UTF-8".to_owned(),
        };
        return Some(Err(Bad {
            number: line.number,
            problems: vec![problem],
        }));
    };
    if text.trim().is_empty() {
        return None;
    }
    Some(vorrang_history::read(line.number, text).map(|read| (read, text)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(chunks: &[&[u8]]) -> Vec<(u64, Vec<u8>)> {
        let mut cutter = Cutter::default();
        let mut lines = Vec::new();
        for mut chunk in chunks.iter().copied() {
            while let Some(line) = cutter.next(&mut chunk) {
                lines.push(line);
            }
        }
        lines.extend(cutter.finish());
        lines.into_iter().map(|line| (line.number, line.bytes)).collect()
    }

    #[test]
    fn lines_end_where_they_end() {
        assert_eq!(
            cut(&[b"a\r\nb\n\nc"]),
            [(1, b"a".to_vec()), (2, b"b".to_vec()), (3, vec![]), (4, b"c".to_vec())]
        );
        assert_eq!(cut(&[b"a\n"]), [(1, b"a".to_vec())]);
        assert_eq!(cut(&[b"", b""]), []);
    }

    #[test]
    fn a_line_without_an_end_costs_no_more_than_a_line() {
        let long = vec![b'x'; BYTES_MAX];
        let lines = cut(&[&long, &long, b"\nb\n"]);
        assert_eq!((lines[0].1.len(), &lines[1]), (BYTES_MAX + 1, &(2, b"b".to_vec())));
        let line = RawLine {
            number: 1,
            bytes: lines[0].1.clone(),
        };
        assert!(read(&line).expect("a line").is_err());
        let broken = RawLine {
            number: 1,
            bytes: vec![0xff],
        };
        assert_eq!(
            read(&broken).expect("a line").expect_err("bad").problems[0].text,
            "is no UTF-8"
        );
    }

    proptest! {
        #[test]
        fn where_chunks_end_is_no_matter(text in "[ab\n\r]{0,60}", cuts in proptest::collection::vec(0_usize..60, 0..6)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for to in cuts.into_iter().chain([text.len()]) {
                chunks.push(&text.as_bytes()[from..to]);
                from = to;
            }
            let whole: Vec<String> = text.split_terminator('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned()).collect();
            let lines: Vec<String> = cut(&chunks).into_iter().map(|(_, bytes)| String::from_utf8(bytes).expect("text")).collect();
            prop_assert_eq!(lines, whole);
        }
    }
}
