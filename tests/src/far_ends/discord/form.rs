//! What a message of a webhook may hold, and how a refusal is told.
//! Sources: <https://discord.com/developers/docs/resources/webhook#execute-webhook>,
//! <https://discord.com/developers/docs/resources/message#embed-object-embed-limits>,
//! <https://discord.com/developers/docs/reference#error-messages>.

use serde_json::{Map, Value, json};

use crate::far_ends::Reply;
use crate::far_ends::fields::units;
use crate::sink::Came;

/// The longest text of a message.
pub const CONTENT_LIMIT: usize = 2000;

/// The most letters of all embeds of a message.
const EMBEDS_LIMIT: usize = 6000;

/// An answer that refuses.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    body: Value,
}

impl Refusal {
    /// A refusal with a code of Discord's.
    pub(super) fn new(status: u16, code: u32, message: &str) -> Self {
        Self { status, body: json!({"message": message, "code": code}) }
    }

    /// The answer.
    pub(super) fn reply(&self) -> Reply {
        Reply::json(self.status, &self.body)
    }
}

/// What is wrong with the fields of a form, each below its name.
#[derive(Default)]
struct Faults(Map<String, Value>);

impl Faults {
    /// Notes a fault of the field at this path, `embeds.0.title`.
    fn add(&mut self, path: &str, code: &str, message: &str) {
        let mut place = &mut self.0;
        for part in path.split('.').chain(["_errors"]) {
            let next = place.entry(part).or_insert_with(|| if part == "_errors" { json!([]) } else { json!({}) });
            match next {
                Value::Object(deeper) => place = deeper,
                Value::Array(faults) => {
                    faults.push(json!({"code": code, "message": message}));
                    return;
                }
                _ => return,
            }
        }
    }

    /// The refusal, where there are faults.
    fn refuse(self) -> Result<(), Refusal> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Refusal { status: 400, body: json!({"message": "Invalid Form Body", "code": 50035, "errors": self.0}) })
    }

    /// Checks a text's length.
    fn text(&mut self, path: &str, value: &Value, least: usize, most: usize) {
        let Some(text) = value.as_str() else {
            return self.add(path, "STRING_TYPE_CONVERT", "Could not interpret value as string.");
        };
        if text.trim().is_empty() && least > 0 {
            self.add(path, "BASE_TYPE_REQUIRED", "This field is required");
        } else if units(text) > most {
            self.add(path, "BASE_TYPE_MAX_LENGTH", &format!("Must be {most} or fewer in length."));
        }
    }

    /// Checks an address.
    fn url(&mut self, path: &str, value: &Value) {
        let good = value.as_str().is_some_and(|url| {
            ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) && !url.contains(char::is_whitespace)
        });
        if !good || value.as_str().is_some_and(|url| units(url) > 2048) {
            self.add(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.");
        }
    }

    /// Checks that a value is true or false.
    fn flag(&mut self, path: &str, value: &Value) {
        if !value.is_boolean() {
            self.add(path, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.");
        }
    }

    /// The items of a list of a bounded length.
    fn list<'a>(&mut self, path: &str, value: &'a Value, most: usize) -> &'a [Value] {
        let Some(list) = value.as_array() else {
            self.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
            return &[];
        };
        if list.len() > most {
            self.add(path, "BASE_TYPE_BAD_LENGTH", &format!("Must be between 0 and {most} in length."));
        }
        list
    }

    /// The fields of an object.
    fn object<'a>(&mut self, path: &str, value: &'a Value) -> Vec<(String, &'a str, &'a Value)> {
        let Some(object) = value.as_object() else {
            self.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType");
            return Vec::new();
        };
        object.iter().map(|(name, value)| (format!("{path}.{name}"), name.as_str(), value)).collect()
    }

    /// Notes a field that nobody knows.
    fn unknown(&mut self, path: &str) {
        self.add(path, "UNKNOWN_FIELD", "This field is not known.");
    }
}

