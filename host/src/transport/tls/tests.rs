use std::time::Duration;

use rustls::server::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::contract::transport::IoError;
use crate::transport::ByteStream;

/// Far more than a handshake takes.
const PATIENCE: Duration = Duration::from_secs(20);

fn client(mode: TlsMode) -> TlsClient {
    TlsClient::new(&TlsConfig { mode, ..TlsConfig::default() }, "localhost").unwrap().unwrap()
}

fn acceptor() -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// A server that handshakes in packets, takes a secret of five bytes under TLS, and says the rest in the clear.
async fn server(listener: TcpListener) -> [u8; 5] {
    let (socket, _) = listener.accept().await.unwrap();
    let mut tls = acceptor().accept(Framed::new(socket, true)).await.unwrap();
    tls.get_mut().0.unframe();
    let mut secret = [0; 5];
    tls.read_exact(&mut secret).await.unwrap();
    let mut socket = tls.into_inner().0.into_inner();
    socket.write_all(b"welcome").await.unwrap();
    let mut bare = [0; 5];
    socket.read_exact(&mut bare).await.unwrap();
    assert_eq!(&bare, b"hello");
    secret
}

#[tokio::test]
async fn the_login_alone_is_encrypted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let server = tokio::spawn(server(listener));
    let client = client(TlsMode::LoginOnlyUnverified);
    let talk = async {
        let mut stream = ByteStream::new(socket, "localhost", true);
        assert!(matches!(stream.stop_tls(), Err(IoError::Denied(_))), "there is no TLS yet");
        let plain = stream.take_plain().unwrap();
        let (tls, end_point) = client.handshake(plain, "localhost", Vec::new(), true).await.unwrap();
        assert_eq!(tls.get_ref().1.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_2));
        stream.set_tls(tls, end_point);
        assert!(stream.encrypted());
        stream.write(b"12345").await.unwrap();
        stream.stop_tls().unwrap();
        assert!(!stream.encrypted() && stream.end_point.is_none());
        let mut answer = Vec::new();
        while answer.len() < 7 {
            let read = stream.read(100).await.unwrap();
            assert!(!read.is_empty());
            answer.extend(read);
        }
        assert_eq!(answer, b"welcome");
        stream.write(b"hello").await.unwrap();
        assert_eq!(&server.await.unwrap(), b"12345");
    };
    tokio::time::timeout(PATIENCE, talk).await.unwrap();
}

#[test]
fn only_where_it_was_configured_may_tls_be_left() {
    for (mode, leaves) in [(TlsMode::RequireUnverified, false), (TlsMode::LoginOnlyUnverified, true)] {
        assert_eq!(client(mode).login_only(), leaves, "{mode:?}");
    }
    assert!(!TlsMode::VerifyFull.is_login_only() && !TlsMode::VerifyCa.is_login_only() && TlsMode::LoginOnly.is_login_only());
    assert!(!TlsMode::LoginOnly.is_unverified());
}
