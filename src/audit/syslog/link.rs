//! Connections to a log server, which never wait longer than they are told to.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
#[cfg(unix)]
use std::os::unix::net::{UnixDatagram, UnixStream};
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// The bytes of UDP datagrams after which there is a short pause: a receiver's queue is small, and what doesn't fit is lost.
const BURST: usize = 32 << 10;
const PAUSE: Duration = Duration::from_millis(1);

/// The place where a log server listens.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Udp(String),
    Tcp(String),
    #[cfg(unix)]
    Unix(PathBuf),
}

/// A connection.
pub(super) enum Link {
    Udp(UdpSocket),
    Tcp(TcpStream),
    #[cfg(unix)]
    Datagram(UnixDatagram),
    #[cfg(unix)]
    Stream(UnixStream),
}

/// A connection in the making, on a thread of its own.
pub(super) struct Dialling {
    answer: Receiver<io::Result<Link>>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(server) => write!(f, "udp {server}"),
            Self::Tcp(server) => write!(f, "tcp {server}"),
            #[cfg(unix)]
            Self::Unix(path) => write!(f, "unix {}", path.display()),
        }
    }
}

impl Target {
    /// Tells whether a connection that broke shows, so that what it may have lost is worth keeping.
    pub(super) fn is_told_of_loss(&self) -> bool {
        !matches!(self, Self::Udp(_))
    }

    fn connect(&self, timeout: Duration) -> io::Result<Link> {
        match self {
            Self::Udp(server) => any(server, |address| {
                let local: SocketAddr = match address {
                    SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                    SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
                };
                let socket = UdpSocket::bind(local)?;
                // Connected, so that a port where nobody listens shows as an error of a later datagram.
                socket.connect(address)?;
                socket.set_write_timeout(Some(timeout))?;
                Ok(Link::Udp(socket))
            }),
            Self::Tcp(server) => any(server, |address| {
                let stream = TcpStream::connect_timeout(&address, timeout)?;
                stream.set_nodelay(true)?;
                Ok(Link::Tcp(stream))
            }),
            #[cfg(unix)]
            Self::Unix(path) => {
                let socket = UnixDatagram::unbound()?;
                match socket.connect(path) {
                    Ok(()) => {
                        socket.set_write_timeout(Some(timeout))?;
                        Ok(Link::Datagram(socket))
                    }
                    Err(error) if told(error.kind()) => Err(error),
                    // A socket of the other kind.
                    Err(_) => UnixStream::connect(path).map(Link::Stream),
                }
            }
        }
    }
}

/// Tells whether an error of connecting says something else than that the socket is a stream.
#[cfg(unix)]
fn told(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::ConnectionRefused)
}

/// Connects to the first of a name's addresses that works.
fn any(server: &str, connect: impl Fn(SocketAddr) -> io::Result<Link>) -> io::Result<Link> {
    let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in server.to_socket_addrs()? {
        match connect(address) {
            Ok(link) => return Ok(link),
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Dialling {
    /// Begins to connect.
    pub(super) fn start(target: &Target, timeout: Duration) -> io::Result<Self> {
        let (sender, answer) = sync_channel(1);
        let target = target.clone();
        let dial = move || {
            // Nobody waits for it any more if this fails.
            let _ = sender.send(target.connect(timeout));
        };
        thread::Builder::new().name("strongroom-dial".to_owned()).spawn(dial)?;
        Ok(Self { answer })
    }

    /// Returns the connection, if it comes in time; else the waiting can go on.
    pub(super) fn wait(self, timeout: Duration) -> Result<io::Result<Link>, Self> {
        match self.answer.recv_timeout(timeout) {
            Ok(link) => Ok(link),
            Err(RecvTimeoutError::Timeout) => Err(self),
            Err(RecvTimeoutError::Disconnected) => Ok(Err(io::Error::other("connecting panicked"))),
        }
    }
}

impl Link {
    /// Tells whether the other end of a stream has closed it, as far as is known here.
    pub(super) fn is_closed(&mut self) -> bool {
        match self {
            Self::Tcp(stream) => ended(stream, TcpStream::set_nonblocking),
            #[cfg(unix)]
            Self::Stream(stream) => ended(stream, UnixStream::set_nonblocking),
            Self::Udp(_) => false,
            #[cfg(unix)]
            Self::Datagram(_) => false,
        }
    }

    /// Sends messages: as a datagram each, or with their lengths before them (RFC 6587, 3.4.1).
    pub(super) fn send<'m>(
        &mut self,
        messages: impl Iterator<Item = &'m Vec<u8>>,
        timeout: Duration,
    ) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => write(stream, &framed(messages), timeout, TcpStream::set_write_timeout),
            #[cfg(unix)]
            Self::Stream(stream) => write(stream, &framed(messages), timeout, UnixStream::set_write_timeout),
            Self::Udp(socket) => {
                let mut burst = 0usize;
                for message in messages {
                    burst = burst.saturating_add(message.len());
                    if burst > BURST {
                        thread::sleep(PAUSE);
                        burst = message.len();
                    }
                    in_time(socket.send(message))?;
                }
                Ok(())
            }
            #[cfg(unix)]
            Self::Datagram(socket) => {
                for message in messages {
                    in_time(socket.send(message))?;
                }
                Ok(())
            }
        }
    }
}

/// Tells whether the system refused a datagram for its length.
pub(super) fn is_too_long(error: &io::Error) -> bool {
    // EMSGSIZE on Linux, on BSD and macOS, on Windows.
    matches!(error.raw_os_error(), Some(90 | 40 | 10_040))
}

fn framed<'m>(messages: impl Iterator<Item = &'m Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        bytes.extend_from_slice(format!("{} ", message.len()).as_bytes());
        bytes.extend_from_slice(message);
    }
    bytes
}

/// Makes one error of the two that systems give when a socket's timeout has passed.
fn in_time<T>(done: io::Result<T>) -> io::Result<T> {
    done.map_err(|error| if error.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { error })
}

/// Writes all of it, or fails when the time is up, however little the other end takes at a time.
fn write<S: Write>(
    stream: &mut S,
    mut bytes: &[u8],
    timeout: Duration,
    set_timeout: impl Fn(&S, Option<Duration>) -> io::Result<()>,
) -> io::Result<()> {
    let begin = Instant::now();
    while !bytes.is_empty() {
        let left = timeout.saturating_sub(begin.elapsed());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        set_timeout(stream, Some(left))?;
        match in_time(stream.write(bytes)) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads what a log server shouldn't send, to see whether it has hung up.
fn ended<S: Read>(stream: &mut S, set_nonblocking: impl Fn(&S, bool) -> io::Result<()>) -> bool {
    if set_nonblocking(stream, true).is_err() {
        return true;
    }
    let open = match stream.read(&mut [0; 512]) {
        Ok(read) => read > 0,
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
    };
    !open || set_nonblocking(stream, false).is_err()
}
