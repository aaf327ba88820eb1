//! The ways in which a customer is known, each in one form only, so that one person written in two ways is found as one.
//! Never cleverer than the standards: a dot or a `+` in an address may be another mailbox, so they stay.

use crate::words::IdentityKind;

/// Characters of a value, before and after it is brought into its form.
const VALUE_MAX: usize = 320;

/// What finds a customer: unique per tenant by kind and value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdentityKey {
    /// What it is, as stored.
    pub kind: &'static str,
    /// The normalised value.
    pub value: String,
}

/// One way in which a customer reaches us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What it is.
    pub kind: IdentityKind,
    /// The normalised value.
    pub value: String,
    /// Whether the source vouches for it.
    pub verified: bool,
}

impl Identity {
    /// Brings `value` into the form of its kind.
    pub fn parse(kind: IdentityKind, value: &str, verified: bool) -> Result<Self, &'static str> {
        let value = value.trim();
        if value.is_empty() || value.chars().count() > VALUE_MAX {
            return Err("must have 1 to 320 characters");
        }
        if value.chars().any(char::is_control) {
            return Err("must not contain control characters");
        }
        let value = match kind {
            // Mail from the wild has addresses that no rule allows; refusing them would lose the mail.
            IdentityKind::Email => email(value),
            IdentityKind::Phone => phone(value).ok_or("must be a phone number in E.164, for example +4930123456")?,
            IdentityKind::Social => scoped(value).ok_or("must be network:handle, for example instagram:mara")?,
            IdentityKind::External => scoped(value).ok_or("must be system:id, for example zendesk:8447")?,
        };
        if value.chars().count() > VALUE_MAX {
            return Err("must have 1 to 320 characters");
        }
        Ok(Self { kind, value, verified })
    }

    /// What finds it.
    pub fn key(&self) -> IdentityKey {
        IdentityKey {
            kind: self.kind.as_str(),
            value: self.value.clone(),
        }
    }

    /// The domain of a verified e-mail address: what decides about an organisation.
    pub fn verified_domain(&self) -> Option<&str> {
        match self.kind {
            IdentityKind::Email if self.verified => self.value.rsplit_once('@').map(|(_, domain)| domain),
            _ => None,
        }
    }

    /// The system of a verified id in another system.
    pub fn verified_system(&self) -> Option<&str> {
        match self.kind {
            IdentityKind::External if self.verified => self.value.split_once(':').map(|(system, _)| system),
            _ => None,
        }
    }
}

/// A domain in lower case and in ASCII; none when it cannot be one.
pub fn domain(given: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii(given.trim().trim_end_matches('.')).ok()?;
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    (ascii.len() <= 253 && ascii.contains('.') && ascii.split('.').all(label)).then_some(ascii)
}

fn email(value: &str) -> String {
    match value.rsplit_once('@') {
        Some((local, host)) => match domain(host) {
            Some(host) => format!("{}@{host}", local.to_lowercase()),
            None => value.to_lowercase(),
        },
        None => value.to_lowercase(),
    }
}

