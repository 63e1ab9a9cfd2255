//! The rules of `infra/monitoring.yaml`: it watches what template.yaml makes and what the functions count.

use bellhop_tests::build::workspace;
use yaml_rust2::{Yaml, YamlLoader};

/// Reads a template; intrinsic functions in short form stand as their argument.
fn template(path: &str) -> Yaml {
    let text = std::fs::read_to_string(workspace().join(path)).expect("there is a template");
    YamlLoader::load_from_str(&text).expect("the template is YAML").remove(0)
}

/// The resources of a type.
fn resources<'a>(template: &'a Yaml, kind: &str) -> Vec<&'a Yaml> {
    let all = template["Resources"].as_hash().expect("a template has resources");
    all.values().filter(|resource| resource["Type"].as_str() == Some(kind)).collect()
}

fn text(value: &Yaml) -> &str {
    value.as_str().unwrap_or_default()
}

/// Whether an alarm watches a metric of this value of its one dimension.
fn watches(alarm: &Yaml, namespace: &str, metric: &str, value: &str) -> bool {
    let own = &alarm["Properties"];
    (text(&own["Namespace"]), text(&own["MetricName"])) == (namespace, metric)
        && text(&own["Dimensions"][0]["Value"]) == value
}

/// What is nobody's own; functions and queues are in [`crate::manifest`].
#[test]
fn the_api_the_table_and_dead_tasks_are_watched() {
    let monitoring = template("infra/monitoring.yaml");
    let alarms = resources(&monitoring, "AWS::CloudWatch::Alarm");
    for (namespace, metric, value) in [
        ("AWS/ApiGateway", "5xx", "ApiId"),
        ("AWS/DynamoDB", "WriteThrottleEvents", "TableName"),
        ("Bellhop", "dead", "StackName"),
    ] {
        assert!(alarms.iter().any(|alarm| watches(alarm, namespace, metric, value)), "{metric} of {value}");
    }
}

#[test]
fn there_are_as_many_alarms_as_the_docs_price() {
    let monitoring = template("infra/monitoring.yaml");
    let alarms = resources(&monitoring, "AWS::CloudWatch::Alarm");
    let (throttles, always): (Vec<&Yaml>, Vec<&Yaml>) =
        alarms.into_iter().partition(|alarm| text(&alarm["Condition"]) == "WatchesThrottles");
    assert_eq!((always.len(), throttles.len()), (14, 8), "docs/OPERATIONS.md says what they cost");
    for alarm in always.iter().chain(&throttles) {
        let own = &alarm["Properties"];
        assert_eq!(text(&own["TreatMissingData"]), "notBreaching", "no traffic is no trouble: {own:?}");
        assert_eq!(text(&own["AlarmActions"][0]), "Topic", "{own:?}");
        assert!(text(&own["AlarmDescription"]).len() > 20, "{own:?}");
    }
}

#[test]
fn what_watches_may_do_nothing() {
    let monitoring = template("infra/monitoring.yaml");
    let all = monitoring["Resources"].as_hash().expect("a template has resources");
    let known = ["AWS::SNS::Topic", "AWS::SNS::Subscription", "AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"];
    for (name, resource) in all {
        assert!(known.contains(&text(&resource["Type"])), "{}: no role, no policy, nothing that runs", text(name));
    }
}

#[test]
fn alarms_and_dashboard_name_what_the_functions_count() {
    let monitoring = template("infra/monitoring.yaml");
    let source = |path: &str| std::fs::read_to_string(workspace().join(path)).expect("there is a source");
    let counted = source("shared/app/src/metrics.rs");
    let dashboard = text(&monitoring["Resources"]["Overview"]["Properties"]["DashboardBody"]);
    let dashboard: serde_json::Value = serde_json::from_str(dashboard).expect("a dashboard is JSON");
    let widgets = dashboard["widgets"].as_array().expect("it has widgets");
    let shown =
        widgets.iter().flat_map(|widget| widget["properties"]["metrics"].as_array().cloned().unwrap_or_default());
    let mut names: Vec<String> = shown
        .filter(|metric| metric[0] == "Bellhop")
        .map(|metric| metric[1].as_str().unwrap_or_default().to_owned())
        .collect();
    names.extend(
        resources(&monitoring, "AWS::CloudWatch::Alarm")
            .iter()
            .filter(|alarm| text(&alarm["Properties"]["Namespace"]) == "Bellhop")
            .map(|alarm| text(&alarm["Properties"]["MetricName"]).to_owned()),
    );
    assert!(names.len() >= 8, "{names:?}");
    for name in names {
        assert!(counted.contains(&format!("\"{name}\"")), "nothing counts {name}");
    }
}
