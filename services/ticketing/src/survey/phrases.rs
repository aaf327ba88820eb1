//! Our own words, a data file a language: the page's, the questions', what scores mean.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::kind::Kind;

/// In the order in which they stand in for languages that we have not. A new language is a file and a line here.
const FILES: [&str; 2] = [include_str!("../../texts/en.toml"), include_str!("../../texts/de.toml")];

static ALL: LazyLock<Vec<Phrases>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|file| toml::from_str(file).expect("our texts are complete: a test reads them"))
        .collect()
});

/// All we say in one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrases {
    /// BCP 47.
    pub language: String,
    /// What the language calls itself.
    pub name: String,
    /// What pages say.
    pub page: Page,
    /// What each kind asks, by its word.
    pub kinds: BTreeMap<String, KindPhrases>,
}

/// What pages say. Each is plain text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Title of the page with the question.
    pub title: String,
    /// Before the number of a ticket.
    pub about: String,
    /// The comment field.
    pub comment: String,
    /// Below the comment field.
    pub comment_hint: String,
    /// Below it when there is a comment already.
    pub comment_kept: String,
    /// The button.
    pub send: String,
    /// The button when there is an answer already.
    pub change: String,
    /// Above the question when there is an answer already.
    pub answered: String,
    /// The link from the thanks to the question.
    pub again: String,
    /// In front of the title when something is wrong.
    pub error: String,
    /// No score was chosen.
    pub choose: String,
    /// The comment is too long.
    pub too_long: String,
    /// The other languages.
    pub languages: String,
    /// Titles and texts of what is not the question.
    pub thanks: Notice,
    /// The first answer stands.
    pub stands: Notice,
    /// The link is too old.
    pub closed: Notice,
    /// The link is not ours.
    pub unknown: Notice,
    /// The customer's data is erased.
    pub erased: Notice,
    /// Too many at once.
    pub busy: Notice,
    /// It is our fault.
    pub broken: Notice,
}

/// A page that only says something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Its title.
    pub title: String,
    /// Its text.
    pub text: String,
}

/// What one kind asks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindPhrases {
    /// The question, when the survey has none of its own.
    pub question: String,
    /// What scores mean, by the score. The ends are always there.
    pub labels: BTreeMap<String, String>,
}

impl Phrases {
    /// Those of `language`, or of the one that stands in for it.
    pub fn of(language: &str) -> &'static Self {
        Self::exactly(language).unwrap_or(&ALL[0])
    }

    /// Those of `language`, if we speak it.
    pub fn exactly(language: &str) -> Option<&'static Self> {
        ALL.iter().find(|phrases| same_language(&phrases.language, language))
    }

    /// The languages there are.
    pub fn languages() -> impl Iterator<Item = &'static str> {
        ALL.iter().map(|phrases| phrases.language.as_str())
    }

    /// What one kind asks.
    pub fn kind(&self, kind: Kind) -> &KindPhrases {
        &self.kinds[kind.as_str()]
    }
}

/// Whether two BCP 47 tags name one language: `de` and `de-AT` do, as readers of either can read the other.
pub fn same_language(one: &str, other: &str) -> bool {
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    !one.is_empty() && primary(one) == primary(other)
}

/// The languages of an `Accept-Language` header, the most preferred first, without those that are refused (`q=0`). What is
/// no language is left out; only the first 20 are read.
pub fn accepted(header: &str) -> Vec<&str> {
    let mut read: Vec<(u16, &str)> = header
        .split(',')
        .take(20)
        .filter_map(|part| {
            let mut fields = part.split(';').map(str::trim);
            let tag = fields.next().filter(|tag| is_tag(tag))?;
            let weight = fields.find_map(|field| field.strip_prefix("q="));
            let weight = weight.map_or(Some(1.0), |text| text.parse::<f64>().ok())?;
            let weight = (weight.clamp(0.0, 1.0) * 1_000.0) as u16;
            (weight > 0).then_some((weight, tag))
        })
        .collect();
    // Stable: of equals the first stays first.
    read.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    read.into_iter().map(|(_, tag)| tag).collect()
}

fn is_tag(tag: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=35).contains(&tag.len()) && tag.bytes().all(fits)
}
