//! Which addresses are a sender's own.

use crate::sender::KeyPlace;

/// What stands in a host's name for the region of what a request is about.
const REGION: &str = "{region}";

/// The longest text that `*` stands for in a path.
const LONGEST_STAR: usize = 64;

/// Whether an address is https at one of the pinned hosts and at the pinned path, without anything else. What the request
/// is about, where a region is in the host's name, is named by this ARN.
pub(super) fn is_pinned(url: &str, place: &KeyPlace, arn: Option<&str>) -> bool {
    let Some((host, path)) = url.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    is_own_host(place, host, arn) && is_own_path(place.path.trim_start_matches('/'), path)
}

/// Whether a host is one of a sender's own, as its row writes them. In the place of a region stands that of the ARN and
/// nothing else: under a provider's domain customers make names too (`sns.s3.amazonaws.com` is a bucket's).
pub(crate) fn is_own_host(place: &KeyPlace, host: &str, arn: Option<&str>) -> bool {
    place.hosts.iter().any(|pattern| match pattern.split_once(REGION) {
        None => *pattern == host,
        Some((head, tail)) => {
            let named = host.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
            let region = arn.and_then(region_of).filter(|region| region.starts_with("cn-") == tail.ends_with(".cn"));
            region.is_some() && region == named
        }
    })
}

/// The region in an ARN: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
fn region_of(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').nth(2).filter(|region| is_region(region))
}

/// Whether a text looks like the name of a region: `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let [area, middle @ .., number] = parts.as_slice() else {
        return false;
    };
    let letters = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let words = (1..=2).contains(&middle.len()) && middle.iter().all(|part| letters(part) && part.len() <= 12);
    let numbered = (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    (2..=4).contains(&area.len()) && letters(area) && words && numbered
}

