//! What each function may do: exactly what its ports ask for, in template.yaml as in this table.
//!
//! The local stack evaluates the same policies, leading keys among them (`infra/local/ministack_policies.py`), so a right
//! that is missing fails the tests of the deployed stack; a right too many fails here.

use std::collections::{BTreeMap, BTreeSet};

use bellhop_app::ports::Collection;
use bellhop_tests::build::workspace;
use bellhop_tests::manifest::{Manifest, resource};
use bellhop_tests::stack::Stack;
use yaml_rust2::Yaml;

use crate::template::{list, resources, template, text};

/// Who may do what: function, actions, and the partitions, parameters, queues, objects or log group it may do it to.
const RIGHTS: &str = "
ingress    dynamodb:Query                                HOOKS
ingress    dynamodb:GetItem dynamodb:PutItem             NOTE#limit
ingress    dynamodb:GetItem                              NOTE#ranges
ingress    dynamodb:UpdateItem                           NOTE#offer
ingress    sqs:SendMessage                               InboxQueue
ingress    s3:PutObject                                  bodies/*
ingress    ssm:GetParameters                             secrets/hk_* given/*
ingress    logs:CreateLogStream logs:PutLogEvents        IngressLogs
ingress    xray:PutTraceSegments xray:PutTelemetryRecords traces

router     dynamodb:GetItem dynamodb:Query               HOOKS
router     dynamodb:GetItem dynamodb:Query dynamodb:PutItem EVENT#*
router     dynamodb:GetItem dynamodb:Query dynamodb:PutItem TASK#*
router     dynamodb:PutItem dynamodb:DeleteItem          TROUBLE#*
router     dynamodb:Query dynamodb:PutItem               DAYS#*
router     dynamodb:PutItem                              SEEN#* REFUSED#*
router     dynamodb:GetItem dynamodb:PutItem             NOTE#turnstile NOTE#replay NOTE#retry NOTE#notice
router     dynamodb:GetItem dynamodb:UpdateItem          NOTE#crash
router     dynamodb:UpdateItem                           TALLY
router     s3:GetObject                                  bodies/*
router     sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes sqs:SendMessage InboxQueue
router     sqs:SendMessage                               TelegramQueue ForwardQueue
router     logs:CreateLogStream logs:PutLogEvents        RouterLogs
router     xray:PutTraceSegments xray:PutTelemetryRecords traces

telegram   dynamodb:GetItem                              HOOKS
telegram   dynamodb:GetItem dynamodb:Query dynamodb:PutItem dynamodb:UpdateItem TASK#*
telegram   dynamodb:PutItem dynamodb:DeleteItem          TROUBLE#*
telegram   dynamodb:GetItem dynamodb:UpdateItem          NOTE#destination NOTE#message NOTE#crash
telegram   dynamodb:GetItem dynamodb:PutItem             NOTE#notice
telegram   sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes TelegramQueue
telegram   sqs:ChangeMessageVisibility sqs:SendMessage   TelegramQueue
telegram   sqs:SendMessage                               ForwardQueue
telegram   ssm:GetParameters                             secrets/telegram-token-* given/*
telegram   logs:CreateLogStream logs:PutLogEvents        TelegramLogs
telegram   xray:PutTraceSegments xray:PutTelemetryRecords traces

forward    dynamodb:GetItem                              HOOKS EVENT#*
forward    dynamodb:GetItem dynamodb:Query dynamodb:PutItem dynamodb:UpdateItem TASK#*
forward    dynamodb:PutItem dynamodb:DeleteItem          TROUBLE#*
forward    dynamodb:GetItem dynamodb:UpdateItem          NOTE#destination NOTE#message NOTE#crash
forward    dynamodb:GetItem dynamodb:PutItem             NOTE#notice
forward    s3:GetObject                                  bodies/*
forward    sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes ForwardQueue
forward    sqs:ChangeMessageVisibility                   ForwardQueue
forward    sqs:SendMessage                               TelegramQueue ForwardQueue
forward    ssm:GetParameters                             secrets/action-* given/*
forward    ses:SendEmail ses:SendRawEmail                identity/*
forward    events:PutEvents lambda:InvokeFunction sqs:SendMessage sns:Publish ActionTargets
forward    logs:CreateLogStream logs:PutLogEvents        ForwardLogs
forward    xray:PutTraceSegments xray:PutTelemetryRecords traces

api        dynamodb:GetItem dynamodb:Query dynamodb:PutItem dynamodb:DeleteItem HOOKS NOTE#token
api        dynamodb:GetItem dynamodb:Query dynamodb:PutItem EVENT#*
api        dynamodb:Query dynamodb:PutItem dynamodb:UpdateItem TASK#*
api        dynamodb:Query                                TROUBLE#* DAYS#*
api        dynamodb:Query                                REFUSED#* TALLY
api        dynamodb:GetItem dynamodb:UpdateItem          NOTE#replay
api        dynamodb:Query dynamodb:PutItem               NOTE#offer
api        s3:GetObject s3:PutObject s3:DeleteObject     bodies/*
api        sqs:SendMessage                               InboxQueue
api        ssm:PutParameter ssm:GetParameters ssm:DeleteParameters secrets/*
api        ssm:GetParameters                             given/*
api        logs:CreateLogStream logs:PutLogEvents        ApiLogs
api        xray:PutTraceSegments xray:PutTelemetryRecords traces

scheduler  dynamodb:GetItem dynamodb:Query               HOOKS
scheduler  dynamodb:GetItem dynamodb:PutItem             EVENT#*
scheduler  dynamodb:GetItem dynamodb:Query dynamodb:PutItem TASK#*
scheduler  dynamodb:PutItem dynamodb:DeleteItem          TROUBLE#*
scheduler  dynamodb:PutItem                              DAYS#*
scheduler  dynamodb:GetItem                              NOTE#destination
scheduler  dynamodb:GetItem dynamodb:UpdateItem          NOTE#ranges
scheduler  dynamodb:Query dynamodb:PutItem               NOTE#reconciled
scheduler  dynamodb:GetItem dynamodb:PutItem             NOTE#notice
scheduler  sqs:SendMessage                               TelegramQueue ForwardQueue
scheduler  sqs:ReceiveMessage sqs:DeleteMessage          InboxDeadLetterQueue TelegramDeadLetterQueue ForwardDeadLetterQueue
scheduler  ssm:GetParameters                             secrets/reconcile-* given/*
scheduler  logs:CreateLogStream logs:PutLogEvents        SchedulerLogs
scheduler  xray:PutTraceSegments xray:PutTelemetryRecords traces
";

/// The calls about items of one partition: the only ones for which the service tells a policy the leading keys.
const KEYED: [&str; 5] =
    ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"];

/// A right: function, action, and what it is about.
type Right = (String, String, String);

/// The rights of a table as above.
fn rights_of(table: &str) -> BTreeSet<Right> {
    let rows = table.lines().filter(|line| !line.is_empty());
    let rights = rows.flat_map(|row| {
        let words: Vec<String> = row.split_whitespace().map(str::to_owned).collect();
        let is_action = |word: &String| word.contains(':');
        let (actions, things): (Vec<_>, Vec<_>) = words[1..].iter().cloned().partition(is_action);
        let function = words[0].clone();
        actions.into_iter().flat_map(move |action| {
            let function = function.clone();
            things.clone().into_iter().map(move |thing| (function.clone(), action.clone(), thing))
        })
    });
    rights.collect()
}

/// The statements of a function's role with the condition of the template under which they stand, if any.
fn statements(template: &Yaml, function: &str) -> Vec<(Option<String>, Yaml)> {
    let roles = resources(template, "AWS::IAM::Role");
    let (_, role) =
        roles.into_iter().find(|(name, _)| *name == resource(function, "Role")).expect("the function's role");
    let all = list(&role["Policies"]).into_iter().flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]));
    // `!If [condition, statement, nothing]` stands as a list.
    all.map(|statement| match &statement {
        Yaml::Array(parts) => {
            assert_eq!((parts.len(), text(&parts[2])), (3, "AWS::NoValue".to_owned()), "{statement:?}");
            (Some(text(&parts[0])), parts[1].clone())
        }
        _ => (None, statement),
    })
    .collect()
}

/// What a resource of a policy is about, in the words of the table.
fn thing(resource: &str) -> String {
    let parameters = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter";
    match resource {
        "*" => "traces".to_owned(),
        _ if resource == format!("{parameters}${{ParameterPath}}/*") => "given/*".to_owned(),
        _ => {
            let own = resource.strip_prefix(&format!("{parameters}/bellhop/${{AWS::StackName}}/"));
            let own = own.or(resource.strip_prefix("arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:"));
            let object = resource.strip_prefix("${Bucket.Arn}/");
            own.or(object).or_else(|| resource.strip_suffix(".Arn")).unwrap_or(resource).to_owned()
        }
    }
}

/// The rights that a template's roles have.
fn rights_in(template: &Yaml) -> BTreeSet<Right> {
    let mut rights = BTreeSet::new();
    for function in Manifest::load().names() {
        for (_, statement) in statements(template, function) {
            let known = ["Effect", "Action", "Resource", "Condition"].map(|field| Yaml::String(field.to_owned()));
            let fields = statement.as_hash().expect("a statement has fields").keys();
            assert!(fields.clone().all(|field| known.contains(field)), "{function}: {:?}", fields.collect::<Vec<_>>());
            assert_eq!(text(&statement["Effect"]), "Allow", "{function}");
            let keys = list(&statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]);
            let about = |resource: &Yaml| match (text(resource).as_str(), keys.is_empty()) {
                ("Table.Arn", false) => keys.iter().map(text).collect(),
                (resource, _) => vec![thing(resource)],
            };
            for action in list(&statement["Action"]).iter().map(text) {
                let things = list(&statement["Resource"]);
                let things = things.iter().flat_map(about);
                rights.extend(things.map(|thing| (function.to_owned(), action.clone(), thing)));
            }
        }
    }
    rights
}

#[test]
fn each_function_may_do_exactly_this() {
    let (wanted, given) = (rights_of(RIGHTS), rights_in(&template()));
    assert!(wanted.len() > 80, "{}", wanted.len());
    let missing: Vec<_> = wanted.difference(&given).collect();
    let too_many: Vec<_> = given.difference(&wanted).collect();
    assert!(missing.is_empty() && too_many.is_empty(), "missing: {missing:#?}\ntoo many: {too_many:#?}");
}

/// A right that is missing or one too many is seen: what the test above relies on.
#[test]
fn another_template_has_other_rights() {
    let source = std::fs::read_to_string(workspace().join("template.yaml")).expect("there is a template");
    let changes = [
        ("[\"NOTE#turnstile\", \"NOTE#replay\", \"NOTE#retry\", \"NOTE#notice\"]", "[\"NOTE#*\"]"),
        ("/secrets/telegram-token-*", "/secrets/*"),
        ("[dynamodb:Query, dynamodb:PutItem]", "[dynamodb:Query, dynamodb:PutItem, dynamodb:Scan]"),
        ("Resource: !GetAtt TelegramQueue.Arn", "Resource: !GetAtt InboxQueue.Arn"),
        ("Action: s3:GetObject", "Action: s3:*"),
        ("[ses:SendEmail, ses:SendRawEmail]", "ses:*"),
        ("Resource: !Ref ActionTargets", "Resource: !Sub arn:${AWS::Partition}:lambda:*:*:function:*"),
    ];
    for (from, to) in changes {
        assert!(source.contains(from), "{from}");
        let other = yaml_rust2::YamlLoader::load_from_str(&source.replacen(from, to, 1)).expect("YAML").remove(0);
        assert_ne!(rights_in(&other), rights_of(RIGHTS), "{to}");
    }
}

#[test]
fn every_statement_about_the_table_names_partitions() {
    let template = template();
    for function in Manifest::load().names() {
        for (given, statement) in statements(&template, function) {
            let about_the_table = list(&statement["Resource"]).iter().any(|resource| text(resource).contains("Table"));
            let condition = &statement["Condition"];
            if text(&list(&statement["Action"])[0]).starts_with("ses:") {
                // The configuration names the sender, the template whom a function may speak for.
                assert_eq!(given.as_deref(), Some("HasMailFrom"), "{function}");
                let operators: Vec<_> = condition.as_hash().into_iter().flatten().collect();
                assert_eq!(
                    (operators.len(), text(&condition["StringEquals"]["ses:FromAddress"])),
                    (1, "MailFrom".to_owned())
                );
                continue;
            }
            if !about_the_table {
                assert!(condition.is_badvalue(), "{function}: {condition:?}");
                continue;
            }
            assert_eq!(given, None, "{function}");
            let operators: Vec<_> = condition.as_hash().into_iter().flatten().map(|(name, _)| text(name)).collect();
            assert_eq!(operators, ["Null", "ForAllValues:StringLike"], "{function}: `for all` holds for no keys too");
            assert_eq!(text(&condition["Null"]["dynamodb:LeadingKeys"]), "false", "{function}: keys must be named");
            assert!(!list(&condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]).is_empty(), "{function}");
            for action in list(&statement["Action"]).iter().map(text) {
                assert!(KEYED.contains(&action.as_str()), "{function}: {action} is not about items of one partition");
            }
        }
    }
}

/// What one process alone has so far: a deployed stack runs no jobs.
const NOT_DEPLOYED: [&str; 3] = ["NOTE#job", "NOTE#run", "due#*"];

/// The partitions of the table, as `shared/aws/src/table.rs` and the collections of documents have them: patterns of their keys.
fn partitions() -> BTreeSet<String> {
    let source = std::fs::read_to_string(workspace().join("shared/aws/src/table.rs")).expect("the table's source");
    let rows = source.lines().filter_map(|line| line.strip_prefix("//! | `"));
    let names = rows.filter_map(|row| row.split_once('`')).map(|(name, _)| name.to_owned());
    let (notes, others): (Vec<_>, Vec<_>) = names.partition(|name| name == "NOTE#<collection>");
    assert_eq!(notes.len(), 1, "the table's description names the notes");
    let pattern = |name: String| name.split_once('<').map_or_else(|| name.clone(), |(start, _)| format!("{start}*"));
    let topics = Collection::ALL.iter().map(|topic| format!("NOTE#{}", topic.as_str()));
    let all = others.into_iter().map(pattern).chain(topics);
    all.filter(|partition| !NOT_DEPLOYED.contains(&partition.as_str())).collect()
}

#[test]
fn every_partition_is_written_by_someone_and_no_right_opens_two() {
    let (partitions, rights) = (partitions(), rights_in(&template()));
    assert!(partitions.len() >= 14, "{partitions:?}");
    let opened: BTreeMap<&str, Vec<&str>> = rights
        .iter()
        .filter(|(_, action, _)| action.starts_with("dynamodb:"))
        .fold(BTreeMap::new(), |mut all, right| {
            all.entry(right.2.as_str()).or_insert_with(Vec::new).push(right.1.as_str());
            all
        });
    let named: BTreeSet<String> = opened.keys().map(|key| (*key).to_owned()).collect();
    assert_eq!(named, partitions, "a right is about one partition, and each partition is somebody's");
    for (partition, actions) in opened {
        let written = actions.iter().any(|action| action.ends_with("PutItem") || action.ends_with("UpdateItem"));
        assert!(written, "{partition} is written by nobody");
    }
}

/// The rule in words: tokens are the API's alone, what senders are known by is the door's, and only the API deletes.
#[test]
fn tokens_secrets_and_deletions_are_kept_apart() {
    let rights = rights_in(&template());
    let who = |test: &dyn Fn(&Right) -> bool| -> BTreeSet<&str> {
        rights.iter().filter(|right| test(right)).map(|right| right.0.as_str()).collect()
    };
    let only_api = BTreeSet::from(["api"]);
    assert_eq!(who(&|right| right.2 == "NOTE#token"), only_api, "tokens");
    let writes = |right: &Right| right.2 == "HOOKS" && !right.1.ends_with("GetItem") && !right.1.ends_with("Query");
    assert_eq!(who(&writes), only_api, "hooks are written");
    // A row of trouble says nothing that its task does not say, so whoever writes tasks takes it out again.
    let deletes = |right: &Right| right.1.contains(":Delete") && !right.1.starts_with("sqs:") && right.2 != "TROUBLE#*";
    assert_eq!(who(&deletes), only_api, "deletions");
    let opens = |name: &str, right: &Right| {
        right
            .2
            .strip_prefix("secrets/")
            .and_then(|pattern| pattern.strip_suffix('*'))
            .is_some_and(|start| name.starts_with(start))
    };
    for (name, readers) in [
        ("hk_1-0123", ["api", "ingress"]),
        ("telegram-token-0123", ["api", "telegram"]),
        ("action-hk_1-0123", ["api", "forward"]),
        ("reconcile-hk_1-0123", ["api", "scheduler"]),
    ] {
        assert_eq!(who(&|right| opens(name, right)), BTreeSet::from(readers), "{name}");
    }
    assert_eq!(who(&|right| right.1 == "ssm:PutParameter"), only_api, "secrets are written");
}

#[test]
fn functions_get_the_names_of_what_they_may_use() {
    let template = template();
    let rights = rights_in(&template);
    for function in Manifest::load().names() {
        let functions = resources(&template, "AWS::Serverless::Function");
        let (_, own) =
            functions.iter().find(|(name, _)| *name == resource(function, "Function")).expect("the function");
        let given = own["Environment"]["Variables"].as_hash().into_iter().flatten();
        let given: BTreeMap<String, String> = given.map(|(name, value)| (text(name), text(value))).collect();
        let main = workspace().join("functions").join(function).join("src/main.rs");
        let main = std::fs::read_to_string(main).expect("the function's source");
        let asked = main.split('"').filter(|text| text.starts_with("BELLHOP_"));
        let mut asked: BTreeSet<&str> = asked.filter(|name| *name != "BELLHOP_TABLE").collect();
        if main.contains("work_queue_urls()") {
            asked.extend(["BELLHOP_TELEGRAM_QUEUE_URL", "BELLHOP_FORWARD_QUEUE_URL"]);
        }
        if main.contains("admin_token()") {
            asked.insert("BELLHOP_ADMIN_TOKEN_SHA256");
        }
        assert_eq!(given.keys().map(String::as_str).collect::<BTreeSet<_>>(), asked, "{function}");
        let mut queues: BTreeSet<&str> =
            given.values().map(String::as_str).filter(|value| value.ends_with("Queue")).collect();
        let sources = resources(&template, "AWS::Lambda::EventSourceMapping");
        let source = sources.iter().find(|(_, source)| text(&source["FunctionName"]) == resource(function, "Function"));
        let source = source.map(|(_, source)| text(&source["EventSourceArn"]));
        queues.extend(source.as_deref().and_then(|arn| arn.strip_suffix(".Arn")));
        let is_own = |right: &&Right| right.0 == function && right.1.starts_with("sqs:") && right.2 != "ActionTargets";
        let used = rights.iter().filter(is_own);
        assert_eq!(used.map(|right| right.2.as_str()).collect::<BTreeSet<_>>(), queues, "{function}");
    }
}

/// Who writes a hook may send events to what the operator lists, and nowhere else in the account.
#[test]
fn actions_call_what_the_operator_lists_and_nothing_else() {
    let template = template();
    let outgoing = ["events:", "lambda:", "sns:"];
    let mut found = Vec::new();
    for function in Manifest::load().names() {
        for (given, statement) in statements(&template, function) {
            let actions: Vec<String> = list(&statement["Action"]).iter().map(text).collect();
            if actions.iter().any(|action| outgoing.iter().any(|service| action.starts_with(service))) {
                let about: Vec<String> = list(&statement["Resource"]).iter().map(text).collect();
                found.push((function.to_owned(), given, about));
            }
        }
    }
    let expected = ("forward".to_owned(), Some("HasActionTargets".to_owned()), vec!["ActionTargets".to_owned()]);
    assert_eq!(found, [expected]);
    let listed = &template["Parameters"]["ActionTargets"];
    assert_eq!((text(&listed["Type"]).as_str(), text(&listed["Default"]).as_str()), ("CommaDelimitedList", ""));
    let functions = resources(&template, "AWS::Serverless::Function");
    let (_, own) = functions.iter().find(|(name, _)| name == "ForwardFunction").expect("the function");
    let given = list(&own["Environment"]["Variables"]["BELLHOP_ACTION_TARGETS"]);
    assert_eq!(given.iter().map(text).collect::<Vec<_>>(), [",", "ActionTargets"], "both know one list");
}

#[test]
fn a_role_is_one_function_s_and_has_no_other_policy() {
    let template = template();
    let functions = resources(&template, "AWS::Serverless::Function");
    assert_eq!(functions.len(), Manifest::load().functions.len());
    assert_eq!(
        resources(&template, "AWS::IAM::Role").len(),
        Manifest::load().functions.len(),
        "a role for each function"
    );
    for kind in ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::User", "AWS::IAM::RolePolicy"] {
        assert!(resources(&template, kind).is_empty(), "{kind}");
    }
    for (name, own) in &functions {
        assert_eq!(text(&own["Role"]), format!("{}Role.Arn", name.trim_end_matches("Function")));
        assert!(own["Policies"].is_badvalue(), "{name}: its role holds its policies");
    }
    for (name, role) in resources(&template, "AWS::IAM::Role") {
        assert!(role["ManagedPolicyArns"].is_badvalue(), "{name} has managed policies");
        let trusted = list(&role["AssumeRolePolicyDocument"]["Statement"]);
        let [trusted] = trusted.as_slice() else { panic!("{name}: {trusted:?}") };
        assert_eq!(text(&trusted["Principal"]["Service"]), "lambda.amazonaws.com", "{name}");
        assert_eq!(text(&trusted["Action"]), "sts:AssumeRole", "{name}");
    }
    // What is open to everything is so only while traces are sent, for X-Ray knows no resources.
    for function in Manifest::load().names() {
        for (given, statement) in statements(&template, function) {
            let everything = list(&statement["Resource"]).iter().any(|resource| text(resource) == "*");
            let tracing = list(&statement["Action"]).iter().all(|action| text(action).starts_with("xray:Put"));
            assert_eq!(everything, tracing, "{function}: {statement:?}");
            assert_eq!(everything, given.as_deref() == Some("IsTraced"), "{function}: {given:?}");
        }
    }
}

/// Asks the local stack, as each role, for what is another's: all of it must be refused, and what is its own must not.
pub(crate) fn refuses_what_is_not_theirs(stack: &Stack) {
    const SCRIPT: &str = r#"
table, bucket, queue = sys.argv[1:4]
formation, sts = aws("cloudformation"), aws("sts")
found = formation.describe_stack_resources(StackName="bellhop")["StackResources"]
roles = {item["LogicalResourceId"]: item["PhysicalResourceId"] for item in found if item["ResourceType"] == "AWS::IAM::Role"}
def clients(function):
    arn = f"arn:aws:iam::000000000000:role/{roles[function]}"
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="probe")["Credentials"]
    return lambda service: boto3.client(service, endpoint_url=os.environ["AWS_ENDPOINT_URL"],
        region_name=os.environ["AWS_REGION"], aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"])
key = lambda pk: {"pk": {"S": pk}, "sk": {"S": "probe"}}
put = lambda pk: lambda c: c("dynamodb").put_item(TableName=table, Item=key(pk))
get = lambda pk: lambda c: c("dynamodb").get_item(TableName=table, Key=key(pk))
update = lambda pk: lambda c: c("dynamodb").update_item(TableName=table, Key=key(pk), UpdateExpression="SET a = :a",
    ExpressionAttributeValues={":a": {"S": "a"}})
delete = lambda pk: lambda c: c("dynamodb").delete_item(TableName=table, Key=key(pk))
query = lambda pk: lambda c: c("dynamodb").query(TableName=table, KeyConditionExpression="pk = :pk",
    ExpressionAttributeValues={":pk": {"S": pk}})
scan = lambda c: c("dynamodb").scan(TableName=table)
both = lambda *pks: lambda c: c("dynamodb").transact_write_items(
    TransactItems=[{"Put": {"TableName": table, "Item": key(pk)}} for pk in pks])
secret = lambda *names: lambda c: c("ssm").get_parameters(Names=[f"/bellhop/bellhop/secrets/{name}" for name in names])
keep = lambda c: c("ssm").put_parameter(Name="/bellhop/bellhop/secrets/hk_probe", Value="x", Type="String")
body = lambda c: c("s3").get_object(Bucket=bucket, Key="other/probe")
send = lambda c: c("sqs").send_message_batch(QueueUrl=queue, Entries=[{"Id": "1", "MessageBody": "probe"}])
probes = {
    "put NOTE#token": put("NOTE#token"), "get NOTE#token": get("NOTE#token"), "query NOTE#token": query("NOTE#token"),
    "delete NOTE#token": delete("NOTE#token"), "update NOTE#limit": update("NOTE#limit"), "put HOOKS": put("HOOKS"),
    "get EVENT": get("EVENT#2026-01-01"), "delete EVENT": delete("EVENT#2026-01-01"), "scan": scan,
    "put SEEN": put("SEEN#0"), "both": both("NOTE#retry", "NOTE#token"), "own": both("NOTE#retry", "NOTE#replay"),
    "secret hk_": secret("hk_probe"), "secret token": secret("telegram-token-probe"),
    "secret reconcile": secret("reconcile-probe"), "secrets": secret("hk_probe", "telegram-token-probe"),
    "keep": keep, "other object": body, "dead letter": send,
}
allowed = []
for function in sys.argv[4:]:
    own = clients(function)
    for name, probe in probes.items():
        try:
            probe(own)
            allowed.append(f"{function} {name}")
        except Exception as error:
            code = getattr(error, "response", {}).get("Error", {}).get("Code", repr(error))
            if "AccessDenied" not in code: allowed.append(f"{function} {name} ({code})")
for pk in ["NOTE#token", "NOTE#retry", "NOTE#replay", "HOOKS", "SEEN#0"]:
    aws("dynamodb").delete_item(TableName=table, Key=key(pk))
aws("ssm").delete_parameters(Names=["/bellhop/bellhop/secrets/hk_probe"])
print("\n".join(allowed))
"#;
    let deployed = &stack.deployed;
    let (table, bucket) = (deployed.output("TableName"), deployed.output("BucketName"));
    let roles: Vec<String> = Manifest::load().names().map(|name| resource(name, "Role")).collect();
    let roles = roles.iter().map(String::as_str);
    let arguments: Vec<&str> = [table, bucket, deployed.dead_letter_url("telegram")].into_iter().chain(roles).collect();
    let allowed = stack.python(SCRIPT, &arguments);
    let expected = [
        "IngressRole secret hk_",
        "RouterRole get EVENT",
        "RouterRole put SEEN",
        "RouterRole own",
        "TelegramRole secret token",
        "ForwardRole get EVENT",
        "ApiRole put NOTE#token",
        "ApiRole get NOTE#token",
        "ApiRole query NOTE#token",
        "ApiRole delete NOTE#token",
        "ApiRole put HOOKS",
        "ApiRole get EVENT",
        "ApiRole secret hk_",
        "ApiRole secret token",
        "ApiRole secret reconcile",
        "ApiRole secrets",
        "ApiRole keep",
        "SchedulerRole get EVENT",
        "SchedulerRole secret reconcile",
    ];
    assert_eq!(allowed.lines().collect::<BTreeSet<_>>(), BTreeSet::from(expected));
}
