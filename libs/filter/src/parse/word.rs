//! Words: bare ones, quoted ones, and names of fields made of both.

use super::Parser;
use crate::check::Word;
use crate::error::FilterError;
use crate::pattern::Pattern;
use crate::text;

impl Parser<'_> {
    /// The name of a field, or a word to look for: bare and quoted parts joined by dots. A `:` ends it.
    pub(super) fn path(&mut self) -> Result<Word, FilterError> {
        let at = self.at;
        let mut pieces = vec![String::new()];
        let quoted = self.peek().is_some_and(is_quote);
        loop {
            let before = self.at;
            match self.peek() {
                Some(quote) if is_quote(quote) => self.quoted(quote, &mut pieces)?,
                _ => self.bare(&mut pieces, true)?,
            }
            let goes_on = match self.peek() {
                Some(next) if is_quote(next) => self.text[before..self.at].ends_with('.'),
                Some('.') => true,
                _ => false,
            };
            if !goes_on || self.at == before {
                break;
            }
        }
        if self.at == at {
            return Err(self.error("a condition begins with the name of a field or a word"));
        }
        Ok(Word {
            at,
            pattern: Pattern::of_pieces(pieces),
            quoted,
        })
    }

    /// A value.
    pub(super) fn word(&mut self) -> Result<Word, FilterError> {
        let at = self.at;
        let mut pieces = vec![String::new()];
        let quote = self.peek().filter(|letter| is_quote(*letter));
        match quote {
            Some(quote) => self.quoted(quote, &mut pieces)?,
            None => self.bare(&mut pieces, false)?,
        }
        if self.at == at {
            return Err(self.error("a value is expected here"));
        }
        Ok(Word {
            at,
            pattern: Pattern::of_pieces(pieces),
            quoted: quote.is_some(),
        })
    }

    fn bare(&mut self, pieces: &mut Vec<String>, name: bool) -> Result<(), FilterError> {
        while let Some(letter) = self.peek() {
            if text::ends_word(letter) || (name && letter == ':') {
                break;
            }
            match letter {
                '\\' => return Err(self.error("a word with `\\` is written in quotes")),
                '*' => pieces.push(String::new()),
                _ => push(pieces, letter),
            }
            self.at += letter.len_utf8();
        }
        Ok(())
    }

    fn quoted(&mut self, quote: char, pieces: &mut Vec<String>) -> Result<(), FilterError> {
        let open = self.at;
        self.at += 1;
        loop {
            let Some(letter) = self.peek() else {
                return Err(FilterError::at(self.text, open, "this quote is never closed"));
            };
            match letter {
                '\\' => {
                    let escaped = self.escape()?;
                    push(pieces, escaped);
                    continue;
                }
                '*' => pieces.push(String::new()),
                _ if letter == quote => {
                    self.at += 1;
                    return Ok(());
                }
                _ => push(pieces, letter),
            }
            self.at += letter.len_utf8();
        }
    }

    /// What `\` and the next character mean.
    fn escape(&mut self) -> Result<char, FilterError> {
        let letter = match self.rest().chars().nth(1) {
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(letter @ ('"' | '\'' | '\\' | '*')) => letter,
            _ => {
                let message = "after `\\` comes one of `\"`, `'`, `\\`, `*`, `n`, `r`, `t`";
                return Err(self.error(message));
            }
        };
        self.at += 2;
        Ok(letter)
    }
}

fn is_quote(letter: char) -> bool {
    letter == '"' || letter == '\''
}

fn push(pieces: &mut [String], letter: char) {
    if let Some(piece) = pieces.last_mut() {
        piece.push(letter);
    }
}
