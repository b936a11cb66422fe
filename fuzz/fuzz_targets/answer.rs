#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mintreu_gateway::fuzz::answer(data));
