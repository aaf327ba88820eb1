//! What makes two requests "the same" for idempotency.

use prost::Message;
use sha2::{Digest, Sha256};

/// SHA-256 over the method (`CreateTicket`) and the request as we encode it: a repeat with the same `request_id` must have
/// the same hash.
///
/// Fields we do not know are not part of it, since prost drops them. Maps must be generated as `BTreeMap`, else their
/// order, and with it the hash, is random.
pub fn request_hash<M: Message>(method: &str, request: &M) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update((method.len() as u64).to_be_bytes());
    hash.update(method.as_bytes());
    hash.update(request.encode_to_vec());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use vorrang_api::feed::v1::{FollowRequest, GetHeadRequest};

    use super::*;

    #[test]
    fn method_and_content_decide() {
        let request = FollowRequest {
            cursor: "a".to_owned(),
            ..FollowRequest::default()
        };
        let hash = request_hash("Follow", &request);
        assert_eq!(hash, request_hash("Follow", &request.clone()));
        assert_ne!(hash, request_hash("Fallow", &request));
        assert_ne!(hash, request_hash("Follow", &FollowRequest::default()));
        // An empty request of another method is another request, although both are zero bytes.
        assert_ne!(
            request_hash("GetHead", &GetHeadRequest {}),
            request_hash("Follow", &FollowRequest::default())
        );
    }
}
