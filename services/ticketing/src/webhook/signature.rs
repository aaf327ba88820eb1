//! Secrets and signatures by Standard Webhooks. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// What a secret's text begins with.
const PREFIX: &str = "whsec_";
/// Random bytes of a secret.
const BYTES: usize = 32;

/// The key of signatures. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Secret {
    /// From `random` bytes, which nobody can guess.
    pub fn new(random: [u8; BYTES]) -> Self {
        Self(random.to_vec())
    }

    /// As it was stored.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// To be stored, sealed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As receivers are told it.
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }
}

/// The header `webhook-signature` of a message, one signature for each secret.
pub fn sign(secrets: &[Secret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signatures: Vec<String> = secrets
        .iter()
        .map(|secret| {
            let mut signature = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &secret.0));
            signature.update(format!("{id}.{timestamp}.").as_bytes());
            signature.update(body);
            format!("v1,{}", STANDARD.encode(signature.sign()))
        })
        .collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_as_receivers_expect_them() {
        let secret = Secret::new([7; BYTES]);
        let text = secret.text();
        let key = STANDARD
            .decode(text.strip_prefix("whsec_").expect("the prefix"))
            .expect("base64");
        assert_eq!(key, [7; BYTES]);
        assert_eq!(Secret::from_bytes(key), secret);
        assert_eq!(format!("{secret:?}"), "Secret(***)");
    }

    /// The example that libraries of Standard Webhooks are tested with.
    #[test]
    fn a_known_message_has_the_signature_that_everybody_knows() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let secret = Secret::from_bytes(key);
        assert_eq!(secret.text(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = |secrets: &[Secret]| {
            sign(
                secrets,
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                br#"{"test": 2432232314}"#,
            )
        };
        let one = signed(std::slice::from_ref(&secret));
        assert_eq!(one, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        // One signature for each secret, so that either key opens.
        let both = signed(&[secret, Secret::new([1; BYTES])]);
        let (first, second) = both.split_once(' ').expect("two");
        assert_eq!(first, one);
        assert!(second.starts_with("v1,") && second != first);
    }
}
