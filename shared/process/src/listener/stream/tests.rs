use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// Both ends of a connection; ours expects its peer to read 1,000 bytes in half a second.
async fn pair() -> (Stream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let pace = Pace { time: Duration::from_millis(500), bytes: 1_000 };
    (Stream::new(listener.accept().await.unwrap().0, pace), peer)
}

/// More than the system keeps for a peer that does not read.
const LOTS: usize = 32 * 1024 * 1024;

#[tokio::test]
async fn a_peer_that_does_not_read_ends_the_connection() {
    let (mut ours, mut peer) = pair().await;
    let ended = tokio::time::timeout(Duration::from_secs(20), ours.write_all(&vec![1; LOTS])).await.unwrap();
    assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
    drop(ours);
    let mut all = Vec::new();
    assert_eq!(peer.read_to_end(&mut all).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_peer_that_reads_steadily_gets_all() {
    let (mut ours, mut peer) = pair().await;
    let reading = tokio::spawn(async move {
        let (mut piece, mut all) = (vec![0; 1024 * 1024], 0);
        while all < LOTS {
            tokio::time::sleep(Duration::from_millis(60)).await;
            all += peer.read(&mut piece).await.unwrap();
        }
        all
    });
    ours.write_all(&vec![1; LOTS]).await.unwrap();
    assert_eq!(reading.await.unwrap(), LOTS);
    // Time that passes while nothing waits to be written does not count.
    tokio::time::sleep(Duration::from_millis(600)).await;
    ours.write_all(b"more").await.unwrap();
}

#[tokio::test]
async fn a_peer_that_still_sends_hears_the_end() {
    let (mut ours, mut peer) = pair().await;
    peer.write_all(&vec![1; 100_000]).await.unwrap();
    let ending = tokio::spawn(async move {
        ours.write_all(b"no").await.unwrap();
        ours.shutdown().await.unwrap();
    });
    peer.write_all(&vec![1; 100_000]).await.unwrap();
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, b"no");
    // The peer does not end: ours waits no longer than it should.
    tokio::time::timeout(Duration::from_secs(20), ending).await.unwrap().unwrap();
}

#[tokio::test]
async fn reading_gives_others_their_turn() {
    let (mut ours, mut peer) = pair().await;
    let sending = tokio::spawn(async move { peer.write_all(&vec![1; 2_000_000]).await });
    let mut context = Context::from_waker(std::task::Waker::noop());
    let mut room = vec![0; 4 * TURN_BYTES];
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let (mut turn, before) = (0, ours.moved);
        loop {
            let mut buffer = ReadBuf::new(&mut room[..16 * 1024]);
            match Pin::new(&mut ours).poll_read(&mut context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => turn += buffer.filled().len(),
                _ => break,
            }
        }
        assert!(before + turn < TURN_BYTES + 16 * 1024, "{turn}");
    }
    drop(ours);
    let _ = sending.await.unwrap();
}

#[tokio::test]
async fn writing_gives_others_their_turn() {
    let (mut ours, _peer) = pair().await;
    let mut context = Context::from_waker(std::task::Waker::noop());
    let mut written = 0;
    while let Poll::Ready(Ok(count)) = Pin::new(&mut ours).poll_write(&mut context, &[1; 16 * 1024]) {
        written += count;
    }
    assert!((TURN_BYTES..TURN_BYTES + 16 * 1024).contains(&written), "{written}");
    assert!(ours.write_all(b"more").await.is_ok(), "its next turn comes");
}
