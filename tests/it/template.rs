//! The rules of `template.yaml`: queues that lose nothing, functions that may do no more than they need.

use bellhop_tests::build::workspace;
use yaml_rust2::{Yaml, YamlLoader};

/// The parsed template; intrinsic functions in short form (`!Ref X`) stand as their argument.
fn template() -> Yaml {
    let text = std::fs::read_to_string(workspace().join("template.yaml")).expect("there is a template");
    YamlLoader::load_from_str(&text).expect("the template is YAML").remove(0)
}

/// The resources of a type: their names and properties.
fn resources(template: &Yaml, kind: &str) -> Vec<(String, Yaml)> {
    let all = template["Resources"].as_hash().expect("a template has resources");
    let wanted = all.iter().filter(|(_, resource)| resource["Type"].as_str() == Some(kind));
    wanted.map(|(name, resource)| (text(name), resource["Properties"].clone())).collect()
}

fn text(value: &Yaml) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A value that may stand alone or in a list.
fn list(value: &Yaml) -> Vec<Yaml> {
    match value {
        Yaml::Array(items) => items.clone(),
        Yaml::BadValue => Vec::new(),
        single => vec![single.clone()],
    }
}

fn queue(template: &Yaml, arn: &Yaml) -> (String, Yaml) {
    let arn = text(arn);
    let name = arn.trim_end_matches(".Arn");
    resources(template, "AWS::SQS::Queue")
        .into_iter()
        .find(|(known, _)| known == name)
        .unwrap_or_else(|| panic!("no queue {name}"))
}

fn timeout(template: &Yaml, function: &str) -> i64 {
    let functions = resources(template, "AWS::Serverless::Function");
    let (_, own) =
        functions.iter().find(|(name, _)| name == function).unwrap_or_else(|| panic!("no function {function}"));
    own["Timeout"].as_i64().or_else(|| template["Globals"]["Function"]["Timeout"].as_i64()).unwrap_or(3)
}

#[test]
fn every_queue_source_answers_record_by_record_and_has_room() {
    let template = template();
    let sources = resources(&template, "AWS::Lambda::EventSourceMapping");
    assert!(sources.len() >= 2, "the inbox and the Telegram queue");
    for (name, source) in sources {
        let responses: Vec<String> = list(&source["FunctionResponseTypes"]).iter().map(text).collect();
        assert_eq!(responses, ["ReportBatchItemFailures"], "{name}");
        let concurrency = source["ScalingConfig"]["MaximumConcurrency"].as_i64().unwrap_or_default();
        assert!((2..=1000).contains(&concurrency), "{name}: maximum concurrency {concurrency}");
        assert_eq!(source["BatchSize"].as_i64(), Some(10), "{name}");
        let (queue_name, queue) = queue(&template, &source["EventSourceArn"]);
        let visibility = queue["VisibilityTimeout"].as_i64().unwrap_or(30);
        let needed = 6 * timeout(&template, &text(&source["FunctionName"]));
        assert!(visibility >= needed, "{queue_name}: visibility {visibility} s is less than {needed} s");
    }
}

#[test]
fn every_queue_has_a_dead_letter_queue_that_keeps_longer() {
    let template = template();
    let queues = resources(&template, "AWS::SQS::Queue");
    let targets: Vec<String> =
        queues.iter().map(|(_, queue)| text(&queue["RedrivePolicy"]["deadLetterTargetArn"])).collect();
    for (name, queue_of_source) in &queues {
        assert_eq!(queue_of_source["SqsManagedSseEnabled"].as_bool(), Some(true), "{name} is encrypted");
        if targets.contains(&format!("{name}.Arn")) {
            continue;
        }
        let policy = &queue_of_source["RedrivePolicy"];
        let receives = policy["maxReceiveCount"].as_i64().unwrap_or_default();
        let (dead_name, dead) = queue(&template, &policy["deadLetterTargetArn"]);
        let kept = |queue: &Yaml| queue["MessageRetentionPeriod"].as_i64().unwrap_or(345_600);
        assert!(
            kept(&dead) > kept(queue_of_source),
            "{dead_name} keeps {} s, {name} {} s",
            kept(&dead),
            kept(queue_of_source)
        );
        let fifo = |queue: &Yaml| queue["FifoQueue"].as_bool() == Some(true);
        assert_eq!(fifo(&dead), fifo(queue_of_source), "{name}");
        // On a FIFO queue a wait is a receive too, so only a high count does not throw good messages away.
        let least = if fifo(queue_of_source) { 1000 } else { 5 };
        assert!((least..=1000).contains(&receives), "{name}: maxReceiveCount {receives}");
    }
}

