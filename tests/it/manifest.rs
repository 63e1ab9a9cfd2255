//! `infra/functions.toml` names every function and queue once: template.yaml, monitoring.yaml, the folders and the
//! programs of the tests have exactly those, wired like that.

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use bellhop_tests::build::{TESTED, workspace};
use bellhop_tests::manifest::{Manifest, Start, resource};
use bellhop_tests::stack::python;
use yaml_rust2::{Yaml, YamlLoader};

use crate::template::{list, resources, template, text};

/// What one side says, a fact a line.
type Facts = BTreeSet<String>;

/// Fails with what only one of the two sides says.
fn check(what: &str, manifest: &Facts, other: &Facts) {
    let missing: Vec<_> = manifest.difference(other).collect();
    let unknown: Vec<_> = other.difference(manifest).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "infra/functions.toml and {what} differ.\nonly in infra/functions.toml: {missing:#?}\nonly in {what}: {unknown:#?}"
    );
}

/// What the manifest wants of template.yaml.
fn wanted_resources(manifest: &Manifest) -> Facts {
    let mut facts = Facts::new();
    for (name, own) in &manifest.functions {
        let function = resource(name, "Function");
        let (memory, timeout) = (own.memory_mb, own.timeout_seconds);
        facts.insert(format!(
            "{function}: ${{AWS::StackName}}-{name} of functions/{name}, {memory} MB, {timeout} s, {} and {}",
            resource(name, "Role"),
            resource(name, "Logs"),
        ));
        facts.insert(format!("{}: /aws/lambda/${{AWS::StackName}}-{name}", resource(name, "Logs")));
        match &own.started_by {
            Start::Http(_) => facts.insert(format!("apigateway.amazonaws.com starts {function}")),
            Start::Rule(rule) => facts.insert(format!("{rule} starts {function}")),
            Start::Queue(queue) => {
                let queue_of = &manifest.queues[queue];
                let (source, queue) = (resource(queue, "Source"), resource(queue, "Queue"));
                let most = queue_of.concurrency;
                facts.insert(format!("{source}: {queue} starts {function}, {most} at a time"))
            }
        };
        // Who works at a queue that keeps an order gives messages back to it.
        let own_queue = match &own.started_by {
            Start::Queue(queue) if manifest.queues[queue].fifo => Some(queue),
            _ => None,
        };
        for queue in own.sends_to.iter().chain(own_queue) {
            facts.insert(format!("{function}: {} is {}", manifest.queues[queue].address, resource(queue, "Queue")));
        }
        for queue in &own.settles {
            let address = &manifest.queues[queue].dead_letter_address;
            facts.insert(format!("{function}: {address} is {}", resource(queue, "DeadLetterQueue")));
        }
    }
    for (name, own) in &manifest.queues {
        let (queue, dead) = (resource(name, "Queue"), resource(name, "DeadLetterQueue"));
        let (fifo, seconds, receives) = (own.fifo, own.visibility_seconds, own.max_receives);
        facts.insert(format!("{queue}: fifo {fifo}, {seconds} s, {receives} receives, then {dead}"));
        facts.insert(format!("{dead}: fifo {fifo}"));
        facts.extend([&queue, &dead].map(|queue| format!("the output {queue}Url is {queue}")));
    }
    facts
}

