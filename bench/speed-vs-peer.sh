#!/usr/bin/env bash
# Our speed beside llama.cpp's: in turn, the same file, the same number of threads; the peer has the better of flash attention on and off.
# usage: bench/speed-vs-peer.sh MODEL.gguf FOLDER_OF_LLAMA_BENCH [ROUNDS=5] [THREADS=2] [DEPTHS=0] [STREAMS=0]
# By environment: FLASH=1 or FLASH=0 tries the peer with or without flash attention alone, which halves its time.
# Prints the processor, each figure of both (tokens/s), and the ratio of medians with the spread (largest / smallest) of each side.
set -euo pipefail
model=$1 peer=$2 rounds=${3:-5} threads=${4:-2} depths=${5:-0} streams=${6:-0} flash=${FLASH:-0,1}
root=$(cd "$(dirname "$0")/.." && pwd)
ours="$root/bench/Model.Bench/bin/Release/net10.0/Tessera.Model.Bench"
[ -x "$ours" ] || { echo "build first: dotnet build -c Release" >&2; exit 1; }
figures=$(mktemp)
trap 'rm -f "$figures"' EXIT

ours() {
    "$ours" "$model" "threads=$threads" rounds=1 prompt=512 generate=128 "depths=$depths" "streams=$streams" |
        awk -F': ' '!/^#/ && !/seconds|memory|multiply-adds/ { print "ours", $1 "\t" $2 } /seconds|memory|multiply-adds/ { print "#", $0 > "/dev/stderr" }'
}
theirs() {
    { "$peer/llama-bench" -m "$model" -t "$threads" -p 512 -n 0 -r 1 -fa "$flash" -o jsonl
      "$peer/llama-bench" -m "$model" -t "$threads" -p 0 -n 128 -d "$depths" -r 1 -fa "$flash" -o jsonl; } 2>/dev/null |
        sed -n 's/.*"n_prompt": *\([0-9]*\).*"n_depth": *\([0-9]*\).*"avg_ts": *\([0-9.]*\).*/\1 \2 \3/p' |
        awk '{ key = $1 > 0 ? "prefill " $1 : "decode 128 at " $2; if ($3 > best[key]) best[key] = $3 } END { for (key in best) print "theirs", key "\t" best[key] }'
    [ "$streams" -eq 0 ] || for fa in ${flash/,/ }; do
        "$peer/llama-batched-bench" -m "$model" -t "$threads" -tb "$threads" -c $((streams * 256)) -b 2048 -ub 512 -npp 128 -ntg 128 -npl "$streams" -fa $fa 2>/dev/null |
            awk -F'|' -v streams="$streams" '$4 + 0 == streams { print "theirs", streams " streams decode 128\t" $9 + 0 }'
    done
}

echo "processor: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $threads threads; load $(cut -d' ' -f1 /proc/loadavg)"
echo "command: $(basename "$0") $(basename "$model") … $rounds $threads $depths $streams"
for _ in $(seq "$rounds"); do
    ours >>"$figures"
    theirs | sort -t$'\t' -k1,1 -k2,2gr | sort -t$'\t' -u -k1,1 >>"$figures"
done
sort -t$'\t' -k1,1 -k2,2g "$figures" | awk -F'\t' '
    { side = $1; sub(/ .*/, "", side); key = $1; sub(/^[a-z]* /, "", key); keys[key]; v[side, key, ++n[side, key]] = $2 }
    function median(side, key, m) { m = n[side, key]; return m % 2 ? v[side, key, (m + 1) / 2] : (v[side, key, m / 2] + v[side, key, m / 2 + 1]) / 2 }
    function spread(side, key) { return v[side, key, n[side, key]] / v[side, key, 1] }
    END { for (key in keys) if (n["ours", key] && n["theirs", key])
        printf "%s: %.1f / %.1f = %.2f (spread %.2f, %.2f)\n", key, median("ours", key), median("theirs", key), median("ours", key) / median("theirs", key), spread("ours", key), spread("theirs", key) }' | sort
