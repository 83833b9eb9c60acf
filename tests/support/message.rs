//! A SIP message as a peer reads it: lines of text.

/// A message, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Msg {
    /// The request or status line.
    pub(crate) start: String,
    headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: String,
}

impl Msg {
    /// Reads a whole message; `None` for a keep-alive or anything else.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let start = lines.next()?.to_owned();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect();
        start.contains("SIP/2.0").then(|| Self { start, headers, body: body.to_owned() })
    }

    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// All headers of this name, in order.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let short = compact(name);
        let named = self.headers.iter().filter(move |(known, _)| {
            known.eq_ignore_ascii_case(name) || short.is_some_and(|short| known.eq_ignore_ascii_case(short))
        });
        named.map(|(_, value)| value.as_str())
    }

    /// Names of all headers, in order.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The status of a response, 0 of a request.
    pub(crate) fn status(&self) -> u16 {
        self.start.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0)
    }

    /// The method: of a response the one it answers.
    pub(crate) fn method(&self) -> &str {
        self.header("CSeq").split_whitespace().nth(1).unwrap_or_default()
    }

    /// True for a request with this method.
    pub(crate) fn is_request(&self, method: &str) -> bool {
        self.start.split(' ').next() == Some(method)
    }

    /// The number of CSeq.
    pub(crate) fn cseq(&self) -> u32 {
        self.header("CSeq").split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    /// Call-ID.
    pub(crate) fn call_id(&self) -> &str {
        self.header("Call-ID")
    }

    /// The branch of the first Via.
    pub(crate) fn branch(&self) -> &str {
        parameter(self.header("Via"), "branch")
    }

    /// The tag of From or To.
    pub(crate) fn tag(&self, name: &str) -> &str {
        let value = self.header(name);
        parameter(value.rsplit_once('>').map_or(value, |(_, parameters)| parameters), "tag")
    }

    /// The URI of Contact.
    pub(crate) fn contact(&self) -> &str {
        uri(self.header("Contact"))
    }

    /// The request URI.
    pub(crate) fn uri(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }

    /// Port of the audio stream in the body's SDP, and the address if there is one.
    pub(crate) fn audio(&self) -> Option<std::net::SocketAddr> {
        let value = |key: &str| self.body.lines().find_map(|line| line.strip_prefix(key));
        let port: u16 = value("m=audio ")?.split(' ').next()?.parse().ok()?;
        let ip = value("c=IN IP4 ")?.trim().parse().ok()?;
        Some(std::net::SocketAddr::new(ip, port))
    }

    /// The stream's direction attribute.
    pub(crate) fn direction(&self) -> &str {
        let known = ["a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"];
        let line = self.body.lines().map(str::trim).find(|line| known.contains(line));
        line.map_or("sendrecv", |line| &line[2..])
    }
}

/// The URI between angle brackets, or the whole without parameters.
pub(crate) fn uri(value: &str) -> &str {
    match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default(),
        None => value.split(';').next().unwrap_or_default(),
    }
}

fn parameter<'a>(value: &'a str, name: &str) -> &'a str {
    let mut pairs = value.split(';').filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| known.trim() == name).map_or("", |(_, value)| value.trim())
}

fn compact(name: &str) -> Option<&'static str> {
    let known = [("Via", "v"), ("From", "f"), ("To", "t"), ("Call-ID", "i"), ("Contact", "m"), ("Content-Length", "l")];
    known.into_iter().find(|(long, _)| long.eq_ignore_ascii_case(name)).map(|(_, short)| short)
}