/// Checks an id in a path or a query.
pub(super) fn snowflake(name: &str, value: &str) -> Result<(), Refusal> {
    let mut faults = Faults::default();
    if value.len() < 17 || value.parse::<u64>().is_err() {
        faults.add(name, "NUMBER_TYPE_COERCE", &format!("Value \"{value}\" is not snowflake."));
    }
    faults.refuse()
}

/// The parameters of a query: whether to wait, and the thread.
pub(super) fn query(query: &str, of_message: bool) -> Result<(bool, Option<String>), Refusal> {
    let (mut wait, mut thread, mut faults) = (false, None, Faults::default());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "wait" if !of_message => match value.as_ref() {
                "true" | "1" => wait = true,
                "false" | "0" => wait = false,
                _ => faults.flag("wait", &Value::Null),
            },
            "thread_id" => {
                snowflake("thread_id", &value)?;
                thread = Some(value.into_owned());
            }
            other => faults.unknown(other),
        }
    }
    faults.refuse().map(|()| (wait, thread))
}

/// The fields of a message that is posted, or edited.
pub(super) fn message(came: &Came, is_new: bool) -> Result<Map<String, Value>, Refusal> {
    let kind = came.headers.get_all("content-type").iter().collect::<Vec<_>>();
    let kind = if let [one] = kind[..] { one.to_str().unwrap_or_default().to_ascii_lowercase() } else { String::new() };
    let allowed = ["application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"];
    if !allowed.contains(&kind.as_str()) {
        let expected = "Expected \"Content-Type\" header to be one of {'application/json', \
                        'application/x-www-form-urlencoded', 'multipart/form-data'}.";
        return Err(Refusal::new(400, 50035, expected));
    }
    let not_json = |_| Refusal::new(400, 50109, "The request body contains invalid JSON.");
    let value: Value = serde_json::from_slice(&came.body).map_err(not_json)?;
    let mut faults = Faults::default();
    let Value::Object(body) = value else {
        return Err(Refusal::new(400, 50109, "The request body contains invalid JSON."));
    };
    for (name, value) in &body {
        match name.as_str() {
            // An edit takes away what is null.
            "content" | "embeds" | "allowed_mentions" | "flags" | "attachments" if !is_new && value.is_null() => {}
            "content" => faults.text(name, value, 0, CONTENT_LIMIT),
            "embeds" => faults.embeds(value),
            "allowed_mentions" => faults.allowed_mentions(value),
            // SUPPRESS_EMBEDS and SUPPRESS_NOTIFICATIONS.
            "flags" if value.as_u64().is_some_and(|flags| flags & !(4 | 4096) == 0) => {}
            "attachments" if *value == json!([]) => {}
            "username" if is_new => faults.username(value),
            "avatar_url" if is_new => faults.url(name, value),
            "tts" if is_new => faults.flag(name, value),
            "thread_name" if is_new => faults.text(name, value, 1, 100),
            "flags" | "attachments" => faults.add(name, "BASE_TYPE_CHOICES", "This value is not allowed here."),
            _ => faults.unknown(name),
        }
    }
    faults.refuse().map(|()| body)
}

impl Faults {
    /// Checks the name that a message is shown under.
    fn username(&mut self, value: &Value) {
        self.text("username", value, 1, 80);
        let name = value.as_str().unwrap_or_default().to_lowercase();
        for part in ["discord", "clyde"].into_iter().filter(|part| name.contains(part)) {
            self.add("username", "USERNAME_INVALID_CONTAINS", &format!("Username cannot contain \"{part}\""));
        }
    }