/// What template.yaml says of the same.
fn found_resources(template: &Yaml) -> Facts {
    let mut facts = Facts::new();
    let arn = |value: &Yaml| text(value).trim_end_matches(".Arn").to_owned();
    let number = |value: &Yaml| value.as_i64().map_or("no".to_owned(), |number| number.to_string());
    for (function, own) in resources(template, "AWS::Serverless::Function") {
        let memory = [&own["MemorySize"], &template["Globals"]["Function"]["MemorySize"]];
        let memory = memory.into_iter().find(|size| !size.is_badvalue()).map_or("no".to_owned(), number);
        facts.insert(format!(
            "{function}: {} of {}, {memory} MB, {} s, {} and {}",
            text(&own["FunctionName"]),
            text(&own["CodeUri"]),
            number(&own["Timeout"]),
            arn(&own["Role"]),
            text(&own["LoggingConfig"]["LogGroup"]),
        ));
        let variables = own["Environment"]["Variables"].as_hash().into_iter().flatten();
        let of_queues = variables.filter(|(_, value)| text(value).ends_with("Queue"));
        facts.extend(of_queues.map(|(name, queue)| format!("{function}: {} is {}", text(name), text(queue))));
    }
    for (logs, own) in resources(template, "AWS::Logs::LogGroup") {
        // The one for requests at API Gateway is no function's.
        if logs != "AccessLogGroup" {
            facts.insert(format!("{logs}: {}", text(&own["LogGroupName"])));
        }
    }
    let rules = resources(template, "AWS::Events::Rule");
    let integrated: Vec<String> = resources(template, "AWS::ApiGatewayV2::Integration")
        .iter()
        .map(|(_, own)| arn(&own["IntegrationUri"]))
        .collect();
    for (name, own) in resources(template, "AWS::Lambda::Permission") {
        let (function, principal) = (text(&own["FunctionName"]), text(&own["Principal"]));
        let rule = rules.iter().find(|(rule, _)| *rule == arn(&own["SourceArn"]));
        let starts = match rule {
            Some((_, rule)) => {
                assert_eq!(arn(&list(&rule["Targets"])[0]["Arn"]), function, "{name}");
                text(&rule["ScheduleExpression"])
            }
            None => {
                assert!(integrated.contains(&function), "{name} is for routes, and none leads to {function}");
                principal
            }
        };
        facts.insert(format!("{starts} starts {function}"));
    }
    for (source, own) in resources(template, "AWS::Lambda::EventSourceMapping") {
        facts.insert(format!(
            "{source}: {} starts {}, {} at a time",
            arn(&own["EventSourceArn"]),
            text(&own["FunctionName"]),
            number(&own["ScalingConfig"]["MaximumConcurrency"]),
        ));
    }
    for (queue, own) in resources(template, "AWS::SQS::Queue") {
        let fifo = own["FifoQueue"].as_bool().unwrap_or_default();
        let redrive = &own["RedrivePolicy"];
        facts.insert(match redrive.is_badvalue() {
            true => format!("{queue}: fifo {fifo}"),
            false => format!(
                "{queue}: fifo {fifo}, {} s, {} receives, then {}",
                number(&own["VisibilityTimeout"]),
                number(&redrive["maxReceiveCount"]),
                arn(&redrive["deadLetterTargetArn"]),
            ),
        });
    }
    let outputs = template["Outputs"].as_hash().expect("a template has outputs");
    let of_queues = outputs.iter().filter(|(_, output)| text(&output["Value"]).ends_with("Queue"));
    facts.extend(of_queues.map(|(name, output)| format!("the output {} is {}", text(name), text(&output["Value"]))));
    facts
}

/// What the manifest wants to be watched and shown.
fn wanted_watch(manifest: &Manifest) -> Facts {
    let functions = manifest.names().flat_map(|name| {
        let metric = |metric: &str| format!("AWS/Lambda {metric} of ${{StackName}}-{name}");
        let shown = ["Duration", "Errors", "Throttles"].map(|one| format!("shown: {}", metric(one)));
        shown.into_iter().chain(["Errors", "Throttles"].map(|one| format!("alarm: {}", metric(one))))
    });
    let queues = manifest.queues.keys().flat_map(|name| {
        let (queue, dead) = (resource(name, "QueueName"), resource(name, "DeadLetterQueueName"));
        let age = format!("AWS/SQS ApproximateAgeOfOldestMessage of {queue}");
        let letters = format!("AWS/SQS ApproximateNumberOfMessagesVisible of {dead}");
        let named = [queue, dead].map(|name| format!("parameter {name}"));
        [age, letters].into_iter().flat_map(|one| [format!("alarm: {one}"), format!("shown: {one}")]).chain(named)
    });
    functions.chain(queues).collect()
}

