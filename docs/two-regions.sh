#!/usr/bin/env bash
# Two regions and one gate: from making keys to carrying changes on a stick. docs/two-regions.md tells it in words.
#
#     docs/two-regions.sh [FOLDER]
#
# Everything is real but the devices, which are emulated, and the machines: what is one folder here is a machine of its
# own elsewhere. Each step says what is expected of the lane; where the lane decides otherwise, the script ends with
# status 1. It takes one to two minutes. FOLDER must be new or empty, and stays; without one, nothing stays.
set -euo pipefail
umask 077 # here lie keys and codes

# --- How it is told, and how it ends. -------------------------------------------------------------------------------

root=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)
python=$root/.venv/bin/python # which the first start of ./checkpoint makes
exec 3>&1                     # where the story goes, also while a command's own output is taken

step() { printf '\n== %s\n\n' "$*" >&3; }
say() { printf '%s\n' "$@" >&3; }

die() {
    say "" "NOT AS EXPECTED: $*"
    if [[ -s gate/engine.err ]]; then say "The engine's last words:" "$(tail -n 5 gate/engine.err)"; fi
    exit 1
}

run() { # Shows a command, and does it.
    local word line='$ checkpoint'
    for word; do
        if [[ $word =~ ^[A-Za-z0-9_./:@+-]+$ ]]; then line+=" $word"; else line+=" '$word'"; fi
    done
    say "$line"
    "$root/checkpoint" "$@"
}

authority() { run authority "$@" --passphrase-file pass.txt; }

declare -A child=() # What runs in the background, by name.
tether=()           # Whatever ends this script, kill -9 included, ends what it started.
if setpriv --pdeathsig TERM true 2>/dev/null; then tether=(setpriv --pdeathsig TERM); fi

start() { # start NAME COMMAND…: in the background; what it says goes to gate/NAME.out and gate/NAME.err
    local name=$1
    shift
    "${tether[@]}" "$@" <&0 >"gate/$name.out" 2>"gate/$name.err" & # without <&0, bash takes /dev/null
    child[$name]=$!
}

stop() { # stop NAME…: in order, or after ten seconds for sure.
    local name turn
    for name; do kill "${child[$name]}" 2>/dev/null || true; done
    for name; do
        for ((turn = 0; turn < 100; turn++)); do
            kill -0 "${child[$name]}" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "${child[$name]}" 2>/dev/null || true
        wait "${child[$name]}" 2>/dev/null || true
        unset "child[$name]"
    done
}

clean_up() {
    local status=$?
    trap '' INT TERM HUP
    stop "${!child[@]}"
    if [[ -z $given && $status == 0 ]]; then
        rm -rf -- "$folder"
    else
        say "" "Ended with status $status. Everything lies in $folder"
    fi
    exit "$status"
}

refuse() {
    printf '%s\n' "two-regions.sh: $*" >&2
    exit 2
}

given=${1-}
if [[ -z $given ]]; then
    folder=$(mktemp -d)
else
    mkdir -p -- "$given" || exit 2
    folder=$(CDPATH='' cd -- "$given" && pwd)
    [[ -z $(ls -A -- "$folder") ]] || refuse "$folder is not empty; name a new folder"
fi
(($(printf %s "$folder" | wc -c) <= 80)) || refuse "$folder is too long for a socket in it; name a shorter folder"
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
cd -- "$folder"

