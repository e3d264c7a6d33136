//! Who follows what in this process, and what wakes them.
//!
//! A follower is only told that something may have happened, and looks it up where it is kept: whoever is slow misses
//! nothing, nothing queues, and a wake too many costs a look. What other processes do is heard by a broadcast, after each
//! interruption of which everybody looks.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kit_token::UserId;
use tokio::sync::watch;

/// Followers of things that are known by a `K`, of all users and of each a bounded number. `U` is who counts as a user,
/// where there are also others than those who are signed in. A cheap handle.
pub struct Followers<K, U = UserId>(Arc<Inner<K, U>>);

struct Inner<K, U> {
    most: usize,
    most_per_user: usize,
    open: Mutex<Open<K, U>>,
}

struct Open<K, U> {
    count: usize,
    users: HashMap<U, usize>,
    followed: HashMap<K, watch::Sender<()>>,
}

/// One follower. Dropping it makes room for another.
pub struct Follower<K: Clone + Eq + Hash, U: Clone + Eq + Hash = UserId> {
    key: K,
    user: U,
    news: watch::Receiver<()>,
    followers: Followers<K, U>,
}

/// Why somebody cannot follow anything more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooManyFollowers {
    /// The user has as many as one may have.
    OfUser,
    /// The process has as many as it may have.
    InAll,
}

impl<K, U> Clone for Followers<K, U> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Clone + Eq + Hash, U: Clone + Eq + Hash> Followers<K, U> {
    /// Nobody follows anything yet; at most so many may, and so many for a user.
    pub fn new(most: usize, most_per_user: usize) -> Self {
        let open = Mutex::new(Open {
            count: 0,
            users: HashMap::new(),
            followed: HashMap::new(),
        });
        Self(Arc::new(Inner {
            most,
            most_per_user,
            open,
        }))
    }

    /// Follows something for a user, where there is room.
    pub fn follow(&self, key: K, user: U) -> Result<Follower<K, U>, TooManyFollowers> {
        let mut open = self.open();
        let own = open.users.get(&user).copied().unwrap_or_default();
        if own >= self.0.most_per_user {
            return Err(TooManyFollowers::OfUser);
        }
        if open.count >= self.0.most {
            return Err(TooManyFollowers::InAll);
        }
        open.count += 1;
        open.users.insert(user.clone(), own + 1);
        let news = open.followed.entry(key.clone()).or_default().subscribe();
        Ok(Follower {
            key,
            user,
            news,
            followers: self.clone(),
        })
    }

    /// Something may have happened to this.
    pub fn wake(&self, key: &K) {
        if let Some(sender) = self.open().followed.get(key) {
            sender.send_replace(());
        }
    }

    /// Anything may have happened.
    pub fn wake_all(&self) {
        for sender in self.open().followed.values() {
            sender.send_replace(());
        }
    }

    fn open(&self) -> MutexGuard<'_, Open<K, U>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash, U: Clone + Eq + Hash> Follower<K, U> {
    /// What is followed.
    pub fn key(&self) -> &K {
        &self.key
    }

    /// Returns once something may have happened since the last time.
    pub async fn changed(&mut self) {
        if self.news.changed().await.is_err() {
            // Not while this follower lives.
            std::future::pending::<()>().await;
        }
    }
}

impl<K: Clone + Eq + Hash, U: Clone + Eq + Hash> Drop for Follower<K, U> {
    fn drop(&mut self) {
        let mut open = self.followers.open();
        open.count -= 1;
        if let Some(own) = open.users.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                open.users.remove(&self.user);
            }
        }
        // This one's receiver is still there.
        let sender = open.followed.get(&self.key);
        if sender.is_some_and(|sender| sender.receiver_count() <= 1) {
            open.followed.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use kit_values::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        Uuid::from_u128(number).into()
    }

    #[test]
    fn there_are_only_so_many_and_one_that_goes_makes_room() {
        let followers = Followers::new(3, 2);
        let refused = |user_id| followers.follow("a", user_id).err();
        let first = followers.follow("a", user(1)).ok();
        let _second = followers.follow("b", user(1)).ok();
        assert_eq!(refused(user(1)), Some(TooManyFollowers::OfUser));
        let _third = followers.follow("a", user(2)).ok();
        assert_eq!(refused(user(3)), Some(TooManyFollowers::InAll));
        drop(first);
        assert_eq!(refused(user(3)), None);
        assert_eq!(followers.open().users.len(), 2, "whoever has none is forgotten");
    }

    #[test]
    fn those_are_woken_who_follow_what_changed() {
        let followers = Followers::new(9, 9);
        let follow = |key| followers.follow(key, user(1)).ok();
        let (mut first, mut second, mut other) = (follow("a"), follow("a"), follow("b"));
        let is_woken = |follower: &mut Option<Follower<&'static str>>| {
            follower
                .as_mut()
                .is_some_and(|follower| follower.changed().now_or_never().is_some())
        };
        followers.wake(&"a");
        followers.wake(&"a");
        assert_eq!(
            [&mut first, &mut second, &mut other].map(is_woken),
            [true, true, false]
        );
        assert!(!is_woken(&mut first), "once, however often it changed");
        followers.wake_all();
        assert_eq!([&mut first, &mut second, &mut other].map(is_woken), [true; 3]);
        drop((first, second, other));
        assert!(followers.open().followed.is_empty());
    }
}
