//! HTML that cannot be broken by what stands in it: only text that is part of this program is written as it is.

/// A document being written.
#[derive(Debug, Default)]
pub struct Html(String);

impl Html {
    /// Markup: part of this program.
    pub fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Words of anybody, in an element or in a quoted attribute.
    pub fn text(&mut self, words: &str) -> &mut Self {
        for letter in words.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // Neither HTML nor we have a use for it.
                '\0' => self.0.push('\u{fffd}'),
                letter => self.0.push(letter),
            }
        }
        self
    }

    /// A number.
    pub fn number(&mut self, number: i64) -> &mut Self {
        self.0.push_str(&number.to_string());
        self
    }

    /// What was written.
    pub fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_never_markup() {
        let mut html = Html::default();
        html.markup("<p title=\"")
            .text("\"><script>alert('x & y')</script>")
            .markup("\">");
        assert_eq!(
            html.finish(),
            "<p title=\"&quot;&gt;&lt;script&gt;alert(&#39;x &amp; y&#39;)&lt;/script&gt;\">"
        );
    }

    proptest! {
        /// Nothing that a browser could take for the end of a text or an attribute gets through.
        #[test]
        fn nothing_gets_through(words in "\\PC*") {
            let mut html = Html::default();
            html.text(&words);
            let written = html.finish();
            prop_assert!(!written.contains(['<', '>', '"', '\'', '\0']));
            let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
            for (start, _) in written.match_indices('&') {
                prop_assert!(entities.iter().any(|entity| written[start..].starts_with(entity)));
            }
        }
    }
}
