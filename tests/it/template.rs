//! The rules of `template.yaml`: queues that lose nothing, routes that do not starve each other, a closed bucket. What
//! functions may do is in [`crate::iam`].

use bellhop_core::door::Endpoint;
use bellhop_tests::build::workspace;
use bellhop_tests::manifest::{Function, Manifest, Start, resource};
use yaml_rust2::{Yaml, YamlLoader};

/// The parsed template; intrinsic functions in short form (`!Ref X`) stand as their argument.
pub(crate) fn template() -> Yaml {
    let text = std::fs::read_to_string(workspace().join("template.yaml")).expect("there is a template");
    YamlLoader::load_from_str(&text).expect("the template is YAML").remove(0)
}

/// The resources of a type: their names and properties.
pub(crate) fn resources(template: &Yaml, kind: &str) -> Vec<(String, Yaml)> {
    let all = template["Resources"].as_hash().expect("a template has resources");
    let wanted = all.iter().filter(|(_, resource)| resource["Type"].as_str() == Some(kind));
    wanted.map(|(name, resource)| (text(name), resource["Properties"].clone())).collect()
}

/// A text; empty where the value is none.
pub(crate) fn text(value: &Yaml) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A value that may stand alone or in a list.
pub(crate) fn list(value: &Yaml) -> Vec<Yaml> {
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
    assert_eq!(logs.len(), functions.len() + 1, "a log group for each function, and one for the API");
    for (name, group) in logs {
        assert!(!group["RetentionInDays"].is_badvalue(), "{name} is kept for ever");
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
    for name in &Manifest::load().functions["scheduler"].settles {
        let name = resource(name, "DeadLetterQueue");
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
    let encryption = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
    assert_eq!(text(&encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"]), "AES256");
}

#[test]
fn buckets_and_queues_are_reached_over_tls_alone() {
    let template = template();
    let arns = |kind: &str| -> Vec<String> {
        let mut arns: Vec<_> = resources(&template, kind).iter().map(|(name, _)| format!("{name}.Arn")).collect();
        arns.sort();
        arns
    };
    let queues = arns("AWS::SQS::Queue");
    let buckets = [arns("AWS::S3::Bucket"), vec!["${Bucket.Arn}/*".to_owned()]].concat();
    let policies = [("AWS::SQS::QueuePolicy", "sqs:*", queues), ("AWS::S3::BucketPolicy", "s3:*", buckets)];
    for (kind, action, mut wanted) in policies {
        let (_, policy) = resources(&template, kind).remove(0);
        let statements = list(&policy["PolicyDocument"]["Statement"]);
        let [deny] = statements.as_slice() else { panic!("{kind} says no more: {statements:?}") };
        assert_eq!((text(&deny["Effect"]), text(&deny["Principal"])), ("Deny".to_owned(), "*".to_owned()), "{kind}");
        assert_eq!(text(&deny["Action"]), action);
        assert_eq!(text(&deny["Condition"]["Bool"]["aws:SecureTransport"]), "false", "{kind}");
        let mut denied: Vec<String> = list(&deny["Resource"]).iter().map(text).collect();
        denied.sort();
        wanted.sort();
        assert_eq!(denied, wanted, "{kind}");
    }
    let (_, policy) = resources(&template, "AWS::SQS::QueuePolicy").remove(0);
    assert_eq!(list(&policy["Queues"]).len(), arns("AWS::SQS::Queue").len());
}

#[test]
fn who_may_call_a_function_is_named() {
    let template = template();
    let permissions = resources(&template, "AWS::Lambda::Permission");
    let called = |function: &&Function| !matches!(function.started_by, Start::Queue(_));
    let called = Manifest::load().functions.values().filter(called).count();
    assert_eq!(permissions.len(), called, "routes and rules call functions; queues are polled");
    for (name, permission) in permissions {
        assert_eq!(text(&permission["Action"]), "lambda:InvokeFunction", "{name}");
        let source = text(&permission["SourceArn"]);
        assert!(source.contains("${HttpApi}") || source == "SchedulerRule.Arn", "{name}: {source}");
        assert!(!source.starts_with('*') && !text(&permission["Principal"]).contains('*'), "{name}");
    }
    for (name, own) in resources(&template, "AWS::Serverless::Function") {
        assert!(own["FunctionUrlConfig"].is_badvalue() && own["Events"].is_badvalue(), "{name}: no other way in");
    }
}

#[test]
fn every_route_has_a_throttle_of_its_own() {
    let template = template();
    let (_, stage) = resources(&template, "AWS::ApiGatewayV2::Stage").remove(0);
    let all = template["Resources"].as_hash().expect("resources");
    let needs = all.values().find(|resource| text(&resource["Type"]) == "AWS::ApiGatewayV2::Stage");
    let needs: Vec<String> = list(&needs.expect("a stage")["DependsOn"]).iter().map(text).collect();
    let routes = resources(&template, "AWS::ApiGatewayV2::Route");
    let settings = stage["RouteSettings"].as_hash().expect("settings of routes");
    assert_eq!(settings.len(), routes.len(), "no settings of a route that is not there, which AWS refuses");
    for (name, route) in routes {
        assert!(needs.contains(&name), "the stage is made after {name}");
        let (key, target) = (text(&route["RouteKey"]), text(&route["Target"]));
        let own = &stage["RouteSettings"][key.as_str()];
        let limits = (text(&own["ThrottlingRateLimit"]), text(&own["ThrottlingBurstLimit"]));
        let of_senders = target == "integrations/${IngressIntegration}" && key != "GET /health";
        let kind = if of_senders { "" } else { "Api" };
        let wanted = (format!("{kind}ThrottlingRateLimit"), format!("{kind}ThrottlingBurstLimit"));
        assert_eq!(limits, wanted, "{key}");
    }
    let parameter = |name: &str| template["Parameters"][name]["Default"].as_i64().unwrap_or_default();
    assert!(parameter("ThrottlingRateLimit") >= 500, "unproved requests do not throttle everybody so soon");
    assert!(parameter("ApiThrottlingRateLimit") > 0);
}

#[test]
fn an_own_host_name_is_the_only_one() {
    let template = template();
    let (_, api) = resources(&template, "AWS::ApiGatewayV2::Api").remove(0);
    let closed: Vec<_> = list(&api["DisableExecuteApiEndpoint"]);
    assert_eq!(closed, [Yaml::String("HasDomain".to_owned()), Yaml::Boolean(true), Yaml::Boolean(false)]);
    let (_, domain) = resources(&template, "AWS::ApiGatewayV2::DomainName").remove(0);
    assert_eq!(text(&domain["DomainNameConfigurations"][0]["SecurityPolicy"]), "TLS_1_2");
}

#[test]
fn access_logs_are_a_choice_and_hold_no_path() {
    let template = template();
    assert_eq!(text(&template["Parameters"]["AccessLogs"]["Default"]), "false");
    let (_, stage) = resources(&template, "AWS::ApiGatewayV2::Stage").remove(0);
    let settings = list(&stage["AccessLogSettings"]);
    assert_eq!((text(&settings[0]), text(&settings[2])), ("HasAccessLogs".to_owned(), "AWS::NoValue".to_owned()));
    let format: serde_json::Value =
        serde_json::from_str(&text(&settings[1]["Format"])).expect("a line of the access log is JSON");
    let known = ["$context.requestId", "$context.requestTime", "$context.identity.sourceIp", "$context.routeKey"];
    let plain =
        ["$context.status", "$context.responseLength", "$context.responseLatency", "$context.error.responseType"];
    for (name, value) in format.as_object().expect("an object") {
        let value = value.as_str().unwrap_or_default();
        assert!(known.contains(&value) || plain.contains(&value), "{name}: {value} may hold a secret");
    }
}

#[test]
fn concurrency_is_kept_for_those_whom_senders_reach_and_never_for_a_queue_s_consumer() {
    let template = template();
    for (name, own) in resources(&template, "AWS::Serverless::Function") {
        let kept: Vec<String> = list(&own["ReservedConcurrentExecutions"]).iter().map(text).collect();
        let wanted: &[&str] = match name.as_str() {
            "IngressFunction" => &["HasIngressConcurrency", "IngressConcurrency", "AWS::NoValue"],
            "ApiFunction" => &["HasApiConcurrency", "ApiConcurrency", "AWS::NoValue"],
            // A queue's consumer without a free instance uses up the receives of good messages.
            _ => &[],
        };
        assert_eq!(kept, wanted, "{name}");
    }
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
        "ANY /api/config/{proxy+}",
        "GET /openapi.json",
    ] {
        assert!(routes.iter().any(|known| known == route), "{route} is missing of {routes:?}");
    }
    let document = bellhop_api::document();
    for (path, methods) in document["paths"].as_object().expect("it has paths") {
        for method in methods.as_object().into_iter().flat_map(|methods| methods.keys()) {
            let method = method.to_uppercase();
            let leads = |route: &String| {
                let (by, to) = route.split_once(' ').unwrap_or_default();
                let is_below =
                    to.split_once('{').is_some_and(|(start, _)| path.len() > start.len() && path.starts_with(start));
                [method.as_str(), "ANY"].contains(&by) && (to == path || is_below)
            };
            assert!(routes.iter().any(leads), "{method} {path} is missing of {routes:?}");
        }
    }
    for endpoint in Endpoint::ALL {
        let (start, parameter) = endpoint.path();
        let paths = match parameter {
            None => vec![start.to_owned()],
            Some(name) => vec![format!("{start}{{proxy+}}"), format!("{start}{{{name}}}")],
        };
        for method in endpoint.methods() {
            let leads = |path: &String| [*method, "ANY"].iter().any(|by| routes.contains(&format!("{by} {path}")));
            assert!(paths.iter().any(leads), "{method} {start} is missing of {routes:?}");
        }
    }
}
