//! The contract's `transport`, for one instance.

use wasmtime::component::Resource;

use super::{ByteStream, TlsClient};
use crate::contract::call::Interruption;
use crate::contract::transport::{self, IoError, TlsFraming, TlsInfo, TlsOptions, TlsPolicy};
use crate::limits::MAX_STREAMS;
use crate::state::State;

impl transport::Host for State {
    async fn endpoints(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(self.access.endpoints.names())
    }

    async fn tls(&mut self) -> wasmtime::Result<TlsPolicy> {
        Ok(match &self.access.tls {
            None => TlsPolicy::Off,
            Some(client) if client.login_only() => TlsPolicy::LoginOnly,
            Some(_) => TlsPolicy::Required,
        })
    }

    async fn dial(&mut self, endpoint: String) -> wasmtime::Result<Result<Resource<ByteStream>, IoError>> {
        if self.streams.len() >= MAX_STREAMS {
            return Ok(Err(IoError::Denied(format!("a connection may have {MAX_STREAMS} streams open"))));
        }
        let access = self.access.clone();
        let (socket, host) = match self.signal.clone().interrupt(access.endpoints.dial(&endpoint)).await {
            Ok(Ok(socket)) => socket,
            Ok(Err(why)) => return Ok(Err(why)),
            Err(why) => return Ok(Err(interrupted(why))),
        };
        let stream = self.table.push(ByteStream::new(socket, host, access.tls.is_some()))?;
        self.streams.push(stream.rep());
        Ok(Ok(stream))
    }
}

impl transport::HostByteStream for State {
    async fn read(&mut self, this: Resource<ByteStream>, max: u32) -> wasmtime::Result<Result<Vec<u8>, IoError>> {
        let signal = self.signal.clone();
        let stream = self.table.get_mut(&this)?;
        Ok(signal.interrupt(stream.read(max)).await.unwrap_or_else(|why| Err(interrupted(why))))
    }

    async fn write(&mut self, this: Resource<ByteStream>, bytes: Vec<u8>) -> wasmtime::Result<Result<(), IoError>> {
        Ok(self.table.get_mut(&this)?.write(&bytes).await)
    }

    async fn exchange(
        &mut self,
        this: Resource<ByteStream>,
        bytes: Vec<u8>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, IoError>> {
        let signal = self.signal.clone();
        let stream = self.table.get_mut(&this)?;
        // Whole, whatever happens to the caller: half a message would be the end of the connection.
        if let Err(why) = stream.write(&bytes).await {
            return Ok(Err(why));
        }
        Ok(signal.interrupt(stream.read(max)).await.unwrap_or_else(|why| Err(interrupted(why))))
    }

    async fn start_tls(&mut self, this: Resource<ByteStream>, options: TlsOptions) -> wasmtime::Result<Result<TlsInfo, IoError>> {
        let (signal, access) = (self.signal.clone(), self.access.clone());
        let stream = self.table.get_mut(&this)?;
        let Some(client) = &access.tls else {
            return Ok(Err(IoError::Denied("TLS is off for this database: set tls.mode".to_owned())));
        };
        let in_packets = options.framing == TlsFraming::TdsPrelogin;
        let host = stream.host().to_owned();
        let socket = match stream.take_plain() {
            Ok(socket) => socket,
            Err(why) => return Ok(Err(why)),
        };
        Ok(match signal.interrupt(client.handshake(socket, &host, options.alpn, in_packets)).await {
            Ok(Ok((tls, end_point))) => {
                let session = tls.get_ref().1;
                let info = TlsInfo {
                    version: session
                        .protocol_version()
                        .and_then(|version| version.as_str())
                        .unwrap_or("TLS")
                        .replace("TLSv1_", "TLSv1."),
                    alpn: session.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
                };
                stream.set_tls(tls, end_point);
                Ok(info)
            }
            Ok(Err(why)) => Err(IoError::Tls(why)),
            Err(why) => Err(interrupted(why)),
        })
    }

    async fn stop_tls(&mut self, this: Resource<ByteStream>) -> wasmtime::Result<Result<(), IoError>> {
        let allowed = self.access.tls.as_ref().is_some_and(TlsClient::login_only);
        let stream = self.table.get_mut(&this)?;
        if !allowed {
            return Ok(Err(IoError::Denied("TLS is required for all of a stream to this database".to_owned())));
        }
        Ok(stream.stop_tls())
    }

    async fn host(&mut self, this: Resource<ByteStream>) -> wasmtime::Result<String> {
        Ok(self.table.get(&this)?.host().to_owned())
    }

    async fn tls_server_end_point(&mut self, this: Resource<ByteStream>) -> wasmtime::Result<Option<Vec<u8>>> {
        Ok(self.table.get(&this)?.end_point.clone())
    }

    async fn drop(&mut self, this: Resource<ByteStream>) -> wasmtime::Result<()> {
        let place = this.rep();
        self.table.delete(this)?;
        self.streams.retain(|open| *open != place);
        Ok(())
    }
}

fn interrupted(why: Interruption) -> IoError {
    match why {
        Interruption::Cancelled => IoError::Cancelled,
        Interruption::Timeout => IoError::Timeout,
    }
}
