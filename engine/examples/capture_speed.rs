//! Reads a capture file to its end and prints packets per CPU-second: the reader alone.
//!
//! `cargo run --release --no-default-features --example capture_speed FILE [list]`; with `list`
//! prints each packet's time, interface, link type and lengths instead.

use _engine::capture::file::CaptureFile;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(path) = arguments.first() else {
        eprintln!("usage: capture_speed FILE [list]");
        return ExitCode::from(2);
    };
    let mut file = match CaptureFile::open(path, None) {
        Ok(file) => file,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    if arguments.get(1).is_some_and(|word| word == "list") {
        list(&mut file);
    } else {
        measure(&mut file);
    }
    if let Some(problem) = file.problem() {
        eprintln!("{problem}");
    }
    ExitCode::SUCCESS
}

fn measure(file: &mut CaptureFile) {
    let (mut bytes, mut first) = (0u64, 0u64);
    let begin = cpu_seconds();
    while let Some(packet) = file.next_packet() {
        bytes += packet.bytes.len() as u64;
        first += u64::from(packet.bytes.first().copied().unwrap_or(0));
    }
    let seconds = cpu_seconds() - begin;
    let packets = file.packets();
    println!("{packets} packets, {bytes} bytes (check {first}), {seconds:.3} CPU-seconds");
    println!("{:.2} million packets per CPU-second", packets as f64 / seconds / 1e6);
}

fn list(file: &mut CaptureFile) {
    let mut lines = Vec::new();
    while let Some(packet) = file.next_packet() {
        let kept = packet.bytes.len();
        lines.push((packet.time_ns, packet.interface, packet.link, kept, packet.wire_len));
    }
    let interfaces = file.interfaces();
    for (time_ns, interface, link, kept, wire_len) in lines {
        let interface = interfaces.get(usize::from(interface)).map_or("", String::as_str);
        let (seconds, ns) = (time_ns / 1_000_000_000, time_ns % 1_000_000_000);
        println!("{seconds}.{ns:09}\t{kept}\t{wire_len}\t{interface}\t{link}");
    }
}

/// User and system time of this process, from /proc (in ticks of 10 ms on every Linux).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
