//! The language of a text: German, English, or not known. Pure.
//!
//! It counts function words: what people write to a service desk is short, and in short texts these words tell more than
//! letters do. Words of neighbour languages count against both: a wrong language is worse than none.

/// Bytes of a text that are looked at: the beginning says it.
const LOOKED_AT: usize = 4 << 10;

/// Function words that it takes: one alone may be a name.
const ENOUGH: usize = 2;

/// Of so many words one is a function word, or the text is a list, a log or another language.
const ONE_OF: usize = 6;

const GERMAN: &[&str] = &[
    "aber", "auch", "auf", "aus", "bei", "beim", "bin", "bist", "bitte", "danke", "das", "dass", "dein", "deine",
    "dem", "den", "der", "die", "dir", "doch", "durch", "ein", "eine", "einem", "einen", "einer", "eines", "euch",
    "für", "gegen", "gibt", "guten", "habe", "haben", "hatte", "heute", "hier", "ich", "ihm", "ihnen", "ihr", "ihre",
    "ihrem", "ihren", "ihrer", "im", "immer", "ist", "jetzt", "kann", "kein", "keine", "können", "könnte", "könnten",
    "mein", "meine", "meinem", "meinen", "meiner", "mich", "mir", "mit", "möchte", "möchten", "muss", "müssen", "nach",
    "nicht", "noch", "nur", "ob", "oder", "ohne", "schon", "sehr", "seit", "sich", "sie", "sind", "soll", "sollen",
    "und", "uns", "unser", "unsere", "von", "vom", "wann", "waren", "warum", "weil", "welche", "welchen", "welcher",
    "welches", "wenn", "werden", "wie", "wieder", "wir", "wird", "wo", "wollen", "wurde", "zu", "zum", "zur", "über",
];

const ENGLISH: &[&str] = &[
    "about", "and", "are", "aren't", "because", "been", "before", "but", "can", "can't", "could", "did", "didn't",
    "does", "doesn't", "don't", "for", "from", "get", "got", "had", "has", "have", "haven't", "hello", "how", "i",
    "i'd", "i'll", "i'm", "i've", "if", "into", "isn't", "it", "it's", "its", "just", "may", "might", "must", "my",
    "need", "not", "now", "of", "off", "only", "our", "please", "she", "should", "than", "thank", "thanks", "that",
    "that's", "the", "their", "them", "then", "there", "there's", "these", "they", "this", "those", "under", "very",
    "want", "were", "what", "what's", "when", "where", "which", "who", "why", "with", "won't", "would", "you", "your",
];

/// Of Dutch, French, Spanish, Italian, Portuguese, Swedish, Danish and Polish, where they share words with the two.
const NEIGHBOURS: &[&str] = &[
    "att", "che", "det", "di", "een", "el", "els", "est", "et", "het", "hvor", "ik", "ikke", "il", "inte", "jag", "je",
    "jeg", "jest", "las", "le", "les", "los", "mijn", "não", "nie", "niet", "och", "og", "pas", "por", "que", "się",
    "un", "una", "une", "van", "voor", "vous", "wat",
];

/// `de` or `en`; empty: not known.
pub fn detect(subject: &str, text: &str) -> &'static str {
    let (mut words, mut german, mut english, mut neighbours) = (0, 0, 0, 0);
    for part in [subject, text] {
        let end = part.floor_char_boundary(LOOKED_AT);
        for word in part[..end].split(|c: char| !c.is_alphabetic() && c != '\'' && c != '’') {
            let word = word.trim_matches(['\'', '’']);
            if word.is_empty() {
                continue;
            }
            let word = word.to_lowercase().replace('’', "'");
            words += 1;
            german += usize::from(GERMAN.contains(&word.as_str()));
            english += usize::from(ENGLISH.contains(&word.as_str()));
            neighbours += usize::from(NEIGHBOURS.contains(&word.as_str()));
        }
    }
    let leads =
        |ours: usize, theirs: usize| ours >= ENOUGH && ours > 2 * (theirs + neighbours) && ours * ONE_OF >= words;
    match (leads(german, english), leads(english, german)) {
        (true, _) => "de",
        (_, true) => "en",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn german_and_english_are_told_and_nothing_else_is() {
        for (language, text) in [
            ("de", "Wo ist meine Bestellung?"),
            ("de", "Guten Tag, ich warte seit 3 Wochen auf die Lieferung. MfG"),
            ("de", "ich kann mich nicht einloggen"),
            ("de", "Können Sie mir bitte die Rechnung schicken"),
            ("en", "Where is my order?"),
            ("en", "I don’t understand the invoice, please help"),
            ("en", "can you cancel it"),
            ("", ""),
            ("", "Order 77"),
            ("", "ok"),
            ("", "Bonjour, je ne sais pas où est ma commande, pouvez-vous me dire ?"),
            ("", "No me ha llegado el pedido, ¿me pueden ayudar?"),
            ("", "Mijn bestelling is nog niet aangekomen, wanneer komt die?"),
            ("", "Jag har inte fått min beställning"),
            ("", "Hvor er min ordre? Den er ikke kommet"),
            ("", "Dove si trova il mio ordine?"),
            ("", "Onde está o meu pedido? Não chegou"),
            ("", "Nie otrzymałem mojego zamówienia, proszę o pomoc"),
            (
                "",
                "2026-01-01 ERROR connection to db-1 refused; retry 5; GET /index.html 404",
            ),
        ] {
            assert_eq!(detect("", text), language, "{text}");
        }
        assert_eq!(detect("Frage zu meiner Rechnung", "siehe oben"), "de");
    }

    #[test]
    fn a_word_is_in_one_list_in_lower_case() {
        let all: Vec<&str> = [GERMAN, ENGLISH, NEIGHBOURS].concat();
        assert!(all.iter().all(|word| *word == word.to_lowercase()));
        let each: std::collections::HashSet<&str> = all.iter().copied().collect();
        assert_eq!(all.len(), each.len());
    }

    proptest! {
        #[test]
        fn any_text_is_read(subject in ".*", text in ".*") {
            let _ = detect(&subject, &text);
        }
    }
}
