//! Tables and figures for people to read: aligned columns, colours only on a terminal.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

/// Whether to paint at all. Never into a file or a pipe, nor when NO_COLOR asks not to.
#[derive(Debug, Clone, Copy)]
pub struct Paint(bool);

impl Paint {
    /// As standard output is.
    pub fn for_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self(std::io::stdout().is_terminal() && !refused)
    }

    #[cfg(test)]
    pub fn never() -> Self {
        Self(false)
    }

    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    pub fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }

    pub fn yellow(self, text: &str) -> String {
        self.wrap("33", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        match self.0 {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }
}

/// On which side of its column a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

type Style = fn(Paint, &str) -> String;

/// One cell: what it says and how it is painted.
pub struct Cell {
    text: String,
    style: Option<Style>,
}

impl Cell {
    pub fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style: Some(style),
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            style: None,
        }
    }
}

/// Rows under a head.
pub struct Table {
    head: Vec<(&'static str, Align)>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub fn new(head: &[(&'static str, Align)]) -> Self {
        Self {
            head: head.to_vec(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.head.len(), "a cell for each column");
        self.rows.push(cells);
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table, two columns in from the left, with a line under its head.
    pub fn render(&self, paint: Paint) -> String {
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| {
                let cells = self.rows.iter().map(|row| width(&row[column].text));
                cells.chain([width(self.head[column].0)]).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        let heads = self.head.iter().map(|(name, _)| Cell::styled(*name, Paint::bold));
        self.line(&mut text, &heads.collect::<Vec<_>>(), &widths, paint);
        let rule = "─".repeat(widths.iter().sum::<usize>() + 2 * (widths.len() - 1));
        let _ = writeln!(text, "  {}", paint.dim(&rule));
        for row in &self.rows {
            self.line(&mut text, row, &widths, paint);
        }
        text
    }

    fn line(&self, text: &mut String, cells: &[Cell], widths: &[usize], paint: Paint) {
        let mut line = String::from("  ");
        for (index, cell) in cells.iter().enumerate() {
            let padding = " ".repeat(widths[index].saturating_sub(width(&cell.text)));
            let painted = match cell.style {
                Some(style) => style(paint, &cell.text),
                None => cell.text.clone(),
            };
            if index > 0 {
                line.push_str("  ");
            }
            match self.head[index].1 {
                Align::Left => line.extend([painted, padding]),
                Align::Right => line.extend([padding, painted]),
            }
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

/// Columns that `text` takes on a terminal. Ours has no characters of double width.
fn width(text: &str) -> usize {
    text.chars().count()
}

/// `text` in at most `most` columns, in one line, with an ellipsis where it was cut.
pub fn shorten(text: &str, most: usize) -> String {
    let clean: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    if width(&clean) <= most {
        return clean;
    }
    let mut short: String = clean.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Seconds as people say them: `0.4 s`, `12 s`, `5 min 12 s`, `1 h 05 min`, `2 d 3 h`.
pub fn span(seconds: f64) -> String {
    if seconds < 0.0 {
        return format!("-{}", span(-seconds));
    }
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    // Rounded before it is taken apart, so that 59.7 s is a minute and not `60 s`.
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3_600 => format!("{} min {:02} s", whole / 60, whole % 60),
        3_600..86_400 => format!("{} h {:02} min", whole / 3_600, whole % 3_600 / 60),
        _ => format!("{} d {} h", whole / 86_400, whole % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_letters() {
        let mut table = Table::new(&[("who", Align::Left), ("n", Align::Right)]);
        table.row(vec!["Jürgen".into(), "7".into()]);
        table.row(vec!["Al".into(), Cell::styled("1234", Paint::green)]);
        assert_eq!(
            "  who        n\n  ────────────\n  Jürgen     7\n  Al      1234\n",
            table.render(Paint::never())
        );
    }

    #[test]
    fn paint_changes_no_width() {
        let mut table = Table::new(&[("n", Align::Right)]);
        table.row(vec![Cell::styled("5", Paint::green)]);
        table.row(vec!["10".into()]);
        assert!(table.render(Paint(true)).contains("   \u{1b}[32m5\u{1b}[0m\n"));
    }

    #[test]
    fn spans_are_as_people_say_them() {
        for (seconds, said) in [
            (0.0, "0.0 s"),
            (0.42, "0.4 s"),
            (9.96, "10 s"),
            (59.7, "1 min 00 s"),
            (312.0, "5 min 12 s"),
            (3_899.9, "1 h 05 min"),
            (183_600.0, "2 d 3 h"),
            (-30.0, "-30 s"),
        ] {
            assert_eq!(said, span(seconds), "{seconds}");
        }
    }

    #[test]
    fn long_and_strange_text_stays_in_its_line() {
        assert_eq!("abc", shorten("abc", 3));
        assert_eq!("ab…", shorten("abcd", 3));
        assert_eq!("a b", shorten("a\nb", 3));
    }
}
