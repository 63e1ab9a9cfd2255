//! Templates that are refused or stopped.

use super::*;

#[test]
fn a_bad_template_is_refused_with_its_line() {
    for (source, message) in [
        ("{{ payload.x", "line 1: syntax error: unexpected end of input, expected end of variable block"),
        ("a\n{% if x %}", "line 2: "),
        ("a\nb {{ payload.x | uper }}", "line 2: there is no filter `uper`"),
        ("{% if false %}{{ x | nope(1) }}{% endif %}", "line 1: there is no filter `nope`"),
        ("{% if x is not strange %}{% endif %}", "line 1: there is no test `strange`"),
        ("\n\n{{ now() }}", "line 3: unknown function: now is unknown"),
        ("{% set n = namespace(x=1) %}", "line 1: unknown function: namespace is unknown"),
        ("{{ 'a' | truncate }}", "line 1: missing argument"),
        ("{% filter nope %}x{% endfilter %}", "line 1: there is no filter `nope`"),
    ] {
        let error = Template::compile(source, Escape::Html).unwrap_err().to_string();
        assert!(error.starts_with(message), "{source}: {error}");
    }
    let long = "x".repeat(MAX_SOURCE_BYTES + 1);
    assert!(Template::compile(&long, Escape::Html).is_err());
    assert!(Template::compile(&"{{".repeat(3_000), Escape::Html).is_err());
    assert!(
        Template::compile(&format!("{{{{ {}1{} }}}}", "(".repeat(9_000), ")".repeat(9_000)), Escape::Html).is_err()
    );
}

#[test]
fn what_only_looks_wrong_is_taken() {
    for source in [
        "{# {{ x | nope }} #}",
        "{% raw %}{{ x | nope }}{% endraw %}",
        "{{ '{{ x | nope }}' }} {{ \"a|nope\" }}",
        "{{ payload.is }} {{ payload.x is defined }} {{ a or b }} {{ 1 if x is divisibleby(3) }}",
        "{%- if x -%}{{- y | default('|') -}}{%- endif -%}",
        "{ not a template } {",
        "{{ payload.x | tojson(indent=2) }}",
        "{{ payload.list | map(attribute='x') | join(',') }} {{ payload.list | selectattr('a', 'equalto', 1) | list }}",
    ] {
        assert!(
            Template::compile(source, Escape::Html).is_ok(),
            "{source}: {:?}",
            Template::compile(source, Escape::Html)
        );
    }
}

#[test]
fn no_template_runs_for_ever_or_fills_the_memory() {
    let forever = "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}";
    let huge = "{% for a in range(9999) %}{{ body }}{% endfor %}";
    let body = vec![b'x'; 4096];
    let (steps, output) =
        ("the template takes more than 1,000,000 steps", "the template makes more than 1048576 bytes");
    for (source, expected) in [(forever, steps), (huge, output)] {
        let Ok(template) = Template::compile(source, Escape::Html) else {
            assert_eq!(expected, steps, "what takes long without an event is refused");
            continue;
        };
        let context = plain_delivery(&body).context();
        assert_eq!(template.render(&context).unwrap_err().what, expected);
        let message = message_for("shared-secret", None, Some(&template), &context);
        assert_eq!(message.text, String::from_utf8(body.clone()).unwrap());
        assert_eq!(message.trouble.unwrap().what, expected);
    }
}

#[test]
fn a_failure_names_no_value() {
    let template = Template::compile("{{ payload.secret / 2 }}", Escape::Html).unwrap();
    let context = plain_delivery(br#"{"secret": "canary"}"#).context();
    let message = message_for("shared-secret", None, Some(&template), &context);
    let trouble = message.trouble.unwrap().to_string();
    assert!(!trouble.contains("canary"), "{trouble}");
    assert!(message.text.contains("canary"));
}

#[test]
fn the_longest_texts_compile_quickly_enough_to_be_refused() {
    for piece in ["{{ x }}\n", "{{ x | upper }}", "{{", "{% if x %}", "{#", "{{ '", "{% raw %}", "a | b is c "] {
        let source = piece.repeat(MAX_SOURCE_BYTES / piece.len());
        let _ = Template::compile(&source, Escape::Html);
    }
}
