#!/usr/bin/env bash
# Prefill and decode speed of `tessera run` beside llama.cpp's llama-bench: in turn, the same file, the same number of threads.
# usage: bench/speed-vs-peer.sh MODEL.gguf LLAMA_BENCH [ROUNDS=7] [THREADS=2]
# Prints the processor, each round, and the ratio of medians; the peer has the better of flash attention on and off.
set -euo pipefail
model=$1 peer=$2 rounds=${3:-7} threads=${4:-2}
root=$(cd "$(dirname "$0")/.." && pwd)
tessera="$root/Host/bin/Release/net10.0/tessera"
[ -x "$tessera" ] || { echo "build first: dotnet build -c Release Host" >&2; exit 1; }

# About 512 tokens of plain English, and 64 to generate.
prompt=$(for _ in $(seq 27); do printf 'The quick brown fox jumps over the lazy dog and runs away from the big bad wolf in the forest. '; done)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

ours() {
    TESSERA__ENGINE__THREADS=$threads "$tessera" run "$model" --raw -p "$prompt" -n 65 -t 0 --ignore-eos 2>&1 >/dev/null |
        sed -n 's/.* s: \([0-9.]*\) tokens\/s; decode .* s: \([0-9.]*\) tokens\/s/\1 \2/p'
}
theirs() {
    # Both decode behind 512 tokens of context.
    { "$peer" -m "$model" -t "$threads" -p 512 -n 0 -r 1 -fa 0,1 -o jsonl; "$peer" -m "$model" -t "$threads" -p 0 -n 64 -d 512 -r 1 -fa 0,1 -o jsonl; } 2>/dev/null |
        sed -n 's/.*"n_prompt": *\([0-9]*\).*"avg_ts": *\([0-9.]*\).*/\1 \2/p' |
        awk '$1 > 0 { if ($2 > p) p = $2; next } { if ($2 > d) d = $2 } END { print p, d }'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

echo "processor: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $threads threads; load $(cut -d' ' -f1 /proc/loadavg)"
echo "command: $(basename "$0") $(basename "$model") llama-bench $rounds $threads"
ours >/dev/null
for round in $(seq "$rounds"); do
    read -r op od <<<"$(ours)"
    read -r tp td <<<"$(theirs)"
    echo "round $round: prefill $op / $tp, decode $od / $td tokens/s (ours / peer)"
    echo "$op" >>"$out/op"; echo "$od" >>"$out/od"; echo "$tp" >>"$out/tp"; echo "$td" >>"$out/td"
done
awk -v op="$(median <"$out/op")" -v tp="$(median <"$out/tp")" -v od="$(median <"$out/od")" -v td="$(median <"$out/td")" \
    'BEGIN { printf "medians: prefill %.1f / %.1f = %.2f, decode %.1f / %.1f = %.2f\n", op, tp, op / tp, od, td, od / td }'
