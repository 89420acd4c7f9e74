#!/usr/bin/env bash
# Compresses and decompresses a model of 4 GiB in less than 1 GB of memory, and prints time and peak memory of each run. The limit is on managed memory; the
# runtime itself takes some 30 MB beside it.
#   experiments/large-model/run.sh [FOLDER [TENSORS [compress options]]]
# FOLDER (default: a temporary one, removed at the end) needs 13 GB.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tersor=$root/src/Tersor.Cli/bin/Release/net10.0/Tersor.Cli
folder=${1:-$(mktemp -d)}
tensors=${2:-64}
options=("${@:3}")
limit=900MB
mkdir -p "$folder"
if [[ $# -lt 1 ]]; then trap 'rm -rf "$folder"' EXIT; fi

dotnet build "$root/src/Tersor.Cli" -c Release -v q --nologo
dotnet build "$here" -c Release -v q --nologo

measure() { # label, command...
    local label=$1
    shift
    /usr/bin/time -o "$folder/time.txt" -f '%e %M' "$@" >"$folder/output.txt"
    read -r seconds kilobytes <"$folder/time.txt"
    printf '| %s | %.0f | %d |\n' "$label" "$seconds" $((kilobytes * 1024 / 1000000))
}

printf '%s tensors of 4096 x 4096, compress %s --memory-limit %s\n\n' "$tensors" "${options[*]}" "$limit"
printf '| run | seconds | peak resident MB |\n|---|---|---|\n'
measure 'generate both' "$here/bin/Release/net10.0/LargeModel" "$folder" "$tensors"
for kind in safetensors onnx; do
    measure "compress $kind" "$tersor" compress "$folder/large.$kind" -o "$folder/large.nnc" --force --quiet --memory-limit "$limit" "${options[@]}"
    bytes=$(stat -c %s "$folder/large.nnc")
    measure "decompress to $kind" "$tersor" decompress "$folder/large.nnc" -o "$folder/back/large.$kind" --force --quiet --memory-limit "$limit"
    measure "compare $kind" "$tersor" diff "$folder/large.$kind" "$folder/back/large.$kind" --fail-above 0.1 --quiet --memory-limit "$limit"
    rm -rf "$folder/back" "$folder/large.nnc"
    printf '| bytes of %s compressed: %s | | |\n' "$kind" "$bytes"
done
