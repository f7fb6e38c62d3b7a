//! All monitored interfaces, and what is to be opened and closed when the interfaces of the system change.

use super::port::{Condition, Port};
use super::selection::{pattern_selects, Selection};
use crate::capture::interface::Interface;
use crate::capture::CaptureError;
use std::collections::{HashMap, HashSet};
use std::ffi::c_int;

/// Maximum number of interfaces that are captured because they match a pattern, each with a ring. Interfaces that
/// were named are not limited.
const MAX_MATCHED: usize = 32;
/// Maximum number of interfaces over the sensor's life: each has counters for ever.
const MAX_PORTS: usize = 256;
/// Maximum number of interfaces in an error message.
const MAX_LISTED: usize = 20;

/// What is to be done with the rings of a port.
#[derive(Debug, PartialEq, Eq)]
pub enum PortStep {
    /// Close them.
    Close(usize),
    /// Open them on this interface.
    Open(usize, Interface),
}

/// The monitored interfaces, by number. A number is never given to another one.
#[derive(Debug, Default)]
pub struct Ports {
    selection: Selection,
    /// First those with a name that was given, then those that matched a pattern.
    ports: Vec<Port>,
    /// Interfaces that match a pattern and are not monitored, because there are too many.
    pub unmonitored: usize,
}

impl Ports {
    /// Those with a name that was given; interfaces that match a pattern follow when they are seen.
    pub fn new(selection: Selection) -> Self {
        let ports = selection.names().iter().map(|name| Port::new(name)).collect();
        Self { selection, ports, ..Self::default() }
    }

    /// All, by number.
    pub fn all(&self) -> &[Port] {
        &self.ports
    }

    /// Takes notice of all interfaces of the system. `open` has the index of the interface on which the rings of
    /// each port are open. Of every port that is to be opened, `opened` must be told.
    pub fn update(&mut self, interfaces: &[Interface], open: &HashMap<usize, c_int>) -> Vec<PortStep> {
        let mut by_name = HashMap::new();
        for interface in interfaces {
            for name in &interface.other_names {
                by_name.entry(name.as_str()).or_insert(interface);
            }
        }
        by_name.extend(interfaces.iter().map(|interface| (interface.name.as_str(), interface)));
        self.add_matching(interfaces, &by_name);
        let (mut closing, mut opening) = (Vec::new(), Vec::new());
        let mut taken: HashMap<c_int, String> = HashMap::new();
        let mut matched = 0;
        for (number, port) in self.ports.iter_mut().enumerate() {
            let found = by_name.get(port.name.as_str()).copied();
            // Two of its names may have been given.
            let owner = found.and_then(|found| taken.get(&found.index));
            let now = found.filter(|_| owner.is_none());
            matched += usize::from(number >= self.selection.names().len() && now.is_some());
            let opened = open.get(&number);
            if opened.is_some_and(|index| now.is_none_or(|now| now.index != *index)) {
                port.lose(Condition::Missing);
                closing.push(PortStep::Close(number));
            }
            match now {
                None => {
                    port.lose(owner.map_or_else(|| why_missing(port, interfaces), |owner| same_as(owner)))
                }
                Some(now) if opened == Some(&now.index) => port.observe(now, condition_of(now)),
                Some(_) if matched > MAX_MATCHED => port.lose(Condition::Refused(too_many())),
                Some(now) if now.is_up => opening.push(PortStep::Open(number, now.clone())),
                Some(now) => port.observe(now, Condition::Down),
            }
            taken.extend(now.map(|now| (now.index, port.name.clone())));
        }
        closing.append(&mut opening);
        closing
    }

    /// The outcome of opening a port on an interface: `failure` says why it could not be opened.
    pub fn opened(&mut self, number: usize, interface: &Interface, failure: Option<&CaptureError>) {
        let port = &mut self.ports[number];
        match failure {
            None => port.observe(interface, condition_of(interface)),
            Some(error) => {
                let prefix = format!("{}: ", interface.name);
                let reason = error.0.strip_prefix(&prefix).unwrap_or(&error.0).to_owned();
                port.lose(Condition::Refused(reason));
            }
        }
    }

