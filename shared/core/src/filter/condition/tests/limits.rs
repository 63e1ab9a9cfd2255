//! What is bounded, when a condition is saved and when it runs.

use super::*;

/// A list of so many ones in 60 KB of body.
fn ones() -> serde_json::Value {
    json!({"a": vec![1; 30_000], "s": "x".repeat(60_000)})
}

/// Runs on a stack of 512 KiB, a quarter of what a thread has.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(512 * 1024).spawn(run).unwrap().join().unwrap();
}

#[test]
fn long_chains_take_no_stack() {
    on_a_small_stack(|| {
        for (source, holds) in [
            (format!("{} > 0", ["1"; 2000].join("+")), true),
            (format!("{} == null", "payload".to_owned() + &"[0]".repeat(1300)), true),
            (format!("payload{} == null", ".a".repeat(2000)), true),
            (["false"; 580].join("||") + "||true", true),
            (["true"; 580].join("&&"), true),
            (format!("{}true", "!".repeat(4000)), true),
            (format!("{}1 == 1", "-".repeat(4000)), true),
            (format!("{}true", "false?false:".repeat(330)), true),
            (["true"; 500].join("=="), true),
            (format!("''{} == ''", ".trim()".repeat(500)), true),
            (format!("size([{}]) == 2000", "1,".repeat(2000)), true),
        ] {
            let decision = decide(&source, json!({}));
            assert_eq!(decision == Decision::Holds, holds, "{}…: {decision:?}", &source[..20]);
        }
    });
}

#[test]
fn what_nests_too_deep_is_refused() {
    on_a_small_stack(|| {
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("{1:", "}"),
            ("size([", "])"),
            ("payload[", "]"),
            ("[1].map(x,", ")"),
            ("!(", ")"),
            ("1+(", ")"),
            ("true?(", "):1"),
        ] {
            for count in [65, 4000 / (open.len() + close.len())] {
                let source = open.repeat(count) + "1" + &close.repeat(count);
                let error = Condition::compile(&source).expect_err(open).to_string();
                assert!(error.contains("nests deeper than 64 levels"), "{open}: {error}");
            }
        }
        assert_eq!(decide(&("(".repeat(63) + "true" + &")".repeat(63)), json!({})), Decision::Holds);
        let deep = "[1].exists(x,".repeat(60) + "x == 1" + &")".repeat(60);
        assert_eq!(decide(&deep, json!({})), Decision::Holds);
        let lists = "[".repeat(60) + "1" + &"]".repeat(60);
        assert_eq!(decide(&format!("{lists} == {lists}"), json!({})), Decision::Holds);
    });
    let error = Condition::compile(&"a".repeat(4097)).unwrap_err().to_string();
    assert_eq!(error, "a condition may be 4096 bytes long, this one has 4097");
}

#[test]
fn steps_and_memory_end_an_evaluation() {
    const STEPS: &str = "the condition takes more than 1,000,000 steps on this event";
    const MEMORY: &str = "the condition holds more than 8 MiB at once on this event";
    let long = "payload.s+".repeat(200) + "''";
    for (source, what) in [
        ("payload.a.all(x, payload.a.all(y, x == y))".to_owned(), STEPS),
        ("payload.a.exists(x, payload.a.exists(y, x != y)) || true".to_owned(), STEPS),
        ("!payload.a.exists(x, payload.a.filter(y, y == x).size() == 0)".to_owned(), STEPS),
        ("payload.a.map(x, payload.s + payload.s).size() > 0".to_owned(), MEMORY),
        ("payload.a.map(x, payload.a.map(y, y)).size() > 0".to_owned(), MEMORY),
        (format!("size({long}) > 0"), STEPS),
        ("payload.s.split('').map(c, payload.s.split('')).size() > 0".to_owned(), MEMORY),
        ("payload.s.replace('', payload.s) == ''".to_owned(), MEMORY),
        ("payload.a.map(x, payload.s).join(payload.s) == ''".to_owned(), MEMORY),
        ("payload.a.all(x, payload.s.upperAscii().contains('X'))".to_owned(), STEPS),
        ("payload.a.all(x, payload.s + 'a' < payload.s + 'b')".to_owned(), STEPS),
        ("payload.a.all(x, payload.s.matches('x{1,50}y?'))".to_owned(), STEPS),
        ("payload.a.exists(x, payload.s.matches('x*' + string(x) + '1'))".to_owned(), STEPS),
        ("payload.a.all(x, payload.a == payload.a)".to_owned(), STEPS),
        ("payload.a.all(x, 2 in payload.a || true)".to_owned(), STEPS),
    ] {
        let shown: String = source.chars().take(60).collect();
        let Decision::Beyond(found) = decide(&source, ones()) else {
            panic!("{shown} is decided");
        };
        assert!(found.ends_with(what), "{shown}: {found}");
    }
    check(&ones(), &[("payload.a.all(x, x == 1) && payload.a.map(x, x + 1).size() == 30000", true)]);
}

#[test]
fn memory_is_counted_live() {
    let source = "payload.a.all(x, (payload.s + payload.s).size() == 120000) || payload.a.size() > 300";
    assert_eq!(decide(source, json!({"a": vec![1; 200], "s": "x".repeat(60_000)})), Decision::Holds);
}

#[test]
fn a_program_that_is_beyond_the_bounds_for_any_event_is_refused() {
    let list = format!("[{}1]", "1,".repeat(100));
    let nested = format!("{list}.all(a, {list}.all(b, {list}.all(c, {list}.all(d, a == d))))");
    let error = Condition::compile(&nested).unwrap_err().to_string();
    assert!(error.contains("takes more than 1,000,000 steps, whatever the event"), "{error}");
    let many = "x".repeat(64);
    let grown = format!("['x'.replace('', '{many}'){}].size() == 1", format!(".replace('x', '{many}')").repeat(3));
    let error = Condition::compile(&grown).unwrap_err().to_string();
    assert!(error.contains("holds more than 8 MiB at once, whatever the event"), "{error}");
}

#[test]
fn long_numbers_cost_what_they_weigh() {
    let body = format!("{{\"a\": [{}1], \"n\": {}}}", "1,".repeat(10_000), "9".repeat(200_000));
    let payload = crate::json::read(body.as_bytes()).unwrap();
    for source in ["payload.a.all(x, payload.n == payload.n)", "payload.a.all(x, payload.n > x)"] {
        let condition = Condition::compile(source).unwrap();
        let decision =
            super::super::super::tests::with_payload(payload.clone(), &body, |variables| condition.decide(variables));
        assert!(matches!(&decision, Decision::Beyond(what) if what.contains("1,000,000 steps")), "{decision:?}");
    }
}