/// Whether a path is as a row writes it.
fn is_own_path(pattern: &str, path: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == path;
    };
    let star = path.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
    star.is_some_and(|star| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=LONGEST_STAR).contains(&star.len()) && star.bytes().all(plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sender::{KeyUrl, Sender};

    /// Names that anybody can have under the domains that senders publish their keys at: buckets, sites, tunnels, APIs.
    const CUSTOMERS: [&str; 22] = [
        "sns.s3.amazonaws.com",
        "sns.s3-us-west-2.amazonaws.com",
        "sns.s3-eu-central-1.amazonaws.com",
        "sns.s3-accelerate.amazonaws.com",
        "sns.s3.dualstack.eu-central-1.amazonaws.com",
        "sns.s3-accelerate.dualstack.amazonaws.com",
        "sns.s3-website-us-east-1.amazonaws.com",
        "sns.s3-website.eu-central-1.amazonaws.com",
        "sns.s3.eu-central-1.amazonaws.com",
        "sns.s3.cn-north-1.amazonaws.com.cn",
        "sns.s3-fips.us-gov-west-1.amazonaws.com",
        "sns.s3-external-1.amazonaws.com",
        "sns.elb.amazonaws.com",
        "sns.execute-api.eu-central-1.amazonaws.com",
        "sns.eu-central-1.elb.amazonaws.com",
        "sns.eu-central-1.amazonaws.com.s3.amazonaws.com",
        "sns.storage.googleapis.com",
        "api.paypal.com.example.com",
        "mallory.paypal.com",
        "sandbox.plaid.com.example.com",
        "mallory.travis-ci.com",
        "storage.googleapis.com",
    ];

    #[test]
    fn no_row_takes_a_host_or_a_path_that_others_can_make() {
        let arns = ["arn:aws:sns:eu-central-1:1:t", "arn:aws-cn:sns:cn-north-1:1:t", "arn:aws:sns:s3:1:t"];
        for sender in Sender::all() {
            let Some(place) = sender.scheme.key_place() else { continue };
            let region = |host: &str| host.replace(REGION, "eu-central-1");
            for pattern in place.hosts {
                let own = region(pattern);
                let arn = Some(arns[usize::from(pattern.ends_with(".cn"))]);
                let own = if pattern.ends_with(".cn") { own.replace("eu-central-1", "cn-north-1") } else { own };
                assert!(is_own_host(place, &own, arn), "{} {own}", sender.name);
                let path = place.path.replace('*', "0a");
                assert!(is_pinned(&format!("https://{own}{path}"), place, arn), "{} {own}{path}", sender.name);
                for bad in ["", "/", "-.", "a_b", "a b", "%30", "é", "..", "a/b", "a.b", "a?b", "a#b", &"a".repeat(65)]
                {
                    let path = place.path.replace('*', bad);
                    let other = path != place.path && (!bad.is_empty() || place.path.contains('*'));
                    assert!(
                        !other || !is_pinned(&format!("https://{own}{path}"), place, arn),
                        "{} {path}",
                        sender.name
                    );
                }
                for (head, tail) in
                    [("x.", ""), ("", ".x"), ("", ".example.com"), ("x@", ""), ("", ":443"), (" ", ""), ("", ".")]
                {
                    assert!(
                        !is_own_host(place, &format!("{head}{own}{tail}"), arn),
                        "{} {head}{own}{tail}",
                        sender.name
                    );
                }
                assert!(!is_own_host(place, &own.to_uppercase(), arn), "{}", sender.name);
            }
            for host in CUSTOMERS {
                for arn in arns.map(Some).into_iter().chain([None]) {
                    assert!(!is_own_host(place, host, arn), "{} {host} {arn:?}", sender.name);
                }
            }
            // An address that a request names is at a host that is written out, but for the region of its own.
            let named = !matches!(place.url, KeyUrl::Fixed(_));
            assert!(named || place.region.is_none() && !place.path.contains('*'), "{}", sender.name);
            assert!(place.hosts.iter().all(|host| !host.contains('*')), "{}", sender.name);
        }
    }

    #[test]
    fn a_region_is_the_topics_own() {
        let place = Sender::named("aws-sns").unwrap().scheme.key_place().unwrap();
        for (host, arn, own) in [
            ("sns.us-east-1.amazonaws.com", "arn:aws:sns:us-east-1:1:t", true),
            ("sns.us-gov-west-1.amazonaws.com", "arn:aws-us-gov:sns:us-gov-west-1:1:t", true),
            ("sns.cn-north-1.amazonaws.com.cn", "arn:aws-cn:sns:cn-north-1:1:t", true),
            ("sns.cn-north-1.amazonaws.com", "arn:aws-cn:sns:cn-north-1:1:t", false),
            ("sns.us-east-1.amazonaws.com.cn", "arn:aws:sns:us-east-1:1:t", false),
            ("sns.us-east-1.amazonaws.com", "arn:aws:sns:us-east-2:1:t", false),
            ("sns.us-east-1.amazonaws.com", "us-east-1", false),
            ("sns.s3.amazonaws.com", "arn:aws:sns:s3:1:t", false),
            ("sns.s3-us-west-2.amazonaws.com", "arn:aws:sns:s3-us-west-2:1:t", false),
            ("sns.s3-accelerate.amazonaws.com", "arn:aws:sns:s3-accelerate:1:t", false),
            ("sns..amazonaws.com", "arn:aws:sns::1:t", false),
        ] {
            assert_eq!(is_own_host(place, host, Some(arn)), own, "{host} {arn}");
        }
        for region in ["ap-southeast-2", "eusc-de-east-1", "us-isob-east-1", "il-central-1", "mx-central-1"] {
            assert!(is_region(region), "{region}");
        }
        for other in ["", "us", "us-east", "us--1", "us-east-100", "s3-us-1", "us-s3-1", "-east-1", "us-a-b-c-1"] {
            assert!(!is_region(other), "{other}");
        }
    }
}