    /// Why the sensor cannot capture all that was asked for: each name or pattern with the reason.
    pub fn failures(&self, interfaces: &[Interface], open: &HashMap<usize, c_int>) -> Vec<(String, String)> {
        let available = format!("available: {}", list(interfaces.iter().map(|interface| &interface.name)));
        let closed = |(number, _): &(usize, &Port)| !open.contains_key(number);
        let mut failures = Vec::new();
        for (_, port) in self.ports.iter().enumerate().filter(closed) {
            let problem = port.problem().unwrap_or_default();
            let is_missing = port.condition == Condition::Missing;
            failures.push((
                port.name.clone(),
                if is_missing { format!("{problem}; {available}") } else { problem },
            ));
        }
        let is_up = |interface: &&Interface| interface.is_up;
        for pattern in self.selection.patterns() {
            if !interfaces.iter().filter(is_up).any(|interface| pattern_selects(pattern, interface)) {
                let problem = "no interface matches that is up and can be captured";
                failures.push((pattern.clone(), format!("{problem}; {available}")));
            }
        }
        failures
    }

    /// Adds interfaces that match a pattern, once they are up.
    fn add_matching(&mut self, interfaces: &[Interface], by_name: &HashMap<&str, &Interface>) {
        if self.selection.patterns().is_empty() {
            return;
        }
        let present = |port: &Port| by_name.get(port.name.as_str()).map(|interface| interface.index);
        let known: HashSet<c_int> = self.ports.iter().filter_map(present).collect();
        let matched = self.ports[self.selection.names().len()..].iter().filter_map(present).count();
        let is_new = |interface: &&Interface| interface.is_up && !known.contains(&interface.index);
        let new = interfaces.iter().filter(is_new).filter(|interface| self.selection.selects(interface));
        let new: Vec<_> = new.collect();
        let room = MAX_MATCHED.saturating_sub(matched).min(MAX_PORTS.saturating_sub(self.ports.len()));
        self.unmonitored = new.len().saturating_sub(room);
        self.ports.extend(new.into_iter().take(room).map(|interface| Port::new(&interface.name)));
    }
}

/// The failures in one line, those with the same reason together.
pub fn describe(failures: &[(String, String)]) -> String {
    let mut reasons: Vec<&str> = failures.iter().map(|(_, reason)| reason.as_str()).collect();
    reasons.dedup();
    let mut seen = HashSet::new();
    reasons.retain(|reason| seen.insert(*reason));
    let line = |reason: &&str| {
        let names = failures.iter().filter(|(_, other)| other == reason).map(|(name, _)| name);
        format!("{}: {reason}", list(names))
    };
    reasons.iter().map(line).collect::<Vec<_>>().join("; ")
}

/// The state of the capture on an interface whose rings are open.
fn condition_of(interface: &Interface) -> Condition {
    match (interface.is_up, interface.has_carrier) {
        (true, true) => Condition::Captured,
        (true, false) => Condition::NoCarrier,
        (false, _) => Condition::Down,
    }
}

fn why_missing(port: &Port, interfaces: &[Interface]) -> Condition {
    let renamed =
        interfaces.iter().find(|now| Some(now.index) == port.last_index() && !now.is_called(&port.name));
    renamed.map_or(Condition::Missing, |now| Condition::Renamed(now.name.clone()))
}

fn same_as(name: &str) -> Condition {
    Condition::Refused(format!("it is the same interface as {name}"))
}

fn too_many() -> String {
    format!(
        "{MAX_MATCHED} interfaces that match a pattern are captured already, the maximum: give narrower patterns, \
         or names, which are not limited"
    )
}

