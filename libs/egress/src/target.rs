//! The URL of a call. Pure.

use url::{Host, Url};

const WRONG: &str = "must be a URL such as https://hooks.example.org/vorrang";

/// Most bytes of a URL.
pub const TARGET_MAX: usize = 2_048;

/// A URL that a call may go to, as far as can be said without asking for its addresses. Its query may hold secrets: neither
/// `Debug` nor [`Target::without_query`] shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
}

impl Target {
    /// Reads a URL: `https`, or `http` where the policy allows some networks to be called in the clear; a host, no userinfo, no
    /// fragment.
    ///
    /// # Errors
    /// A sentence that says what would be right.
    pub fn parse(text: &str, plain_allowed: bool) -> Result<Self, &'static str> {
        if text.len() > TARGET_MAX {
            return Err("must have at most 2048 bytes");
        }
        // A browser forgives these; we take URLs from forms, not from address bars.
        if text
            .chars()
            .any(|letter| letter.is_whitespace() || letter.is_control() || letter == '\\')
        {
            return Err("must be a URL without white space and backslashes");
        }
        // The parser reads any number of slashes as two.
        let plain = |(scheme, rest): (&str, &str)| {
            scheme.bytes().all(|letter| letter.is_ascii_alphabetic()) && !rest.starts_with('/')
        };
        if !text.split_once("://").is_some_and(plain) {
            return Err(WRONG);
        }
        let url = Url::parse(text).map_err(|_| WRONG)?;
        match url.scheme() {
            "https" => {}
            "http" if plain_allowed => {}
            _ => return Err("must be an https URL"),
        }
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') && url_has_userinfo(text) {
            return Err("must not hold a user name or password: check the signature instead");
        }
        if url.fragment().is_some() {
            return Err("must not have a fragment (#…): it is never sent");
        }
        if url.host().is_none() || url.port() == Some(0) {
            return Err("must name a host");
        }
        Ok(Self { url })
    }

    /// Whether it is called by TLS.
    pub fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    pub(crate) fn host(&self) -> Option<Host<&str>> {
        self.url.host()
    }

    pub(crate) fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(443)
    }

    /// What stands in the `Host` header.
    pub(crate) fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    pub(crate) fn path_and_query(&self) -> String {
        match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        }
    }

    /// The whole URL.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The URL for other people's eyes: what may be secret of it is `…`.
    pub fn without_query(&self) -> String {
        let query = self.url.query().map_or("", |_| "?…");
        format!("{}://{}{}{query}", self.url.scheme(), self.authority(), self.url.path())
    }
}

/// Whether the authority part holds an `@`, also an empty userinfo, which the parser drops without a trace.
fn url_has_userinfo(text: &str) -> bool {
    let after_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    authority.contains('@')
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Target({})", self.without_query())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_https_urls_are_taken() {
        for right in [
            "https://hooks.example.org",
            "https://hooks.example.org:8443/a/b?token=x&y=z",
            "https://bücher.example/",
            "https://93.184.216.34/hook",
            "https://[2606:4700::1111]/hook",
            "https://hooks.example.org/@mara",
            "HTTPS://HOOKS.EXAMPLE.ORG/",
        ] {
            assert!(Target::parse(right, false).is_ok(), "{right}");
        }
        let long = format!("https://example.org/{}", "a".repeat(TARGET_MAX));
        for wrong in [
            "",
            "hooks.example.org",
            "http://hooks.example.org/",
            "gopher://127.0.0.1:6379/_FLUSHALL",
            "file:///etc/passwd",
            "ftp://example.org/",
            "https://",
            "https:///path",
            "https:/example.org/",
            "https:example.org",
            "https:example.org/?to=://x",
            "https://mara@example.org/",
            "https://mara:secret@example.org/",
            "https://@example.org/",
            "https://example.org#@evil.example/",
            "https://example.org/#top",
            "https://example.org\\@evil.example/",
            "https://exa mple.org/",
            " https://example.org/",
            "https://example.org/\n",
            "https://example.org/\0",
            "https://example.org:0/",
            "https://example.org:99999/",
            "javascript:alert(1)",
            &long,
        ] {
            assert!(Target::parse(wrong, false).is_err(), "{wrong}");
        }
        assert!(Target::parse("http://10.0.0.7/", true).is_ok());
        assert!(Target::parse("gopher://10.0.0.7/", true).is_err());
    }

    /// Whatever somebody writes for 127.0.0.1, it is seen as an address.
    #[test]
    fn addresses_are_seen_through_every_spelling() {
        for spelling in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://0x7f.1/",
            "https://127.0.0.1./",
            "https://１２７.0.0.1/",
        ] {
            let target = Target::parse(spelling, false).expect(spelling);
            assert_eq!(target.host(), Some(Host::Ipv4([127, 0, 0, 1].into())), "{spelling}");
        }
        let mapped = Target::parse("https://[::ffff:127.0.0.1]/", false).expect("valid");
        assert!(matches!(mapped.host(), Some(Host::Ipv6(_))));
    }

    #[test]
    fn what_is_called_and_what_is_shown() {
        let target = Target::parse("https://Hooks.Example.org:8443/a?token=geheim", false).expect("valid");
        assert_eq!(target.authority(), "hooks.example.org:8443");
        assert_eq!(target.path_and_query(), "/a?token=geheim");
        assert_eq!(target.port(), 8443);
        assert_eq!(target.without_query(), "https://hooks.example.org:8443/a?…");
        assert!(!format!("{target:?}").contains("geheim"));
        let plain = Target::parse("https://example.org", false).expect("valid");
        assert_eq!((plain.path_and_query().as_str(), plain.port()), ("/", 443));
    }
}
