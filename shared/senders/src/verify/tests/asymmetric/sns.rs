//! Amazon SNS: a certificate at an address of the message, and the topic that the hook names.

use super::*;

const TOPIC: &str = "arn:aws:sns:eu-central-1:000000000000:octo";

const PEM_URL: &str = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem";

/// An SNS message with these fields, signed by a key.
pub(super) fn sns(key: usize, hash: Hash, changed: &[(&str, &str)]) -> Request {
    let time = Timestamp::from_seconds(NOW).rfc3339();
    let version = if hash == Hash::Sha1 { "1" } else { "2" };
    let mut fields = vec![
        ("Message", "hello"),
        ("MessageId", "1"),
        ("Subject", "a subject"),
        ("Timestamp", &time),
        ("TopicArn", TOPIC),
        ("Type", "Notification"),
    ];
    fields.iter_mut().for_each(|(name, value)| {
        changed.iter().filter(|(other, _)| other == name).for_each(|(_, other)| *value = other);
    });
    let content: String = fields.iter().map(|(name, value)| format!("{name}\n{value}\n")).collect();
    let signature = rsa(key, hash, content.as_bytes());
    fields.extend([("Signature", signature.as_str()), ("SignatureVersion", version), ("SigningCertURL", PEM_URL)]);
    let body: serde_json::Map<_, _> = fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    request("aws-sns", TOPIC, &[], serde_json::to_string(&body).unwrap().as_bytes())
}

#[test]
fn sns_proves_itself_and_the_topic() {
    let name = "sns.amazonaws.com";
    for hash in [Hash::Sha1, Hash::Sha256] {
        let good = with_key(sns(0, hash, &[]), &certificate(0, name));
        for field in ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type", "SignatureVersion"] {
            assert!(good.with_field(field, "x").check(NOW).is_err(), "{field}");
        }
        // The version that a message names is a part of what it proves.
        let other = if hash == Hash::Sha1 { "2" } else { "1" };
        assert!(good.with_field("SignatureVersion", other).check(NOW).is_err());
        assert_eq!(good.check_with("arn:aws:sns:eu-central-1:000000000000:other", NOW), Err(Refusal::AnotherAccount));
    }
    let topic = [("TopicArn", "arn:aws:sns:eu-central-1:111111111111:octo")];
    let theirs = with_key(sns(0, Hash::Sha256, &topic), &certificate(0, name));
    assert_eq!(theirs.check(NOW), Err(Refusal::AnotherAccount));
    // What can be seen without the key is said without it, so that nobody has us fetch keys for another's topic.
    let unknown = Request { fetched: None, ..theirs };
    assert_eq!(unknown.check(NOW), Err(Refusal::AnotherAccount));
    assert_eq!(
        unknown.with_field("Signature", "AAAA").check_with(topic[0].1, NOW),
        Err(Refusal::MalformedField("Signature"))
    );
    assert_eq!(unknown.check_with(topic[0].1, NOW), Err(Refusal::NoKey));
    let forged = with_key(sns(1, Hash::Sha256, &[]), &certificate(0, name));
    assert_eq!(forged.check(NOW), Err(Refusal::WrongField("Signature")));
    // A certificate does not count after its end, and none that is made out to somebody else counts at all.
    let wanted = |request: &Request| wanted_key(request.sender, request.inbound(&[])).unwrap().unwrap();
    let message = sns(0, Hash::Sha256, &[]);
    assert!(FetchedKey::read(wanted(&message), certificate(0, "example.com").as_bytes()).is_err());
    for issuer in ["Mallory", "Amazon Web Services", "amazon"] {
        let theirs = certificate_of(0, name, issuer);
        assert!(FetchedKey::read(wanted(&message), theirs.as_bytes()).is_err(), "{issuer}");
    }
    let late = with_key(sns(0, Hash::Sha256, &[("Timestamp", "2031-01-01T00:00:00Z")]), &certificate(0, name));
    assert_eq!(late.check(1_924_992_000), Err(Refusal::NoKey));
    // A key fetched from one address is no key for another.
    let elsewhere = PEM_URL.replace("0123abcd", "4567");
    let good = with_key(message, &certificate(0, name));
    assert_eq!(good.with_field("SigningCertURL", &elsewhere).check(NOW), Err(Refusal::NoKey));
}

#[test]
fn a_keys_address_is_one_of_the_senders_own() {
    for bad in [
        "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.example/SimpleNotificationService-0.pem",
        "https://sns.eu-central-1.amazonaws.com:443/SimpleNotificationService-0.pem",
        "https://evil@sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://evil.example/@sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.a.b.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.s3.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.s3-us-west-2.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.s3-accelerate.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.s3.dualstack.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem",
        // A region that is not the topic's.
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns..amazonaws.com/SimpleNotificationService-0.pem",
        "https://s3.amazonaws.com/SimpleNotificationService-0.pem",
        "https://SNS.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.eu-central-1.amazonaws.com/a/SimpleNotificationService-0.pem",
        "https://sns.eu-central-1.amazonaws.com/../SimpleNotificationService-0.pem",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-.pem",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem?x=1",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem#x",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-%30.pem",
        "https://sns.eu-central-1.amazonaws.com\\.evil.example/SimpleNotificationService-0.pem",
        "https://sns.eu-central-1.amazonaws.com",
        "https:///SimpleNotificationService-0.pem",
        " https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem",
        "",
    ] {
        let message = sns(0, Hash::Sha256, &[]).with_field("SigningCertURL", bad);
        assert_eq!(wanted_key(message.sender, message.inbound(&[])), Err(Refusal::KeyAddress), "{bad}");
    }
    for (good, topic) in [
        (PEM_URL, TOPIC),
        (
            "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0.pem",
            "arn:aws-cn:sns:cn-north-1:111122223333:octo",
        ),
    ] {
        let message = sns(0, Hash::Sha256, &[]).with_field("SigningCertURL", good).with_field("TopicArn", topic);
        assert_eq!(wanted_key(message.sender, message.inbound(&[])).unwrap().unwrap().url, good);
    }
    let github = Sender::named("github").unwrap();
    assert_eq!(wanted_key(github, Inbound::new(Headers::new(&[]), b"")), Ok(None));
}
