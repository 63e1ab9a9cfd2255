//! An action as people write it: its kind, and the fields of that kind.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Action, Kind, discord, email, eventbridge, forward, lambda, ntfy, of_room, slack, sqs, telegram};
use crate::config::{Problems, SecretInput, SecretsAs, field_problem_in};
use crate::secret::SecretRef;

/// The field of what runs where an action is dead.
const FALLBACK: &str = "fallback";

/// An action, as written: a `kind`, and the fields that this kind has.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionSpec {
    /// Its kind.
    pub kind: String,
    /// The fields of its kind; which there are is checked with the rest.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// An action: its kind, and the fields of that kind.
#[cfg(feature = "schema")]
#[derive(utoipa::ToSchema)]
#[schema(as = ActionSpec)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what `ActionSpec` reads")]
enum Written {
    /// Sends a message to a Telegram chat.
    Telegram(telegram::Spec),
    /// Posts the event to another URL.
    Forward(forward::Spec),
    /// Sends a message to Slack.
    Slack(slack::Spec),
    /// Sends a message to Discord.
    Discord(discord::Spec),
    /// Sends a mail.
    Email(email::Spec),
    /// Puts the event on a bus of EventBridge.
    Eventbridge(eventbridge::Spec),
    /// Calls an AWS Lambda function.
    Lambda(lambda::Spec),
    /// Publishes a notification through ntfy.
    Ntfy(ntfy::Spec),
    /// Sends a message to a queue of SQS.
    Sqs(sqs::Spec),
}

#[cfg(feature = "schema")]
impl utoipa::PartialSchema for ActionSpec {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        Written::schema()
    }
}

#[cfg(feature = "schema")]
impl utoipa::ToSchema for ActionSpec {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        Written::schemas(schemas);
    }
}

/// What the check of one action goes by, and where it says what is wrong.
pub(crate) struct Check<'a> {
    pub(crate) at: &'a str,
    pub(crate) secrets: SecretsAs,
    /// The hook's actions before, whose secrets stay where they go to the same place.
    pub(crate) kept: &'a [Action],
    pub(crate) problems: &'a mut Problems,
}

impl Check<'_> {
    /// Says that something is wrong with a field of the action.
    pub(super) fn add(&mut self, field: &str, message: impl Into<String>) {
        self.problems.add(format!("{}{field}", self.at), message);
    }

    /// Passes a good value on, and says what is wrong with a bad one.
    pub(super) fn take<T>(&mut self, field: &str, result: Result<T, impl ToString>) -> Option<T> {
        self.problems.take(&format!("{}{field}", self.at), result)
    }

    /// The fields of a kind.
    fn fields<T: DeserializeOwned>(&mut self, fields: &Map<String, Value>) -> Option<T> {
        let written = Value::Object(fields.clone());
        let read = serde_path_to_error::deserialize(&written);
        read.map_err(|error| {
            let problem = field_problem_in(&error, &written);
            let field = if error.path().iter().next().is_none() { String::new() } else { problem.field };
            let at =
                if field.is_empty() { self.at.trim_end_matches('.').to_owned() } else { self.at.to_owned() + &field };
            self.problems.add(at, problem.message);
        })
        .ok()
    }
}

impl ActionSpec {
    /// Checks the action; its secrets are as they were given.
    pub(crate) fn check(&self, check: &mut Check<'_>) -> Option<Action<SecretInput>> {
        match Kind::named(&self.kind) {
            Some(Kind::Telegram) => {
                telegram::Telegram::check(&check.fields(&self.fields)?, check).map(Action::Telegram)
            }
            Some(Kind::Forward) => forward::Forward::check(&check.fields(&self.fields)?, check).map(Action::Forward),
            Some(Kind::Slack) => slack::Slack::check(&check.fields(&self.fields)?, check).map(Action::Slack),
            Some(Kind::Discord) => discord::Discord::check(&check.fields(&self.fields)?, check).map(Action::Discord),
            Some(Kind::Ntfy) => ntfy::Ntfy::check(&check.fields(&self.fields)?, check).map(Action::Ntfy),
            Some(Kind::Email) => email::Email::check(&check.fields(&self.fields)?, check).map(Action::Email),
            Some(Kind::Eventbridge) => {
                eventbridge::Eventbridge::check(&check.fields(&self.fields)?, check).map(Action::Eventbridge)
            }
            Some(Kind::Lambda) => lambda::Lambda::check(&check.fields(&self.fields)?, check).map(Action::Lambda),
            Some(Kind::Sqs) => sqs::Sqs::check(&check.fields(&self.fields)?, check).map(Action::Sqs),
            Some(Kind::Route) | None => {
                let known: Vec<_> = Kind::WITH_WORKERS.map(Kind::as_str).into();
                check.add("kind", format!("unknown kind `{}`; known are {}", self.kind, known.join(", ")));
                None
            }
        }
    }