#[test]
fn functions_are_small_and_keep_their_logs_for_a_while() {
    let template = template();
    let functions = resources(&template, "AWS::Serverless::Function");
    let globals = &template["Globals"]["Function"];
    assert_eq!(functions.len(), 5);
    let of = |own: &Yaml, field: &str| {
        if own[field].is_badvalue() { globals[field].clone() } else { own[field].clone() }
    };
    for (name, own) in &functions {
        assert_eq!(of(own, "MemorySize").as_i64(), Some(128), "{name}");
        assert_eq!(text(&of(own, "Tracing")), "Tracing", "{name}: chosen by parameter");
        assert_eq!(text(&of(own, "Runtime")), "provided.al2023", "{name}");
        assert_eq!(text(&of(own, "Handler")), "bootstrap", "{name}");
        let architectures: Vec<String> = list(&of(own, "Architectures")).iter().map(text).collect();
        assert_eq!(architectures, ["Architecture"], "{name}: chosen by parameter");
        // The scheduler asks others and may have to wait for them; nobody waits for it.
        let longest = if name == "SchedulerFunction" { 240 } else { 60 };
        assert!(timeout(&template, name) <= longest, "{name}");
    }
    assert_eq!(text(&template["Parameters"]["Architecture"]["Default"]), "arm64");
    let logs = resources(&template, "AWS::Logs::LogGroup");
    assert_eq!(logs.len(), functions.len(), "a log group for each function");
    for (name, group) in logs {
        assert!(!group["RetentionInDays"].is_badvalue(), "{name} is kept for ever");
    }
}

#[test]
fn policies_name_actions_and_resources() {
    let template = template();
    let roles = resources(&template, "AWS::IAM::Role");
    let functions = resources(&template, "AWS::Serverless::Function");
    assert_eq!(roles.len(), functions.len(), "a role for each function");
    let mut used: Vec<String> = functions.iter().map(|(_, own)| text(&own["Role"])).collect();
    used.sort();
    used.dedup();
    assert_eq!(used.len(), functions.len(), "no two functions share a role: {used:?}");
    for (name, own) in &functions {
        assert!(own["Policies"].is_badvalue(), "{name}: its role holds its policies");
    }
    for (name, role) in &roles {
        assert!(role["ManagedPolicyArns"].is_badvalue(), "{name} has managed policies");
        let statements =
            list(&role["Policies"]).into_iter().flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]));
        for statement in statements {
            let actions: Vec<String> = list(&statement["Action"]).iter().map(text).collect();
            let resources: Vec<String> = list(&statement["Resource"]).iter().map(text).collect();
            assert!(!actions.is_empty() && !resources.is_empty(), "{name}: {statement:?}");
            // X-Ray knows no resources.
            let tracing = actions.iter().all(|action| action.starts_with("xray:Put"));
            for action in &actions {
                assert!(!action.contains('*'), "{name} may do {action}");
            }
            for resource in &resources {
                let below_a_name = resource.ends_with("/*") && !resource.trim_end_matches("/*").contains('*');
                assert!(tracing || !resource.contains('*') || below_a_name, "{name} may touch {resource}");
            }
        }
    }
}

/// The statements of a role.
fn statements(template: &Yaml, role: &str) -> Vec<Yaml> {
    let roles = resources(template, "AWS::IAM::Role");
    let (_, role) = roles.into_iter().find(|(name, _)| name == role).unwrap_or_else(|| panic!("no role {role}"));
    list(&role["Policies"]).iter().flat_map(|policy| list(&policy["PolicyDocument"]["Statement"])).collect()
}

