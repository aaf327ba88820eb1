//! Components: which properties belong to which event.

use super::line::{Line, lines};
use super::{EVENTS_MAX, Refusal};

/// The properties of a VEVENT, without those of what lies inside of it (alarms).
#[derive(Debug)]
pub struct Component<'a> {
    /// The line of its `BEGIN`.
    pub line: usize,
    pub properties: Vec<Line<'a>>,
}

/// The events of a file, and what is wrong with its frame.
pub fn events(text: &str) -> (Vec<Component<'_>>, Vec<Refusal>) {
    let mut events = Vec::new();
    let mut refusals = Vec::new();
    // Names and lines of the components that are open; the event among them.
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut event: Option<Component<'_>> = None;
    let mut calendars = 0;
    for line in lines(text) {
        let line = match line {
            Ok(line) => line,
            Err(refusal) => {
                refusals.push(refusal);
                continue;
            }
        };
        match line.name.as_str() {
            "BEGIN" => {
                let name = line.value.trim().to_ascii_uppercase();
                calendars += usize::from(name == "VCALENDAR");
                if open.is_empty() && name != "VCALENDAR" {
                    refusals.push(line.refuse(format!("BEGIN:{name} stands outside of a VCALENDAR")));
                }
                if name == "VEVENT" && event.is_none() {
                    event = Some(Component {
                        line: line.number,
                        properties: Vec::new(),
                    });
                }
                open.push((name, line.number));
            }
            "END" => {
                let name = line.value.trim().to_ascii_uppercase();
                match open.pop() {
                    Some((begun, _)) if begun == name => {}
                    Some((begun, at)) => {
                        refusals.push(line.refuse(format!("END:{name} ends the {begun} of line {at}")));
                    }
                    None => refusals.push(line.refuse(format!("END:{name} ends nothing"))),
                }
                if name == "VEVENT" {
                    events.extend(event.take());
                }
            }
            _ if open.is_empty() => refusals.push(line.refuse("stands outside of a VCALENDAR")),
            _ => {
                let inside = open.last().is_some_and(|(name, _)| name == "VEVENT");
                if let Some(event) = event.as_mut().filter(|_| inside) {
                    event.properties.push(line);
                }
            }
        }
    }
    if let Some((name, at)) = open.first() {
        refusals.push(Refusal::new(*at, format!("the {name} that begins here has no end")));
    }
    if calendars == 0 {
        refusals.push(Refusal::new(0, "no iCalendar file: it has no BEGIN:VCALENDAR"));
    }
    if events.len() > EVENTS_MAX {
        refusals.push(Refusal::new(0, format!("a file has at most {EVENTS_MAX} events")));
    }
    (events, refusals)
}
