//! What Redis does in one step.

use redis::ToRedisArgs;

/// A Lua script. Nothing else happens in Redis while it runs, so it may look before it writes.
#[derive(Clone, Debug)]
pub struct Script {
    name: &'static str,
    script: redis::Script,
}

impl Script {
    /// A script, and its name in metrics.
    pub fn new(name: &'static str, text: &str) -> Self {
        Self {
            name,
            script: redis::Script::new(text),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn on(&self, key: &str, arguments: impl ToRedisArgs) -> redis::ScriptInvocation<'_> {
        let mut invocation = self.script.key(key);
        invocation.arg(arguments);
        invocation
    }
}
