//! The scripts, each behind the common prelude. Called by hash; loaded again when Redis has forgotten them (restart, failover, flush).

use std::sync::LazyLock;

use redis::Script;

pub(crate) struct Named {
    pub(crate) name: &'static str,
    pub(crate) script: Script,
}

macro_rules! scripts {
    ($($name:ident = $file:literal)+) => {$(
        pub(crate) static $name: LazyLock<Named> = LazyLock::new(|| Named {
            name: $file,
            script: Script::new(concat!(
                include_str!("lua/prelude.lua"),
                include_str!(concat!("lua/", $file, ".lua"))
            )),
        });
    )+};
}

scripts! {
    APPLY = "apply"
    CLAIM = "claim"
    CONFIRM = "confirm"
    EXPIRE = "expire"
    EXTEND = "extend"
    FINISH = "finish"
    HOLDERS = "holders"
    PEEK = "peek"
    REBUILD_BEGIN = "rebuild_begin"
    REBUILD_END = "rebuild_end"
    RECALL = "recall"
    RELEASE = "release"
    STATS = "stats"
    WAIT = "wait"
    WITHDRAW = "withdraw"
}
