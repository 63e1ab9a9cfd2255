//! The way to AWS from one process: as the identity that its environment has.

use std::sync::Arc;

use bellhop_app::ports::{AwsReach, PortResult};
use bellhop_aws::Aws;
use bellhop_core::arn::TARGETS_VARIABLE;
use bellhop_core::config::{CheckedConfig, Problem};

use crate::config::Place;

/// The way there, to what actions may call; an error names the variable that is missing.
pub(crate) fn reach() -> PortResult<AwsReach> {
    let aws = Aws::from_env()?;
    let targets = std::env::var(TARGETS_VARIABLE).unwrap_or_default();
    Ok(AwsReach::new(Arc::new(aws.action_calls()), &targets))
}

/// What is wrong with actions that call AWS from this process: it has no credentials, or may not call what they name.
pub(crate) fn problems(config: &CheckedConfig, place: Place) -> Vec<Problem> {
    let hooks = config.hooks.iter().enumerate();
    let actions =
        hooks.flat_map(|(i, draft)| draft.hook.actions.iter().enumerate().map(move |(j, action)| (i, j, action)));
    let mut called = actions.filter_map(|(i, j, action)| Some((i, j, action.kind(), action.aws_target()?))).peekable();
    if place == Place::Deployed || called.peek().is_none() {
        return Vec::new();
    }
    let reach = reach();
    let wrong = |(i, j, kind, (field, name))| {
        let message = match &reach {
            Ok(AwsReach { api, targets }) => targets.find(name, api.region()).err()?,
            Err(missing) => format!(
                "`{kind}` actions need AWS: set AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and {TARGETS_VARIABLE} \
                 ({missing})"
            ),
        };
        Some(Problem { field: format!("hooks[{i}].actions[{j}].{field}"), message })
    };
    called.filter_map(wrong).collect()
}
