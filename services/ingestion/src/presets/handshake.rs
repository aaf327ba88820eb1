//! The GET by which a vendor asks, once, whether an address is ours.

use subtle::ConstantTimeEq;

use super::{Preset, Rejected};

/// The text to answer, given the parameters of the query. The token is right when it is one of `tokens`.
///
/// # Errors
/// [`Rejected`] when the preset has no handshake, a parameter is missing, or the token is wrong.
pub fn handshake<'q>(
    preset: &Preset,
    tokens: &[&[u8]],
    parameter: impl Fn(&str) -> Option<&'q str>,
) -> Result<&'q str, Rejected> {
    let rule = preset.0.handshake.as_ref().ok_or(Rejected)?;
    let given = parameter(&rule.token_parameter).ok_or(Rejected)?;
    let known = tokens.iter().any(|token| bool::from(token.ct_eq(given.as_bytes())));
    match parameter(&rule.challenge_parameter) {
        // A challenge is a number or a short word; anything else would let a link show text of its choice at our address.
        Some(challenge) if known && challenge.len() <= 256 && challenge.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Ok(challenge)
        }
        _ => Err(Rejected),
    }
}
