//! Plain value types that several modules share. They import only `wire` and `address`.

pub mod arrival;
pub mod contact;
pub mod ech_state;
pub mod encrypted_dns;
pub mod end_reason;
pub mod ends;
pub mod evidence;
pub mod flow_key;
pub mod grounds;
pub mod interception;
pub mod mac;
pub mod number48;
pub mod opening_state;
pub mod protocol;
pub mod tcp_header;
pub mod unnamed;
pub mod volume;
pub mod withheld;
