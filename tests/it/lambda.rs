//! The `lambda` action in one process: functions on MiniStack, what they answer, and what is said where none does.

use bellhop_tests::stand_in::{Kind, REGION, StandIn};
use serde_json::{Value, json};

use crate::sinks::{Away, event};

/// The ARN of a function, or of its alias.
pub(crate) fn function(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:000000000000:function:{name}")
}

/// Functions: one that answers what it was called with, and one that fails each time.
fn make_functions(aws: &StandIn) {
    const SCRIPT: &str = r#"
import io, zipfile
client = aws("lambda")
trust = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
role = aws("iam").create_role(RoleName="function", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
sources = {
    "echo": "def handler(event, context): return {'seen': event, 'big': 'x' * 5000}",
    "fail": "def handler(event, context): raise ValueError('no such order')",
}
for name, source in sources.items():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files: files.writestr("main.py", source)
    client.create_function(FunctionName=name, Runtime="python3.12", Role=role,
        Handler="main.handler", Code={"ZipFile": packed.getvalue()})
client.publish_version(FunctionName="echo")
client.create_alias(FunctionName="echo", Name="live", FunctionVersion="1")
"#;
    aws.python(SCRIPT, &[]);
}

#[tokio::test]
async fn a_function_is_called_and_its_answer_is_recorded() {
    let aws = StandIn::start(Kind::MiniStack);
    make_functions(&aws);
    let (echo, live) = (function("echo"), function("echo:live"));
    let whole = format!("function = \"{echo}\"");
    let made = format!("function = \"{live}\"\n  payload = '{{\"n\": {{{{ payload.n | tojson }}}}}}'");
    let by_the_way = format!("function = \"{echo}\"\n  async = true");
    let hooks = [("whole", whole.as_str()), ("made", &made), ("async", &by_the_way)];
    let away = Away::in_aws("lambda", &aws, &format!("{echo},{live}"), &hooks).await;
    let id = away.say("whole", &json!({"message": "grüß <&>", "n": 1}).to_string()).await;
    let task = away.task(&id, "succeeded").await;
    assert_eq!((&task["kind"], &task["destination"]), (&json!("lambda"), &json!(echo)));
    let attempt = &task["attempts"][0];
    let answer = attempt["answer"].as_str().unwrap_or_default();
    assert_eq!((&attempt["response_status"], answer.len()), (&json!(200), 2048), "its beginning is kept: {task}");
    let (seen, _) = answer.split_once(", \"big\"").or_else(|| answer.split_once(",\"big\"")).expect("what it saw");
    let seen: Value = serde_json::from_str(&format!("{seen}}}")).expect("it is JSON");
    assert_eq!(seen["seen"]["id"], json!(id));
    assert_eq!(seen["seen"]["payload"], json!({"message": "grüß <&>", "n": 1}));
    let id = away.say("made", &json!({"message": "m", "n": "a\"b"}).to_string()).await;
    let task = away.task(&id, "succeeded").await;
    let answer = task["attempts"][0]["answer"].as_str().unwrap_or_default();
    assert!(answer.contains("a\\\"b"), "{task}");
    let task = away.task(&away.say("async", &event("m")).await, "succeeded").await;
    assert_eq!((&task["attempts"][0]["response_status"], &task["attempts"][0]["answer"]), (&json!(202), &json!("")));
    away.finish();
}

#[tokio::test]
async fn one_that_fails_is_called_again_and_one_that_is_not_there_is_given_up() {
    let aws = StandIn::start(Kind::MiniStack);
    make_functions(&aws);
    let (fail, gone) = (function("fail"), function("gone"));
    let (failing, missing) = (format!("function = \"{fail}\""), format!("function = \"{gone}\""));
    let hooks = [("fail", failing.as_str()), ("gone", &missing)];
    let away = Away::in_aws("lambda", &aws, &format!("{fail},{gone}"), &hooks).await;
    let task = away.task(&away.say("fail", &event("m")).await, "retrying").await;
    let attempt = &task["attempts"][0];
    assert!(
        attempt["detail"].as_str().is_some_and(|why| why.contains("the function failed (unhandled error)")),
        "{task}"
    );
    assert!(attempt["answer"].as_str().is_some_and(|answer| answer.contains("no such order")), "{task}");
    assert_eq!(attempt["response_status"], json!(200), "{task}");
    let task = away.task(&away.say("gone", &event("m")).await, "dead").await;
    let reason = task["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("ResourceNotFoundException") && reason.contains(&gone), "{task}");
    away.finish();
}
