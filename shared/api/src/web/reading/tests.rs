use std::convert::Infallible;

use futures_util::{StreamExt as _, stream};

use super::*;

/// A body of these pieces.
fn pieces(pieces: Vec<Vec<u8>>) -> impl stream::Stream<Item = Result<Vec<u8>, Infallible>> {
    stream::iter(pieces.into_iter().map(Ok))
}

#[tokio::test]
async fn a_body_is_put_together_whatever_its_pieces() {
    for sizes in [vec![], vec![0], vec![1], vec![3, 0, 4], vec![70_000, 1], vec![1, 70_000], vec![40_000; 9]] {
        let parts: Vec<Vec<u8>> = sizes.iter().zip(b'a'..).map(|(size, letter)| vec![letter; *size]).collect();
        let whole = parts.concat();
        let read = read(Body::from_stream(pieces(parts)), whole.len()).await.unwrap();
        assert_eq!(read, whole, "{sizes:?}");
    }
}

#[test]
fn no_more_room_is_made_than_twice_what_came() {
    let mut arrived = Arrived::default();
    for _ in 0..100 {
        arrived.take(Bytes::from_static(&[0; 10_000]), 20_000_000);
        assert!(arrived.all.capacity() <= FIRST_ROOM.max(2 * arrived.all.len()), "{}", arrived.all.capacity());
    }
    let mut arrived = Arrived::default();
    for _ in 0..100 {
        arrived.take(Bytes::from_static(&[0; 10_000]), 1_000_000);
    }
    assert_eq!(arrived.all.capacity(), 1_000_000, "what was promised and came has no room to spare");
}

#[tokio::test(start_paused = true)]
async fn what_ends_a_body_early_is_told_apart() {
    let large = pieces(vec![vec![0; 10], vec![0; 1]]);
    assert_eq!(read(Body::from_stream(large), 10).await, Err((Unread::TooLarge, 11)));
    let broken = stream::iter([Ok("123"), Err("gone")]);
    assert_eq!(read(Body::from_stream(broken), 10).await, Err((Unread::BrokenOff, 3)));
    let crowded = stream::iter([Ok("1234"), Err(NoRoom)]);
    assert_eq!(read(Body::from_stream(crowded), 10).await, Err((Unread::NoRoom, 4)));
    let slow = pieces(vec![vec![0; 5]]).chain(stream::pending());
    assert_eq!(read(Body::from_stream(slow), 10).await, Err((Unread::TooSlow, 5)));
    let dripping = stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_secs(2)).await;
        Some((Ok::<_, Infallible>("1"), ()))
    });
    assert_eq!(read(Body::from_stream(Box::pin(dripping)), 1000).await, Err((Unread::TooSlow, 7)));
}