/// What monitoring.yaml watches and shows of functions and queues.
fn found_watch(monitoring: &Yaml) -> Facts {
    let alarms = resources(monitoring, "AWS::CloudWatch::Alarm").into_iter().map(|(_, alarm)| {
        let value = text(&list(&alarm["Dimensions"])[0]["Value"]);
        ("alarm", text(&alarm["Namespace"]), text(&alarm["MetricName"]), value)
    });
    let dashboard = text(&monitoring["Resources"]["Overview"]["Properties"]["DashboardBody"]);
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).expect("a dashboard is JSON");
    let widgets = dashboard["widgets"].as_array().expect("it has widgets");
    let metrics = widgets.iter().flat_map(|widget| widget["properties"]["metrics"].as_array().into_iter().flatten());
    let shown = metrics.map(|metric| {
        let word = |at: usize| metric[at].as_str().unwrap_or_default().to_owned();
        // A parameter alone stands as its name, as an alarm has it; a name made of one stands as it is.
        let value = word(3);
        let parameter = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        ("shown", word(0), word(1), parameter.unwrap_or(&value).to_owned())
    });
    let ours = alarms.chain(shown).filter(|(_, namespace, ..)| ["AWS/Lambda", "AWS/SQS"].contains(&namespace.as_str()));
    let parameters = monitoring["Parameters"].as_hash().expect("it has parameters").keys().map(text);
    let of_queues = parameters.filter(|name| name.ends_with("QueueName")).map(|name| format!("parameter {name}"));
    ours.map(|(what, namespace, metric, value)| format!("{what}: {namespace} {metric} of {value}"))
        .chain(of_queues)
        .collect()
}

/// A template of this checkout.
fn read(path: &str) -> String {
    std::fs::read_to_string(workspace().join(path)).expect("the file is there")
}

/// Text as YAML.
fn parsed(text: &str) -> Yaml {
    YamlLoader::load_from_str(text).expect("it is YAML").remove(0)
}

#[test]
fn the_template_has_exactly_these_functions_and_queues() {
    check("template.yaml", &wanted_resources(&Manifest::load()), &found_resources(&template()));
}

#[test]
fn exactly_these_are_watched_and_shown() {
    check(
        "infra/monitoring.yaml",
        &wanted_watch(&Manifest::load()),
        &found_watch(&parsed(&read("infra/monitoring.yaml"))),
    );
}

#[test]
fn exactly_these_are_programs() {
    let manifest = Manifest::load();
    let folders = std::fs::read_dir(workspace().join("functions")).expect("there are functions");
    let folders = folders.flatten().filter(|entry| entry.path().join("Cargo.toml").is_file());
    let folders: Facts = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    check("functions/", &manifest.names().map(str::to_owned).collect(), &folders);
    let tests: toml::Table = toml::from_str(&read("tests/Cargo.toml")).expect("it is TOML");
    let programs = tests["bin"].as_array().expect("it has programs").iter();
    let of_functions =
        programs.filter(|program| program["path"].as_str().is_some_and(|path| path.starts_with("../functions/")));
    let found: Facts = of_functions.map(|program| format!("{} is {}", program["name"], program["path"])).collect();
    let wanted = manifest.names().map(|name| format!("\"{TESTED}{name}\" is \"../functions/{name}/src/main.rs\""));
    check("tests/Cargo.toml", &wanted.collect(), &found);
}

/// A stand-in for cargo that notes how it is called and makes every function that it is asked for.
const CARGO: &str = "#!/bin/sh\n\
    echo \"$*\" >> \"$CALLS\"\n\
    while [ $# -gt 0 ]; do case $1 in\n\
    --lambda-dir) out=$2; shift;;\n\
    --package=*) name=${1#--package=}; mkdir -p \"$out/$name\"; echo \"$name\" > \"$out/$name/bootstrap\";;\n\
    esac; shift; done\n";

