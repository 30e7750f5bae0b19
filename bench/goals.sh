#!/usr/bin/env bash
# The goals of CPU speed, row by row: what was asked for, what was found, and whether that is enough.
# usage: bench/goals.sh FOLDER_OF_MODELS FOLDER_OF_LLAMA_BENCH [SMALL_MODEL]
# The folder holds 1b-Q4_K_M.gguf, 1b-Q8_0.gguf and 8b-Q4_K_M.gguf (random-gguf.py of ../shared/bench); those that are not there are left out. SMALL_MODEL is the real one of 135M parameters.
# By environment: ROUNDS=2 of the 1b models, SMALL_ROUNDS=3, LARGE_ROUNDS=1, THREADS=2, DEPTHS=4096,16384 (half of the time; 0 leaves them out), SERVING=1 (four minutes of SMALL_MODEL over REST). About 20 minutes on two cores.
set -euo pipefail
shopt -s inherit_errexit
models=$1 peer=$2 root=$(cd "$(dirname "$0")/.." && pwd)
small=${3:-$root/../shared/models/smollm2-135m-instruct-q4_1.gguf}
rounds=${ROUNDS:-2} small_rounds=${SMALL_ROUNDS:-3} large_rounds=${LARGE_ROUNDS:-1} threads=${THREADS:-2} depths=${DEPTHS:-4096,16384}
ours="$root/bench/Model.Bench/bin/Release/net10.0/Tessera.Model.Bench" kernels="$root/bench/Kernels.Bench/bin/Release/net10.0/Tessera.Kernels.Bench"
sampling="$root/bench/Sampling.Bench/bin/Release/net10.0/Tessera.Sampling.Bench" serving="$root/bench/Serving.Bench/bin/Release/net10.0/Tessera.Serving.Bench"
[ -x "$ours" ] && [ -x "$kernels" ] && [ -x "$sampling" ] && [ -x "$serving" ] || { echo "build first: dotnet build -c Release" >&2; exit 1; }
pure=format.gguf,quant.ggml,kernels.cpu,tokenizer.spm,tokenizer.bpe
said=$(mktemp)
trap 'rm -f "$said" "$said.beside"' EXIT

# row WORK GOAL FOUND: at least the goal; with a fourth argument: at most.
row() {
    awk -v work="$1" -v goal="$2" -v found="$3" -v most="${4:-}" -v note="${5:-}" 'BEGIN {
        if (found == "") verdict = "not measured"; else if (most != "" ? found <= goal : found >= goal) verdict = "met"; else verdict = sprintf("missed by %.0f %%", (most != "" ? found / goal - 1 : 1 - found / goal) * 100)
        printf "%-62s %s %-8.4g found %-8.4g %s%s\n", work, most != "" ? "at most " : "at least", goal, found, verdict, note == "" ? "" : "  (" note ")" }'
}
# beside MODEL ROUNDS DEPTHS STREAMS: both in turn; what was said is kept and shown on standard error.
beside() { "$root/bench/speed-vs-peer.sh" "$1" "$peer" "$2" "$threads" "$3" "$4" 2>&1 | tee "$said" >&2; }
ratio() { sed -n "s/^$1: .* = \([0-9.]*\) (.*/\1/p" "$said"; }
tokens() { sed -n "s/^$1: \([0-9.]*\) \/ \([0-9.]*\) = .*/\\$2/p" "$said"; }
# alone MODEL ARGUMENT…: ours only.
alone() { "$ours" "$1" "threads=$threads" rounds=1 "${@:2}" | tee "$said" >&2; }
line() { sed -n "s/^$1: //p" "$said"; }

vnni=$(grep -c -m1 avx512_vnni /proc/cpuinfo || true)
# What two threads read, GB/s. Memory is shared with neighbours, and what it gives changes by half within minutes: a decode row is judged by the better of what was read just before and just after it.
reads() { "$kernels" limits | tee "$said" >&2; awk '/^read / { print $5; found = 1 } END { exit !found }' "$said"; }
bandwidth=$(reads)
int8=$(awk '/^int8 / && $4 > most { most = $4 } END { print most + 0 }' "$said") float=$(awk '/^float / && $4 > most { most = $4 } END { print most + 0 }' "$said")
echo "processor: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $threads threads; two read $bandwidth GB/s, a core has at most $int8 (int8) and $float (float) G multiply-adds/s; load $(cut -d' ' -f1 /proc/loadavg); $(date -u +%F)"

