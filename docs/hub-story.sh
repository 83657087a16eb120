#!/usr/bin/env bash
# One gate and its hub: from the code on the hub's page to the end of the box. docs/hub-story.md tells it in words.
#
#     docs/hub-story.sh [FOLDER]
#
# Everything is real but the devices, which are emulated, and the machines: what is one folder here is a machine of its
# own elsewhere. The pages are looked at in a Chromium without a screen. Each step says what is expected; where something
# else comes, the script ends with status 1. It takes a few minutes. FOLDER must be new or empty, and stays; without
# one, nothing stays.
# shellcheck source=docs/story.sh
source "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/story.sh"

# --- The hub, and somebody in front of its pages. -------------------------------------------------------------------

hub() { run hub --folder hub --repository repository "$@"; }

hub_begins() { # Where it was before, once it answers.
    start hub "$root/checkpoint" hub --folder hub --repository repository --listen "$address"
    until grep -q "listens on" gate/hub.out; do
        kill -0 "${child[hub]}" || die "the hub ended: $(cat gate/hub.err)"
        sleep 0.1
    done
}

page() { # page WORD…: does one thing in the browser, and leaves what was found in $found; see docs/visit.py.
    local IFS=$'\t'
    printf '%s\n' "$*" >&"$browser"
    IFS= read -r -t 60 -u "$pages" found || die "the browser ended: $(cat gate/browser.err)"
    [[ $found == "ok "* ]] || die "$*: $found"
    found=${found#ok }
}

expect_page() { # expect_page ADDRESS SELECTOR WORDS: loads the page until the words stand there.
    page open "$1"
    page await "$2" "$3"
    say "   the page $1 says: $found"
}

turn_a_byte() { # turn_a_byte SEQ: as somebody does who has the box's disk; twice is as before.
    "$python" - gate/state/journal.db "$1" <<'PYTHON'
import sqlite3, sys

log = sqlite3.connect(sys.argv[1], timeout=10)
(body,) = log.execute("SELECT body FROM entry WHERE seq = ?", (sys.argv[2],)).fetchone()
at = len(body) // 2
log.execute("UPDATE entry SET body = ? WHERE seq = ?", (body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :], sys.argv[2]))
log.commit()
PYTHON
}

# --- The story. -----------------------------------------------------------------------------------------------------

"$root/checkpoint" --version >&3
head -c 18 /dev/urandom | base64 >pass.txt # One for everybody here; elsewhere everybody has their own.
mkdir codes stick gate held

step "1. An authority publishes: keys, codes, lists, and orders to single appliances"
authority new zhejiang --issuer CN-33
authority role-key zhejiang --public zhejiang.json
authority fleet key zhejiang --public fleet.json
authority found federation --to repository | tee found.txt
authority admit federation --issuer CN-33 --key zhejiang.json --by "Key office" --reason "joins"
authority admit federation --issuer fleet --key fleet.json --by "Key office" --reason "orders to appliances"
number=0
for name in "zhang:ZHANG San" "wang:WANG Fang" "chen:CHEN Jie" "sun:SUN Li" "zhao:ZHAO Min" "liu:LIU Yang"; do
    number=$((number + 1))
    issue zhejiang "${name%%:*}" "${name#*:}" "E2000000$number"
done
authority publish zhejiang --to repository --release federation

