//! HTML to text for mails: one pass, no tree, so that depth and size are the sender's problem.
//!
//! Keeps what carries meaning in a mail: paragraphs, line breaks, list items, table cells, quotes
//! (as `> ` lines, so that the reply splitter sees them) and link targets that the text does not show.

use mail_parser::decoders::html::add_html_token;

/// Deepest quote level shown; deeper quotes stay on this level.
const MAX_QUOTE: usize = 8;

/// Turns HTML into text. Never fails: what is not HTML comes back as it is, white space folded.
pub fn to_text(html: &str) -> String {
    let mut out = Writer::default();
    let mut rest = html;
    let mut endless: Vec<String> = Vec::new();
    while !rest.is_empty() {
        let Some(open) = rest.find('<') else {
            out.text(rest);
            break;
        };
        out.text(&rest[..open]);
        rest = &rest[open..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        // `a < b` is text, not a tag.
        if !rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
            out.text("<");
            rest = &rest[1..];
            continue;
        }
        let Some(close) = tag_end(rest) else {
            // A tag that never ends: whatever it is, it is not lost.
            out.text(rest);
            break;
        };
        let tag = &rest[1..close];
        rest = &rest[close + 1..];
        let closing = tag.starts_with('/');
        let name = tag
            .trim_start_matches('/')
            .split(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let hidden = matches!(name.as_str(), "script" | "style" | "head" | "template" | "title");
        if !closing && hidden && !endless.contains(&name) {
            match skip_element(rest, &name) {
                Some(after) => rest = after,
                // Never closed, and so is no later one: show the text rather than nothing, and do not look again.
                None => endless.push(name),
            }
            continue;
        }
        out.tag(&name, closing, tag);
    }
    out.finish()
}

/// Index of the `>` that ends the tag at the start of `html`; one inside a quoted attribute does not.
fn tag_end(html: &str) -> Option<usize> {
    let mut quote = None;
    let mut after_equals = false;
    for (index, byte) in html.bytes().enumerate().skip(1) {
        match (quote, byte) {
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'>') => return Some(index),
            (None, b'"' | b'\'') if after_equals => quote = Some(byte),
            (None, _) => {}
        }
        after_equals = byte == b'=' || (after_equals && byte.is_ascii_whitespace());
    }
    // An attribute that never ends its quote would swallow the rest of the mail.
    html.find('>')
}

/// What follows `</name>`; `None` when the element never ends.
fn skip_element<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = html;
    while let Some(open) = rest.find("</") {
        let tail = &rest[open + 2..];
        if tail.get(..name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name)) {
            return Some(tail.find('>').map_or("", |end| &tail[end + 1..]));
        }
        rest = tail;
    }
    None
}

#[derive(Default)]
struct Writer {
    out: String,
    line: String,
    quote: usize,
    blank: usize,
    space: bool,
    pre: usize,
    link: Option<(String, usize)>,
}

impl Writer {
    fn text(&mut self, text: &str) {
        if self.pre > 0 {
            let decoded = decode(text);
            let mut lines = decoded.split('\n');
            if let Some(first) = lines.next() {
                self.line.push_str(first.trim_end_matches('\r'));
            }
            for line in lines {
                self.end_line();
                self.line.push_str(line.trim_end_matches('\r'));
            }
            return;
        }
        let mut first = true;
        for word in text.split(|c: char| c.is_ascii_whitespace()) {
            if !first {
                self.space = true;
            }
            first = false;
            if word.is_empty() {
                continue;
            }
            if self.space && !self.line.is_empty() && !self.line.ends_with(' ') {
                self.line.push(' ');
            }
            self.space = false;
            self.line.push_str(&decode(word));
        }
    }

