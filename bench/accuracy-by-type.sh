#!/usr/bin/env bash
# What 8-bit activations cost with each type of weights: the model is written anew as each kind of file, and its perplexity on the fixed text is taken with float32 activations and on the product's path.
# usage: bench/accuracy-by-type.sh MODEL [TYPE …]
# By environment: PEER=FOLDER_OF_LLAMA_QUANTIZE, whose llama-quantize and llama-imatrix write the types that `tessera quantize` does not: those of 256 as ffn_down, the others as all matrices of the layers, the rest Q8_0.
# Prints, for each kind, the types of its weights, both perplexities and by how much they differ (goal: less than 0.5 %); fails where one misses the goal.
set -euo pipefail
model=$1
shift
types=("$@")
peers=(MXFP4 NVFP4 IQ3_S IQ3_XXS IQ2_S IQ2_XS IQ2_XXS IQ1_M IQ1_S)
[ ${#types[@]} -gt 0 ] || types=(F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 IQ4_NL Q2_K Q3_K_M Q4_K_M Q5_K_M Q6_K IQ4_XS)
[ $# -gt 0 ] || [ -z "${PEER:-}" ] || types+=("${peers[@]}")
root=$(cd "$(dirname "$0")/.." && pwd)
tessera="$root/Host/bin/Release/net10.0/tessera" accuracy="$root/bench/Accuracy.Bench/bin/Release/net10.0/Tessera.Accuracy.Bench"
[ -x "$tessera" ] && [ -x "$accuracy" ] || { echo "build first: dotnet build -c Release" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo "processor: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1); $(basename "$model")"
missed=0
# ours TYPE, theirs TYPE: write the model; print how many tensors of which type there are.
counts() { awk '{ n[$1]++ } END { for (t in n) printf "%s%s %s", (c++ ? ", " : ""), n[t], t }'; }
ours() { "$tessera" quantize "$model" "$folder/model.gguf" "$1" --requantize 2>/dev/null | awk '$3 == "tensors" && $1 != "f32" && $1 ~ /^[a-z0-9_]+$/ { for (i = 0; i < $2; i++) print $1 }' | counts; }
theirs() {
    local type=${1,,} where=ffn_down
    case $1 in MXFP4 | NVFP4) where=blk ;; esac
    [ -f "$folder/f16.gguf" ] || "$tessera" quantize "$model" "$folder/f16.gguf" F16 --requantize >/dev/null 2>&1 || return 1
    [ -f "$folder/imatrix.gguf" ] || "$PEER/llama-imatrix" -m "$folder/f16.gguf" -f "$root/bench/Accuracy.Bench/text.txt" -o "$folder/imatrix.gguf" -c 512 >/dev/null 2>&1 || return 1
    "$PEER/llama-quantize" --allow-requantize --imatrix "$folder/imatrix.gguf" --tensor-type "$where=$type" "$folder/f16.gguf" "$folder/model.gguf" Q8_0 2>&1 | sed -n 's/.*converting to \([a-z0-9_]*\).*/\1/p' | counts
}
for type in "${types[@]}"; do
    how=ours
    [[ " ${peers[*]} " != *" $type "* ]] || how=theirs
    [ "$how" = ours ] || [ -n "${PEER:-}" ] || { echo "$type is not written by tessera quantize: PEER=FOLDER_OF_LLAMA_QUANTIZE writes it"; missed=1; continue; }
    written=$("$how" "$type") && [ -f "$folder/model.gguf" ] || { echo "$type could not be written"; missed=1; continue; }
    "$accuracy" "$folder/model.gguf" | awk -v type="$type" -v written="$written" '
        /^perplexity +float32/ { change = ($5 / $3 - 1) * 100; exact = $3; product = $5 }
        /^perplexity moves/ { error = $8 }
        /^product/ { divergence = $0; sub(/.*divergence mean /, "", divergence); sub(/,.*/, "", divergence) }
        END { if (!exact) { printf "%-8s could not be measured\n", type; exit 1 }
              printf "%-8s %9.4f -> %9.4f  %+.3f %% (standard error %s %%)  KL %s  (%s)\n", type, exact, product, change, error, divergence, written; exit change * change >= 0.25 }' || missed=1
    rm -f "$folder/model.gguf"
done
exit $missed