#[test]
fn the_door_reads_hooks_and_writes_nothing_but_limits_and_offers() {
    let template = template();
    let reads = ["HOOKS", "NOTE#limit", "NOTE#ranges"];
    let mut seen = Vec::new();
    for statement in statements(&template, "IngressRole") {
        let actions: Vec<String> = list(&statement["Action"]).iter().map(text).collect();
        if actions.iter().any(|action| action.starts_with("dynamodb:")) {
            let keys = &statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"];
            seen.push((actions, list(keys).iter().map(text).collect::<Vec<_>>()));
        }
    }
    let expected = [
        (["dynamodb:Query", "dynamodb:GetItem"], reads.as_slice()),
        (["dynamodb:PutItem", "dynamodb:UpdateItem"], &["NOTE#limit", "NOTE#offer"]),
    ];
    let owned = |words: &[&str]| -> Vec<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    assert_eq!(seen, expected.map(|(actions, keys)| (owned(&actions), owned(keys))));
}

#[test]
fn only_the_api_deletes_events_and_nobody_scans() {
    let template = template();
    for (name, _) in resources(&template, "AWS::IAM::Role") {
        let allowed: Vec<_> = statements(&template, &name).iter().flat_map(|one| list(&one["Action"])).collect();
        let may = |action: &str| allowed.iter().any(|allowed| text(allowed) == action);
        for action in ["dynamodb:DeleteItem", "s3:DeleteObject", "ssm:DeleteParameters"] {
            assert_eq!(may(action), name == "ApiRole", "{name}: {action}");
        }
        assert!(!may("dynamodb:Scan"), "{name}");
    }
}

#[test]
fn the_scheduler_is_rung_and_outlives_no_message_s_time_out_of_sight() {
    let template = template();
    let (name, rule) = resources(&template, "AWS::Events::Rule").remove(0);
    assert_eq!(text(&rule["ScheduleExpression"]), "rate(5 minutes)");
    assert_eq!(text(&list(&rule["Targets"])[0]["Arn"]), "SchedulerFunction.Arn");
    let permissions = resources(&template, "AWS::Lambda::Permission");
    let granted = permissions.iter().any(|(_, permission)| {
        text(&permission["FunctionName"]) == "SchedulerFunction"
            && text(&permission["SourceArn"]) == format!("{name}.Arn")
    });
    assert!(granted, "the rule may ring the scheduler");
    for name in ["InboxDeadLetterQueue", "TelegramDeadLetterQueue"] {
        let (_, queue) = queue(&template, &Yaml::String(format!("{name}.Arn")));
        let visibility = queue["VisibilityTimeout"].as_i64().unwrap_or(30);
        assert!(visibility > timeout(&template, "SchedulerFunction"), "{name}: {visibility} s");
    }
}

#[test]
fn the_table_forgets_and_the_bucket_is_closed() {
    let template = template();
    let (_, table) = resources(&template, "AWS::DynamoDB::Table").remove(0);
    assert_eq!(text(&table["TimeToLiveSpecification"]["AttributeName"]), "expires_at");
    assert_eq!(table["TimeToLiveSpecification"]["Enabled"].as_bool(), Some(true));
    assert_eq!(text(&table["BillingMode"]), "PAY_PER_REQUEST");
    let (_, bucket) = resources(&template, "AWS::S3::Bucket").remove(0);
    for switch in ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"] {
        assert_eq!(bucket["PublicAccessBlockConfiguration"][switch].as_bool(), Some(true), "{switch}");
    }
    assert!(!list(&bucket["LifecycleConfiguration"]["Rules"]).is_empty(), "bodies are deleted some day");
}

#[test]
fn every_path_of_the_contract_has_its_route() {
    let template = template();
    let mut routes: Vec<String> =
        resources(&template, "AWS::ApiGatewayV2::Route").iter().map(|(_, route)| text(&route["RouteKey"])).collect();
    routes.sort();
    for route in [
        "GET /health",
        "ANY /webhook",
        "ANY /webhook/{proxy+}",
        "POST /api/webhooks/{proxy+}",
        "HEAD /api/webhooks/{proxy+}",
        "OPTIONS /api/webhooks/{proxy+}",
        "GET /api/webhooks/{proxy+}",
        "POST /api/webhook/{channel}",
        "ANY /api/hooks",
        "ANY /api/hooks/{proxy+}",
        "ANY /api/events",
        "ANY /api/events/{proxy+}",
        "ANY /api/tasks",
        "ANY /api/tasks/{proxy+}",
        "ANY /api/tokens",
        "ANY /api/tokens/{proxy+}",
        "ANY /api/config",
        "GET /openapi.json",
    ] {
        assert!(routes.iter().any(|known| known == route), "{route} is missing of {routes:?}");
    }
}
