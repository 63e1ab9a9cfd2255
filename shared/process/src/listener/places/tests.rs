use futures_util::FutureExt as _;
use tokio::time::advance;

use super::*;

/// Takes a place for an address.
fn take(places: &Arc<Places>, address: &str) -> Option<Place> {
    places.take(address.parse().unwrap())
}

/// Whether a connection was told to give up its place.
fn is_given_up(place: &Place) -> bool {
    place.activity.given_up().now_or_never().is_some()
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_takes_the_place_of_whoever_waited_longest() {
    let places = Arc::new(Places::new(10, 3));
    let first = take(&places, "192.0.2.1").unwrap();
    first.activity.step(true);
    advance(Duration::from_secs(1)).await;
    let second = take(&places, "192.0.2.1").unwrap();
    advance(Duration::from_secs(1)).await;
    let third = take(&places, "192.0.2.1").unwrap();
    assert!(take(&places, "192.0.2.2").is_some(), "another source has places of its own");
    advance(PATIENCE).await;
    let fourth = take(&places, "192.0.2.1").unwrap();
    assert_eq!([&first, &second, &third, &fourth].map(is_given_up), [false, true, false, false]);
    third.activity.step(true);
    fourth.activity.step(true);
    advance(Duration::from_secs(60)).await;
    assert!(take(&places, "192.0.2.1").is_none(), "those at work stay");
    third.activity.step(false);
    assert!(take(&places, "192.0.2.1").is_none(), "it has only begun to wait");
    drop(fourth);
    drop(second);
    assert!(take(&places, "192.0.2.1").is_some(), "a place that was left is free, and is freed once");
}

#[tokio::test(start_paused = true)]
async fn bytes_that_drip_are_no_step() {
    let places = Arc::new(Places::new(10, 2));
    let dripping = take(&places, "192.0.2.1").unwrap();
    dripping.activity.step(true);
    for _ in 0..10 {
        dripping.activity.waits(true);
        advance(PATIENCE / 5).await;
        dripping.activity.waits(false);
    }
    dripping.activity.waits(true);
    let _newer = take(&places, "192.0.2.1").unwrap();
    assert!(take(&places, "192.0.2.1").is_some());
    assert!(is_given_up(&dripping));
}

#[tokio::test(start_paused = true)]
async fn where_all_are_taken_the_largest_source_gives_one_up() {
    let places = Arc::new(Places::new(4, 3));
    let many: Vec<_> = (0..3).map(|_| take(&places, "2001:db8::1").unwrap()).collect();
    let one = take(&places, "192.0.2.1").unwrap();
    advance(PATIENCE).await;
    let newcomer = take(&places, "192.0.2.2").unwrap();
    assert!(is_given_up(&many[0]) || is_given_up(&many[1]) || is_given_up(&many[2]));
    assert!(!is_given_up(&one) && !is_given_up(&newcomer));
    assert!(take(&places, "2001:db8::2").is_some(), "its own network has given one up");
}

#[tokio::test(start_paused = true)]
async fn loopback_has_places_beyond_all_others() {
    for most_of_source in [4, 2] {
        let places = Arc::new(Places::new(4, most_of_source));
        let address = |at: usize| if most_of_source == 4 || at < 2 { "127.0.0.1" } else { "192.0.2.1" };
        let working: Vec<_> = (0..4).map(|at| take(&places, address(at)).unwrap()).collect();
        working.iter().for_each(|place| place.activity.step(true));
        assert!(take(&places, "192.0.2.9").is_none());
        let reserved: Vec<_> = (0..LOOPBACK_PLACES).map(|_| take(&places, "127.0.0.1").unwrap()).collect();
        assert!(take(&places, "127.0.0.1").is_none());
        advance(PATIENCE).await;
        let health = take(&places, "127.0.0.1").expect("one of those that only wait gives its place up");
        assert_eq!(reserved.iter().filter(|place| is_given_up(place)).count(), 1);
        drop((working, reserved, health));
        assert_eq!(places.taken().all, 0);
        assert!(places.taken().by_source.is_empty());
    }
}
