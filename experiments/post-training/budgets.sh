#!/usr/bin/env bash
# The smallest file that `tersor compress --max-drop` finds for 0.1, 0.5 and 1 points of top-1, without retraining. The search sees train images only; the last columns
# are measured on the file, on the full test set. Prints a Markdown table.
#   ./budgets.sh SHARED_FOLDER [SEED]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
shared=$1
seed=${2:-0}
dotnet build "$here/../../src/Tersor.Cli" -c Release -v quiet > /dev/null
tersor=("dotnet" "$here/../../src/Tersor.Cli/bin/Release/net10.0/Tersor.Cli.dll")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

number() { grep -m1 -E "^ *\"$1\":" | sed 's/.*: *//; s/,$//'; }

echo "| model | budget, points | bytes | without graph | times smaller | drop | 95 % interval | seconds |"
echo "|---|---|---|---|---|---|---|---|"
while read -r model data flags; do
    for budget in 0.1 0.5 1; do
        started=$(date +%s)

        # Word splitting of the flags is meant. Exit code 5 is a budget that was missed: its row says by how much.
        # shellcheck disable=SC2086
        "${tersor[@]}" compress "$shared/models/$model.onnx" -o "$work/model.nnc" --force --quiet --json --save-plan "$work/plan.json" --seed "$seed" --max-drop "$budget" \
            --data "${data/:/:$shared/data/}" $flags > "$work/report.json" || [ $? -eq 5 ]
        seconds=$(($(date +%s) - started))
        sed 's/^  "version": 1,/&\n  "topology": "none",/' "$work/plan.json" > "$work/bare.json"
        "${tersor[@]}" compress "$shared/models/$model.onnx" -o "$work/bare.nnc" --force --quiet --plan "$work/bare.json"
        verdict=$(sed -n '/"verdict"/,/}/p' "$work/report.json")
        awk -v m="$model" -v b="$budget" -v n="$(stat -c %s "$work/model.nnc")" -v g="$(stat -c %s "$work/bare.nnc")" -v s="$(stat -c %s "$shared/models/$model.onnx")" \
            -v d="$(number drop <<< "$verdict")" -v l="$(number dropLow <<< "$verdict")" -v h="$(number dropHigh <<< "$verdict")" -v t="$seconds" \
            'BEGIN { printf "| %s | %s | %d | %d | %.1f | %.2f | %.2f to %.2f | %d |\n", m, b, n, g, s / n, d * 100, l * 100, h * 100, t }'
    done
done << 'MODELS'
lenet-300-100 mnist:mnist
lenet5 mnist:mnist
resnet20 cifar10:cifar10 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
resnet56 cifar10:cifar10 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
MODELS
