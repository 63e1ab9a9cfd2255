//! What no template may use up, when it is saved and when it runs.

use std::collections::BTreeSet;

use allocation_counter::measure;

use super::super::{engine, filters, guard};
use super::*;

const STEPS: &str = "the template takes more than 1,000,000 steps";
const MEMORY: &str = "the template holds more than 8 MiB at once";
const OUTPUT: &str = "the template makes more than 1048576 bytes";

/// More than an evaluation ever has allocated at once: what it may hold, what it writes, and what the engine keeps beside.
const MOST_AT_ONCE: u64 = 24 * 1024 * 1024;

/// More than an evaluation ever allocates one after the other.
const MOST_IN_ALL: u64 = 256 * 1024 * 1024;

/// A template that is refused.
fn refused(source: &str) -> String {
    match Template::compile(source, Escape::Html) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{} is taken", source.chars().take(80).collect::<String>()),
    }
}

/// An event's variables, with values that are easily made much of.
fn hostile() -> Context {
    let fields: serde_json::Map<String, Value> = (0..3_000).map(|n| (format!("field{n:05}"), json!(n))).collect();
    let deep = "[".repeat(120) + &"]".repeat(120);
    let payload = json!({
        "x": "xxxxxxxxxxxxxxxx", "big": "x y\n".repeat(30_000), "marks": "<&\">".repeat(30_000), "list": vec![1.5; 20_000],
        "texts": vec!["<some text>"; 3_000], "map": fields, "deep": serde_json::from_str::<Value>(&deep).unwrap(),
        "items": vec![json!({"a": "x".repeat(500), "b": [1, 2, 3]}); 300], "many": 1_000_000_000, "few": -1_000_000_000,
    });
    plain_delivery(payload.to_string().as_bytes()).context()
}

/// Runs a template; tells what came of it, and what it allocated where that is more than it may.
fn run(template: &Template, context: &Context) -> Result<usize, String> {
    let mut result = None;
    let used = measure(|| result = Some(template.render(context)));
    let result = result.unwrap().map(|text| text.len()).map_err(|failure| failure.what);
    if used.bytes_max > MOST_AT_ONCE || used.bytes_total > MOST_IN_ALL {
        return Err(format!("TOO MUCH: {} bytes at once, {} in all: {result:?}", used.bytes_max, used.bytes_total));
    }
    result
}

/// Fails with all that went wrong.
fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The beginning of a template, for a message.
fn shown(source: &str) -> String {
    source.chars().take(120).collect()
}

/// `{% set a = … %}` so many times.
fn set(first: &str, each: &str, times: usize) -> String {
    format!("{{% set a = {first} %}}\n{}{{{{ a | length }}}}", format!("{{% set a = {each} %}}\n").repeat(times))
}

