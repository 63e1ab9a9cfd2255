//! Public keys that prove nothing.

use super::*;

#[test]
fn public_keys_of_the_wrong_kind_are_refused() {
    let [rsa, ed] = [pem("PUBLIC KEY", &rsa_der(0)), hex::encode([7; 32])];
    let numbers = der(0x30, &[der(0x02, &[&[0][..], &[0xab; 128]].concat()), der(0x02, &[1, 0, 1])].concat());
    let kind = der(0x30, &[&der(0x06, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01])[..], &[5, 0]].concat());
    let small = pem("PUBLIC KEY", &der(0x30, &[kind, der(0x03, &[&[0][..], &numbers].concat())].concat()));
    for (sender, secret) in [
        ("discord", rsa.as_str()),
        ("discord", "00"),
        ("discord", "not a key"),
        // The neutral element: every signature would be one of it.
        ("discord", &format!("01{}", "00".repeat(31))),
        ("sendgrid", &rsa),
        ("sendgrid", &ed),
        ("wise", &ed),
        ("wise", "-----BEGIN PUBLIC KEY-----"),
        ("wise", &small),
    ] {
        assert_eq!(
            Key::new(Sender::named(sender).unwrap(), &Secret::new(secret).unwrap()).err(),
            Some(BadKey::NotPublicKey),
            "{sender}"
        );
    }
}

#[test]
fn a_key_that_anybody_can_sign_for_is_refused() {
    let discord = Sender::named("discord").unwrap();
    for (text, weak) in [
        ("0000000000000000000000000000000000000000000000000000000000000000", true),
        ("0000000000000000000000000000000000000000000000000000000000000080", true),
        ("0100000000000000000000000000000000000000000000000000000000000000", true),
        ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", true),
        ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", true),
        ("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", true),
        ("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", true),
        ("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", true),
        ("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", true),
        (&hex::encode(ed25519(7).verifying_key().as_bytes()), false),
    ] {
        let refused = Key::new(discord, &Secret::new(text).unwrap()).is_err();
        assert_eq!(refused, weak, "{text}");
        // Another implementation finds the same.
        let bytes: [u8; 32] = hex::decode(text).unwrap().try_into().unwrap();
        let other = ed25519_dalek::VerifyingKey::from_bytes(&bytes).is_ok_and(|key| key.is_weak());
        assert_eq!(other, weak, "{text}");
    }
}
