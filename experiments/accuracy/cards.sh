#!/usr/bin/env bash
# Top-1 of every collected model that has data, by `tersor evaluate`, beside what its card says, which ONNX Runtime measured. Prints a Markdown table.
#   ./cards.sh SHARED_FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
shared=$1
dotnet build "$here/../../src/Tersor.Cli" -c Release -v quiet > /dev/null
tersor=("dotnet" "$here/../../src/Tersor.Cli/bin/Release/net10.0/Tersor.Cli.dll")

field() { grep -m1 -E "^ *\"$1\":" | sed 's/.*: *//; s/,$//'; }
card() { sed -n "/\"name\": \"$1\"/,\$p" "$shared/models/cards.json" | field top1; }

echo "| model | data | images | card | engine | images apart |"
echo "|---|---|---|---|---|---|"
while read -r model data flags; do
    # Word splitting of the flags is meant.
    # shellcheck disable=SC2086
    report=$("${tersor[@]}" evaluate "$shared/models/$model.onnx" --data "${data/:/:$shared/data/}" $flags --json --quiet)
    awk -v m="$model" -v d="$data" -v n="$(field samples <<< "$report")" -v c="$(card "$model")" -v t="$(field top1 <<< "$report")" \
        'BEGIN { printf "| %s | %s | %d | %.4f | %.4f | %d |\n", m, d, n, c, t, int((t - c) * n + (t > c ? 0.5 : -0.5)) }'
done << 'MODELS'
lenet-300-100 mnist:mnist
lenet5 mnist:mnist
resnet20 cifar10:cifar10 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
resnet56 cifar10:cifar10 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
resnet8-mlperf-tiny cifar10:cifar10 --scale 1
squeezenet-v1.0-deep-compressed npz:imagenet-sample/sample128.npz --scale 1 --mean 104,117,123 --channels bgr --batch 16
MODELS
