use std::sync::{Arc, LazyLock};

use bellhop_core::id::HookId;
use bellhop_core::time::Timestamp;
use bellhop_senders::verify::{FetchedKey, KeyRequest, Wanted};

use super::issuer::{IN_FORCE, SNS_NAME, certificate};
use crate::keys::shelf::{Asked, Shelf};
use crate::keys::{Asker, KEPT_MS, Unproved};

/// Who asks for it: one whose keys are not counted.
fn asker() -> Asker<'static> {
    static HOOK: LazyLock<HookId> = LazyLock::new(|| HookId::from_text("hk_1".to_owned()));
    Asker { hook: &HOOK, source: None, names_key: false }
}

/// The key of this number.
fn asked(number: usize) -> Asked {
    let url = format!("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-{number}.pem");
    Asked::new(KeyRequest { url, id: None, kind: Wanted::Certificate { subject: SNS_NAME, issuer: "Amazon" } }, None)
}

/// A moment so many minutes later than the first.
fn at(minute: usize) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000 + 60 * minute as u64)
}

/// Which of the first keys are here.
fn here(shelf: &mut Shelf, numbers: std::ops::Range<usize>, now: Timestamp) -> Vec<usize> {
    numbers.filter(|number| matches!(shelf.look(&asked(*number), u64::MAX, now), Some(Ok(_)))).collect()
}

#[test]
fn the_shelf_has_room_for_sixty_four_and_invented_keys_take_none_from_it() {
    let key = certificate(0, SNS_NAME, IN_FORCE);
    let mut shelf = Shelf::new(at(0));
    let put = |shelf: &mut Shelf, number: usize, good: bool, now| {
        let asked = asked(number);
        let turn = shelf.turn(&asked, asker(), now).unwrap();
        let read = FetchedKey::read(asked.request.clone(), key.as_bytes()).unwrap();
        shelf.put(&asked, if good { Ok(Arc::new(read)) } else { Err(Unproved::Unavailable) }, now);
        drop(turn);
    };
    for number in 0..63 {
        put(&mut shelf, number, true, at(number));
    }
    for number in 100..300 {
        put(&mut shelf, number, false, at(number));
    }
    assert_eq!(here(&mut shelf, 0..63, at(300)).len(), 63);
    assert!(shelf.look(&asked(299), KEPT_MS, at(299)).is_some());
    assert!(shelf.look(&asked(298), KEPT_MS, at(298)).is_none());
    // Good ones push out what was not used for longest.
    for number in (10..63).chain(0..10) {
        shelf.look(&asked(number), u64::MAX, at(301 + number + if number < 10 { 100 } else { 0 }));
    }
    for number in 63..73 {
        put(&mut shelf, number, true, at(420));
    }
    let kept: Vec<_> = (0..10).chain(19..73).collect();
    assert_eq!(here(&mut shelf, 0..73, at(430)), kept);
    // Nobody who waits for a turn loses it to somebody else.
    let turn = shelf.turn(&asked(500), asker(), at(440)).unwrap();
    for number in 600..700 {
        put(&mut shelf, number, true, at(number));
    }
    assert!(Arc::ptr_eq(&turn, &shelf.turn(&asked(500), asker(), at(700)).unwrap()));
}