step "2. The hub, and its first administrator"
address=127.0.0.1:$("$python" -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
hub_begins
cat gate/hub.out >&3
mkfifo gate/browser.in gate/browser.said
exec {browser}<>gate/browser.in {pages}<>gate/browser.said
PYTHONPATH=$root "${tether[@]}" "$python" -m docs.visit <&"$browser" >&"$pages" 2>gate/browser.err &
child[browser]=$!
until first=$(grep -o 'http://.*/first/.*' gate/hub.out); do sleep 0.1; done
password=$(head -c 9 /dev/urandom | base64)
page open "$first"
page fill name founder
page fill password "$password"
page fill again "$password"
page press 'main form button'
say "   the first administrator is logged in and sees: $found"

step "3. The gate reads the enrolment code from the page, with its own camera"
page open /enrolment
page fill site 'East gate'
page fill lanes main
page press 'main form button'
page picture held/page.png
configure CN-33 <<'CONFIG'
[sync]
every_seconds = 2
CONFIG
printf '8305\n' | run staff add 9001 --role supervisor --config gate/config.toml --pin-stdin
say "The camera is a folder with one picture here: what it sees when the page is held before it."
sed 's|camera.mjpeg|../held|' gate/config.toml >gate/maintenance.toml
printf '8305\n' | run enrol --camera --supervisor 9001 --pin-stdin --yes --config gate/maintenance.toml | tee joined.txt
device=$(grep -Eo '[0-9a-f]{32}' joined.txt)
run update --config gate/config.toml
expect_page /enrolment "main ul" "East gate"

step "4. People pass, and arrive on the hub's pages"
plug_in
start engine "$root/checkpoint" run --config gate/config.toml --headless --json </dev/null
engine ready
printf '8305\n' | run staff confirm-time 9001 --config gate/config.toml --pin-stdin
at_the_gate zhang pass
at_the_gate wang pass
say "   the gate's screen says: $(engine handed-over) entries waiting"
expect_page / "a.tile[href='/passages']" "2 people"
expect_page / "main tbody tr" "alive"

step "5. The network is pulled: entries wait, and nobody at the gate does"
stop hub
at_the_gate chen pass
first=$(engine waiting 1)
say "   the gate's screen says: $first entries waiting"
at_the_gate sun pass
more=$(engine waiting $((first + 1)))
say "   the gate's screen says: $more entries waiting"

step "6. A stick carries them; then the network is back, and everybody is there once"
run journal export stick --config gate/config.toml
hub_begins
say "Expected: importing twice, beside the running hub, beside the network, changes nothing the second time."
hub import stick
hub import stick
run journal receipt stick/checkpoint-log/*.receipt --config gate/config.toml
at_the_gate zhao pass
say "   the gate's screen says: $(engine handed-over) entries waiting"
expect_page / "a.tile[href='/passages']" "5 people"

step "7. One byte of the log is edited, by somebody who has the disk"
stop hub
at_the_gate liu pass
engine waiting 1 >waiting.txt
edited=$(run journal show --last 1 --kind passage --config gate/config.toml --json | field seq)
say "Entry $edited waits; the network is still away. The byte in its middle is turned."
turn_a_byte "$edited"
hub_begins
say "Expected: both sides object, and the gate works on."
engine degraded log_altered
engine degraded log_refused
grep -E "log_(altered|refused)" gate/engine.err | cut -d" " -f3- >&3
answer=$(grep -Eo 'answers 409: [^)]*' gate/engine.err | tail -n 1) || true
[[ $answer == *"does not extend"* ]] || die "the hub was to refuse the log, and the gate to say so; it said: ${answer:-nothing}"
say "   the hub $answer"
if run journal verify --config gate/config.toml 2>verify.err; then die "the edited log was said to hold"; fi
cat verify.err >&3
expect_page /alarms "article.alarm" "contradicts the known log"

say "" "The byte is turned back; a person looks at the alarm, and the hub takes the log again."
stop engine
turn_a_byte "$edited"
run journal verify --config gate/config.toml
start engine "$root/checkpoint" run --config gate/config.toml --headless --json </dev/null
engine ready
say "   the gate's screen says: $(engine handed-over) entries waiting"
page open /alarms
page press 'article.alarm button'
expect_page / "a.tile[href='/passages']" "6 people"

step "8. The box's end: it hands in its log, erases itself, and proves it"
authority fleet retire zhejiang --device "$device" --by "Key office" --reason "replaced"
authority fleet publish zhejiang --to repository
authority release federation
run update --config gate/config.toml
for ((turn = 0; turn < 300; turn++)); do
    kill -0 "${child[engine]}" 2>/dev/null || break
    sleep 0.1
done
kill -0 "${child[engine]}" 2>/dev/null && die "the box goes on"
unset "child[engine]"
left=$(ls gate/state)
[[ $left == retired.json ]] || die "the box kept: $left"
say "   the box keeps retired.json alone; its last words, with the hub's signature below:"
field head <gate/state/retired.json >&3
if run run --config gate/config.toml --headless </dev/null; then die "a retired box was started"; fi
size=$(field head <gate/state/retired.json | sed -n 2p)
expect_page "/appliance/$device" "main .facts" "Entries here $size"

opened=$(wc -l <gate/openings)
[[ $opened == "$passages" ]] || die "$passages were to pass, and the barrier opened $opened times"
say "" "Everything was as expected: $passages passed, $size entries at the hub, in $SECONDS s."
