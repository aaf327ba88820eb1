use uuid::Uuid;
use vorrang_testkit::data_folder;

use super::*;
use crate::fixtures::help_center;

fn at(seq: i64) -> Position {
    Position {
        epoch: Uuid::from_u128(1),
        seq,
    }
}

/// The title is the id, which makes results easy to read.
fn entry(locale: &str, title: &str, body: &str, tags: &[&str]) -> Entry {
    Entry {
        id: title.to_owned(),
        locale: locale.to_lowercase(),
        title: title.to_owned(),
        body: body.to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    }
}

fn puts() -> Vec<Change> {
    help_center()
        .into_iter()
        .map(|text| Change::Put(entry(&text.locale, &text.title, &text.body, &[])))
        .collect()
}

fn titles(index: &TenantIndex, text: &str, language: Option<&str>) -> Vec<String> {
    let found = index.search(text, language, 10).expect("searches");
    found.hits.into_iter().map(|hit| hit.id).collect()
}

#[track_caller]
fn check_first(index: &TenantIndex, language: Option<&str>, cases: &[(&str, &str)]) {
    for (text, first) in cases {
        let titles = titles(index, text, language);
        assert_eq!(titles.first().map(String::as_str), Some(*first), "{text}: {titles:?}");
    }
}

#[test]
fn german_word_forms_umlauts_compounds_and_typos_find_their_article() {
    let folder = data_folder();
    let index = TenantIndex::create(&folder.path().join("t")).expect("makes");
    index.apply(&puts(), at(1)).expect("writes");
    for language in [Some("de"), None] {
        check_first(
            &index,
            language,
            &[
                ("Rückgabe", "Rückgabe von Artikeln"),
                ("rueckgabe", "Rückgabe von Artikeln"),
                ("Ruckgabe", "Rückgabe von Artikeln"),
                ("RÜCKGABEN", "Rückgabe von Artikeln"),
                ("Wie kann ich meine Bestellungen zurückgeben?", "Rückgabe von Artikeln"),
                ("groessere beträge", "Rechnung"),
                ("Lieferungen", "Lieferung und Versand"),
                // In no article as a word: read as Paket + Versand.
                ("Paketversand", "Lieferung und Versand"),
                ("Passwrot", "Passwort vergessen"),
                ("Rechnnug", "Rechnung"),
            ],
        );
    }
}

#[test]
fn english_word_forms_find_their_article() {
    let folder = data_folder();
    let index = TenantIndex::create(&folder.path().join("t")).expect("makes");
    index.apply(&puts(), at(1)).expect("writes");
    for language in [Some("en"), None] {
        check_first(
            &index,
            language,
            &[
                ("How do I return an item?", "Returning items"),
                ("deliveries", "Delivery"),
                ("paying by instalment", "Invoices"),
                ("ship parcel", "Delivery"),
            ],
        );
    }
    check_first(
        &index,
        Some("fr"),
        &[
            ("livraison", "Livraison à l'étranger"),
            ("etranger", "Livraison à l'étranger"),
        ],
    );
}

/// German `hat` is a stop word, the English one is worn; German `die` is one too, the English one is not.
#[test]
fn a_stop_word_of_one_language_is_a_word_of_another() {
    let folder = data_folder();
    let index = TenantIndex::create(&folder.path().join("t")).expect("makes");
    let articles = [
        entry("en", "Hats", "Every hat can be exchanged.", &[]),
        entry("de", "Bestellung", "Wer bestellt hat, bekommt die Ware.", &[]),
    ];
    index.apply(&articles.map(Change::Put), at(1)).expect("writes");
    assert_eq!(titles(&index, "hat", None), ["Hats", "Bestellung"]);
}

#[test]
fn a_language_leaves_out_all_others() {
    let folder = data_folder();
    let index = TenantIndex::create(&folder.path().join("t")).expect("makes");
    index.apply(&puts(), at(1)).expect("writes");
    assert_eq!(
        titles(&index, "e-mail", Some("de")),
        ["Rechnung"],
        "de-AT is German too"
    );
    assert_eq!(titles(&index, "e-mail", Some("en")), ["Invoices"]);
    assert_eq!(titles(&index, "e-mail", None).len(), 2);
    assert!(titles(&index, "e-mail", Some("es")).is_empty());
}

#[test]
fn tags_and_titles_count_and_what_fits_nothing_finds_nothing() {
    let folder = data_folder();
    let index = TenantIndex::create(&folder.path().join("t")).expect("makes");
    index
        .apply(
            &[
                Change::Put(entry("de", "Versand", "Alles über Pakete.", &["Expresslieferung"])),
                Change::Put(entry("de", "Pakete", "Alles über den Versand.", &[])),
            ],
            at(1),
        )
        .expect("writes");
    assert_eq!(titles(&index, "expresslieferung", Some("de")), ["Versand"]);
    assert_eq!(titles(&index, "pakete", Some("de")), ["Pakete", "Versand"]);
    for nothing in [
        "Quantenphysik",
        "***",
        "?!",
        "\u{308}",
        "🙂",
        "x",
        ":::title:\"a\" AND -b~9",
    ] {
        assert!(titles(&index, nothing, None).is_empty(), "{nothing}");
    }
    // Only stop words: they are still words of the article.
    assert_eq!(titles(&index, "über den", Some("de")), ["Pakete", "Versand"]);
}

