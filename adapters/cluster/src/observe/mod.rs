//! Everything that changes, for a controller: all kinds at once, and nothing kept of what was told.
//!
//! - [`Observe`], [`News`], [`Kind`]: what to observe, and what is told of it.
//! - `feed`: one watch over everything that ends one; `word`: one line of it; `object`: what is told of one object;
//!   `page`: the list, where the server streams none; `pause`: how long to wait after a failure; `troubles`: what was told to
//!   be wrong and is not yet over.
//!
//! Each kind is one streaming list that goes on as a watch. Where it ends, it is opened again from the last version that
//! was told, which costs no list; only where the server has forgotten that version (410) all is told anew.

mod feed;
mod kind;
mod object;
mod page;
mod pause;
mod troubles;
mod word;

use std::time::Duration;

use futures::stream::{self, Stream, StreamExt};
use pullmedic_model::object::Object;
use pullmedic_model::report::Skipped;

use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::resource::is_name;
use feed::{Feed, Item};

pub use kind::Kind;

/// What to observe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observe {
    /// These namespaces, each with watches of its own, and the nodes. Empty: the whole cluster.
    pub namespaces: Vec<String>,
}

/// One thing told. Nothing is kept of what was told: an object that was told twice is told twice.
#[derive(Debug)]
pub enum News {
    /// From here on all objects of a kind are told, in no order. Again, before its [`News::Listed`], where that was cut off.
    Began {
        /// The kind.
        kind: Kind,
        /// The namespace; `None`: all.
        namespace: Option<String>,
    },
    /// All were told: what exists of this kind and namespace was told since [`News::Began`], and what was not is gone.
    Listed {
        /// The kind.
        kind: Kind,
        /// The namespace; `None`: all.
        namespace: Option<String>,
    },
    /// A pod or an event is so now.
    Is {
        /// The kind.
        kind: Kind,
        /// The object, as decoded; a pod is not yet completed as [`Objects::add`](pullmedic_model::object::Objects::add)
        /// does it.
        object: Object,
    },
    /// An object is there and is new or other than before. Of the kinds of which only metadata is observed this is all that
    /// is told; of a pod or an event it means that it does not decode, as a trouble tells.
    Touched {
        /// The kind.
        kind: Kind,
        /// Its namespace; empty for a node.
        namespace: String,
        /// Its name.
        name: String,
        /// Its version.
        version: String,
    },
    /// An object is gone.
    Gone {
        /// The kind.
        kind: Kind,
        /// Its namespace; empty for a node.
        namespace: String,
        /// Its name.
        name: String,
        /// Its identity: another object may have the same name by now.
        uid: String,
    },
    /// All pods were listed, and every other kind was listed or may not be read. Comes once. While the server is out of
    /// reach it does not come.
    Synced,
    /// Something cannot be read for now. Told once until it is over; reading is tried again all the while.
    Trouble(Skipped),
    /// That trouble is over.
    Over(Skipped),
    /// For how long nothing was heard of a kind. Told every 15 s of silence, and once as zero when it ends. A server with
    /// nothing to tell says so about once a minute, so up to 2 minutes mean nothing.
    Lag {
        /// The kind.
        kind: Kind,
        /// The namespace; `None`: all.
        namespace: Option<String>,
        /// How long.
        behind: Duration,
    },
}

impl Cluster {
    /// All that is and changes, for as long as the stream is polled. It survives expired versions, overload, server
    /// errors, lost and silent connections, rotated tokens and rights that come and go, without a second list; each
    /// trouble is told once.
    pub fn observe(&self, observe: Observe) -> impl Stream<Item = News> + Send + use<> {
        let (names, bad): (Vec<String>, Vec<String>) =
            observe.namespaces.into_iter().partition(|name| is_name(name));
        let whole = names.is_empty() && bad.is_empty();
        let mut feeds = Vec::new();
        for kind in Kind::ALL {
            if whole || kind.is_of_cluster() {
                feeds.push(Feed::new(self, kind, None));
            } else {
                feeds.extend(names.iter().map(|name| Feed::new(self, kind, Some(name.clone()))));
            }
        }
        let mut unsettled = feeds.len();
        let changes = stream::select_all(feeds.into_iter().map(|feed| feed.items().boxed()));
        let changes = changes.filter_map(move |item| {
            let news = match item {
                Item::News(news) => Some(news),
                Item::Settled => {
                    unsettled -= 1;
                    (unsettled == 0).then_some(News::Synced)
                }
            };
            std::future::ready(news)
        });
        stream::iter(bad.into_iter().map(|name| {
            let reason = Failure::BadName { name: name.clone() }.in_one_line();
            News::Trouble(Skipped { what: format!("namespace {name:?}"), reason, needs: None, next: None })
        }))
        .chain(changes)
    }
}
