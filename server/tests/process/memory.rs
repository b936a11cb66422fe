//! What the process holds in memory while large bodies pass.

use futures_util::StreamExt as _;
use mintreu_faults::{company::Company, echo, platform::Platform};
use reqwest::Body;
use serde_json::Value;

use crate::PROGRAM;

const GIB: u64 = 1 << 30;
const GROWTH: u64 = 32 * 1024;

/// `VmRSS`, what the process holds, or `VmHWM`, the most that it held, in KiB.
fn memory(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gibibyte_each_way_passes_in_bounded_memory() {
    let platform = Platform::start(PROGRAM, false).await;
    let company = Company::open(&platform, 1_000_000, "none", false).await;
    let (_, caller) = company.application(&platform, "Store").await;
    assert_eq!(caller.status("/v1/echo/download/1000000").await, 200);
    let before = memory(platform.pid(), "VmRSS");
    // proc(5): the most that it held is counted anew from here.
    std::fs::write(format!("/proc/{}/clear_refs", platform.pid()), "5").unwrap();

    let mut answer = caller.call(&format!("/v1/echo/download/{GIB}")).await.bytes_stream();
    let mut arrived = 0;
    while let Some(chunk) = answer.next().await {
        arrived += chunk.unwrap().len() as u64;
    }
    assert_eq!(arrived, GIB);

    let upload = caller.client.post(format!("{}/v1/echo/upload", caller.url)).basic_auth(&caller.id, Some(&caller.secret));
    let told: Value = upload.body(Body::wrap_stream(echo::body(GIB))).send().await.unwrap().json().await.unwrap();
    assert_eq!(told["bytes"], GIB);

    let most = memory(platform.pid(), "VmHWM");
    assert!(most < before + GROWTH, "{before} KiB before, {most} KiB at most");
}