# decode NAME FILE BANDWIDTH: the lower of 1.6 times the peer and 85 % of what reading the whole file once a token would allow.
decode() {
    local theirs own goal
    theirs=$(tokens "decode 128 at 0" 2) own=$(tokens "decode 128 at 0" 1)
    goal=$(awk -v peer="$theirs" -v bytes="$(stat -Lc %s "$2")" -v speed="$3" 'BEGIN { a = 1.6 * peer; b = 0.85 * speed * 1e9 / bytes; print a < b ? a : b }')
    row "$1: decode, tokens/s" "$goal" "$own" "" "$(awk -v a="$own" -v b="$theirs" -v bytes="$(stat -Lc %s "$2")" -v speed="$3" 'BEGIN { printf "%.2f times the peer; %.0f %% of the %.1f GB/s read around it", a / b, a * bytes / speed / 1e7, speed }')"
}
# around MODEL ROUNDS: both in turn, with reads before and after; the better of these is in "speed".
around() {
    local before after
    before=$(reads)
    beside "$1" "$2" 0 0
    cp "$said" "$said.beside"
    after=$(reads)
    mv "$said.beside" "$said"
    speed=$(awk -v a="$before" -v b="$after" 'BEGIN { print (a > b ? a : b) }')
}
# What prefill computes, beside what the cores could.
work() {
    awk -v tokens="$(tokens "prefill 512" 1)" -v each="$(sed -n "s/^# G multiply-adds of a token.*: //p" "$said" | head -1)" -v peak="$int8" -v threads="$threads" 'BEGIN { printf "%.0f tokens/s, %.0f G multiply-adds/s, %.0f %% of what the cores have", tokens, tokens * each, (peak > 0 ? tokens * each / peak / threads * 100 : 0) }'
}
for name in 1b-Q4_K_M 1b-Q8_0 8b-Q4_K_M; do
    file="$models/$name.gguf" own_rounds=$rounds
    [ -f "$file" ] || { echo "$name: not there"; continue; }
    [ "$name" != 8b-Q4_K_M ] || own_rounds=$large_rounds
    TESSERA__PLUGINS__LOAD=$pure around "$file" "$own_rounds"
    decode "$name" "$file" "$speed"
    row "$name: prefill 512, C# alone, times the peer" 2 "$(ratio "prefill 512")" "" "$(work)"
    if [ "$vnni" -gt 0 ]; then
        around "$file" "$own_rounds"
        decode "$name with kernels.cpu.jit" "$file" "$speed"
        row "$name: prefill 512 with kernels.cpu.jit, times the peer" 3 "$(ratio "prefill 512")" "" "$(work); the goal is for 512-bit units of full width"
    else
        echo "$name: prefill 512 with kernels.cpu.jit: not here, the processor has no AVX-512 VNNI"
    fi
done
if [ -f "$models/1b-Q4_K_M.gguf" ]; then
    beside "$models/1b-Q4_K_M.gguf" 1 0 16
    row "1b-Q4_K_M: 16 streams, prompt 128, 128 tokens, times the peer" 2 "$(ratio "16 streams decode 128")"
fi
if [ -f "$small" ]; then
    beside "$small" "$small_rounds" 0 16
    row "135M: decode, times the peer" 1.3 "$(ratio "decode 128 at 0")"
    row "135M: prefill 512, times the peer" 2 "$(ratio "prefill 512")"
    row "135M: 16 streams, times the peer" 2 "$(ratio "16 streams decode 128")"
fi
for file in "$small" "$models/1b-Q4_K_M.gguf" "$models/8b-Q4_K_M.gguf"; do
    [ -f "$file" ] || continue
    cat "$file" >/dev/null
    name=$(basename "$file" .gguf)
    alone "$file" prompt=0 generate=64 rows=5
    row "$name: first 32 tokens, of the speed of the 64 behind them" 0.9 "$(awk -v a="$(line "first 32 tokens")" -v b="$(line "decode 64 at 0")" 'BEGIN { print a / b }')"
    [ "$name" != 8b-Q4_K_M ] || row "$name: five rows, times one row" 1.35 "$(line "5 rows, ms, of one row, and times as much" | cut -d' ' -f3)" most
    [ "$name" != 8b-Q4_K_M ] || row "$name: first token of 16 from process start, seconds" 3 "$(line "first token of 16 seconds, since the process began" | cut -d' ' -f2)" most
    row "$name: memory beyond the file, MB" 250 "$(line "peak memory MB, of it not file MB" | cut -d' ' -f2)" most "KV cache and .NET included"
done
echo "allocation per decode step: 0 B, by the tests Acceptance.Tests Resources.AllocationTests and Kernels.Cpu.Tests Plan.AllocationTests"
"$sampling" | tee "$said" >&2
row "drawing from 128k logits, greedy, microseconds" 100 "$(awk '/^greedy / { print $2 }' "$said")" most
row "drawing from 128k logits, temperature, top-k, top-p, min-p, microseconds" 300 "$(awk '/^temperature 0.8, top-k/ { print $9 }' "$said")" most
if [ "${SERVING:-0}" != 0 ] && [ -f "$small" ]; then
    "$serving" "$small" 16 128 2 | sed 's/^/135M: /'
fi
if [ "$depths" != 0 ] && [ -f "$models/1b-Q4_K_M.gguf" ]; then
    FLASH=1 beside "$models/1b-Q4_K_M.gguf" 1 "$depths" 0
    for depth in ${depths//,/ }; do
        row "1b-Q4_K_M: decode at depth $depth, times the peer" 1.4 "$(ratio "decode 128 at $depth")" "" "$([ "$depth" = 16384 ] || echo "the goal is for 16384")"
    done
fi
