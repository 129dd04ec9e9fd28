//! Harm that any function of the contract can do: not returning, asking for too much, looking where it may not.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bulkhead_driver::{Error, ErrorKind};
use bulkhead_driver::{call, log, secrets};

use crate::fault::{At, Fault, Options};
use crate::network;

/// More than any log keeps, less than a minute's work.
const LINES: u32 = 1_000_000;
/// One line that is larger than any line should be.
const HUGE: usize = 8 << 20;

/// Lets the fault loose if this is its place. Faults that belong elsewhere do nothing here. `Ok` with text: what the
/// driver found where it shouldn't have looked.
pub(crate) fn strike(options: &Options, here: At) -> Result<Option<String>, Error> {
    let Some(fault) = options.fault_at(here) else {
        return Ok(None);
    };
    match fault {
        Fault::Spin => spin(),
        Fault::Allocate => allocate(16 << 20),
        Fault::AllocateSmall => allocate(64),
        Fault::Recurse => {
            black_box(recurse(0));
        }
        Fault::Panic => panic!("the hostile driver panics in {here:?}"),
        Fault::Unreachable => trap(),
        Fault::OutOfBounds => read_out_of_bounds(),
        Fault::DivideByZero => {
            let zero = black_box(0_i32);
            black_box(black_box(1_i32) / zero);
        }
        Fault::Exit => std::process::exit(0),
        Fault::Sleep => sleep_through(|| {
            let _ = call::wait(1_000);
        }),
        Fault::SleepByClock => sleep_through(|| std::thread::sleep(Duration::from_secs(1))),
        Fault::WaitDeaf => {
            let _ = call::wait(u32::MAX);
        }
        Fault::HugeError => return Err(error("x".repeat(HUGE))),
        Fault::ErrorWithControlCharacters => {
            return Err(error("one\nERROR forged line\r\u{1b}[31mred\u{0}nul\u{202e}".into()));
        }
        Fault::NonsenseError => return Err(nonsense()),
        Fault::LogFlood => {
            for line in 0..LINES {
                log::log(log::Level::Error, &format!("flood {line}"));
            }
        }
        Fault::LogHuge => log::log(log::Level::Error, &"y".repeat(HUGE)),
        Fault::LogInjection => {
            log::log(log::Level::Info, "harmless\n2026-01-01T00:00:00Z ERROR bulkhead: forged line\u{1b}[2J");
        }
        Fault::StdoutFlood => (0..LINES).for_each(|line| println!("stdout-flood {line}")),
        Fault::StderrFlood => (0..LINES).for_each(|line| eprintln!("stderr-flood {line}")),
        Fault::RandomFlood => random_flood(),
        Fault::HandleFlood => loop {
            match secrets::open("password") {
                Some(secret) => std::mem::forget(secret),
                None => return Err(error("no secret to open".into())),
            }
        },
        Fault::ReadEnvironment => {
            return found(std::env::vars().map(|(name, value)| format!("{name}={value}")));
        }
        Fault::ReadArguments => return found(std::env::args()),
        Fault::DialUnknown | Fault::DialFlood | Fault::PlaintextOverTls | Fault::HugeRead | Fault::StealPassword => {
            return network::strike(fault, &options.target).map(Some);
        }
        _ => {}
    }
    Ok(None)
}

/// An error of the driver's own.
pub(crate) fn error(message: String) -> Error {
    Error::new(ErrorKind::Internal, message)
}

fn nonsense() -> Error {
    Error {
        sqlstate: Some("not five characters".into()),
        native_code: Some("z".repeat(HUGE)),
        detail: Some("d".repeat(HUGE)),
        hint: Some(String::new()),
        position: Some(u32::MAX),
        ..error(String::new())
    }
}

fn spin() {
    let mut count = 0_u64;
    loop {
        count = black_box(count.wrapping_add(1));
    }
}

fn allocate(size: usize) {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![0xAA_u8; size]));
    }
}

#[allow(unconditional_recursion, reason = "the fault itself")]
fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    recurse(depth + 1) + frame[0]
}

fn trap() {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort();
}

#[allow(unsafe_code, reason = "the fault itself: an address past the end of linear memory")]
fn read_out_of_bounds() {
    // SAFETY: none. In a component this traps; natively it is never run.
    black_box(unsafe { std::ptr::read_volatile((usize::MAX - 64) as *const u32) });
}

/// Waits for ten minutes, whatever the host says meanwhile.
fn sleep_through(nap: impl Fn()) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(600) {
        nap();
    }
}

/// Asks for more random bytes at once than there is memory for.
fn random_flood() {
    black_box(wasip2::random::random::get_random_bytes(u64::from(u32::MAX)));
}

fn found(things: impl Iterator<Item = String>) -> Result<Option<String>, Error> {
    Ok(Some(things.collect::<Vec<_>>().join("\n")))
}
