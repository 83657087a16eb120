#!/usr/bin/env bash
# Two regions and one gate: from making keys to carrying changes on a stick. docs/two-regions.md tells it in words.
#
#     docs/two-regions.sh [FOLDER]
#
# Everything is real but the devices, which are emulated, and the machines: what is one folder here is a machine of its
# own elsewhere. Each step says what is expected of the lane; where the lane decides otherwise, the script ends with
# status 1. It takes one to two minutes. FOLDER must be new or empty, and stays; without one, nothing stays.
# shellcheck source=docs/story.sh
source "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/story.sh"

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
configure CN-33 CN-31 </dev/null
pin=$(grep -Eo '^[0-9a-f]{64}$' found.txt) # A real gate's installer has this on paper or by telephone.
run update --config gate/config.toml --from "$url" --root-sha256 "$pin"
printf '8305\n' | run staff add 9001 --role supervisor --config gate/config.toml --pin-stdin

plug_in
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
