#!/usr/bin/env bash
# Top-1 of every collected model that has data, by `tersor evaluate`, beside what its card says, which ONNX Runtime measured. Prints a Markdown table.
#   ./cards.sh SHARED_FOLDER
set -euo pipefail
shared=$1
# shellcheck source=../models.sh
source "$(dirname "$0")/../models.sh"

card() { sed -n "/\"name\": \"$1\"/,\$p" "$shared/models/cards.json" | number top1; }

echo "| model | data | images | card | engine | images apart |"
echo "|---|---|---|---|---|---|"
for model in lenet-300-100 lenet5 resnet20 resnet56 resnet8-mlperf-tiny squeezenet-v1.0-deep-compressed; do
    take "$model"
    report=$("${tersor[@]}" evaluate "$source" "${judging[@]}" --json --quiet)
    awk -v m="$model" -v d="$data" -v n="$(number samples <<< "$report")" -v c="$(card "$model")" -v t="$(number top1 <<< "$report")" \
        'BEGIN { printf "| %s | %s | %d | %.4f | %.4f | %d |\n", m, d, n, c, t, int((t - c) * n + (t > c ? 0.5 : -0.5)) }'
done
