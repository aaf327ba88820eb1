use vorrang_testkit::both_engines;

use super::*;

both_engines! {
    /// German for who reads German, English for who reads English; the ticket's language for who does not say.
    async fn the_page_speaks_the_readers_language(db: TestDatabase) {
        let door = Door::new(&db).await;
        door.desk.survey("csat", pb::SurveyKind::Csat, |_| {}).await;
        let (ticket, path) = door.invited("de").await;
        let german = door.get(&path, "").await;
        assert_eq!(german.headers["content-language"], "de");
        let about = format!("Zu Ihrer Anfrage Nr. {}", ticket.number);
        for words in ["<html lang=\"de\">", &about, "Wie zufrieden sind Sie mit der Hilfe", "Sehr unzufrieden", "Antwort senden"] {
            assert!(german.text.contains(words), "{words} is not in:\n{}", german.text);
        }
        let english = door.get(&path, "en-GB,en;q=0.9,de;q=0.1").await;
        assert_eq!(english.headers["content-language"], "en");
        for words in ["<html lang=\"en\">", "How satisfied are you with the help", "Very dissatisfied", "Send answer"] {
            assert!(english.text.contains(words), "{words}");
        }
        let link = "<a href=\"?lang=de&amp;score=2\" hreflang=\"de\" lang=\"de\">Deutsch</a>";
        assert!(door.get(&format!("{path}?score=2"), "en").await.text.contains(link));
        let asked = door.get(&format!("{path}?lang=de&score=2"), "en").await;
        assert!(asked.text.contains("<html lang=\"de\">") && asked.text.contains("value=\"2\" required checked"));
        let other = door.get(&path, "fr").await;
        assert_eq!(other.headers["content-language"], "de", "the ticket's");
        let sent = door.post(&format!("{path}?lang=de"), "score=2").await;
        assert!(sent.headers["location"].to_str().expect("ASCII").ends_with("/thanks?lang=de"));
        let thanks = door.get(&format!("{path}/thanks?lang=de"), "en").await;
        assert!(thanks.text.contains("Vielen Dank!"));
    }

    /// What a tenant writes stands on the page as it is written, in its language, and never as markup.
    async fn a_survey_has_its_own_words(db: TestDatabase) {
        let door = Door::new(&db).await;
        door.desk.survey("own", pb::SurveyKind::OneContact, |survey| {
            let text = |language: &str, question: &str| pb::SurveyText {
                language: language.into(),
                question: question.into(),
                introduction: "\"Hallo\" <img src=x onerror=alert(1)>".into(),
                thanks: "Merci & <b>à bientôt</b>".into(),
            };
            survey.texts = vec![text("fr", "Une fois <script>suffit</script>?"), text("de-AT", "Einmal genug?")];
        }).await;
        let (_, path) = door.invited("fr").await;
        let french = door.get(&path, "fr").await.text;
        assert!(french.contains("<html lang=\"en\">"), "our own words are in what we have");
        assert!(french.contains("lang=\"fr\">Une fois &lt;script&gt;suffit&lt;/script&gt;?</legend>"));
        assert!(french.contains("&quot;Hallo&quot; &lt;img src=x onerror=alert(1)&gt;"));
        assert!(!french.contains("<script") && !french.contains("<img"));
        let yes = french.find("value=\"1\"").expect("yes");
        assert!(yes < french.find("value=\"0\"").expect("no"), "people expect yes before no");
        let german = door.get(&path, "de").await.text;
        assert!(german.contains("<html lang=\"de\">") && german.contains("Einmal genug?"));
        door.post(&path, "score=1").await;
        let thanks = door.get(&format!("{path}/thanks"), "fr").await.text;
        assert!(thanks.contains("Merci &amp; &lt;b&gt;à bientôt&lt;/b&gt;"));
    }

    /// No script, nothing loaded from anywhere, nothing kept, nothing framed, nothing told to other sites.
    async fn pages_are_closed_to_the_outside(db: TestDatabase) {
        let door = Door::new(&db).await;
        door.desk.survey("csat", pb::SurveyKind::Csat, |_| {}).await;
        let (ticket, path) = door.invited("de").await;
        let all = [
            door.get(&path, "de").await,
            door.post(&path, "score=3").await,
            door.get(&format!("{path}/thanks"), "de").await,
            door.get("/s/x", "de").await,
            door.post(&path, "").await,
        ];
        for got in &all {
            let header = |name: &str| got.headers[name].to_str().expect("ASCII");
            let policy = header("content-security-policy");
            for part in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
                assert!(policy.contains(part), "{policy}");
            }
            assert!(!policy.contains("script-src") && !policy.contains("unsafe"));
            assert_eq!(header("cache-control"), "no-store");
            assert_eq!(header("referrer-policy"), "no-referrer");
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert_eq!(header("x-frame-options"), "DENY");
            assert_eq!(header("x-robots-tag"), "noindex, nofollow");
            for word in ["<script", "http://", "https://", "src=", "A secret subject", "anna", "example.org", &ticket.customer] {
                assert!(!got.text.contains(word), "{word} is on the page");
            }
        }
        // The policy allows exactly the style that is on the page.
        let html = &all[0].text;
        let style = &html[html.find("<style>").expect("a style") + 7..html.find("</style>").expect("its end")];
        let digest = <sha2::Sha256 as sha2::Digest>::digest(style.as_bytes());
        let digest = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest);
        assert!(all[0].headers["content-security-policy"].to_str().expect("ASCII").contains(&digest));
    }

    /// Everybody can use it: named controls, a language, one heading, a main part, the question as the group's legend.
    async fn pages_can_be_used_by_everybody(db: TestDatabase) {
        let door = Door::new(&db).await;
        for (id, kind) in [
            ("csat", pb::SurveyKind::Csat), ("effort", pb::SurveyKind::CesEffort), ("ease", pb::SurveyKind::CesEase),
            ("nps", pb::SurveyKind::Nps), ("once", pb::SurveyKind::OneContact), ("pec", pb::SurveyKind::Pec),
        ] {
            door.desk.survey(id, kind, |_| {}).await;
        }
        door.invited("de").await;
        let sent = door.desk.sent().await;
        assert_eq!(sent.len(), 6);
        for sending in sent {
            for language in ["de", "en"] {
                let html = door.get(&path(&sending), language).await.text;
                assert!(html.starts_with("<!doctype html>\n") && html.contains(&format!("<html lang=\"{language}\">")));
                let count = |what: &str| html.matches(what).count();
                assert_eq!((count("<h1>"), count("<main>"), count("<title>"), count("<legend")), (1, 1, 1, 1));
                let choices = sending.invitation.as_ref().expect("sent").choices.len();
                assert_eq!(count("<label><input type=\"radio\" name=\"score\""), choices, "each with its label around it");
                assert!(html.contains("<label for=\"comment\">") && html.contains("id=\"comment\""));
                assert!(html.contains("aria-describedby=\"hint\"") && html.contains("id=\"hint\""));
                assert!(html.contains("<button type=\"submit\">"));
                assert!(html.contains("width=device-width, initial-scale=1\""), "can be zoomed");
                for tag in ["main", "form", "fieldset", "legend", "label", "p", "nav", "ul", "li", "a", "span", "b", "textarea"] {
                    let opened = count(&format!("<{tag}>")) + count(&format!("<{tag} "));
                    assert_eq!(opened, count(&format!("</{tag}>")), "{tag} is closed as often as opened:\n{html}");
                }
            }
        }
    }
}

