//! The demo's configuration with ports, folders and limits of one test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};

use toml::{Table, Value};

/// Queue `support`.
pub(crate) const SUPPORT: &str = "+442071830001";
/// Queue `sales`.
pub(crate) const SALES: &str = "+442071830002";
/// Echo.
pub(crate) const ECHO: &str = "+442071830003";
/// Voicemail of `support`.
pub(crate) const VOICEMAIL: &str = "+442071830004";
/// The 1004 Hz tone.
pub(crate) const TONE: &str = "+442071830005";

/// A configuration, derived from `config/demo.toml`.
#[derive(Clone, Debug)]
pub(crate) struct NodeConfig {
    table: Table,
    /// Variables of the node's environment.
    env: Vec<(String, String)>,
}

impl NodeConfig {
    /// The demo on free ports. The data folder is set when a node starts.
    pub(crate) fn demo() -> Self {
        let text = std::fs::read_to_string(root().join("config/demo.toml")).expect("config/demo.toml can be read");
        let table = text.parse().expect("config/demo.toml is TOML");
        let listen = Value::Array(vec!["udp:127.0.0.1:0".into(), "tcp:127.0.0.1:0".into()]);
        let first = rtp_window();
        Self { table, env: Vec::new() }
            .set("sip.listen", listen)
            .set("http.listen", "127.0.0.1:0")
            .set("rtp.first_port", i64::from(first))
            .set("rtp.last_port", i64::from(first + RTP_PORTS - 1))
            .set("node.prompts_dir", root().join("config/prompts").display().to_string())
    }

    /// Sets the value at a path such as `queue.0.ring_s`.
    pub(crate) fn set(mut self, path: &str, value: impl Into<Value>) -> Self {
        let (parent, key) = path.rsplit_once('.').expect("a path has a section and a key");
        let mut steps = parent.split('.');
        let section = steps.next().expect("a section");
        let mut at = self.table.entry(section).or_insert_with(|| Value::Table(Table::new()));
        for step in steps {
            at = match step.parse::<usize>() {
                Ok(index) => &mut at.as_array_mut().expect("an array")[index],
                Err(_) => at.get_mut(step).expect("a known section"),
            };
        }
        at.as_table_mut().expect("a table").insert(key.into(), value.into());
        self
    }

    /// Takes out the key at a path such as `trunk.0.destination`.
    pub(crate) fn without(mut self, path: &str) -> Self {
        let mut steps: Vec<&str> = path.split('.').collect();
        let key = steps.pop().expect("a key");
        let mut steps = steps.into_iter();
        let mut at = self.table.get_mut(steps.next().expect("a section")).expect("a known section");
        for step in steps {
            at = match step.parse::<usize>() {
                Ok(index) => &mut at.as_array_mut().expect("an array")[index],
                Err(_) => at.get_mut(step).expect("a known section"),
            };
        }
        at.as_table_mut().expect("a table").remove(key);
        self
    }

    /// Sets a variable of the node's environment.
    pub(crate) fn env(mut self, name: &str, value: impl ToString) -> Self {
        self.env.push((name.to_owned(), value.to_string()));
        self
    }

    /// Names a variable that is to hold the node's data folder.
    pub(crate) fn env_data_dir(self, name: &str) -> Self {
        self.env(name, DATA_DIR)
    }

    /// What its environment has besides the test's own.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let data_dir = self.table.get("node").and_then(|node| node.get("data_dir")).and_then(Value::as_str);
        let filled =
            |value: &String| if value == DATA_DIR { data_dir.unwrap_or_default().to_owned() } else { value.clone() };
        self.env.iter().map(|(name, value)| (name.clone(), filled(value))).collect()
    }

    /// Adds a table to an array such as `number`.
    pub(crate) fn push(mut self, array: &str, toml: &str) -> Self {
        let item: Table = toml.parse().expect("the table is TOML");
        let array = self.table.entry(array).or_insert_with(|| Value::Array(Vec::new()));
        let array = array.as_array_mut().expect("an array");
        array.push(Value::Table(item));
        self
    }

    /// Takes out the last table of an array such as `number`.
    pub(crate) fn drop_last(mut self, array: &str) -> Self {
        let tables = self.table.get_mut(array).and_then(Value::as_array_mut).expect("an array");
        tables.pop().expect("a table");
        self
    }

    /// Both queues: how long a phone rings, how long a caller waits.
    pub(crate) fn queue_times(self, ring_s: i64, wait_max_s: i64, wrap_up_s: i64) -> Self {
        ["queue.0", "queue.1"].into_iter().fold(self, |config, queue| {
            config
                .set(&format!("{queue}.ring_s"), ring_s)
                .set(&format!("{queue}.wait_max_s"), wait_max_s)
                .set(&format!("{queue}.wrap_up_s"), wrap_up_s)
        })
    }

    /// Where calls to the trunk go.
    pub(crate) fn trunk_port(self, port: u16) -> Self {
        self.set("trunk.0.destination", format!("udp:127.0.0.2:{port}"))
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> String {
        toml::to_string(&self.table).expect("a table can be written")
    }

    /// Writes the file.
    pub(crate) fn write(&self, path: &Path) {
        std::fs::write(path, self.text()).expect("the test's folder is writable");
    }
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A window of RTP ports. Windows of two runs may overlap: a port that is taken is skipped.
fn rtp_window() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % u32::from(WINDOWS)) as u16;
    FIRST_RTP_PORT + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % WINDOWS * RTP_PORTS
}

/// Stands for the data folder, which is known when a node starts.
const DATA_DIR: &str = "<data_dir>";
/// Below the ports that the kernel hands out, so that peers' sockets do not collide with it.
const FIRST_RTP_PORT: u16 = 12_000;
const RTP_PORTS: u16 = 2_000;
const WINDOWS: u16 = 10;
