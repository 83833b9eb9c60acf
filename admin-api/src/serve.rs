//! Connections: accepted up to a limit, each with bounds on its headers and its idleness.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower_service::Service;

use crate::metrics::Metrics;
use crate::stall::Stalling;

/// The other end of the connection a request came over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Cuts the connection a request came over, whatever its client still has to take.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cut(Arc<Notify>);

impl Cut {
    /// Ends the connection now.
    pub(crate) fn now(&self) {
        self.0.notify_one();
    }
}

/// Serves `router` on `listener`, to `most` connections at once, until `shutdown` says true; then
/// lets what runs finish for a moment.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    most: usize,
    metrics: Arc<Metrics>,
    shutdown: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(most));
    let mut connections = JoinSet::new();
    let mut stop = shutdown.clone();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = stopped(&mut stop) => break,
        };
        let Some((stream, peer)) = accepted else { continue };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            refuse(&stream);
            metrics.dropped("http_connections");
            continue;
        };
        let connection = connection(stream, peer, router.clone(), shutdown.clone());
        connections.spawn(async move {
            connection.await;
            drop(permit);
        });
    }
    drop(listener);
    if timeout(DRAIN, async { while connections.join_next().await.is_some() {} }).await.is_err() {
        connections.shutdown().await;
    }
}

async fn accept(listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
    match listener.accept().await {
        Ok(accepted) => Some(accepted),
        // The peer gave up between SYN and accept: the next one may come at once.
        Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) => None,
        Err(error) => {
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, mut shutdown: watch::Receiver<bool>) {
    // Small answers are not held back for more to come.
    let _ = stream.set_nodelay(true);
    let cut = Cut::default();
    let service = WithPeer { router, peer, cut: cut.clone() };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEADER_BYTES)
        .max_buf_size(MAX_BUFFER)
        .serve_connection(TokioIo::new(Stalling::new(stream)), TowerToHyperService::new(service));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut shutdown) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = cut.0.notified() => return,
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection ended early");
    }
}

/// The router as a service that tells each request where it came from.
#[derive(Clone, Debug)]
struct WithPeer {
    router: Router,
    peer: SocketAddr,
    cut: Cut,
}

impl Service<Request<Incoming>> for WithPeer {
    type Response = axum::response::Response;
    type Error = Infallible;
    type Future = <Router as Service<Request<Body>>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(self.peer));
        request.extensions_mut().insert(self.cut.clone());
        Service::call(&mut self.router, request)
    }
}

/// The node stops, or has forgotten that it could.
pub(crate) async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|stop| *stop).await;
}

/// Says why before hanging up; what does not fit the empty send buffer at once is not sent.
fn refuse(stream: &TcpStream) {
    let body = r#"{"type":"/problems/unavailable","title":"Not now: try again","status":503,"code":"unavailable","detail":"Too many connections."}"#;
    let reply = format!(
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-type: application/problem+json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.try_write(reply.as_bytes());
}

/// Connections at once: a wallboard for every agent and room for programs; each costs about 20 kB.
pub(crate) const MAX_CONNECTIONS: usize = 1024;
/// Header fields of a request.
const MAX_HEADERS: usize = 64;
/// Bytes of a request's head.
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// Bytes buffered of a connection, each way.
const MAX_BUFFER: usize = 64 * 1024;
/// For a request's head to arrive, and for a connection to stand idle.
const HEADER_DEADLINE: Duration = Duration::from_secs(30);
/// After a failure to accept that has to do with us (no descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// For requests that run at shutdown.
const DRAIN: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn ask(at: SocketAddr) -> (TcpStream, String) {
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
        let mut reply = vec![0; 4096];
        let read = stream.read(&mut reply).await.unwrap_or(0);
        (stream, String::from_utf8_lossy(&reply[..read]).into_owned())
    }

    #[tokio::test]
    async fn beyond_the_last_connection_there_is_a_503() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let metrics = Arc::new(Metrics::new("0.0.0").unwrap());
        let (stop, shutdown) = watch::channel(false);
        let served = tokio::spawn(serve(listener, Router::new(), 1, metrics, shutdown));
        let (first, reply) = ask(at).await;
        assert!(reply.starts_with("HTTP/1.1 404"), "{reply}");
        let mut refused = TcpStream::connect(at).await.unwrap();
        let mut reply = String::new();
        refused.read_to_string(&mut reply).await.unwrap();
        assert!(reply.starts_with("HTTP/1.1 503") && reply.contains("retry-after: 1"), "{reply}");
        drop(first);
        while !ask(at).await.1.starts_with("HTTP/1.1 404") {}
        stop.send(true).unwrap();
        served.await.unwrap();
    }
}