    /// Checks who may be called.
    fn allowed_mentions(&mut self, value: &Value) {
        for (path, name, value) in self.object("allowed_mentions", value) {
            match name {
                "parse" => {
                    let good = |kind: &&Value| ["roles", "users", "everyone"].map(Value::from).contains(kind);
                    if !self.list(&path, value, 3).iter().all(|kind| good(&kind)) {
                        self.add(&path, "BASE_TYPE_CHOICES", "Value must be one of ('roles', 'users', 'everyone').");
                    }
                }
                "users" | "roles" => {
                    for (place, id) in self.list(&path, value, 100).iter().enumerate() {
                        if id.as_str().is_none_or(|id| id.parse::<u64>().is_err()) {
                            self.add(&format!("{path}.{place}"), "NUMBER_TYPE_COERCE", "Value is not snowflake.");
                        }
                    }
                }
                "replied_user" => self.flag(&path, value),
                _ => self.unknown(&path),
            }
        }
        for name in ["users", "roles"] {
            let parsed = value["parse"].as_array().is_some_and(|list| list.contains(&json!(name)));
            if parsed && value[name].as_array().is_some_and(|list| !list.is_empty()) {
                let message = format!("parse:[\"{name}\"] and {name}: [ids...] are mutually exclusive.");
                self.add("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", &message);
            }
        }
    }

    /// Checks the embeds of a message, and their length together.
    fn embeds(&mut self, value: &Value) {
        let mut letters = 0;
        for (place, embed) in self.list("embeds", value, 10).iter().enumerate() {
            let at = format!("embeds.{place}");
            for (path, name, value) in self.object(&at, embed) {
                match name {
                    "type" if *value == json!("rich") => {}
                    "title" => self.text(&path, value, 1, 256),
                    "description" => self.text(&path, value, 1, 4096),
                    "url" => self.url(&path, value),
                    "timestamp" => {
                        if value.as_str().is_none_or(|time| time.parse::<jiff::Timestamp>().is_err()) {
                            self.add(&path, "DATE_TIME_TYPE_PARSE", "Could not parse. Should be ISO8601.");
                        }
                    }
                    "color" => {
                        if value.as_u64().is_none_or(|color| color > 0xff_ffff) {
                            self.add(&path, "NUMBER_TYPE_MAX", "int value should be between 0 and 16777215.");
                        }
                    }
                    "footer" => self.part(&path, value, ("text", 2048), &["icon_url"]),
                    "author" => self.part(&path, value, ("name", 256), &["url", "icon_url"]),
                    "image" | "thumbnail" => self.part(&path, value, ("", 0), &["url"]),
                    "fields" => {
                        for (place, field) in self.list(&path, value, 25).iter().enumerate() {
                            self.field(&format!("{path}.{place}"), field);
                        }
                    }
                    _ => self.unknown(&path),
                }
            }
            let fields = embed["fields"].as_array().map_or(&[][..], Vec::as_slice);
            let texts = fields.iter().flat_map(|field| [&field["name"], &field["value"]]);
            let texts = texts.chain([
                &embed["title"],
                &embed["description"],
                &embed["footer"]["text"],
                &embed["author"]["name"],
            ]);
            letters += texts.filter_map(Value::as_str).map(units).sum::<usize>();
        }
        if letters > EMBEDS_LIMIT {
            let message = "Embed size exceeds maximum size of 6000";
            self.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", message);
        }
    }

    /// Checks a part of an embed: a text that it must have, and addresses.
    fn part(&mut self, path: &str, value: &Value, (text, most): (&str, usize), urls: &[&str]) {
        if !text.is_empty() && value.get(text).is_none() {
            self.add(&format!("{path}.{text}"), "BASE_TYPE_REQUIRED", "This field is required");
        }
        for (path, name, value) in self.object(path, value) {
            match name {
                _ if name == text => self.text(&path, value, 1, most),
                _ if urls.contains(&name) => self.url(&path, value),
                _ => self.unknown(&path),
            }
        }
    }

    /// Checks a field of an embed.
    fn field(&mut self, path: &str, value: &Value) {
        for name in ["name", "value"].into_iter().filter(|name| value.get(name).is_none()) {
            self.add(&format!("{path}.{name}"), "BASE_TYPE_REQUIRED", "This field is required");
        }
        for (path, name, value) in self.object(path, value) {
            match name {
                "name" => self.text(&path, value, 1, 256),
                "value" => self.text(&path, value, 1, 1024),
                "inline" => self.flag(&path, value),
                _ => self.unknown(&path),
            }
        }
    }
}
