//! Calls by name, built from the descriptor set: what a test generated from the contracts needs.

use bytes::{Buf as _, BufMut as _, Bytes};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};
use tokio_stream::StreamExt as _;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Every method of ours.
pub fn methods() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(vorrang_api::FILE_DESCRIPTOR_SET).expect("a descriptor set");
    pool.services()
        .filter(|service| service.full_name().starts_with("vorrang."))
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect()
}

/// The scope that `method` asks for.
pub fn scope(method: &MethodDescriptor) -> String {
    let option = method
        .parent_pool()
        .get_extension_by_name("vorrang.options.v1.scope")
        .expect("the option is part of the descriptor set");
    let options = method.options();
    let scope = options.get_extension(&option);
    scope.as_str().expect("the scope is a string").to_owned()
}

/// `package.Service/Method`.
pub fn name(method: &MethodDescriptor) -> String {
    format!("{}/{}", method.parent_service().full_name(), method.name())
}

/// Makes one call with `json` as its first request, and gives the first answer as it came. A stream that answers nothing
/// gives an empty answer when it ends.
pub async fn call(
    channel: &Channel,
    method: &MethodDescriptor,
    json: &str,
    credential: Option<&str>,
) -> Result<Bytes, Status> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let message = DynamicMessage::deserialize(method.input(), &mut deserializer)
        .unwrap_or_else(|error| panic!("{}: {json} is no request: {error}", name(method)));
    let body = Bytes::from(message.encode_to_vec());

    let mut client = tonic::client::Grpc::new(channel.clone());
    client
        .ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    let mut request = Request::new(tokio_stream::iter([body]));
    // A method that streams for ever must not hold the test: the first answer or this long.
    request.set_timeout(std::time::Duration::from_secs(5));
    if let Some(credential) = credential {
        let value = format!("Bearer {credential}").parse().expect("a header value");
        request.metadata_mut().insert("authorization", value);
    }
    let path = format!("/{}", name(method)).parse().expect("a path");
    let mut answers = client.streaming(request, path, Raw).await?.into_inner();
    match answers.next().await {
        Some(answer) => answer,
        None => Ok(Bytes::new()),
    }
}

/// Messages as bytes, both ways.
#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        target.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = source.remaining();
        Ok(Some(source.copy_to_bytes(length)))
    }
}
