//! baresip as a phone: an account, a tone to send, and what it heard as a WAV file.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Node, PATIENCE, Wav, eventually};

/// A running baresip.
pub(crate) struct Baresip {
    child: Child,
    control: BufReader<TcpStream>,
    events: VecDeque<Value>,
    dir: PathBuf,
}

impl Baresip {
    /// Starts the phone of an agent that sends a tone of `hz`, and waits until it is registered.
    pub(crate) fn start(node: &Node, extension: &str, hz: f64, answers: bool) -> Self {
        Self::start_with(node, extension, &Wav::tone(hz, TONE_S), answers)
    }

    /// The same with what it sends as samples; at their end it ends the call.
    pub(crate) fn start_with(node: &Node, extension: &str, samples: &[i16], answers: bool) -> Self {
        let dir = node.dir().join(format!("baresip-{extension}"));
        std::fs::create_dir_all(dir.join("heard")).expect("the test's folder is writable");
        Wav::write(&dir.join("tone.wav"), samples);
        let port = free_tcp_port();
        let mode = if answers { "auto" } else { "manual" };
        let account = format!(
            "<sip:{extension}@demo.local>;auth_user={extension};auth_pass=demo-{extension};\
             outbound=\"sip:{};transport=udp\";regint=600;answermode={mode};audio_codecs=PCMU/8000/1\n",
            node.sip()
        );
        std::fs::write(dir.join("accounts"), account).expect("the test's folder is writable");
        std::fs::write(dir.join("config"), config(&dir, port)).expect("the test's folder is writable");
        let log = File::create(dir.join("log")).expect("the test's folder is writable");
        let child = Command::new("baresip")
            .arg("-f")
            .arg(&dir)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("baresip is installed (apt-get install baresip)");
        let stream = eventually("baresip's control port", || TcpStream::connect(("127.0.0.1", port)).ok());
        stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a time-out can be set");
        let phone = Self { child, control: BufReader::new(stream), events: VecDeque::new(), dir };
        eventually(&format!("registration of {extension}"), || {
            (node.http().agent(extension)["registered"] == true).then_some(())
        });
        phone
    }

    /// Gives a command of baresip's menu, e.g. `dial`.
    pub(crate) fn command(&mut self, command: &str, parameters: &str) {
        let text = json!({"command": command, "params": parameters, "token": "t"}).to_string();
        let frame = format!("{}:{text},", text.len());
        self.control.get_mut().write_all(frame.as_bytes()).expect("baresip reads commands");
    }

    /// Waits for an event such as `CALL_ESTABLISHED`.
    #[track_caller]
    pub(crate) fn expect(&mut self, kind: &str) -> Value {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(at) = self.events.iter().position(|event| event["type"] == kind) {
                return self.events.remove(at).unwrap_or_default();
            }
            self.read_event();
        }
        panic!("baresip said no {kind}; it said {:#?}\n{}", self.events, self.log());
    }

    /// What it heard, once its call is over and the file is closed.
    pub(crate) fn heard(&self) -> Wav {
        self.recorded("dec")
    }

    /// What it sent.
    pub(crate) fn sent(&self) -> Wav {
        self.recorded("enc")
    }

    /// Its log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    fn recorded(&self, way: &str) -> Wav {
        eventually(&format!("baresip's recording ({way})"), || {
            let files = std::fs::read_dir(self.dir.join("heard")).ok()?.filter_map(Result::ok);
            let mut paths: Vec<PathBuf> = files.map(|file| file.path()).collect();
            paths.retain(|path| path.display().to_string().ends_with(&format!("-{way}.wav")));
            paths.sort();
            let bytes = std::fs::read(paths.last()?).ok()?;
            // The length in the header is written when the file is closed.
            let length = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?) as usize;
            (length + 8 == bytes.len() && bytes.len() > 44).then(|| Wav::read(&bytes))
        })
    }

    /// Reads one netstring, if one comes within a moment.
    fn read_event(&mut self) {
        let mut length = 0_usize;
        let mut byte = [0];
        loop {
            match self.control.read(&mut byte) {
                Ok(1) if byte[0].is_ascii_digit() => length = length * 10 + usize::from(byte[0] - b'0'),
                Ok(1) if byte[0] == b':' => break,
                Ok(1) => {}
                _ => return,
            }
        }
        let mut text = vec![0; length];
        if self.control.read_exact(&mut text).is_ok()
            && let Ok(event) = serde_json::from_slice::<Value>(&text)
        {
            self.events.push_back(event);
        }
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn config(dir: &Path, port: u16) -> String {
    let dir = dir.display();
    let modules = ["g711.so", "aufile.so", "aubridge.so", "sndfile.so"].map(|module| format!("module {module}\n"));
    format!(
        "poll_method epoll\nsip_listen 127.0.0.1:0\nnet_interface 127.0.0.1\naudio_source aufile,{dir}/tone.wav\n\
         audio_player aubridge,null\naudio_alert aubridge,alert\nausrc_srate 8000\nauplay_srate 8000\n\
         ausrc_channels 1\nauplay_channels 1\nrtp_ports 22000-31998\nrtp_stats no\njitter_buffer_delay 1-10\n\
         module_path /usr/lib/baresip/modules\n{}module_app account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n\
         ctrl_tcp_listen 127.0.0.1:{port}\nsnd_path {dir}/heard\n",
        modules.concat(),
    )
}

fn free_tcp_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let addr: SocketAddr = listener.local_addr().expect("a bound socket");
    addr.port()
}

/// Longer than any test's call: at the end of the file baresip ends the call.
const TONE_S: usize = 120;
