//! How text becomes index terms. Pure.
//!
//! Three ways: German (stemmed, umlauts folded), English (stemmed), and plain (folded only) for every other language
//! and for matches across languages. The same analyzer reads articles and queries, so that "Rückgabe", "Rueckgabe",
//! "Ruckgabe" and "RÜCKGABEN" meet in one term. A change here changes the index: raise [`super::position::VERSION`].

use tantivy::tokenizer::{
    AsciiFoldingFilter, Language as Stemming, LowerCaser, RawTokenizer, RemoveLongFilter, SimpleTokenizer, Stemmer,
    StopWordFilter, TextAnalyzer, Token, TokenFilter, TokenStream, Tokenizer, TokenizerManager,
};

/// Longer words are noise (encoded data, URLs); the longest German words in use have about 40 letters.
const WORD_MAX_BYTES: usize = 64;

/// The analyzers, by the name the schema knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Analyzer {
    /// German stemming, stop words and umlaut folding.
    German,
    /// English stemming and stop words.
    English,
    /// Folded words as they are.
    Plain,
}

impl Analyzer {
    /// The analyzer that stems `language` (`de`, `en`), if there is one.
    pub(crate) fn stemming(language: &str) -> Option<Self> {
        match language {
            "de" => Some(Analyzer::German),
            "en" => Some(Analyzer::English),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Analyzer::German => "vorrang_de",
            Analyzer::English => "vorrang_en",
            Analyzer::Plain => "vorrang_plain",
        }
    }

    pub(crate) fn build(self) -> TextAnalyzer {
        let words = TextAnalyzer::builder(SimpleTokenizer::default())
            .filter(RemoveLongFilter::limit(WORD_MAX_BYTES))
            .filter(LowerCaser);
        match self {
            Analyzer::German => words
                .filter(german_stop_words())
                .filter(GermanFolding)
                .filter(Stemmer::new(Stemming::German))
                .build(),
            Analyzer::English => words
                .filter(english_stop_words())
                .filter(AsciiFoldingFilter)
                .filter(Stemmer::new(Stemming::English))
                .build(),
            Analyzer::Plain => words.filter(GermanFolding).filter(AsciiFoldingFilter).build(),
        }
    }

    /// The terms of `text`, in order, with repetitions.
    pub(crate) fn terms(self, text: &str) -> Vec<String> {
        let mut analyzer = self.build();
        let mut stream = analyzer.token_stream(text);
        let mut terms = Vec::new();
        stream.process(&mut |token| terms.push(token.text.clone()));
        terms
    }
}

/// All analyzers, for an index.
pub(crate) fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::new();
    // What tantivy uses for ids and languages, which are terms as they are.
    manager.register("raw", RawTokenizer::default());
    for analyzer in [Analyzer::German, Analyzer::English, Analyzer::Plain] {
        manager.register(analyzer.name(), analyzer.build());
    }
    manager
}

/// Joins letters and a following combining diaeresis, as some systems send umlauts in two pieces and the tokenizer would
/// cut the word between them.
pub(crate) fn compose(text: &str) -> String {
    const DIAERESIS: char = '\u{308}';
    let mut composed = String::with_capacity(text.len());
    for letter in text.chars() {
        let umlaut = match (letter, composed.chars().next_back()) {
            (DIAERESIS, Some('a')) => 'ä',
            (DIAERESIS, Some('o')) => 'ö',
            (DIAERESIS, Some('u')) => 'ü',
            (DIAERESIS, Some('A')) => 'Ä',
            (DIAERESIS, Some('O')) => 'Ö',
            (DIAERESIS, Some('U')) => 'Ü',
            _ => {
                composed.push(letter);
                continue;
            }
        };
        composed.pop();
        composed.push(umlaut);
    }
    composed
}

fn german_stop_words() -> StopWordFilter {
    StopWordFilter::new(Stemming::German).expect("tantivy has a list of German stop words")
}

/// tantivy's English list has 33 words and none of those that questions begin with.
fn english_stop_words() -> StopWordFilter {
    StopWordFilter::remove(include_str!("stop_words_en.txt").split_whitespace().map(str::to_owned))
}

/// Folds `ä`, `ae` → `a`, `ö`, `oe` → `o`, `ü`, `ue` → `u` and `ß` → `ss` in a lower-case word. The `e` stays after a
/// vowel and after `qu` (`neue`, `Quelle`), as it is no umlaut there.
pub(crate) fn fold_german(word: &str) -> String {
    #[derive(PartialEq)]
    enum Before {
        Other,
        Umlautable,
        Vowel,
    }
    let mut before = Before::Other;
    let mut folded = String::with_capacity(word.len());
    for letter in word.chars() {
        before = match letter {
            'e' if before == Before::Umlautable => Before::Vowel,
            'a' | 'o' => {
                folded.push(letter);
                Before::Umlautable
            }
            'u' => {
                folded.push(letter);
                match before {
                    Before::Other => Before::Umlautable,
                    Before::Umlautable | Before::Vowel => Before::Vowel,
                }
            }
            'e' | 'i' | 'q' | 'y' => {
                folded.push(letter);
                Before::Vowel
            }
            'ä' => {
                folded.push('a');
                Before::Vowel
            }
            'ö' => {
                folded.push('o');
                Before::Vowel
            }
            'ü' => {
                folded.push('u');
                Before::Vowel
            }
            'ß' => {
                folded.push_str("ss");
                Before::Other
            }
            _ => {
                folded.push(letter);
                Before::Other
            }
        };
    }
    folded
}

#[derive(Clone)]
struct GermanFolding;

impl TokenFilter for GermanFolding {
    type Tokenizer<T: Tokenizer> = Folded<T>;

    fn transform<T: Tokenizer>(self, tokenizer: T) -> Folded<T> {
        Folded(tokenizer)
    }
}

#[derive(Clone)]
struct Folded<T>(T);

impl<T: Tokenizer> Tokenizer for Folded<T> {
    type TokenStream<'a> = FoldedStream<T::TokenStream<'a>>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Self::TokenStream<'a> {
        FoldedStream(self.0.token_stream(text))
    }
}

struct FoldedStream<T>(T);

impl<T: TokenStream> TokenStream for FoldedStream<T> {
    fn advance(&mut self) -> bool {
        let more = self.0.advance();
        if more {
            let folded = fold_german(&self.0.token().text);
            self.0.token_mut().text = folded;
        }
        more
    }

    fn token(&self) -> &Token {
        self.0.token()
    }

    fn token_mut(&mut self) -> &mut Token {
        self.0.token_mut()
    }
}

#[cfg(test)]
mod tests;
