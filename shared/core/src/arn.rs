//! Things in AWS, as people name them, and which of them actions may call.
//!
//! Facts: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>.

/// The variable that lists what actions may call in AWS.
pub const TARGETS_VARIABLE: &str = "BELLHOP_ACTION_TARGETS";

/// The parameter of the template that the variable is made of.
pub const TARGETS_PARAMETER: &str = "ActionTargets";

/// The longest ARN, in bytes.
const MOST_BYTES: usize = 1_600;

/// The name of a thing: `arn:aws:events:eu-central-1:111122223333:event-bus/orders`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    /// All of it.
    pub text: &'a str,
    /// The service: `events`.
    pub service: &'a str,
    /// The region: `eu-central-1`.
    pub region: &'a str,
    /// The account, of twelve digits: `111122223333`.
    pub account: &'a str,
    /// What it is and how it is called there: `event-bus/orders`.
    pub resource: &'a str,
}

/// What actions may call: ARNs, each written out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Targets(Vec<String>);

impl<'a> Arn<'a> {
    /// Reads the name of a thing that is in a region of an account; `None` where it is none, or stands for several.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        let (start, partition, service, region, account, resource) =
            (next()?, next()?, next()?, next()?, next()?, next()?);
        let is_word = |word: &str| {
            let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            !word.is_empty() && word.bytes().all(is_part)
        };
        let is_resource = !resource.is_empty()
            && resource.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._:-".contains(&byte));
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let is_place = partition.starts_with("aws") && [partition, service, region].into_iter().all(is_word);
        let is_whole = start == "arn" && is_place && is_account && is_resource && text.len() <= MOST_BYTES;
        is_whole.then_some(Self { text, service, region, account, resource })
    }

    /// The name of the event bus that it is; `None` where it is something else.
    pub fn bus(&self) -> Option<&'a str> {
        self.resource.strip_prefix("event-bus/").filter(|_| self.service == "events")
    }
}

impl Targets {
    /// Reads a list that is separated by commas.
    pub fn read(list: &str) -> Self {
        Self(list.split(',').map(str::trim).filter(|arn| !arn.is_empty()).map(str::to_owned).collect())
    }

    /// The thing of this ARN, if it may be called; the error says what to do.
    fn allowed<'a>(&self, arn: &'a str) -> Result<Arn<'a>, String> {
        let read = Arn::parse(arn).ok_or_else(|| format!("{arn} is no ARN"))?;
        match self.0.iter().any(|target| target == arn) {
            true => Ok(read),
            false => Err(format!("{arn} is not among what actions may call: {}", fix(arn))),
        }
    }

    /// What an action names: by its ARN, or an event bus by its name in a region; the error says what to do.
    pub fn find<'a>(&'a self, name: &'a str, region: &str) -> Result<Arn<'a>, String> {
        if name.starts_with("arn:") {
            return self.allowed(name);
        }
        let listed = self.0.iter().filter_map(|target| Arn::parse(target));
        let mut named = listed.filter(|target| target.region == region && target.bus() == Some(name));
        match (named.next(), named.next()) {
            (Some(arn), None) => Ok(arn),
            (Some(_), Some(_)) => Err(format!("several event buses are called `{name}`: write its ARN as `bus`")),
            (None, _) => Err(format!(
                "the event bus `{name}` in {region} is not among what actions may call: {}",
                fix("its ARN")
            )),
        }
    }
}

/// How a thing comes among what actions may call.
pub fn fix(arn: &str) -> String {
    format!(
        "add {arn} to the parameter {TARGETS_PARAMETER} of the stack, or in one process to the variable {TARGETS_VARIABLE}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUS: &str = "arn:aws:events:eu-central-1:111122223333:event-bus/default";
    const FUNCTION: &str = "arn:aws:lambda:us-gov-west-1:111122223333:function:ops_Notify:live";

    #[test]
    fn an_arn_is_one_thing_in_one_region_of_one_account() {
        let bus = Arn::parse(BUS).unwrap();
        assert_eq!((bus.service, bus.region, bus.bus()), ("events", "eu-central-1", Some("default")));
        assert_eq!(bus.account, "111122223333");
        let function = Arn::parse(FUNCTION).unwrap();
        assert_eq!((function.service, function.resource, function.bus()), ("lambda", "function:ops_Notify:live", None));
        for wrong in [
            "",
            "default",
            "arn:aws:events:eu-central-1:111122223333",
            "arn:aws:events:eu-central-1:111122223333:",
            "arn:aws:events::111122223333:event-bus/default",
            "arn:aws:s3:::bucket",
            "arn:aws:events:eu-central-1:11112222:event-bus/default",
            "arn:aws:events:eu-central-1:111122223333:event-bus/*",
            "arn:aws:events:*:111122223333:event-bus/default",
            "arn:aws:events:evil.example.com/x:111122223333:event-bus/default",
            "arn:aws:events:evil@x:111122223333:event-bus/default",
            "arn:aws:lambda:eu-central-1:111122223333:function:a?b",
            "arn:aws:lambda:eu-central-1:111122223333:function:a b",
            "arn:other:lambda:eu-central-1:111122223333:function:a",
            " arn:aws:lambda:eu-central-1:111122223333:function:a",
            &format!("arn:aws:lambda:eu-central-1:111122223333:function:{}", "a".repeat(2_000)),
        ] {
            assert_eq!(Arn::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_what_is_listed_may_be_called() {
        let other = "arn:aws:events:us-east-1:111122223333:event-bus/orders";
        let targets = Targets::read(&format!(" {BUS}, {FUNCTION},,{other},arn:aws:lambda:*:*:function:*"));
        assert_eq!(targets.allowed(FUNCTION).unwrap().text, FUNCTION);
        for (bus, region, expected) in [
            (BUS, "eu-central-1", Some(BUS)),
            (BUS, "us-east-1", Some(BUS)),
            ("default", "eu-central-1", Some(BUS)),
            ("default", "us-east-1", None),
            ("orders", "us-east-1", Some(other)),
            ("orders", "eu-central-1", None),
            ("", "eu-central-1", None),
            ("event-bus/default", "eu-central-1", None),
        ] {
            assert_eq!(targets.find(bus, region).ok().map(|arn| arn.text), expected, "{bus} {region}");
        }
        for wrong in [&FUNCTION[..FUNCTION.len() - 5], "arn:aws:lambda:eu-central-1:111122223333:function:x", "*"] {
            assert!(targets.allowed(wrong).is_err(), "{wrong}");
        }
        let error = Targets::default().find("default", "eu-central-1").unwrap_err();
        assert!(error.contains(TARGETS_PARAMETER) && error.contains(TARGETS_VARIABLE), "{error}");
    }

    #[test]
    fn a_name_that_two_buses_have_is_none() {
        let theirs = BUS.replace("1111", "4444");
        let targets = Targets::read(&format!("{BUS},{theirs}"));
        assert!(targets.find("default", "eu-central-1").unwrap_err().contains("several"));
        assert_eq!(targets.find(&theirs, "eu-central-1").unwrap().text, theirs);
    }
}
