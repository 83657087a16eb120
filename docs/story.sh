# shellcheck shell=bash
# What the stories of this folder share: how they are told, how they end, and what happens at the gate. Sourced by them,
# with the folder to work in as the one argument; a new one that does not stay where there is none.
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
    printf '%s\n' "${0##*/}: $*" >&2
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

configure() { # configure REGION…: the gate's configuration, with emulated devices; further sections from standard input.
    local regions
    printf -v regions '"%s", ' "$@"
    {
        cat <<CONFIG
[site]
name = "East gate"
kind = "residential"
region = "330110"
language = "en"
[trust]
folder = "state/trust"
regions = [${regions%, }]
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
        cat
    } >gate/config.toml
}

plug_in() { # Plugs emulated devices in; lines on $thermometer and $camera say what they see.
    mkfifo gate/thermometer.in gate/camera.in
    exec {thermometer}<>gate/thermometer.in {camera}<>gate/camera.in
    start thermometer "$root/checkpoint" emulate thermometer --link gate/thermometer <&"$thermometer"
    start camera "$root/checkpoint" emulate camera --link gate/camera.mjpeg <&"$camera"
    start barrier "$root/checkpoint" emulate gate --link gate/barrier --log gate/openings </dev/null
}

id_of() { field code_id <"codes/$1.json"; }

engine() { # What a guard's screen does, over the engine's control socket: one JSON object a line.
    "$python" - "$@" <<'PYTHON' || die "the engine did not come to: $*"
import json, socket, sys, time

wanted = sys.argv[1]
number = int(sys.argv[2]) if sys.argv[2:] and sys.argv[2].isdigit() else 0
of_the_hub = wanted in ("handed-over", "degraded", "well")  # gates that lost it come back one by one, not at once
deadline = time.monotonic() + (120 if of_the_hub else 30)
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
        done = view["lists_age"] is not None and view["now"] - view["lists_age"] >= number
    elif wanted == "waiting":  # nobody else has at least so many entries
        done = view["waiting"] >= number
    elif wanted == "handed-over":  # the hub has everything
        done = view["waiting"] == 0
    elif wanted in ("degraded", "well"):  # it says so on the screen, or no more
        done = (sys.argv[2] in {one["code"] for one in view["degraded"]}) is (wanted == "degraded")
    else:  # next-please: the guard has seen the result, and the person has gone
        done = lane["state"] == "waiting" and not lane["present"]
        if lane["state"] in ("passed", "referred", "stopped"):
            screen.sendall(b'{"type": "acknowledge", "id": 1, "lane": "main"}\n')
    if done or time.monotonic() > deadline:
        if wanted in ("waiting", "handed-over"):
            print(view["waiting"])
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
