#!/usr/bin/env bash
# SqueezeNet v1.0 as Deep Compression released it, in a bounded number of bytes without the graph: of the 128 sample images, how many keep the class that the original gives them.
# Statistics are from a part of the same 128 images, as there are no others (about half; the search never looks at labels). Prints a Markdown table.
#   ./squeezenet.sh SHARED_FOLDER [BYTES...]
set -euo pipefail
shared=$1
sizes=("${@:2}")
[ ${#sizes[@]} -gt 0 ] || sizes=(280000)
# shellcheck source=../models.sh
source "$(dirname "$0")/../models.sh"

echo "| at most, bytes | how | bytes | same class, of 128 |"
echo "|---|---|---|---|"
take squeezenet-v1.0-deep-compressed
row() { # LIMIT HOW FILE
    "${tersor[@]}" evaluate "$source" "$3" --graph "$source" "${judging[@]}" --split test --quiet --json > "$work/report.json"
    awk -v l="$1" -v h="$2" -v n="$(stat -c %s "$3")" -v a="$(number sameClass < "$work/report.json")" 'BEGIN { printf "| %s | %s | %d | %.0f |\n", l, h, n, a * 128 }'
}

for size in "${sizes[@]}"; do
    "${tersor[@]}" compress "$source" -o "$work/plain.nnc" --topology none --force --quiet --max-size "$size"
    row "$size" "finest quality, no data" "$work/plain.nnc"
    "${tersor[@]}" compress "$source" -o "$work/searched.nnc" --topology none --force --quiet --max-size "$size" "${judging[@]}" > /dev/null
    row "$size" "statistics of the images" "$work/searched.nnc"
    "${tersor[@]}" compress "$source" -o "$work/lighter.nnc" --topology none --force --quiet --max-size "$size" --lambda 1 "${judging[@]}" > /dev/null
    row "$size" "the same with --lambda 1" "$work/lighter.nnc"
done
"${tersor[@]}" compress "$source" -o "$work/exact.nnc" --topology none --force --quiet --lossless
row "-" "every bit kept" "$work/exact.nnc"
