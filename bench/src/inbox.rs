//! What doubles of the ERP's inbox have in common: a call has one message or several.

use serde_json::{Value, json};

/// Processes a message, or each of several one after the other, and answers as the addon does.
///
/// # Errors
/// The first one of `process`.
pub async fn each<E, R>(asked: Value, process: impl Fn(Value) -> R) -> Result<Value, E>
where
    R: Future<Output = Result<Value, E>>,
{
    let Some(messages) = asked["messages"].as_array() else {
        return process(asked).await;
    };
    let mut answers = Vec::with_capacity(messages.len());
    for message in messages {
        let mut one = message.clone();
        one["source"] = asked["source"].clone();
        let mut answer = process(one).await?;
        answer["message_id"] = message["message_id"].clone();
        answers.push(answer);
    }
    Ok(json!({ "status": "answered", "messages": answers }))
}
