//! The phrases by which mail programs introduce history and signatures.

/// Lines that an attribution ("On … wrote:") may be wrapped over.
const WRAPPED: usize = 5;
/// An attribution longer than this is prose.
const LONGEST_ATTRIBUTION: usize = 400;

/// How an attribution begins: "On Monday", "Am 3. Mai", and the neighbours.
const STARTS: [&str; 20] = [
    "on ",
    "am ",
    "at ",
    "le ",
    "el ",
    "il ",
    "op ",
    "den ",
    "dne ",
    "em ",
    "w dniu ",
    "dnia ",
    "pada ",
    "på ",
    "a ",
    "vào ",
    "ha scritto",
    "wrote",
    "um ",
    "de ",
];

/// The verb that ends or carries it.
const VERBS: [&str; 26] = [
    " wrote",
    " writes",
    " schrieb",
    " schreibt",
    " schrieben",
    " hat geschrieben",
    " geschrieben",
    " a écrit",
    " a ecrit",
    " escribió",
    " escribio",
    " ha scritto",
    " schreef",
    " heeft geschreven",
    " skrev",
    " napisał",
    " pisze",
    " escreveu",
    " написал",
    " пишет",
    " kirjoitti",
    " yazdı",
    " napsal",
    " ezt írta",
    " đã viết",
    " 写道",
];

/// Lines that stand alone above unmarked history.
const SEPARATORS: [&str; 23] = [
    "original message",
    "ursprüngliche nachricht",
    "originalnachricht",
    "original-nachricht",
    "original nachricht",
    "ursprüngliche mail",
    "weitergeleitete nachricht",
    "weitergeleitete mail",
    "anfang der weitergeleiteten nachricht",
    "beginn der weitergeleiteten nachricht",
    "forwarded message",
    "begin forwarded message",
    "original appointment",
    "message d'origine",
    "message original",
    "mensaje original",
    "mensagem original",
    "messaggio originale",
    "oorspronkelijk bericht",
    "oprindelig meddelelse",
    "oprindelig besked",
    "alkuperäinen viesti",
    "wiadomość oryginalna",
];

const FROM: [&str; 13] = [
    "from",
    "von",
    "de",
    "da",
    "van",
    "från",
    "fra",
    "od",
    "lähettäjä",
    "от",
    "reply-to",
    "absender",
    // Orange and other French providers begin with the date.
    "message du",
];
const OTHERS: [&str; 47] = [
    "sent",
    "gesendet",
    "date",
    "datum",
    "to",
    "an",
    "cc",
    "kopie",
    "subject",
    "betreff",
    "envoyé",
    "à",
    "objet",
    "enviado",
    "enviado el",
    "enviada em",
    "fecha",
    "para",
    "asunto",
    "assunto",
    "data",
    "inviato",
    "a",
    "oggetto",
    "verzonden",
    "aan",
    "onderwerp",
    "skickat",
    "till",
    "ämne",
    "sendt",
    "til",
    "emne",
    "dato",
    "wysłano",
    "do",
    "temat",
    "lähetetty",
    "vastaanottaja",
    "aihe",
    "кому",
    "тема",
    "дата",
    "am",
    "de",
    "copie à",
    "sujet",
];

const MOBILE: [&str; 19] = [
    "sent from ",
    "sent via ",
    "sent with ",
    "get outlook for ",
    "von meinem ",
    "von meiner ",
    "gesendet von ",
    "gesendet mit ",
    "gesendet aus ",
    "gesendet vom ",
    "diese nachricht wurde von meinem ",
    "outlook für ",
    "holen sie sich outlook",
    "envoyé de mon ",
    "envoyé à partir de ",
    "envoyé depuis ",
    "enviado desde mi ",
    "inviato da ",
    "verzonden vanaf mijn ",
];

const CLOSINGS: [&str; 26] = [
    "regards",
    "best regards",
    "kind regards",
    "warm regards",
    "many regards",
    "with kind regards",
    "with best regards",
    "best wishes",
    "sincerely",
    "yours sincerely",
    "yours faithfully",
    "cheers",
    "mit freundlichen grüßen",
    "mit freundlichem gruß",
    "mit freundlichen grüssen",
    "mit besten grüßen",
    "freundliche grüße",
    "freundliche grüsse",
    "viele grüße",
    "viele grüsse",
    "liebe grüße",
    "beste grüße",
    "herzliche grüße",
    "schöne grüße",
    "mfg",
    "lg",
];