    fn tag(&mut self, name: &str, closing: bool, tag: &str) {
        match name {
            "br" => self.end_line(),
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "table" => {
                self.block();
                if closing || name != "p" {
                    self.paragraph();
                }
            }
            "div" | "tr" | "section" | "article" | "header" | "footer" | "body" | "html" | "dl" | "dt" | "dd"
            | "form" | "address" => self.block(),
            "td" | "th" if closing => self.space = true,
            "li" if !closing => {
                self.block();
                self.line.push_str("- ");
            }
            "hr" if !closing => {
                self.block();
                self.line.push_str("________________________________");
                self.end_line();
            }
            "blockquote" => {
                self.block();
                self.quote = if closing {
                    self.quote.saturating_sub(1)
                } else {
                    self.quote + 1
                };
            }
            "pre" => {
                self.block();
                self.pre = if closing {
                    self.pre.saturating_sub(1)
                } else {
                    self.pre + 1
                };
            }
            "a" if closing => self.end_link(),
            "a" => self.link = attribute(tag, "href").map(|href| (href, self.line.len())),
            "img" => {
                if let Some(alt) = attribute(tag, "alt").filter(|alt| !alt.trim().is_empty()) {
                    self.text(&format!("[{}]", alt.trim()));
                } else if let Some(cid) = attribute(tag, "src").filter(|src| src.starts_with("cid:") && src.len() < 200)
                {
                    // As Outlook writes it where it makes the text itself: the file has this Content-ID.
                    self.text(&format!("[{}]", cid.trim()));
                }
            }
            _ => {}
        }
    }

    /// Shows where a link goes, unless its text says so already.
    fn end_link(&mut self) {
        let Some((href, from)) = self.link.take() else { return };
        let shown = self.line.get(from..).unwrap_or_default().trim();
        let bare = |url: &str| {
            url.trim_start_matches("mailto:")
                .trim_start_matches("tel:")
                .trim_start_matches("https://")
                .trim_start_matches("http://")
                .trim_end_matches('/')
                .to_owned()
        };
        let web = href.starts_with("http://") || href.starts_with("https://");
        if web && !shown.is_empty() && bare(shown) != bare(&href) && href.len() <= 300 {
            self.line.push_str(&format!(" <{href}>"));
        }
    }

    /// Ends the line unless it is empty.
    fn block(&mut self) {
        if !self.line.trim().is_empty() {
            self.end_line();
        }
        self.line.clear();
        self.space = false;
    }

    /// Leaves one blank line.
    fn paragraph(&mut self) {
        if self.blank == 0 && !self.out.is_empty() {
            self.push_line("");
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.push_line(line.trim_end());
        self.space = false;
    }

    fn push_line(&mut self, line: &str) {
        if line.is_empty() {
            self.blank += 1;
            if self.blank > 2 {
                return;
            }
        } else {
            self.blank = 0;
        }
        if self.quote > 0 && !line.is_empty() {
            self.out.push_str(&">".repeat(self.quote.min(MAX_QUOTE)));
            self.out.push(' ');
        }
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn finish(mut self) -> String {
        self.block();
        self.out.trim_matches('\n').to_owned()
    }
}

/// Decodes entities. No-break spaces become spaces, invisible joiners go: both only break searching.
fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest
            .bytes()
            .take(40)
            .skip(1)
            .position(|byte| matches!(byte, b';' | b'&' | b' '));
        let end = end.map(|end| end + 1).filter(|&end| rest.as_bytes()[end] == b';');
        match end {
            Some(end) => {
                add_html_token(&mut out, &rest.as_bytes()[..=end], false);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out.retain(|c| !matches!(c, '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{feff}' | '\u{ad}' | '\0'));
    out.replace('\u{a0}', " ")
}

/// The value of attribute `name` in the tag text, entities decoded.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    while let Some(found) = lower[from..].find(name) {
        let start = from + found;
        let before = lower[..start].chars().next_back();
        let value = tag[start + name.len()..].trim_start();
        if before.is_some_and(char::is_whitespace)
            && let Some(value) = value.strip_prefix('=')
        {
            let value = value.trim_start();
            let value = match value.chars().next() {
                Some(quote @ ('"' | '\'')) => value[1..].split(quote).next().unwrap_or_default(),
                _ => value
                    .split(|c: char| c.is_ascii_whitespace() || c == '>')
                    .next()
                    .unwrap_or_default(),
            };
            return Some(decode(value));
        }
        from = start + name.len();
    }
    None
}