#[test]
fn what_is_beyond_the_bounds_for_any_event_is_refused_when_it_is_saved() {
    let mut wrong = Vec::new();
    for (source, what) in [
        (r#"{{ "%1000000000d" | format(1) }}"#.to_owned(), MEMORY),
        (r#"{{ "%0*d" | format(1000000000, 1) }}"#.to_owned(), MEMORY),
        (r#"{{ "%.1000000000f" | format(1.5) }}"#.to_owned(), MEMORY),
        ("{{ 'x' | indent(1000000000) }}".to_owned(), MEMORY),
        ("{{ 'x' | indent(width=1000000000) }}".to_owned(), MEMORY),
        (set("'x'", "a ~ a", 32), MEMORY),
        (set("'x'", "a + a", 32), MEMORY),
        (set("[1]", "a + a", 32), MEMORY),
        (set("'x'", "a * 2", 32), MEMORY),
        (set("'x'", "a | replace('x', 'xx')", 32), STEPS),
        (set("'x'", "a | replace('', a)", 32), MEMORY),
        (set("'x'", "[a, a] | join", 32), MEMORY),
        (set("'x'", "[a, a] | sum(start='')", 32), MEMORY),
        (set("[1]", "[a, a] | flat", 32), ""),
        (set("[1]", "a | chain(a)", 32), MEMORY),
        (set("'x'", "'%s%s' | format(a, a)", 32), MEMORY),
        (set("'x'", "{'a': a, 'b': a} | tojson", 32), MEMORY),
        (set("'\\\"'", "a | escape ~ a | escape", 32), MEMORY),
        (
            format!("{{% set a = 'x' %}}{}{{{{ a | length }}}}", "{% set a %}{{ a }}{{ a }}{% endset %}".repeat(32)),
            MEMORY,
        ),
        (format!("{{{{ range(100000) | join('{}') }}}}", "x".repeat(20_000)), MEMORY),
        ("{{ range(10) | slice(300000000) | length }}".to_owned(), STEPS),
        ("{{ range(10) | batch(300000000, 1) | length }}".to_owned(), MEMORY),
        ("{{ 'x' * 100000000 }}".to_owned(), MEMORY),
        ("{{ 100000000 * 'x' }}".to_owned(), MEMORY),
        ("{{ ('x' ~ 'y') * 10 ** 8 }}".to_owned(), MEMORY),
        ("{{ ([1] * 100000000) | length }}".to_owned(), STEPS),
        ("{{ ((1, 2) * 10000000) | length }}".to_owned(), STEPS),
        ("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}".to_owned(), STEPS),
        ("{% for a in range(9999) %}{% if range(9999) == range(9999) %}{% endif %}{% endfor %}".to_owned(), STEPS),
        ("{% for a in range(9999) %}{% if 0.5 in range(9999) %}{% endif %}{% endfor %}".to_owned(), STEPS),
        ("{% for a in range(9999) %}{{ range(9999) | sort | first }}{% endfor %}".to_owned(), STEPS),
        ("{% for a in range(9999) %}{{ range(9999) | max }}{% endfor %}".to_owned(), STEPS),
        ("{% for a in range(9999) %}{{ loop.changed(range(9999)) }}{% endfor %}".to_owned(), STEPS),
        (
            format!("{{% set a %}}{{% for a in range(9999) %}}{}{{% endfor %}}{{% endset %}}", "x".repeat(20_000)),
            MEMORY,
        ),
        (format!("{{% for a in range(9999) %}}{}{{% endfor %}}", "x".repeat(20_000)), OUTPUT),
        (format!("{{% for a in range(9999) %}}{{{{ '{}' }}}}{{% endfor %}}", "x".repeat(20_000)), OUTPUT),
        ("{% for a in [1] recursive %}{{ loop([[a]]) }}{% endfor %}".to_owned(), "nests deeper than 50 levels"),
    ] {
        let compiled = Template::compile(&source, Escape::Html).map(|_| ()).map_err(|error| error.to_string());
        if !compiled.as_ref().is_err_and(|error| error.starts_with("line ") && error.ends_with(what)) {
            wrong.push(format!("{}: {compiled:?}", shown(&source)));
        }
    }
    assert_none(&wrong);
    let error = refused("one\ntwo {{ 'x' }}\n{{ 'y' | indent(1000000000) }}");
    assert_eq!(error, format!("line 3: {MEMORY}"));
}

#[test]
fn what_nests_too_deep_is_refused_on_a_small_stack() {
    let run = || {
        for (open, inner, close, times) in [
            ("{{ 1", "+1", " }}", 16_000),
            ("{{ a", "~a", " }}", 16_000),
            ("{{ a", ".a", " }}", 16_000),
            ("{{ a", "[0]", " }}", 10_000),
            ("{{ a", "|e", " }}", 16_000),
            ("{{ a", "()", " }}", 16_000),
            ("{{ a", " is odd", " }}", 4_000),
            ("{{ a", " and a", " }}", 5_000),
            ("{{ a", "**a", " }}", 10_000),
            ("{{ ", "not ", "a }}", 8_000),
            ("{{ ", "-", "1 }}", 32_000),
            ("{{ ", "a if b else ", "c }}", 2_700),
            ("{{ ", "[", "", 32_000),
            ("{{ ", "(", "", 32_000),
            ("{{ ", "{1:", "", 10_000),
            ("{{ ", "f(", "", 16_000),
            ("", "{% if a %}", "", 3_200),
            ("{% if a %}", "{% elif a %}", "{% endif %}", 2_700),
            ("", "{% for a in b %}", "", 2_000),
            ("", "{% set a %}", "", 2_900),
            ("", "{% with a = 1 %}", "", 2_000),
            ("", "{% filter e %}", "", 2_300),
            ("", "{% autoescape true %}", "", 1_500),
        ] {
            let source = format!("{open}{}{close}", inner.repeat(times));
            assert!(source.len() <= MAX_SOURCE_BYTES, "{open}{inner}");
            let error = refused(&source);
            assert!(error.contains("nests deeper than"), "{open}{inner}: {error}");
        }
        for source in [
            format!("{{{{ 1{} }}}}", "+1".repeat(450)),
            format!("{{{{ a{} }}}}", "~a.b".repeat(220)),
            format!("{{{{ {}1{} }}}}", "(".repeat(38), ")".repeat(38)),
            format!("{{{{ [{}] | length }}}}", "a.b ~ 1 | e, ".repeat(1_500)),
            format!("{{% if a == 1 %}}{}{{% endif %}}", "{% elif a == 1 %}b".repeat(190)),
            format!("{}{}", "{% if not a %}".repeat(70), "{% endif %}".repeat(70)),
        ] {
            let compiled =
                Template::compile(&source, Escape::Html).unwrap_or_else(|e| panic!("{e}: {}", &source[..40]));
            compiled.render(&hostile()).unwrap_or_else(|e| panic!("{e}: {}", &source[..40]));
        }
        // Values that nest: what a loop, a list or a filter puts around others.
        for each in [
            "[a]",
            "(a,)",
            "{'a': a}",
            "[a] | batch(1)",
            "[a] | slice(1)",
            "{1: a} | items",
            "[1] | zip([a])",
            "dict(a=a)",
        ] {
            let error = refused(&set("1", each, 600));
            assert!(error.ends_with("the template nests deeper than 160 levels"), "{each}: {error}");
        }
    };
    std::thread::Builder::new().stack_size(1024 * 1024).spawn(run).unwrap().join().unwrap();
    assert!(refused("{{ f(*a) }}").contains("arguments cannot be unpacked"));
    assert!(refused("{{ f(1, **a) }}").contains("arguments cannot be unpacked"));
    assert!(refused(&format!("{{{{ {} }}}}", "a".repeat(129))).contains("a name may be 128 bytes long"));
}

#[test]
fn what_an_event_makes_too_much_of_gives_way_to_the_senders_text() {
    let (context, mut wrong) = (hostile(), Vec::new());
    for (source, what) in [
        (set("payload.x", "a ~ a", 32), MEMORY),
        (set("payload.x", "a * payload.many", 1), MEMORY),
        (set("payload.x", "a | replace('x', a)", 4), MEMORY),
        (set("payload.x", "a | replace('', payload.big)", 4), STEPS),
        (set("payload.x", "a | indent(payload.many)", 1), MEMORY),
        (set("payload.x", "payload.big | trim(payload.marks)", 1), STEPS),
        (set("payload.list", "a | batch(payload.many, a)", 1), MEMORY),
        (set("payload.list", "a | slice(payload.many)", 1), STEPS),
        (set("payload.list", "a + a", 12), MEMORY),
        (set("payload.list", "payload.texts | join(payload.big)", 1), MEMORY),
        (set("payload.x", "payload.big | split('') | map('replace', '', payload.big) | list", 1), MEMORY),
        ("{% for c in payload.big %}{{ payload.big[10000] }}{% endfor %}".to_owned(), STEPS),
        ("{% for c in payload.big %}{{ payload.big[:1] }}{% endfor %}".to_owned(), STEPS),
        ("{% for c in payload.big %}{% if 'z' in payload.big %}{% endif %}{% endfor %}".to_owned(), STEPS),
        ("{% for c in payload.big %}{% if payload.big < payload.big %}{% endif %}{% endfor %}".to_owned(), STEPS),
        ("{% for c in payload.big %}{% if 1 < payload.big < payload.big %}{% endif %}{% endfor %}".to_owned(), STEPS),
        ("{% for c in payload.big %}{% if payload == payload %}{% endif %}{% endfor %}".to_owned(), STEPS),
        ("{% for c in payload.big %}{{ payload.map[payload.big] }}{% endfor %}".to_owned(), STEPS),
        ("{% for c in payload.big %}{{ payload | length }}{{ payload.big | length }}{% endfor %}".to_owned(), STEPS),
        ("{% for c in payload.list %}{% set d = payload.big | lower %}{% endfor %}".to_owned(), MEMORY),
        ("{% for c in payload.list %}{{ payload.big }}{% endfor %}".to_owned(), OUTPUT),
        ("{% for c in payload.list %}{{ payload }}{% endfor %}".to_owned(), OUTPUT),
        (
            "{% set d %}{% for c in payload.list %}{{ payload.big }}{% endfor %}{% endset %}{{ d | length }}"
                .to_owned(),
            MEMORY,
        ),
    ] {
        let template = Template::compile(&source, Escape::Html).unwrap_or_else(|error| panic!("{error}: {source}"));
        let made = run(&template, &context);
        if made != Err(what.to_owned()) {
            wrong.push(format!("{}: {made:?}", shown(&source)));
            continue;
        }
        let message = message_for("shared-secret", None, Some(&template), &context);
        assert!(message.text.contains("big") || message.text.contains("too large to show"), "{}", message.text);
        assert_eq!(message.trouble.unwrap().what, what);
    }
    assert_none(&wrong);
}

#[test]
fn everyday_templates_are_far_from_the_bounds() {
    let (context, mut wrong) = (hostile(), Vec::new());
    for source in [
        "{{ payload.big | truncate(100) }}{{ payload.big | upper | firstline }}{{ payload | tojson | length }}",
        "{% for item in payload.items %}{{ item.a | short }} {{ loop.index + 1 }}: {{ item.b | join(', ') }}\n{% endfor %}",
        "{{ payload.items | map(attribute='a') | map('truncate', 10) | joined(', ') }}",
        "{{ payload.list | sort | unique | list | length }} {{ payload.list | sum }} {{ payload.texts | groupby('a') | length }}",
        "{% for k, v in payload.map | items %}{{ k ~ '=' ~ v }} {% endfor %}{{ payload.map | dictsort | length }}",
        "{{ payload.big | replace('x', 'yy') | length }} {{ payload.big | split(' ') | length }} {{ '-' * 40 }}",
        "{{ 'x' | indent(8) }}{{ '%5d %s' | format(7, 'x') }}{{ range(1000) | batch(10) | list | length }}",
        "{{ (payload.many * 1000000000) ~ ' ns' }} {{ 1 < 2 < 3 }} {{ 3 in [1, 2, 3] }} {{ payload.big[:20] ~ payload.list[-1] }}",
    ] {
        let template = Template::compile(source, Escape::Html).unwrap_or_else(|error| panic!("{error}: {source}"));
        if let Err(error) = run(&template, &context) {
            wrong.push(format!("{source}: {error}"));
        }
    }
    assert_none(&wrong);
}

/// The names that an environment lists under a heading.
fn names(heading: &str) -> BTreeSet<String> {
    let listed = format!("{:?}", engine::environment(Escape::Html));
    let (_, rest) = listed.split_once(&format!("{heading}: ")).unwrap();
    let end = rest.find([']', '}']).filter(|_| heading != "filters").or_else(|| rest.find("], ")).unwrap_or(rest.len());
    rest[..end].split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_name_that_a_template_may_use_has_a_bound() {
    let ours = |name: &String| guard::CHECKS.contains(&name.as_str());
    let (filters, tests) = (names("filters"), names("tests"));
    assert!(filters.len() > 70 && tests.len() > 40, "{filters:?} {tests:?}");
    assert_eq!(filters.iter().filter(|name| !filters::has_filter(name) && !ours(name)).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(tests.iter().filter(|name| !filters::has_test(name)).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(names("globals").into_iter().collect::<Vec<_>>(), ["dict", "one__", "range"]);
    for name in ["debug", "namespace"] {
        assert!(Template::compile(&format!("{{{{ {name}() }}}}"), Escape::Html).is_err(), "{name}");
    }
}

#[test]
fn what_marks_up_asks_before_it_makes_in_every_markup() {
    let context = hostile();
    let (mut ran, mut wrong) = (0, Vec::new());
    let filters =
        ["bold", "code", "line", "quote(1000000)", "link('https://h/')", "around('*', '*')", "e", "joined('*')"];
    for escape in [Escape::Html, Escape::Mrkdwn, Escape::Markdown, Escape::None] {
        for (filter, subject) in filters.iter().flat_map(|filter| {
            ["payload.big", "payload.marks", "payload.texts", "payload"].map(|subject| (filter, subject))
        }) {
            let source =
                format!("{{% set a = {subject} | {filter} %}}{{{{ a | {filter} | {filter} }}}}{{{{ {subject} }}}}");
            let made = run(&Template::compile(&source, escape).unwrap(), &context);
            ran += usize::from(made.is_ok());
            wrong.extend(
                made.err().filter(|error| error.starts_with("TOO MUCH")).map(|error| format!("{source}: {error}")),
            );
        }
    }
    assert_none(&wrong);
    assert!(ran > 50, "only {ran} came to an end");
}

#[test]
fn every_filter_and_test_asks_before_it_makes() {
    const SUBJECTS: [&str; 5] = ["payload.big", "payload.list", "payload.texts", "payload.map", "payload.items"];
    const ARGUMENTS: [&str; 8] = [
        "",
        "(payload.many)",
        "(payload.big)",
        "('', payload.big)",
        "(payload.many, payload.big)",
        "('a', 'eq', payload.items)",
        "(attribute='a')",
        "(width=payload.many)",
    ];
    let context = hostile();
    let (mut ran, mut wrong) = (0, Vec::new());
    let mut run = |source: String| {
        let Ok(template) = Template::compile(&source, Escape::Html) else { return };
        let made = run(&template, &context);
        ran += usize::from(made.is_ok());
        wrong
            .extend(made.err().filter(|error| error.starts_with("TOO MUCH")).map(|error| format!("{source}: {error}")));
    };
    for filter in names("filters").iter().filter(|name| !name.starts_with('(')) {
        for (subject, arguments) in SUBJECTS.iter().flat_map(|subject| ARGUMENTS.map(|arguments| (subject, arguments)))
        {
            let apply = format!("| {filter}{arguments}");
            run(format!("{{% set a = {subject} {apply} {apply} %}}{{{{ a | safe }}}}"));
        }
    }
    for test in names("tests").iter().filter(|name| name.starts_with(char::is_alphabetic)) {
        for (subject, arguments) in SUBJECTS.iter().flat_map(|subject| ARGUMENTS.map(|arguments| (subject, arguments)))
        {
            run(format!("{{% for i in range(99) %}}{{{{ {subject} is {test}{arguments} }}}}{{% endfor %}}"));
        }
    }
    assert_none(&wrong);
    assert!(ran > 500, "only {ran} came to an end");
}
