//! Bodies that a layer watches or ends.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tonic::Status;

/// What polling a body gives.
pub(crate) type Polled = Poll<Option<Result<Frame<Bytes>, axum::Error>>>;

/// `body`, polled through `poll`, which may pass on what the body gives or end it. Nothing is polled after trailers.
pub(crate) fn watched<F>(body: Body, poll: F) -> Body
where
    F: FnMut(Pin<&mut Body>, &mut Context<'_>) -> Polled + Send + Unpin + 'static,
{
    Body::new(Watched {
        body,
        poll,
        ended: false,
    })
}

struct Watched<F> {
    body: Body,
    poll: F,
    ended: bool,
}

impl<F> http_body::Body for Watched<F>
where
    F: FnMut(Pin<&mut Body>, &mut Context<'_>) -> Polled + Unpin,
{
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        if self.ended {
            return Poll::Ready(None);
        }
        let this = &mut *self;
        let polled = (this.poll)(Pin::new(&mut this.body), context);
        this.ended = match &polled {
            Poll::Pending => false,
            Poll::Ready(Some(Ok(frame))) => frame.is_trailers(),
            Poll::Ready(_) => true,
        };
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The end of a gRPC stream with `status`.
pub(crate) fn trailers(status: &Status) -> Polled {
    let mut headers = HeaderMap::new();
    Poll::Ready(Some(match status.add_header(&mut headers) {
        Ok(()) => Ok(Frame::trailers(headers)),
        Err(why) => Err(axum::Error::new(why)),
    }))
}
