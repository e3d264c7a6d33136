//! The gateway as its clients and its targets see it: a real socket before it, a router in its process, a
//! peer and a foreign server on ports of their own behind it.

mod access;
mod building;
mod built_in;
mod events;
mod failures;
mod harness;
mod headers;
mod limits;
mod live;
mod rates;
mod routing;
mod sockets;
mod streaming;
mod target;
mod together;
mod wire;
