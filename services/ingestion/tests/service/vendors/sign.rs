//! How vendors sign, written from their documents and not from the presets: that both agree is what the tests show.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use sha1::Sha1;
use sha2::Sha256;

use super::fixtures::Fixture;

/// A source's secret and what the sender signs with, and those of somebody else.
#[derive(Debug, Clone)]
pub struct Key {
    pub secret: String,
    pub other: String,
    /// The sender's half of a key pair, PKCS#8; empty when both sides share the secret.
    pub private: Vec<u8>,
    pub other_private: Vec<u8>,
}

/// A push as it is sent.
#[derive(Debug, Clone)]
pub struct Signing {
    pub headers: Vec<(String, String)>,
    pub content_type: String,
    pub path: String,
    pub body: Vec<u8>,
}

impl Signing {
    pub fn headers(&self) -> Vec<(&str, &str)> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        headers.chain([("content-type", self.content_type.as_str())]).collect()
    }
}

/// The kinds of secrets that a source of this preset may have.
pub fn keys(preset: &str) -> Vec<Key> {
    let shared = |secret: &str, other: &str| Key {
        secret: secret.to_owned(),
        other: other.to_owned(),
        private: Vec::new(),
        other_private: Vec::new(),
    };
    match preset {
        "standard-webhooks" => {
            let (new, old) = ("bmV1ZXMgR2VoZWltbmlzIHZvbiAyNCBC", "YWx0ZXMgR2VoZWltbmlzIHZvbiAyNCBC");
            let (public, private) = ed25519();
            let (other, other_private) = ed25519();
            vec![
                shared(&format!("whsec_{new}"), &format!("whsec_{old}")),
                Key {
                    secret: format!("whpk_{public}"),
                    other: format!("whpk_{other}"),
                    private,
                    other_private,
                },
            ]
        }
        "sendgrid" => {
            let (secret, private) = p256();
            let (other, other_private) = p256();
            vec![Key {
                secret,
                other,
                private,
                other_private,
            }]
        }
        "freshdesk" | "postmark" => vec![
            shared("geheim-4711", "geheim-4712"),
            shared("vorrang:geheim-4711", "vorrang:geheim-4712"),
        ],
        _ => vec![shared("geheim-4711", "geheim-4712")],
    }
}

fn ed25519() -> (String, Vec<u8>) {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key");
    (STANDARD.encode(pair.public_key()), document.as_ref().to_vec())
}

fn p256() -> (String, Vec<u8>) {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).expect("a key");
    // SubjectPublicKeyInfo of P-256, as `openssl ec -pubout -outform der` writes it.
    let head = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
    let mut public = hex::decode(head).expect("hex");
    public.extend_from_slice(pair.public_key().as_ref());
    (STANDARD.encode(public), document.as_ref().to_vec())
}

/// How many seconds old a signed time may be; `None` when the vendor signs no time.
pub fn tolerance(preset: &str) -> Option<i64> {
    match preset {
        "chatwoot" | "standard-webhooks" | "hubspot-app" => Some(300),
        "zendesk-event" | "zendesk-trigger" => Some(3_600),
        "mailgun" | "sendgrid" => Some(43_200),
        _ => None,
    }
}

/// Whether the signature covers the body: the others send a secret, or sign values of their own.
pub fn signs_the_body(preset: &str) -> bool {
    !matches!(
        preset,
        "cloudevents"
            | "flow"
            | "freshdesk"
            | "gorgias"
            | "hubspot-workflow"
            | "mailgun"
            | "postmark"
            | "salesforce-outbound"
    )
}

pub fn signs_the_address(preset: &str) -> bool {
    matches!(preset, "twilio" | "hubspot-app")
}

/// Headers, in lower case, of which each must be exactly as it was sent.
pub fn signature_headers(preset: &str) -> &'static [&'static str] {
    match preset {
        "chatwoot" => &["x-chatwoot-signature", "x-chatwoot-timestamp"],
        "zendesk-event" | "zendesk-trigger" => &["x-zendesk-webhook-signature"],
        "standard-webhooks" => &["webhook-id", "webhook-timestamp", "webhook-signature"],
        "hubspot-app" => &["x-hubspot-signature-v3", "x-hubspot-request-timestamp"],
        "sendgrid" => &["x-twilio-email-event-webhook-timestamp"],
        _ => &[
            "authorization",
            "x-vorrang-key",
            "x-vorrang-signature",
            "x-hub-signature",
            "x-hub-signature-256",
        ],
    }
}

