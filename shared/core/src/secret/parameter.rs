//! Which names of parameters in Systems Manager a reference may have.

/// The longest name, in characters: that of an ARN is the longest.
const LONGEST: usize = 2048;

/// How many levels a name has at most.
const MOST_LEVELS: usize = 15;

/// The longest name of a version.
const LONGEST_LABEL: usize = 100;

/// What is wrong with the name of a parameter, and how to mend it.
///
/// The service refuses all names of a call for one that breaks its rules (`PutParameter` and `GetParameters` in the Systems
/// Manager API reference). Where Bellhop keeps values itself is nobody's to point at, however it is written.
pub(super) fn problem(text: &str) -> Option<&'static str> {
    const RULES: &str = "write a parameter's name as `ssm:/team/name`: letters, digits, `.`, `-` and `_`, with `/` before each \
                         of at most 15 levels, and `:VERSION` or `:LABEL` at its end where that matters";
    if is_own(text) {
        return Some("Bellhop keeps secrets of its own under this name; put this one under another");
    }
    let name = match text.strip_prefix("arn:") {
        Some(rest) => match rest.splitn(5, ':').collect::<Vec<_>>()[..] {
            [partition, "ssm", region, account, resource]
                if [partition, region, account].iter().all(|s| is_plain(s)) =>
            {
                resource.strip_prefix("parameter")
            }
            _ => None,
        },
        None => Some(text),
    };
    let Some(name) = name.filter(|_| text.len() <= LONGEST) else {
        return Some(RULES);
    };
    let (name, version) = name.split_once(':').map_or((name, None), |(name, version)| (name, Some(version)));
    if version.is_some_and(|version| version.len() > LONGEST_LABEL || !is_plain(version)) {
        return Some(RULES);
    }
    let levels = match name.strip_prefix('/') {
        Some(levels) => levels,
        None if name.contains('/') => return Some(RULES),
        None => name,
    };
    if !levels.split('/').all(is_plain) || levels.split('/').count() > MOST_LEVELS {
        return Some(RULES);
    }
    let begins = levels.get(..3).unwrap_or_default().to_ascii_lowercase();
    if begins == "aws" || begins == "ssm" {
        return Some("names that begin with `aws` or `ssm` are Amazon's own; use a parameter of yours");
    }
    None
}

/// Whether a name leads to where Bellhop keeps secrets: below `/bellhop/STACK/secrets`, in whatever letters, with whatever
/// stands before it and however many slashes.
fn is_own(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let parts: Vec<_> =
        lower.split(['/', ':']).map(str::trim).filter(|part| !part.is_empty() && *part != ".").collect();
    parts.windows(3).any(|parts| parts[0] == "bellhop" && parts[2] == "secrets")
}

/// Whether a text is one or more letters, digits, `.`, `-` and `_`.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_service_takes_are_taken() {
        let deepest = "/a".repeat(MOST_LEVELS);
        let label = format!("/team/x:{}", "v".repeat(LONGEST_LABEL));
        let longest = format!("/{}", "n".repeat(LONGEST - 1));
        for name in [
            "plain",
            "/team/github",
            "/team/a.b-c_D",
            "/team/x:3",
            &label,
            &deepest,
            &longest,
            "/bellhop/prod/mine/github",
            "/team/bellhop/secrets",
            "/team/aws",
            "arn:aws:ssm:eu-central-1:111122223333:parameter/team/x",
            "arn:aws-cn:ssm:cn-north-1:111122223333:parameter/team/x:3",
        ] {
            assert_eq!(problem(name), None, "{name}");
        }
    }

    #[test]
    fn names_that_the_service_refuses_are_refused() {
        let too_deep = "/a".repeat(MOST_LEVELS + 1);
        let label = format!("/team/x:{}", "v".repeat(LONGEST_LABEL + 1));
        let too_long = format!("/{}", "n".repeat(LONGEST));
        for name in [
            "",
            "/",
            " /team/x",
            "/team/x ",
            "/team/x\n",
            "team/x",
            "/team//x",
            "/team/x/",
            "/team/x y",
            "/team/caf\u{e9}",
            "/team/x?",
            "/team/{{x}}",
            "/team/x:",
            "/team/x:1:2",
            &label,
            &too_deep,
            &too_long,
            "aws",
            "/aws/reference/secretsmanager/x",
            "/AWSx",
            "ssm-x",
            "/SSM/x",
            "arn:aws:ssm:eu-central-1:111122223333:document/team/x",
            "arn:aws:s3:::bucket/x",
            "arn:aws:ssm:eu-central-1:111122223333:parameter/aws/x",
            "arn:",
        ] {
            assert!(problem(name).is_some(), "{name}");
        }
    }

    #[test]
    fn what_bellhop_keeps_is_nobodys_to_point_at_however_it_is_written() {
        for name in [
            "/bellhop/prod/secrets/hk_1-0123abcd",
            "/bellhop/prod/secrets",
            "/bellhop/prod/secrets/",
            "bellhop/prod/secrets/x",
            "//bellhop//prod///secrets/x",
            "/Bellhop/Prod/SECRETS/x",
            "/bellhop/prod/secrets/a/b/c",
            "/bellhop/prod/secrets/x:1",
            "/bellhop/prod/secrets/x:label",
            "/./bellhop/./prod/secrets/x",
            "/ bellhop /prod/secrets/x",
            "arn:aws:ssm:eu-central-1:111122223333:parameter/bellhop/prod/secrets/x",
            "arn:aws:ssm:eu-central-1:111122223333:parameter//bellhop/prod/secrets/x:2",
            "arn:aws-us-gov:ssm:us-gov-west-1:111122223333:parameter/BELLHOP/prod/secrets/x",
        ] {
            assert!(problem(name).is_some_and(|why| why.contains("of its own")), "{name}");
        }
    }
}