/// E.164, from what people and systems write for it.
fn phone(value: &str) -> Option<String> {
    let bare: String = value
        .replace("(0)", "")
        .chars()
        .filter(|one| !one.is_whitespace() && !matches!(one, '-' | '.' | '/' | '(' | ')' | '\u{2010}'..='\u{2015}'))
        .collect();
    let digits = bare.strip_prefix('+').or_else(|| bare.strip_prefix("00"))?;
    let fits = (3..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    fits.then(|| format!("+{digits}"))
}

/// `scope:rest` with both parts there; the scope in lower case.
pub fn scoped(value: &str) -> Option<String> {
    let (scope, rest) = value.split_once(':')?;
    (!scope.is_empty() && !rest.is_empty()).then(|| format!("{}:{rest}", scope.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(kind: IdentityKind, value: &str) -> Option<String> {
        Identity::parse(kind, value, false).ok().map(|identity| identity.value)
    }

    #[test]
    fn one_person_written_in_two_ways_is_one_identity() {
        for (kind, given, kept) in [
            (IdentityKind::Email, " Mara@Example.ORG ", "mara@example.org"),
            (IdentityKind::Email, "Mara@BÜCHER.example", "mara@xn--bcher-kva.example"),
            (
                IdentityKind::Email,
                "mara@xn--bcher-kva.example",
                "mara@xn--bcher-kva.example",
            ),
            (IdentityKind::Email, "mara@example.org.", "mara@example.org"),
            // Another mailbox at most providers, and nobody's business at the others.
            (IdentityKind::Email, "m.a.ra+shop@gmail.com", "m.a.ra+shop@gmail.com"),
            // No address, but somebody's mail had it.
            (IdentityKind::Email, "Root@localhost", "root@localhost"),
            (IdentityKind::Email, "MAILER-DAEMON", "mailer-daemon"),
            (IdentityKind::Phone, "+4930123456", "+4930123456"),
            (IdentityKind::Phone, "+49 (0)30 / 12-34.56", "+4930123456"),
            (IdentityKind::Phone, "0049 30 123456", "+4930123456"),
            (IdentityKind::Social, "Instagram:Mara", "instagram:Mara"),
            (IdentityKind::External, "ZenDesk:A:7", "zendesk:A:7"),
        ] {
            assert_eq!(parse(kind, given).as_deref(), Some(kept), "{given}");
        }
    }

    #[test]
    fn what_identifies_nobody_is_refused() {
        let long = "x".repeat(321);
        for (kind, value) in [
            (IdentityKind::Email, "  "),
            (IdentityKind::Email, "a\0b@example.org"),
            (IdentityKind::Email, long.as_str()),
            (IdentityKind::Phone, "030 123456"),
            (IdentityKind::Phone, "+0301234"),
            (IdentityKind::Phone, "+12"),
            (IdentityKind::Phone, "+1234567890123456"),
            (IdentityKind::Phone, "+4930x123456"),
            (IdentityKind::Social, "mara"),
            (IdentityKind::External, "zendesk:"),
            (IdentityKind::External, ":7"),
        ] {
            assert_eq!(parse(kind, value), None, "{value:?}");
        }
    }

    #[test]
    fn only_what_is_verified_decides() {
        let mail = |verified| Identity::parse(IdentityKind::Email, "mara@Example.org", verified).expect("valid");
        assert_eq!(mail(true).verified_domain(), Some("example.org"));
        assert_eq!(mail(false).verified_domain(), None);
        let crm = Identity::parse(IdentityKind::External, "crm:1@example.org", true).expect("valid");
        assert_eq!((crm.verified_domain(), crm.verified_system()), (None, Some("crm")));
    }

    #[test]
    fn domains_are_names_of_hosts() {
        assert_eq!(domain("Example.COM.").as_deref(), Some("example.com"));
        assert_eq!(domain("straße.example").as_deref(), Some("xn--strae-oqa.example"));
        for wrong in [
            "",
            "com",
            "a b.example",
            "a@b.example",
            "-a.example",
            "a..example",
            &format!("{}.de", "a".repeat(64)),
        ] {
            assert_eq!(domain(wrong), None, "{wrong}");
        }
    }

    proptest! {
        /// Its own form is the form: what is stored finds itself.
        #[test]
        fn normalising_twice_is_normalising_once(value in "\\PC{1,40}", host in "[a-zA-Zäöüß0-9.-]{1,20}") {
            for (kind, value) in [
                (IdentityKind::Email, format!("{value}@{host}")),
                (IdentityKind::Phone, value.clone()),
                (IdentityKind::Social, format!("{host}:{value}")),
            ] {
                if let Some(once) = parse(kind, &value) {
                    prop_assert_eq!(parse(kind, &once), Some(once.clone()), "{:?}", value);
                }
            }
        }
    }
}
