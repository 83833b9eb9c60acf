//! How callers of a queue ask to be called back, and what they and the agents hear.

/// The keys and prompts of callbacks in one queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackPlan {
    /// The key that asks for a callback.
    pub key: char,
    /// The key that calls it off again, while the caller hears what became of his request; none: there is none.
    pub cancel_key: Option<char>,
    /// What the agent hears while the customer is called.
    pub agent_prompt: String,
    /// The request was taken.
    pub registered_prompt: String,
    /// He had asked before.
    pub already_prompt: String,
    /// He cannot be called back, and waits on.
    pub refused_prompt: String,
    /// He is to type his number.
    pub number_prompt: String,
    /// His callback is called off.
    pub cancelled_prompt: String,
}

impl Default for CallbackPlan {
    /// Key 1, and 2 to call it off; the prompts that come with the program.
    fn default() -> Self {
        Self {
            key: '1',
            cancel_key: Some('2'),
            agent_prompt: "callback".to_owned(),
            registered_prompt: "callback-registered".to_owned(),
            already_prompt: "callback-already".to_owned(),
            refused_prompt: "callback-refused".to_owned(),
            number_prompt: "callback-number".to_owned(),
            cancelled_prompt: "callback-cancelled".to_owned(),
        }
    }
}
