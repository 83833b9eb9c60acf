#!/usr/bin/env bash
# Installs a package, runs what it installed, upgrades and removes it, in a copy of this system that vanishes afterwards:
#   unshare --mount install.sh PACKAGE FOLDER CONFIG
# CONFIG is a configuration whose data folder is /var/lib/trunkline. Prints one word a step that went well.
set -euo pipefail
package=$1 folder=$2 config=$3

mount -t tmpfs tmpfs "$folder"
mkdir "$folder"/{changes,work,system}
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/changes,workdir=$folder/work" "$folder/system"
system=$folder/system
mount -t proc proc "$system/proc"
mount --bind /dev "$system/dev"
cp "$package" "$system/trunkline.deb"

inside() { chroot "$system" "$@"; }
inside dpkg --install /trunkline.deb >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
inside runuser -u trunkline -- trunkline --version
[ "$(inside stat -c '%U %a' /var/lib/trunkline)" = "trunkline 750" ]
echo installed

if inside systemd-analyze --version >/dev/null 2>&1; then
  complaints=$(inside systemd-analyze verify /lib/systemd/system/trunkline.service 2>&1 | grep trunkline || true)
  [ -z "$complaints" ] || { echo "$complaints"; exit 1; }
  echo unit
fi

install -o root -g "$(inside getent group trunkline | cut -d: -f3)" -m 0640 "$config" "$system/etc/trunkline/trunkline.toml"
# As the unit starts it: its user, its folder, and a socket on which it says that it is ready.
inside runuser -u trunkline -- python3 - <<'PYTHON'
import os, socket, subprocess, sys
os.chdir("/var/lib/trunkline")
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind("/var/lib/trunkline/notify")
heard.settimeout(20)
file = ["--config", "/etc/trunkline/trunkline.toml"]
node = subprocess.Popen(["trunkline", "run", *file], env={**os.environ, "NOTIFY_SOCKET": "/var/lib/trunkline/notify"})
def expect(word):
    text = heard.recv(4096).decode()
    assert text.startswith(word), text
expect("READY=1")
print("ready", flush=True)
subprocess.run(["trunkline", "reload", *file], check=True, stdout=subprocess.DEVNULL)
print("reloaded", flush=True)
node.terminate()
expect("STOPPING=1")
assert node.wait(20) == 0, node.returncode
os.remove("/var/lib/trunkline/notify")
print("stopped", flush=True)
PYTHON

inside dpkg --install /trunkline.deb >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
[ -e "$system/etc/trunkline/trunkline.toml" ] && echo upgraded
inside dpkg --purge trunkline >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
[ -d "$system/var/lib/trunkline/journal" ] && [ ! -e "$system/usr/bin/trunkline" ] && echo removed