    /// Puts the values of secrets in the place of references to them, as far as `value_of` has them.
    pub(crate) fn resolve<E>(
        &mut self,
        value_of: &mut impl FnMut(&SecretRef) -> Result<Option<String>, E>,
    ) -> Result<(), E> {
        // One level: a fallback has none of its own.
        if let (own, Some(Ok(mut fallback))) = self.split_fallback() {
            fallback.resolve_own(value_of)?;
            *self = own;
            self.resolve_own(value_of)?;
            *self = std::mem::take(self).with_fallback(Some(fallback));
            return Ok(());
        }
        self.resolve_own(value_of)
    }

    /// The same for its own fields.
    fn resolve_own<E>(&mut self, value_of: &mut impl FnMut(&SecretRef) -> Result<Option<String>, E>) -> Result<(), E> {
        match Kind::named(&self.kind) {
            Some(Kind::Forward) => forward::resolve(&mut self.fields, value_of),
            Some(Kind::Slack) => slack::resolve(&mut self.fields, value_of),
            Some(Kind::Discord) => discord::resolve(&mut self.fields, value_of),
            Some(Kind::Ntfy) => ntfy::resolve(&mut self.fields, value_of),
            Some(Kind::Telegram | Kind::Email | Kind::Eventbridge | Kind::Lambda | Kind::Sqs | Kind::Route) | None => {
                Ok(())
            }
        }
    }

    /// What is written to run where this one is dead, taken out of its fields; an error where that is no action.
    pub(crate) fn split_fallback(&self) -> (Self, Option<Result<Self, &'static str>>) {
        let mut own = self.clone();
        let fallback = own.fields.remove(FALLBACK).filter(|fallback| !fallback.is_null()).map(|fallback| {
            let action: Self = serde_json::from_value(fallback)
                .map_err(|_| "it is an action: `fallback = { kind = \"email\", to = [\"me@example.com\"] }`")?;
            match action.fields.contains_key(FALLBACK) {
                true => Err("a fallback has none of its own: leave out the one inside it"),
                false => Ok(action),
            }
        });
        (own, fallback)
    }

    /// The same with what is to run where it is dead.
    #[must_use]
    pub fn with_fallback(mut self, fallback: Option<Self>) -> Self {
        if let Some(fallback) = fallback.and_then(|fallback| serde_json::to_value(fallback).ok()) {
            self.fields.insert(FALLBACK.to_owned(), fallback);
        }
        self
    }

    /// Stored actions as they would be written, without their secrets, each with what is to run where it is dead.
    pub fn all(actions: &[Action], fallbacks: &BTreeMap<usize, Action>) -> Vec<Self> {
        let written = actions.iter().enumerate();
        written.map(|(i, action)| Self::of(action).with_fallback(fallbacks.get(&i).map(Self::of))).collect()
    }

    /// A stored action as it would be written, without its secrets.
    pub fn of(action: &Action) -> Self {
        let fields = of_room!(action, room => serde_json::to_value(room.spec()));
        // A struct of texts and numbers is an object.
        let fields = fields.ok().and_then(|fields| fields.as_object().cloned()).unwrap_or_default();
        Self { kind: action.kind().as_str().to_owned(), fields }
    }
}