/// Every pair of colours of the style can be read: 4.5 : 1 for words, 3 : 1 for edges, in the light and in the dark.
#[test]
fn colours_have_enough_contrast() {
    let palettes: Vec<Vec<(&str, f64)>> = page::STYLE
        .lines()
        .filter(|line| line.contains("--ink:"))
        .map(|line| {
            line.split("--")
                .filter_map(|part| {
                    let (name, value) = part.split_once(": #")?;
                    Some((name, luminance(&value[..6])))
                })
                .collect()
        })
        .collect();
    assert_eq!(palettes.len(), 2);
    for palette in palettes {
        let of = |name: &str| palette.iter().find(|(other, _)| *other == name).expect("is defined").1;
        let ratio = |one: &str, other: &str| {
            let (one, other) = (of(one), of(other));
            (one.max(other) + 0.05) / (one.min(other) + 0.05)
        };
        for (front, back, least) in [
            ("ink", "paper", 4.5),
            ("ink", "soft", 4.5),
            ("mark", "paper", 4.5),
            ("bad", "soft", 4.5),
            ("line", "paper", 3.0),
            ("mark", "soft", 3.0),
        ] {
            assert!(
                ratio(front, back) >= least,
                "{front} on {back}: {:.2}",
                ratio(front, back)
            );
        }
    }
}

/// As WCAG 2 defines it.
fn luminance(hex: &str) -> f64 {
    let part = |index: usize| {
        let value = f64::from(u8::from_str_radix(&hex[index..index + 2], 16).expect("hex")) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
}
