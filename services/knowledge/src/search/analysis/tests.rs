use super::*;

#[test]
fn every_spelling_of_an_umlaut_meets_in_one_term() {
    let terms = |text: &str| Analyzer::German.terms(&compose(text));
    let expected = terms("Rückgabe");
    for spelling in [
        "rueckgabe",
        "Ruckgabe",
        "RÜCKGABE",
        "RUECKGABEN",
        "Ru\u{308}ckgabe",
        "Rückgaben",
    ] {
        assert_eq!(terms(spelling), expected, "{spelling}");
    }
    assert_eq!(terms("Straße"), terms("STRASSE"));
    assert_eq!(terms("Größe"), terms("groesse"));
}

#[test]
fn an_e_that_is_no_umlaut_stays() {
    for (word, folded) in [
        ("neue", "neue"),
        ("quelle", "quelle"),
        ("ueber", "uber"),
        ("über", "uber"),
        ("teuer", "teuer"),
        ("schäden", "schaden"),
        ("maße", "masse"),
    ] {
        assert_eq!(fold_german(word), folded);
    }
}

#[test]
fn words_are_stemmed_in_their_language() {
    assert_eq!(
        Analyzer::English.terms("the deliveries"),
        Analyzer::English.terms("delivery")
    );
    assert_eq!(
        Analyzer::German.terms("die Lieferungen"),
        Analyzer::German.terms("Lieferung")
    );
    assert_eq!(
        Analyzer::Plain.terms("Les Livraisons à l'étranger"),
        ["les", "livraisons", "a", "l", "etranger"]
    );
}

#[test]
fn words_without_a_letter_or_digit_are_no_terms() {
    assert!(Analyzer::Plain.terms("  … *** ?! ").is_empty());
    assert!(Analyzer::Plain.terms(&"x".repeat(WORD_MAX_BYTES + 1)).is_empty());
}