fn sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn sha1(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// The push of `fixture` to `origin` and `path`, as the vendor would send it at `at`.
pub fn sign(preset: &str, key: &Key, fixture: &Fixture, origin: &str, path: &str, at: DateTime<Utc>) -> Signing {
    let secret = key.secret.as_bytes();
    let unix = at.timestamp().to_string();
    let mut sent = Signing {
        headers: fixture.headers.clone(),
        content_type: fixture.content_type.clone(),
        path: path.to_owned(),
        body: fixture.body.clone(),
    };
    let mut header = |name: &str, value: String| sent.headers.push((name.to_owned(), value));
    let over = |parts: &[&[u8]]| parts.concat();
    match preset {
        "chatwoot" => {
            let mac = sha256(secret, &over(&[unix.as_bytes(), b".", &fixture.body]));
            header("X-Chatwoot-Signature", format!("sha256={}", hex::encode(mac)));
            header("X-Chatwoot-Timestamp", unix);
        }
        "zendesk-event" | "zendesk-trigger" => {
            let time = at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
            let mac = sha256(secret, &over(&[time.as_bytes(), &fixture.body]));
            header("X-Zendesk-Webhook-Signature", STANDARD.encode(mac));
            header("X-Zendesk-Webhook-Signature-Timestamp", time);
        }
        "json" | "email" | "phone" | "zendesk-tickets" => {
            let mac = sha256(secret, &fixture.body);
            header("X-Vorrang-Signature", format!("sha256={}", hex::encode(mac)));
        }
        "flow" | "gorgias" | "hubspot-workflow" => header("X-Vorrang-Key", key.secret.clone()),
        "whatsapp-cloud" | "meta-messaging" => {
            let mac = sha256(secret, &fixture.body);
            header("X-Hub-Signature-256", format!("sha256={}", hex::encode(mac)));
        }
        "zammad" | "intercom" => {
            let mac = sha1(secret, &fixture.body);
            header("X-Hub-Signature", format!("sha1={}", hex::encode(mac)));
        }
        "superoffice" => header(
            "X-Superoffice-Signature",
            STANDARD.encode(sha256(secret, &fixture.body)),
        ),
        "hubspot-app" => {
            let time = at.timestamp_millis().to_string();
            let text = over(&[
                b"POST",
                origin.as_bytes(),
                path.as_bytes(),
                &fixture.body,
                time.as_bytes(),
            ]);
            header("X-HubSpot-Signature-v3", STANDARD.encode(sha256(secret, &text)));
            header("X-HubSpot-Request-Timestamp", time);
        }
        "cloudevents" => header("Authorization", format!("Bearer {}", key.secret)),
        "freshdesk" | "postmark" => {
            // The secret is the password alone, or both.
            let both = match key.secret.contains(':') {
                true => key.secret.clone(),
                false => format!("anybody:{}", key.secret),
            };
            header("Authorization", format!("Basic {}", STANDARD.encode(both)));
        }
        "salesforce-outbound" => {
            sent.headers.push(("SOAPAction".to_owned(), "\"\"".to_owned()));
            sent.path = format!("{path}?key={}", key.secret);
        }
        "twilio" => {
            let mut fields: Vec<(String, String)> = form_urlencoded::parse(&fixture.body).into_owned().collect();
            fields.sort();
            // A field that comes twice with one value is signed once, as Twilio's own libraries do it.
            fields.dedup();
            let fields: String = fields.into_iter().map(|(name, value)| name + &value).collect();
            let mac = sha1(secret, format!("{origin}{path}{fields}").as_bytes());
            header("X-Twilio-Signature", STANDARD.encode(mac));
        }
        "mailgun" => {
            let token = format!("{:0>50}", fixture.name.len());
            let mac = hex::encode(sha256(secret, format!("{unix}{token}").as_bytes()));
            let body = String::from_utf8(fixture.body.clone()).expect("text");
            let filled = |body: &str, open: &str, close: &str| {
                let field = |name: &str| format!("{open}{name}{close}");
                body.replace(&field("timestamp"), &unix)
                    .replace(&field("token"), &token)
                    .replace(&field("signature"), &mac)
            };
            sent.body = filled(&filled(&body, "{", "}"), "%7B", "%7D").into_bytes();
        }
        "sendgrid" => {
            let random = SystemRandom::new();
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key.private, &random).expect("a key");
            let text = over(&[unix.as_bytes(), &fixture.body]);
            let signature = pair.sign(&random, &text).expect("signs");
            header("X-Twilio-Email-Event-Webhook-Signature", STANDARD.encode(signature));
            header("X-Twilio-Email-Event-Webhook-Timestamp", unix);
        }
        "standard-webhooks" => {
            let id = format!("msg_{}", fixture.name);
            let text = over(&[id.as_bytes(), b".", unix.as_bytes(), b".", &fixture.body]);
            // A second signature that we cannot check stands beside it, as while a sender changes its secret.
            let other = "v1,Y2Fubm90IGJlIGNoZWNrZWQgYnkgYW55Ym9keSBoZXJl";
            let signature = match key.private.as_slice() {
                [] => {
                    let secret = STANDARD
                        .decode(key.secret.trim_start_matches("whsec_"))
                        .expect("base64");
                    format!("{other} v1,{}", STANDARD.encode(sha256(&secret, &text)))
                }
                private => {
                    let pair = Ed25519KeyPair::from_pkcs8(private).expect("a key");
                    format!("{other} v1a,{}", STANDARD.encode(pair.sign(&text)))
                }
            };
            header("webhook-id", id);
            header("webhook-timestamp", unix);
            header("webhook-signature", signature);
        }
        other => panic!("how does the vendor of {other} sign? Add it here"),
    }
    sent
}
