//! What an invitation says, for mails that hold nothing else. The calendar itself stays a file.

/// Longest text that is made of one.
const MAX_DESCRIPTION: usize = 20_000;

/// The first event as text: what, when, where, and its description, in the words of the sender. Empty when there is none.
pub(super) fn summary(calendar: &str) -> String {
    let mut method = String::new();
    let mut event = Event::default();
    let mut inside: Vec<String> = Vec::new();
    for line in unfolded(calendar) {
        let Some((name, parameters, value)) = property(&line) else {
            continue;
        };
        if name == "END" {
            if inside.pop().is_some_and(|ended| ended == "VEVENT") {
                break;
            }
            continue;
        }
        match (name.as_str(), inside.last().map(String::as_str)) {
            ("BEGIN", _) if inside.len() < 8 => inside.push(value.trim().to_ascii_uppercase()),
            ("METHOD", Some("VCALENDAR")) => method = value.trim().to_ascii_uppercase(),
            ("SUMMARY", Some("VEVENT")) => event.what = unescaped(value),
            ("LOCATION", Some("VEVENT")) => event.place = unescaped(value),
            ("DESCRIPTION", Some("VEVENT")) => event.description = unescaped(value),
            ("DTSTART", Some("VEVENT")) => event.from = time(value, parameters),
            ("DTEND", Some("VEVENT")) => event.to = time(value, parameters),
            _ => {}
        }
    }
    event.text(&method)
}

#[derive(Default)]
struct Event {
    what: String,
    place: String,
    description: String,
    from: String,
    to: String,
}

impl Event {
    fn text(&self, method: &str) -> String {
        let mut line: Vec<&str> = Vec::new();
        // An invitation needs no word; that one is called off or answered does.
        if matches!(method, "CANCEL" | "REPLY" | "COUNTER") {
            line.push(method);
        }
        let span = match (self.from.as_str(), self.to.as_str()) {
            (from, "") => from.to_owned(),
            ("", to) => format!("– {to}"),
            (from, to) => format!("{from} – {to}"),
        };
        line.extend([self.what.trim(), &span, self.place.trim()]);
        line.retain(|part| !part.is_empty());
        let description: String = self.description.trim().chars().take(MAX_DESCRIPTION).collect();
        let text = format!("{}\n\n{description}", line.join(" | "));
        text.trim().to_owned()
    }
}

/// Lines, with those that go on put together.
fn unfolded(calendar: &str) -> impl Iterator<Item = String> {
    let mut rest = calendar.lines().peekable();
    std::iter::from_fn(move || {
        let mut line = rest.next()?.to_owned();
        while let Some(more) = rest.peek().and_then(|next| next.strip_prefix([' ', '\t'])) {
            line.push_str(more);
            rest.next();
        }
        Some(line)
    })
}

/// `NAME;PARAMETER=x:value`; a colon between quotes is no end.
fn property(line: &str) -> Option<(String, &str, &str)> {
    let mut quoted = false;
    let colon = line.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == ':' && !quoted).then_some(at)
    })?;
    let (head, value) = (&line[..colon], &line[colon + 1..]);
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    Some((name.trim().to_ascii_uppercase(), parameters, value))
}

fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

/// `20260302T100000` with its zone as people read it; as it stands when it is written otherwise.
fn time(value: &str, parameters: &str) -> String {
    let value = value.trim();
    let (stamp, zone) = match value.strip_suffix('Z') {
        Some(stamp) => (stamp, Some("UTC")),
        None => {
            let zone = parameters.split(';').find_map(|one| one.strip_prefix("TZID="));
            (value, zone.map(|zone| zone.trim_matches('"')))
        }
    };
    let (day, clock) = stamp.split_once('T').unwrap_or((stamp, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if day.len() != 8 || !digits(day) || !(clock.is_empty() || clock.len() >= 4 && digits(clock)) {
        return value.to_owned();
    }
    let mut text = format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]);
    if !clock.is_empty() {
        text.push_str(&format!(" {}:{}", &clock[..2], &clock[2..4]));
    }
    if let Some(zone) = zone {
        text.push_str(&format!(" ({zone})"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_reads_as_its_sender_wrote_it() {
        let invitation = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nSUMMARY;LANGUAGE=de:Rückruf\\, bitte\r\nDTSTART;TZID=\"Europe/Berlin\":20260302T100000\r\nDTEND;TZID=Europe/Berlin:20260302T103000\r\nLOCATION:Raum\r\n  5\r\nDESCRIPTION:Es geht um\\nRechnung 7\r\nBEGIN:VALARM\r\nDESCRIPTION:REMINDER\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        assert_eq!(
            summary(invitation),
            "Rückruf, bitte | 2026-03-02 10:00 (Europe/Berlin) – 2026-03-02 10:30 (Europe/Berlin) | Raum 5\n\nEs geht um\nRechnung 7"
        );
        assert!(summary(&invitation.replace("REQUEST", "CANCEL")).starts_with("CANCEL | Rückruf"));
    }

    #[test]
    fn times_are_only_put_in_order_when_they_are_times() {
        assert_eq!(time("20260302T100000Z", ""), "2026-03-02 10:00 (UTC)");
        assert_eq!(time("20260302", "VALUE=DATE"), "2026-03-02");
        assert_eq!(time("morgen", ""), "morgen");
        assert_eq!(time("2026030äT1000", ""), "2026030äT1000");
    }

    #[test]
    fn what_is_no_calendar_says_nothing() {
        for text in [
            "",
            "Hallo",
            "BEGIN:VCALENDAR",
            "SUMMARY:x",
            "BEGIN:VEVENT\n:::\nEND:VEVENT",
        ] {
            assert_eq!(summary(text), "", "{text}");
        }
        let deep = "BEGIN:VEVENT\n".repeat(100_000);
        assert_eq!(summary(&deep), "");
    }
}