field() { "$python" -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

# --- People, and what the lane makes of them. -----------------------------------------------------------------------

issue() { # issue REGION WHO NAME DOCUMENT [OPTION…]: a code on paper, into codes/WHO.json
    local document=(--document "$4" --document-type passport)
    authority issue "$1" --name "$3" "${document[@]}" --carrier paper "${@:5}" --json >"codes/$2.json"
    say "$2 holds $(field code_id <"codes/$2.json"), $(field colour <"codes/$2.json")"
}

id_of() { field code_id <"codes/$1.json"; }

engine() { # What a guard's screen does, over the engine's control socket: one JSON object a line.
    "$python" - "$@" <<'PYTHON' || die "the engine did not come to: $*"
import json, socket, sys, time

wanted, since = sys.argv[1], int((sys.argv + ["0"])[2])
deadline = time.monotonic() + 30
screen = socket.socket(socket.AF_UNIX)
while screen.connect_ex("gate/control.sock"):
    if time.monotonic() > deadline:
        sys.exit(1)
    time.sleep(0.1)
views = (said for said in map(json.loads, screen.makefile("rb")) if said["type"] == "view")
next(views, None)  # the first may be a second old
for view in views:  # and then there is one a second, at least
    lane = view["lanes"][0]
    if wanted == "ready":  # every device answers
        done = lane["camera"] == lane["thermometer"] == lane["gate"] == "up"
    elif wanted == "taken-over":  # it decides by lists of that second or later
        done = view["lists_age"] is not None and view["now"] - view["lists_age"] >= since
    else:  # next-please: the guard has seen the result, and the person has gone
        done = lane["state"] == "waiting" and not lane["present"]
        if lane["state"] in ("passed", "referred", "stopped"):
            screen.sendall(b'{"type": "acknowledge", "id": 1, "lane": "main"}\n')
    if done or time.monotonic() > deadline:
        sys.exit(not done)
sys.exit(1)
PYTHON
}

decision() { # decision NUMBER: the outcome and the reasons of a passage, from 1, as `checkpoint run --json` tells them.
    local turn
    for ((turn = 0; turn < 200; turn++)); do
        if (($(wc -l <gate/engine.out) >= $1)); then
            sed -n "$1p" gate/engine.out |
                "$python" -c 'import json, sys; one = json.load(sys.stdin); print(one["outcome"], *one["reasons"])'
            return
        fi
        sleep 0.1
    done
    echo nothing
}

declare -A mark=([pass]=✓ [refer]=! [stop]=✕) shown=()
passages=0

at_the_gate() { # at_the_gate WHO OUTCOME [REASON…]: somebody of 36.5 °C shows a code, and is to be decided upon so.
    local who=$1 expected=${*:2} decided
    until ((SECONDS - ${shown[$who]:--9} > 6)); do sleep 0.5; done # the same code within 5 s is the same scan
    echo "person 36.5" >&"$thermometer"
    field code <"codes/$who.json" >&"$camera"
    passages=$((passages + 1))
    decided=$(decision $passages)
    echo nobody >&"$thermometer"
    echo >&"$camera"
    shown[$who]=$SECONDS
    say "   $who at the gate: ${mark[${decided%% *}]-} $decided"
    [[ $decided == "$expected" ]] || die "$who was to be decided upon by: $expected"
    engine next-please
}

# --- The story. -----------------------------------------------------------------------------------------------------

"$root/checkpoint" --version >&3
head -c 18 /dev/urandom | base64 >pass.txt # One for everybody here; elsewhere everybody has their own.
mkdir codes stick gate

step "1. Two regions and a federation that recognises both"
for region in zhejiang:CN-33 shanghai:CN-31; do
    authority new "${region%:*}" --issuer "${region#*:}"
    authority role-key "${region%:*}" --public "${region%:*}.json"
done
authority found federation --to repository | tee found.txt
for region in zhejiang:CN-33 shanghai:CN-31; do
    authority admit federation --issuer "${region#*:}" --key "${region%:*}.json" --by "Key office" --reason "joins"
done

step "2. Codes from both"
issue zhejiang zhang "ZHANG San" E20000001
issue zhejiang wang "WANG Fang" E20000002
issue zhejiang zhao "ZHAO Min" E20000003
issue zhejiang liu "LIU Yang" E20000004 --colour yellow --by "Officer Li" --reason "travelled"
issue zhejiang he "HE Jun" E20000005 --colour yellow --by "Officer Li" --reason "travelled"
issue zhejiang sun "SUN Li" E20000006
issue shanghai chen "CHEN Jie" E31000001
issue shanghai xu "XU Hong" E31000002

step "3. Both publish, and the federation releases: from now on gates can fetch it"
authority publish zhejiang --to repository
authority publish shanghai --to repository --release federation
start server "$python" -u -m http.server --bind 127.0.0.1 --directory repository 0
until url=$(grep -o 'http://127[0-9.:]*' gate/server.out); do
    kill -0 "${child[server]}" || die "the server ended: $(cat gate/server.err)"
    sleep 0.1
done
say "The repository is served at $url"

step "4. A gate in Zhejiang, which is told once whom to believe"
cat >gate/config.toml <<CONFIG
[site]
name = "East gate"
kind = "residential"
region = "330110"
language = "en"
[trust]
folder = "state/trust"
regions = ["CN-33", "CN-31"]
[update]
sticks = []
[control]
socket = "control.sock"
[[lane]]
name = "main"
[lane.camera]
source = "camera.mjpeg"
[lane.thermometer]
driver = "gy-mcu90614"
port = "thermometer"
[lane.gate]
driver = "controller"
port = "barrier"
CONFIG
pin=$(grep -Eo '^[0-9a-f]{64}$' found.txt) # A real gate's installer has this on paper or by telephone.
run update --config gate/config.toml --from "$url" --root-sha256 "$pin"
printf '8305\n' | run staff add 9001 --role supervisor --config gate/config.toml --pin-stdin

mkfifo gate/thermometer.in gate/camera.in
exec {thermometer}<>gate/thermometer.in {camera}<>gate/camera.in
start thermometer "$root/checkpoint" emulate thermometer --link gate/thermometer <&"$thermometer"
start camera "$root/checkpoint" emulate camera --link gate/camera.mjpeg <&"$camera"
start barrier "$root/checkpoint" emulate gate --link gate/barrier --log gate/openings </dev/null
start engine "$root/checkpoint" run --config gate/config.toml --headless --json </dev/null
engine ready
say "The lane is ready. Nothing may vouch for this machine's time; then a supervisor does:"
printf '8305\n' | run staff confirm-time 9001 --config gate/config.toml --pin-stdin
say "Expected: codes of both regions pass; yellow passes with a notice, by the built-in rules."
at_the_gate zhang pass
at_the_gate chen pass
at_the_gate liu pass COLOUR_YELLOW

step "5. Changes that come by network: a red colour, a revoked code, a revoked key, a policy"
authority set-colour zhejiang "$(id_of wang)" red --by "Officer Li" --reason "contact of case 12"
authority revoke zhejiang "$(id_of zhao)" --by "Officer Li" --reason "paper reported stolen"
authority revoke-key shanghai "$(field kid <codes/xu.json)" --by "Key office" --reason "card stolen"
{
    printf 'issuer = "CN-33"\nissued_at = %s\n' "$(date +%s)"
    sed -e 's/^version = .*/version = "zhejiang-1"/' \
        -e '/^\[rule.COLOUR_YELLOW\]/,/^residential/ s/^residential = .*/residential = ["refer", "decide"]/' \
        "$root/scanner/policy_default.toml"
} >rules.toml
say "rules.toml is the built-in policy, but yellow is referred to staff at homes."
changed=$(date +%s)
authority publish zhejiang --to repository --policy rules.toml
authority publish shanghai --to repository --release federation
run update --config gate/config.toml --from "$url"
engine taken-over "$changed"
say "Expected: the red code and the revoked ones are stopped, yellow is referred to staff."
at_the_gate wang stop COLOUR_RED
at_the_gate zhao stop REVOKED
at_the_gate xu stop KEY_REVOKED
at_the_gate he refer COLOUR_YELLOW

step "6. The network is pulled, and life goes on"
stop server
say "Expected: an update cannot reach the repository, says so, and changes nothing."
if run update --config gate/config.toml --from "$url"; then die "an update without a network was said to be good"; fi
authority add-key shanghai --by "Key office" --reason "instead of the revoked one"
issue shanghai xu "XU Hong" E31000002
say "Expected: the gate decides as before, and does not know Shanghai's new key yet."
at_the_gate wang stop COLOUR_RED
at_the_gate xu refer UNKNOWN_KEY

step "7. More changes, carried by a stick: green again, another revoked code, the new key"
authority set-colour zhejiang "$(id_of wang)" green --by "Officer Li" --reason "quarantine over"
authority revoke zhejiang "$(id_of sun)" --by "Officer Li" --reason "paper reported stolen"
changed=$(date +%s)
authority publish zhejiang --to repository
authority publish shanghai --to repository --release federation
run authority export federation --to stick
run update --config gate/config.toml --from stick
engine taken-over "$changed"
say "Expected: green passes again, the revoked code is stopped, and the new key's code passes."
at_the_gate wang pass
at_the_gate sun stop REVOKED
at_the_gate xu pass

step "8. The log has it all, and the barrier opened for those who passed and nobody else"
stop engine
run journal verify --config gate/config.toml
run journal show --config gate/config.toml --kind update --last 50 | tee updates.txt
taken_in=$(grep -c 'what=repository' updates.txt || true)
[[ $taken_in == 3 ]] || die "the log was to have 3 publications taken in, and has $taken_in"
passed=$(grep -c '"outcome": "pass"' gate/engine.out)
opened=$(wc -l <gate/openings)
[[ $passed == 5 && $opened == 5 ]] || die "5 were to pass, and $passed did; the barrier opened $opened times"
run authority show zhejiang --audit | grep -E 'colour|revoke' | tail -n 3
say "" "Everything was as expected: $passages decisions, $opened openings, $taken_in updates, in $SECONDS s."
