use tonic::Request;
use vorrang_api::routing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_queue::Peeked;

use crate::app::App;
use crate::{convert, names, rebuild};

const LIMIT_DEFAULT: usize = 10;
const LIMIT_MAX: usize = 100;

pub(crate) async fn handle(app: &App, request: Request<pb::PeekQueueRequest>) -> Result<pb::PeekQueueResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let message = request.get_ref();
    let mut violations = Violations::new();
    let queue = match message.queue.as_str() {
        "" => "default".to_owned(),
        queue => violations.take("queue", names::id(queue)).unwrap_or_default(),
    };
    let mut channels = Vec::new();
    for (at, number) in message.channels.iter().enumerate() {
        let channel = convert::wanted_channel(*number, format!("channels[{at}]"), &mut violations);
        channels.extend(channel.map(|channel| channel.word().to_owned()));
    }
    let limit = match usize::try_from(message.limit) {
        Ok(0) => LIMIT_DEFAULT,
        Ok(limit) => limit.min(LIMIT_MAX),
        Err(_) => {
            violations.add("limit", "must not be negative");
            LIMIT_DEFAULT
        }
    };
    violations.into_result()?;

    match app.queue.peek(&tenant, &queue, &channels, limit).await? {
        Peeked::NotReady => Err(rebuild::rebuilding(app, &tenant)),
        Peeked::Contacts(contacts) => Ok(pb::PeekQueueResponse {
            contacts: contacts
                .iter()
                .map(|stored| convert::stored_contact(&stored.data).map(|contact| convert::contact(&contact)))
                .collect::<Result<_, _>>()?,
        }),
    }
}