#[test]
fn whatever_customers_paste_is_answered() {
    let folder = data_folder();
    let index = TenantIndex::create(&folder.path().join("t")).expect("makes");
    index.apply(&puts(), at(1)).expect("writes");
    let long = "Donaudampfschifffahrtsgesellschaftskapitän ".repeat(200);
    for text in [
        long.as_str(),
        &"a".repeat(10_000),
        &"ä ".repeat(5_000),
        "\0\u{feff}\u{202e}",
        "((((((((((",
    ] {
        index.search(text, Some("de"), 50).expect("searches");
    }
}

#[test]
fn an_article_is_replaced_and_removed() {
    let folder = data_folder();
    let index = TenantIndex::create(&folder.path().join("t")).expect("makes");
    index.apply(&puts(), at(1)).expect("writes");
    let all = index.articles();
    index
        .apply(
            &[Change::Put(entry("de", "Rechnung", "Jetzt nur noch Quittungen.", &[]))],
            at(2),
        )
        .expect("writes");
    assert_eq!(index.articles(), all);
    assert_eq!(titles(&index, "Quittung", Some("de")), ["Rechnung"]);
    assert!(titles(&index, "Raten", Some("de")).is_empty(), "the old text is gone");
    index
        .apply(&[Change::Remove("Rechnung".to_owned())], at(3))
        .expect("writes");
    assert!(titles(&index, "Quittung", Some("de")).is_empty());
    assert_eq!(index.articles(), all - 1);
}

#[test]
fn the_position_is_kept_with_the_text() {
    let folder = data_folder();
    let path = folder.path().join("t");
    let index = TenantIndex::create(&path).expect("makes");
    assert!(TenantIndex::open(&path).is_none(), "never committed with a position");
    index.apply(&puts(), at(41)).expect("writes");
    drop(index);
    let (index, position) = TenantIndex::open(&path).expect("opens");
    assert_eq!(position, at(41));
    assert_eq!(titles(&index, "Rückgabe", Some("de")).len(), 1);
}

#[test]
fn a_damaged_index_is_not_opened() {
    let folder = data_folder();
    assert!(TenantIndex::open(&folder.path().join("missing")).is_none());
    let path = folder.path().join("t");
    TenantIndex::create(&path)
        .expect("makes")
        .apply(&puts(), at(1))
        .expect("writes");
    let segment = std::fs::read_dir(&path)
        .expect("reads")
        .map(|file| file.expect("reads").path())
        .find(|path| path.extension().is_some_and(|ending| ending == "idx"))
        .expect("has postings");
    let mut bytes = std::fs::read(&segment).expect("reads");
    bytes[0] ^= 0x20;
    std::fs::write(&segment, bytes).expect("writes");
    assert!(TenantIndex::open(&path).is_none(), "one flipped bit");
    std::fs::write(path.join("meta.json"), b"{").expect("writes");
    assert!(TenantIndex::open(&path).is_none(), "a torn file");
}

#[test]
fn many_small_writes_leave_few_segments() {
    let folder = data_folder();
    let index = TenantIndex::create(&folder.path().join("t")).expect("makes");
    for seq in 1..=40 {
        let article = entry("de", &format!("Artikel {seq}"), "Ein Text über Pakete.", &[]);
        index.apply(&[Change::Put(article)], at(seq)).expect("writes");
    }
    assert_eq!(index.articles(), 40);
    assert!(index.reader.searcher().segment_readers().len() < 16);
}

#[test]
fn snippets_mark_what_was_found() {
    let folder = data_folder();
    let index = TenantIndex::create(&folder.path().join("t")).expect("makes");
    let body = format!(
        "{} Die Rueckgabe ist <kostenlos>. {}",
        "Vorher steht viel. ".repeat(30),
        "Danach auch. ".repeat(30)
    );
    index
        .apply(&[Change::Put(entry("de", "Retoure", &body, &[]))], at(1))
        .expect("writes");
    let found = index.search("Rückgabe", Some("de"), 10).expect("searches");
    let snippet = found.highlighter.snippet("de", &body);
    assert!(snippet.contains("<b>Rueckgabe</b> ist &lt;kostenlos&gt;"), "{snippet}");
    assert!(snippet.chars().count() <= 300);
    let found = index.search("Retoure", Some("de"), 10).expect("searches");
    let snippet = found.highlighter.snippet("de", &body);
    assert!(
        snippet.starts_with("Vorher steht viel.") && !snippet.contains("<b>"),
        "{snippet}"
    );
}
