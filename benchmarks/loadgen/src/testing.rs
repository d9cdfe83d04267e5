//! Servers for this crate's tests: WebSocket in the smallest sense.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use crate::opening::Target;

/// A thread that accepts on a port of its own.
pub(crate) fn server<T: Send + 'static>(
    serve: impl FnOnce(&TcpListener) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (address, thread::spawn(move || serve(&listener)))
}

/// Where a WebSocket server listens.
pub(crate) fn target(address: SocketAddr) -> Target {
    Target::parse(&format!("ws://{address}/")).unwrap()
}

/// Accepts a connection, and answers its opening handshake with a 101 that has these header lines,
/// and with `first` right behind it.
pub(crate) fn accept(listener: &TcpListener, headers: &str, first: &[u8]) -> TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    let _ = stream.read(&mut [0; 1024]).unwrap();
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\n{headers}\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    );
    stream.write_all(&[answer.as_bytes(), first].concat()).unwrap();
    stream
}
