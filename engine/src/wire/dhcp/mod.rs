//! DHCP for IPv4 (RFC 2131) and IPv6 (RFC 8415): which machine gets which address, and how it calls itself.

mod dhcp_name;
mod dhcp_v4;
mod dhcp_v6;
mod lease;

pub use self::dhcp_v4::parse_dhcp_v4;
pub use self::dhcp_v6::parse_dhcp_v6;
pub use self::lease::{Lease, Speaker};