/// Names, not more than a line has room for.
fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<_> = names.map(String::as_str).collect();
    match names.len().checked_sub(MAX_LISTED) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..MAX_LISTED].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, index: c_int) -> Interface {
        let hardware = libc::ARPHRD_ETHER;
        Interface {
            name: name.into(),
            index,
            hardware,
            is_up: true,
            has_carrier: true,
            ..Interface::default()
        }
    }

    fn down(mut interface: Interface) -> Interface {
        interface.is_up = false;
        interface.has_carrier = false;
        interface
    }

    /// The ports, and which of them are open.
    struct System {
        ports: Ports,
        open: HashMap<usize, c_int>,
    }

    impl System {
        fn new(words: &[&str]) -> Self {
            let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
            Self { ports: Ports::new(Selection::new(&words)), open: HashMap::new() }
        }

        /// What is opened ("+") and closed ("-") for these interfaces; opening always succeeds.
        fn see(&mut self, interfaces: &[Interface]) -> String {
            let mut text = String::new();
            for step in self.ports.update(interfaces, &self.open) {
                match step {
                    PortStep::Close(number) => {
                        self.open.remove(&number);
                        text += &format!("-{} ", self.ports.all()[number].name);
                    }
                    PortStep::Open(number, interface) => {
                        self.open.insert(number, interface.index);
                        self.ports.opened(number, &interface, None);
                        text += &format!("+{}@{} ", self.ports.all()[number].name, interface.index);
                    }
                }
            }
            text.trim_end().to_owned()
        }

        fn conditions(&self) -> Vec<Condition> {
            self.ports.all().iter().map(|port| port.condition.clone()).collect()
        }

        fn failures(&self, interfaces: &[Interface]) -> String {
            describe(&self.ports.failures(interfaces, &self.open))
        }
    }

    #[test]
    fn a_ring_stays_open_while_its_interface_is_down() {
        let mut system = System::new(&["m1", "m3"]);
        let (m1, m3) = (interface("m1", 1), interface("m3", 3));
        assert_eq!(system.see(&[m1.clone(), m3.clone()]), "+m1@1 +m3@3");
        assert_eq!(system.see(&[m1.clone(), down(m3.clone())]), "");
        assert_eq!(system.conditions(), [Condition::Captured, Condition::Down]);
        let no_carrier = Interface { has_carrier: false, ..m3.clone() };
        assert_eq!(system.see(&[m1.clone(), no_carrier]), "");
        assert_eq!(system.conditions()[1], Condition::NoCarrier);
        assert_eq!(system.see(&[m1, m3]), "");
        assert_eq!(system.conditions()[1], Condition::Captured);
    }

    #[test]
    fn an_interface_that_is_created_again_is_opened_again() {
        let mut system = System::new(&["m1", "m3"]);
        let m1 = interface("m1", 1);
        system.see(&[m1.clone(), interface("m3", 3)]);
        assert_eq!(system.see(std::slice::from_ref(&m1)), "-m3");
        assert_eq!(system.conditions()[1], Condition::Missing);
        assert_eq!(system.see(&[m1.clone(), down(interface("m3", 4))]), "");
        assert_eq!(system.see(&[m1.clone(), interface("m3", 4)]), "+m3@4");
        assert_eq!(system.see(&[m1, interface("m3", 5)]), "-m3 +m3@5", "both at once");
        assert_eq!(system.ports.all()[1].interruptions, 2);
    }

    #[test]
    fn an_interface_that_is_renamed_is_not_captured_unless_its_new_name_is_monitored() {
        let mut system = System::new(&["m1", "x*"]);
        system.see(&[interface("m1", 1)]);
        assert_eq!(system.see(&[interface("lan", 1)]), "-m1");
        assert_eq!(system.conditions(), [Condition::Renamed("lan".into())]);
        assert_eq!(system.see(&[interface("lan", 1)]), "");
        assert_eq!(system.conditions(), [Condition::Renamed("lan".into())]);
        assert_eq!(system.see(&[interface("x1", 1)]), "+x1@1");
        assert_eq!(system.conditions(), [Condition::Renamed("x1".into()), Condition::Captured]);
        assert_eq!(system.see(&[interface("m1", 1)]), "-x1 +m1@1");
    }

    #[test]
    fn two_interfaces_that_swap_their_names_are_captured_under_the_new_ones() {
        let mut system = System::new(&["m1", "m3"]);
        system.see(&[interface("m1", 1), interface("m3", 3)]);
        assert_eq!(system.see(&[interface("m3", 1), interface("m1", 3)]), "-m1 -m3 +m1@3 +m3@1");
    }

    #[test]
    fn an_interface_is_captured_once_although_it_has_two_names() {
        let two = Interface { other_names: vec!["mirror".into()], ..interface("m1", 1) };
        let mut system = System::new(&["mirror", "m1", "m*"]);
        assert_eq!(system.see(&[two]), "+mirror@1");
        assert_eq!(system.conditions()[1], same_as("mirror"));
        assert_eq!(system.ports.all().len(), 2);
    }

    #[test]
    fn interfaces_that_appear_later_and_match_are_captured() {
        let mut system = System::new(&["ens*", "m1"]);
        assert_eq!(system.see(&[interface("ens5", 5), interface("eth0", 2)]), "+ens5@5");
        assert_eq!(system.see(&[interface("ens5", 5), down(interface("ens6", 6))]), "");
        assert_eq!(system.ports.all().len(), 2, "an interface that was never up is not missed");
        assert_eq!(system.see(&[interface("ens5", 5), interface("ens6", 6)]), "+ens6@6");
        assert_eq!(system.see(&[interface("ens6", 6)]), "-ens5");
        assert_eq!(system.conditions(), [Condition::Missing, Condition::Missing, Condition::Captured]);
    }

    #[test]
    fn a_pattern_that_matches_thousands_is_limited() {
        let many: Vec<_> = (1..=3000).map(|index| interface(&format!("veth{index}"), index)).collect();
        let mut system = System::new(&["veth2000", "veth*"]);
        system.see(&many);
        assert_eq!(system.open.len(), 1 + MAX_MATCHED, "a name is not limited");
        assert_eq!(system.ports.unmonitored, 3000 - 1 - MAX_MATCHED);
        for first in (0..3000).step_by(MAX_MATCHED) {
            system.see(&many[first..(first + MAX_MATCHED).min(3000)]);
            assert!(system.open.len() <= 1 + MAX_MATCHED);
        }
        assert_eq!(system.ports.all().len(), MAX_PORTS);
        system.see(&many);
        assert!(system.open.len() <= 1 + MAX_MATCHED, "they come back all at once");
        let refused = |condition: &Condition| matches!(condition, Condition::Refused(_));
        assert_eq!(
            system.conditions().iter().filter(|one| refused(one)).count(),
            MAX_PORTS - 1 - MAX_MATCHED
        );
    }

    #[test]
    fn what_is_missing_is_told_in_one_line() {
        let mut system = System::new(&["m1", "m2", "m3", "ens*"]);
        let all = [interface("lo", 1), down(interface("m3", 3))];
        assert_eq!(system.see(&all), "");
        assert_eq!(
            system.failures(&all),
            concat!(
                "m1, m2: no such interface; available: lo, m3; ",
                "m3: the interface is down; bring it up: ip link set dev m3 up; ",
                "ens*: no interface matches that is up and can be captured; available: lo, m3"
            )
        );
    }

    #[test]
    fn a_reason_for_not_opening_is_kept_until_it_succeeds() {
        let mut system = System::new(&["m1"]);
        let m1 = interface("m1", 1);
        let error = CaptureError("m1: no memory".into());
        let all = [m1.clone()];
        for _ in 0..2 {
            assert_eq!(system.ports.update(&all, &system.open), [PortStep::Open(0, m1.clone())]);
            system.ports.opened(0, &m1, Some(&error));
            assert_eq!(system.failures(&all), "m1: no memory");
        }
        assert_eq!(system.see(&all), "+m1@1");
        assert_eq!(system.conditions(), [Condition::Captured]);
    }
}
