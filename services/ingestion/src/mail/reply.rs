//! What did the sender newly write? A line classifier for quoted history and signatures.
//!
//! Mail programs mark history in a few hundred ways, none of them specified. The classifier knows
//! the German and English ones and the most common of the neighbours (see [`markers`]); where it is
//! unsure a line stays in the reply, because history shown twice is a nuisance and a customer's
//! sentence hidden is a fault.

mod markers;

use markers::{attribution, closing, header_block, mobile_signature, separator};

/// A text in two halves. Every line of the text is in exactly one of them, in its old order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// What the sender newly wrote; the whole text when nothing else is left.
    pub reply: String,
    /// Quoted history, signature and the lines that introduce them.
    pub quoted: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Reply,
    Quoted,
}

/// Splits a plain text with `\n` line ends.
pub fn split(text: &str) -> Split {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut kinds = classify(&lines);
    trailing_closing(&lines, &mut kinds);
    let pick = |wanted: Line| {
        let picked: Vec<&str> = lines
            .iter()
            .zip(&kinds)
            .filter(|(_, kind)| **kind == wanted)
            .map(|(line, _)| line.trim_end())
            .collect();
        fold_blank(&picked)
    };
    let reply = pick(Line::Reply);
    if reply.is_empty() {
        // A forward without a word of its own, or a mail that is only a signature.
        return Split {
            reply: text.trim().to_owned(),
            quoted: String::new(),
        };
    }
    Split {
        reply,
        quoted: pick(Line::Quoted),
    }
}

fn classify(lines: &[&str]) -> Vec<Line> {
    let mut kinds = vec![Line::Reply; lines.len()];
    let mut at = 0;
    let mut in_signature = false;
    while at < lines.len() {
        let line = lines[at].trim();
        if line.starts_with('>') || wrapped_quote(lines, at) {
            in_signature = false;
            kinds[at] = Line::Quoted;
            at += 1;
        } else if separator(line) || header_block(&lines[at..]) {
            // Nothing below is marked line by line, so all of it is history.
            kinds[at..].fill(Line::Quoted);
            rule_above(lines, &mut kinds, at);
            break;
        } else if let Some(length) = attribution(&lines[at..]) {
            let next = lines[at + length..].iter().find(|line| !line.trim().is_empty());
            if next.is_some_and(|line| line.trim_start().starts_with('>')) {
                // Marked history: answers may stand between its lines.
                kinds[at..at + length].fill(Line::Quoted);
                in_signature = false;
                at += length;
            } else {
                kinds[at..].fill(Line::Quoted);
                break;
            }
        } else if in_signature {
            kinds[at] = Line::Quoted;
            at += 1;
        } else if signature_rule(line) || mobile_signature(line) {
            in_signature = true;
            kinds[at] = Line::Quoted;
            at += 1;
        } else {
            at += 1;
        }
    }
    kinds
}

/// A long quoted line that was wrapped on its way: its rest has no `>` but stands between two lines that have. Only in the
/// middle of a sentence; an answer may stand there just as well.
fn wrapped_quote(lines: &[&str], at: usize) -> bool {
    const WRAPS_FROM: usize = 65;
    let Some(before) = at.checked_sub(1).map(|before| lines[before].trim()) else {
        return false;
    };
    let quoted_below = lines
        .get(at + 1)
        .is_some_and(|below| below.trim_start().starts_with('>'));
    before.starts_with('>')
        && quoted_below
        && before.chars().count() >= WRAPS_FROM
        && !before.ends_with(['.', '!', '?', ':'])
        && lines[at].starts_with(char::is_lowercase)
}

/// `-- ` starts a signature by convention; mailing lists draw a line of underscores above theirs.
fn signature_rule(line: &str) -> bool {
    matches!(line, "--" | "—" | "–") || (line.len() >= 2 && line.bytes().all(|byte| byte == b'_'))
}

/// The rule (`______`) some programs draw above the history belongs to it.
fn rule_above(lines: &[&str], kinds: &mut [Line], from: usize) {
    for at in (0..from).rev() {
        let line = lines[at].trim();
        if line.is_empty() {
            continue;
        }
        if line.len() >= 4 && line.chars().all(|c| matches!(c, '_' | '-' | '=' | '*')) {
            kinds[at] = Line::Quoted;
        }
        return;
    }
}

/// A closing formula with the few short lines below it, at the end of the reply, is the signature.
fn trailing_closing(lines: &[&str], kinds: &mut [Line]) {
    const MOST_LINES: usize = 8;
    const LONGEST: usize = 70;
    let own: Vec<usize> = (0..lines.len())
        .filter(|&at| kinds[at] == Line::Reply && !lines[at].trim().is_empty())
        .collect();
    let tail = &own[own.len().saturating_sub(MOST_LINES)..];
    let Some(first) = tail.iter().position(|&at| closing(lines[at].trim())) else {
        return;
    };
    // Alone it is the whole message ("Viele Grüße" on a postcard): keep it.
    if own.len() - tail.len() + first == 0 {
        return;
    }
    let below = &tail[first..];
    let signature = below.iter().all(|&at| {
        let line = lines[at].trim();
        let lower = line.to_lowercase();
        line.chars().count() <= LONGEST && !lower.starts_with("ps") && !lower.starts_with("p.s") && !line.ends_with('?')
    });
    if signature {
        for &at in below {
            kinds[at] = Line::Quoted;
        }
    }
}

/// Joins lines, blank edges removed and runs of blank lines folded to one.
fn fold_blank(lines: &[&str]) -> String {
    let mut out = String::new();
    let mut blank = true;
    for line in lines {
        if line.trim().is_empty() {
            if blank {
                continue;
            }
            blank = true;
        } else {
            blank = false;
        }
        out.push_str(line);
        out.push('\n');
    }
    out.trim_end().trim_start_matches('\n').to_owned()
}