/// One call links all functions at the same time, where one each would do it one after the other.
#[test]
fn one_call_builds_all_functions_for_a_deployment() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (cargo, calls, out) = (folder.path().join("cargo"), folder.path().join("calls"), folder.path().join("out"));
    std::fs::write(&cargo, CARGO).expect("a file can be written");
    std::fs::set_permissions(&cargo, Permissions::from_mode(0o755)).expect("it can be made a program");
    let path = std::env::var("PATH").expect("there is a search path");
    let mut command = Command::new(python());
    command.args(["-c", "import pathlib, sam, sys; sam.build('arm64', pathlib.Path(sys.argv[1]))"]).arg(&out);
    command.current_dir(workspace().join("infra")).env("CALLS", &calls);
    command.env("PATH", format!("{}:{path}", folder.path().display()));
    let output = command.output().expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let calls = std::fs::read_to_string(&calls).expect("cargo was called");
    assert_eq!(calls.lines().count(), 1, "{calls}");
    assert!(calls.starts_with("lambda build --release") && calls.contains("--arm64"), "{calls}");
    let built = parsed(&std::fs::read_to_string(out.join("build/template.yaml")).expect("there is a built template"));
    for name in Manifest::load().names() {
        let function = resource(name, "Function");
        let binary = std::fs::read_to_string(out.join("build").join(&function).join("bootstrap"));
        assert_eq!(binary.expect("the function was built").trim(), name);
        assert_eq!(text(&built["Resources"][function.as_str()]["Properties"]["CodeUri"]), function);
    }
}

/// The names that stand in the manifest: everything that is started, sent to or settled is there.
#[test]
fn each_queue_has_one_function_and_someone_who_sends_and_settles() {
    let manifest = Manifest::load();
    for name in manifest.queues.keys() {
        let who = |test: &dyn Fn(&bellhop_tests::manifest::Function) -> bool| {
            manifest.functions.values().filter(|function| test(function)).count()
        };
        assert_eq!(who(&|function| function.started_by == Start::Queue(name.clone())), 1, "{name} starts one function");
        assert!(who(&|function| function.sends_to.contains(name)) > 0, "somebody sends to {name}");
        assert_eq!(who(&|function| function.settles.contains(name)), 1, "one settles the dead letters of {name}");
    }
    let used = manifest.functions.values().flat_map(|function| function.sends_to.iter().chain(&function.settles));
    assert!(used.clone().count() > 0 && used.into_iter().all(|name| manifest.queues.contains_key(name)));
}

/// A change to either side is seen: what the tests above rely on.
#[test]
fn another_template_says_something_else() {
    let manifest = Manifest::load();
    let (template, monitoring) = (read("template.yaml"), read("infra/monitoring.yaml"));
    assert!(wanted_resources(&manifest).len() >= 30 && wanted_watch(&manifest).len() >= 30);
    for (from, to) in [
        ("maxReceiveCount: 5", "maxReceiveCount: 6"),
        ("VisibilityTimeout: 360", "VisibilityTimeout: 30"),
        ("MaximumConcurrency: 2", "MaximumConcurrency: 3"),
        ("FunctionName: !Ref TelegramFunction", "FunctionName: !Ref RouterFunction"),
        ("Timeout: 60", "Timeout: 61"),
        ("MemorySize: 128", "MemorySize: 256"),
        ("ScheduleExpression: rate(5 minutes)", "ScheduleExpression: rate(1 minute)"),
        ("BELLHOP_TELEGRAM_QUEUE_URL: !Ref TelegramQueue", "BELLHOP_TELEGRAM_QUEUE_URL: !Ref InboxQueue"),
        (
            "deadLetterTargetArn: !GetAtt TelegramDeadLetterQueue.Arn",
            "deadLetterTargetArn: !GetAtt InboxDeadLetterQueue.Arn",
        ),
        ("LogGroup: !Ref SchedulerLogs", "LogGroup: !Ref ApiLogs"),
        ("  InboxDeadLetterQueueUrl:", "  InboxLettersUrl:"),
    ] {
        assert!(template.contains(from), "{from}");
        let other = found_resources(&parsed(&template.replacen(from, to, 1)));
        assert_ne!(other, wanted_resources(&manifest), "{to}");
    }
    for (from, to) in [
        ("Value: !Ref TelegramDeadLetterQueueName", "Value: !Ref InboxDeadLetterQueueName"),
        ("Value: !Sub \"${StackName}-scheduler\"", "Value: !Sub \"${StackName}-api\""),
        ("  TelegramQueueName:", "  TelegramQueue:"),
    ] {
        assert!(monitoring.contains(from), "{from}");
        let other = found_watch(&parsed(&monitoring.replacen(from, to, 1)));
        assert_ne!(other, wanted_watch(&manifest), "{to}");
    }
}
