//! From `trunkline init` to a call from another machine: docs/first-call.md, over network namespaces of the test's own.
//! A server, a router that translates addresses, and a phone behind it, joined by veth pairs. Needs root.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{Wav, eventually, level_db, root};

/// The namespaces; they go, and their processes with them, when the test ends.
struct Lan {
    names: [String; 3],
    children: Vec<Child>,
}

impl Lan {
    /// None, said in one line, without the rights.
    fn build() -> Option<Self> {
        let id = std::process::id();
        let lan =
            Self { names: ["server", "router", "phone"].map(|name| format!("tl{id}{name}")), children: Vec::new() };
        let [server, router, phone] = lan.names.clone();
        let is_allowed = run(&["ip", "netns", "add", &server]) && Command::new("nft").arg("-v").output().is_ok();
        if !is_allowed {
            println!("skipped: network namespaces and nft need root");
            return None;
        }
        let nat = "add table ip tl; add chain ip tl post { type nat hook postrouting priority 100; }; \
                   add rule ip tl post oifname w1 masquerade";
        let steps: [&[&str]; 14] = [
            &["ip", "netns", "add", &router],
            &["ip", "netns", "add", &phone],
            &["ip", "-n", &server, "link", "add", "w0", "type", "veth", "peer", "name", "w1", "netns", &router],
            &["ip", "-n", &router, "link", "add", "l0", "type", "veth", "peer", "name", "l1", "netns", &phone],
            &["ip", "-n", &server, "addr", "add", "192.168.77.1/24", "dev", "w0"],
            &["ip", "-n", &router, "addr", "add", "192.168.77.2/24", "dev", "w1"],
            &["ip", "-n", &router, "addr", "add", "10.77.0.1/24", "dev", "l0"],
            &["ip", "-n", &phone, "addr", "add", "10.77.0.2/24", "dev", "l1"],
            &["ip", "-n", &server, "link", "set", "w0", "up"],
            &["ip", "-n", &router, "link", "set", "w1", "up"],
            &["ip", "-n", &router, "link", "set", "l0", "up"],
            &["ip", "-n", &phone, "link", "set", "l1", "up"],
            &["ip", "-n", &phone, "route", "add", "default", "via", "10.77.0.1"],
            &["ip", "netns", "exec", &router, "nft", nat],
        ];
        for step in steps {
            assert!(run(step), "{step:?}");
        }
        for name in &lan.names {
            assert!(run(&["ip", "-n", name, "link", "set", "lo", "up"]));
        }
        assert!(run(&["ip", "netns", "exec", &router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]));
        Some(lan)
    }

    fn command(&self, place: usize, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.names[place], program]).stdin(Stdio::null());
        command
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
        for name in &self.names {
            run(&["ip", "netns", "del", name]);
        }
    }
}

#[test]
fn a_phone_behind_a_router_hears_itself() {
    let Some(mut lan) = Lan::build() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    // No address is given: it finds that of the one interface.
    let config = dir.path().join("trunkline.toml");
    let trunkline = env!("CARGO_BIN_EXE_trunkline");
    let data = dir.path().join("data");
    let made = lan
        .command(SERVER, trunkline)
        .args(["init", "--config"])
        .arg(&config)
        .arg("--data-dir")
        .arg(&data)
        .arg("--prompts-dir")
        .arg(root().join("config/prompts"))
        .output()
        .expect("ip runs");
    assert!(made.status.success(), "{made:?}");
    assert!(String::from_utf8_lossy(&made.stdout).contains("192.168.77.1:5060"), "{made:?}");
    let text = std::fs::read_to_string(&config).expect("the file");
    assert_eq!(std::fs::metadata(&config).expect("the file").permissions().mode() & 0o777, 0o600);
    let node = lan
        .command(SERVER, trunkline)
        .args(["run", "--config"])
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("ip runs");
    lan.children.push(node);
    eventually("the node", || data.join("addresses.json").exists().then_some(()));

    let password = password_of(&text, "1001");
    let phone = dir.path().join("phone");
    prepare_phone(&phone, &password);
    let mut called = lan
        .command(PHONE, "baresip")
        .arg("-f")
        .arg(&phone)
        .args(["-e", "/dial sip:601@192.168.77.1"])
        .args(["-t", &CALL.as_secs().to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("baresip");
    let status = eventually("the end of the call", || called.try_wait().expect("our own child"));
    assert!(status.success(), "{status}");
    // What it heard is what it said: one way to the server, the other way back through the router.
    let heard = heard(&phone);
    let loudest = heard.channels[0].chunks_exact(800).map(|part| level_db(part, TONE_HZ)).fold(f64::MIN, f64::max);
    assert!(loudest > -20.0, "the echo of {TONE_HZ} Hz, got {loudest} dB");
}

fn prepare_phone(dir: &Path, password: &str) {
    std::fs::create_dir_all(dir.join("heard")).expect("a folder");
    Wav::write(&dir.join("tone.wav"), &Wav::tone(TONE_HZ, 60));
    let account = format!("<sip:1001@192.168.77.1>;auth_user=1001;auth_pass={password};audio_codecs=PCMU/8000/1\n");
    std::fs::write(dir.join("accounts"), account).expect("a file");
    let modules = ["g711.so", "aufile.so", "aubridge.so", "sndfile.so"].map(|module| format!("module {module}\n"));
    let at = dir.display();
    let config = format!(
        "poll_method epoll\nsip_listen 0.0.0.0:0\naudio_source aufile,{at}/tone.wav\naudio_player aubridge,null\n\
         audio_alert aubridge,alert\nausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n\
         module_path /usr/lib/baresip/modules\n{}module_app account.so\nmodule_app menu.so\nsnd_path {at}/heard\n",
        modules.concat()
    );
    std::fs::write(dir.join("config"), config).expect("a file");
}

fn heard(dir: &Path) -> Wav {
    let files = std::fs::read_dir(dir.join("heard")).expect("a folder").filter_map(Result::ok).map(|file| file.path());
    let file = files.into_iter().find(|path| path.display().to_string().ends_with("-dec.wav"));
    Wav::read(&std::fs::read(file.expect("baresip heard something")).expect("a file"))
}

fn password_of(config: &str, extension: &str) -> String {
    let (_, rest) = config.split_once(&format!("extensions = \"{extension}\"")).expect("the extension");
    rest.split('"').nth(1).expect("its password").to_owned()
}

fn run(words: &[&str]) -> bool {
    let output = Command::new(words[0]).args(&words[1..]).output();
    output.is_ok_and(|output| output.status.success())
}

const SERVER: usize = 0;
const PHONE: usize = 2;
/// Registration, ringing and some seconds of echo; then baresip hangs up by itself.
const CALL: Duration = Duration::from_secs(6);
const TONE_HZ: f64 = 440.0;
