//! Expressions of known types, made from a seed.

/// Makes expressions over a payload with the fields `i j d s t b l m o`.
pub(super) struct Generator(u64);

impl Generator {
    /// A generator whose expressions follow from the seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below another: splitmix64.
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % most as u64).unwrap_or_default()
    }

    /// One of several texts.
    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    /// An expression that is true or false.
    pub(super) fn truth(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self
                .one(&["true", "false", "payload.b", "payload.i == 7", "has(payload.s)", "'a' in payload.m"])
                .to_owned();
        }
        let next = depth - 1;
        match self.below(14) {
            0 => format!("({} && {})", self.truth(next), self.truth(next)),
            1 => format!("({} || {})", self.truth(next), self.truth(next)),
            2 => format!("!({})", self.truth(next)),
            3 => format!("({} ? {} : {})", self.truth(next), self.truth(next), self.truth(next)),
            4 | 5 => {
                let operator = self.one(&["==", "!=", "<", "<=", ">", ">="]);
                format!("{} {operator} {}", self.number(next), self.number(next))
            }
            6 | 7 => {
                let operator = self.one(&["==", "!=", "<", "<=", ">", ">="]);
                format!("{} {operator} {}", self.text(next), self.text(next))
            }
            8 => {
                let method = self.one(&["contains", "startsWith", "endsWith"]);
                format!("{}.{method}({})", self.text(next), self.text(next))
            }
            9 => {
                let pattern = self.one(&["^a", "b+", "[a-c]+$", "(x|y)z*", "^$", "ä"]);
                format!("{}.matches('{pattern}')", self.text(next))
            }
            10 => format!("{} in {}", self.number(next), self.list(next)),
            11 => {
                let of = self.one(&["all", "exists", "exists_one"]);
                let operator = self.one(&["==", ">", "<=", "!="]);
                format!("{}.{of}(x, x {operator} {})", self.list(next), self.number(next))
            }
            12 => {
                let operator = self.one(&["==", "!="]);
                format!("{} {operator} {}", self.list(next), self.list(next))
            }
            _ => self.path().to_owned(),
        }
    }

    /// A question about fields.
    fn path(&mut self) -> &'static str {
        self.one(&[
            "has(payload.m.k)",
            "payload.m.k == 1",
            "payload.m['x'] == 'y'",
            "payload.o.exists(e, e.id == 2 && e.n == 'b')",
            "payload.o.all(e, has(e.id))",
            "payload.o.map(e, e.n) == ['a', 'b']",
            "payload.o.filter(e, e.id > 1).size() == 1",
            "payload.o.map(e, e.id > 1, e.n) == ['b']",
            "payload.m == {'x': 'y', 'k': 1}",
            "payload.m.exists(k, k == 'x')",
            "{'a': payload.i}['a'] == 7",
            "[payload.i, payload.j][1] < 0",
            "type(payload.i) == int",
            "type(payload.s) == string || type(payload.l) == list",
            "timestamp('2027-01-31T09:30:00Z').getHours() == 9",
            "timestamp('2027-01-31T09:30:00Z') + duration('90m') == timestamp('2027-01-31T11:00:00Z')",
            "duration('1h') > duration('59m59s')",
            "payload.i / payload.j > 0 || payload.b",
        ])
    }

    /// A whole number, sometimes a double.
    fn number(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self
                .one(&["0", "1", "-7", "42", "payload.i", "payload.j", "payload.d", "2.5", "3u", "9223372036854775807"])
                .to_owned();
        }
        let next = depth - 1;
        match self.below(8) {
            0 | 1 => {
                let operator = self.one(&["+", "-", "*", "/", "%"]);
                format!("({} {operator} {})", self.number(next), self.number(next))
            }
            2 => format!("size({})", self.text(next)),
            3 => format!("{}.size()", self.list(next)),
            4 => format!("int({})", self.number(next)),
            5 => format!("double({})", self.number(next)),
            6 => format!("{}.indexOf({})", self.text(next), self.text(next)),
            // An unsigned number has no negative.
            _ => format!("(-{})", self.number(0).trim_start_matches('-').trim_end_matches('u')),
        }
    }

    /// A text.
    fn text(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self
                .one(&["'abc'", "''", "'b'", "'äöü'", "\"a'b\"", "payload.s", "payload.t", "r'\\n'"])
                .to_owned();
        }
        let next = depth - 1;
        match self.below(9) {
            0 | 1 => format!("({} + {})", self.text(next), self.text(next)),
            2 => format!("string({})", self.one(&["payload.i", "true", "12", "7u", "'x'"])),
            3 => format!("{}.lowerAscii()", self.text(next)),
            4 => format!("{}.upperAscii().trim()", self.text(next)),
            5 => format!("{}.replace({}, 'z')", self.text(next), self.one(&["'a'", "'bc'", "'ä'"])),
            6 => format!("{}.substring({})", self.text(next), self.one(&["0", "1", "2"])),
            7 => format!("{}.split(',').join('-')", self.text(next)),
            _ => format!("{}.charAt({})", self.text(next), self.one(&["0", "1"])),
        }
    }

    /// A list of numbers.
    fn list(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.one(&["payload.l", "[1, 2, 3]", "[]", "[payload.i, 2.5]"]).to_owned();
        }
        let next = depth - 1;
        match self.below(4) {
            0 => format!("({} + {})", self.list(next), self.list(next)),
            1 => format!("{}.map(x, x + 1)", self.list(next)),
            2 => format!("{}.filter(x, x > {})", self.list(next), self.number(0)),
            _ => format!("[{}, {}]", self.number(next), self.number(next)),
        }
    }
}