/// Whether the line announces history that is not marked line by line.
pub(super) fn separator(line: &str) -> bool {
    if line.len() > 120 {
        return false;
    }
    let bare = line.trim_matches(|c: char| matches!(c, '-' | '_' | '=' | '*' | '<' | '>' | ':' | ' ' | '—' | '–'));
    let lower = bare.to_lowercase();
    // "original message" in a sentence is no separator: it stands alone, usually between dashes.
    SEPARATORS.contains(&lower.as_str())
        && (line.starts_with(['-', '_', '=', '*', '<', '—', '–']) || line.ends_with(':'))
}

/// Whether these lines begin with a header block: `From:` and two more labels right below.
pub(super) fn header_block(lines: &[&str]) -> bool {
    if !lines
        .first()
        .is_some_and(|line| label(line).is_some_and(|label| FROM.contains(&label.as_str())))
    {
        return false;
    }
    let others = lines
        .iter()
        .skip(1)
        .take(8)
        .filter(|line| !line.trim().is_empty())
        .take(6)
        .filter(|line| label(line).is_some_and(|label| OTHERS.contains(&label.as_str())))
        .count();
    others >= 2
}

/// The word before the colon of `*From:* somebody`, in lower case.
fn label(line: &str) -> Option<String> {
    let line = line.trim_start_matches(['*', ' ', '\t']);
    let end = line.char_indices().take(24).find(|(_, c)| matches!(c, ':' | '：'))?.0;
    Some(line[..end].trim_end_matches(['*', ' ']).to_lowercase())
}

/// How many lines the attribution at the start of `lines` takes, if there is one.
pub(super) fn attribution(lines: &[&str]) -> Option<usize> {
    let first = lines.first()?.trim();
    let lower = first.to_lowercase();
    let bare = lower.trim_start_matches(['-', '*', '_', ' ']);
    let starts = STARTS.iter().any(|start| bare.starts_with(start)) || bare.starts_with(|c: char| c.is_ascii_digit());
    let digit = first.contains(|c: char| c.is_ascii_digit());
    if first.is_empty() || !(starts || digit || first.contains('@') || VERBS.iter().any(|verb| lower.contains(verb))) {
        return None;
    }
    let mut joined = String::new();
    for (index, line) in lines.iter().take(WRAPPED).enumerate() {
        let line = line.trim();
        // Wrapped inside the address, the last line of the attribution is `>:` and no quoted one.
        let closes_address = line == ">:" && joined.rfind('<') > joined.rfind('>');
        let quoted = line.starts_with('>') && !closes_address;
        if line.is_empty() || quoted || joined.len() + line.len() > LONGEST_ATTRIBUTION {
            return None;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(&line.to_lowercase());
        if line.trim_end_matches(['-', '*', '_', ' ']).ends_with([':', '：'])
            || line.ends_with("写道")
            || line.trim_end_matches(['-', ' ']).ends_with("wrote")
        {
            return is_attribution(&joined, starts).then_some(index + 1);
        }
    }
    None
}

/// A date or an address, a verb, a colon.
fn is_attribution(joined: &str, starts: bool) -> bool {
    let verb = VERBS.iter().any(|verb| joined.contains(verb));
    let digit = joined.contains(|c: char| c.is_ascii_digit());
    let address = joined.contains('@');
    if verb {
        return (digit && (starts || address)) || (address && joined.ends_with("wrote:"));
    }
    // "2024-05-06 7:08 GMT+02:00 Anna Muster <anna@example.de>:"
    digit && address && joined.ends_with(">:")
}

/// Whether the line was put there by a telephone.
pub(super) fn mobile_signature(line: &str) -> bool {
    let lower = line.trim_matches(['*', '_', '[', '(']).to_lowercase();
    // "Von meinem iPhone gesendet", and not "Von meinem Konto …".
    let sent = !lower.starts_with("von mein") || lower.contains("gesendet");
    sent && line.chars().count() <= 160
        && MOBILE.iter().any(|start| {
            lower.strip_prefix(start).is_some_and(|rest| {
                let before_link = rest.split(['<', '(', '[']).next().unwrap_or_default();
                // "Sent from my desk there are two ways …" is a sentence.
                before_link.split_whitespace().count() <= 6 && !before_link.trim_end().ends_with([',', ';', '?'])
            })
        })
}

/// Whether the line is a closing formula and nothing else.
pub(super) fn closing(line: &str) -> bool {
    let bare = line.trim_end_matches([',', '.', '!', ' ']).to_lowercase();
    CLOSINGS.contains(&bare.as_str())
}
