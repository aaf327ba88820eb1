//! Content lines: `NAME;PARAM=value:value`, unfolded.

use super::Refusal;

/// One property as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// Where it begins, from 1.
    pub number: usize,
    /// In upper case.
    pub name: String,
    /// Names in upper case, values without quotes.
    parameters: Vec<(String, String)>,
    /// The rest, as written.
    pub value: std::borrow::Cow<'a, str>,
}

impl<'a> Line<'a> {
    /// The value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A refusal of this line.
    pub fn refuse(&self, reason: impl Into<String>) -> Refusal {
        Refusal::new(self.number, reason)
    }

    /// The value of a TEXT property: `\n`, `\,`, `\;` and `\\` are written so.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.value.len());
        let mut letters = self.value.chars();
        while let Some(letter) = letters.next() {
            match (letter, if letter == '\\' { letters.next() } else { None }) {
                ('\\', Some('n' | 'N')) => text.push('\n'),
                ('\\', Some(escaped)) => text.push(escaped),
                _ => text.push(letter),
            }
        }
        text
    }

    fn parse(number: usize, line: std::borrow::Cow<'a, str>) -> Result<Self, Refusal> {
        let no_property = || Refusal::new(number, "not a property: NAME:value is expected");
        // The first colon outside of quotes ends the parameters.
        let mut quoted = false;
        let mut cuts = Vec::new();
        let mut colon = None;
        for (at, letter) in line.char_indices() {
            match letter {
                '"' => quoted = !quoted,
                ';' if !quoted => cuts.push(at),
                ':' if !quoted => {
                    colon = Some(at);
                    break;
                }
                _ => {}
            }
        }
        let colon = colon.ok_or_else(no_property)?;
        let mut parts = Vec::with_capacity(cuts.len() + 1);
        let mut from = 0;
        for cut in cuts.into_iter().chain([colon]) {
            parts.push(&line[from..cut]);
            from = cut + 1;
        }
        let name = parts.remove(0).to_ascii_uppercase();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if name.is_empty() || !name.bytes().all(is_name) {
            return Err(no_property());
        }
        let parameters = parts
            .into_iter()
            .map(|part| {
                let (name, value) = part.split_once('=').ok_or_else(no_property)?;
                Ok((name.to_ascii_uppercase(), value.trim_matches('"').to_owned()))
            })
            .collect::<Result<_, Refusal>>()?;
        let value = match line {
            std::borrow::Cow::Borrowed(line) => line[colon + 1..].into(),
            std::borrow::Cow::Owned(line) => line[colon + 1..].to_owned().into(),
        };
        Ok(Self {
            number,
            name,
            parameters,
            value,
        })
    }
}

/// The lines of a file, folded ones joined, empty ones left out.
pub fn lines(text: &str) -> impl Iterator<Item = Result<Line<'_>, Refusal>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut physical = text.lines().enumerate().peekable();
    std::iter::from_fn(move || {
        loop {
            let (index, first) = physical.next()?;
            let mut line = std::borrow::Cow::Borrowed(first);
            while let Some((_, next)) = physical.next_if(|(_, next)| next.starts_with([' ', '\t'])) {
                line.to_mut().push_str(&next[1..]);
            }
            if !line.trim().is_empty() {
                return Some(Line::parse(index + 1, line));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Line<'_> {
        lines(text).next().expect("a line").expect("a property")
    }

    #[test]
    fn folded_lines_are_one_and_keep_their_number() {
        let text = "\u{feff}BEGIN:VEVENT\r\nSUMMARY:Tag der\r\n  Deutsch\r\n\ten Einheit\r\n\r\nEND:VEVENT\r\n";
        let read: Vec<Line<'_>> = lines(text).collect::<Result<_, _>>().expect("properties");
        let seen: Vec<_> = read
            .iter()
            .map(|line| (line.number, &*line.name, &*line.value))
            .collect();
        assert_eq!(
            seen,
            [
                (1, "BEGIN", "VEVENT"),
                (2, "SUMMARY", "Tag der Deutschen Einheit"),
                (6, "END", "VEVENT")
            ]
        );
    }

    #[test]
    fn parameters_may_be_quoted() {
        let line = one("dtstart;tzid=\"Europe/Berlin\";X-A=\"a:b;c\":20261224T140000");
        assert_eq!(line.name, "DTSTART");
        assert_eq!(line.parameter("TZID"), Some("Europe/Berlin"));
        assert_eq!(line.parameter("X-A"), Some("a:b;c"));
        assert_eq!(line.parameter("VALUE"), None);
        assert_eq!(line.value, "20261224T140000");
        assert_eq!(one("SUMMARY:a\\, b\\; c\\\\ \\nd: e").text(), "a, b; c\\ \nd: e");
    }

    #[test]
    fn what_is_no_property_is_refused_with_its_line() {
        for text in ["<html>", "DTSTART;TZID:1", "DTSTART;A=\"x:1", " :x", ":x", "A B:x"] {
            let refusal = lines(text).next().expect("a line").expect_err(text);
            assert_eq!(refusal.line, 1, "{text}");
        }
    }
}
